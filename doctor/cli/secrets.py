"""Every credential that the doctor was given, kept out of all that it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.base.immutable import Immutable
from backup_doctor.base.redaction import Redactor
from backup_doctor.settings.table import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from backup_doctor.settings.model import Settings

# Read by boto3 and libpq themselves.
READ_BY_LIBRARIES = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "PGPASSWORD")


def redactor_for(
    settings: Settings, environ: Mapping[str, str], secrets: Iterable[str] = ()
) -> Redactor:
    """Knows the settings' credentials, those of the environment that were not taken, and `secrets`."""
    names = settings.names
    shown = (names.table, names.function, names.repository, names.bucket, names.project_ref)
    return Redactor(
        (*_held(settings), *environment_secrets(environ), *secrets), public=filter(None, shown)
    )


def environment_secrets(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The values of all variables that the doctor knows to hold a credential."""
    named = [name for setting in BY_NAME.values() if setting.secret for name in setting.variables]
    given = (environ.get(name, "") for name in (*named, *READ_BY_LIBRARIES))
    return tuple(filter(None, given))


def _held(value: object) -> Iterator[str]:
    from backup_doctor.settings.model import Secret

    if isinstance(value, Secret):
        yield value.reveal()
    elif isinstance(value, tuple):
        for one in value:
            yield from _held(one)
    elif isinstance(value, Immutable):
        for field in value.__struct_fields__:
            yield from _held(getattr(value, field))
