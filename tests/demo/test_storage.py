"""The S3 stand-in, held against boto3 and the AWS command line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from backup_doctor.demo.storage import READ_ACTIONS, Bucket, Credentials, Storage, allow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_s3 import S3Client

KEY = "backups/2026/01/15/backup-7c9e6679-020304.zip"


@pytest.fixture(scope="module")
def storage() -> Iterator[Storage]:
    with Storage() as server:
        yield server


@pytest.fixture
def bucket(storage: Storage) -> Iterator[Bucket]:
    made = storage.create_bucket("acme-backups")
    yield made
    storage.delete_bucket(made)


@pytest.fixture
def versioned(storage: Storage) -> Iterator[Bucket]:
    made = storage.create_bucket("acme-backups-versioned", versioned=True)
    yield made
    storage.delete_bucket(made)


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(ClientError) as caught:
        call()
    return caught.value.response["Error"]["Code"]


def aws(bucket: Bucket, user: Credentials, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "AWS_ACCESS_KEY_ID": user.access_key_id,
        "AWS_SECRET_ACCESS_KEY": user.secret_access_key,
        "AWS_REGION": bucket.region,
        "AWS_ENDPOINT_URL_S3": bucket.endpoint,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    command = [str(Path(sys.executable).parent / "aws"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def put(client: S3Client, bucket: Bucket, body: bytes = b"PK") -> None:
    client.put_object(Bucket=bucket.name, Key=KEY, Body=body)


def test_the_pipeline_writes_and_the_doctor_reads(storage: Storage, bucket: Bucket) -> None:
    put(storage.client(bucket.pipeline), bucket, b"PK\x05\x06")

    doctor = storage.client(bucket.doctor)

    assert doctor.head_object(Bucket=bucket.name, Key=KEY)["ContentLength"] == 4
    assert doctor.get_object(Bucket=bucket.name, Key=KEY)["Body"].read() == b"PK\x05\x06"
    assert doctor.list_objects_v2(Bucket=bucket.name)["KeyCount"] == 1


def test_every_read_that_the_policy_documents_is_allowed(storage: Storage, bucket: Bucket) -> None:
    doctor = storage.client(bucket.doctor)

    doctor.head_bucket(Bucket=bucket.name)
    doctor.list_object_versions(Bucket=bucket.name)
    uploads = doctor.list_multipart_uploads(Bucket=bucket.name)

    assert uploads["Bucket"] == bucket.name


def test_the_doctor_may_not_write_or_delete(storage: Storage, bucket: Bucket) -> None:
    put(storage.client(bucket.pipeline), bucket)
    doctor = storage.client(bucket.doctor)

    assert code_of(lambda: put(doctor, bucket)) == "AccessDenied"
    assert code_of(lambda: doctor.delete_object(Bucket=bucket.name, Key=KEY)) == "AccessDenied"


def test_one_worlds_users_do_not_reach_anothers_bucket(
    storage: Storage, bucket: Bucket, versioned: Bucket
) -> None:
    stranger = storage.client(versioned.doctor)

    assert code_of(lambda: stranger.list_objects_v2(Bucket=bucket.name)) == "AccessDenied"


def test_a_wrong_secret_is_a_signature_mismatch(storage: Storage, bucket: Bucket) -> None:
    put(storage.client(bucket.pipeline), bucket)
    client = storage.client(Credentials("", bucket.doctor.access_key_id, "wrong"))

    assert (
        code_of(lambda: client.get_object(Bucket=bucket.name, Key=KEY)) == "SignatureDoesNotMatch"
    )
    assert code_of(lambda: client.head_object(Bucket=bucket.name, Key=KEY)) == "403"


def test_an_unknown_key_id_is_named_so(storage: Storage, bucket: Bucket) -> None:
    client = storage.client(Credentials("", "AKIAIOSFODNN7EXAMPLE", "wrong"))

    assert code_of(lambda: client.list_objects_v2(Bucket=bucket.name)) == "InvalidAccessKeyId"


def test_a_request_without_credentials_is_denied(bucket: Bucket) -> None:
    anonymous = boto3.client(
        "s3", endpoint_url=bucket.endpoint, config=Config(signature_version=UNSIGNED)
    )

    assert code_of(lambda: anonymous.list_objects_v2(Bucket=bucket.name)) == "AccessDenied"


def test_a_withdrawn_permission_is_missed_at_once(storage: Storage, bucket: Bucket) -> None:
    allow(bucket, bucket.pipeline, ["s3:ListBucket"])

    assert code_of(lambda: put(storage.client(bucket.pipeline), bucket)) == "AccessDenied"


def test_a_deleted_object_of_a_versioned_bucket_leaves_a_marker(
    storage: Storage, versioned: Bucket
) -> None:
    put(storage.client(versioned.pipeline), versioned)
    storage.s3.delete_object(Bucket=versioned.name, Key=KEY)

    with pytest.raises(ClientError) as caught:
        storage.client(versioned.doctor).head_object(Bucket=versioned.name, Key=KEY)

    headers = caught.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-amz-delete-marker"] == "true"


def test_an_unfinished_upload_is_listed_with_its_parts(storage: Storage, bucket: Bucket) -> None:
    pipeline, doctor = storage.client(bucket.pipeline), storage.client(bucket.doctor)
    upload = pipeline.create_multipart_upload(Bucket=bucket.name, Key=KEY)["UploadId"]
    pipeline.upload_part(
        Bucket=bucket.name, Key=KEY, UploadId=upload, PartNumber=1, Body=b"x" * 1024
    )

    uploads = doctor.list_multipart_uploads(Bucket=bucket.name, Prefix="backups/")["Uploads"]
    parts = doctor.list_parts(Bucket=bucket.name, Key=KEY, UploadId=upload)["Parts"]

    assert [found["Key"] for found in uploads] == [KEY]
    assert [part["Size"] for part in parts] == [1024]


def test_every_request_is_recorded_with_its_key(storage: Storage, bucket: Bucket) -> None:
    storage.client(bucket.doctor).list_objects_v2(Bucket=bucket.name, Prefix="backups/")

    seen = storage.requests[-1]

    assert (seen.method, seen.path) == ("GET", f"/{bucket.name}")
    assert "prefix=backups%2F" in seen.query
    assert seen.access_key_id == bucket.doctor.access_key_id


def test_the_aws_command_line_uploads_and_lists(bucket: Bucket, tmp_path: Path) -> None:
    archive = tmp_path / "backup.zip"
    archive.write_bytes(b"PK\x05\x06" + bytes(18))

    copied = aws(bucket, bucket.pipeline, "s3", "cp", str(archive), f"s3://{bucket.name}/{KEY}")
    listed = aws(bucket, bucket.doctor, "s3", "ls", f"s3://{bucket.name}/backups/", "--recursive")

    assert copied.returncode == 0, copied.stderr
    assert listed.stdout.split()[2:] == ["22", KEY]


def test_the_aws_command_line_is_refused_a_write_with_the_doctors_key(
    bucket: Bucket, tmp_path: Path
) -> None:
    archive = tmp_path / "backup.zip"
    archive.write_bytes(b"PK")

    refused = aws(bucket, bucket.doctor, "s3", "cp", str(archive), f"s3://{bucket.name}/{KEY}")

    assert refused.returncode == 1
    assert "(AccessDenied) when calling the PutObject operation" in refused.stderr


def test_the_documented_policy_only_reads() -> None:
    assert all(action.startswith(("s3:Get", "s3:List")) for action in READ_ACTIONS)
