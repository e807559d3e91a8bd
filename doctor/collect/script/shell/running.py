"""Runs the shell's commands: functions, pipes, redirects, `$(…)`, and how each ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.collect.script.composing import cases, hole, lit, plain, to_text
from backup_doctor.collect.script.conditions import narrow
from backup_doctor.collect.script.drafts import Capture
from backup_doctor.collect.script.model import What
from backup_doctor.collect.script.shell.builtins import BUILTINS
from backup_doctor.collect.script.shell.curl import curl
from backup_doctor.collect.script.shell.filters import FILTERS
from backup_doctor.collect.script.shell.programs import Programs
from backup_doctor.collect.script.shell.tools import TOOLS
from backup_doctor.collect.script.shell.wrappers import unwrapped
from backup_doctor.collect.script.syntax import nodes as n
from backup_doctor.collect.script.texts import literal, rendered, without_end
from backup_doctor.collect.script.values import (
    EMPTY,
    UNKNOWN,
    Cases,
    Closure,
    Const,
    Items,
    Test,
    Text,
    Unknown,
    only_hole,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backup_doctor.collect.script.following import Following
    from backup_doctor.collect.script.syntax.nodes import Block, Expr
    from backup_doctor.collect.script.values import Value

MOST_WORDS = 200
ERRORS = 2
BOTH = 12
TRUE = Const(value=True)
FALSE = Const(value=False)
# Files of GitHub's own: what is written there is not in the log.
_QUIET = (
    "/dev/null",
    "<GITHUB_OUTPUT>",
    "<GITHUB_ENV>",
    "<GITHUB_STEP_SUMMARY>",
    "<GITHUB_PATH>",
    "<GITHUB_STATE>",
)
_LOG = ("/dev/stdout", "/dev/tty", "/dev/fd/1")


class Shell:
    """The shell of one trace. `status` is how the last command ended: a test, or true or false."""

    def __init__(self, trace: Following) -> None:
        self.trace = trace
        self.status: Value = TRUE
        self.outer: list[dict[str, Value]] = []
        self.errexit = False
        self.errexit_next = False
        self.testing = 0
        self.traps: list[Value] = []
        self.directory = ""
        self.programs = Programs(trace)

    # Words and variables.

    def variable(self, name: str) -> Value:
        """A variable that the script has not set."""
        if name == "?":
            return self.code_of(self.status)
        if name in {"@", "*"}:
            return Items([])
        if name in {"#", "$", "!", "-", "_", "LINENO", "RANDOM", "SECONDS"} or name.isdecimal():
            return Unknown(name)
        return self.trace.variable(name)

    def exported(self, name: str) -> Value | None:
        """A variable that a shell around this script has set."""
        return next((scope[name] for scope in reversed(self.outer) if name in scope), None)

    def code_of(self, status: Value) -> Value:
        """How a command ended as a number, `$?`: 0 or not."""
        if isinstance(status, Cases):
            return cases([(self.code_of(one), ways) for one, ways in status.options])
        if isinstance(status, Const):
            return lit("0") if status.value else hole(What.EXIT, (), "nonzero")
        if isinstance(status, Test) and status.operator == "succeeds":
            return status.parts[0]
        return Unknown("?")

    def expand(self, words: Sequence[Expr]) -> list[Value]:
        """The words of a command: one expression can be several, or none."""
        found: list[Value] = []
        for one in words[:MOST_WORDS]:
            value = self.trace.value(one)
            inner = plain(value)
            if isinstance(inner, Items):
                found.extend(inner.items)
            elif isinstance(one, n.SplitWords):
                told = literal(inner)
                found.extend([value] if told is None else [lit(piece) for piece in told.split()])
            else:
                found.append(value)
        return found[:MOST_WORDS]

    def parameter(self, value: Value, operator: str, argument: Value) -> Value:
        """`${X##*/}` and its like."""
        from backup_doctor.collect.script.shell.cutting import parameter

        return parameter(plain(value), operator, literal(argument) or "")

    def status_of_assignment(self, expr: n.Assigned, value: Value) -> None:
        """An assignment ends as the command did that gave its value."""
        may_run = isinstance(expr.value, n.SplitWords | n.Printed | n.Joined)
        is_plain = literal(value) is not None and not isinstance(expr.value, n.SplitWords)
        if expr.of_shell and (is_plain or not may_run):
            self.status = TRUE

    # Commands.

    def run(self, expr: n.SimpleCommand) -> Value:
        """A simple command."""
        before = dict(self.trace.environment)
        for name, one in expr.assigned:
            self.trace.environment[name] = self.trace.value(one)
        words = self.expand(expr.words)
        if self.trace.leaving is None:
            self.status = self.execute(words, expr.line) if words else TRUE
        self.trace.environment = before
        return self.status

    def run_from(self, words: list[Value] | Text, line: int = 0) -> Value:
        """A command that another program starts."""
        if isinstance(words, Text):
            return self.programs.run_text(words, "bash")
        language, self.trace.language = self.trace.language, "bash"
        self.status = self.execute(words, line)
        self.trace.language = language
        return self.status

    def execute(self, words: list[Value], line: int) -> Value:
        """Run a command by its words; how it ended."""
        words = unwrapped(words)
        name = literal(words[0]) if words else None
        if name is None:
            return self._unknown(words)
        closure = self.trace.look_up(name)
        if isinstance(closure, Closure):
            return self._function(closure, words[1:])
        base = name.rpartition("/")[2]
        for table in (BUILTINS, FILTERS, TOOLS):
            if base in table:
                return table[base](self.trace, words[1:], line)
        if base in {"curl", "curl.exe"}:
            return curl(self.trace, words[1:], line)
        found = self.programs.run(words, line)
        return self._unknown(words) if found is None else found

    def _unknown(self, words: list[Value]) -> Value:
        """A command that nobody knows: it may print anything."""
        name = rendered(words[0]) if words else ""
        if isinstance(self.trace.sink, Capture):
            self.trace.emit(Unknown(name.rpartition("/")[2]), end="\n")
        return UNKNOWN

    def _function(self, closure: Closure, args: list[Value]) -> Value:
        trace = self.trace
        scope: dict[str, Value] = {str(index): one for index, one in enumerate(args, 1)}
        scope |= {"@": Items(list(args)), "*": Items(list(args)), "#": lit(str(len(args)))}
        here = Closure(closure.function, trace.scopes, closure.path)
        return trace.invoke(here, [], scope=scope, final=lambda: self.status)

    def returned(self, args: list[Value]) -> Value:
        """The value of `return` or `exit`: whether it is 0."""
        if not args:
            return self.status
        told = literal(args[0])
        if told is not None:
            return TRUE if told == "0" else FALSE
        one = only_hole(plain(args[0]))
        if one is not None and one.what is What.EXIT:
            return Test("succeeds", (plain(args[0]),))
        if isinstance(args[0], Cases):
            return cases([(self.returned([value]), ways) for value, ways in args[0].options])
        return UNKNOWN

    def after_statement(self, expr: Expr, value: Value) -> None:
        """With `set -e`, what follows a command is only reached if it ended well."""
        is_list = isinstance(expr, n.Logic)
        if is_list or isinstance(expr, n.Compare):
            self.status = value
        if not is_list and self.errexit and not self.testing and self.trace.leaving is None:
            known = narrow(self.status, self.trace.facts, holds=True)
            self.trace.branches.extend((one, "exit") for one in known)

    # Output and input.

    def printed(self, body: Block) -> Value:
        """`$(…)`: what the commands print, without the line ends behind it."""
        caught = Capture()
        trace = self.trace
        with trace.printing(caught, trace.errors):
            trace.block(body)
        if trace.leaving in {"exit", "return", "break"}:
            trace.leaving = None
        return without_end(caught.text())

    def group(self, expr: n.Grouping) -> Value:
        """`{ …; }` or `( … )`."""
        self.trace.block(expr.body)
        if expr.subshell and self.trace.leaving == "exit":
            self.trace.leaving = None
        return self.status

    def pipe(self, expr: n.Pipe) -> Value:
        """Each command reads what the one before it prints."""
        trace = self.trace
        stdin = trace.stdin
        status: Value = TRUE
        for index, one in enumerate(expr.parts):
            if index < len(expr.parts) - 1:
                caught = Capture()
                with trace.printing(caught, trace.errors):
                    trace.value(one)
                trace.leaving = None if trace.leaving == "exit" else trace.leaving
                trace.stdin = without_end(caught.text())
            else:
                first = self.status
                trace.value(one)
                status = self.status
                if isinstance(status, Const) and status.value and not isinstance(first, Const):
                    status = UNKNOWN
        trace.stdin = stdin
        self.status = status
        return status

    def redirected(self, expr: n.Redirected) -> Value:
        """A command with its output or input elsewhere."""
        trace = self.trace
        sink, errors, stdin = trace.sink, trace.errors, trace.stdin
        files: list[tuple[str, Capture, bool]] = []
        for one in expr.redirects:
            target = trace.value(one.target)
            if one.descriptor == 0:
                stdin = self._read(one.operator, target)
            elif one.operator in {">&", "<&"}:
                sink, errors = _duplicated(one.descriptor, literal(target), sink, errors)
            else:
                opened = self._opened(target, one.operator, files)
                sink = opened if one.descriptor in {1, BOTH} else sink
                errors = opened if one.descriptor in {2, BOTH} else errors
        before, trace.stdin = trace.stdin, stdin
        first = len(trace.calls)
        with trace.printing(sink, errors):
            self.status = trace.value(expr.body)
        trace.stdin = before
        for name, caught, appends in files:
            old = trace.files.get(name, EMPTY) if appends else EMPTY
            text = caught.text()
            if errors is caught and not text.parts:
                made = tuple(range(first, len(trace.calls)))
                text = hole(What.ERROR, made) if made else to_text(Unknown("errors"))
            trace.put(trace.files, name, Text((*to_text(old).parts, *text.parts)))
        return self.status

    def _read(self, operator: str, target: Value) -> Value:
        if operator == "<<":
            return target
        return self.trace.files.get(rendered(target), Unknown())

    def _opened(
        self, target: Value, operator: str, files: list[tuple[str, Capture, bool]]
    ) -> Capture | str | None:
        name = rendered(target)
        if name in _QUIET:
            return None
        if name in _LOG:
            return self.trace.sink
        if name == "/dev/stderr":
            return self.trace.errors
        if plain(target) == UNKNOWN:
            return self.trace.sink
        caught = Capture(file=name)
        files.append((name, caught, operator.endswith(">>")))
        return caught


def _duplicated(
    descriptor: int, target: str | None, sink: Capture | str | None, errors: Capture | str | None
) -> tuple[Capture | str | None, Capture | str | None]:
    """`2>&1`, `>&2`."""
    if descriptor == ERRORS and target == "1":
        return sink, sink
    if descriptor == 1 and target == "2":
        return errors, errors
    return sink, errors
