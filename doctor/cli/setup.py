"""What every command that looks at the world begins with: settings, and a log without secrets."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from doctor.cli.codes import UsageError
from doctor.cli.secrets import redactor_for
from doctor.cli.stderr import keep_out, tell
from doctor.settings.load import Flags, SettingsError, anything_configured, first_steps, load

if TYPE_CHECKING:
    from collections.abc import Iterable

    from doctor.redaction import Redactor
    from doctor.settings.model import Settings


class Wanted(Protocol):
    """The flags that say where the settings are, and how much is said of the work."""

    @property
    def config(self) -> Path | None:
        """The configuration file."""

    @property
    def trust_config(self) -> bool:
        """Whether a file may name the hosts that credentials are sent to."""

    @property
    def probe_function(self) -> bool:
        """Whether the function may be called with a body."""

    @property
    def verbose(self) -> bool:
        """Whether warnings of libraries are shown."""


def set_up(asked: Wanted, secrets: Iterable[str] = ()) -> tuple[Settings, Redactor]:
    """The settings, and the redactor that knows their credentials and further `secrets`.

    Raises:
        UsageError: the configuration cannot be used, or there is none.
    """
    settings = _settings(asked)
    redactor = redactor_for(settings, os.environ, secrets)
    keep_out(redactor)
    _log_redacted(verbose=asked.verbose)
    return settings, redactor


def _settings(asked: Wanted) -> Settings:
    flags = Flags(
        config=asked.config,
        trust_config=asked.trust_config,
        probe_function=asked.probe_function,
    )
    try:
        settings = load(flags, environ=os.environ, cwd=Path.cwd())
    except SettingsError as error:
        raise UsageError(str(error)) from None
    if not anything_configured(settings):
        raise UsageError(first_steps())
    return settings


def _log_redacted(*, verbose: bool) -> None:
    """Send the log of all libraries to standard error, without secrets; warnings go with it."""

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            tell(record.getMessage())

    level = logging.WARNING if verbose else logging.CRITICAL
    logging.basicConfig(handlers=[Handler()], level=level, force=True)
    logging.captureWarnings(capture=True)
