"""What would set the rows of an audit right: each is diagnosed as the main command does.

Its SQL is the statement that the main command would print, under the same rules; a row that gets none
is named with the reason. An object that no row names has no row to set right: it is left to a person.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from backup_doctor.base.threads import in_parallel
from backup_doctor.evidence.case import Asked
from backup_doctor.evidence.findings import Verdict
from backup_doctor.judge.mistakes import refuse_mistaken_names
from backup_doctor.run.audit.model import LeftRow, Proposals
from backup_doctor.run.runner import Silent
from backup_doctor.run.sweep.close import CloseReader
from backup_doctor.run.sweep.judging import Judge
from backup_doctor.run.sweep.memory import RememberingGitHub
from backup_doctor.run.sweep.script import NO_FIX, Entry, script, sorted_out
from backup_doctor.run.sweep.shared import collect_shared
from backup_doctor.run.sweep.withheld import contested
from backup_doctor.run.trying import tried

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from backup_doctor.base.redaction import Redactor
    from backup_doctor.collect.deadline import Deadline
    from backup_doctor.run.audit.model import DisagreeingRows
    from backup_doctor.run.sweep.result import Swept
    from backup_doctor.run.sweep.script import Mendable
    from backup_doctor.settings.model import Settings

READERS = 8
BUDGET_S = 600.0
HEAD = "audit: the rows of {ready} of {found} disagreements"
UNSURE = "no sure fix; the main command says why"
NO_TIME = "the time was over before its diagnosis."
NO_SQL = "No fix SQL: "


def propose(
    settings: Settings, deadline: Deadline, rows: DisagreeingRows, redactor: Redactor
) -> Proposals:
    """What would set the rows right.

    Raises:
        SettingsError: the configuration names what the database does not have.
    """
    ids = rows.chosen()
    found = dict(zip(ids, _diagnosed(settings, deadline, ids), strict=False)) if ids else {}
    entries = [Entry(name=one, mendable=_mendable(found.get(one))) for one in ids]
    ready, _ = sorted_out(entries, redactor)
    text = script(settings.names, entries, redactor, head=HEAD, unsure=UNSURE)
    return Proposals(
        script=text,
        ready=len(ready),
        left=list(_left(entries, found, redactor)),
        rest=rows.rest(),
    )


def _diagnosed(settings: Settings, deadline: Deadline, ids: Sequence[str]) -> tuple[Swept, ...]:
    """The rows as the main command judges them, as far as the time lets them come.

    Raises:
        SettingsError: the configuration names what the database does not have.
    """
    shared = collect_shared(settings, min(deadline.left(), BUDGET_S), Silent())
    refuse_mistaken_names(shared.case, settings)
    ask = shared.ask
    reader = CloseReader(shared=shared, github=RememberingGitHub(settings, ask.deadline))
    judge = Judge(registry=shared.registry, tried=partial(tried, ask), mending=True)
    calls = [partial(_judged, reader, judge, one) for one in ids]
    done: list[Swept] = []
    with suppress(TimeoutError):
        for one in in_parallel(calls, READERS, lambda: ask.deadline.left() + 0.1):
            done.append(one)  # noqa: PERF402 -- what is done when the time is over is kept
    return contested(done)


def _judged(reader: CloseReader, judge: Judge, backup_id: str) -> Swept:
    return judge.swept(reader.read_by_id(Asked(backup_id=backup_id)), closely=True)


def _mendable(one: Swept | None) -> Mendable | None:
    return one.mendable if one else None


def _left(
    entries: Sequence[Entry], found: dict[str, Swept], redactor: Redactor
) -> Iterator[LeftRow]:
    for entry, reason in sorted_out(entries, redactor)[1]:
        one = found.get(entry.name)
        yield LeftRow(backup_id=entry.name, why=_why(one) if reason == NO_FIX else f"{reason}.")


def _why(one: Swept | None) -> str:
    """Why there is no SQL, in the words of the row's own report."""
    if one is None:
        return NO_TIME
    report = one.report
    note = next((note for note in report.fix_notes if note.startswith(NO_SQL)), "")
    if report.verdict is not Verdict.FAILING or not note:
        return report.summary
    return note.removeprefix(NO_SQL)
