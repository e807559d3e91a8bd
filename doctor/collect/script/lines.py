"""What a line is by its own words: the runner's, curl's, an interpreter's, a trace of the shell's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.services.error_lines import is_of_recipe_runner

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backup_doctor.collect.script.model import ScriptCall

ADDRESSED = 4_000


TOLD = 300
"""Characters of a line in which a tool or an interpreter says who it is."""


_RUNNER = re.compile(
    r"^##\[error\]Process completed with exit code \d+\.?$|^##\[(?:end)?group\]|^##\[debug\]"
)


_CURL = re.compile(r"^curl: \(\d+\)")


_TRACE = re.compile(r"^\++ ")


_ADDRESS = re.compile(r"/(?:functions|rest|storage)/v1/")
_QUERIED = re.compile(r"[?&]([\w.]+)=")


# What an interpreter says of a script that it could not run, or could not run on.
_INTERPRETER = re.compile(
    r"^(?:\S*Error: )?(?:SyntaxError|IndentationError|ModuleNotFoundError|ReferenceError|NameError)\b"
    r"|\bCannot find (?:module|package)\b|ERR_MODULE_NOT_FOUND|MODULE_NOT_FOUND"
    r"|^\S+: (?:line \d+: |\d+: )|: command not found$|^npm (?:ERR!|error) "
)


def is_interpreter_s(line: str) -> bool:
    """Whether an interpreter says it of a script that it could not run."""
    told = line[:TOLD].strip()
    return is_of_recipe_runner(told) or bool(_INTERPRETER.search(told))


def names_target(line: str, call: ScriptCall) -> bool:
    """Whether a line names what a call is aimed at, in an address."""
    if not call.target or "<" in call.target:
        return False
    target = re.escape(call.target)
    return bool(re.search(rf"/(?:functions/v1|rest/v1|rest/v1/rpc)/{target}(?![\w-])", line))


def by_query(line: str, calls: Sequence[ScriptCall]) -> list[ScriptCall]:
    """Of calls that are aimed at the same, those that ask as the address in the line does."""
    asked = _asked(line[:ADDRESSED])
    known = [(one, _asked(one.url)) for one in calls]
    exactly = [one for one, names in known if names == asked]
    return exactly or [one for one, names in known if not names or names <= asked]


def _asked(text: str) -> set[str]:
    """The names in the query of an address of Supabase's."""
    at = _ADDRESS.search(text)
    address = text[at.end() :].partition(" ")[0] if at else ""
    return set(_QUERIED.findall(address))


def depth_of(line: str) -> int:
    """How many more braces and brackets a line opens than it closes."""
    plain = re.sub(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'", "", line[:4_000])
    return plain.count("{") + plain.count("[") - plain.count("}") - plain.count("]")


def is_runner_s(line: str) -> bool:
    """Whether the runner itself says it."""
    return bool(_RUNNER.match(line.strip()))


def is_curl_s(line: str) -> bool:
    """Whether curl itself says it."""
    return bool(_CURL.match(line))


def is_status_curl_s(line: str) -> bool:
    """Whether curl says that it was refused, which it only does with `--fail`."""
    return line.lstrip().startswith("curl: (22) ")


def is_tried_again(line: str) -> bool:
    """Whether curl says that it tries again (`--retry`), so that one call may fail more than once."""
    return line.lstrip().startswith("Warning: ") and " retry in " in line


def is_trace(line: str) -> bool:
    """Whether `set -x` shows a command there, which says nothing of what came of it."""
    return bool(_TRACE.match(line))


def has_address(line: str) -> bool:
    """Whether an address of Supabase's stands in the line."""
    return bool(_ADDRESS.search(line[:ADDRESSED]))
