"""What the Management API's answers mean: JSON bodies as typed values.

A parser raises KeyError, TypeError, ValueError or AttributeError on a body of another shape, which
`understood` turns into `Unseen`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from backup_doctor.base.immutable import Immutable
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.function import FunctionRecord, Project

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.collect.clients.answer import Answer

T = TypeVar("T")

NAME = "Supabase's Management API"


class ListedSecret(Immutable, frozen=True, kw_only=True):
    """A function's secret as the API lists it: `digest` instead of its value."""

    name: str
    digest: str
    updated_at: datetime | None = None


class ListedKey(Immutable, frozen=True, kw_only=True):
    """One of the project's own API keys. `shown` is whole for legacy keys, else masked.

    `kind` is legacy, publishable or secret.
    """

    name: str
    kind: str
    shown: str


def understood(answer: Answer, parse: Callable[[Any], T]) -> T | Unseen:
    """The answer parsed, or `GARBLED` where it has another shape."""
    try:
        return parse(answer.json())
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return Unseen(
            why=Why.GARBLED,
            what=f"{NAME} answered HTTP {answer.status} with something that it never sends.",
            remedy="Check SUPABASE_MANAGEMENT_URL, and whether a proxy answers in its place.",
            dependency=NAME,
            status=answer.status,
        )


def message(answer: Answer) -> str | None:
    """The `message` of an error, None where the body has none."""
    body = answer.json()
    message = body.get("message") if isinstance(body, dict) else None
    return message if isinstance(message, str) else None


def project(body: Any) -> Project:  # noqa: ANN401 -- JSON
    """`GET /v1/projects/{ref}`."""
    return Project(
        ref=typed(body.get("ref") or body["id"], str),
        status=typed(body["status"], str),
        region=str(body.get("region") or ""),
        name=str(body.get("name") or ""),
    )


def functions(body: Any) -> tuple[FunctionRecord, ...]:  # noqa: ANN401 -- JSON
    """`GET …/functions`."""
    return tuple(function(one) for one in typed(body, list))


def function(body: Any) -> FunctionRecord:  # noqa: ANN401 -- JSON
    """`GET …/functions/{slug}`, and an element of the list."""
    return FunctionRecord(
        slug=typed(body["slug"], str),
        status=typed(body["status"], str),
        id=str(body.get("id") or ""),
        version=_optional(body.get("version"), int),
        verify_jwt=_optional(body.get("verify_jwt"), bool),
        created_at=_milliseconds(body.get("created_at")),
        updated_at=_milliseconds(body.get("updated_at")),
    )


def secrets(body: Any) -> tuple[ListedSecret, ...]:  # noqa: ANN401 -- JSON
    """`GET …/secrets`."""
    return tuple(
        ListedSecret(
            name=typed(secret["name"], str),
            digest=typed(secret["value"], str),
            updated_at=iso(secret.get("updated_at")),
        )
        for secret in typed(body, list)
    )


def api_keys(body: Any) -> tuple[ListedKey, ...]:  # noqa: ANN401 -- JSON
    """`GET …/api-keys`."""
    return tuple(
        ListedKey(
            name=str(key.get("name") or ""),
            kind=str(key.get("type") or ""),
            shown=str(key.get("api_key") or ""),
        )
        for key in typed(body, list)
    )


def rows(body: Any) -> list[dict[str, Any]]:  # noqa: ANN401 -- JSON
    """`POST …/database/query`."""
    return [typed(row, dict) for row in typed(body, list)]


def typed(value: object, kind: type[T]) -> T:
    """The value, if it is of the type that the API promises."""
    if not isinstance(value, kind):
        raise TypeError(f"{type(value).__name__} instead of {kind.__name__}")
    return value


def _optional(value: object, kind: type[T]) -> T | None:
    return None if value is None else typed(value, kind)


def _milliseconds(value: float | None) -> datetime | None:
    return None if value is None else datetime.fromtimestamp(value / 1000, UTC)


def iso(value: object) -> datetime | None:
    """An RFC 3339 time in UTC."""
    if not isinstance(value, str):
        return None
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def log_time(value: object) -> datetime | None:
    """A log's time: RFC 3339, ClickHouse's own form, or microseconds since 1970."""
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value / 1_000_000, UTC)
    return iso(value)
