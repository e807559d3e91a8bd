"""Lines that loggers write: which tell of an error, and how a person would quote them."""

from __future__ import annotations

import pytest

from backup_doctor.services import error_lines
from backup_doctor.services.logged import LEVEL, fields, in_words, message_of, tells_error

SLOG = (
    'time=2026-01-15T02:03:04Z level=ERROR msg="dump failed" err="lookup db.example: no such host"'
)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (SLOG, "dump failed: lookup db.example: no such host"),
        (
            '{"level":"fatal","ts":1.5,"msg":"no backup","error":"disk full"}',
            "no backup: disk full",
        ),
        (
            '{"level":50,"time":1,"err":{"type":"Error","message":"disk full"},"msg":"no backup"}',
            "no backup: disk full",
        ),
        ('{"severity":"ERROR","message":"no backup"}', "no backup"),
        ("level=error msg=stopped", "stopped"),
    ],
)
def test_an_error_is_quoted_by_its_message_and_what_it_met(line: str, words: str) -> None:
    assert tells_error(line)
    assert in_words(line) == words


@pytest.mark.parametrize(
    "line",
    [
        "2026-01-15T02:03:04Z ERR no backup",
        "2026-01-15T02:03:04.123456Z ERROR backup::main: no backup",
        "[2026-01-15 02:03:04] production.ERROR: no backup",
        "2026-01-15 02:03:04,123 - backup - ERROR - no backup",
        "3:04PM FTL no backup",
        "backup-1  | 2026-01-15T02:03:04Z ERROR no backup",
    ],
)
def test_a_level_behind_the_time_tells_an_error_which_is_quoted_as_it_is(line: str) -> None:
    assert tells_error(line)
    assert in_words(line) == line


@pytest.mark.parametrize(
    "line",
    [
        'time=2026-01-15T02:03:04Z level=INFO msg="0 errors"',
        '{"level":30,"msg":"no error"}',
        '{"level":"info","msg":"ERROR"}',
        '{"code":"42501","message":"permission denied"}',
        "2026-01-15T02:03:04Z uploaded",
        "[" * 4000,
    ],
)
def test_other_lines_tell_none(line: str) -> None:
    assert not tells_error(line)


def test_what_is_no_loggers_has_no_fields() -> None:
    assert fields("curl -d a=b https://example.org") is None
    assert fields("{" * 50_000) is None


def test_of_a_failed_step_the_loggers_error_is_quoted() -> None:
    exited = "##[error]Process completed with exit code 1."
    pulled = [f"{number}: Pull complete" for number in range(3)]

    told = error_lines.errors([*pulled, SLOG, "bye", exited])

    assert told[0] == SLOG


@pytest.mark.parametrize(
    ("line", "level", "body"),
    [
        # tracing, Monolog, .NET, structlog's console.
        (
            '{"level":"WARN","fields":{"message":"refused","status":546,"body":"{}"},"target":"a"}',
            "WARN",
            "{}",
        ),
        (
            '{"message":"refused","context":{"status":503,"body":"{}"},"level":300,"level_name":"WARNING"}',
            300,
            "{}",
        ),
        ('{"LogLevel":"Error","Message":"refused","State":{"body":"{}"}}', "Error", "{}"),
        ("2026-11-20 02:09:59 [warning  ] refused      body='{}' status=404", "warning", "{}"),
    ],
)
def test_what_a_logger_keeps_inside_is_the_lines(line: str, level: object, body: str) -> None:
    found = fields(line)

    assert found is not None
    assert message_of(found) is not None
    assert next(found[key] for key in LEVEL if key in found) == level
    assert found["body"] == body
