"""Hostile text stays text, wherever it is shown."""

from __future__ import annotations

import re
import shlex
import subprocess
import xml.etree.ElementTree as ET

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from backup_doctor.base import quoting

ANY_TEXT = st.text(st.characters(), max_size=200)


@given(ANY_TEXT)
def test_a_terminal_gets_no_control_or_bidi_character(text: str) -> None:
    shown = quoting.for_terminal(text).replace(quoting.ZERO_WIDTH, "")

    assert shown == quoting.visible(shown, keep="\n")


def test_an_escape_sequence_is_shown_and_not_obeyed() -> None:
    assert quoting.for_terminal("\x1b[2Jgone\u202e\r") == r"\x1b[2Jgone\u202e\r"


@pytest.mark.parametrize("command", ["::error::x", "  ::set-output name=a::b", "x ##[error]y"])
def test_a_ci_runner_sees_no_command_in_what_a_terminal_gets(command: str) -> None:
    shown = quoting.for_terminal(f"log\n{command}")

    assert not re.search(r"^\s*::", shown, re.MULTILINE)
    assert "##[" not in shown


@given(ANY_TEXT)
def test_inline_markdown_stays_on_one_line(text: str) -> None:
    assert len(quoting.for_markdown_inline(text).splitlines()) <= 1


@pytest.mark.parametrize(
    ("hostile", "escaped"),
    [
        ("<script>", "&lt;script&gt;"),
        ("[x](http://e)", "\\[x\\](http:\u200b//e)"),
        ("a | b", "a \\| b"),
        ("**bold** `code`", "\\*\\*bold\\*\\* \\`code\\`"),
        ("s3://b/k", "s3://b/k"),
        ("@admin", "@\u200badmin"),
        ("fixes #12", "fixes #\u200b12"),
        ("www.example.org", "www.\u200bexample.org"),
        ("# heading", "\\# heading"),
        ("1. item", "1\\. item"),
        ("0.1.0", "0.1.0"),
        ("&lt;", "&amp;lt;"),
        ("backup_history", "backup_history"),
        ("_it_", "\\_it\\_"),
        ("two\nlines", "two lines"),
    ],
)
def test_markdown_in_a_sentence_is_text(hostile: str, escaped: str) -> None:
    assert quoting.for_markdown_inline(hostile) == escaped


@given(ANY_TEXT)
def test_a_fence_holds_whatever_is_inside(text: str) -> None:
    first, *body, last = quoting.markdown_fence(text, "sql").split("\n")

    assert first == last + "sql"
    assert all(last not in line for line in body)


@given(ANY_TEXT)
def test_a_code_span_is_not_ended_by_its_content(text: str) -> None:
    span = quoting.markdown_code(text)

    ticks = re.match("`*", span)
    assert ticks is not None
    inside = span[len(ticks[0]) : -len(ticks[0])] if span else ""
    assert not any(len(run) == len(ticks[0]) for run in re.findall("`+", inside))
    assert "\n" not in span


def test_a_pipe_is_a_pipe_in_a_code_span_and_ends_no_cell_of_a_table() -> None:
    assert quoting.markdown_code("gzip | aws s3 cp") == "`gzip | aws s3 cp`"
    assert quoting.markdown_code_in_cell("gzip | aws s3 cp") == "`gzip \\| aws s3 cp`"


def test_a_workflow_command_keeps_its_text_on_one_line() -> None:
    assert quoting.for_workflow_command("50%\nof ##[error]") == "50%25%0Aof ##\u200b[error]"
    assert quoting.for_workflow_property("a:b,c\nd") == "a%3Ab%2Cc d"


@given(ANY_TEXT)
def test_a_workflow_command_never_spans_lines(text: str) -> None:
    for quote in (quoting.for_workflow_command, quoting.for_workflow_property):
        assert len(quote(text).splitlines()) <= 1


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc", "Zs"])))
def test_a_shell_reads_back_the_same_word(text: str) -> None:
    assume("##[" not in text)

    assert shlex.split(quoting.for_shell(text)) == [text]


@given(ANY_TEXT)
def test_no_way_to_the_reader_changes_a_word_for_the_shell(text: str) -> None:
    word = quoting.for_shell(text)

    assert quoting.for_terminal(quoting.one_line(f"run {word}")) == f"run {word}"


@pytest.mark.parametrize(
    "text",
    [
        "a\nb",
        "it's \x1b[1m",
        "back\\slash\t'quote'",
        "$(id)\n`id`",
        "nightly  2026",
        "nightly\u00a02026",
        "of ::error::x ##[error]y",
    ],
)
def test_bash_reads_control_characters_back_as_they_were(text: str) -> None:
    printed = subprocess.run(
        ["bash", "-c", f"printf %s {quoting.for_shell(text)}"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert printed.stdout == text


@given(ANY_TEXT)
def test_xml_is_well_formed_with_any_text_inside(text: str) -> None:
    escaped = quoting.for_xml(text)

    read = ET.fromstring(f'<a b="{escaped}">{escaped}</a>')
    assert read.text or not text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("set `a_b` in *.toml, then `c`", r"set `a_b` in \*.toml, then `c`"),
        ("`a`", "`a`"),
        ("one ` alone", r"one \` alone"),
        ("``two`` of them", r"\`\`two\`\` of them"),
        ("`x|y` <b>", "`x|y` &lt;b&gt;"),
        ("", ""),
    ],
)
def test_what_stands_between_backticks_is_code(text: str, shown: str) -> None:
    assert quoting.with_code(text, quoting.for_markdown_inline, quoting.markdown_code) == shown


@pytest.mark.parametrize("char", ["\u3164", "\u115f", "\u2800", "\u034f", "\ufe0f", "\U000e0100"])
def test_a_letter_of_which_nothing_is_seen_is_shown(char: str) -> None:
    code = f"\\u{ord(char):04x}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08x}"

    assert quoting.visible(f"a{char}b") == f"a{code}b"


def test_how_a_symbol_is_drawn_is_left_to_it() -> None:
    assert quoting.visible("\u26a0\ufe0f No backup") == "\u26a0\ufe0f No backup"
