"""A real table and a real bucket, and the audit of them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from backup_doctor.collect.deadline import Deadline
from backup_doctor.evidence.sql import literal
from backup_doctor.run.audit.run import Audit
from backup_doctor.settings.load import Flags, load
from tests.e2e.doctoring import AWS
from tests.programs import bare

if TYPE_CHECKING:
    from pathlib import Path

    from backup_doctor.demo.world import World
    from backup_doctor.run.audit.model import Item
    from backup_doctor.settings.model import Settings

FOLDER = "backups/2026/01/15"


@dataclass
class Scene:
    """The world's own table and bucket, filled by a test and emptied after it."""

    world: World
    directory: Path

    def row(
        self,
        key: str | None,
        status: str = "success",
        size: int | None = 5,
        *,
        dispatch_id: str | None = None,
        age: str = "1 day",
    ) -> str:
        """Insert a row; its id."""
        row_id = str(uuid4())
        self.world.sql(
            "INSERT INTO public.backup_history"
            " (id, dispatch_id, s3_key, status, size_bytes, created_at) VALUES"
            f" ('{row_id}', {literal(dispatch_id or str(uuid4()))}, {literal(key)},"
            f" '{status}', {literal(size)}, now() - interval '{age}')"
        )
        return row_id

    def put(self, key: str, size: int = 5) -> str:
        """Store an object; its key."""
        self.world.servers.storage.s3.put_object(
            Bucket=self.world.bucket.name, Key=key, Body=b"x" * size
        )
        return key

    def whole(self) -> str:
        """A row with its object, which shows that the bucket is the pipeline's; the row's id."""
        return self.row(self.put(f"{FOLDER}/whole.zip"))

    def settings(self, **more: str) -> Settings:
        """The doctor's, with read-only credentials; an empty value takes one away."""
        environ = self.world.environment() | more
        aws = {name: value for name, value in environ.items() if name in AWS}
        lines = "".join(f"{name}='{value}'\n" for name, value in aws.items())
        (self.directory / ".env").write_text(lines)
        rest = {name: value for name, value in environ.items() if name not in AWS}
        return load(Flags(), environ=rest, cwd=self.directory)

    def audit(self, **more: str) -> tuple[list[Item], Audit]:
        """What it finds, in this process."""
        made = Audit(settings=self.settings(**more), deadline=Deadline(60))
        return list(made.items()), made

    def command(self, *flags: str) -> subprocess.CompletedProcess[str]:
        """`backup-doctor audit` in a process of its own."""
        return subprocess.run(
            [sys.executable, "-m", "backup_doctor", "audit", *flags],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.directory,
            env=bare(**self.world.environment()),
            timeout=120,
        )

    def clear(self) -> None:
        """Empty both."""
        self.world.sql("TRUNCATE public.backup_history")
        s3, bucket = self.world.servers.storage.s3, self.world.bucket.name
        for stored in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
            s3.delete_object(Bucket=bucket, Key=stored["Key"])
