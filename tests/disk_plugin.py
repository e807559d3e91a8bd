"""A check of another package: what it says of its codes it says here, and nowhere else."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from backup_doctor import api
from backup_doctor.judge.registry import load_checks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import pytest

METADATA = "Metadata-Version: 2.1\nName: backup-doctor-disk\nVersion: 1.0\n"
BOTH_WRITES = (api.Link.FUNCTION_UPDATES, api.Link.FALLBACK_UPDATES)


class DiskEvidence(api.Evidence, frozen=True, kw_only=True):
    """What is wrong, by the last words of the codes."""

    wrong: tuple[str, ...] = ()


check = api.Check(name="disk", step=None, title="Disk", evidence=DiskEvidence)


@check.collector
def look(ask: api.Sources, case: api.Case) -> DiskEvidence:
    """The disk of a backup is full; with none in hand it is slow."""
    return DiskEvidence(wrong=("full" if case.asked.dispatch_id else "slow",))


def _found(seen: DiskEvidence, what: str) -> api.Found | None:
    return api.Found(summary=f"The disk is {what}.") if what in seen.wrong else None


@check.cause(
    "disk/full",
    breaks=api.Link.BACKUP_MADE,
    traits=(
        api.Trait.ENDS_JOB,
        api.Trait.BREAKS_OFF,
        api.Trait.OF_ONE_RUN,
        api.Trait.NAMED_BY_STEP,
        api.Trait.HAS_REASONS,
    ),
)
def full(seen: DiskEvidence, case: api.Case) -> api.Found | None:
    """The disk is full."""
    return _found(seen, "full")


@check.cause("disk/slow", breaks=api.Link.BACKUP_MADE)
def slow(seen: DiskEvidence, case: api.Case) -> api.Found | None:
    """The disk is slow, which is special in no way."""
    return _found(seen, "slow")


@check.cause(
    "disk/odd",
    breaks=BOTH_WRITES,
    traits=(
        api.Trait.GENERAL,
        api.Trait.FROM_BELOW,
        api.Trait.AFTER_KEY,
        api.Trait.REFUSES_KEY,
        api.Trait.KEY_NOT_SHOWN,
        api.Trait.OF_ADDRESS,
        api.Trait.OF_TABLE,
        api.Trait.OUT_OF_TIME,
        api.Trait.BEFORE_KEY,
    ),
)
def odd(seen: DiskEvidence, case: api.Case) -> api.Found | None:
    """Something is wrong with the disk."""
    return _found(seen, "odd")


def _writes_size(_case: api.Case, values: Mapping[str, object]) -> bool:
    return "size_bytes" in values


@check.cause(
    "disk/read-only",
    breaks=BOTH_WRITES,
    traits=(
        api.Trait.HIDES_ROW,
        api.Trait.HIDES_TABLE,
        api.Trait.KEEPS_FROM_FILE,
        api.Trait.CONFLICTS,
        api.Trait.CUTS_OFF,
        api.Trait.MAKES_WAIT,
        api.Trait.FAILS_LOOK_UP,
    ),
    refuses_sql=api.SqlRefusal(shown=_writes_size),
)
def read_only(seen: DiskEvidence, case: api.Case) -> api.Found | None:
    """The disk of the database takes no more than it has."""
    return _found(seen, "read-only")


@check.cause(
    "disk/twice",
    breaks=api.Link.ROW_CREATED,
    traits=(api.Trait.DUPLICATES_ROW, api.Trait.SPOILS_SUCCESS),
)
def twice(seen: DiskEvidence, case: api.Case) -> api.Found | None:
    """The disk kept the row twice."""
    return _found(seen, "twice")


@check.cause("disk/idle", breaks=api.Link.ROW_CREATED, traits=(api.Trait.PAST_ONLY,))
def idle(seen: DiskEvidence, case: api.Case) -> api.Found | None:
    """Nothing was written to the disk lately."""
    return _found(seen, "idle")


@contextmanager
def installed(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The plugin is installed, in the way of pip, as far as this process can tell."""
    folder = directory / "backup_doctor_disk-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(METADATA)
    (folder / "entry_points.txt").write_text(f"[backup_doctor.checks]\ndisk = {__name__}:check\n")
    with monkeypatch.context() as patch:
        patch.syspath_prepend(str(directory))
        load_checks.cache_clear()
        yield
    load_checks.cache_clear()
