"""Which lines of a failed step are its error."""

from __future__ import annotations

import pytest

from backup_doctor.services import error_lines

EXITED = "##[error]Process completed with exit code 1."
PACKED = "zip: 12 files"


def test_the_error_is_quoted_and_not_what_is_tidied_up_after_it() -> None:
    tidying = [f"Cleaning up {number}" for number in range(8)]
    dump = "pg_dump: error: aborting because of server version mismatch"

    told = error_lines.errors([PACKED, dump, *tidying, EXITED])

    assert told[0] == dump


def test_a_shells_trace_is_no_error() -> None:
    told = error_lines.errors(
        ["+ ./dump.sh", "sh: 1: dump: not found", "+ rc=1", "+ exit 1", EXITED]
    )

    assert told == ("sh: 1: dump: not found", "Process completed with exit code 1.")


def test_what_was_ticked_off_is_no_error() -> None:
    told = error_lines.errors(["✓ credentials found", "✗ dump.sql: the dump ended early", EXITED])

    assert told[0] == "✗ dump.sql: the dump ended early"


def test_npm_is_quoted_only_where_nothing_else_tells_of_an_error() -> None:
    npm = ["npm error code ELIFECYCLE", "npm error A complete log of this run can be found in: x"]

    assert error_lines.errors(["Error: no such host", *npm, EXITED])[0] == "Error: no such host"
    assert error_lines.errors([PACKED, *npm, EXITED])[0] == npm[0]


@pytest.mark.parametrize(
    "epilogue",
    [
        "make: *** [Makefile:12: backup] Error 1",
        "make[1]: Leaving directory '/home/runner/work/app/app/ops'",
        'task: Failed to run task "backup": exit status 1',
        "error: Recipe `backup` failed on line 12 with exit code 1",
        "error: recipe `backup` failed on line 12 with exit code 1",
        " ELIFECYCLE  Command failed with exit code 1.",
        "error Command failed with exit code 1.",
    ],
)
def test_what_a_command_runner_says_of_its_recipe_is_not_quoted_beside_the_error(
    epilogue: str,
) -> None:
    dump = "pg_dump: error: aborting because of server version mismatch"

    assert error_lines.errors([dump, PACKED, epilogue, EXITED])[0] == dump
    assert epilogue not in error_lines.errors([dump, epilogue, EXITED])
    assert error_lines.errors([epilogue, EXITED])[0] == epilogue.strip()


def test_what_the_runner_says_of_any_program_hides_no_error() -> None:
    limit = "Error response from daemon: toomanyrequests: You have reached your pull rate limit"

    told = error_lines.errors([limit, "##[error]Docker pull failed with exit code 1"])

    assert told == (limit, "Docker pull failed with exit code 1")


def test_of_powershells_frame_the_command_and_its_message_are_quoted() -> None:
    frame = [
        "Write-S3Object: D:\\a\\app\\app\\ci\\Send-Backup.ps1:6",
        "Line |",
        "   6 |  Write-S3Object -BucketName $env:BUCKET -File $file -Key $key",
        "     |  ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~",
        "     | The bucket you are attempting to access must be addressed using the",
        "     | specified endpoint.",
    ]

    told = error_lines.errors([PACKED, *frame, EXITED])

    assert told[0] == (
        "Write-S3Object: The bucket you are attempting to access must be addressed using the "
        "specified endpoint."
    )


def test_where_windows_powershell_met_an_error_is_not_quoted() -> None:
    frame = [
        "Compress-Archive : The path 'D:\\dump' either does not exist or is not valid.",
        "At D:\\a\\app\\app\\ci\\New-Backup.ps1:5 char:1",
        "+ Compress-Archive -Path $dump -DestinationPath $zip",
        "+ ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~",
        "    + CategoryInfo          : InvalidArgument: (D:\\dump:String) [Compress-Archive]",
        "    + FullyQualifiedErrorId : ArchiveCmdletPathNotFound,Compress-Archive",
    ]

    assert error_lines.errors([PACKED, *frame, EXITED]) == (frame[0], EXITED[len("##[error]") :])


DENIED = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"


@pytest.mark.parametrize(
    "line",
    [
        DENIED,
        "AccessDenied: Access Denied",
        "NoSuchBucket: The specified bucket does not exist",
        "operation error S3: PutObject, StatusCode: 403, api error SignatureDoesNotMatch: The request",
        "ERROR: S3 error: 403 (AccessDenied)",
    ],
)
def test_a_refusal_is_known_by_the_stores_own_code_whatever_tool_shows_it(line: str) -> None:
    assert error_lines.names_upload_error(line)
    assert not error_lines.is_of_upload(line)


def test_a_code_in_a_sentence_is_no_refusal() -> None:
    assert not error_lines.names_upload_error("retries AccessDenied and SlowDown three times")


def test_of_a_panic_in_rust_the_message_is_quoted_and_not_the_place() -> None:
    told = error_lines.errors(
        [PACKED, "thread 'main' panicked at src/finish.rs:42:58:", "no such key", "note: x", EXITED]
    )

    assert told[0] == "panic: no such key"
