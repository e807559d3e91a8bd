"""What every command that looks at the world begins with: settings, and a log without secrets."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from backup_doctor.cli.codes import UsageError
from backup_doctor.cli.secrets import redactor_for
from backup_doctor.cli.stderr import keep_out, tell
from backup_doctor.settings.first_steps import anything_configured, first_steps
from backup_doctor.settings.load import Flags, SettingsError, load

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backup_doctor.base.redaction import Redactor
    from backup_doctor.settings.model import Settings


class SettingsFlags(Protocol):
    """The flags that say where the settings are, and how much is said of the work."""

    @property
    def config(self) -> tuple[Path, ...]:
        """The configuration files that were named."""

    @property
    def trust_config(self) -> bool:
        """Whether a file may name the hosts that credentials are sent to."""

    @property
    def project(self) -> str | None:
        """Which of the projects in the file, if one was named."""

    @property
    def probe_function(self) -> bool:
        """Whether the function may be called with a body."""

    @property
    def no_probe(self) -> bool:
        """Whether it may never be."""

    @property
    def verbose(self) -> bool:
        """Whether warnings of libraries are shown."""


def set_up(asked: SettingsFlags, secrets: Iterable[str] = ()) -> tuple[Settings, Redactor]:
    """The settings, and the redactor that knows their credentials and further `secrets`.

    Raises:
        UsageError: the configuration cannot be used, or there is none.
    """
    settings = _settings(asked)
    redactor = redactor_for(settings, os.environ, secrets)
    keep_quiet(redactor, verbose=asked.verbose)
    return settings, redactor


def _settings(asked: SettingsFlags) -> Settings:
    if asked.probe_function and asked.no_probe:
        raise UsageError("--probe-function and --no-probe cannot both be given.")
    flags = Flags(
        config=asked.config,
        trust_config=asked.trust_config,
        project=asked.project,
        probe_function=asked.probe_function,
        no_probe=asked.no_probe,
    )
    try:
        settings = load(flags, environ=os.environ, cwd=Path.cwd())
    except SettingsError as error:
        raise UsageError(str(error)) from None
    if not anything_configured(settings):
        raise UsageError(first_steps())
    return settings


def keep_quiet(redactor: Redactor, *, verbose: bool) -> None:
    """Send the log of all libraries to standard error, without secrets; warnings go with it."""
    keep_out(redactor)

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            tell(record.getMessage())

    level = logging.WARNING if verbose else logging.CRITICAL
    logging.basicConfig(handlers=[Handler()], level=level, force=True)
    logging.captureWarnings(capture=True)
