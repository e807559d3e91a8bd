"""Programs that run another: `sudo`, `timeout 60`, `env X=y`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.collect.script.texts import literal

if TYPE_CHECKING:
    from backup_doctor.collect.script.values import Value

# What stands before another command, and how many words of its own it takes.
WRAPPERS = {
    "sudo": 0,
    "command": 0,
    "exec": 0,
    "time": 0,
    "nohup": 0,
    "nice": 0,
    "env": 0,
    "builtin": 0,
    "stdbuf": 0,
    "timeout": 1,
    "gtimeout": 1,
    "xvfb-run": 0,
    "doppler": 0,
    "chronic": 0,
    "unbuffer": 0,
    "winpty": 0,
}


def unwrapped(words: list[Value]) -> list[Value]:
    """The command behind `sudo`, `timeout 60`, `env X=y` and the like."""
    for _ in range(4):
        name = literal(words[0]) if words else None
        if name not in WRAPPERS:
            break
        rest = words[1:]
        takes = WRAPPERS[name]
        while (
            rest
            and (told := literal(rest[0])) is not None
            and (told.startswith("-") or (name == "env" and "=" in told))
        ):
            rest = rest[1:]
        words = rest[takes:]
    return words
