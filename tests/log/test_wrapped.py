"""What an action that makes requests prints of a refusal: JSON with the status and the answer in it."""

from __future__ import annotations

import json

import pytest

from backup_doctor.collect.log.reader import LookFor, read
from backup_doctor.evidence.log import Outcome
from tests.log.logs import UPDATE, api_step, job, stamped

REFUSED, NOT_SAID = Outcome.REFUSED, Outcome.NOT_SAID
NOT_DEPLOYED = '{"code":"NOT_FOUND","message":"Requested function was not found"}'
HEAD = (
    "##[group]Run fjogeleit/http-request-action@v1",
    "with:",
    "  url: https://x.supabase.co/functions/v1/update-backup",
    "  method: POST",
    "##[endgroup]",
)


def printed(**answer: object) -> tuple[Outcome, int | None, str]:
    """The function's call, as it is read from an error of the action that shows this."""
    lines = (*HEAD, f"##[error]{json.dumps(answer)}")
    log = job("".join(stamped(line) for line in lines))
    call = read("a log", [log], LookFor(steps=(api_step(),), update_step=UPDATE)).function_call
    return call.outcome, call.status, call.body


@pytest.mark.parametrize("key", ["body", "response", "data"])
def test_the_answer_in_it_is_the_functions(key: str) -> None:
    assert printed(statusCode=404, **{key: NOT_DEPLOYED}) == (REFUSED, 404, NOT_DEPLOYED)
    inside = json.loads(NOT_DEPLOYED)
    assert printed(status=404, **{key: inside}) == (REFUSED, 404, json.dumps(inside))


def test_the_status_in_a_clients_message_is_the_answers() -> None:
    answer = {"code": "ERR_BAD_REQUEST", "message": "Request failed with status code 401"}

    assert printed(**answer) == (REFUSED, 401, json.dumps(answer))


@pytest.mark.parametrize(
    "answer",
    [
        {"error": "The bucket was not found", "status": 404},
        {"error": "x", "code": "ERR_BAD_REQUEST", "message": "failed with status code 404"},
    ],
)
def test_what_a_function_says_of_another_service_is_no_status_of_its_own(
    answer: dict[str, object],
) -> None:
    assert printed(**answer) == (REFUSED, None, json.dumps(answer))


@pytest.mark.parametrize(
    "answer",
    [
        {"message": "Request failed with status code 404"},
        {"status": 200, "body": "ok"},
        {"status": "failing", "statusCode": True},
    ],
)
def test_what_tells_no_refusal_is_none(answer: dict[str, object]) -> None:
    outcome, status, _ = printed(**answer)

    assert (outcome, status) == (NOT_SAID, None)
