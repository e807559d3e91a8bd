"""What the Data API says of the row, long before PostgreSQL does: enough to look for the file.

The row is PostgreSQL's to tell. What was looked for by the Data API's word counts only where
PostgreSQL's is the same.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from backup_doctor.collect.database.rows import best_spelled, in_one_call, keys_of, read_rows
from backup_doctor.collect.object.clues import from_row
from backup_doctor.collect.object.spot import search_early
from backup_doctor.evidence.base import Unseen

if TYPE_CHECKING:
    from concurrent.futures import Future

    from backup_doctor.collect.clients.bucket import Bucket
    from backup_doctor.collect.object.clues import Clues
    from backup_doctor.collect.object.spot import Early
    from backup_doctor.collect.sources import Sources
    from backup_doctor.evidence.case import Case


class Presumed(NamedTuple):
    """By which clues a file is looked for, and what is found."""

    clues: Clues
    early: Future[Early]


def search_presumed(ask: Sources, case: Case, bucket: Bucket) -> Presumed | None:
    """The search for the file of a row that has no key, under way; None where there is none."""
    if ask.settings.database_url is None or ask.settings.service_key is None:
        return None
    keys = in_one_call(keys_of(case.asked)[:1])
    answers = [ask.data_api.rows(*key) for key in keys]
    found = [row for answer in answers if not isinstance(answer, Unseen) for row in answer]
    rows = best_spelled(read_rows(found, case.names), case.asked)
    clues = from_row(case, rows[0]) if rows else None
    if clues is None or clues.text is not None:
        return None
    return Presumed(clues, ask.meanwhile(partial(search_early, ask, bucket, clues.sought)))
