"""One small language that every script is read into, whatever it was written in.

It has what tells calls and prints apart and nothing more: what a grammar has beyond that becomes
`Opaque`, of which only the effects of its parts count.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True, eq=False)
class Literal:
    """A text that stands in the script; `spans`: each of its line ends is one of the script's."""

    text: str
    line: int = 0
    spans: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """`true`, `None` and the like."""

    value: bool | None


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """Parts that make one text: a template, a concatenation, a shell word."""

    parts: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Name:
    """A variable, a function, a module."""

    name: str
    line: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """`of.name`, or `of["name"]`."""

    of: Expr
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Indexed:
    """`of[key]` with a key that is no text."""

    of: Expr
    key: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """The items of another value in the place where this stands."""

    of: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Apply:
    """A function or method that is called, or a class that is instantiated."""

    callee: Expr
    args: tuple[Expr, ...] = ()
    named: tuple[tuple[str, Expr], ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """An object or dict; as a target, what it is taken apart into. A key None spreads the value."""

    pairs: tuple[tuple[str | None, Expr], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """An array, list or tuple; as a target, what it is taken apart into."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Param:
    """A parameter: its target, and its value where none is given."""

    target: Expr
    default: Expr | None = None
    rest: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function; its body is only read when it is called."""

    params: tuple[Param, ...]
    body: Callable[[], Block]
    name: str = ""
    # What it gives back is its last statement's value (an arrow function's), or all that it prints.
    is_expression: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Compare:
    """A test: `==`, `!=`, `<`, `<=`, `>`, `>=`, `in`, `matches` (an expression), `like` (a glob)."""

    operator: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Logic:
    """`not`, `and`, `or` of tests."""

    operator: str
    parts: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """One of two values: `test ? then : otherwise`."""

    test: Expr
    then: Expr
    otherwise: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Default:
    """The first of the values that is there: `a || b`, `a ?? b`, `${a:-b}`."""

    options: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Assigned:
    """An assignment. `of_shell`: its value is how the value's command ended; `local`: of this function."""

    target: Expr
    value: Expr
    adds: bool = False
    of_shell: bool = False
    local: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Opaque:
    """Anything else."""

    parts: tuple[Expr, ...] = ()


# The shell's own.


@dataclass(frozen=True, slots=True, eq=False)
class Redirect:
    """`2>&1`, `> file`, `<<EOF`: `operator` without its descriptor."""

    descriptor: int
    operator: str
    target: Expr


@dataclass(frozen=True, slots=True, eq=False)
class SimpleCommand:
    """A simple command: its words, and the variables set for it alone."""

    words: tuple[Expr, ...]
    assigned: tuple[tuple[str, Expr], ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Redirected:
    """A command whose input or output goes elsewhere."""

    body: Expr
    redirects: tuple[Redirect, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Pipe:
    """Commands, each of which reads what the one before it prints."""

    parts: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """Statements as one command: `{ …; }`, `( … )`, a loop in a pipe."""

    body: Block
    subshell: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Printed:
    """What statements print, as a value: `$(…)`."""

    body: Block


@dataclass(frozen=True, slots=True, eq=False)
class Parameter:
    """A shell variable with an operator: `${X##*/}`, `${X:0:3}`, `${#X}`."""

    of: Expr
    operator: str
    argument: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Cmdlet:
    """A command of PowerShell: elements with the names of their parameters, `input` from a pipe.

    `shown`: what it gives is not used, and so printed.
    """

    name: str
    elements: tuple[tuple[str, Expr | None], ...]
    input: Expr | None = None
    shown: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class SplitWords:
    """A word that may become several, or none: an unquoted or `[@]` expansion."""

    of: Expr


Expr: TypeAlias = (
    Literal
    | Constant
    | Joined
    | Name
    | Member
    | Indexed
    | Spread
    | Apply
    | Record
    | Listed
    | Function
    | Compare
    | Logic
    | Choice
    | Default
    | Assigned
    | Opaque
    | SimpleCommand
    | Redirected
    | Pipe
    | Grouping
    | Printed
    | Parameter
    | SplitWords
    | Cmdlet
)


@dataclass(frozen=True, slots=True, eq=False)
class Do:
    """An expression for its effects."""

    value: Expr


@dataclass(frozen=True, slots=True, eq=False)
class If:
    """Two ways."""

    test: Expr
    then: Block
    otherwise: Block = ()


@dataclass(frozen=True, slots=True, eq=False)
class Except:
    """`except HTTPError as target`: `names` are the classes of errors that it takes, none for all."""

    target: Expr | None
    body: Block
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Guarded:
    """`try`."""

    body: Block
    handlers: tuple[Except, ...] = ()
    otherwise: Block = ()
    finally_: Block = ()


@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """A body that may run often; `target` takes the items of `over`."""

    body: Block
    target: Expr | None = None
    over: Expr | None = None
    test: Expr | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Leave:
    """`return`, `raise`, `exit`, `break`."""

    how: str
    value: Expr | None = None
    line: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Define:
    """A function by a name."""

    name: str
    function: Function


@dataclass(frozen=True, slots=True, eq=False)
class Import:
    """A module, or names of it: `names` are (name there, name here); `*` is the module itself."""

    module: str
    names: tuple[tuple[str, str], ...] = field(default=())


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """Statements of their own, as of a `with`."""

    body: Block


Stmt: TypeAlias = Do | If | Guarded | Loop | Leave | Define | Import | Body
Block: TypeAlias = tuple[Stmt, ...]
