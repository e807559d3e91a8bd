"""What the last sweep found, kept in a file, so that only a change is worth a message."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from doctor.sweep.render.wording import name

if TYPE_CHECKING:
    from pathlib import Path

    from doctor.sweep.result import Sweep


class State(msgspec.Struct, frozen=True, kw_only=True):
    """The root cause of each stuck backup, by its name."""

    stuck: dict[str, str] = {}


def state_of(sweep: Sweep) -> State:
    """The state that a sweep leaves."""
    return State(stuck={name(one): one.root_cause for one in sweep.stuck})


def read_state(file: Path) -> State:
    """The state of the last sweep; an empty one where there was none, or the file is no state."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=State)
    except (OSError, msgspec.DecodeError):
        return State()


def write_state(file: Path, state: State) -> None:
    """Replace the file as a whole.

    Raises:
        OSError: it cannot be written; the old one is still there then.
    """
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        beside.write_bytes(msgspec.json.encode(state))
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)


def news(before: State, after: State) -> str | None:
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
    ]
    said = ", ".join(filter(None, parts))
    return f"Since the last sweep: {said}." if said else None
