"""The formats of a sweep."""

from __future__ import annotations

from enum import StrEnum


class SweepFormat(StrEnum):
    """What `sweep --format` takes."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"
    HTML = "html"
    PROMETHEUS = "prometheus"
