"""A step that failed before the update: what its own error names is the cause, and where it struck."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.log import NOT_SAID, EnvShown, Variable
from backup_doctor.evidence.workflow import WorkflowFile, WorkflowStep
from tests.judgement.asking import causes, codes, finding
from tests.judgement.cases import NOT_THERE, call, case, log, rls, row, workflow

FAILED_AT = "Upload backup to S3"
BACKUP_MADE = Link.BACKUP_MADE
DUMP = WorkflowStep(
    name=FAILED_AT,
    env={"SUPABASE_SERVICE_ROLE_KEY": "${{ secrets.KEY }}"},
    secrets=("KEY",),
    script="node export.mjs",
)
FILE = WorkflowFile(path="backup.yml", job="backup", secrets=("KEY",), steps=(DUMP,))


def stopped(*errors: str, file: Any = None) -> Any:
    """A run that ended in a step before the update, with this error."""
    told = log(NOT_SAID, NOT_SAID, update_seen=False, failed_step=FAILED_AT, errors=errors)
    return case(workflow(told, upload="failure", update="skipped", file=file))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (
            '{"message":"Invalid API key","hint":"Double check your Supabase key"}',
            "secrets/revoked",
        ),
        ('{"message":"Legacy API keys are disabled"}', "secrets/revoked"),
        ('{"code":"PGRST303","message":"JWT expired"}', "secrets/expired"),
        (
            '{"code":"42501","message":"permission denied for table backup_history"}',
            "rls/no-grant",
        ),
        ("pg_dump: error: permission denied for table audit_log", "rls/no-grant"),
        ("UPDATE backup_history: canceling statement due to lock timeout (55P03)", "row/locked"),
        ('relation "public.backup_history" does not exist', "row/table-missing"),
        ("cannot execute UPDATE in a read-only transaction", "row/database-read-only"),
        ("PGRST003: Timed out acquiring connection from connection pool", "row/api-overloaded"),
        ("error code: 1016, Origin DNS error", "function/project-paused"),
    ],
)
def test_what_the_error_names_is_the_cause_and_the_step_is_where_it_struck(
    error: str, code: str
) -> None:
    one = stopped(error)

    assert causes(one) == [code]
    assert finding(one, code).breaks == (BACKUP_MADE,)
    assert FAILED_AT in finding(one, "workflow/failed-before-update").found.summary


@pytest.mark.parametrize(
    "error",
    [
        "An error occurred (AccessDenied) when calling the PutObject operation: Access Denied",
        "zip I/O error: No space left on device",
        "Process completed with exit code 2.",
        'psql: ERROR:  relation "orders" does not exist',
        'duplicate key value violates unique constraint "orders_pkey"',
        "pg_dump: error: query failed: ERROR:  canceling statement due to lock timeout",
        "ERROR:  canceling statement due to statement timeout",
    ],
)
def test_an_error_that_names_nothing_of_these_is_the_steps_own(error: str) -> None:
    assert causes(stopped(error)) == ["workflow/failed-before-update"]


def test_anybodys_refused_key_is_supabases_only_where_the_step_has_one() -> None:
    refused = "AuthenticationError: Invalid API key"
    mailer = replace(FILE, steps=(replace(DUMP, env={}, secrets=("MAIL_KEY",)),))

    assert causes(stopped(refused, file=FILE)) == ["secrets/revoked"]
    assert causes(stopped(refused, file=mailer)) == ["workflow/failed-before-update"]
    assert causes(stopped(refused)) == ["workflow/failed-before-update"]
    assert causes(stopped("supabase: Invalid API key")) == ["secrets/revoked"]


def test_what_such_an_error_says_is_told_of_the_object_that_it_names() -> None:
    found = finding(stopped("permission denied for table audit_log"), "rls/no-grant").found

    assert found.summary.startswith("A step before the update is refused")
    assert "table audit_log" in found.summary
    assert "no grant to update" not in found.summary


def test_a_row_that_is_missing_does_not_explain_why_a_step_failed() -> None:
    told = log(NOT_SAID, NOT_SAID, update_seen=False, failed_step=FAILED_AT, errors=("boom",))
    one = case(row(rows=()), workflow(told, upload="failure", update="skipped"))

    assert "workflow/failed-before-update" in causes(one)


def test_an_error_of_a_run_that_reached_its_update_is_the_updates() -> None:
    refused = call(403, '{"code":"42501","message":"permission denied for table backup_history"}')
    one = case(workflow(log(call(500), refused, errors=("boom 42501",))), rls())

    assert finding(one, "rls/no-grant").breaks == (Link.FALLBACK_UPDATES,)


# An empty value ----------------------------------------------------------------------------------


EMPTY = '{{"code":"22P02","message":"invalid input syntax for type {}: \\"{}\\""}}'


def handing(function: str, fallback: str) -> Any:
    empty = (Variable(name="BACKUP_SIZE", shown=EnvShown.EMPTY),)
    told = log(call(500, function), call(400, fallback), variables=empty)
    return case(workflow(told), rls(), row(table=NOT_THERE))


@pytest.mark.parametrize(
    ("kind", "sent", "named"),
    [
        ("bigint", "", "BACKUP_SIZE"),
        ("uuid", "null", "BACKUP_ID"),
        ("bigint", "undefined", "BACKUP_SIZE"),
    ],
)
def test_an_empty_variable_is_named_as_what_the_update_sent(
    kind: str, sent: str, named: str
) -> None:
    one = handing("TypeError: x is not a function", EMPTY.format(kind, sent))
    found = finding(one, "workflow/fallback-failed").found

    assert f"({named}), which is no {kind}" in found.summary
    assert causes(one) == ["function/server-error", "workflow/fallback-failed"]
    assert any(exhibit.value == ["BACKUP_SIZE"] for exhibit in found.evidence)
    assert [fix.kind for fix in found.fixes] == ["manual"]


def test_the_same_empty_value_on_both_ways_is_one_cause() -> None:
    words = EMPTY.format("bigint", "")

    one = handing(words, words)

    assert causes(one) == ["workflow/edge-call-failed"]
    assert "row/constraint-rejects" not in codes(one)
