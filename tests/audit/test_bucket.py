"""The bucket's pages: what is asked again, what is given up, and what is said of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from backup_doctor.collect.deadline import Deadline
from backup_doctor.evidence.base import Why
from backup_doctor.evidence.case import Names
from backup_doctor.run.audit.bucket import PAUSES_S, TOO_LATE, BucketPages
from backup_doctor.run.audit.listing import ListPage, listing
from backup_doctor.run.audit.table import BrokeOffError
from backup_doctor.settings.model import Secret, Settings, Storage
from tests.clients.s3_faults import Answer, Request, error, faulty_s3
from tests.clients.s3_faults import listing as whole

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.slow

FIRST = Answer(
    200,
    b"<ListBucketResult><Name>acme</Name><IsTruncated>true</IsTruncated>"
    b"<NextContinuationToken>more</NextContinuationToken><Contents><Key>backups/b.zip</Key>"
    b"<LastModified>2026-01-15T02:03:04.000Z</LastModified><Size>5</Size></Contents>"
    b"</ListBucketResult>",
    {"Content-Type": "application/xml"},
)
BUSY = error(503, "SlowDown", "Please reduce your request rate.")


@pytest.fixture(autouse=True, params=["with the extra", "without it"])
def extra(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "without it":
        monkeypatch.setitem(sys.modules, "obstore.store", None)


def pages_at(url: str, slept: list[float] | None = None, budget_s: float = 60.0) -> BucketPages:
    storage = Storage(
        endpoint=url,
        region="eu-central-1",
        access_key_id=Secret("AKIACANARYCANARYCANA"),
        secret_access_key=Secret("canary/secret+key"),
    )
    settings = Settings(names=Names(bucket="acme"), storage=storage)
    pauses: list[float] = [] if slept is None else slept
    return BucketPages(settings, Deadline(budget_s), pauses.append)


def listed(
    handle: Callable[[Request], Answer], slept: list[float] | None = None, budget_s: float = 60.0
) -> tuple[list[str], BrokeOffError | None]:
    """The keys of a listing, and what it broke off with."""
    keys: list[str] = []
    with faulty_s3(handle) as server:
        try:
            for page in listing(pages_at(server.url, slept, budget_s), "backups/"):
                keys += [key for key, _, _ in page]
        except BrokeOffError as broken:
            return keys, broken
    return keys, None


def test_a_bucket_that_is_busy_in_the_middle_is_asked_again_after_longer_and_longer() -> None:
    slept: list[float] = []

    def handle(request: Request) -> Answer:
        if "continuation-token" not in request.path:
            return FIRST
        return BUSY if len(slept) < 2 else whole("backups/c.zip")

    keys, broken = listed(handle, slept)

    assert broken is None
    assert keys == ["backups/b.zip", "backups/c.zip"]
    assert slept == [*PAUSES_S[:2]]


def test_a_bucket_that_never_answered_is_given_up_at_once() -> None:
    slept: list[float] = []

    keys, broken = listed(lambda _: BUSY, slept)

    assert (keys, slept) == ([], [])
    assert broken is not None
    assert broken.gap.why is Why.RATE_LIMITED


def test_what_does_not_pass_by_itself_is_not_asked_again() -> None:
    slept: list[float] = []

    def handle(request: Request) -> Answer:
        denied = error(403, "AccessDenied")
        return denied if "continuation-token" in request.path else FIRST

    keys, broken = listed(handle, slept)

    assert (keys, slept) == (["backups/b.zip"], [])
    assert broken is not None
    assert broken.gap.why is Why.DENIED


def test_without_time_nothing_is_asked() -> None:
    with faulty_s3(lambda _: FIRST) as server, pytest.raises(BrokeOffError) as told:
        pages_at(server.url, budget_s=0.0).page(
            "backups/", token=None, start_after=None, by_folder=False
        )

    assert told.value.gap == TOO_LATE
    assert server.requests == []


@pytest.mark.parametrize(
    "body", [b"<Welcome><Hint>Sign in.</Hint></Welcome>", b"<html><body>Sign in<br></body></html>"]
)
def test_what_is_no_listing_is_no_empty_bucket(body: bytes) -> None:
    answer = Answer(200, body, {"Content-Type": "application/xml"})

    keys, broken = listed(lambda _: answer)

    assert keys == []
    assert broken is not None
    assert broken.gap.why in {Why.GARBLED, Why.REFUSED, Why.UNREACHABLE}


def test_a_listing_that_is_not_in_order_is_not_compared() -> None:
    def handle(request: Request) -> Answer:
        return whole("backups/a.zip") if "continuation-token" in request.path else FIRST

    keys, broken = listed(handle)

    assert keys == ["backups/b.zip"]
    assert broken is not None
    assert "not in the order of the keys" in broken.gap.what


def test_objects_beside_many_folders_come_in_their_place_between_them() -> None:
    """The listing is divided by folder, where an object lies beside the folders."""

    class Bucket:
        """Two folders of ten keys each; between them one object that lies in neither."""

        keys = sorted(
            [*(f"b/{folder}/{at}" for folder in "13" for at in range(10)), "b/2.zip", "b/9.zip"]
        )

        def page(
            self, prefix: str, *, token: object, start_after: str | None, by_folder: bool
        ) -> ListPage:
            after = str(token or start_after or "")
            keys = [key for key in self.keys if key.startswith(prefix) and key > after]
            if by_folder:
                folders = tuple(f"b/{one}/" for one in "13" if f"b/{one}/~" > after)
                beside = [(key, "1", "") for key in keys if key.endswith(".zip")]
                return ListPage(objects=beside, folders=folders)
            more = keys[3] if len(keys) > 4 else None
            return ListPage(objects=[(key, "1", "") for key in keys[:4]], after=more)

    assert [key for page in listing(Bucket(), "b/") for key, _, _ in page] == Bucket.keys
