"""Which lines of a step's output tell of an error, and which only follow one. Pure functions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.services.frames import without_frames
from backup_doctor.services.logged import tells_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

ERRORS_SHOWN = 20
BEFORE_EXIT = 5

_UPLOAD_ERROR = re.compile(
    r"^upload failed:|An error occurred \(\w+\) when calling the \w+ operation"
    r"|Unable to locate credentials|Could not connect to the endpoint URL"
    r"|The config profile \(.*\) could not be found|Partial credentials found"
    r"|The user-provided path .* does not exist|\bS3UploadFailedError\b|NoCredentialsError"
    r"|EndpointConnectionError|ExpiredToken|Failed to copy: |upload (?:to s3 )?failed\b"
    r"|^warning: Skipping file\b"
    r"|failed to upload",
    re.IGNORECASE,
)
# S3's own codes of a refusal, as its XML, an SDK and a command line show them: of which request is not said.
_S3_REFUSES = re.compile(
    r"\b(?:AccessDenied|AllAccessDisabled|SignatureDoesNotMatch|InvalidAccessKeyId|NoSuchBucket"
    r"|RequestTimeTooSkewed|AuthorizationHeaderMalformed|EntityTooLarge|QuotaExceeded)(?:</Code>|: |\)$)"
)
_HAD_ITS_FILE = re.compile(
    r"^upload failed: \S+ to s3://"
    r"|when calling the (?:PutObject|UploadPart|CompleteMultipartUpload) operation"
)
# An error of a client that reads, or that asks another service, says nothing of the upload.
_OF_ANOTHER_CALL = re.compile(
    r"when calling the (?!(?:PutObject|CopyObject|CreateMultipartUpload|UploadPart|UploadPartCopy"
    r"|CompleteMultipartUpload|AssumeRole\w*) operation)\w+ operation"
)
_EXIT = re.compile(r"^##\[error\]Process completed with exit code \d+")
_ERROR = "##[error]"
# `ConnectionResetError: …`, `pg_dump: error: …`, `ERROR notify: …`: what a person would quote.
_NAMES_ERROR = re.compile(
    r"^\s*(?:[\w.]*(?:Error|Exception)\b(?! code)|(?:[\w./-]+: )?(?:fatal|error|panic)\b|curl: \(\d+\)"
    r"|[✗✘✖❌×] |(?:bash|sh|\S+\.sh): (?:line )?\d+: "
    # A command of PowerShell: `Compress-Archive: …`, `Invoke-RestMethod : …`.
    r"|[a-z]{2,20}-[a-z0-9]{2,40} ?: \S)",
    re.IGNORECASE,
)
# A shell's trace follows every error alike.
_NOISE = re.compile(r"^(?:##\[(?:group|endgroup|debug|command)\]|\++ |\s*$)")
# npm tells of every script that failed: its own error is one only where nothing else tells of one.
_NPM = re.compile(r"^npm (?:ERR!|error) ")
# A command runner tells that a recipe failed, which the command in it has told before.
_RUNNER_ENDS = re.compile(
    r"^(?:g?make(?:\[\d+\])?: (?:\*\*\* |Entering directory|Leaving directory)"
    r"|task: (?:\[[^\]]{1,80}\] |Failed to run task )"
    r"|error: [Rr]ecipe `[^`]{1,80}` (?:failed|was terminated)"
    r"|\s?ELIFECYCLE\b|error Command failed with exit code \d+\.$)"
)
_WELL = re.compile(r"^\s*(?:✓|✔|✅|☑|\[?OK\]?\b)", re.IGNORECASE)
# What a runner or an action says of any program that failed.
_ONLY_EXITED = re.compile(
    r"(?:failed|exited|completed) with exit code \d+|^##\[error\]Docker pull failed"
)


def names_upload_error(line: str) -> bool:
    """Whether an upload (or the AWS client before it, or S3 itself) says in this line why it failed."""
    return is_of_upload(line) or _S3_REFUSES.search(line) is not None


def is_of_upload(line: str) -> bool:
    """Whether the line itself says that it is an upload, or the AWS client before it, that failed."""
    return _UPLOAD_ERROR.search(line) is not None


def shows_file(line: str) -> bool:
    """Whether an upload failed that had its file: the AWS client names it, or the store refused it."""
    return _HAD_ITS_FILE.search(line) is not None


def is_of_another_call(line: str) -> bool:
    """Whether the AWS client says that it was another call than an upload's that failed."""
    return _OF_ANOTHER_CALL.search(line) is not None


def upload_errors(lines: Iterable[str]) -> Iterator[str]:
    """Lines in which an upload (or the AWS client before it, or S3 itself) says why it failed."""
    told = (line for line in without_frames([*lines]) if names_upload_error(line))
    return (line.removeprefix(_ERROR).strip() for line in told)


def is_of_recipe_runner(line: str) -> bool:
    """Whether make, just, Task or pnpm says it of a recipe that it runs."""
    return _RUNNER_ENDS.match(line) is not None


def has_error(lines: Iterable[str]) -> bool:
    """Whether the runner or a script reported an error."""
    return any(line.startswith(_ERROR) for line in lines)


def errors(lines: Sequence[str]) -> tuple[str, ...]:
    """The `##[error]` lines of a failed step; where these only say that it ended, what it printed.

    Of that, what follows from the last lines that name an error on, if there are any: neither the
    way to it nor Python's trace, which stands above, and not what is tidied up after it.
    """
    lines = without_frames(lines)
    told = [line for line in lines if line.startswith(_ERROR) and not _EXIT.match(line)]
    ended = [line for line in lines if _EXIT.match(line)][:1]
    if all(map(_ONLY_EXITED.search, told)):
        told = [*_printed(lines, before=(*told, *ended)[:1]), *told]
    plain = (line.removeprefix(_ERROR).strip() for line in (*told, *ended))
    return tuple(dict.fromkeys(line for line in plain if line))[:ERRORS_SHOWN]


def _printed(lines: Sequence[str], before: Sequence[str]) -> Sequence[str]:
    """What a program printed of its error before the runner said that it ended."""
    if not before:
        return ()
    printed = [line for line in lines[: lines.index(before[0])] if not _NOISE.match(line)]
    said = [line for line in printed if not is_of_recipe_runner(line)] or printed
    named = [at for at, line in enumerate(said) if _names_error(line)]
    if not named:
        npm = next((at for at, line in enumerate(said) if _NPM.match(line)), None)
        if npm is not None:
            return said[npm : npm + BEFORE_EXIT]
        return [line for line in said[-BEFORE_EXIT:] if not _WELL.match(line)] or said[-1:]
    first = last = named[-1]
    while first - 1 in named:
        first -= 1
    first = max(first, last + 1 - BEFORE_EXIT)
    return said[first : first + BEFORE_EXIT]


def _names_error(line: str) -> bool:
    told = _NAMES_ERROR.search(line) or names_upload_error(line) or tells_error(line)
    return bool(told) and not _WELL.match(line)


def plain(line: str) -> str:
    """A line without the runner's mark of an error."""
    return line.removeprefix(_ERROR).strip()


def is_noise(line: str) -> bool:
    """Whether a line is a shell's trace, a group's mark, empty, or was ticked off."""
    return bool(_NOISE.match(line) or _WELL.match(line))


def complaints(lines: Iterable[str]) -> tuple[str, ...]:
    """Every line that names an error, wherever in a step's output it stands."""
    told = (plain(line) for line in without_frames([*lines]) if _complains(line))
    return tuple(dict.fromkeys(told))[-ERRORS_SHOWN:]


def _complains(line: str) -> bool:
    if _NOISE.match(line) or _EXIT.match(line):
        return False
    return line.startswith(_ERROR) or _names_error(line)
