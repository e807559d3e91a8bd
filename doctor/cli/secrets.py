"""Every credential that the doctor was given, for the redactor."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING

from doctor.settings.model import Secret
from doctor.settings.table import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from doctor.settings.model import Settings

# Read by boto3 and libpq themselves.
READ_BY_LIBRARIES = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "PGPASSWORD")


def configured_secrets(settings: Settings, environ: Mapping[str, str]) -> tuple[str, ...]:
    """The settings' credentials, and those of the environment that were not taken."""
    named = [name for setting in BY_NAME.values() if setting.secret for name in setting.env]
    given = (environ.get(name, "") for name in (*named, *READ_BY_LIBRARIES))
    return tuple(secret for secret in (*_held(settings), *given) if secret)


def _held(value: object) -> Iterator[str]:
    if isinstance(value, Secret):
        yield value.reveal()
    elif is_dataclass(value):
        for field in fields(value):
            yield from _held(getattr(value, field.name))
