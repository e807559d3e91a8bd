"""An S3 server that checks credentials and policies: moto, served in this process.

moto accepts any credentials until it is told to check them; from then on it answers
`InvalidAccessKeyId`, `SignatureDoesNotMatch` and `AccessDenied` as S3 does. Its state is global
to the process, so each world has a bucket of its own name and two users of its own.
"""

from __future__ import annotations

import json
import secrets
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import boto3
from moto import settings as moto_settings
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam.models import iam_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import s3_backends

from backup_doctor.demo.serving import LoopbackServer

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from moto.iam.models import IAMBackend
    from mypy_boto3_s3 import S3Client

REGION: Final = "eu-central-1"
POLICY_NAME = "backups"

# What docs/permissions.md asks of a team for the doctor's user. Read-only, one bucket.
READ_ACTIONS = (
    "s3:GetObject",
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:ListBucketMultipartUploads",
    "s3:ListMultipartUploadParts",
)
WRITE_ACTIONS = ("s3:PutObject", "s3:AbortMultipartUpload", "s3:ListBucket")

# S3 has no such action: it answers HeadBucket under s3:ListBucket. moto asks for it by this name.
HEAD_BUCKET_IN_MOTO = "s3:HeadBucket"

ACCESS_DENIED = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n'
    b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
)


@dataclass(frozen=True, slots=True)
class Credentials:
    """An IAM user's long-term access key."""

    user: str
    access_key_id: str
    secret_access_key: str


@dataclass(frozen=True, slots=True)
class Bucket:
    """One world's bucket, with the user that writes to it and the one that only reads."""

    name: str
    region: str
    endpoint: str
    pipeline: Credentials
    doctor: Credentials


@dataclass(frozen=True, slots=True)
class S3Request:
    """A request as it came in. `path` is path-style: `/<bucket>/<key>`."""

    method: str
    path: str
    query: str
    access_key_id: str


def policy(bucket: str, actions: Iterable[str]) -> str:
    """The IAM policy document (JSON) that allows `actions` on one bucket and its objects."""
    allowed = [*actions]
    if "s3:ListBucket" in allowed:
        allowed.append(HEAD_BUCKET_IN_MOTO)
    statement = {
        "Effect": "Allow",
        "Action": allowed,
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Storage:
    """The server. Many worlds share one; `create_bucket` gives each its own."""

    def __init__(self) -> None:
        self.requests: list[S3Request] = []
        self.application = self._application()
        self._server = LoopbackServer(self.application)
        self.url = self._server.url
        self.administrator = _create_user(f"admin-{secrets.token_hex(4)}", "*", ("s3:*",))
        self.s3 = self.client(self.administrator)
        moto_settings.INITIAL_NO_AUTH_ACTION_COUNT = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def client(self, user: Credentials) -> S3Client:
        """An S3 client with this user's credentials."""
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=user.access_key_id,
            aws_secret_access_key=user.secret_access_key,
        )

    def create_bucket(self, name: str, *, versioned: bool = False) -> Bucket:
        """Make a bucket, a user that may write to it and a user that may read it."""
        self.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        if versioned:
            self.s3.put_bucket_versioning(
                Bucket=name, VersioningConfiguration={"Status": "Enabled"}
            )
        return Bucket(
            name=name,
            region=REGION,
            endpoint=self.url,
            pipeline=_create_user(f"{name}-pipeline", name, WRITE_ACTIONS),
            doctor=_create_user(f"{name}-doctor", name, READ_ACTIONS),
        )

    def delete_bucket(self, bucket: Bucket) -> None:
        """Delete the bucket, if it is still there, with all that is in it, and its two users."""
        with suppress(self.s3.exceptions.NoSuchBucket):
            self._empty_and_delete(bucket)
        for user in (bucket.pipeline, bucket.doctor):
            _delete_user(user)

    def _empty_and_delete(self, bucket: Bucket) -> None:
        uploads = self.s3.list_multipart_uploads(Bucket=bucket.name).get("Uploads", [])
        for upload in uploads:
            self.s3.abort_multipart_upload(
                Bucket=bucket.name, Key=upload["Key"], UploadId=upload["UploadId"]
            )
        # All pages first: a page after a deletion would begin behind what is still there.
        listing = self.s3.get_paginator("list_object_versions").paginate(Bucket=bucket.name)
        for page in list(listing):
            for version in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                self.s3.delete_object(
                    Bucket=bucket.name, Key=version["Key"], VersionId=version["VersionId"]
                )
        self.s3.delete_bucket(Bucket=bucket.name)

    def date_back(self, bucket: Bucket, key: str, by: timedelta) -> None:
        """Let an object have been written earlier, which no request could."""
        stored = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].get_object(bucket.name, key)
        assert stored is not None
        stored.last_modified -= by

    def close(self) -> None:
        """Stop serving. What is left in moto's memory goes with the process."""
        self.s3.close()
        _delete_user(self.administrator)
        self._server.close()

    def _application(self) -> WSGIApplication:
        moto = DomainDispatcherApplication(create_backend_app)

        def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            self.requests.append(_request(environ))
            if "HTTP_AUTHORIZATION" not in environ:  # moto would raise KeyError
                return _access_denied(start_response)
            answer: Iterable[bytes] = moto(environ, start_response)
            return answer

        return application


def allow(bucket: Bucket, user: Credentials, actions: Iterable[str]) -> None:
    """Replace what `user` may do in `bucket`; no action at all denies everything."""
    _iam().put_user_policy(user.user, POLICY_NAME, policy(bucket.name, actions))


def _iam() -> IAMBackend:
    return iam_backends[DEFAULT_ACCOUNT_ID]["aws"]


def _create_user(name: str, bucket: str, actions: Iterable[str]) -> Credentials:
    _iam().create_user(REGION, name)
    _iam().put_user_policy(name, POLICY_NAME, policy(bucket, actions))
    key = _iam().create_access_key(name)
    return Credentials(name, key.access_key_id, key.secret_access_key)


def _delete_user(user: Credentials) -> None:
    _iam().delete_access_key(user.access_key_id, user.user)
    _iam().delete_user_policy(user.user, POLICY_NAME)
    _iam().delete_user(user.user)


def _request(environ: WSGIEnvironment) -> S3Request:
    _, _, credential = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")
    return S3Request(
        method=environ["REQUEST_METHOD"],
        path=environ["PATH_INFO"],
        query=environ.get("QUERY_STRING", ""),
        access_key_id=credential.partition("/")[0],
    )


def _access_denied(start_response: StartResponse) -> Iterable[bytes]:
    start_response("403 Forbidden", [("Content-Type", "application/xml")])
    return [ACCESS_DENIED]
