"""An HTTP answer, as every client hands it on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An HTTP answer. Header names are lower case; `elapsed_s` is seconds."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    elapsed_s: float = 0.0

    @property
    def text(self) -> str:
        """The body as text; what is no UTF-8 is replaced."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:  # noqa: ANN401 -- whatever the other side sent
        """The body as JSON, or None where it is none (garbage, HTML, empty, nested too deep)."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return None
