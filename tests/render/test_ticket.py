"""The Markdown, read by a CommonMark parser as ticket systems use one: with HTML and without."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from backup_doctor.report.render import Format
from backup_doctor.report.render.to_markdown import fitting
from tests.render.fixtures import ALL, HOSTILE, HOSTILE_TEXT, REAL
from tests.render.rendering import everywhere, rendered

if TYPE_CHECKING:
    from markdown_it.token import Token

    from backup_doctor.evidence.findings import Report

# GitHub and GitLab let some HTML through; Jira's importer takes none.
READERS = {
    "github": MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]),
    "jira": MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]),
}
OURS = {"<details>", "</details>", "<summary>", "</summary>"}


def ticket(which: Report) -> str:
    return rendered(which, Format.MARKDOWN)


def tokens(which: Report, reader: str) -> list[Token]:
    every = READERS[reader].parse(ticket(which))
    return [*every, *(child for one in every for child in one.children or ())]


def blocks(which: Report, reader: str) -> list[str]:
    return [one.content for one in tokens(which, reader) if one.type == "fence"]


@pytest.mark.parametrize("reader", READERS)
def test_the_fix_is_a_code_block_of_its_own(reader: str) -> None:
    assert f"{REAL.fix_sql}".strip() in [block.strip() for block in blocks(REAL, reader)]


@pytest.mark.parametrize("reader", READERS)
def test_every_table_has_the_columns_of_its_head(reader: str) -> None:
    table: list[str] = [one.type for one in tokens(HOSTILE, reader)]

    assert table.count("td_open") == len(HOSTILE.results) * 3 + 2 * len(HOSTILE.timeline)


@pytest.mark.parametrize("name", ALL)
def test_the_only_html_is_what_folds_the_evidence(name: str) -> None:
    html = [one.content for one in tokens(ALL[name], "github") if one.type.startswith("html")]

    for piece in html:
        names = piece.replace("><", "> <").replace("<", " <").replace(">", "> ").split()
        assert {one for one in names if one.startswith("<")} <= OURS, piece


@pytest.mark.parametrize("reader", READERS)
def test_hostile_text_makes_no_link_image_or_heading(reader: str) -> None:
    found = tokens(HOSTILE, reader)

    assert not [one for one in found if one.type == "image"]
    assert not [one for one in found if "evil" in str(one.attrs.get("href", ""))]
    assert (
        len([one for one in found if one.type == "heading_open"])
        == ticket(HOSTILE).count("\n##") + 1
    )


@pytest.mark.parametrize("reader", READERS)
def test_hostile_text_to_paste_stays_within_its_block(reader: str) -> None:
    whole = [block for block in blocks(HOSTILE, reader) if "DROP TABLE" in block]

    assert len(whole) == 4  # a command to fix it, two pieces of evidence, a command
    assert all("at the start of a line" in block and "````" in block for block in whole)
    assert "<script>" in HOSTILE_TEXT


@given(text=st.text(alphabet="`~\n <>&|*_[]()#\\\"'$-x", max_size=60))
def test_no_text_at_all_breaks_out(text: str) -> None:
    found = tokens(everywhere(f"x{text}y"), "github")

    html = "".join(one.content for one in found if one.type.startswith("html"))
    assert html.count("<details>") == html.count("</details>") == 2
    assert not [one for one in found if one.type in ("image", "link_open") and one.attrs.get("src")]


def test_a_ticket_never_grows_longer_than_github_takes() -> None:
    text = rendered(everywhere("long\n" * 30_000), Format.MARKDOWN)

    assert len(text) <= 65_536
    assert text.startswith("## ❌ FAILING: `row/missing`")


def test_what_no_longer_fits_is_left_out_whole_with_a_note() -> None:
    text = fitting(["first\n", "### Long\n" + "x" * 2_000 + "\n", "last\n"], 1_000)

    assert text.startswith("first\n\nlast\n")
    assert "JSON report" in text
    assert "Left out: `Long`" in text
    assert "xxx" not in text
    assert len(text) <= 1_000


def test_every_fence_of_a_hostile_ticket_is_closed() -> None:
    open_fence = ""
    for line in rendered(HOSTILE, Format.MARKDOWN).splitlines():
        fence = re.match(r"`{3,}", line)
        if fence and not open_fence:
            open_fence = fence[0]
        elif fence and line == open_fence:
            open_fence = ""
        elif not open_fence:
            assert "<script" not in re.sub(r"(`+).*?\1(?!`)", "", line)

    assert not open_fence
