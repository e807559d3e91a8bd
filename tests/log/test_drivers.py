"""What clients of PostgreSQL print of a refused update, where the script cannot be seen."""

from __future__ import annotations

import pytest

from backup_doctor.evidence.log import LogReading, Outcome
from backup_doctor.services.drivers import tells_refusal
from tests.judgement.asking import causes, diagnosed, finding
from tests.judgement.cases import case, workflow
from tests.log.test_known import reading

DENIED = "permission denied for table backup_history"
VIOLATED = 'new row for relation "backup_history" violates check constraint "status_check"'
READ_ONLY = "cannot execute UPDATE in a read-only transaction"
LINES = (
    f"psycopg.errors.InsufficientPrivilege: {DENIED}",
    f"sqlalchemy.exc.ProgrammingError: (psycopg2.errors.InsufficientPrivilege) {DENIED}",
    f"asyncpg.exceptions.InsufficientPrivilegeError: {DENIED}",
    f"2026/11/20 02:10:00 record backup: ERROR: {DENIED} (SQLSTATE 42501)",
    f"2026/11/20 02:10:00 record backup: pq: {DENIED}",
    f'Exception in thread "main" org.postgresql.util.PSQLException: ERROR: {DENIED}',
    f"finish.rb:12:in `exec_params': ERROR:  {DENIED} (PG::InsufficientPrivilege)",
    f"ActiveRecord::StatementInvalid: PG::InsufficientPrivilege: ERROR:  {DENIED}",
    f"PHP Fatal error:  Uncaught PDOException: SQLSTATE[42501]: Insufficient privilege: 7 ERROR:  {DENIED}",
    f"PostgresError: {DENIED}",
    f"Error: db error: ERROR: {DENIED}",
    f"Error: error returned from database: {DENIED}",
    f"Unhandled exception. Npgsql.PostgresException (0x80004005): 42501: {DENIED}",
    f'error: update "backup_history" set "status" = $1 where "id" = $2 - {DENIED}',
    f"QueryFailedError: {DENIED}",
)


def read(*lines: str) -> LogReading:
    return reading("./finish", "\n".join((*lines, "##[error]Process completed with exit code 1.")))


@pytest.mark.parametrize("line", LINES)
def test_a_drivers_refusal_is_the_direct_updates(line: str) -> None:
    seen = read(line)

    assert seen.fallback_call.outcome is Outcome.REFUSED
    assert seen.function_call.outcome is Outcome.NOT_SAID
    assert causes(case(workflow(seen))) == ["rls/no-grant"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (
            f"psycopg.errors.CheckViolation: {VIOLATED}",
            "row/constraint-rejects",
        ),
        (
            'ERROR: column "size_bytes" of relation "backup_history" does not exist (SQLSTATE 42703)',
            "row/column-missing",
        ),
        (
            f"SQLSTATE[25006]: Read only sql transaction: 7 ERROR:  {READ_ONLY}",
            "row/database-read-only",
        ),
        ("ERROR: deadlock detected (SQLSTATE 40P01)", "row/locked"),
    ],
)
def test_what_a_driver_was_refused_for_is_the_cause(line: str, code: str) -> None:
    assert causes(case(workflow(read(line)))) == [code]


@pytest.mark.parametrize(
    "line",
    [
        # Of another table: it may be of the dump.
        "psycopg.errors.InsufficientPrivilege: permission denied for table customers",
        'PG::UndefinedTable: ERROR:  relation "jobs" does not exist',
        f"pg_dump: error: query failed: ERROR:  {DENIED}",
        f'{{"success":false,"error":"{DENIED} (SQLSTATE 42501)"}}',
        "pq: could not connect to server: Connection refused (SQLSTATE 08001)",
    ],
)
def test_what_is_of_something_else_is_no_refusal_of_the_update(line: str) -> None:
    assert tells_refusal(line, "backup_history") is None


def test_the_databases_words_alone_may_be_what_a_function_passed_on() -> None:
    after_function = read("Calling edge function update-backup", f"Error: {DENIED}")
    by_driver = read("Calling edge function update-backup", f"Error: pq: {DENIED}")

    assert after_function.fallback_call.outcome is Outcome.NOT_SAID
    assert by_driver.fallback_call.outcome is Outcome.REFUSED


@pytest.mark.parametrize("line", [LINES[0], f"ERROR:  {DENIED}"])
def test_a_client_of_the_database_is_not_said_to_be_the_service_role(line: str) -> None:
    one = case(workflow(read(line)))
    found = finding(one, "rls/no-grant").found

    assert found.summary.startswith("The database user with which the update connects had no grant")
    assert "service_role" not in diagnosed(one).causes[0].found.summary
    assert "GRANT" not in found.fixes[0].text
