"""The words for a value that is not there: what a script prints in its place, and what is said of its name."""

from __future__ import annotations

# Of a value that is there; behind "not" they tell that it is none.
PRESENT = ("set", "configured", "provided", "available", "present", "defined", "found", "given")
# By themselves.
LACKING = ("missing", "unset", "undefined", "empty", "absent")
# What stands in the place of a value that a language has for none, or of one that is not shown.
_NOTHING = ("", "null", "none", "nil", "na", "blank", "unknown")
_ANSWERS = ("yes", "no", "true", "false", "ok")

NOT_PRESENT = rf"(?:not (?:{'|'.join(PRESENT)})|isn'?t (?:{'|'.join(PRESENT)}))"
"""A pattern: "not set", "isn't configured"."""

IN_ITS_PLACE = frozenset(
    {*_NOTHING, *_ANSWERS, *LACKING, *PRESENT, *(f"not{one}" for one in PRESENT)}
)
"""What a script prints where there is no value, or instead of one: in small letters, without blanks."""
