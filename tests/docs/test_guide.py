"""The troubleshooting guide's page: what is linked to it is there, and what it shows works."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import yaml

from backup_doctor.demo.world import Servers, World
from backup_doctor.evidence.columns import GUIDE_COLUMNS
from backup_doctor.judge import explanation
from backup_doctor.judge.explanation import GUIDE, guide_urls
from backup_doctor.judge.registry import load_checks
from backup_doctor.services.printed_secrets import printed_by_script
from tests.docs.pages import blocks, page, section
from tests.e2e.doctoring import psql

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = page("guide.md")
HEADINGS = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
DEBUG_STEP = yaml.safe_load(blocks(section(PAGE, "A debug step"), "yaml")[0])[0]["run"]
SECRETS = frozenset({"BACKUP_API_KEY", "SUPABASE_URL"})


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with Servers.start() as servers, World(servers) as made:
        yield made


def test_every_part_that_docstrings_name_is_a_heading_of_the_page() -> None:
    anchors = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in HEADINGS}

    assert set(GUIDE.values()) <= anchors


def test_each_step_names_the_check_that_replaces_it() -> None:
    for one in load_checks().checks:
        if one.check.step:
            title = next(t for t in HEADINGS if t.startswith(f"Step {one.check.step}:"))
            assert f"(findings.md#{one.check.name})" in section(PAGE, title)


def test_without_an_address_of_the_docs_the_guide_is_named_by_its_path(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(explanation, "pages_url", lambda: "")

    assert guide_urls("Guide, step 3; GitHub; guide, prevention.") == (
        "docs/guide.md#step-3-the-row",
        "docs/guide.md#prevention",
    )


def test_the_debug_step_prints_no_secret_and_the_line_that_it_warns_of_does() -> None:
    warned = re.findall(r"`(\$\{BACKUP_API_KEY[^`]+)`", section(PAGE, "A debug step"))

    assert not list(printed_by_script(DEBUG_STEP.splitlines(), SECRETS))
    assert [list(printed_by_script([f'echo "{line}"'], SECRETS)) for line in warned] == [
        ["BACKUP_API_KEY"]
    ]


def test_the_queries_of_the_page_run_in_the_pipelines_database(world: World) -> None:
    dispatch_id = world.insert_row()
    printed = [
        psql(world, sql.replace("your-dispatch-id-here", dispatch_id))
        for sql in blocks(PAGE, "sql")
    ]

    assert "in_progress" in printed[0]
    assert "| success |" in printed[1]


def test_the_query_of_step_3_shows_every_column() -> None:
    select = blocks(section(PAGE, "Step 3: the row"), "sql")[0]

    assert [name for name in GUIDE_COLUMNS if name not in select] == []
