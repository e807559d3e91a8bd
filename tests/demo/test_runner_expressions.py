"""Expressions mean what they mean on GitHub."""

from __future__ import annotations

import pytest

from backup_doctor.demo.runner.expressions import (
    Contexts,
    ExpressionError,
    Value,
    condition,
    evaluate,
    interpolate,
)

CONTEXTS: Contexts = {
    "inputs": {"dispatch_id": "d-1"},
    "secrets": {"BACKUP_API_KEY": "k"},
    "steps": {"upload": {"outcome": "failure"}},
    "env": {},
}


def status(name: str) -> dict[str, Value]:
    return {
        each: each in {name, "always"} for each in ("success", "failure", "cancelled", "always")
    }


def holds(source: str | None, job_status: str) -> bool:
    functions = {
        name: lambda value=value: bool(value) for name, value in status(job_status).items()
    }
    return condition(source, CONTEXTS, functions)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("inputs.dispatch_id", "d-1"),
        ("INPUTS.Dispatch_Id", "d-1"),
        ("secrets.MISSING", None),
        ("steps.unknown.outcome", None),
        ("steps.upload.outcome != 'success'", True),
        ("'Failure' == steps.upload.outcome", True),
        ("'it''s'", "it's"),
        ("secrets.MISSING || 'default'", "default"),
        ("secrets.BACKUP_API_KEY && 'yes' || 'no'", "yes"),
        ("secrets.MISSING && 'yes' || 'no'", "no"),
        ("!secrets.MISSING", True),
        ("!(true && false)", True),
        ("false && true || true", True),
        ("1 == '1'", True),
        ("'' == 0", True),
        ("null == 0", True),
        ("'a' == 0", False),
        ("true == false", False),
        ("steps == inputs", False),
        ("steps.upload == steps.upload", True),
        ("-1.5", -1.5),
    ],
)
def test_an_expression_has_githubs_value(source: str, value: Value) -> None:
    assert evaluate(source, CONTEXTS) == value


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("Backup ${{ inputs.dispatch_id }}", "Backup d-1"),
        ("${{secrets.MISSING}}", ""),
        ("${{ 1 }} and ${{ 1.5 }}", "1 and 1.5"),
        ("${{ true }}", "true"),
        ("${{ steps }}", "Object"),
        ("$HOME and {{ x }}", "$HOME and {{ x }}"),
    ],
)
def test_text_gets_the_values_of_its_expressions(text: str, result: str) -> None:
    assert interpolate(text, CONTEXTS) == result


@pytest.mark.parametrize(
    ("source", "job_status", "due"),
    [
        (None, "success", True),
        (None, "failure", False),
        ("inputs.dispatch_id == 'd-1'", "success", True),
        ("inputs.dispatch_id == 'd-1'", "failure", False),
        ("always()", "cancelled", True),
        ("${{ always() }}", "failure", True),
        ("failure()", "success", False),
        ("failure()", "cancelled", False),
        ("failure() || cancelled()", "cancelled", True),
        ("(failure() || cancelled()) && steps.upload.outcome != 'success'", "failure", True),
        ("failure() && steps.upload.outcome == 'success'", "failure", False),
        ("!cancelled()", "failure", True),
    ],
)
def test_a_condition_implies_success_unless_it_names_a_status(
    source: str | None,
    job_status: str,
    due: bool,
) -> None:
    assert holds(source, job_status) is due


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("matrix.os", "Unrecognized named-value: 'matrix'"),
        ("hashFiles()", "Unrecognized function: 'hashFiles'"),
        ("contains('a', 'b')", "Expected ')'"),
        ("inputs.", "Unexpected end or symbol"),
        ("inputs.'x'", "Expected a property name"),
        ("inputs.dispatch_id inputs", "Unexpected symbol"),
        ("== 1", "Unexpected symbol: '=='"),
        ("", "Unexpected end or symbol"),
    ],
)
def test_what_is_not_understood_is_an_error_and_not_empty(source: str, message: str) -> None:
    with pytest.raises(ExpressionError, match=message.replace("(", r"\(").replace(")", r"\)")):
        evaluate(source, CONTEXTS)
