"""The walk along two streams finds what plain sets find, in any table and any bucket."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.audit.sides import Backup, MemoryBucket, MemoryTable, audited, naive, told

pytestmark = pytest.mark.slow

IDS = ("7c9e6679-7425-40de-944b-e07fc1f90ae7", "nightly-42", "Nightly-43", "42")
KEYS = (
    *(f"backups/2026/01/{day:02}/backup-{one}.zip" for day in (14, 15) for one in IDS),
    *(f"backups/2026/0{month}/x.zip" for month in range(1, 8)),
    "backups/a b.zip",
    "backups/a%20b.zip",
    "backups/a+b.zip",
    "backups/ä.zip",
    "backups/\U0001f512.zip",
    "backups/\uffee.zip",
    "backups/line\nbreak.zip",
    "backups/",
    "/backups/a b.zip",
    "acme/backups/2026/01/x.zip",
    "archive/old.zip",
    "archive/older.zip",
    "zebra.zip",
)
WRITTEN = st.sampled_from(
    ("{}", "{}", "{}", "/{}", "s3://acme/{}", "s3://other/{}", "https://acme.s3.amazonaws.com/{}")
)
TEXTS = st.one_of(
    st.none(),
    st.sampled_from(("", "/", "***", " backups/a b.zip ")),
    st.builds(str.format, WRITTEN, st.sampled_from(KEYS)),
)
WHOLE = "backups/whole.zip"
SIZES = st.sampled_from(("10", "20"))
ROWS = st.lists(
    st.tuples(
        TEXTS,
        st.sampled_from(("success", "success", "failed", "running", "stuck")),
        st.one_of(st.none(), SIZES),
        st.sampled_from(IDS),
    ),
    max_size=12,
)
OBJECTS = st.dictionaries(st.sampled_from(KEYS), SIZES, max_size=20)


@given(rows=ROWS, objects=OBJECTS)
@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_streams_find_what_sets_find(
    rows: list[tuple[str | None, str, str | None, str]],
    objects: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # One row with its object: else the bucket is taken for another pipeline's.
    backups = [Backup("whole", WHOLE), *(Backup(f"{at:02}", *row) for at, row in enumerate(rows))]
    objects = objects | {WHOLE: "10"}

    items, _ = audited(monkeypatch, MemoryTable(backups), MemoryBucket(objects))

    found = [
        (kind, "any" if kind == "duplicate-key" else row, key) for kind, row, key in told(items)
    ]
    assert sorted(found, key=str) == naive(backups, objects)
