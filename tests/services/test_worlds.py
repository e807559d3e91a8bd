"""A real step of a real run fails: the report says what its tool's error means, and what to do."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from backup_doctor.demo.faults.rewriting import UPLOAD, begin_with, stop_recording
from tests.e2e.conftest import servers
from tests.harm.stage import Stage, dispatch

if TYPE_CHECKING:
    from backup_doctor.demo.world import Servers

__all__ = ["servers"]

CODE = "workflow/failed-before-update"
LATER = timedelta(hours=5)


class Failing(NamedTuple):
    """What the step's script does, the line that decides, and what is said of it."""

    script: str
    line: str
    reason: str | None
    advice: str = ""
    root_cause: str = CODE


def says(*lines: str, end: str = "exit 1") -> str:
    """A script that prints these lines and ends."""
    return "\n".join((*(f"echo '{line}' >&2" for line in lines), end))


MISMATCH = "pg_dump: error: aborting because of server version mismatch"
IPV6 = (
    'psql: error: connection to server at "db.lowgmgubjnevafigxcyn.supabase.co"'
    " (2600:1f18:2e13:9d56:c59b:f783:e703:58b2), port 5432 failed: Network is unreachable"
)
CHECKSUM = (
    "upload failed: ./b.zip to s3://b/x.zip An error occurred (NotImplemented) when calling the"
    " PutObject operation: STREAMING-UNSIGNED-PAYLOAD-TRAILER not implemented"
)
TIDYING = "for i in $(seq 30); do echo \"removed tmp/$i\"; done\necho '✓ cleaned up'"
NOISE = 'for i in $(seq 3000); do echo "dumping table $i"; done'

WORLDS = {
    "versions, then tidying up": Failing(
        f"{says(MISMATCH, end='')}\n{TIDYING}\nexit 1",
        MISMATCH,
        "pg-dump/version-mismatch",
        "client",
    ),
    "in the middle of a long output": Failing(
        f"{NOISE}\n{says(IPV6, end='')}\n{NOISE}\nexit 1",
        IPV6,
        "postgres/ipv6-only",
        "session pooler",
    ),
    "a variable, as bash itself says it": Failing(
        'set -u\necho "to $TARGET_BUCKET"',
        "TARGET_BUCKET: unbound variable",
        "bash/unbound-variable",
    ),
    "a program that is not there": Failing(
        "set -ex\nno-such-program --now",
        "no-such-program: command not found",
        "bash/command-not-found",
    ),
    "no memory": Failing("exit 137", "Process completed with exit code 137", "memory/killed"),
    "no JSON": Failing(
        says("jq: parse error: Invalid numeric literal at line 1, column 10", end="exit 4"),
        "jq: parse error: Invalid numeric literal",
        "jq/no-json",
    ),
    "another store's checksums": Failing(
        says(CHECKSUM),
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "aws/checksum-unsupported",
        "when_required",
    ),
    "nothing that is known": Failing(
        says("Error: the moon is in the way"), "the moon is in the way", None
    ),
    "what has a code of its own": Failing(
        says('{"code":"42501","message":"permission denied for table backup_history"}'),
        "permission denied for table backup_history",
        None,
        root_cause="rls/no-grant",
    ),
}


def failed_step(report: dict[str, Any]) -> dict[str, Any]:
    """The finding of the step that failed."""
    findings = (one for result in report["results"] for one in result["findings"])
    return next(one for one in findings if one["code"] == CODE)


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_the_error_of_the_step_is_understood(servers: Servers, world: Failing) -> None:
    with Stage(servers) as stage:
        stage.back_up()
        stop_recording(stage.world)
        begin_with(stage.world, UPLOAD, world.script)
        lost = stage.back_up()
        stage.later(LATER)

        said = stage.diagnose(*dispatch(lost))

    report = said.report
    found = failed_step(report)
    assert report["root_cause"] == world.root_cause
    assert found["reason"] == world.reason
    assert world.line in found["summary"]
    assert any(world.advice in fix["text"] for fix in found["fixes"])
    if world.root_cause == CODE:
        assert world.line[:60].replace("'", "''") in report["fix_sql"]
    if world.reason:
        assert world.reason in said.files[".md"]


@pytest.mark.parametrize(
    ("printed", "headline"),
    [
        (("ERROR: moon in the way", "ERROR: cache miss 815"), "ERROR: moon in the way"),
        (("the moon is in the way", "ERROR: cache miss 815"), "the moon is in the way"),
        (("ERROR: cache miss 815",), "ERROR: cache miss 815"),
    ],
    ids=["another error", "no word of an error", "nothing else"],
)
def test_what_the_last_good_run_printed_too_is_not_the_error(
    servers: Servers, printed: tuple[str, ...], headline: str
) -> None:
    with Stage(servers) as stage:
        begin_with(stage.world, UPLOAD, "echo 'ERROR: cache miss 4711' >&2")
        stage.back_up()
        stop_recording(stage.world)
        begin_with(stage.world, UPLOAD, says(*printed))
        lost = stage.back_up()
        stage.later(LATER)

        report = stage.diagnose(*dispatch(lost)).report

    found = failed_step(report)
    assert report["root_cause"] == CODE
    assert found["reason"] is None
    assert found["summary"].endswith(f"failed: {headline}")
    assert headline in report["fix_sql"]
