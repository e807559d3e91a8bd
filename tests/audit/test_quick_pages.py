"""What obstore lists is what botocore lists; what it cannot list is botocore's, refusals included."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import pytest
from botocore.session import Session

from backup_doctor.collect.clients.bucket_session import Connection, ListingRequest, connect
from backup_doctor.collect.deadline import Deadline
from backup_doctor.evidence.base import Why
from backup_doctor.evidence.case import Names
from backup_doctor.run.audit import quick_pages as quick
from backup_doctor.run.audit.bucket import BucketPages
from backup_doctor.run.audit.listing import After, listing
from backup_doctor.run.audit.quick_pages import MOST_FAILURES, QuickPages, quick_pages
from backup_doctor.run.audit.table import BrokeOffError
from backup_doctor.settings.model import Secret, Settings, Storage
from benchmarks.audit.run import store
from tests.clients.s3_faults import Answer, Request, error, faulty_s3
from tests.clients.s3_faults import listing as whole

if TYPE_CHECKING:
    from pathlib import Path

    from backup_doctor.run.audit.model import Stored
    from tests.audit.scene import Scene

pytestmark = pytest.mark.slow

CANARY = "canary/secret+key"
MORE = (
    b"<ListBucketResult><Name>acme</Name><IsTruncated>true</IsTruncated>"
    b"<NextContinuationToken>more</NextContinuationToken><Contents><Key>backups/a.zip</Key>"
    b"<LastModified>2026-01-15T02:03:04.000Z</LastModified><Size>5</Size></Contents>"
    b"</ListBucketResult>"
)
FIRST = Answer(200, MORE, {"Content-Type": "application/xml"})


def settings_at(url: str, bucket: str = "acme", token: str | None = None) -> Settings:
    storage = Storage(
        endpoint=url,
        region="eu-central-1",
        access_key_id=Secret("AKIACANARYCANARYCANA"),
        secret_access_key=Secret(CANARY),
        session_token=Secret(token) if token else None,
    )
    return Settings(names=Names(bucket=bucket), storage=storage)


def listed(settings: Settings) -> tuple[list[Stored], BrokeOffError | None]:
    objects: list[Stored] = []
    try:
        for page in listing(BucketPages(settings, Deadline(60), lambda _: None), "backups/"):
            objects += page
    except BrokeOffError as broken:
        return objects, broken
    return objects, None


def is_quick(request: Request) -> bool:
    """Only botocore asks for keys in the encoding of URLs."""
    return "encoding-type" not in request.path


def without_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore.store", None)


def quick_at(settings: Settings) -> QuickPages:
    """Made as the audit makes it: after an answer to botocore."""
    connection = connect(settings, Deadline(60))
    connection.client.list_objects_v2(Bucket=settings.names.bucket or "", MaxKeys=1)
    made = quick_pages(connection, settings.names.bucket or "")
    assert made is not None
    return made


def keys_of(pages: QuickPages, prefix: str = "backups/") -> list[str] | None:
    page = pages.page(prefix, None)
    return None if page is None else [key for key, _, _ in page.objects]


def test_thousands_of_objects_are_the_same_with_and_without_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store(tmp_path / "listing", 12_000, 0.0) as url:
        settings = settings_at(url, "acme-backups")
        quickly, broken = listed(settings)
        without_extra(monkeypatch)
        slowly, _ = listed(settings)

    assert broken is None
    assert len(quickly) == 12_000 - 12
    assert [one[:2] for one in quickly] == [one[:2] for one in slowly]
    assert {one[2][:19] for one in quickly} == {one[2][:19] for one in slowly}


def test_the_doctors_credentials_and_rights_are_enough_for_it(scene: Scene) -> None:
    keys = [scene.put(f"backups/2026/{name}.zip") for name in ("a", "b+c", "d_e=f")]

    assert keys_of(quick_at(scene.settings())) == keys


@pytest.mark.parametrize(
    ("key", "size"),
    [
        ("backups/2026/", 0),
        ("backups/2026/", 3),
        ("backups/2026//b.zip", 3),
        ("backups/./b.zip", 3),
        ("backups/empty.zip", 0),
    ],
)
def test_a_page_whose_keys_it_would_write_otherwise_is_botocores(
    scene: Scene, key: str, size: int
) -> None:
    scene.put("backups/2026/a.zip")
    scene.put(key, size)
    pages = BucketPages(scene.settings(), Deadline(60))
    pages._has_answered = True
    pages._quick = quick_at(scene.settings())

    found = [one for page in listing(pages, "backups/") for one, _, _ in page]

    assert keys_of(pages._quick) is None
    assert found == sorted(["backups/2026/a.zip", key])


@pytest.mark.parametrize("prefix", ["", "backups", "/backups/", "back~ups/", "a//", "../a/", "é/"])
def test_a_prefix_that_it_would_change_is_not_given_to_it(scene: Scene, prefix: str) -> None:
    scene.put("backups/a.zip")

    assert keys_of(quick_at(scene.settings()), prefix) is None


def test_after_a_key_that_it_would_change_botocore_goes_on(scene: Scene) -> None:
    scene.put("backups/a.zip")
    pages = quick_at(scene.settings())

    assert pages.page("backups/", After(key="backups/#.zip")) is None
    assert pages.page("backups/", After(key="backups/0/")) is None


def test_a_store_that_begins_anew_is_asked_by_botocores_token() -> None:
    """It does not know `start-after`: what obstore is given was listed before."""

    def handle(request: Request) -> Answer:
        is_next = "continuation-token" in request.path
        return whole("backups/b.zip") if is_next else FIRST

    with faulty_s3(handle) as server:
        objects, broken = listed(settings_at(server.url))

    assert broken is None
    assert [key for key, _, _ in objects] == ["backups/a.zip", "backups/b.zip"]
    assert any(map(is_quick, server.requests))


REFUSALS = [
    error(403, "AccessDenied", f"no {CANARY}"),
    error(404, "NoSuchBucket"),
    error(301, "PermanentRedirect", more="<Region>us-west-2</Region>"),
    error(400, "ExpiredToken"),
    error(403, "InvalidAccessKeyId"),
    error(403, "SignatureDoesNotMatch", f"<StringToSign>{CANARY}</StringToSign>"),
    error(403, "RequestTimeTooSkewed"),
    error(503, "SlowDown"),
    Answer(200, b"<html>Sign in<br></html>", {"Content-Type": "text/html"}),
]


@pytest.mark.parametrize("at_once", [True, False], ids=["first page", "second page"])
@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda answer: str(answer.body[:70]))
def test_a_refusal_is_told_in_the_same_words_with_and_without_the_extra(
    refusal: Answer, monkeypatch: pytest.MonkeyPatch, *, at_once: bool
) -> None:
    def handle(request: Request) -> Answer:
        is_later = "continuation-token" in request.path or "start-after" in request.path
        return refusal if at_once or is_later else FIRST

    with faulty_s3(handle) as server:
        quickly, broken = listed(settings_at(server.url))
        assert any(map(is_quick, server.requests)) is not at_once
        assert {request.method for request in server.requests} <= {"GET", "HEAD"}
        without_extra(monkeypatch)
        slowly, meant = listed(settings_at(server.url))

    assert broken is not None
    assert meant is not None
    assert broken.gap == meant.gap
    assert quickly == slowly
    assert CANARY not in str(broken.gap)


def test_a_listing_that_obstore_loses_in_the_middle_of_a_page_is_not_taken_for_its_end() -> None:
    middle = FIRST.body.replace(b"a.zip", b"b.zip").replace(b">more<", b">yet more<")

    def handle(request: Request) -> Answer:
        if "token" in request.path:
            return error(403, "AccessDenied")
        return Answer(200, middle, FIRST.headers) if is_quick(request) else FIRST

    with faulty_s3(handle) as server:
        objects, broken = listed(settings_at(server.url))

    assert any("yet%20more" in one.path or "yet+more" in one.path for one in server.requests)
    assert [key for key, _, _ in objects] == ["backups/a.zip"]
    assert broken is not None
    assert broken.gap.why is Why.DENIED


def test_it_signs_as_botocore_and_names_itself() -> None:
    def handle(request: Request) -> Answer:
        return whole("backups/b.zip") if is_quick(request) else FIRST

    with faulty_s3(handle) as server:
        objects, _ = listed(settings_at(server.url))
        (request,) = filter(is_quick, server.requests)

    headers = {name.lower(): value for name, value in request.headers.items()}
    assert [key for key, _, _ in objects] == ["backups/a.zip", "backups/b.zip"]
    assert "/eu-central-1/s3/aws4_request" in headers["authorization"]
    assert headers["user-agent"].startswith("backup-doctor/")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_takes_no_signature_to_another_host(status: int) -> None:
    with faulty_s3(lambda _: whole("backups/b.zip")) as stranger:
        elsewhere = stranger.url.replace("127.0.0.1", "localhost")

        def handle(request: Request) -> Answer:
            to = Answer(status, b"", {"Location": f"{elsewhere}{request.path}"})
            return to if is_quick(request) else whole("backups/b.zip")

        with faulty_s3(handle) as server:
            quick_at(settings_at(server.url)).page("backups/", None)

    (heard,) = (
        {name.lower(): value for name, value in one.headers.items()} for one in stranger.requests
    )
    assert "authorization" not in heard
    assert not any(word in value for value in heard.values() for word in (CANARY, "AKIA"))


def test_a_session_token_is_given_to_amazons_own_hosts_alone() -> None:
    signed = f"{AUTHORIZATION}, SignedHeaders=host;x-amz-date;x-amz-security-token"
    token = connect(settings_at("https://host.example", token="a-session-token"), Deadline(60))

    assert asked_at("https://acme.s3.eu-west-1.amazonaws.com/?list-type=2", signed) is not None
    assert asked_at("http://acme.s3.eu-west-1.amazonaws.com/?list-type=2", signed) is None
    assert asked_at("https://s3.host.example/acme?list-type=2", signed) is None
    assert quick._credentials(token)["token"] == "a-session-token"


def test_what_it_fails_at_again_and_again_it_is_not_asked_any_more() -> None:
    def handle(request: Request) -> Answer:
        return error(500, "InternalError") if is_quick(request) else whole("backups/b.zip")

    with faulty_s3(handle) as server:
        pages = quick_at(settings_at(server.url))
        found = [pages.page("backups/", None) for _ in range(MOST_FAILURES + 2)]
        asked = sum(map(is_quick, server.requests))

    assert found == [None] * (MOST_FAILURES + 2)
    assert asked == MOST_FAILURES


def test_a_store_that_falls_silent_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick, "READ_LIMIT_S", 0.3)

    def handle(request: Request) -> Answer:
        return Answer(200, MORE, pause_s=5.0) if is_quick(request) else whole("backups/b.zip")

    with faulty_s3(handle) as server:
        pages = quick_at(settings_at(server.url))
        since = time.monotonic()
        assert pages.page("backups/", None) is None

    assert time.monotonic() - since < 3.0


AUTHORIZATION = "AWS4-HMAC-SHA256 Credential=AKIA/20260115/eu-west-1/s3/aws4_request, Signature=x"


def asked_at(url: str, authorization: str = AUTHORIZATION) -> QuickPages | None:
    """What is made of a request of botocore's to this address."""
    connection = object.__new__(Connection)
    connection.asked = ListingRequest(url, authorization)
    connection.has_own_roots = False
    connection._session = Session()
    return quick_pages(connection, "acme")


@pytest.mark.parametrize(
    ("url", "endpoint", "is_virtual"),
    [
        (
            "https://acme.s3.eu-west-1.amazonaws.com/?list-type=2",
            "https://acme.s3.eu-west-1.amazonaws.com",
            True,
        ),
        ("http://localhost:9000/acme?list-type=2", "http://localhost:9000", False),
    ],
)
def test_it_asks_where_botocore_was_answered_whatever_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, url: str, endpoint: str, *, is_virtual: bool
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://elsewhere.example")
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    monkeypatch.setenv("AWS_SKIP_SIGNATURE", "true")
    monkeypatch.setenv("AWS_ALLOW_INVALID_CERTIFICATES", "true")

    made = asked_at(url)

    assert made is not None
    config: dict[str, object] = {**made._store.config}
    options: dict[str, object] = {**(made._store.client_options or {})}
    assert config["endpoint_url_s3"] == config["endpoint"] == endpoint
    assert config["region"] == "eu-west-1"
    assert str(config["virtual_hosted_style_request"]).lower() == str(is_virtual).lower()
    assert str(config["skip_signature"]).lower() == "false"
    assert str(options["allow_invalid_certificates"]).lower() == "false"


@pytest.mark.parametrize(
    ("url", "authorization"),
    [
        ("https://host.example/base/acme", AUTHORIZATION),
        ("https://s3.eu-west-1.amazonaws.com/acme", ""),
        ("https://s3.eu-west-1.amazonaws.com/acme", "AWS4-ECDSA-P256-SHA256 Credential=A/1/s3/x"),
    ],
)
def test_where_it_would_ask_otherwise_than_botocore_it_does_not_ask(
    url: str, authorization: str
) -> None:
    assert asked_at(url, authorization) is None


def test_whom_tls_trusts_is_botocores_to_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", "/etc/own.pem")
    own = connect(settings_at("https://host.example"), Deadline(60))
    own.asked = ListingRequest("https://host.example/acme", AUTHORIZATION)

    assert quick_pages(own, "acme") is None
