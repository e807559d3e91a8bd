"""What is in the making while a script is followed: calls, caught output, errors, ways."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backup_doctor.collect.script.composing import joined
from backup_doctor.collect.script.model import Branch, CallKind, Output, ScriptCall
from backup_doctor.collect.script.samples import Facts
from backup_doctor.collect.script.texts import literal
from backup_doctor.collect.script.values import UNKNOWN, Alt, Lit, Text, calls_of

if TYPE_CHECKING:
    from backup_doctor.collect.script.model import Auth, WrittenField
    from backup_doctor.collect.script.values import Value

Scope = dict[str, "Value"]
NAMES = 6
OF_TABLE = frozenset(
    {
        CallKind.LOOK_UP,
        CallKind.VERIFICATION,
        CallKind.TABLE_UPDATE,
        CallKind.INSERT,
        CallKind.UPSERT,
    }
)


@dataclass
class OpenCall:
    """A call while the script is followed: what it does with the answer becomes known later."""

    number: int
    kind: CallKind
    client: str
    method: str = ""
    target: str | None = None
    url: str = ""
    writes: tuple[WrittenField, ...] = ()
    auth: tuple[Auth, ...] = ()
    output: Output = Output.CAPTURED
    fails_on_status: bool = False
    raises: bool = False
    returns_rows: bool = False
    is_shell: bool = False
    reads: bool = False
    empty_is_false: bool = False
    empty_is_error: bool = False
    path: str = ""
    line: int = 0
    at: int = 0
    branches: tuple[Branch, ...] = ()
    handler: bool = False
    uncaught: bool = False
    errors_shown: bool = False
    status_in: dict[str, None] = field(default_factory=dict)
    answer_in: dict[str, None] = field(default_factory=dict)

    def facts(self) -> Facts:
        """How it can end, as far as its client tells."""
        return Facts(
            fails_on_status=self.fails_on_status,
            returns_rows=self.returns_rows,
            is_shell=self.is_shell,
            reads=self.reads,
            empty_is_false=self.empty_is_false,
            empty_is_error=self.empty_is_error,
            is_of_table=self.kind in OF_TABLE,
        )

    def call(self, *, repeated: bool) -> ScriptCall:
        """What is known of it in the end."""
        return ScriptCall(
            number=self.number,
            kind=self.kind,
            client=self.client,
            method=self.method,
            target=self.target,
            url=self.url,
            writes=self.writes,
            auth=self.auth,
            output=self.output,
            fails_on_status=self.fails_on_status,
            status_in=tuple(self.status_in)[:NAMES],
            answer_in=tuple(self.answer_in)[:NAMES],
            path=self.path,
            line=self.line,
            at=self.at,
            branches=self.branches,
            handler=self.handler,
            repeated=repeated,
            speaks=self._speaks(),
        )

    def _speaks(self) -> bool:
        """Whether free text may be its own: of curl none, of a library that of an error."""
        if self.output is Output.SHOWN:
            return True
        if self.is_shell:
            return self.client != "curl" and self.errors_shown
        return self.uncaught


@dataclass
class Capture:
    """What is printed while nobody reads it: pieces, each with the arms in which it stands."""

    pieces: list[tuple[Text, tuple[tuple[int, bool], ...]]] = field(default_factory=list)
    ended: set[int] = field(default_factory=set)
    file: str = ""

    def text(self) -> Text:
        """All of it; one of the pieces, if each stands in an arm of its own."""
        self._drop_substitutes()
        texts = [piece for piece, _ in self.pieces]
        if len(texts) > 1 and self._exclusive():
            return Text((Alt(tuple(dict.fromkeys(texts))),)) if len(set(texts)) > 1 else texts[0]
        return joined(texts)

    def _drop_substitutes(self) -> None:
        """`$(curl -w '%{http_code}' … || echo 000)`: what stands in for a call's own output."""
        kept = self.pieces[:1]
        for piece, arms in self.pieces[1:]:
            before, outer = kept[-1]
            goes_on = not _ends_line(before) and len(arms) > len(outer) and calls_of(before)
            if not (goes_on and literal(piece) is not None):
                kept.append((piece, arms))
        self.pieces = kept

    def _exclusive(self) -> bool:
        for index, (_, arms) in enumerate(self.pieces[1:], 1):
            before = dict(self.pieces[index - 1][1])
            apart = any(before.get(fork, holds) is not holds for fork, holds in arms)
            if not apart and index - 1 not in self.ended:
                return False
        return True


def _ends_line(text: Text) -> bool:
    last = text.parts[-1] if text.parts else None
    return isinstance(last, Lit) and last.text.endswith("\n")


@dataclass
class Try:
    """What may be caught: calls that can fail in the body, and what the script throws itself."""

    calls: list[int] = field(default_factory=list)
    thrown: list[tuple[Text, tuple[int, ...]]] = field(default_factory=list)


@dataclass
class Breaks:
    """The ways on which the script left a loop; `mark` is what was known when it began."""

    mark: int
    ways: list[TakenWay] = field(default_factory=list)


@dataclass
class TakenWay:
    """How one of two ways went: the variables it set, and whether the script left on it."""

    changes: dict[tuple[int, str], tuple[Scope, Value]]
    left: str | None
    branches: tuple[Branch, ...]
    last: int | None
    status: Value = UNKNOWN
