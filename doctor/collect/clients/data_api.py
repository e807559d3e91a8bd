"""The Data API: PostgREST behind Supabase's gateway, asked with the service key as the pipeline is.

Never asked at its root, where a good key of low privilege gets the answer of a bad one.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias
from urllib.parse import quote

from backup_doctor.base.untyped import mapping
from backup_doctor.collect.clients.http import Http
from backup_doctor.collect.clients.key_role import role_of
from backup_doctor.collect.clients.postgrest_answer import NAME, OK, foreign, is_supabases, refusal
from backup_doctor.collect.clients.postgrest_query import one_of, quoted
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.case import Status, bare_id
from backup_doctor.evidence.row import ApiAnswer
from backup_doctor.services.meaning import coded_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from backup_doctor.collect.clients.answer import Answer
    from backup_doctor.collect.clients.opening import Openings
    from backup_doctor.collect.deadline import Deadline
    from backup_doctor.evidence.case import Asked
    from backup_doctor.settings.model import Settings

# Every column of each row, or why none can be seen.
Rows: TypeAlias = list[dict[str, Any]] | Unseen
ROWS_ASKED = 20
NEWEST_ASKED = 200
# Supabase's own limit of a page, unless a project sets another.
PAGE_ROWS = 1000
MESSAGE_LENGTH = 500
# The table has no such column.
NO_COLUMN = "42703"
# A value that the column's type cannot have: no row has it.
INVALID_TEXT = "22P02"
LASTS_S = 20.0


class _Waited(NamedTuple):
    """An answer that came of a time limit, and until when nothing else is expected."""

    answer: Answer
    until: float


class DataApi:
    """Looks rows up, and changes nothing.

    A lock or an overload lasts: who asks within seconds of an answer that came of PostgreSQL's own
    time limit gets the same one, for each would take as long as the first.
    """

    def __init__(
        self, settings: Settings, deadline: Deadline, openings: Openings | None = None
    ) -> None:
        self._settings = settings
        self._names = settings.names
        self._key = settings.service_key.reveal().strip() if settings.service_key else ""
        self._waited_for: _Waited | None = None
        url = settings.supabase_url or ""
        self._http = Http(NAME, url, deadline, self._headers(), openings=openings)

    @property
    def role(self) -> str | None:
        """The database role that the key stands for; None where the key does not tell."""
        return role_of(self._key)

    def look_up(self, column: str | None, value: str = "") -> ApiAnswer | Unseen:
        """The pipeline's own look-up of the row's id by a guide's column; None asks for any row."""
        answer = self._ask("id", column, value)
        if isinstance(answer, Unseen):
            return answer
        asked = self._names.column("id")
        return self._read(answer) if is_supabases(answer, asked) else foreign(answer)

    def rows(self, column: str, *values: str) -> Rows:
        """Every column of the rows with one of the values in a guide's column, newest first.

        PostgREST's refusal is `Unseen` with its code.
        """
        if not self._names.column(column):
            return []
        return self._with_one_of(
            column, values, lambda one: self._newest_first(one, ROWS_ASKED, column)
        )

    def of_dispatches(self, *ids: str) -> Rows:
        """Every column of the rows with these dispatch ids; of very many the newest."""
        return self._with_one_of(
            "dispatch_id", ids, lambda one: self._newest_first(one, PAGE_ROWS, "dispatch_id")
        )

    def newest(self) -> Rows:
        """Every column of the newest rows."""
        return self._newest_first({}, NEWEST_ASKED)

    def naming_id(self, asked: Asked) -> Rows:
        """Every column of some rows in whose dispatch id (or id) the one that is asked for stands."""
        column = "id" if asked.dispatch_id is None else "dispatch_id"
        wanted = bare_id(asked.dispatch_id or asked.backup_id or "")
        escaped = wanted.replace("\\", "\\\\")
        filters = {quoted(self._names.column(column)): f"ilike.*{escaped}*"}
        return self._list(self._get({**filters, "select": "*", "limit": str(ROWS_ASKED)}), column)

    def _newest_first(
        self, filters: dict[str, str], count: int, column: str | None = None, select: str = "*"
    ) -> Rows:
        """A page of rows; in any order where the table does not say when a row was made."""
        params = {**filters, "select": select, "limit": str(count)}
        created = self._names.column("created_at")
        ordered = {**params, "order": f"{quoted(created)}.desc.nullslast"} if created else params
        found = self._list(self._get(ordered), column)
        lacks = bool(created) and _lacks(found, created)
        return self._list(self._get(params), column) if lacks else found

    def good_rows(self) -> Rows:
        """Every column of some rows that say success, the newest first."""
        good = self._names.words(Status.SUCCESS)
        return self._with_one_of("status", good, lambda one: self._newest_first(one, ROWS_ASKED))

    def newest_with(self, word: str | None, count: int, columns: Iterable[str] = ()) -> Rows:
        """Every column, or these, of the newest rows; with a word, of those whose status it is."""
        select = ",".join(map(quoted, columns)) or "*"

        def page(filters: dict[str, str]) -> Rows:
            found = self._newest_first(filters, count, select=select)
            lacks = isinstance(found, Unseen) and found.code == NO_COLUMN
            return self._newest_first(filters, count) if lacks else found

        return page({}) if word is None else self._with_one_of("status", (word,), page)

    def last_good(self, word: str, time: str) -> Rows:
        """Every column of the rows with this status, and a key, that have a guide's column's latest times.

        `Unseen` with the code NO_COLUMN where the table has no such column.
        """
        names = self._names
        latest = {
            "select": "*",
            "order": f"{quoted(names.column(time))}.desc.nullslast",
            "limit": str(ROWS_ASKED),
        }
        key = names.column("s3_key")

        def page(good: dict[str, str]) -> Rows:
            params = {**latest, **good}
            if not key:
                return self._list(self._get(params), None)
            found = self._list(self._get({**params, quoted(key): "not.is.null"}), None)
            return self._list(self._get(params), None) if _lacks(found, key) else found

        return self._with_one_of("status", (word,), page)

    def containing(self, column: str, text: str) -> Rows:
        """Every column of the rows that have the text in a guide's column, or seem to.

        `%`, `_` and `*` in the text stand for anything: the caller must look again.
        """
        escaped = text.replace("\\", "\\\\")
        params = {
            quoted(self._names.column(column)): f"like.*{escaped}*",
            "select": "*",
            "limit": str(PAGE_ROWS),
        }
        return self._list(self._get(params), column)

    def in_progress(self, made: str, after_id: str | None, count: int) -> Rows:
        """One page of the rows in progress by id, with a filter of the time when they were made."""
        names = self._names
        key, created = quoted(names.column("id")), names.column("created_at")
        params = {"select": "*", "order": f"{key}.asc", "limit": str(count)}
        if after_id is not None:
            params[key] = f"gt.{after_id}"

        def page(words: dict[str, str]) -> Rows:
            if not created:
                return self._list(self._get({**params, **words}), "id")
            found = self._list(self._get({**params, **words, quoted(created): made}), "id")
            lacks = _lacks(found, created)
            return self._list(self._get({**params, **words}), "id") if lacks else found

        return self._with_one_of("status", names.words(Status.IN_PROGRESS), page)

    def page_by_id(self, columns: tuple[str, ...], after_id: str | None) -> Rows:
        """These guide's columns of the rows behind an id, by their ids, as many as a page takes."""
        key = quoted(self._names.column("id"))
        params = {
            "select": ",".join(quoted(self._names.column(one)) for one in columns),
            "order": f"{key}.asc",
            "limit": str(PAGE_ROWS),
        }
        if after_id is not None:
            params[key] = f"gt.{after_id}"
        return self._list(self._get(params), "id")

    def near(self, at: datetime | None, count: int, *, after: bool, good: bool) -> Rows:
        """The rows that were made next after a time, or last up to it; the good ones, with a key."""
        names, when = self._names, at or self._http.deadline.clocks.now()
        created = quoted(names.column("created_at"))
        params = {
            created: f"{'gt' if after else 'lte'}.{when.isoformat()}",
            "select": "*",
            "order": f"{created}.{'asc' if after else 'desc'}",
            "limit": str(count),
        }
        if not good:
            return self._list(self._get(params), "created_at")
        params[quoted(names.column("s3_key"))] = "not.is.null"
        return self._with_one_of(
            "status",
            names.words(Status.SUCCESS),
            lambda one: self._list(self._get({**params, **one}), "created_at"),
        )

    def _with_one_of(
        self, column: str, values: tuple[str, ...], ask: Callable[[dict[str, str]], Rows]
    ) -> Rows:
        """What is answered for the filter of a guide's column by values.

        PostgreSQL refuses all of them for one that the column's type cannot have, and names it: that
        one is in no row, and the others are asked for without it.
        """
        found = ask({quoted(self._names.column(column)): one_of(values)})
        if not isinstance(found, Unseen) or found.code != INVALID_TEXT:
            return found
        others = tuple(value for value in values if f': "{value}"' not in found.what)
        if not others:
            return []
        return self._with_one_of(column, others, ask) if len(others) < len(values) else found

    def _list(self, answer: Answer | Unseen, column: str | None) -> Rows:
        """The rows of an answer, each of which must have that guide's column, where one is named."""
        if isinstance(answer, Unseen):
            return answer
        if not is_supabases(answer, self._names.column(column) if column else None):
            return foreign(answer)
        body = answer.json()
        if answer.status == OK:
            return list(body)
        return refusal(self._read(answer))

    def _ask(self, select: str, column: str | None, value: str) -> Answer | Unseen:
        names = self._names
        # After `eq.` the value stands as it is, to its end: PostgREST knows no quotes there.
        filters = {} if column is None else {quoted(names.column(column)): f"eq.{value}"}
        params = {**filters, "select": quoted(names.column(select)), "limit": str(ROWS_ASKED)}
        return self._get(params)

    def _get(self, params: dict[str, str]) -> Answer | Unseen:
        gap = self._gap()
        if gap is not None:
            return gap
        waited = self._waited_for
        if waited is not None and time.monotonic() < waited.until:
            return waited.answer
        path = f"rest/v1/{quote(self._names.table_name, safe='')}"
        answer = self._http.get(path, params=params)
        # A page of rows is decoded by whoever asked for it.
        if isinstance(answer, Unseen) or answer.status == OK:
            return answer
        if coded_answer(self._read(answer).code).why is Why.TIMED_OUT:
            self._waited_for = _Waited(answer, time.monotonic() + LASTS_S)
        return answer

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
        error = mapping(body)
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


def _lacks(found: object, column: str) -> bool:
    """Whether the table has no such column, by PostgREST's answer."""
    return isinstance(found, Unseen) and found.code == NO_COLUMN and column in found.what
