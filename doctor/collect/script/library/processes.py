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
    head, _, last = api.path.rpartition(".")
    if not (head.startswith(_MODULES) or api.path in {"execa", "$", "zx.$"}) or not args:
        return None
    if head == "os" and last not in {"system", "popen"}:
        return None
    words = _words(last, args, named)
    if words is None:
        return None
    captures = last in _CAUGHT or bool({"capture_output", "stdout"} & named.fields.keys())
    inherits = any(
        isinstance(inner := plain(one), Fields) and "stdio" in inner.fields for one in args
    )
    caught = Capture()
    start = len(trace.calls)
    if captures and not inherits:
        with trace.printing(caught, trace.errors):
            status = trace.shell.run_from(words)
    else:
        status = trace.shell.run_from(words)
    trace.leaving = None
    calls = tuple(range(start, len(trace.calls)))
    if len(calls) == 1:
        trace.calls[calls[0]].fails_on_status = trace.calls[
            calls[0]
        ].fails_on_status or last.startswith("check")
    output = caught.text()
    # Where a shell asks whether a program ended well, these languages hold its code: 0 is false.
    code = Test("not", (status,))
    result = Fields(
        {
            "stdout": output,
            "stderr": UNKNOWN,
            "returncode": code,
            "status": code,
            "exitCode": code,
        },
        open=True,
    )
    if last in {"check_output", "getoutput", "execSync", "execFileSync"}:
        return output if output.parts else (Response(calls) if calls else NONE)
    return (
        result
        if calls_of(output) or last in {"run", "spawnSync", "getExecOutput", "Popen"}
        else code
    )


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
