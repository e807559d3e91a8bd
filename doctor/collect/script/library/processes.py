"""Programs that a script starts: `execSync("curl …")`, `subprocess.run(["aws", …])`, `exec.exec`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.collect.script.composing import plain, to_text
from backup_doctor.collect.script.drafts import Capture
from backup_doctor.collect.script.values import (
    NONE,
    UNKNOWN,
    Fields,
    Items,
    Response,
    Test,
    Text,
    calls_of,
)

if TYPE_CHECKING:
    from backup_doctor.collect.script.following import Following
    from backup_doctor.collect.script.values import Api, Value

_SHELLS = frozenset(
    {"execSync", "exec", "system", "getoutput", "getstatusoutput", "check_output_shell", "$"}
)
_CAUGHT = frozenset(
    {
        "check_output",
        "getoutput",
        "getstatusoutput",
        "getExecOutput",
        "execSync",
        "execFileSync",
        "spawnSync",
        "$",
    }
)
_RETURN_OUTPUT = frozenset({"check_output", "getoutput", "execSync", "execFileSync"})
_RETURN_RESULT = frozenset({"run", "spawnSync", "getExecOutput", "Popen"})
_MODULES = (
    "child_process",
    "subprocess",
    "exec",
    "@actions/exec",
    "os",
    "zx",
    "execa",
    "sh",
    "shelljs",
)


def call_process(trace: Following, api: Api, args: list[Value], named: Fields) -> Value | None:
    """Start a program, if that is what the function does; None if not."""
    last = api.path.rpartition(".")[2]
    words = _words(last, args, named) if args and _starts_programs(api.path) else None
    if words is None:
        return None
    start = len(trace.calls)
    status, output = _run(trace, words, captures=_captures(last, args, named))
    trace.leaving = None
    calls = tuple(range(start, len(trace.calls)))
    if len(calls) == 1 and last.startswith("check"):
        trace.calls[calls[0]].fails_on_status = True
    if last in _RETURN_OUTPUT:
        return output if output.parts else (Response(calls) if calls else NONE)
    # Where a shell asks whether a program ended well, these languages hold its code: 0 is false.
    code = Test("not", (status,))
    return _result(output, code) if calls_of(output) or last in _RETURN_RESULT else code


def _starts_programs(path: str) -> bool:
    module, _, name = path.rpartition(".")
    if module == "os":
        return name in {"system", "popen"}
    return module.startswith(_MODULES) or path in {"execa", "$", "zx.$"}


def _captures(name: str, args: list[Value], named: Fields) -> bool:
    """Whether the script gets what the program prints, and the log does not."""
    asked = name in _CAUGHT or bool({"capture_output", "stdout"} & named.fields.keys())
    options = [one for one in map(plain, args) if isinstance(one, Fields)]
    return asked and not any("stdio" in one.fields for one in options)


def _run(trace: Following, words: list[Value] | Text, *, captures: bool) -> tuple[Value, Text]:
    """How the program ended, and what was captured of its output."""
    caught = Capture()
    if not captures:
        return trace.shell.run_from(words), caught.text()
    with trace.printing(caught, trace.errors):
        return trace.shell.run_from(words), caught.text()


def _result(output: Text, code: Value) -> Fields:
    """What `subprocess.run`, `spawnSync` and `getExecOutput` return."""
    codes = dict.fromkeys(("returncode", "status", "exitCode"), code)
    return Fields({"stdout": output, "stderr": UNKNOWN, **codes}, open=True)


def _words(name: str, args: list[Value], named: Fields) -> list[Value] | Text | None:
    """The words of a command, or the text that a shell reads."""
    first = plain(args[0])
    if isinstance(first, Items):
        return list(first.items)
    if not isinstance(first, Text):
        return None
    if (name in _SHELLS and name != "exec") or "shell" in named.fields:
        return to_text(first)
    second = plain(args[1]) if len(args) > 1 else UNKNOWN
    if isinstance(second, Items):
        return [first, *second.items]
    return to_text(first)
