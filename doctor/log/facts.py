"""The single facts that stand in a step's output: assignments, uploads, errors, printed secrets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from doctor.evidence.log import Shown, Variable
from doctor.log.header import MASK, is_secret_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

ERRORS_SHOWN = 20
BEFORE_EXIT = 5
VALUE_LIMIT = 2048

# What pipelines call these values, and the name under which the evidence has them.
ASSIGNED = {
    "s3key": "S3_KEY",
    "objectkey": "S3_KEY",
    "backupkey": "S3_KEY",
    "backupsize": "BACKUP_SIZE",
    "sizebytes": "BACKUP_SIZE",
    "filesize": "BACKUP_SIZE",
    "dispatchid": "DISPATCH_ID",
    "backupid": "BACKUP_ID",
}
_ASSIGNMENT = re.compile(
    r"^(?:[^\w\n]*)(?:export |debug:? |info:? )?"
    r"(s3[_ -]?key|object[_ -]?key|backup[_ -]?key|backup[_ -]?size|size[_ -]?bytes|file[_ -]?size"
    r"|dispatch[_ -]?id|backup[_ -]?id)\s*[=:]\s*(.+?)\s*$",
    re.IGNORECASE,
)
_UPLOADED = (
    re.compile(r"^(?:upload|copy|move): .+ to (s3://\S+)"),
    re.compile(r"^upload: .+ -> '?(s3://[^\s']+)"),
    re.compile(r"^(?:cp|mv) \S+ (s3://\S+)$"),
    re.compile(
        r"\b(?:uploaded|upload (?:ok|done|complete[d]?|succeeded|successful))\b.*?(s3://[^\s'\"]+)",
        re.IGNORECASE,
    ),
    re.compile(r"\buploaded\b[^/]*\bto:? ['\"]?([\w.-]+(?:/[\w.=@+-]+)+\.\w+)", re.IGNORECASE),
)
_UPLOAD_ERROR = re.compile(
    r"^upload failed:|An error occurred \(\w+\) when calling the \w+ operation"
    r"|Unable to locate credentials|Could not connect to the endpoint URL"
    r"|The config profile \(.*\) could not be found|Partial credentials found"
    r"|The user-provided path .* does not exist|\bS3UploadFailedError\b|NoCredentialsError"
    r"|EndpointConnectionError|ExpiredToken|Failed to copy: |upload (?:to s3 )?failed\b"
    r"|failed to upload",
    re.IGNORECASE,
)
_EXIT = re.compile(r"^##\[error\]Process completed with exit code \d+")
_ERROR = "##[error]"
# `ConnectionResetError: …`, `pg_dump: error: …`, `ERROR notify: …`: what a person would quote.
_NAMES_ERROR = re.compile(
    r"^\s*(?:[\w.]*(?:Error|Exception)\b(?! code)|(?:[\w./-]+: )?(?:fatal|error|panic)\b|curl: \(\d+\))",
    re.IGNORECASE,
)
_NOISE = re.compile(r"^(?:##\[(?:group|endgroup|debug|command)\]|\s*$)")

_PRINTS = re.compile(
    r"\b(?:echo|printf|print|console\.(?:log|error|info|debug|warn)"
    r"|core\.(?:info|notice|warning|debug)"
    r"|write-(?:host|output))\b",
    re.IGNORECASE,
)
# $NAME, ${NAME}, ${NAME:-…}, ${NAME:0:4}; not ${NAME:+…} (a fixed text) or ${#NAME} (a length).
_SHELL_VALUE = re.compile(r"\$(?:\{([A-Za-z_]\w*)(?!:?\+)[^}]*\}|([A-Za-z_]\w*))")
_CODE_VALUE = re.compile(
    r"(?:process\.env\.|process\.env\[['\"]|os\.environ\[['\"]|os\.getenv\(['\"]"
    r"|os\.environ\.get\(['\"]|secrets\.)([A-Za-z_]\w*)"
)
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'")


def assignments(lines: Iterable[str]) -> dict[str, str]:
    """`S3_KEY=…`, `Backup size: …` and the like, by one name each; the last one wins."""
    found = {}
    for line in lines:
        match = _ASSIGNMENT.match(line)
        if match is None or MASK in match[2]:
            continue
        value = match[2].strip("\"'")
        name = ASSIGNED[re.sub(r"[^a-z0-9]", "", match[1].lower())]
        if value and value.lower() not in ("null", "none", "undefined"):
            found[name] = value[:VALUE_LIMIT]
    return found


_BUCKET_NAME = re.compile(r"(?:^|_)BUCKET(?:_NAME)?$")


def assigned_variables(variables: Iterable[Variable]) -> dict[str, str]:
    """The same values where the `env:` block shows them: an earlier step passed them on."""
    shown = {variable.name: variable.value for variable in variables if variable.value}
    names = ("S3_KEY", "BACKUP_SIZE", "DISPATCH_ID", "BACKUP_ID")
    return {name: value for name in names if (value := shown.get(name))}


def buckets(variables: Iterable[Variable]) -> Iterator[str]:
    """The buckets that the `env:` block names."""
    for variable in variables:
        if variable.value and _BUCKET_NAME.search(variable.name):
            yield variable.value.removeprefix("s3://").strip("/")


def uploads(lines: Iterable[str]) -> Iterator[str]:
    """Keys and s3:// URLs that an upload reported as done."""
    for line in lines:
        if _UPLOAD_ERROR.search(line):
            continue
        match = next(filter(None, (pattern.search(line) for pattern in _UPLOADED)), None)
        if match:
            yield match[1].rstrip(".,;)'\"")


def upload_errors(lines: Iterable[str]) -> Iterator[str]:
    """Lines in which an upload (or the AWS client before it) says why it failed."""
    return (line.removeprefix(_ERROR).strip() for line in lines if _UPLOAD_ERROR.search(line))


def has_error(lines: Iterable[str]) -> bool:
    """Whether the runner or a script reported an error."""
    return any(line.startswith(_ERROR) for line in lines)


def errors(lines: Sequence[str]) -> tuple[str, ...]:
    """The `##[error]` lines of a failed step; where it only exited, what it printed before.

    Of that, what follows from the first line that names an error on, if there is one: neither the
    way to it nor Python's trace, which stands above.
    """
    told = [line for line in lines if line.startswith(_ERROR) and not _EXIT.match(line)]
    ended = [line for line in lines if _EXIT.match(line)][:1]
    if ended and not told:
        before = [line for line in lines[: lines.index(ended[0])] if not _NOISE.match(line)]
        last = before[-BEFORE_EXIT:]
        named = (at for at, line in enumerate(last) if _names_error(line))
        told = last[next(named, 0) :]
    plain = (line.removeprefix(_ERROR).strip() for line in (*told, *ended))
    return tuple(dict.fromkeys(line for line in plain if line))[:ERRORS_SHOWN]


def _names_error(line: str) -> bool:
    return bool(_NAMES_ERROR.search(line) or _UPLOAD_ERROR.search(line))


def printed_by_script(script: Iterable[str], masked: frozenset[str]) -> Iterator[str]:
    """The names of secrets whose value a script prints. `masked`: variables known to hold one."""
    for line in script:
        if not _PRINTS.search(line) or _goes_elsewhere(line):
            continue
        statement = line[_PRINTS.search(line).start() :]  # type: ignore[union-attr]
        for match in (*_SHELL_VALUE.finditer(statement), *_CODE_VALUE.finditer(statement)):
            name = next(group for group in match.groups() if group)
            if is_secret_name(name) and (name in masked or name.isupper()):
                yield name


def _goes_elsewhere(line: str) -> bool:
    """Whether the output is piped or written to a file, so that it is not in the log."""
    bare = _QUOTED.sub("", line).replace(">&2", "").replace("2>&1", "").replace("||", "")
    return "|" in bare or ">" in bare


def printed_in_output(lines: Iterable[str], masked: frozenset[str]) -> Iterator[str]:
    """The names of secrets that stand beside a mask in the output: their value was printed."""
    for line in lines:
        if MASK not in line:
            continue
        for name in masked:
            if is_secret_name(name) and re.search(rf"\b{re.escape(name)}\b.*\*\*\*", line):
                yield name


def masked_names(variables: Iterable[Variable]) -> frozenset[str]:
    """The variables that held a secret."""
    hidden = (Shown.MASKED, Shown.MASKED_THEN_NEWLINE)
    return frozenset(variable.name for variable in variables if variable.shown in hidden)
