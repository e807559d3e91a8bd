"""What happens to the backup's file although the row says success."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import psycopg

from backup_doctor.demo.faults.defect import Side
from backup_doctor.demo.faults.fault import Fault
from backup_doctor.demo.faults.rewriting import CREATE

if TYPE_CHECKING:
    from backup_doctor.demo.world import World

TAIL = 40  # bytes: more than a zip's last record has
NEIGHBOUR = "6d5f4c3b-2a19-4807-b6e5-d4c3b2a19080"
NEIGHBOURS_KEY = f"backups/earlier/backup-{NEIGHBOUR}.zip"
NEIGHBOURS_ROW = f"""
    INSERT INTO public.backup_history
      (dispatch_id, status, s3_key, size_bytes, created_at, finished_at)
    VALUES ('{NEIGHBOUR}', 'success', '{NEIGHBOURS_KEY}', %s, now() - interval '1 day', now())
"""


def add_neighbour(world: World) -> None:
    """Another backup, of the day before, is right: its file shows that this is the bucket."""
    content = _archive("of the day before\n")
    _replace(world, NEIGHBOURS_KEY, content)
    with (
        suppress(psycopg.Error),
        psycopg.connect(world.database_uri, autocommit=True) as connection,
    ):
        connection.execute(NEIGHBOURS_ROW.encode(), [len(content)])


def _own(world: World) -> list[str]:
    """The keys of the backup that is broken."""
    return [key for key in world.objects() if key != NEIGHBOURS_KEY]


def delete(world: World) -> None:
    """A lifecycle rule or a person deleted the file."""
    for key in _own(world):
        world.servers.storage.s3.delete_object(Bucket=world.bucket.name, Key=key)


def keep_versions(world: World) -> None:
    """The bucket keeps every version of a file."""
    world.servers.storage.s3.put_bucket_versioning(
        Bucket=world.bucket.name, VersioningConfiguration={"Status": "Enabled"}
    )


def move(world: World) -> None:
    """Someone tidied up, and moved the file into a folder of the year."""
    for key in _own(world):
        world.servers.storage.s3.copy_object(
            Bucket=world.bucket.name,
            Key=f"archive/{key.rpartition('/')[2]}",
            CopySource={"Bucket": world.bucket.name, "Key": key},
        )
        world.servers.storage.s3.delete_object(Bucket=world.bucket.name, Key=key)


def _replace(world: World, key: str, content: bytes) -> None:
    world.servers.storage.s3.put_object(Bucket=world.bucket.name, Key=key, Body=content)


def _archive(text: str) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("notes.txt", text * 100)
    return archive.getvalue()


def overwrite(world: World) -> None:
    """Another job wrote another archive, a whole one, under the same key."""
    for key in _own(world):
        _replace(world, key, _archive("of another job\n"))


def empty(world: World) -> None:
    """The file was overwritten with nothing."""
    for key in _own(world):
        _replace(world, key, b"")


def cut_in_bucket(world: World) -> None:
    """A copy between buckets broke off: half of the file is there."""
    for key in _own(world):
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
    for key in world.objects():
        world.servers.storage.s3.delete_object(Bucket=world.bucket.name, Key=key)
    world.servers.storage.s3.delete_bucket(Bucket=world.bucket.name)


FAULTS: Final = (
    Fault(
        "object-lost",
        "the file was deleted from the bucket",
        Side.AFTER,
        "object/missing",
        add_neighbour,
        delete,
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
    ),
    Fault(
        "bucket-deleted",
        "the bucket was deleted after the backup",
        Side.AFTER,
        "object/bucket-missing",
        after=delete_bucket,
    ),
)
