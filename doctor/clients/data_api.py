"""The Data API: PostgREST behind Supabase's gateway, asked with the service key as the pipeline is.

Never asked at its root, where a good key of low privilege gets the answer of a bad one.
"""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from doctor.clients.functions import PLATFORM
from doctor.clients.http import Answer, Http
from doctor.evidence.base import Unseen, Why
from doctor.evidence.row import ApiAnswer

if TYPE_CHECKING:
    from doctor.deadline import Deadline
    from doctor.settings.model import Settings

NAME = "Supabase's Data API"
SERVICE_ROLE = "service_role"
ANON = "anon"
ROWS_ASKED = 20
MESSAGE_LENGTH = 500
OK = 200
UNAUTHORIZED = 401
FORBIDDEN = 403
# How Supabase's gateway, hosted or one's own, words that it refuses a key.
REFUSES_KEY = re.compile("api keys?|authentication credentials", re.IGNORECASE)
# A value that the column's type cannot have: no row has it.
INVALID_TEXT = "22P02"
WHY = {
    UNAUTHORIZED: Why.BAD_CREDENTIALS,
    FORBIDDEN: Why.DENIED,
    404: Why.NOT_FOUND,
    429: Why.RATE_LIMITED,
}


class DataApi:
    """Looks rows up, and changes nothing."""

    def __init__(self, settings: Settings, deadline: Deadline) -> None:
        self._settings = settings
        self._names = settings.names
        self._key = settings.service_key.reveal().strip() if settings.service_key else ""
        self._http = Http(NAME, settings.supabase_url or "", deadline, self._headers())

    @property
    def role(self) -> str | None:
        """The database role that the key stands for; None where the key does not tell."""
        if self._key.startswith("sb_"):
            return SERVICE_ROLE if self._key.startswith("sb_secret_") else ANON
        return _claimed_role(self._key)

    def look_up(self, column: str | None, value: str = "") -> ApiAnswer | Unseen:
        """The pipeline's own look-up of the row's id by a guide's column; None asks for any row."""
        answer = self._ask("id", column, value)
        if isinstance(answer, Unseen):
            return answer
        asked = self._names.column("id")
        return self._read(answer) if _is_supabases(answer, asked) else _foreign(answer)

    def rows(self, column: str, value: str) -> list[dict[str, Any]] | Unseen:
        """Every column of the rows with that value in a guide's column, newest first.

        PostgREST's refusal is `Unseen` with its code.
        """
        return self._list(self._ask("*", column, value), column)

    def stuck(
        self, older_than_s: float, after_id: str | None, count: int
    ) -> list[dict[str, Any]] | Unseen:
        """One page of the rows in progress for longer than that, by id."""
        names = self._names
        key = _name(names.column("id"))
        limit = datetime.now(UTC) - timedelta(seconds=older_than_s)
        params = {
            _name(names.column("status")): f"eq.{names.in_progress}",
            _name(names.column("created_at")): f"lt.{limit.isoformat()}",
            "select": "*",
            "order": f"{key}.asc",
            "limit": str(count),
        }
        if after_id is not None:
            params[key] = f"gt.{after_id}"
        return self._list(self._get(params), "id")

    def _list(self, answer: Answer | Unseen, column: str) -> list[dict[str, Any]] | Unseen:
        """The rows of an answer, each of which must have a guide's column."""
        if isinstance(answer, Unseen):
            return answer
        if not _is_supabases(answer, self._names.column(column)):
            return _foreign(answer)
        body = answer.json()
        if answer.status == OK:
            return list(body)
        refused = self._read(answer)
        return [] if refused.code == INVALID_TEXT else _unseen(refused)

    def _ask(self, select: str, column: str | None, value: str) -> Answer | Unseen:
        names = self._names
        # After `eq.` the value stands as it is, to its end: PostgREST knows no quotes there.
        filters = {} if column is None else {_name(names.column(column)): f"eq.{value}"}
        wanted = select if select == "*" else _name(names.column(select))
        order = f"{_name(names.column('created_at'))}.desc.nullslast" if select == "*" else None
        params = {**filters, "select": wanted, "limit": str(ROWS_ASKED)}
        if order:
            params["order"] = order
        return self._get(params)

    def _get(self, params: dict[str, str]) -> Answer | Unseen:
        gap = self._gap()
        if gap is not None:
            return gap
        path = f"rest/v1/{quote(self._names.table_name, safe='')}"
        return self._http.get(path, params=params)

    def _gap(self) -> Unseen | None:
        """Why the Data API cannot be asked, from the settings alone."""
        if self._settings.supabase_url is None:
            return self._settings.absent("supabase_url")
        if self._settings.service_key is None:
            return self._settings.absent("service_key")
        if not (self._key.isascii() and self._key.isprintable()):
            return Unseen(
                why=Why.BAD_CREDENTIALS,
                what="The service-role key holds characters that no HTTP header can carry.",
                remedy=f"Set {self._settings.origin('service_key')} again, on one line.",
                dependency=NAME,
            )
        return None

    def _headers(self) -> dict[str, str]:
        """The key as the gateway wants it: an `sb_` key is no JWT and goes into `apikey` alone."""
        headers = {"apikey": self._key, "Accept": "application/json"}
        if not self._key.startswith("sb_"):
            headers["Authorization"] = f"Bearer {self._key}"
        if self._names.schema != "public":
            headers["Accept-Profile"] = self._names.schema
        return headers

    def _read(self, answer: Answer) -> ApiAnswer:
        body = answer.json()
        if answer.status == OK and isinstance(body, list):
            return ApiAnswer(status=OK, rows=len(body))
        error = body if isinstance(body, dict) else {}
        own = error.get("code")
        return ApiAnswer(
            status=answer.status,
            code=own if isinstance(own, str) else answer.headers.get("sb-error-code"),
            message=self._shown(error.get("message", "" if error else answer.text)),
            hint=self._shown(error.get("hint")),
            # PostgREST always gives a code; what has none never reached it.
            gateway=not isinstance(own, str),
        )

    def _shown(self, text: object) -> str:
        return self._settings.mask(text)[:MESSAGE_LENGTH] if isinstance(text, str) else ""


def _name(column: str) -> str:
    """A column's name in a query string; quoted where a reserved character stands in it."""
    return f'"{column}"' if set(column) & set('.,:()" ') else column


def _claimed_role(key: str) -> str | None:
    """The role that a JWT claims, unverified."""
    parts = key.split(".")
    if len(parts) != 3:  # noqa: PLR2004 -- header, claims and signature make a JWT (RFC 7519)
        return None
    try:
        claims = msgspec.json.decode(
            base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        )
    except (ValueError, msgspec.DecodeError):
        return None
    role = claims.get("role") if isinstance(claims, dict) else None
    return role if isinstance(role, str) else None


def _is_supabases(answer: Answer, column: str) -> bool:
    """Whether PostgREST or Supabase's gateway can have sent this: rows with a column, or an error."""
    body = answer.json()
    if answer.status == OK:
        return isinstance(body, list) and all(
            isinstance(row, dict) and column in row for row in body
        )
    if answer.status in PLATFORM or "sb-error-code" in answer.headers:
        return True
    message = body.get("message") if isinstance(body, dict) else None
    if not isinstance(message, str):
        return False
    refuses = answer.status in (UNAUTHORIZED, FORBIDDEN) and not isinstance(body.get("code"), str)
    return not refuses or REFUSES_KEY.search(message) is not None


def _foreign(answer: Answer) -> Unseen:
    return Unseen(
        why=Why.GARBLED,
        what=f"{NAME} answered HTTP {answer.status} with something that it never sends.",
        remedy="Check SUPABASE_URL, whether the project is paused, and proxies on the way.",
        dependency=NAME,
        status=answer.status,
    )


def _unseen(refused: ApiAnswer) -> Unseen:
    code = f" {refused.code}" if refused.code else ""
    said = f": {refused.message.splitlines()[0].rstrip('.')}" if refused.message else ""
    return Unseen(
        why=WHY.get(refused.status, Why.REFUSED),
        what=f"{NAME} answered HTTP {refused.status}{code}{said}.",
        remedy=refused.hint or None,
        dependency=NAME,
        status=refused.status,
        code=refused.code,
    )
