"""The formats of a report, and which ending of a file means which."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from backup_doctor.base.immutable import Immutable

if TYPE_CHECKING:
    from datetime import tzinfo
    from pathlib import Path


class Format(StrEnum):
    """What `--format` takes."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"
    HTML = "html"
    JUNIT = "junit"
    GITHUB = "github"


ENDINGS = {
    ".md": Format.MARKDOWN,
    ".json": Format.JSON,
    ".html": Format.HTML,
    ".xml": Format.JUNIT,
    ".txt": Format.TEXT,
}


class Look(Immutable, frozen=True, kw_only=True):
    """How a report is to look. `width` is in columns; `zone` None is the local time zone.

    `template_dir` holds templates of the user's own, which go before the built-in ones of the same
    name. `longest` is what a ticket may have, in characters: GitHub's limit for an issue or a comment.
    """

    colour: bool = False
    width: int = 80
    zone: tzinfo | None = None
    template_dir: Path | None = None
    verbose: bool = False
    longest: int = 65_536
