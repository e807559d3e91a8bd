"""A table and a bucket in memory, and the audit of them by plain sets instead of streams."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from backup_doctor.collect.deadline import Deadline
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.case import Names
from backup_doctor.evidence.columns import GUIDE_COLUMNS
from backup_doctor.evidence.ids import Ids
from backup_doctor.evidence.object_keys import places
from backup_doctor.evidence.row import Route
from backup_doctor.run.audit import run
from backup_doctor.run.audit.listing import ListPage
from backup_doctor.run.audit.run import Audit
from backup_doctor.run.audit.statements import ODD
from backup_doctor.run.audit.table import About, BrokeOffError
from backup_doctor.settings.model import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from backup_doctor.run.audit.model import Item, Row
    from backup_doctor.run.audit.table import Day

BUCKET = "acme"
READ_AT = datetime(2026, 1, 15, 12, tzinfo=UTC)
BEFORE = "2026-01-14T02:03:04.000Z"
BROKEN = Unseen(why=Why.UNREACHABLE, what="The line broke.", dependency="a test")


@dataclass(frozen=True)
class Backup:
    """A row of the table, whatever its key looks like."""

    id: str
    key: str | None
    state: str = "success"
    size: str | None = "10"
    dispatch_id: str | None = None
    day: str = "2026-01-14"

    @property
    def is_plain(self) -> bool:
        """As the condition in `backup_doctor.run.audit.statements` says it of this module's keys."""
        text = self.key or ""
        meant = [place.key for place in places(text, BUCKET)]
        return text.startswith("backups/") and meant == [text]


@dataclass
class MemoryTable:
    """As the other tables, in batches of two; it may break off after so many rows."""

    backups: list[Backup]
    breaks_after: int | None = None
    may_hide: bool = False
    route: Route = Route.DIRECT

    def about(self) -> About:
        return About(read_at=READ_AT, may_hide=self.may_hide, columns=GUIDE_COLUMNS)

    def fit(self, names: Names) -> None:
        pass

    def rows(self) -> Iterator[list[Row]]:
        odd: list[Row] = [
            (ODD + json.dumps([one.key, one.dispatch_id]), one.id, one.state, one.size, one.day)
            for one in self.backups
            if not one.is_plain
        ]
        plain: list[Row] = sorted(
            (one.key or "", one.id, one.state, one.size, one.day)
            for one in self.backups
            if one.is_plain
        )
        rows = odd + plain
        for at in range(0, len(rows), 2):
            if self.breaks_after is not None and at >= self.breaks_after:
                raise BrokeOffError(BROKEN)
            yield rows[at : at + 2]

    def by_day(self) -> list[Day]:
        return []

    def close(self) -> None:
        pass


@dataclass
class MemoryBucket:
    """Pages of three objects, as ListObjectsV2 gives them; it may break off at a key."""

    objects: dict[str, str]
    breaks_at: str | None = None
    page_keys: int = 3
    modified: str = BEFORE
    asked: list[tuple[str, bool]] = field(default_factory=list)

    def page(
        self, prefix: str, *, token: object, start_after: str | None, by_folder: bool
    ) -> ListPage:
        self.asked.append((prefix, by_folder))
        after = str(token or start_after or "")
        keys = [key for key in sorted(self.objects) if key.startswith(prefix) and key > after]
        entries: dict[str, str | None] = {}
        for key in keys:
            name, slash, _ = key[len(prefix) :].partition("/")
            is_folder = by_folder and bool(slash)
            if is_folder and token and str(token).startswith(prefix + name + slash):
                continue
            entries.setdefault(prefix + name + slash if is_folder else key, None)
        shown = list(entries)[: self.page_keys]
        if self.breaks_at is not None and any(entry >= self.breaks_at for entry in shown):
            raise BrokeOffError(BROKEN)
        folders = tuple(entry for entry in shown if entry not in self.objects)
        # S3's token is opaque; here it is behind everything that was shown.
        more = len(entries) > len(shown)
        last = shown[-1] + "\U0010ffff" if shown and shown[-1] in folders else (shown or [""])[-1]
        return ListPage(
            objects=[
                (key, self.objects[key], self.modified) for key in shown if key in self.objects
            ],
            folders=folders,
            after=last if more else None,
        )


def audited(
    monkeypatch: pytest.MonkeyPatch, table: MemoryTable, bucket: MemoryBucket, **names: Any
) -> tuple[list[Item], Audit]:
    """The items of an audit of these two."""
    monkeypatch.setattr(run, "ways", lambda *_: iter([table]))
    monkeypatch.setattr(run, "BucketPages", lambda *_: bucket)
    settings = Settings(names=Names(bucket=BUCKET, **names))
    audit = Audit(settings=settings, deadline=Deadline(60))
    return list(audit.items()), audit


def told(items: list[Item]) -> list[tuple[str, str | None, str | None]]:
    """Kind, row and key of each, in an order that is always the same."""
    return sorted(((item.kind.value, item.backup_id, item.s3_key) for item in items), key=str)


def longest(bearers: list[Backup]) -> list[Backup]:
    """Without those whose id another one's holds: that other is meant."""
    ids = [(one.dispatch_id or "").strip().lower() for one in bearers]
    return [
        one
        for one, own in zip(bearers, ids, strict=True)
        if not any(own != other and own in other for other in ids)
    ]


def naive(
    backups: list[Backup], objects: dict[str, str], prefix: str = "backups/"
) -> list[tuple[str, str | None, str | None]]:
    """The contract's table, word by word, with everything in memory."""
    found: list[tuple[str, str | None, str | None]] = []
    named: set[str] = set()
    by_key: dict[str, list[Backup]] = defaultdict(list)
    keyless: list[Backup] = []
    for one in backups:
        meant = places(one.key or "", BUCKET)
        keys = [place.key for place in meant if place.bucket in (None, BUCKET)]
        if not keys:
            keyless += [] if meant else [one]
            continue
        key = next((key for key in keys if key in objects), keys[0])
        named.add(key)
        by_key[key].append(one)
        if one.state == "success" and key not in objects:
            found.append(("missing-object", one.id, key))
        elif one.state == "success" and one.size is not None and one.size != objects[key]:
            found.append(("size-mismatch", one.id, key))
        elif one.state == "stuck" and key in objects:
            found.append(("stuck-with-object", one.id, key))
    for key, same in by_key.items():
        states = {"success", "stuck", "running"} if key in objects else {"success"}
        telling = [one for one in same if one.state in states]
        found += [("duplicate-key", "any", key)] * (len(telling) - 1)
    borne: set[str] = set()
    for key in sorted(objects):
        if key in named or not key.startswith(prefix):
            continue
        bearers = longest(
            [one for one in keyless if Ids([], of_rows=[one.dispatch_id]).whole_in(key)]
        )
        found += [
            ("stuck-with-object", one.id, key)
            for one in bearers
            if one.state == "stuck" and one.id not in borne
        ]
        borne |= {one.id for one in bearers}
        if not any(one.state in ("stuck", "running") for one in bearers):
            found.append(("orphan-object", bearers[0].id if bearers else None, key))
    found += [
        ("missing-object", one.id, None)
        for one in keyless
        if one.state == "success" and one.id not in borne
    ]
    return sorted(found, key=str)
