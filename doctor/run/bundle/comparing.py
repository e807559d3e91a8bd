"""Two bundles compared: what changed in the world between then and now. Pure functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from backup_doctor.base.immutable import Immutable
from backup_doctor.base.redaction import TOKEN
from backup_doctor.evidence.columns import GUIDE_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backup_doctor.evidence.findings import Report
    from backup_doctor.run.bundle.model import Bundle

SETTINGS = "settings"
# How the looking went, and what it would write now, say nothing of the world.
OF_THE_LOOKING = frozenset({"is_a", "elapsed_s", "bytes_read", "now", "written", "statement"})
# What tells one item of a list from the others, the first that all of them have.
IDENTITIES = ("id", "key", "name", "level", "role", "slug", "number", "column", "path")


class Missing:
    """Nothing was recorded there at all."""


MISSING = Missing()
REDACTED = "\u2039redacted\u203a"


class EvidenceChange(Immutable, frozen=True, kw_only=True):
    """A place in a check's evidence, and what stood there then and stands there now (JSON values).

    The place is a path of field names; an item of a list stands in it by its name, in quotes.
    """

    check: str
    place: tuple[str, ...]
    then: Any
    now: Any


class Comparison(Immutable, frozen=True, kw_only=True):
    """The two reports, what changed in the evidence, and which checks saw the same both times."""

    then: Report
    now: Report
    changes: tuple[EvidenceChange, ...]
    unchanged: tuple[str, ...]

    @property
    def is_same(self) -> bool:
        """Nothing changed, and it is judged as it was."""
        judged = [(one.verdict, one.root_cause, one.causes) for one in (self.then, self.now)]
        return not self.changes and judged[0] == judged[1]


def compare(first: Bundle, second: Bundle, then: Report, now: Report) -> Comparison:
    """Hold two bundles, and the reports on them, side by side."""
    before, after = _seen(first), _seen(second)
    changes = tuple(
        EvidenceChange(check=check, place=place, then=old, now=new)
        for check in dict.fromkeys((*before, *after))
        for place, old, new in _changes(before.get(check, MISSING), after.get(check, MISSING))
    )
    changed = {change.check for change in changes}
    return Comparison(
        then=then,
        now=now,
        changes=changes,
        unchanged=tuple(check for check in before if check not in {*changed, SETTINGS}),
    )


def _seen(bundle: Bundle) -> dict[str, Any]:
    """The evidence by check, and the settings, as JSON values without what is not comparable.

    The tokens of two runs differ for the same secret, so a token only says that one was there.
    """
    case = bundle.collected.case
    settings = {**_plain(case.names), "asked": _plain(case.asked)}
    own = {*GUIDE_COLUMNS, *case.names.columns.values()}
    evidence = {**{name: _plain(one) for name, one in case.evidence.items()}, **bundle.unknown}
    return {SETTINGS: settings, **{name: _comparable(one, own) for name, one in evidence.items()}}


def _plain(value: object) -> Any:  # noqa: ANN401 -- any JSON value
    return msgspec.to_builtins(value, str_keys=True)


def _comparable(value: Any, own_columns: set[str]) -> Any:  # noqa: ANN401 -- any JSON value
    if isinstance(value, str):
        return TOKEN.sub(REDACTED, value)
    if isinstance(value, (list, tuple)):
        return [_comparable(item, own_columns) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {name: item for name, item in value.items() if name not in OF_THE_LOOKING}
    if value.get("is_a") == "BackupRow":  # its typed fields tell of these columns
        rest = kept.get("values", {})
        kept["values"] = {name: item for name, item in rest.items() if name not in own_columns}
    marked = {"unseen": True} if value.get("is_a") == "Unseen" else {}
    return {**{name: _comparable(item, own_columns) for name, item in kept.items()}, **marked}


def _changes(
    then: Any,  # noqa: ANN401 -- any JSON value
    now: Any,  # noqa: ANN401 -- any JSON value
    place: tuple[str, ...] = (),
) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """The innermost places where two values differ."""
    if then == now:
        return
    old, new = _children(then), _children(now)
    if old is None or new is None:
        yield place, then, now
        return
    for name in dict.fromkeys((*old, *new)):
        yield from _changes(old.get(name, MISSING), new.get(name, MISSING), (*place, name))


def _children(value: Any) -> dict[str, Any] | None:  # noqa: ANN401 -- any JSON value
    """What a value is made of, by name; None where it is said as a whole."""
    if isinstance(value, dict):
        return None if value.get("unseen") else value
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        return None
    names = (name for name in IDENTITIES if all(item.get(name) is not None for item in value))
    identity = next(names, None)
    by_name = {f"“{item[identity]}”": item for item in value} if identity else {}
    if len(by_name) == len(value):
        return by_name
    return {str(at): item for at, item in enumerate(value, 1)}
