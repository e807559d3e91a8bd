"""One audit from beginning to end: both sides opened, walked along, and counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain, takewhile
from operator import itemgetter
from typing import TYPE_CHECKING

from backup_doctor.collect.row.columns import setting_of
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.case import Status
from backup_doctor.run.audit import judge
from backup_doctor.run.audit.ahead import Ahead
from backup_doctor.run.audit.aside import Aside
from backup_doctor.run.audit.bucket import BucketPages
from backup_doctor.run.audit.fitting import fitted
from backup_doctor.run.audit.judge import ReadSoFar
from backup_doctor.run.audit.listing import listing
from backup_doctor.run.audit.merge import Sides, merge
from backup_doctor.run.audit.model import BackupState, DisagreementKind, OddRow, Totals, counted
from backup_doctor.run.audit.outside import look_up
from backup_doctor.run.audit.resolve import resolve
from backup_doctor.run.audit.statements import ODD
from backup_doctor.run.audit.table import HIDDEN, About, AuditTable, BrokeOffError, Day
from backup_doctor.run.audit.ways import no_way, ways
from backup_doctor.settings.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from backup_doctor.collect.deadline import Deadline
    from backup_doctor.evidence.case import Names
    from backup_doctor.evidence.row import Route
    from backup_doctor.run.audit.inventory import Inventory
    from backup_doctor.run.audit.model import Item, Row, Stored
    from backup_doctor.settings.model import Settings

# Batches of rows and pages of objects that may wait for the other side, which may have to sort.
ROWS_AHEAD = 4
# Said only of the pipeline's own bucket.
OF_THE_BUCKET = (DisagreementKind.MISSING_OBJECT, DisagreementKind.ORPHAN_OBJECT)
PAGES_AHEAD = 8


@dataclass(kw_only=True)
class Audit:
    """The audit of the configured table and bucket. `totals` grow while `items` are read.

    `route` and `read_at` say how and when the table was read, `days` what the picture needs.
    """

    settings: Settings
    deadline: Deadline
    inventory: Inventory | None = None
    wants_days: bool = False
    totals: Totals = field(default_factory=Totals)
    route: Route | None = None
    read_at: datetime | None = None
    days: list[Day] = field(default_factory=list)

    def items(self) -> Iterator[Item]:
        """Every disagreement, as it is found. What could not be read is in the totals' gaps.

        Raises:
            SettingsError: the configuration names what the database does not have.
        """
        table = self._opened()
        if table is None:
            return
        try:
            for item in self._compared(*table):
                self.totals.count(item)
                yield item
        finally:
            table[0].close()

    def _opened(self) -> tuple[AuditTable, About] | None:
        """The table by the first way that works.

        Raises:
            SettingsError: the configuration names what the database does not have.
        """
        failures: list[Unseen] = []
        for way in ways(self.settings, self.deadline):
            try:
                about = way.about()
                way.fit(fitted(self.settings, about))
            except SettingsError:
                way.close()
                raise
            except BrokeOffError as broken:
                failures.append(broken.gap)
                way.close()
                continue
            self.route, self.read_at = way.route, about.read_at
            self.totals.notes += [failure.what for failure in failures]
            return way, about
        self.totals.gaps += failures or no_way(self.settings)
        return None

    def _compared(self, table: AuditTable, about: About) -> Iterator[Item]:
        names = self.settings.names
        known = ReadSoFar(
            read_at=about.read_at,
            waiting_since=about.read_at - timedelta(seconds=names.stuck_after_s),
            all_rows=not about.may_hide,
        )
        aside = Aside(names.bucket or "", names.prefix)
        sides = Sides(aside=aside, known=known, bucket_in_prefix=self._bucket_in_prefix())
        # The bucket is listed after the table's snapshot: what a row says is there was there then.
        source, pages = self._pages(sides)
        objects, read = Ahead(pages, PAGES_AHEAD), Ahead(self._read(table), ROWS_AHEAD)
        batches = iter(read)
        try:
            first = self._set_aside(batches, aside)
            if first is None:
                return
            rows = chain.from_iterable(self._rows(chain([first], batches), sides))
            stored = chain.from_iterable(self._objects(objects, sides))
            items = chain(merge(rows, stored, sides), self._afterwards(sides, source))
            yield from self._believed(items, known)
        finally:
            objects.close()
            read.close()
            self._conclude(sides)
            aside.close()

    def _believed(self, items: Iterable[Item], known: ReadSoFar) -> Iterator[Item]:
        """The items; in a bucket in which no row's object is, none is missing and none an orphan."""
        held: list[Item] = []
        for item in items:
            if known.matched:
                yield from held
                held.clear()
            if item.kind in OF_THE_BUCKET and not known.matched:
                held.append(item)
            else:
                yield item
        missing = sum(item.kind is DisagreementKind.MISSING_OBJECT for item in held)
        if known.matched or not missing:
            yield from held
        else:
            self.totals.gaps.append(_no_match(missing, self.settings.names.bucket or ""))

    def _read(self, table: AuditTable) -> Iterator[list[Row]]:
        if self.wants_days:
            self.days = table.by_day()
        yield from table.rows()

    def _bucket_in_prefix(self) -> str | None:
        bare = f"{self.settings.names.bucket}/"
        if self.inventory is not None:  # it may hold the prefix alone
            return None
        return bare if self.settings.names.prefix.startswith(bare) else None

    def _pages(self, sides: Sides) -> tuple[BucketPages | None, Iterable[list[Stored]]]:
        if self.inventory is not None:
            sides.known.listed_until = self.inventory.listed_until
            return None, self.inventory.pages(self.settings.names.prefix)
        if not self.settings.names.bucket:
            return None, _unlisted(self.settings.absent("bucket"))
        source = BucketPages(self.settings, self.deadline)
        return source, listing(source, self.settings.names.prefix)

    def _set_aside(self, batches: Iterator[list[Row]], aside: Aside) -> list[Row] | None:
        """Read up to the first row with a plain key; it and its batch.

        None where the table breaks off before it: then no object is known to have no row.
        """
        first: list[Row] = []
        try:
            for batch in batches:
                odd = list(takewhile(lambda row: row[0].startswith(ODD), batch))
                self.totals.rows.update(Counter(row[2] for row in odd))
                aside.add(map(OddRow.unpacked, odd))
                first = batch[len(odd) :]
                if first:
                    break
        except BrokeOffError as broken:
            self.totals.gaps.append(broken.gap)
            return None
        aside.ready()
        return first

    def _rows(self, batches: Iterable[list[Row]], sides: Sides) -> Iterator[list[Row]]:
        last = ""
        try:
            for batch in batches:
                self.totals.rows.update(map(itemgetter(2), batch))
                last = batch[-1][0] if batch else last
                yield batch
        except BrokeOffError as broken:
            sides.rows_whole = False
            self._broke_off("table", last, broken.gap)

    def _objects(self, pages: Iterable[list[Stored]], sides: Sides) -> Iterator[list[Stored]]:
        last = ""
        try:
            for page in pages:
                self.totals.objects += len(page)
                self.totals.object_bytes += sum(map(int, map(itemgetter(1), page)))
                last = page[-1][0] if page else last
                yield page
        except BrokeOffError as broken:
            sides.objects_whole = False
            self._broke_off("bucket", last, broken.gap)

    def _broke_off(self, side: str, last: str, gap: Unseen) -> None:
        self.totals.gaps.append(gap)
        if last:
            self.totals.notes.append(f"The {side} was read up to {last}")

    def _afterwards(self, sides: Sides, source: BucketPages | None) -> Iterator[Item]:
        """What can only be said when both sides were read as far as they can be."""
        self._look_outside(sides, source)
        prefix, whole = self.settings.names.prefix, sides.rows_whole
        yield from resolve(sides.aside, sides.known, prefix, rows_whole=whole)
        for row in sides.aside.keyless_successes():
            if sides.objects_whole:
                yield from judge.missing(("", *row[2:6]), sides.known)
            else:
                sides.known.unlisted += 1

    def _look_outside(self, sides: Sides, source: BucketPages | None) -> None:
        if source is None or not sides.objects_whole:
            return
        try:
            for meaning, stored in look_up(source, sides.aside.meanings(inside=False)):
                sides.known.matched |= stored is not None
                sides.aside.found(meaning, stored)
        except BrokeOffError as broken:
            self.totals.gaps.append(broken.gap)

    def _conclude(self, sides: Sides) -> None:
        """Turn what lay beyond the reach into gaps and notes."""
        known, totals = sides.known, self.totals
        if not known.all_rows:
            totals.gaps.append(HIDDEN)
        if totals.rows[BackupState.OTHER] and not totals.rows[BackupState.SUCCESS]:
            totals.gaps.append(_no_success(totals.rows[BackupState.OTHER], self.settings.names))
        if known.perhaps_waited_for:
            totals.gaps.append(_perhaps(known.perhaps_waited_for))
        if known.of_unknown_status:
            totals.gaps.append(_unknown_status(known.of_unknown_status, self.settings.names))
        if known.unlisted:
            what = f"{_successes(known.unlisted)} with a key in a part of the bucket that was not listed."
            totals.gaps.append(Unseen(why=Why.NOT_ASKED, what=what, dependency="S3"))
        if sides.aside.elsewhere:
            what = f"{_successes(sides.aside.elsewhere)} of another bucket, which was not listed."
            totals.gaps.append(Unseen(why=Why.NOT_ASKED, what=what, dependency="S3"))
        if known.young_objects:
            totals.notes.append(
                f"Left out: {counted(known.young_objects, 'object')}, younger than the table's snapshot."
            )
        if known.young_rows:
            totals.notes.append(
                f"Left out: {_successes(known.young_rows)}, too young for the listing."
            )


def _successes(count: int) -> str:
    """So many successful rows, in words."""
    return counted(count, "successful row")


def _no_success(others: int, names: Names) -> Unseen:
    """That nothing was compared: of a row that is no success nobody says that its file must be there."""
    words = " or ".join(repr(one) for one in names.words(Status.SUCCESS))
    column = names.column("status")
    return Unseen(
        why=Why.NOT_CONFIGURED,
        what=f"No row has the {column} {words}, so that no file was called for: {others:,} "
        f"{'row has' if others == 1 else 'rows have'} a {column} that is none of success, failed and "
        "in_progress.",
        remedy=f"Set {setting_of('status.success')}, if one of them means it.",
        dependency="PostgreSQL",
    )


def _unknown_status(objects: int, names: Names) -> Unseen:
    return Unseen(
        why=Why.NOT_CONFIGURED,
        what=f"{counted(objects, 'object')} may be of backups in progress: the rows with the dispatch id in "
        f"the name have a {names.column('status')} that no setting names.",
        remedy=f"Set {setting_of('status.in_progress')}, or the status that it means.",
        dependency="PostgreSQL",
    )


def _perhaps(objects: int) -> Unseen:
    return Unseen(
        why=Why.NOT_ASKED,
        what=f"{counted(objects, 'object')} under the prefix may be a backup's in progress: the name holds "
        "its dispatch id and more, so that only the log of its run can tell.",
        remedy="A sweep reads the logs.",
        dependency="S3",
    )


def _no_match(missing: int, bucket: str) -> Unseen:
    return Unseen(
        why=Why.NOT_ASKED,
        what=f"None of the rows has its object in the bucket {bucket}: it may not be the pipeline's, so "
        f"that none of {missing:,} successful backups was called missing, and no object an orphan.",
        remedy="Check BACKUP_BUCKET, and the S3 endpoint.",
        dependency="S3",
    )


def _unlisted(gap: Unseen) -> Iterator[list[Stored]]:
    raise BrokeOffError(gap)
    yield []
