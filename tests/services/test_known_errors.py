"""The table of known errors: each says what it means, where it is known from, and what to do."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backup_doctor.judge.framework import CODE
from backup_doctor.services.errors import KnownError, decide, known_error, known_errors, telling

ERRORS = known_errors()
FEWEST = 70
LONGEST_CLAUSE = 110
PLACEHOLDER = re.compile(r"\{([a-z]+)\}")
# Character classes, escapes, and the mark behind a bound that lets nothing be tried twice.
BOUNDED = re.compile(r"\[[^\]]*\]|\\.|\}\+")
HEALTHY = Path(__file__).with_name("healthy.txt").read_text(encoding="utf-8").splitlines()


def reason(*lines: str) -> str | None:
    """The reason that these lines tell."""
    told = decide(lines)
    return told.error.id if told else None


def test_there_are_many_and_each_has_a_name_of_its_own() -> None:
    assert len(ERRORS) >= FEWEST
    assert len({one.id for one in ERRORS}) == len(ERRORS)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.id)
def test_an_error_is_whole(error: KnownError) -> None:
    groups = set(re.compile(error.pattern).groupindex)

    assert CODE.match(error.id)
    assert 1 <= len(error.fixes) <= 3
    assert error.source.startswith("https://")
    assert len(error.means) <= LONGEST_CLAUSE
    assert not error.means.endswith(".")
    assert not set("*+") & set(BOUNDED.sub("", error.pattern)), "a repetition has a bound"
    for fix in error.fixes:
        assert fix.endswith(".")
        assert set(PLACEHOLDER.findall(fix)) <= groups


@pytest.mark.parametrize(
    ("error", "line"),
    [(error, line) for error in ERRORS for line in error.examples],
    ids=lambda value: value.id if isinstance(value, KnownError) else "",
)
def test_a_real_line_tells_its_error_and_what_to_do(error: KnownError, line: str) -> None:
    for shown in (line, f"##[error]{line}"):
        told = decide([shown], quoted=[line])

        assert told
        assert told.error is error
        assert told.line == line.strip()
        assert told.fixes
        assert not any(PLACEHOLDER.search(fix) for fix in told.fixes)


@pytest.mark.parametrize("line", HEALTHY)
def test_what_tools_print_when_all_is_well_tells_nothing(line: str) -> None:
    assert telling([line]) == ()


@given(st.text(max_size=300))
@settings(max_examples=100)
def test_any_line_can_be_read(line: str) -> None:
    told = decide([line])

    assert told is None or told.fixes


@pytest.mark.parametrize(
    "line",
    [
        "a" * 8000,
        " " * 8000,
        "sh: " * 2000,
        "line 1: " * 1000,
        "1:2:3:" * 1300,
        "::1 " * 2000,
        "tar: : " * 1100,
        'connection to server at "' * 300,
        "not authorized to perform: s3:Put " * 200,
        "not authorized to perform: s3:Put because no " + "x " * 3000,
        "server version: 1" * 450,
        "Failed to copy" * 500,
        "A" * 4000 + ": unbound",
    ],
)
def test_a_megabyte_of_the_worst_takes_seconds(line: str) -> None:
    began = time.process_time()

    telling([line] * (1_000_000 // len(line)))

    assert time.process_time() - began < 5


VERSIONS = "pg_dump: detail: server version: 17.7; pg_dump version: 16.14"
MISMATCH = "pg_dump: error: aborting because of server version mismatch"
NO_FILE = "The user-provided path dump.sql does not exist."
NO_HOST = "curl: (6) Could not resolve host: example.org"
TIMEOUT = "curl: (28) Operation timed out after 30001 milliseconds"


def test_the_surest_line_counts_wherever_it_stands() -> None:
    tidying = ["rm: cannot remove 'x': No such file or directory"] * 50

    assert reason(NO_FILE, "copying", "zip I/O error: No space left on device", *tidying) == (
        "disk/full"
    )


def test_of_several_tools_the_first_to_fail_counts() -> None:
    assert reason(NO_HOST, NO_FILE) == "curl/host-not-found"
    assert reason(NO_FILE, NO_HOST) == "aws/file-missing"


def test_of_one_tool_what_it_said_last_counts() -> None:
    assert reason("curl: (7) Failed to connect", NO_HOST) == "curl/host-not-found"


def test_several_lines_of_one_error_are_read_together() -> None:
    told = decide([MISMATCH, VERSIONS])

    assert told
    assert told.line == MISMATCH
    (fix,) = told.fixes
    assert "/usr/lib/postgresql/17/bin/pg_dump" in fix
    assert "pg_dump here is version 16" in fix


def test_what_is_masked_fills_no_advice() -> None:
    told = decide(["Error: Cannot find module '***'"])

    assert told
    assert told.fixes == (
        "Install the dependencies before the step (`npm ci`, in the same folder).",
    )


def test_a_vague_line_counts_only_where_the_steps_own_error_quotes_it() -> None:
    cut = "gzip: stdin: unexpected end of file"

    assert decide([cut]) is None
    assert decide([cut], quoted=[cut])


def test_what_the_store_answered_tells_more_than_curls_status() -> None:
    lines = [
        "curl: (22) The requested URL returned error: 403",
        "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>",
    ]

    both, alone = decide(lines, quoted=lines), decide(lines[:1], quoted=lines)

    assert both
    assert both.error.id == "aws/access-denied"
    assert alone
    assert alone.error.id == "curl/http-error"


def test_of_a_long_log_a_bounded_part_is_kept() -> None:
    every = [line for error in ERRORS for line in error.examples]

    kept = telling(["harmless", *every * 3, VERSIONS])

    assert len(kept) <= 20
    assert telling([TIMEOUT] * 100) == (TIMEOUT,)


def test_an_error_is_found_by_its_name() -> None:
    assert known_error("disk/full") is not None
    assert known_error("disk/empty") is None


def test_the_line_that_names_the_module_is_quoted_and_not_nodes_own_source() -> None:
    told = decide(
        (
            "    throw new ERR_MODULE_NOT_FOUND(packageName, fileURLToPath(base), null);",
            "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'pg' imported from /app/finish.mjs",
        )
    )

    assert told is not None
    assert "'pg'" in told.line
