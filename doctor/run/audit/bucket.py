"""The bucket's pages, asked with botocore as everywhere in the doctor; nothing but listed."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from backup_doctor.base.threads import spawn
from backup_doctor.collect.clients.bucket import Bucket
from backup_doctor.collect.clients.bucket_errors import FAILURES, explain
from backup_doctor.collect.clients.bucket_refusals import NOT_S3, unseen
from backup_doctor.collect.clients.bucket_session import Connection, connect
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.run.audit.listing import AHEAD, ListPage
from backup_doctor.run.audit.listing_page import read_fast, stored
from backup_doctor.run.audit.table import BrokeOffError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from backup_doctor.collect.deadline import Deadline
    from backup_doctor.settings.model import Settings

NEEDS = "s3:ListBucket"
# botocore has tried twice by then; a listing of hours must outlive a hiccup.
PAUSES_S = (1.0, 4.0, 15.0)
PASSING = frozenset({Why.RATE_LIMITED, Why.TIMED_OUT, Why.UNREACHABLE, Why.GARBLED})


class BucketPages:
    """The configured bucket. Safe to use from several threads."""

    def __init__(
        self,
        settings: Settings,
        deadline: Deadline,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._name = settings.names.bucket or ""
        self._deadline = deadline
        self._sleep = sleep
        self._connection = spawn(partial(_connected, settings, deadline))
        self._bucket = Bucket(settings, deadline, connection=self._connection)
        self._has_answered = False

    def page(
        self, prefix: str, *, token: str | None, start_after: str | None, by_folder: bool
    ) -> ListPage:
        """One page; what passes by itself is tried again, once the bucket has answered at all."""
        wanted: dict[str, Any] = {"Bucket": self._name, "Prefix": prefix}
        if token is not None:
            wanted["ContinuationToken"] = token
        if start_after is not None:
            wanted["StartAfter"] = start_after
        if by_folder:
            wanted["Delimiter"] = "/"
        pauses_s = iter(PAUSES_S)
        while isinstance(answer := self._asked(wanted), Unseen):
            pause_s = next(pauses_s, None)
            if pause_s is None or not self._may_try_again(answer, pause_s):
                raise BrokeOffError(answer)
            self._sleep(pause_s)
        self._has_answered = True
        return answer

    def _may_try_again(self, failure: Unseen, pause_s: float) -> bool:
        passing = failure.why in PASSING and self._has_answered
        return passing and self._deadline.left() > pause_s

    def _asked(self, wanted: dict[str, Any]) -> ListPage | Unseen:
        if self._deadline.left() <= 0:
            return TOO_LATE
        try:
            client = self._connection.result().client
            answer: Mapping[str, Any] = client.list_objects_v2(**wanted)
        except FAILURES as error:
            return explain(error, self._bucket.place(NEEDS))
        if "IsTruncated" not in answer and "Name" not in answer:
            return unseen(NOT_S3, self._bucket.place())
        return ListPage(
            objects=stored(answer),
            folders=tuple(folder["Prefix"] for folder in answer.get("CommonPrefixes", ())),
            after=answer.get("NextContinuationToken") if answer.get("IsTruncated") else None,
        )


def _connected(settings: Settings, deadline: Deadline) -> Connection:
    connection = connect(settings, deadline, at_once=AHEAD)
    read_fast(connection.client)
    return connection


TOO_LATE = Unseen(
    why=Why.TIMED_OUT,
    what="The time for this audit was over before the bucket was listed to its end.",
    remedy="Allow more time with --budget, or use --inventory.",
    dependency="S3",
)
