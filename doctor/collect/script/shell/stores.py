"""Clients of stores: `aws s3`, rclone, s3cmd, MinIO's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.collect.script.model import CallKind
from backup_doctor.collect.script.shell.arguments import option, plain_words, run_call
from backup_doctor.collect.script.texts import literal, rendered
from backup_doctor.collect.script.values import UNKNOWN

if TYPE_CHECKING:
    from backup_doctor.collect.script.following import Following
    from backup_doctor.collect.script.shell.arguments import Command
    from backup_doctor.collect.script.values import Value

_REMOTE = re.compile(r"^(?:s3|gs|r2|b2)://|^[\w<>.-]+:(?!/)|^https?://", re.IGNORECASE)


_COPIES = frozenset(
    {
        "cp",
        "mv",
        "sync",
        "put",
        "copy",
        "move",
        "copyto",
        "moveto",
        "rcat",
        "pipe",
        "mirror",
        "upload",
    }
)


_LISTS = frozenset(
    {
        "ls",
        "stat",
        "info",
        "lsf",
        "lsjson",
        "size",
        "check",
        "head-object",
        "list-objects",
        "list-objects-v2",
        "get-object-attributes",
        "wait",
    }
)


# As `aws help`, `aws s3 cp help` and `rclone help flags` list them.
_TAKE_A_VALUE = (
    *(
        "--ca-bundle",
        "--cli-binary-format",
        "--cli-connect-timeout",
        "--cli-read-timeout",
        "--color",
    ),
    *("--endpoint-url", "--output", "--profile", "--query", "--region"),
    *(
        "--acl",
        "--cache-control",
        "--checksum-algorithm",
        "--checksum-mode",
        "--content-disposition",
    ),
    *("--content-encoding", "--content-language", "--content-type", "--copy-props", "--exclude"),
    *(
        "--expected-size",
        "--expires",
        "--grants",
        "--include",
        "--metadata",
        "--metadata-directive",
    ),
    *("--page-size", "--request-payer", "--source-region", "--sse", "--sse-c", "--sse-c-key"),
    *("--sse-kms-key-id", "--storage-class", "--website-redirect"),
    *("--bwlimit", "--checkers", "--config", "--log-file", "--log-level", "--low-level-retries"),
    *("--retries", "--stats", "--timeout", "--transfers"),
)


def store(client: str) -> Command:
    """`aws s3 cp a b`, `rclone copy a b`, `s3cmd put a b`, `mc cp a b`."""

    def run(trace: Following, args: list[Value], line: int) -> Value:
        words = plain_words(args, *_TAKE_A_VALUE)
        if words and literal(words[0]) == "s3":
            words = words[1:]
        verb = literal(words[0]) if words else None
        places = [rendered(one) for one in words[1:]]
        if verb in _COPIES:
            goes_out = _goes_out(places) or (client == "mc" and _is_aliased(places))
            kind = CallKind.UPLOAD if goes_out else CallKind.OTHER
            return run_call(trace, kind, client, places[-1] if places else None, line, verb or "")
        if verb in _LISTS:
            return run_call(
                trace,
                CallKind.UPLOAD_VERIFICATION,
                client,
                places[0] if places else None,
                line,
                verb or "",
            )
        return run_call(
            trace, CallKind.OTHER, client, places[0] if places else None, line, verb or ""
        )

    return run


def _goes_out(places: list[str]) -> bool:
    """Whether the last place is a store's. A variable may be either: the first one is no store's."""
    if not places:
        return False
    last = places[-1]
    if _REMOTE.match(last):
        return len(places) == 1 or not _REMOTE.match(places[0]) or "://" in last
    return last.startswith("<") and len(places) > 1 and not _REMOTE.match(places[0])


def _is_aliased(places: list[str]) -> bool:
    """MinIO's client names a store by an alias, `store/bucket/key`."""
    return bool(places) and "/" in places[-1] and not places[-1].startswith((".", "/"))


def aws(trace: Following, args: list[Value], line: int) -> Value:
    """Make the call of `aws s3 …` or `aws s3api …`; how it ends."""
    words = plain_words(args, *_TAKE_A_VALUE)
    service = literal(words[0]) if words else None
    if service != "s3api":
        return store("aws")(trace, args, line)
    verb = literal(words[1]) if len(words) > 1 else ""
    bucket, key = option(args, "--bucket"), option(args, "--key")
    target = f"s3://{rendered(bucket or UNKNOWN)}/{rendered(key or UNKNOWN)}"
    uploads = verb in {"put-object", "upload-part", "complete-multipart-upload", "copy-object"}
    kind = (
        CallKind.UPLOAD
        if uploads
        else CallKind.UPLOAD_VERIFICATION
        if verb in _LISTS
        else CallKind.OTHER
    )
    return run_call(trace, kind, "aws", target, line, verb or "")
