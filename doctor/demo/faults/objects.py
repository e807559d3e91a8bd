"""What happens to the backup's file although the row says success."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Final

from doctor.demo.faults.fault import Fault, Side
from doctor.demo.faults.rewriting import CREATE, restored

if TYPE_CHECKING:
    from doctor.demo.world import World

TAIL = 40  # bytes: more than a zip's last record has


def delete(world: World) -> None:
    """A lifecycle rule or a person deleted the file."""
    for key in world.objects():
        world.servers.storage.s3.delete_object(Bucket=world.bucket.name, Key=key)


def keep_versions(world: World) -> None:
    """The bucket keeps every version of a file."""
    world.servers.storage.s3.put_bucket_versioning(
        Bucket=world.bucket.name, VersioningConfiguration={"Status": "Enabled"}
    )


def move(world: World) -> None:
    """Someone tidied up, and moved the file into a folder of the year."""
    for key in world.objects():
        world.servers.storage.s3.copy_object(
            Bucket=world.bucket.name,
            Key=f"archive/{key.rpartition('/')[2]}",
            CopySource={"Bucket": world.bucket.name, "Key": key},
        )
        world.servers.storage.s3.delete_object(Bucket=world.bucket.name, Key=key)


def _replace(world: World, key: str, content: bytes) -> None:
    world.servers.storage.s3.put_object(Bucket=world.bucket.name, Key=key, Body=content)


def overwrite(world: World) -> None:
    """Another job wrote another archive, a whole one, under the same key."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("notes.txt", "of another job\n" * 100)
    for key in world.objects():
        _replace(world, key, archive.getvalue())


def empty(world: World) -> None:
    """The file was overwritten with nothing."""
    for key in world.objects():
        _replace(world, key, b"")


def cut_in_bucket(world: World) -> None:
    """A copy between buckets broke off: half of the file is there."""
    for key in world.objects():
        stored = world.servers.storage.s3.get_object(Bucket=world.bucket.name, Key=key)
        content = stored["Body"].read()
        _replace(world, key, content[: len(content) // 2])


def cut_on_runner(world: World) -> None:
    """The archive was cut off before it was uploaded, and the row has the size of what is left."""
    world.edit(
        CREATE, 'echo "BACKUP_FILE=', f'truncate --size=-{TAIL} "$archive"\necho "BACKUP_FILE='
    )


def delete_bucket(world: World) -> None:
    """The bucket was deleted with all that was in it."""
    delete(world)
    world.servers.storage.s3.delete_bucket(Bucket=world.bucket.name)


def create_bucket(world: World) -> None:
    """The bucket is created again, and is empty."""
    world.servers.storage.s3.create_bucket(
        Bucket=world.bucket.name,
        CreateBucketConfiguration={"LocationConstraint": world.bucket.region},  # type: ignore[typeddict-item]
    )


FAULTS: Final = (
    Fault(
        "object-lost",
        "the file was deleted from the bucket",
        Side.AFTER,
        "object/missing",
        after=delete,
    ),
    Fault(
        "object-deleted",
        "the file was deleted from a bucket that keeps versions",
        Side.AFTER,
        "object/deleted",
        keep_versions,
        delete,
    ),
    Fault(
        "object-moved",
        "the file was moved to another key",
        Side.AFTER,
        "object/found-elsewhere",
        after=move,
    ),
    Fault(
        "object-overwritten",
        "another whole archive lies under the row's key",
        Side.AFTER,
        "object/size-mismatch",
        after=overwrite,
    ),
    Fault(
        "object-emptied",
        "the file in the bucket is empty",
        Side.AFTER,
        "object/empty",
        after=empty,
    ),
    Fault(
        "object-cut",
        "half of the file is in the bucket",
        Side.AFTER,
        "object/truncated",
        after=cut_in_bucket,
    ),
    Fault(
        "archive-cut",
        "the archive was cut off before its upload",
        Side.AFTER,
        "object/truncated",
        cut_on_runner,
        mend=restored(CREATE),
    ),
    Fault(
        "bucket-deleted",
        "the bucket was deleted after the backup",
        Side.AFTER,
        "object/bucket-missing",
        after=delete_bucket,
        mend=create_bucket,
    ),
)
