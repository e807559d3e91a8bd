"""Hides secrets in a log as GitHub's runner does.

Masked are the trimmed value and each of its trimmed lines, however short, and what each becomes
in base64 (at any of three offsets), in JSON, in a URI and in XML. Touching finds become one `***`.
Source: actions/runner, src/Runner.Worker/Worker.cs, src/Sdk/DTLogging/Logging/SecretMasker.cs.
"""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MASK = "***"
XML_QUOTES = {'"': "&quot;", "'": "&apos;"}


class Masker:
    """Replaces every form of the secrets that it was given."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._hidden: set[str] = set()
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Hide `secret` from now on."""
        for part in {secret.strip(), *(line.strip() for line in secret.splitlines())}:
            if part:
                self._hidden.update(form for form in _forms(part) if form)

    def mask(self, text: str) -> str:
        """Return `text` with `***` in place of secrets."""
        end = 0
        pieces = []
        for start, stop in _merged(sorted(self._finds(text))):
            pieces += [text[end:start], MASK]
            end = stop
        return "".join([*pieces, text[end:]])

    def _finds(self, text: str) -> Iterator[tuple[int, int]]:
        for hidden in self._hidden:
            # The look-ahead finds occurrences that overlap each other.
            for found in re.finditer(f"(?={re.escape(hidden)})", text):
                yield found.start(), found.start() + len(hidden)


def _merged(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    current: tuple[int, int] | None = None
    for start, stop in spans:
        if current and start <= current[1]:
            current = current[0], max(current[1], stop)
            continue
        if current:
            yield current
        current = start, stop
    if current:
        yield current


def _forms(secret: str) -> Iterator[str]:
    raw = secret.encode()
    yield secret
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield quote(secret, safe="")
    yield escape(secret, XML_QUOTES)
    for shift in range(3):
        # Only whole groups of three bytes look the same whatever surrounds them.
        whole = len(raw) if shift == 0 else (len(raw) - shift) // 3 * 3
        yield base64.b64encode(raw[shift : shift + whole]).decode()
