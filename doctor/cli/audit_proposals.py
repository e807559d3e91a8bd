"""The rows of an audit diagnosed once it is known which disagree, and the script that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.base import files
from backup_doctor.cli.stderr import tell

if TYPE_CHECKING:
    from pathlib import Path

    from backup_doctor.base.redaction import Redactor
    from backup_doctor.run.audit.model import DisagreeingRows, Item, Proposals
    from backup_doctor.run.audit.run import Audit


class Proposing:
    """What would set the rows right, where any may be chosen."""

    def __init__(self, audit: Audit, redactor: Redactor, rows: DisagreeingRows | None) -> None:
        self.rows = rows
        self.found: Proposals | None = None
        self.failed = False
        self._audit = audit
        self._redactor = redactor

    def take(self, item: Item) -> None:
        """One disagreement."""
        if self.rows is not None:
            self.rows.take(item)

    def run(self) -> None:
        """Diagnose them. What fails here costs the audit nothing but this."""
        if self.rows is None:
            return
        from backup_doctor.run.audit.proposals import propose

        try:
            audit = self._audit
            self.found = propose(audit.settings, audit.deadline, self.rows, self._redactor)
        except Exception as error:  # noqa: BLE001 -- the audit itself is told all the same
            self.failed = True
            tell(f"The rows were not diagnosed: an error in the tool itself: {error!r}.")

    def write(self, file: Path | None) -> bool:
        """Write the script, if it was asked for; whether that worked."""
        if file is None:
            return not self.failed
        if self.found is None:
            return False
        try:
            files.write(file, self.found.script)
        except OSError as error:
            tell(f"The script could not be written to {file}: {error.strerror or error}.")
            return False
        return True
