"""What the members of an answer and of an error are: a status, a body, a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.collect.script.composing import failure_text, hole, lit
from backup_doctor.collect.script.model import What
from backup_doctor.collect.script.values import Failure, Response, Test, Text

if TYPE_CHECKING:
    from backup_doctor.collect.script.values import Value

_STATUS = frozenset(
    {"status", "status_code", "statuscode", "httpcode", "http_status", "getcode", "code"}
)
_OK = frozenset({"ok", "is_success", "issuccessstatuscode"})
_BODY = frozenset(
    {"text", "json", "body", "data", "content", "read", "rows", "rawcontent", "blob", "arraybuffer"}
)
_COUNT = frozenset({"count", "rowcount", "affectedrows", "rows_affected"})
# Clients whose answer is the decoded body itself.
_DECODED = frozenset({"Invoke-RestMethod", "ky.json", "octokit"})
_CLIENT_STATUS = frozenset({"urllib", "Invoke-RestMethod", "Invoke-WebRequest", "supabase-storage"})
_RESPONSES = frozenset({"response", "context", "res", "resp"})
_PASSES = frozenset({"exception", "innerexception", "cause", "error", "args", "[0]", "inner"})


def status_of(calls: tuple[int, ...]) -> Text:
    """The status of one of the calls."""
    return hole(What.STATUS, calls)


def is_ok(calls: tuple[int, ...]) -> Test:
    """Whether the status is one of success."""
    status = status_of(calls)
    return Test("and", (Test(">=", (status, lit("200"))), Test("<", (status, lit("300")))))


def answer_member(answer: Response, name: str) -> Value:
    """What `answer.name` is."""
    lower = name.lower()
    if answer.client in _DECODED:
        return hole(What.ANSWER, answer.calls, name)
    if lower in _OK:
        return is_ok(answer.calls)
    if lower in _STATUS and not (lower == "code" and answer.client.startswith("supabase")):
        return status_of(answer.calls)
    if lower == "error":
        return Failure(answer.calls, client=answer.client)
    if lower in _BODY:
        return hole(What.ANSWER, answer.calls)
    if lower in _COUNT:
        return hole(What.ANSWER, answer.calls, "count")
    return hole(What.ANSWER, answer.calls, name)


def failure_member(failure: Failure, name: str) -> Value:
    """What `error.name` is."""
    lower = name.lower()
    if lower in _RESPONSES:
        return Response(failure.calls, "response")
    if lower in {"status", "statuscode", "status_code", "value__"}:
        return status_of(failure.calls)
    if lower == "code" and failure.client in _CLIENT_STATUS:
        return status_of(failure.calls)
    if lower in {"errordetails", "body"} or (lower == "data" and failure.client == "axios"):
        return hole(What.ANSWER, failure.calls)
    if lower in _PASSES:
        return failure
    if lower in {"message", "msg"}:
        return failure_text(failure, "message")
    if lower == "stack":
        return failure_text(failure, "stack")
    if lower in {"diag", "orig", "pgerror"}:
        return failure
    return hole(What.ERROR, failure.calls, name)
