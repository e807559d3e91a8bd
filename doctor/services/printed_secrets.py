"""Which variables hold secrets by their names, and which of them a script prints. Pure functions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SECRET_NAME = re.compile(
    r"KEY(?!S?_?(?:PREFIX|NAME))|TOKEN|SECRET|PASSW|PWD|CREDENTIAL|PRIVATE|DATABASE_URL|DB_URL|DSN",
    re.IGNORECASE,
)
# Names that match the above and hold no secret.
_HARMLESS_NAME = re.compile(r"^(?:S3|OBJECT|BACKUP)_?KEY(?:_PATH)?$", re.IGNORECASE)
_PRINTS = re.compile(
    r"\b(?:echo|printf|print|console\.(?:log|error|info|debug|warn)"
    r"|core\.(?:info|notice|warning|debug)"
    r"|write-(?:host|output))\b",
    re.IGNORECASE,
)
# $NAME, ${NAME}, ${NAME:-…}, ${NAME:0:4}; not ${NAME:+…} (a fixed text) or ${#NAME} (a length).
_SHELL_VALUE = re.compile(r"\$(?:\{([A-Za-z_]\w*)(?!\w|:?\+)[^}]*\}|([A-Za-z_]\w*))")
_CODE_VALUE = re.compile(
    r"(?:process\.env\.|process\.env\[['\"]|os\.environ\[['\"]|os\.getenv\(['\"]"
    r"|os\.environ\.get\(['\"]|secrets\.)([A-Za-z_]\w*)"
)
# What only asks whether a value is there.
_ASKS_SHELL = re.compile(r"\[\[?\s+(?:!\s*)?-[nz]\s[^\]]*\]\]?|\btest\s+-[nz]\s+\S+")
_ASKED_BEFORE = re.compile(r"(?:!|\b(?:Boolean|bool|len)\()\s*$")
_ASKED_BEHIND = re.compile(r"['\"\])]*\s*(?:\?(?![?.])|\??\.length\b|&&|[!=]=|\bis\b)")
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'")


def is_secret_name(name: str) -> bool:
    """Whether a variable of that name is likely to hold a secret."""
    return bool(_SECRET_NAME.search(name)) and not _HARMLESS_NAME.match(name)


def printed_by_script(script: Iterable[str], masked: frozenset[str]) -> Iterator[str]:
    """The names of secrets whose value a script prints. `masked`: variables known to hold one."""
    for line in script:
        told = _ASKS_SHELL.sub("", line)
        prints = _PRINTS.search(told)
        if prints is None or _goes_elsewhere(line):
            continue
        statement = told[prints.start() :]
        for match in (*_SHELL_VALUE.finditer(statement), *_CODE_VALUE.finditer(statement)):
            if _only_asks(statement, match):
                continue
            name = next(group for group in match.groups() if group)
            if is_secret_name(name) and (name in masked or name.isupper()):
                yield name


def _only_asks(statement: str, value: re.Match[str]) -> bool:
    """Whether what is printed is not the value but whether there is one, or how long it is."""
    before, behind = statement[: value.start()], statement[value.end() :]
    return bool(_ASKED_BEFORE.search(before) or _ASKED_BEHIND.match(behind))


def _goes_elsewhere(line: str) -> bool:
    """Whether the output is piped or written to a file, so that it is not in the log."""
    bare = _QUOTED.sub("", line).replace(">&2", "").replace("2>&1", "").replace("||", "")
    return "|" in bare or ">" in bare
