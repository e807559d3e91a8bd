"""What a variable can hold while a script is followed: texts with holes, records, answers, errors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.script.model import Hole, What

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backup_doctor.collect.script.model import Branch
    from backup_doctor.collect.script.syntax.nodes import Function

MOST_WAYS = 8
"""Alternatives of one text that are told apart."""

MOST_DEPTH = 4
"""Alternatives within alternatives."""

MOST_FACTS = 16
"""What is known of calls where a value comes from: the latest of it."""

MOST_PARTS = 400
MOST_TEXT = 400_000


class TextOrigin(Immutable, frozen=True):
    """Where a text was printed first that was caught, in a variable or a file, and shown later."""

    branches: tuple[Branch, ...]
    handler: bool
    after: int | None


class Lit(Immutable, frozen=True):
    """A text that the script has literally, and where; `spans`: over as many of its lines."""

    text: str
    path: str = ""
    line: int = 0
    origin: TextOrigin | None = None
    spans: bool = False


@dataclass(frozen=True, slots=True)
class Alt:
    """One of several texts: which, depends on the way that the script took.

    Texts that hold each other on each of many ways (`X="$X b"` below an `if`, a thousand times) are as
    one grows in what they share, and as all of them in what is compared: so deep, anything is meant.
    """

    options: tuple[Text, ...]
    depth: int = field(default=1, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Count how deep they stand in each other, and cut what is too deep."""
        inside = (part.depth for one in self.options for part in one.parts if isinstance(part, Alt))
        deep = 1 + max(inside, default=0)
        if deep > MOST_DEPTH:
            deep = 1
            object.__setattr__(self, "options", (Text((Hole(what=What.UNKNOWN),)),))
        object.__setattr__(self, "depth", deep)


Part: TypeAlias = Lit | Hole | Alt


class Text(Immutable, frozen=True):
    """A text as far as it is known."""

    parts: tuple[Part, ...] = ()


class Const(Immutable, frozen=True):
    """`true`, `false`, or nothing."""

    value: bool | None


@dataclass(slots=True, eq=False)
class Fields:
    """An object or dict. It can be changed, as in the script. `open`: there may be more fields.

    `shown` is what it looks like where it was made into a text, as JSON.
    """

    fields: dict[str, Value]
    open: bool = False
    shown: Text | None = None


@dataclass(slots=True, eq=False)
class Items:
    """A list or array."""

    items: list[Value]


class Closure(Immutable, frozen=True, eq=False):
    """A function with the scopes that it sees."""

    function: Function
    scopes: tuple[dict[str, Value], ...]
    path: str = ""


class Native(Immutable, frozen=True, eq=False):
    """A function of the host's that a library hands out."""

    run: Callable[[list[Value]], Value]


class Api(Immutable, frozen=True, eq=False):
    """A module, a client or a function of a library, by its path, with what it was made with."""

    path: str
    config: Fields


class Response(Immutable, frozen=True):
    """What a call gave: a response, a client's result, a row set. Of an error, one of several."""

    calls: tuple[int, ...]
    client: str = ""


class Failure(Immutable, frozen=True):
    """An error that was caught: of one of the calls, or thrown by the script with these words."""

    calls: tuple[int, ...]
    thrown: tuple[Text, ...] = ()
    client: str = ""


class Test(Immutable, frozen=True):
    """A condition that only running decides."""

    operator: str
    parts: tuple[Value, ...]


class Cases(Immutable, frozen=True):
    """One of several values, each with how calls have ended where the script came to it."""

    options: tuple[tuple[Value, tuple[Branch, ...]], ...]


class Unknown(Immutable, frozen=True):
    """Anything. `name` is what the script calls it."""

    name: str = ""


Value: TypeAlias = (
    Text
    | Const
    | Fields
    | Items
    | Closure
    | Native
    | Api
    | Response
    | Failure
    | Test
    | Cases
    | Unknown
)
EMPTY = Text()
NONE = Const(None)
UNKNOWN = Unknown()


def calls_of(value: Value) -> tuple[int, ...]:
    """The calls that a value comes from."""
    match value:
        case Response():
            return value.calls
        case Failure():
            return (*value.calls, *(call for one in value.thrown for call in calls_of(one)))
        case Text():
            return tuple(dict.fromkeys(call for one in holes(value) for call in one.calls))
        case Test():
            return tuple(dict.fromkeys(call for one in value.parts for call in calls_of(one)))
        case Cases():
            branched = (call for _, ways_ in value.options for one in ways_ for call in one.calls)
            valued = (call for one, _ in value.options for call in calls_of(one))
            return tuple(dict.fromkeys((*valued, *branched)))
        case _:
            return ()


def holes(text: Text) -> Iterator[Hole]:
    """Its holes, those of alternatives as well."""
    waiting = list(reversed(text.parts))
    count = 0
    while waiting and count < MOST_PARTS:
        count += 1
        part = waiting.pop()
        if isinstance(part, Hole):
            yield part
        elif isinstance(part, Alt):
            waiting.extend(inner for one in reversed(part.options) for inner in reversed(one.parts))


def only_hole(value: Value) -> Hole | None:
    """The hole of a text that is nothing else."""
    if isinstance(value, Text) and len(value.parts) == 1 and isinstance(value.parts[0], Hole):
        return value.parts[0]
    return None
