"""What the bucket's client makes of answers that no local S3 gives, and of none at all."""

from __future__ import annotations

import socket
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from backup_doctor.collect.clients.bucket import Absent, Bucket, Versions
from backup_doctor.collect.deadline import Deadline
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.case import Names
from backup_doctor.evidence.object import StoredObject
from backup_doctor.settings.model import Secret, Settings, Storage
from tests.clients.s3_faults import HTML, Answer, Request, error, faulty_s3, listing

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.slow

KEY = "backups/2026/01/15/backup-7c9e6679.zip"
SECRET = "canary/secret+key"
OBJECT_HEADERS = {
    "ETag": '"9e107d9d372bb6826bd81d3542a419d6"',
    "Last-Modified": "Thu, 15 Jan 2026 02:14:05 GMT",
}


def bucket_at(url: str, *, budget_s: float = 20.0, region: str = "eu-central-1") -> Bucket:
    storage = Storage(
        endpoint=url,
        region=region,
        access_key_id=Secret("AKIACANARYCANARYCANA"),
        secret_access_key=Secret(SECRET),
    )
    settings = Settings(names=Names(bucket="acme-backups"), storage=storage)
    return Bucket(settings, Deadline(budget_s))


def head_from(
    handle: Callable[[Request], Answer], budget_s: float = 20.0
) -> StoredObject | Absent | Unseen:
    with faulty_s3(handle) as server:
        return bucket_at(server.url, budget_s=budget_s).head(KEY)


def refusal_of(handle: Callable[[Request], Answer], budget_s: float = 20.0) -> Unseen:
    found = head_from(handle, budget_s)
    assert isinstance(found, Unseen)
    assert found.dependency == "S3"
    assert SECRET not in repr(found)
    assert "AKIACANARY" not in repr(found)
    return found


@pytest.mark.parametrize(
    ("status", "code", "why"),
    [
        (400, "ExpiredToken", Why.BAD_CREDENTIALS),
        (400, "InvalidToken", Why.BAD_CREDENTIALS),
        (403, "InvalidAccessKeyId", Why.BAD_CREDENTIALS),
        (403, "SignatureDoesNotMatch", Why.BAD_CREDENTIALS),
        (403, "RequestTimeTooSkewed", Why.BAD_CREDENTIALS),
        (404, "NoSuchBucket", Why.NOT_FOUND),
        (400, "InvalidArgument", Why.REFUSED),
        (501, "NotImplemented", Why.REFUSED),
    ],
)
def test_a_head_without_a_body_is_repeated_for_the_true_code(
    status: int, code: str, why: Why
) -> None:
    refused = refusal_of(lambda _: error(status, code))

    assert (refused.why, refused.status, refused.code) == (why, status, code)
    assert code in refused.what or "no bucket 'acme-backups'" in refused.what


def test_a_wrong_clock_is_said_to_be_the_clock() -> None:
    refused = refusal_of(lambda _: error(403, "RequestTimeTooSkewed"))

    assert "clock" in refused.what
    assert "NTP" in (refused.remedy or "")


def test_a_refusal_that_names_the_missing_permission_is_heard() -> None:
    def answer(_: Request) -> Answer:
        message = (
            "User: arn:aws:iam::123456789012:user/doctor is not authorized to perform: "
            "s3:ListBucket on resource: &quot;arn:aws:s3:::acme-backups&quot;"
        )
        return error(403, "AccessDenied", message)

    with faulty_s3(answer) as server:
        page = bucket_at(server.url).page("backups/")

    assert isinstance(page, Unseen)
    assert (page.why, page.code) == (Why.DENIED, "AccessDenied")
    assert "s3:ListBucket" in page.what
    assert "123456789012" not in page.what


@pytest.mark.parametrize("named", ["a KMS key", "a customer master key"])
def test_a_key_that_may_not_be_used_is_named_and_is_no_permission_on_the_bucket(named: str) -> None:
    def answer(_: Request) -> Answer:
        return error(403, "AccessDenied", f"The ciphertext refers to {named} that does not exist")

    with faulty_s3(answer) as server:
        part = bucket_at(server.url).read(KEY, 0, 4)

    assert isinstance(part, Unseen)
    assert "kms:Decrypt on the KMS key" in part.what
    assert "on the bucket" not in (part.remedy or "")


def test_an_absent_object_is_absent_where_the_listing_confirms_it() -> None:
    """AWS answers 403 for an absent key, unless the caller may list; the listing then decides."""
    found = head_from(lambda asked: listing() if asked.lists else error(403, "AccessDenied"))

    assert found == Absent()


def test_an_object_that_may_be_listed_and_not_read_is_there() -> None:
    found = head_from(lambda asked: listing(KEY) if asked.lists else error(403, "AccessDenied"))

    assert found == StoredObject(
        key=KEY, size=5, modified_at=datetime(2026, 1, 15, 2, 14, 5, tzinfo=UTC), etag="e"
    )


def test_a_longer_key_in_the_listing_is_another_object() -> None:
    found = head_from(
        lambda asked: listing(f"{KEY}.md5") if asked.lists else error(404, "NoSuchKey")
    )

    assert found == Absent()


@pytest.mark.parametrize("answer", [error(403, "AccessDenied"), error(404, "NoSuchKey")])
def test_without_the_right_to_list_absence_cannot_be_told(answer: Answer) -> None:
    refused = refusal_of(lambda asked: error(403, "AccessDenied") if asked.lists else answer)

    assert refused.why is Why.DENIED
    assert "Could not determine" in refused.what
    assert "s3:ListBucket" in (refused.remedy or "")


def test_a_delete_marker_that_s3_names_is_kept() -> None:
    marker = {"x_amz_delete_marker": "true", "x_amz_version_id": "v2"}
    found = head_from(lambda asked: listing() if asked.lists else error(404, "NoSuchKey", **marker))

    assert found == Absent(delete_marker="v2")


def test_an_object_whose_head_alone_is_refused_is_seen_by_its_first_byte() -> None:
    def answer(asked: Request) -> Answer:
        if asked.method == "HEAD":
            return Answer(405)
        headers = {**OBJECT_HEADERS, "Content-Range": "bytes 0-0/1048576"}
        return listing() if asked.lists else Answer(206, b"P", headers)

    found = head_from(answer)

    assert isinstance(found, StoredObject)
    assert found.size == 1_048_576


def head_that_says(headers: dict[str, str], first_byte: Answer) -> StoredObject | Absent | Unseen:
    """Of an object, whose first byte is asked for where its HEAD does not tell how large it is."""
    told = Answer(200, b"", {**OBJECT_HEADERS, **headers})
    return head_from(lambda asked: told if asked.method == "HEAD" else first_byte)


@pytest.mark.parametrize(
    "size",
    [
        pytest.param(
            {"Content-Length": "0"}, id="EMC ECS: github.com/EMCECS/ECS-CommunityEdition #451"
        ),
        pytest.param({"Transfer-Encoding": "chunked"}, id="Cloudflare: async-aws/aws #2077"),
    ],
)
def test_a_head_without_the_size_is_no_empty_object(size: dict[str, str]) -> None:
    headers = {**OBJECT_HEADERS, "Content-Range": "bytes 0-0/1048576"}

    found = head_that_says(size, Answer(206, b"P", headers))

    assert isinstance(found, StoredObject)
    assert found.size == 1_048_576


@pytest.mark.parametrize(
    "first_byte",
    [
        pytest.param(error(416, "InvalidRange"), id="Amazon S3"),
        pytest.param(Answer(200, b"", OBJECT_HEADERS), id="moto, and Supabase Storage"),
    ],
)
@pytest.mark.parametrize(
    "size",
    [
        pytest.param({}, id="Content-Length: 0"),
        pytest.param({"Transfer-Encoding": "chunked"}, id="none: supabase/storage #1388, Ceph"),
    ],
)
def test_an_object_without_a_first_byte_is_empty(size: dict[str, str], first_byte: Answer) -> None:
    found = head_that_says(size, first_byte)

    assert isinstance(found, StoredObject)
    assert found.size == 0


@pytest.mark.parametrize("first_byte", [error(503, "SlowDown"), error(403, "AccessDenied")])
def test_an_object_whose_emptiness_cannot_be_seen_is_not_called_empty(first_byte: Answer) -> None:
    found = head_that_says({"Content-Length": "0"}, first_byte)

    assert isinstance(found, Unseen)


def test_another_region_is_named_with_the_setting_to_change() -> None:
    redirect = error(301, "PermanentRedirect", x_amz_bucket_region="ap-southeast-2")
    refused = refusal_of(lambda _: redirect)

    assert (refused.why, refused.status, refused.code) == (Why.REFUSED, 301, "PermanentRedirect")
    assert "ap-southeast-2" in refused.what
    assert "AWS_REGION=ap-southeast-2" in (refused.remedy or "")


def test_a_region_in_the_body_of_a_refusal_is_heard_too() -> None:
    malformed = error(400, "AuthorizationHeaderMalformed", more="<Region>eu-west-3</Region>")
    refused = refusal_of(lambda _: malformed)

    assert refused.code == "AuthorizationHeaderMalformed"
    assert "eu-west-3" in refused.what


def test_a_redirect_to_the_right_region_is_followed_once_and_said() -> None:
    def answer(asked: Request) -> Answer:
        if "/eu-west-3/s3/" in asked.headers["Authorization"]:
            return Answer(200, b"", {**OBJECT_HEADERS, "Content-Length": "77"})
        return error(301, "PermanentRedirect", x_amz_bucket_region="eu-west-3")

    with faulty_s3(answer) as server:
        bucket = bucket_at(server.url)
        found = bucket.head(KEY)

    assert isinstance(found, StoredObject)
    assert found.size == 77
    assert bucket.redirected_to == "eu-west-3"


@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_redirect_that_is_none_of_s3s_is_not_asked_about_again_and_again(status: int) -> None:
    """As a portal answers, or a proxy that wants https."""
    with faulty_s3(lambda _: Answer(status=status, headers={"Location": "/again"})) as s3:
        bucket = bucket_at(s3.url)
        assert isinstance(bucket.head("a.zip"), Unseen)

    assert len(s3.requests) < 10


def test_a_redirect_loop_ends() -> None:
    refused = refusal_of(lambda asked: Answer(302, b"", {"Location": asked.path}))

    assert refused.why in (Why.UNREACHABLE, Why.GARBLED)


@pytest.mark.parametrize("status", [200, 403, 404, 500, 503])
def test_a_page_of_a_portal_is_not_s3(status: int) -> None:
    refused = refusal_of(lambda _: Answer(status, HTML, {"Content-Type": "text/html"}))

    assert refused.why is Why.GARBLED
    assert "is not S3" in refused.what


@pytest.mark.parametrize("body", [b"", HTML, b"<html><body/></html>", b"{}", b"\0\xff"])
def test_garbage_for_a_listing_is_no_empty_bucket(body: bytes) -> None:
    with faulty_s3(lambda _: Answer(200, body)) as server:
        page = bucket_at(server.url).page("backups/")

    assert isinstance(page, Unseen)
    assert page.why is Why.GARBLED


@pytest.mark.parametrize("body", [b"<LastModified>soon</LastModified>", b"<Size>many</Size>"])
def test_a_listing_with_garbage_in_it_does_not_raise(body: bytes) -> None:
    entry = b"<Contents><Key>%s</Key>%s</Contents>" % (KEY.encode(), body)
    page = b"<ListBucketResult><IsTruncated>false</IsTruncated>%s</ListBucketResult>" % entry

    refused = refusal_of(
        lambda asked: Answer(200, page) if asked.lists else error(403, "AccessDenied")
    )

    assert refused.why is Why.GARBLED


def test_a_server_that_never_answers_costs_no_more_than_the_budget() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        bucket = bucket_at(f"http://127.0.0.1:{silent.getsockname()[1]}", budget_s=1.5)
        started = time.monotonic()
        found = bucket.head(KEY)

    assert isinstance(found, Unseen)
    assert found.why is Why.TIMED_OUT
    assert time.monotonic() - started < 10


def test_a_body_that_drips_costs_no_more_than_the_budget() -> None:
    drip = Answer(206, b"PK" * 200, OBJECT_HEADERS, pause_s=0.2)
    with faulty_s3(lambda _: drip) as server:
        started = time.monotonic()
        part = bucket_at(server.url, budget_s=2.0).read(KEY, 0, 399)

    assert isinstance(part, Unseen)
    assert part.why is Why.TIMED_OUT
    assert time.monotonic() - started < 10


def test_a_server_that_ignores_the_range_is_not_read_whole() -> None:
    whole = Answer(200, b"PK" * 5_000, OBJECT_HEADERS)
    with faulty_s3(lambda _: whole) as server:
        part = bucket_at(server.url).read(KEY, 10, 19)

    assert isinstance(part, Unseen)
    assert part.why is Why.GARBLED


def test_a_body_that_breaks_off_is_not_taken_for_the_end() -> None:
    broken = Answer(206, b"PK", {**OBJECT_HEADERS, "Content-Length": "10", "Connection": "close"})
    with faulty_s3(lambda _: broken) as server:
        part = bucket_at(server.url, budget_s=5.0).read(KEY, 0, 9)

    assert isinstance(part, Unseen)


def test_a_port_that_nobody_listens_on_is_unreachable_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    found = bucket_at(f"http://127.0.0.1:{port}").head(KEY)

    assert isinstance(found, Unseen)
    assert found.why is Why.UNREACHABLE
    assert f"127.0.0.1:{port}" in found.what


def test_a_request_to_slow_down_is_no_fault_of_the_bucket() -> None:
    with faulty_s3(lambda _: error(503, "SlowDown")) as server:
        page = bucket_at(server.url).page("backups/")

    assert isinstance(page, Unseen)
    assert page.why is Why.RATE_LIMITED


def test_a_key_that_no_object_can_have_is_absent_without_asking() -> None:
    with faulty_s3(lambda _: error(500, "InternalError")) as server:
        assert bucket_at(server.url).head("k" * 1_025) == Absent()
        assert server.requests == []


@pytest.mark.parametrize("key", ["\udcff", "a\0b", "../../etc", "ü ∞.zip", "a//b", "a+b %2F?x=1#y"])
def test_no_key_makes_it_raise(key: str) -> None:
    with faulty_s3(lambda asked: listing() if asked.lists else error(404, "NoSuchKey")) as server:
        found = bucket_at(server.url).head(key)

    assert isinstance(found, Absent | Unseen)


def test_nothing_but_reading_is_asked() -> None:
    with faulty_s3(lambda _: error(404, "NoSuchKey")) as server:
        bucket = bucket_at(server.url)
        bucket.head(KEY)
        bucket.versions(KEY)
        bucket.uploads(KEY)
        assert {asked.method for asked in server.requests} <= {"GET", "HEAD"}


def versions_page(entries: str, *, more: bool) -> Answer:
    """A page of ListObjectVersions; the next one begins at the key `k`."""
    to_go_on = "<NextKeyMarker>k</NextKeyMarker><NextVersionIdMarker>v</NextVersionIdMarker>"
    body = (
        f"<ListVersionsResult><IsTruncated>{'true' if more else 'false'}</IsTruncated>"
        f"{to_go_on if more else ''}{entries}</ListVersionsResult>"
    )
    return Answer(200, body.encode(), {"Content-Type": "application/xml"})


VERSION = (
    "<Version><Key>a.zip</Key><VersionId>1</VersionId><Size>5</Size><ETag>e</ETag>"
    "<LastModified>2026-01-15T02:14:05.000Z</LastModified></Version>"
)
MARKER = (
    "<DeleteMarker><Key>z.zip</Key><VersionId>2</VersionId><IsLatest>true</IsLatest>"
    "<LastModified>2026-01-16T02:14:05.000Z</LastModified></DeleteMarker>"
)


def test_versions_are_read_from_as_many_pages_as_there_are() -> None:
    def handle(request: Request) -> Answer:
        last = "key-marker=k" in request.path and "version-id-marker=v" in request.path
        return versions_page(MARKER, more=False) if last else versions_page(VERSION, more=True)

    with faulty_s3(handle) as server:
        bucket = bucket_at(server.url)
        first, whole = bucket.versions("", 1), bucket.versions("", 5)

    assert isinstance(first, Versions)
    assert isinstance(whole, Versions)
    assert ([one.key for one in first.objects], first.markers) == (["a.zip"], ())
    assert (first.complete, whole.complete) == (False, True)
    assert [one.key for one in whole.markers] == ["z.zip"]


def test_versions_of_which_a_later_page_is_refused_are_not_all() -> None:
    def handle(request: Request) -> Answer:
        later = "key-marker" in request.path
        return error(403, "AccessDenied") if later else versions_page(VERSION, more=True)

    with faulty_s3(handle) as server:
        found = bucket_at(server.url).versions("", 5)

    assert isinstance(found, Versions)
    assert (len(found.objects), found.complete) == (1, False)
