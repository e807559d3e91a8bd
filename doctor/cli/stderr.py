"""Standard error: messages for the person, and none of them holds a secret."""

from __future__ import annotations

import os
import sys
import traceback
from typing import TYPE_CHECKING

from doctor.quoting import for_terminal

if TYPE_CHECKING:
    from doctor.redaction import Redactor

PROGRAM = "backup-doctor"
_in_use: list[Redactor] = []


def keep_out(redactor: Redactor) -> None:
    """From now on, what this redactor knows does not appear; until then, what the environment has."""
    _in_use[:] = [redactor]


def tell(message: str) -> None:
    """A message for the person."""
    show(f"{PROGRAM}: {message}\n")


def show_traceback() -> None:
    """The traceback of the exception that is being handled, for BACKUP_DOCTOR_DEBUG."""
    show(traceback.format_exc())


def show(text: str) -> None:
    """The text as it is, but for secrets and what would steer the terminal."""
    sys.stderr.write(for_terminal(_redacted(text)))


def _redacted(text: str) -> str:
    if not _in_use:
        from doctor.cli.secrets import environment_secrets
        from doctor.redaction import Redactor

        keep_out(Redactor(environment_secrets(os.environ), words=""))
    return _in_use[-1].text(text)
