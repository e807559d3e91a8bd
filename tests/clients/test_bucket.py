"""The bucket's client against an S3 server that checks credentials and policies."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from backup_doctor.collect.clients.bucket import Absent, Bucket, ObjectPage, Versions
from backup_doctor.collect.deadline import Deadline
from backup_doctor.demo import storage as stand_in
from backup_doctor.demo.storage import READ_ACTIONS
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.case import Names
from backup_doctor.evidence.object import StoredObject
from backup_doctor.settings.model import Secret, Settings, Storage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

KEY = "backups/2026/01/15/backup-7c9e6679.zip"


@pytest.fixture(scope="module")
def server() -> Iterator[stand_in.Storage]:
    with stand_in.Storage() as serving:
        yield serving


@pytest.fixture
def made(server: stand_in.Storage) -> Iterator[stand_in.Bucket]:
    bucket = server.create_bucket("acme-client", versioned=True)
    yield bucket
    server.delete_bucket(bucket)


@pytest.fixture(autouse=True)
def no_other_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)


def client(made: stand_in.Bucket, name: str | None = None, **other: str | None) -> Bucket:
    given: Mapping[str, str | None] = {
        "endpoint": made.endpoint,
        "region": made.region,
        "access_key_id": made.doctor.access_key_id,
        "secret_access_key": made.doctor.secret_access_key,
        **other,
    }
    secrets = {"access_key_id", "secret_access_key", "session_token"}
    storage = Storage(
        **{
            key: Secret(value) if key in secrets and value else value
            for key, value in given.items()
        }  # type: ignore[arg-type]
    )
    settings = Settings(names=Names(bucket=name or made.name), storage=storage)
    return Bucket(settings, Deadline(20))


def unseen(found: object) -> Unseen:
    assert isinstance(found, Unseen)
    return found


def test_an_object_is_seen_with_its_size_and_time(
    server: stand_in.Storage, made: stand_in.Bucket
) -> None:
    put = server.s3.put_object(Bucket=made.name, Key=KEY, Body=b"PK\x05\x06")

    found = client(made).head(KEY)

    assert isinstance(found, StoredObject)
    assert (found.key, found.size, found.storage_class) == (KEY, 4, "STANDARD")
    assert found.etag == put["ETag"].strip('"')
    assert found.version_id == put["VersionId"]
    assert found.modified_at.utcoffset() is not None


def test_an_absent_object_is_absent(made: stand_in.Bucket) -> None:
    assert client(made).head(KEY) == Absent()


def test_a_part_is_read_and_no_more(server: stand_in.Storage, made: stand_in.Bucket) -> None:
    server.s3.put_object(Bucket=made.name, Key=KEY, Body=b"0123456789")

    assert client(made).read(KEY, 3, 6) == b"3456"


def test_credentials_with_stray_blanks_are_used_without_them(made: stand_in.Bucket) -> None:
    """CI secrets are often stored with the newline that followed them."""
    blanks = {
        "access_key_id": f"{made.doctor.access_key_id}\n",
        "secret_access_key": f" {made.doctor.secret_access_key}\n",
    }

    assert client(made, **blanks).head(KEY) == Absent()


def test_a_wrong_secret_is_told_from_a_missing_object(made: stand_in.Bucket) -> None:
    refused = unseen(client(made, secret_access_key="wrong").head(KEY))

    assert (refused.why, refused.code) == (Why.BAD_CREDENTIALS, "SignatureDoesNotMatch")


def test_an_unknown_key_id_is_told_from_a_wrong_secret(made: stand_in.Bucket) -> None:
    refused = unseen(client(made, access_key_id="AKIAUNKNOWNUNKNOWN00").head(KEY))

    assert (refused.why, refused.code) == (Why.BAD_CREDENTIALS, "InvalidAccessKeyId")


def test_a_missing_bucket_is_told_from_a_missing_object(
    server: stand_in.Storage, made: stand_in.Bucket
) -> None:
    admin = server.administrator
    bucket = client(
        made,
        "acme-nowhere",
        access_key_id=admin.access_key_id,
        secret_access_key=admin.secret_access_key,
    )

    refused = unseen(bucket.head(KEY))

    assert (refused.why, refused.code) == (Why.NOT_FOUND, "NoSuchBucket")
    assert "acme-nowhere" in refused.what


def test_the_first_page_of_a_prefix_is_listed_once(
    server: stand_in.Storage, made: stand_in.Bucket
) -> None:
    bucket = client(made)
    before = bucket.first_page("backups/")
    server.s3.put_object(Bucket=made.name, Key=KEY, Body=b"PK")

    assert bucket.first_page("backups/") is before
    page = bucket.first_page("backups/2026/")
    assert isinstance(page, ObjectPage)
    assert [one["Key"] for one in page.objects] == [KEY]


def test_a_first_page_that_was_refused_is_asked_for_again(made: stand_in.Bucket) -> None:
    bucket = client(made)
    stand_in.allow(made, made.doctor, ["s3:GetObject"])
    refused = unseen(bucket.first_page("backups/"))
    stand_in.allow(made, made.doctor, READ_ACTIONS)

    assert refused.why is Why.DENIED
    assert isinstance(bucket.first_page("backups/"), ObjectPage)


def test_a_denied_listing_names_the_permission(made: stand_in.Bucket) -> None:
    stand_in.allow(made, made.doctor, ["s3:GetObject"])

    refused = unseen(client(made).page("backups/"))

    assert (refused.why, refused.code) == (Why.DENIED, "AccessDenied")
    assert "s3:ListBucket" in (refused.remedy or "")


def test_a_404_to_one_who_may_not_list_is_not_believed(made: stand_in.Bucket) -> None:
    stand_in.allow(made, made.doctor, ["s3:GetObject"])

    assert "Could not determine" in unseen(client(made).head(KEY)).what


def test_no_credentials_anywhere_is_said_so(made: stand_in.Bucket) -> None:
    bucket = client(made, access_key_id=None, secret_access_key=None)

    refused = unseen(bucket.head(KEY))

    assert (refused.why, refused.code) == (Why.BAD_CREDENTIALS, "NoCredentialsError")
    assert "AWS_ACCESS_KEY_ID" in (refused.remedy or "")


def test_half_a_pair_of_credentials_is_said_so(made: stand_in.Bucket) -> None:
    refused = unseen(client(made, secret_access_key=None).head(KEY))

    assert (refused.why, refused.code) == (Why.BAD_CREDENTIALS, "PartialCredentialsError")


def test_a_profile_that_does_not_exist_is_said_so(made: stand_in.Bucket) -> None:
    bucket = client(made, access_key_id=None, secret_access_key=None, profile="nope")

    refused = unseen(bucket.head(KEY))

    assert (refused.why, refused.code) == (Why.BAD_CREDENTIALS, "ProfileNotFound")
    assert "AWS_PROFILE" in (refused.remedy or "")


def test_a_profile_is_not_needed_beside_explicit_keys(
    made: stand_in.Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The stand-in runs in this process, and reads the variable too when it is first asked.
    client(made).head(KEY)
    monkeypatch.setenv("AWS_PROFILE", "nope")

    assert client(made, profile="nope").head(KEY) == Absent()


def test_an_empty_profile_in_the_environment_is_none(
    made: stand_in.Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CI gives an empty text for a secret that is not there."""
    monkeypatch.setenv("AWS_PROFILE", "")
    monkeypatch.setenv("AWS_REGION", "")

    refused = unseen(client(made, access_key_id=None, secret_access_key=None).head(KEY))

    assert refused.code == "NoCredentialsError"


def test_the_credentials_of_a_profile_are_used(
    made: stand_in.Bucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "credentials").write_text(
        f"[reader]\naws_access_key_id = {made.doctor.access_key_id}\n"
        f"aws_secret_access_key = {made.doctor.secret_access_key}\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))

    bucket = client(made, access_key_id=None, secret_access_key=None, profile="reader")

    assert bucket.head(KEY) == Absent()


def test_without_a_region_the_default_is_asked(made: stand_in.Bucket) -> None:
    assert client(made, region=None).head(KEY) == Absent()


def test_a_name_that_no_bucket_can_have_is_said_so(made: stand_in.Bucket) -> None:
    refused = unseen(client(made, "no bucket!").page(""))

    assert refused.why is Why.REFUSED
    assert "cannot be the name of a bucket" in refused.what


def test_a_long_listing_is_continued_page_by_page(
    server: stand_in.Storage, made: stand_in.Bucket
) -> None:
    for number in range(5):
        server.s3.put_object(Bucket=made.name, Key=f"backups/{number}", Body=b"")

    first = client(made).page("backups/", limit=3)
    assert isinstance(first, ObjectPage)
    rest = client(made).page("backups/", first.after)
    assert isinstance(rest, ObjectPage)

    keys = [entry["Key"] for entry in (*first.objects, *rest.objects)]
    assert keys == [f"backups/{number}" for number in range(5)]
    assert rest.after is None


def test_what_was_deleted_has_a_marker_and_its_versions(
    server: stand_in.Storage, made: stand_in.Bucket
) -> None:
    server.s3.put_object(Bucket=made.name, Key=KEY, Body=b"PK")
    server.s3.delete_object(Bucket=made.name, Key=KEY)

    head = client(made).head(KEY)
    found = client(made).versions(KEY)

    assert isinstance(head, Absent)
    assert isinstance(found, Versions)
    assert [marker.version_id for marker in found.markers] == [head.delete_marker]
    assert [version.size for version in found.objects] == [2]


def test_an_unfinished_upload_is_counted(server: stand_in.Storage, made: stand_in.Bucket) -> None:
    begun = server.s3.create_multipart_upload(Bucket=made.name, Key=KEY)
    server.s3.upload_part(
        Bucket=made.name, Key=KEY, UploadId=begun["UploadId"], PartNumber=1, Body=b"x" * 1_000
    )

    bucket = client(made)
    uploads = bucket.uploads("backups/")
    assert not isinstance(uploads, Unseen)
    (counted,) = [bucket.with_parts(upload) for upload in uploads]

    assert (counted.key, counted.parts, counted.bytes) == (KEY, 1, 1_000)
    assert counted.initiated_at is not None


def test_an_archived_object_has_a_size_and_no_content(
    server: stand_in.Storage, made: stand_in.Bucket
) -> None:
    server.s3.put_object(Bucket=made.name, Key=KEY, Body=b"PKPK", StorageClass="GLACIER")

    bucket = client(made)
    head, part = bucket.head(KEY), bucket.read(KEY, 0, 3)

    assert isinstance(head, StoredObject)
    assert (head.size, head.storage_class) == (4, "GLACIER")
    assert unseen(part).code == "InvalidObjectState"


def test_another_bucket_is_asked_through_the_same_client(
    server: stand_in.Storage, made: stand_in.Bucket
) -> None:
    server.s3.put_object(Bucket=made.name, Key=KEY, Body=b"PK")

    assert isinstance(client(made, "acme-other").at(made.name).head(KEY), StoredObject)


def test_the_recommended_policy_suffices(server: stand_in.Storage, made: stand_in.Bucket) -> None:
    stand_in.allow(made, made.doctor, READ_ACTIONS)
    server.s3.put_object(Bucket=made.name, Key=KEY, Body=b"PK")
    bucket = client(made)

    seen = (
        bucket.head(KEY),
        bucket.read(KEY, 0, 1),
        bucket.page(""),
        bucket.versions(KEY),
        bucket.uploads(""),
    )

    assert not any(isinstance(found, Unseen) for found in seen)
