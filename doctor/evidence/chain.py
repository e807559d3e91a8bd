"""The pipeline as a chain of links: a backup is right when every link held."""

from __future__ import annotations

from enum import IntEnum


class Link(IntEnum):
    """One link of the pipeline's chain, in the order in which a backup passes them."""

    ROW_CREATED = 1
    RUN_STARTS = 2
    BACKUP_MADE = 3
    FILE_UPLOADED = 4
    FUNCTION_UPDATES = 5
    FALLBACK_UPDATES = 6
    STAYS_SO = 7

    @property
    def title(self) -> str:
        """The link as a person would say it."""
        return _TITLES[self]

    @property
    def code(self) -> str:
        """The link's name in the JSON report."""
        return _CODES[self]


_TITLES = {
    Link.ROW_CREATED: "the row is created",
    Link.RUN_STARTS: "the run starts",
    Link.BACKUP_MADE: "the backup is made",
    Link.FILE_UPLOADED: "the file is uploaded",
    Link.FUNCTION_UPDATES: "the function updates the row",
    Link.FALLBACK_UPDATES: "the fallback updates the row",
    Link.STAYS_SO: "the row stays right",
}
_CODES = {
    Link.ROW_CREATED: "row-created",
    Link.RUN_STARTS: "run-started",
    Link.BACKUP_MADE: "backup-made",
    Link.FILE_UPLOADED: "file-uploaded",
    Link.FUNCTION_UPDATES: "first-update",
    Link.FALLBACK_UPDATES: "other-updates",
    Link.STAYS_SO: "stays",
}
