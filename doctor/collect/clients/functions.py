"""The gateway in front of the edge functions, and whose answer it is that comes through it.

Source: https://supabase.com/docs/guides/functions/error-codes. What the platform refuses carries
`sb-error-code`; what a function answers carries `x-deno-execution-id`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from backup_doctor.collect.clients.http import Http
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.function import HttpAnswer
from backup_doctor.evidence.keys import bare, fits_header
from backup_doctor.services.meaning import is_on_the_way, is_platforms, platform_answer
from backup_doctor.settings.values import hosted_ref

if TYPE_CHECKING:
    from backup_doctor.collect.clients.answer import Answer
    from backup_doctor.collect.deadline import Deadline
    from backup_doctor.settings.model import Secret, Settings

NAME = "The functions gateway"
CALL_LIMIT_S = 20.0
BODY_LIMIT = 1024 * 1024
BODY_SHOWN = 2000
OWN_ERROR = "EDGE_FUNCTION_ERROR"
EXECUTED_BY = "supabase-edge-runtime"
FIELDS = frozenset({"code", "message", "msg", "hint"})


class Functions:
    """The functions of the configured project. Redirects are never followed."""

    def __init__(self, settings: Settings, deadline: Deadline) -> None:
        self._settings = settings
        self._http = Http(NAME, f"{settings.supabase_url}/functions/v1", deadline)

    def options(self, name: str) -> HttpAnswer | Unseen:
        """The answer to an OPTIONS request, on which the gateway checks no key."""
        return self._call("OPTIONS", name, None, {})

    def post(self, name: str, body: object, key: Secret | None) -> HttpAnswer | Unseen:
        """The answer to a POST of a JSON body, with the key as the pipeline sends it."""
        if key is None:
            return self._call("POST", name, body, {})
        value = bare(key.reveal())
        if not fits_header(value):
            origin = self._settings.origin("function_key")
            return Unseen(
                why=Why.BAD_CREDENTIALS,
                what=f"{origin} holds characters that no HTTP header can carry.",
                remedy=f"Set {origin} again, without line breaks.",
                dependency=NAME,
            )
        return self._call("POST", name, body, {"Authorization": f"Bearer {value}"})

    def _call(
        self, method: str, name: str, body: object, headers: dict[str, str]
    ) -> HttpAnswer | Unseen:
        if self._settings.supabase_url is None:
            return self._settings.absent("supabase_url")
        answer = self._http.call(
            method, name, json=body, headers=headers, limit_s=CALL_LIMIT_S, limit_bytes=BODY_LIMIT
        )
        return answer if isinstance(answer, Unseen) else self._read(answer)

    def _read(self, answer: Answer) -> HttpAnswer | Unseen:
        error_code = _error_code(answer)
        from_function = _from_function(answer, error_code)
        content_type = answer.headers.get("content-type", "")
        if answer.status in range(300, 400) and not from_function:
            return self._not_supabase(Why.REFUSED, f"redirects to {_target(answer)}", answer)
        if not is_platforms(answer.status) and not from_function and error_code is None:
            if "html" in content_type:
                return self._not_supabase(Why.GARBLED, "answers with a web page", answer)
            if is_on_the_way(answer.status) or (from_function is None and self._is_hosted(answer)):
                does = "answers as neither the gateway nor a function does"
                return self._not_supabase(Why.GARBLED, does, answer)
        return HttpAnswer(
            status=answer.status,
            error_code=error_code,
            from_function=from_function,
            body=self._settings.mask(answer.text)[:BODY_SHOWN],
            content_type=content_type,
            elapsed_s=answer.elapsed_s,
        )

    def _is_hosted(self, answer: Answer) -> bool:
        """Whether Supabase runs the project: its errors always bear its marks then."""
        return answer.status >= 400 and hosted_ref(self._settings.supabase_url or "") is not None  # noqa: PLR2004 -- HTTP

    def _not_supabase(self, why: Why, does: str, answer: Answer) -> Unseen:
        host = urlsplit(self._http.base_url).netloc
        return Unseen(
            why=why,
            what=f"{NAME} ({host}) {does} (HTTP {answer.status}).",
            remedy=f"Check {self._settings.origin('supabase_url')}, and proxies on the way.",
            dependency=NAME,
            status=answer.status,
        )


def _error_code(answer: Answer) -> str | None:
    header = answer.headers.get("sb-error-code")
    if header:
        return header
    body = answer.json()
    code = body.get("code") if _is_gateways(answer) else None
    return None if code is None else str(code)


def _from_function(answer: Answer, error_code: str | None) -> bool | None:
    if error_code == OWN_ERROR:
        return True
    if answer.headers.get("sb-error-code"):
        return False
    executed = "x-deno-execution-id" in answer.headers
    if executed or EXECUTED_BY in answer.headers.get("x-served-by", ""):
        return True
    return False if _is_gateways(answer) else None


def _is_gateways(answer: Answer) -> bool:
    """Whether the body is one of the gateway's known ones; a function words its own otherwise."""
    body = answer.json()
    if not isinstance(body, dict):
        return False
    known = platform_answer(answer.status, answer.text, str(body.get("code", "")))
    if known.is_bare:
        return False
    return set(body) <= FIELDS or "secrets/bad-url" in known.means


def _target(answer: Answer) -> str:
    return urlsplit(answer.headers.get("location", "")).netloc or "another path"
