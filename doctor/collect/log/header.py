"""The head of a step in the log: its script and its `env:` block, as the runner echoes them.

Source: actions/runner, src/Runner.Worker/Handlers/ScriptHandler.cs and Handler.cs.
"""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import TYPE_CHECKING

from backup_doctor.evidence.log import EnvShown, Variable
from backup_doctor.evidence.object_keys import FileKind, basename, kind_of
from backup_doctor.services.printed_secrets import is_secret_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from backup_doctor.collect.log.lines import Line
    from backup_doctor.collect.log.sections import Section

MASK = "***"
VALUE_LIMIT = 1024
_VARIABLE = re.compile(r"^  ([A-Za-z_][A-Za-z0-9_]*):(?: (.*))?$")
_BLOCKS = re.compile(r"^(?:env|with|shell)(?::|: .*)$")


def script(section: Section) -> tuple[str, ...]:
    """The echoed script: what the step was told to do, not what happened."""
    coloured = tuple(line.text for line in section.header if line.script)
    if coloured:
        return coloured
    body = section.header[1:]
    end = next((i for i, line in enumerate(body) if line.text.startswith("shell: ")), len(body))
    return tuple(line.text for line in body[:end])


def variables(section: Section) -> tuple[Variable, ...]:
    """The `env:` block: what each variable held when the step began, as far as it is shown."""
    block = tuple(_env_block(section.header))
    stamped = any(line.at for line in block)
    found = {}
    for line, following in zip_longest(block, block[1:]):
        match = _VARIABLE.match(line.text)
        if match is None or (stamped and line.at is None):
            continue
        # A value's further lines have no time stamp; an empty one means that it ended in a newline.
        broken = stamped and following is not None and not (following.at or following.text)
        found[match[1]] = _variable(match[1], match[2] or "", broken=broken)
    return tuple(found.values())


def _env_block(header: Iterable[Line]) -> Iterator[Line]:
    inside = False
    for line in header:
        if not line.script and line.text == "env:":
            inside = True
        elif line.text.startswith("##[") or (line.at and _BLOCKS.match(line.text)):
            inside = False
        elif inside:
            yield line


def _is_file(value: str) -> bool:
    """Whether a value is the path of a backup's file, whatever its variable is called: `KEY`."""
    return "/" in value and "." in basename(value) and kind_of(value) is FileKind.BACKUP


def _variable(name: str, value: str, *, broken: bool) -> Variable:
    if value == MASK:
        return Variable(
            name=name, shown=EnvShown.MASKED_THEN_NEWLINE if broken else EnvShown.MASKED
        )
    if not value.strip():
        return Variable(name=name, shown=EnvShown.EMPTY)
    if MASK in value or (is_secret_name(name) and not _is_file(value)):
        return Variable(name=name, shown=EnvShown.PLAIN)
    return Variable(name=name, shown=EnvShown.PLAIN, value=value[:VALUE_LIMIT])
