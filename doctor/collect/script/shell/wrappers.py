"""Programs that run another: `sudo`, `timeout 60`, `env X=y`, `xargs -n 1`."""

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


# Options of xargs that take the next word.
_XARGS = frozenset({"-I", "-n", "-P", "-L", "-s", "-d", "-a", "-E"})


def _behind_options(words: list[Value]) -> list[Value]:
    """What xargs runs; nothing where it is not told."""
    at = 0
    while at < len(words) and (literal(words[at]) or "").startswith("-"):
        at += 1 + (literal(words[at]) in _XARGS)
    return words[at:]


def unwrapped(words: list[Value]) -> list[Value]:
    """The command behind `sudo`, `timeout 60`, `env X=y` and the like."""
    for _ in range(4):
        name = literal(words[0]) if words else None
        command = _behind_options(words[1:]) if name == "xargs" else []
        if command:
            words = command
            continue
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
