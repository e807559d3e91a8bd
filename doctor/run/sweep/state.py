"""What the last sweep found, kept in a file, so that only a change is worth a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from backup_doctor.base import files
from backup_doctor.run.sweep.render.wording import name

if TYPE_CHECKING:
    from pathlib import Path

    from backup_doctor.run.sweep.result import Sweep


# Of a hundred thousand stuck backups.
LARGEST = 32 * files.MEBIBYTE


class SweepState(msgspec.Struct, frozen=True, kw_only=True):
    """The root cause of each stuck backup, by its name, and what else is wrong.

    `late`: none was good for `max_age`. `blind`: not all could be seen.
    """

    stuck: dict[str, str] = {}
    late: bool = False
    blind: bool = False


def state_of(sweep: Sweep, before: SweepState) -> SweepState:
    """The state that a sweep leaves; what it could not tell is as it was before."""
    ok = sweep.freshness.ok
    untold = ok is None and sweep.freshness.max_age_s is not None
    seen = {name(one): one.root_cause for one in sweep.stuck}
    return SweepState(
        stuck=seen if sweep.complete else {**before.stuck, **seen},
        late=before.late if untold else ok is False,
        blind=not sweep.all_seen,
    )


def read_state(file: Path) -> SweepState:
    """The state of the last sweep; an empty one where there was none, or the file is no state."""
    try:
        return msgspec.json.decode(files.read(file, LARGEST), type=SweepState)
    except (OSError, msgspec.DecodeError):
        return SweepState()


def write_state(file: Path, state: SweepState) -> None:
    """Replace the file as a whole.

    Raises:
        OSError: it cannot be written; the old one is still there then.
    """
    files.write(file, msgspec.json.encode(state))


def news(before: SweepState, after: SweepState) -> str | None:
    """What changed, in a sentence; None where nothing did."""
    new = after.stuck.keys() - before.stuck.keys()
    gone = before.stuck.keys() - after.stuck.keys()
    moved = {
        one
        for one in after.stuck.keys() & before.stuck.keys()
        if after.stuck[one] != before.stuck[one]
    }
    parts = [
        f"{len(new)} new" if new else "",
        f"{len(gone)} no longer stuck" if gone else "",
        f"{len(moved)} with another cause" if moved else "",
        "no good backup lately" if after.late and not before.late else "",
        "good backups again" if before.late and not after.late else "",
        "not all can be seen" if after.blind and not before.blind else "",
        "all can be seen again" if before.blind and not after.blind else "",
    ]
    said = ", ".join(filter(None, parts))
    return f"Since the last sweep: {said}." if said else None
