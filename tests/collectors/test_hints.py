"""What those are told who ask ahead, by several threads."""

from __future__ import annotations

from concurrent.futures import Future
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from backup_doctor.collect.sources import Hints
from backup_doctor.evidence.object import StoredObject

if TYPE_CHECKING:
    import pytest

MADE = datetime(2026, 1, 15, 2, 14, 5, tzinfo=UTC)


def test_of_two_files_found_at_the_same_moment_the_first_is_the_hint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It was taken for an error in the tool: whoever came second had not seen the first."""
    monkeypatch.setattr(Future, "done", lambda _: False)
    hints = Hints()
    first, second = (
        StoredObject(key=f"backups/{name}.zip", size=5, modified_at=MADE, etag="e")
        for name in ("first", "second")
    )

    hints.found(first)
    hints.found(second)

    assert hints.file(timeout_s=1.0) == first
