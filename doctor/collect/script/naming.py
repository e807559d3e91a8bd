"""What a variable's name says of the text that it holds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from backup_doctor.collect.script.model import Hole, What
from backup_doctor.collect.script.values import Alt, Lit, Text, Unknown, only_hole

if TYPE_CHECKING:
    from backup_doctor.collect.script.values import Value

_SPECIAL = (
    (re.compile(r"dispatch.?(?:id|_)|^dispatch$|trigger.?id", re.IGNORECASE), What.DISPATCH),
    (
        re.compile(r"backup.?(?:history.?)?id|row.?id|record.?id|history.?id", re.IGNORECASE),
        What.BACKUP,
    ),
    (re.compile(r"size|bytes", re.IGNORECASE), What.SIZE),
    (re.compile(r"bucket", re.IGNORECASE), What.BUCKET),
    (
        re.compile(
            r"(?:s3|object|file|backup|storage|remote|dest\w*).?(?:key|path)|^key$|^object$",
            re.IGNORECASE,
        ),
        What.KEY,
    ),
)


def told_by_name(name: str) -> What | None:
    """What a variable holds, if its name says so."""
    return next((what for pattern, what in _SPECIAL if pattern.search(name)), None)


def finished(one: Hole) -> Hole:
    """The hole with what its variable's name says of it."""
    if one.what in {What.VARIABLE, What.UNKNOWN} or (one.what is What.ANSWER and one.part):
        what = told_by_name(one.name)
        return msgspec.structs.replace(one, what=what) if what else one
    return one


def named(name: str, value: Value) -> Value:
    """A value that a variable takes: its hole gets the variable's name.

    One of the environment keeps its own, which is that of a secret.
    """
    if isinstance(value, Unknown):
        return value if value.name else Unknown(name)
    if not isinstance(value, Text):
        return value
    one = only_hole(value)
    if one is not None:
        kept = one.name and one.what in {What.VARIABLE, What.SIGNATURE}
        return value if kept else Text((msgspec.structs.replace(one, name=name),))
    what = told_by_name(name)
    inner = [part for part in value.parts if not isinstance(part, Lit)]
    if what and inner and not any(isinstance(part, Alt) or part.calls for part in inner):
        return Text((Hole(what=what, name=name),))
    return value
