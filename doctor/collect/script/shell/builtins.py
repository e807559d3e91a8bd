"""The shell's own commands: what prints, what reads, what leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.collect.script.composing import joined, plain, to_text
from backup_doctor.collect.script.formats import repeated
from backup_doctor.collect.script.shell.arithmetic import let
from backup_doctor.collect.script.syntax import nodes as n
from backup_doctor.collect.script.syntax.bash_tests import read_words
from backup_doctor.collect.script.syntax.bash_words import ansi_c
from backup_doctor.collect.script.texts import lines_of, literal, mapped, rendered, without_last_end
from backup_doctor.collect.script.values import EMPTY, UNKNOWN, Const, Items, Lit, Text, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.collect.script.following import Following
    from backup_doctor.collect.script.values import Value

    Command = Callable[[Following, list[Value], int], Value]

TRUE = Const(value=True)
FALSE = Const(value=False)


def _echo(trace: Following, args: list[Value], _: int) -> Value:
    escapes, end = False, "\n"
    while args and (told := literal(args[0])) in {"-n", "-e", "-E", "-ne", "-en"}:
        escapes = escapes or "e" in (told or "")
        end = "" if "n" in (told or "") else end
        args = args[1:]
    text = joined(args, " ")
    trace.emit(mapped(text, ansi_c) if escapes else text, end=end)
    return TRUE


def _printf(trace: Following, args: list[Value], _: int) -> Value:
    if args and literal(args[0]) == "-v" and len(args) > len(("-v", "name")):
        made = repeated(mapped(to_text(args[2]), ansi_c), args[3:])
        trace.assign(literal(args[1]) or "?", made)
        return TRUE
    args = args[1:] if args and literal(args[0]) == "--" else args
    if args:
        text = repeated(mapped(to_text(args[0]), ansi_c), args[1:])
        last = text.parts[-1] if text.parts else None
        ends = isinstance(last, Lit) and last.text.endswith("\n")
        trace.emit(without_last_end(text), end="\n" if ends else "")
    return TRUE


def _cat(trace: Following, args: list[Value], _: int) -> Value:
    names = [one for one in args if not (literal(one) or "").startswith("-") or literal(one) == "-"]
    if not names or literal(names[0]) == "-":
        content = trace.stdin if trace.stdin is not None else UNKNOWN
        trace.emit(without_last_end(to_text(content)))
        return TRUE
    for one in names:
        found = trace.files.get(rendered(one), Unknown("content"))
        trace.emit(without_last_end(to_text(found)))
    return TRUE


def _tee(trace: Following, args: list[Value], _: int) -> Value:
    content = to_text(trace.stdin if trace.stdin is not None else UNKNOWN)
    for one in args:
        if not (literal(one) or "").startswith("-"):
            trace.put(trace.files, rendered(one), content)
    trace.emit(without_last_end(content))
    return TRUE


def _set(trace: Following, args: list[Value], _: int) -> Value:
    for index, one in enumerate(args):
        told = literal(one) or ""
        if told.startswith("-") and "e" in told and not told.startswith("--"):
            trace.shell.errexit = True
        elif told.startswith("+") and "e" in told:
            trace.shell.errexit = False
        elif told == "--":
            rest = args[index + 1 :]
            for at, value in enumerate(rest, 1):
                trace.assign(str(at), value)
            trace.assign("@", Items(rest))
            break
    return TRUE


def _shift(trace: Following, args: list[Value], _: int) -> Value:
    told = literal(args[0]) if args else "1"
    count = int(told) if told and len(told) == 1 and told.isdecimal() else 1
    given = plain(trace.look_up("@") or Items([]))
    rest = given.items[count:] if isinstance(given, Items) else []
    for at in range(1, 10):
        trace.assign(str(at), rest[at - 1] if at <= len(rest) else EMPTY)
    trace.assign("@", Items(rest))
    return TRUE


def _leave(how: str) -> Command:
    def run(trace: Following, args: list[Value], _: int) -> Value:
        value = trace.shell.returned(args)
        trace.leave(how, value)
        return value

    return run


def _read(trace: Following, args: list[Value], _: int) -> Value:
    """`read -r line`: a line of what comes in; in a loop, any of them."""
    names = [told for one in args if (told := literal(one)) and not told.startswith("-")]
    content = trace.stdin
    text = to_text(content) if content is not None else to_text(UNKNOWN)
    lines = [one for one in lines_of(text) if one.parts]
    value: Value = (
        text
        if len(lines) <= 1
        else Text(tuple(part for one in lines for part in one.parts if not isinstance(part, Lit)))
    )
    for name in names[:3]:
        trace.assign(name, value if value != EMPTY else Unknown(name))
    return UNKNOWN


def _source(trace: Following, args: list[Value], _: int) -> Value:
    return trace.shell.programs.source(args) if args else UNKNOWN


def _eval(trace: Following, args: list[Value], _: int) -> Value:
    return trace.shell.programs.run_text(joined(args, " "), "bash", same=True)


def _test(trace: Following, args: list[Value], _: int) -> Value:
    """`test …`: the words have their values already, and get names for them."""
    scope: dict[str, Value] = {}
    words: list[n.Expr] = []
    for index, one in enumerate(args):
        told = literal(one)
        if told is None:
            scope[f"\0{index}"] = one
        words.append(n.Name(f"\0{index}") if told is None else n.Literal(told))
    last = words[-1] if words else None
    if isinstance(last, n.Literal) and last.text == "]":
        words.pop()
    before = trace.scopes
    trace.scopes = (*before, scope)
    found = trace.value(read_words(words))
    trace.scopes = before
    return found


def _trap(trace: Following, args: list[Value], _: int) -> Value:
    if len(args) > 1 and literal(args[0]) not in {"-", ""}:
        trace.shell.traps.append(args[0])
    return TRUE


def _true(_: Following, __: list[Value], ___: int) -> Value:
    return TRUE


def _false(_: Following, __: list[Value], ___: int) -> Value:
    return FALSE


def _quiet(_: Following, __: list[Value], ___: int) -> Value:
    """A command that prints nothing and tells nothing."""
    return UNKNOWN


def _word(name: str) -> Command:
    """A command that prints one thing, which is not known."""

    def run(trace: Following, _: list[Value], __: int) -> Value:
        trace.emit(Unknown(name))
        return UNKNOWN

    return run


def _path(trace: Following, args: list[Value], _: int) -> Value:
    """`dirname`, `realpath`: a place in the repository, if it is one."""
    trace.emit(Unknown("directory") if args else UNKNOWN)
    return UNKNOWN


def _directory(trace: Following, args: list[Value], _: int) -> Value:
    told = literal(args[0]) if args else None
    if told and not told.startswith(("/", "~", "$", "-")):
        trace.shell.directory = f"{trace.shell.directory}/{told}".strip("/")
    return TRUE


BUILTINS: dict[str, Command] = {
    "echo": _echo,
    "printf": _printf,
    "cat": _cat,
    "tee": _tee,
    "set": _set,
    "shift": _shift,
    "return": _leave("return"),
    "exit": _leave("exit"),
    "break": _leave("break"),
    "continue": _leave("break"),
    "let": let,
    "read": _read,
    "source": _source,
    ".": _source,
    "eval": _eval,
    "test": _test,
    "[": _test,
    "trap": _trap,
    "true": _true,
    ":": _true,
    "false": _false,
    "sleep": _true,
    "export": _true,
    "local": _true,
    "declare": _true,
    "readonly": _true,
    "unset": _true,
    "shopt": _true,
    "umask": _true,
    "wait": _quiet,
    "mkdir": _quiet,
    "rm": _quiet,
    "touch": _quiet,
    "chmod": _quiet,
    "mktemp": _word("temporary"),
    "date": _word("date"),
    "stat": _word("size"),
    "wc": _word("size"),
    "du": _word("size"),
    "ls": _word("listing"),
    "uuidgen": _word("uuid"),
    "hostname": _word("hostname"),
    "basename": _word("name"),
    "sha256sum": _word("digest"),
    "md5sum": _word("digest"),
    "dirname": _path,
    "realpath": _path,
    "pwd": _path,
    "cd": _directory,
    "pushd": _directory,
}
