"""The bucket as other teams have it: other stores, and other ways to keep a file."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from backup_doctor.demo.faults.rewriting import UPLOAD
from backup_doctor.demo.s3_dialects import MINIO, R2, DialectServer
from backup_doctor.demo.shapes.shape import Shape
from backup_doctor.demo.storage import allow

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.demo.s3_dialects import Dialect
    from backup_doctor.demo.world import World

NAME_KEY = "printf '%s\\n' \"S3_KEY=$S3_KEY\""
MULTIPART_BYTES = 9_000_000  # the AWS command line uploads in parts from 8 MB on
GET_AND_LIST = ("s3:GetObject", "s3:ListBucket")


def encrypt(world: World) -> None:
    """The bucket encrypts what it is given with a key of KMS."""
    world.servers.storage.s3.put_bucket_encryption(
        Bucket=world.bucket.name,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]
        },
    )


def version(world: World) -> None:
    """The bucket keeps versions, and a lifecycle rule deletes what is old."""
    world.servers.storage.s3.put_bucket_versioning(
        Bucket=world.bucket.name, VersioningConfiguration={"Status": "Enabled"}
    )


def grow(world: World) -> None:
    """The backup is so large that it is uploaded in parts."""
    (world.checkout / "supabase/data.bin").write_bytes(secrets.token_bytes(MULTIPART_BYTES))


def name_address(world: World) -> None:
    """The row has the address of the file, not its key alone."""
    world.edit(UPLOAD, NAME_KEY, NAME_KEY.replace("$S3_KEY", "s3://$BACKUP_BUCKET/$S3_KEY"))


def other_prefix(world: World) -> None:
    """The backups lie elsewhere in the bucket, beside thousands of other files."""
    world.edit(UPLOAD, 'S3_KEY="backups/$(date -u +%Y/%m/%d)', 'S3_KEY="$(date -u +%Y)')
    for number in range(50):
        world.servers.storage.s3.put_object(
            Bucket=world.bucket.name, Key=f"avatars/{number}.png", Body=b"png"
        )


def least_permissions(world: World) -> None:
    """The doctor may get and list, and nothing else."""
    allow(world.bucket, world.bucket.doctor, GET_AND_LIST)


def get_only(world: World) -> None:
    """The doctor may read files, and may not list the bucket."""
    allow(world.bucket, world.bucket.doctor, ("s3:GetObject",))


def store(dialect: Dialect, region: str) -> Callable[[World], None]:
    """The bucket is in another store that speaks S3 in its own way."""

    def move(world: World) -> None:
        server = DialectServer(world.servers.storage, dialect)
        world.at_end(server.close)
        world.bucket = replace(world.bucket, endpoint=server.url, region=region)
        world.github_variables["AWS_REGION"] = region

    return move


def nothing_of_aws(world: World) -> dict[str, str]:
    """The doctor knows neither bucket nor credentials."""
    return {
        name: value
        for name, value in world.environment().items()
        if not name.startswith("AWS_") and name != "BACKUP_BUCKET"
    }


SHAPES: Final = (
    Shape("encrypted", "the bucket encrypts with a key of KMS", encrypt),
    Shape("versioned", "the bucket keeps versions", version),
    Shape("multipart", "the file was uploaded in parts: its ETag is not an MD5", grow),
    Shape("key-as-address", "the row has an s3:// address", name_address),
    Shape("other-prefix", "the backups lie at the bucket's root", other_prefix),
    Shape("least-permissions", "the doctor may get and list, no more", least_permissions),
    Shape("get-only", "the doctor may not list the bucket", get_only),
    Shape("r2", "the bucket is in a store like R2", store(R2, "auto")),
    Shape("minio", "the bucket is in a store like MinIO", store(MINIO, "us-east-1")),
    Shape(
        "without-bucket",
        "the doctor may not look into the bucket, and the user says so",
        environment=nothing_of_aws,
        skip=("object",),
    ),
)
