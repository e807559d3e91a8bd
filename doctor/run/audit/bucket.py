"""The bucket's pages, asked with botocore as everywhere in the doctor; nothing but listed."""

from __future__ import annotations

import time
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from backup_doctor.base.threads import spawn
from backup_doctor.collect.clients.bucket import Bucket
from backup_doctor.collect.clients.bucket_errors import FAILURES, explain
from backup_doctor.collect.clients.bucket_refusals import NOT_S3, unseen
from backup_doctor.collect.clients.bucket_session import connect
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.run.audit.listing import AHEAD, After, ListPage
from backup_doctor.run.audit.quick_pages import QuickPages, quick_pages
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
        self._connection = spawn(partial(connect, settings, deadline, at_once=AHEAD))
        self._bucket = Bucket(settings, deadline, connection=self._connection)
        self._has_answered = False

    def page(
        self, prefix: str, *, token: str | After | None, start_after: str | None, by_folder: bool
    ) -> ListPage:
        """One page; what passes by itself is tried again, once the bucket has answered at all."""
        after = (
            token if isinstance(token, After) else After(key=start_after) if start_after else None
        )
        may_be_quick = not by_folder and not isinstance(token, str)
        if may_be_quick and self._has_answered and self._deadline.left() > 0:
            quick = self._quick.page(prefix, after) if self._quick else None
            if quick is not None:
                return quick
        wanted: dict[str, Any] = {"Bucket": self._name, "Prefix": prefix}
        if isinstance(token, str):
            wanted["ContinuationToken"] = token
        elif after is not None:
            wanted |= _behind(after)
        if by_folder:
            wanted["Delimiter"] = "/"
        return self._patiently(wanted)

    def _patiently(self, wanted: dict[str, Any]) -> ListPage:
        pauses_s = iter(PAUSES_S)
        while isinstance(answer := self._asked(wanted), Unseen):
            pause_s = next(pauses_s, None)
            if pause_s is None or not self._may_try_again(answer, pause_s):
                raise BrokeOffError(answer)
            self._sleep(pause_s)
        self._has_answered = True
        return answer

    @cached_property
    def _quick(self) -> QuickPages | None:
        return quick_pages(self._connection.result(), self._name)

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
        return _read(answer, by_folder="Delimiter" in wanted)


def _behind(after: After) -> dict[str, str]:
    return {"ContinuationToken": after.token} if after.token else {"StartAfter": after.key}


def _read(answer: Mapping[str, Any], *, by_folder: bool) -> ListPage:
    found = [
        (entry["Key"], str(entry.get("Size", "")), str(entry.get("LastModified", "")))
        for entry in answer.get("Contents", ())
        if "Key" in entry
    ]
    token = answer.get("NextContinuationToken") if answer.get("IsTruncated") else None
    return ListPage(
        objects=found,
        folders=tuple(folder["Prefix"] for folder in answer.get("CommonPrefixes", ())),
        after=token if by_folder or not (token and found) else After(key=found[-1][0], token=token),
    )


TOO_LATE = Unseen(
    why=Why.TIMED_OUT,
    what="The time for this audit was over before the bucket was listed to its end.",
    remedy="Allow more time with --budget, or use --inventory.",
    dependency="S3",
)
