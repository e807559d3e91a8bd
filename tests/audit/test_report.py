"""What an audit's report shows, as text, as Markdown and as a page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.report.render.charts import in_units
from backup_doctor.report.render.formats import Look
from backup_doctor.run.audit.model import DisagreementKind, Item
from backup_doctor.run.audit.picture import draw
from backup_doctor.run.audit.rendering import as_html, as_json, as_markdown, as_text
from backup_doctor.run.audit.summary import Examples, KindSection, Summary, summarize
from backup_doctor.run.audit.table import Day
from tests.audit.scene import FOLDER, Scene
from tests.audit.sides import Backup, MemoryBucket, MemoryTable, audited
from tests.render.browser import LOOKS, assert_well_made, opened
from tests.render.fixtures import HOSTILE_TEXT

if TYPE_CHECKING:
    from pathlib import Path

AGREED = "Every successful row has its object, and every object its row."
DENIED = Unseen(why=Why.DENIED, what="The bucket may not be listed.", remedy="Allow s3:ListBucket.")


def summary(**changes: Any) -> Summary:
    """One of an audit that found nothing; `changes` are its fields."""
    base = {
        "table": "public.backup_history",
        "bucket": "s3://acme/backups/",
        "verdict": "clean",
        "rows": "3 rows: 2 success, 1 stuck",
        "read": "read through psycopg at 2026-01-15 12:00:00 UTC",
        "objects": "2 objects, 12.3 GB",
        "listed": "listed now",
        "sections": [],
        "total": 0,
        "gaps": [],
        "notes": [],
    }
    return Summary(**{**base, **changes})


def found(*items: Item, count: int | None = None) -> dict[str, Any]:
    """The fields of a summary with these examples, all of one kind."""
    of, total = items[0].kind, count or len(items)
    section = KindSection(
        kind=of, meaning=f"what {of} means", to_do="Look.", count=total, examples=[*items]
    )
    return {"verdict": "not clean", "sections": [section], "total": total}


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_both_sides_and_the_verdict_are_told_of_a_real_audit(scene: Scene, form: str) -> None:
    scene.row(scene.put(f"{FOLDER}/a.zip", 1234), size=1234)
    scene.row(None, "in_progress", None)

    done = scene.command("--format", form)

    text = " ".join(done.stdout.split())
    assert (done.returncode, done.stderr) == (0, "")
    assert "audit: clean" in text.lower() or text.startswith("CLEAN")
    for told in ("2 rows: 1 success, 1 stuck", "1 object, 1,234 bytes", "read through psycopg"):
        assert told in text
    assert AGREED in text


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_each_kind_comes_with_its_number_its_meaning_and_the_first_of_it(
    scene: Scene, form: str
) -> None:
    scene.whole()
    missing = [scene.row(f"{FOLDER}/gone-{at}.zip") for at in range(3)]
    orphan = scene.put(f"{FOLDER}/orphan.zip")

    done = scene.command("--format", form, "--limit", "1")

    text = " ".join(done.stdout.split())
    assert done.returncode == 1
    for told in ("missing-object", "its object is not in the bucket", "and 2 more"):
        assert told in text
    assert sum(row in text for row in missing) == 1
    for told in ("orphan-object", "no row of any status names the object", orphan):
        assert told in text
    assert AGREED not in text


def test_text_says_of_an_example_what_each_side_has() -> None:
    row_id = "b7d1a2f0-9c3e-4d5f-a6b7-89abcdef0123"
    sized = Item(
        kind=DisagreementKind.SIZE_MISMATCH,
        backup_id=row_id,
        s3_key="backups/a.zip",
        row_size=20_000,
        object_size=5,
    )
    orphan = Item(kind=DisagreementKind.ORPHAN_OBJECT, s3_key="backups/b.zip", object_size=7)
    keyless = Item(kind=DisagreementKind.MISSING_OBJECT, backup_id=row_id)

    sizes, object_alone, row_alone = (
        as_text(summary(**found(one)), Look(width=120)) for one in (sized, orphan, keyless)
    )

    assert f"row {row_id}: 20.0 kB in the row, 5 bytes in the bucket" in sizes
    assert "backups/b.zip" in object_alone
    assert "no row, 7 bytes" in object_alone
    assert "(no key)" in row_alone


@pytest.mark.parametrize("render", [as_text, as_markdown])
def test_what_was_not_seen_comes_with_what_would_enable_it(render: Any) -> None:
    text = render(summary(verdict="incomplete", gaps=[DENIED], notes=["A note."]), Look())

    assert "The bucket may not be listed. Allow s3:ListBucket." in text
    assert "A note." in text
    assert AGREED not in text, "nothing is known of what was not listed"


def test_a_gap_that_both_sides_met_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {f"backups/{letter}.zip": "10" for letter in "abcdef"}
    table = MemoryTable([Backup(key, key) for key in keys], breaks_after=2)

    _, audit = audited(monkeypatch, table, MemoryBucket(keys, breaks_at="backups/d.zip"))
    made = summarize(audit, Examples(limit=10))

    assert len(audit.totals.gaps) == 2
    assert made.verdict == "incomplete"
    assert len(made.gaps) == 1


def test_a_table_that_nobody_read_is_said_not_to_have_been(scene: Scene) -> None:
    _, audit = scene.audit(SUPABASE_DB_URL="", SUPABASE_ACCESS_TOKEN="", SUPABASE_URL="")

    made = summarize(audit, Examples(limit=10))

    assert (made.rows, made.read, made.verdict) == ("0 rows", "not read", "incomplete")


def test_no_key_reorders_a_terminals_line_or_commands_a_ci_runner_in_json() -> None:
    key = "backups/ä##[error]\u202e\x9b2J\x7f.zip"

    line = as_json(Item(kind=DisagreementKind.ORPHAN_OBJECT, s3_key=key, object_size=1))

    assert line.isascii()
    assert line.isprintable()
    assert "##[" not in line
    assert json.loads(line)["s3_key"] == key


def test_a_hostile_key_stays_in_its_cell_of_a_ticket() -> None:
    item = Item(kind=DisagreementKind.ORPHAN_OBJECT, s3_key=HOSTILE_TEXT, object_size=1)

    lines = as_markdown(summary(**found(item), notes=[HOSTILE_TEXT]), Look()).splitlines()

    (row,) = [line for line in lines if "DROP TABLE" in line and line.startswith("|")]
    (note,) = [line for line in lines if "DROP TABLE" in line and not line.startswith("|")]
    assert row.endswith("|  | 1 byte |")
    assert "\\| **b**" in row, "a pipe would begin another cell"
    assert "<script>" not in note
    assert lines.count("</details>") == 1


@pytest.mark.parametrize(
    ("size", "told"),
    [
        (None, "?"),
        (0, "0 bytes"),
        (1, "1 byte"),
        (9_999, "9,999 bytes"),
        (10_000, "10.0 kB"),
        (12_345_678_901, "12.3 GB"),
        (10**19, "10,000.0 PB"),
    ],
)
def test_sizes_are_told_in_units_that_can_be_read(size: int | None, told: str) -> None:
    assert in_units(size) == told


def everything() -> str:
    """A page with everything that there can be on one."""
    row_id = "b7d1a2f0-9c3e-4d5f-a6b7-89abcdef0123"
    sections = [
        KindSection(
            kind=kind,
            meaning="what it means",
            to_do="What to do about it.",
            count=3,
            examples=[
                Item(kind=kind, backup_id=row_id, s3_key=text, row_size=12_345, object_size=5),
                Item(kind=kind),
            ],
        )
        for kind in DisagreementKind
        for text in (HOSTILE_TEXT, f"backups/2026/01/15/backup-{row_id}.zip")
    ]
    days = [
        Day(day=f"2026-01-{at:02}", state=state, rows=1, bytes=10 * at)
        for at, state in enumerate(("success", "failed", "stuck", "running", "success"), 1)
    ]
    made = summary(
        verdict="not clean",
        sections=sections,
        total=1_234,
        gaps=[DENIED, Unseen(why=Why.DENIED, what=HOSTILE_TEXT)],
        notes=[HOSTILE_TEXT],
    )
    return as_html(made, draw(days, {"2026-01-09": 2}), Look())


def test_nothing_is_wrong_with_the_page_in_any_theme_and_width(tmp_path: Path) -> None:
    looks = opened({"audit": everything()}, tmp_path)["audit"]["looks"]

    assert looks.keys() == {*LOOKS}
    for looked in looks.values():
        assert_well_made(looked)


def test_a_bucket_that_nobody_could_read_is_not_said_to_be_empty(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, audit = audited(monkeypatch, MemoryTable([]), MemoryBucket({}))

    empty = summarize(audit, Examples(limit=1))
    audit.totals.gaps.append(
        Unseen(why=Why.DENIED, what="S3 denies s3:ListBucket.", dependency="S3")
    )
    unread = summarize(audit, Examples(limit=1))

    assert (empty.objects, empty.listed) == ("0 objects, 0 bytes", "listed now")
    assert (unread.objects, unread.listed) == ("not listed", "could not be read")
