"""The single facts that stand in a step's output: assignments, uploads, printed secrets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.collect.log.header import MASK
from backup_doctor.evidence.log import EnvShown, Variable
from backup_doctor.evidence.object_keys import FileKind, basename, kind_of
from backup_doctor.services.error_lines import names_upload_error
from backup_doctor.services.log_wording import LOGGER, MARKER, TAG
from backup_doctor.services.not_set import IN_ITS_PLACE
from backup_doctor.services.printed_secrets import is_secret_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from backup_doctor.evidence.log import Attempt

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
# What a line says behind a value: the next one (`, SIZE=12`), or a remark on it (` (12 MB)`).
_NEXT = re.compile(r"(?:[,;|]|\s)\s*(?=[A-Za-z][\w -]{0,30}?\s?[=:]\s?\S)")
_REMARK = re.compile(r"\s+(?:\([^()]*\)|\[[^\[\]]*\])$")
_QUOTES = "\"'`* "
_UPLOADED = (
    re.compile(r"^(?:upload|copy|move): .+ to (s3://\S.*?)\s*$"),
    re.compile(r"^upload: .+ -> '?(s3://[^\s']+)"),
    re.compile(r"^(?:cp|mv) \S+ (s3://\S+)$"),
    re.compile(
        r"\b(?:uploaded|upload (?:ok|done|complete[d]?|succeeded|successful))\b.*?(s3://[^\s'\"]+)",
        re.IGNORECASE,
    ),
    re.compile(r"\buploaded\b[^/]*\bto:? ['\"]?([\w.-]+(?:/[\w.=@+-]+)+\.\w+)", re.IGNORECASE),
)
_NOT_UPLOADED = re.compile(
    r"\b(?:not|never|cannot|n['o]t|unable to|failed to|would(?: be)?)\s+(?:be |been |yet )?upload",
    re.IGNORECASE,
)
# MinIO's client names a store by an alias, and then the bucket.
_BY_ALIAS = re.compile(r"^`[^`]+` -> `[\w.-]+/([\w.-]+/[^`]+)`$")


def assignments(lines: Iterable[str]) -> dict[str, str]:
    """`S3_KEY=…`, `Backup size: …` and the like, by one name each; the last one wins."""
    found = {}
    for line in lines:
        rest = TAG.sub("", LOGGER.sub("", MARKER.sub("", line).strip()))
        while match := _ASSIGNMENT.match(rest):
            value, rest = _parted(match[2])
            name = ASSIGNED[re.sub(r"[^a-z0-9]", "", match[1].lower())]
            if MASK not in value and re.sub(r"[\W_]", "", value).lower() not in IN_ITS_PLACE:
                found[name] = value[:VALUE_LIMIT]
    return found


def _parted(text: str) -> tuple[str, str]:
    """A value as it was meant, and what the line assigns behind it."""
    following = _NEXT.search(text)
    value, rest = (text[: following.start()], text[following.end() :]) if following else (text, "")
    return _REMARK.sub("", value.rstrip(",; ")).strip(_QUOTES), rest


_BUCKET_NAME = re.compile(r"(?:^|_)BUCKET(?:_NAME)?$")
_ENDPOINT_NAME = re.compile(
    r"^(?:AWS_)?ENDPOINT_URL(?:_S3)?$"
    r"|(?:^|_)(?:S3|R2|B2|MINIO|SPACES|WASABI|STORAGE|BUCKET)_ENDPOINT(?:_URL)?$"
)


def assigned_variables(variables: Iterable[Variable]) -> dict[str, str]:
    """The same values where the `env:` block shows them: an earlier step passed them on."""
    shown = {variable.name: variable.value for variable in variables if variable.value}
    names = ("S3_KEY", "BACKUP_SIZE", "DISPATCH_ID", "BACKUP_ID")
    return {name: value for name in names if (value := shown.get(name))}


def handed_over(attempts: Iterable[Attempt], columns: Mapping[str, str]) -> dict[str, str]:
    """The same values where the script shows which ones it hands over, in all ways the same.

    `columns` are the table's, and their names here; a function takes the guide's as well.
    """
    found: dict[str, set[str]] = {}
    for one in attempts:
        for column, value in one.writes.items() if one.updates else ():
            guides = ASSIGNED.get(column.replace("_", "")) if one.is_of_function else None
            name = columns.get(column) or guides
            if name:
                found.setdefault(name, set()).add(value)
    return {name: values.pop()[:VALUE_LIMIT] for name, values in found.items() if len(values) == 1}


def buckets(variables: Iterable[Variable]) -> Iterator[str]:
    """The buckets that the `env:` block names."""
    for variable in variables:
        if variable.value and _BUCKET_NAME.search(variable.name):
            yield _bucket_in(variable.value)


def _bucket_in(value: str) -> str:
    """The bucket itself, where a variable holds its address or its ARN, or a path in it as well."""
    bare = value.removeprefix("s3://")
    # An access point's ARN has a region, an account and a slash of its own: it is the name.
    named = bare.rpartition(":::")[2] if bare.startswith("arn:") else bare
    return named.strip("/") if named.startswith("arn:") else named.lstrip("/").partition("/")[0]


def endpoints(variables: Iterable[Variable]) -> Iterator[str]:
    """The addresses of the S3 store that the `env:` block names."""
    for variable in variables:
        if variable.value and _ENDPOINT_NAME.search(variable.name):
            yield variable.value


def uploads(lines: Iterable[str]) -> Iterator[str]:
    """Keys and s3:// URLs that an upload reported as done."""
    for line in lines:
        if names_upload_error(line) or _NOT_UPLOADED.search(line):
            continue
        match = next(filter(None, (pattern.search(line) for pattern in _UPLOADED)), None)
        if match:
            yield match[1].rstrip(".,;:)'\"")
        by_alias = _BY_ALIAS.match(line)
        if by_alias:
            yield f"s3://{by_alias[1]}"


_BETWEEN_WORDS = re.compile(r"[\s'\"`,;()\[\]{}<>|=]+")


def mentions_of_files(lines: Iterable[str]) -> Iterator[str]:
    """What may be a backup's key, in whatever language the line is: it tells only where to look."""
    for line in lines:
        words = map(_without_label, _BETWEEN_WORDS.split(line)) if "." in line else ()
        found = [word for word in words if _may_be_key(word)]
        if found and MASK not in line and not names_upload_error(line):
            yield from found


def _without_label(word: str) -> str:
    told = word.partition("?")[0] if "://" in word else word
    told = told.rstrip(".:")
    return told if "://" in told else told.rpartition(":")[2]


def _may_be_key(word: str) -> bool:
    is_pattern = word.startswith("-") or "*" in word
    has_ending = "." in basename(word)
    return has_ending and kind_of(word) is FileKind.BACKUP and not is_pattern


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
    hidden = (EnvShown.MASKED, EnvShown.MASKED_THEN_NEWLINE)
    return frozenset(variable.name for variable in variables if variable.shown in hidden)
