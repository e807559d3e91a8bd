"""One small language that every script is read into, whatever it was written in.

It has what tells calls and prints apart and nothing more: what a grammar has beyond that becomes
`Opaque`, of which only the effects of its parts count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from backup_doctor.base.immutable import Immutable

if TYPE_CHECKING:
    from collections.abc import Callable


class Literal(Immutable, frozen=True, eq=False):
    """A text that stands in the script; `spans`: each of its line ends is one of the script's."""

    text: str
    line: int = 0
    spans: bool = False


class Constant(Immutable, frozen=True, eq=False):
    """`true`, `None` and the like."""

    value: bool | None


class Joined(Immutable, frozen=True, eq=False):
    """Parts that make one text: a template, a concatenation, a shell word."""

    parts: tuple[Expr, ...]


class Name(Immutable, frozen=True, eq=False):
    """A variable, a function, a module."""

    name: str
    line: int = 0


class Member(Immutable, frozen=True, eq=False):
    """`of.name`, or `of["name"]`."""

    of: Expr
    name: str


class Indexed(Immutable, frozen=True, eq=False):
    """`of[key]` with a key that is no text."""

    of: Expr
    key: Expr


class Spread(Immutable, frozen=True, eq=False):
    """The items of another value in the place where this stands."""

    of: Expr


class Apply(Immutable, frozen=True, eq=False):
    """A function or method that is called, or a class that is instantiated."""

    callee: Expr
    args: tuple[Expr, ...] = ()
    named: tuple[tuple[str, Expr], ...] = ()
    line: int = 0


class Record(Immutable, frozen=True, eq=False):
    """An object or dict; as a target, what it is taken apart into. A key None spreads the value."""

    pairs: tuple[tuple[str | None, Expr], ...]


class Listed(Immutable, frozen=True, eq=False):
    """An array, list or tuple; as a target, what it is taken apart into."""

    items: tuple[Expr, ...]


class Param(Immutable, frozen=True, eq=False):
    """A parameter: its target, and its value where none is given."""

    target: Expr
    default: Expr | None = None
    rest: bool = False


class Function(Immutable, frozen=True, eq=False):
    """A function; its body is only read when it is called."""

    params: tuple[Param, ...]
    body: Callable[[], Block]
    name: str = ""
    # What it gives back is its last statement's value (an arrow function's), or all that it prints.
    is_expression: bool = False


class Compare(Immutable, frozen=True, eq=False):
    """A test: `==`, `!=`, `<`, `<=`, `>`, `>=`, `in`, `matches` (an expression), `like` (a glob)."""

    operator: str
    left: Expr
    right: Expr


class Logic(Immutable, frozen=True, eq=False):
    """`not`, `and`, `or` of tests."""

    operator: str
    parts: tuple[Expr, ...]


class Choice(Immutable, frozen=True, eq=False):
    """One of two values: `test ? then : otherwise`."""

    test: Expr
    then: Expr
    otherwise: Expr


class Default(Immutable, frozen=True, eq=False):
    """The first of the values that is there: `a || b`, `a ?? b`, `${a:-b}`."""

    options: tuple[Expr, ...]


class Assigned(Immutable, frozen=True, eq=False):
    """An assignment. `of_shell`: its value is how the value's command ended; `local`: of this function."""

    target: Expr
    value: Expr
    adds: bool = False
    of_shell: bool = False
    local: bool = False


class Opaque(Immutable, frozen=True, eq=False):
    """Anything else."""

    parts: tuple[Expr, ...] = ()


# The shell's own.


class Redirect(Immutable, frozen=True, eq=False):
    """`2>&1`, `> file`, `<<EOF`: `operator` without its descriptor."""

    descriptor: int
    operator: str
    target: Expr


class SimpleCommand(Immutable, frozen=True, eq=False):
    """A simple command: its words, and the variables set for it alone."""

    words: tuple[Expr, ...]
    assigned: tuple[tuple[str, Expr], ...] = ()
    line: int = 0


class Redirected(Immutable, frozen=True, eq=False):
    """A command whose input or output goes elsewhere."""

    body: Expr
    redirects: tuple[Redirect, ...]


class Pipe(Immutable, frozen=True, eq=False):
    """Commands, each of which reads what the one before it prints."""

    parts: tuple[Expr, ...]


class Grouping(Immutable, frozen=True, eq=False):
    """Statements as one command: `{ …; }`, `( … )`, a loop in a pipe."""

    body: Block
    subshell: bool = False


class Printed(Immutable, frozen=True, eq=False):
    """What statements print, as a value: `$(…)`."""

    body: Block


class Parameter(Immutable, frozen=True, eq=False):
    """A shell variable with an operator: `${X##*/}`, `${X:0:3}`, `${#X}`."""

    of: Expr
    operator: str
    argument: Expr


class Cmdlet(Immutable, frozen=True, eq=False):
    """A command of PowerShell: elements with the names of their parameters, `input` from a pipe.

    `shown`: what it gives is not used, and so printed.
    """

    name: str
    elements: tuple[tuple[str, Expr | None], ...]
    input: Expr | None = None
    shown: bool = False
    line: int = 0


class SplitWords(Immutable, frozen=True, eq=False):
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


class Do(Immutable, frozen=True, eq=False):
    """An expression for its effects."""

    value: Expr


class If(Immutable, frozen=True, eq=False):
    """Two ways."""

    test: Expr
    then: Block
    otherwise: Block = ()


class Except(Immutable, frozen=True, eq=False):
    """`except HTTPError as target`: `names` are the classes of errors that it takes, none for all."""

    target: Expr | None
    body: Block
    names: tuple[str, ...] = ()


class Guarded(Immutable, frozen=True, eq=False):
    """`try`."""

    body: Block
    handlers: tuple[Except, ...] = ()
    otherwise: Block = ()
    finally_: Block = ()


class Loop(Immutable, frozen=True, eq=False):
    """A body that may run often; `target` takes the items of `over`."""

    body: Block
    target: Expr | None = None
    over: Expr | None = None
    test: Expr | None = None


class Leave(Immutable, frozen=True, eq=False):
    """`return`, `raise`, `exit`, `break`."""

    how: str
    value: Expr | None = None
    line: int = 0


class Define(Immutable, frozen=True, eq=False):
    """A function by a name."""

    name: str
    function: Function


class Import(Immutable, frozen=True, eq=False):
    """A module, or names of it: `names` are (name there, name here); `*` is the module itself."""

    module: str
    names: tuple[tuple[str, str], ...] = ()


class Body(Immutable, frozen=True, eq=False):
    """Statements of their own, as of a `with`."""

    body: Block


Stmt: TypeAlias = Do | If | Guarded | Loop | Leave | Define | Import | Body
Block: TypeAlias = tuple[Stmt, ...]
