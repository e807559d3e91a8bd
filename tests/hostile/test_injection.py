"""A dispatch id that went through a whole pipeline, its log and its row, and tries to be code."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from backup_doctor.base.redaction import Redactor
from backup_doctor.report.render import Format, render
from tests.e2e.doctoring import psql
from tests.faults.scene import diagnose, play_id
from tests.hostile.test_fix_sql import rows

if TYPE_CHECKING:
    from pathlib import Path

    from backup_doctor.demo.world import World
    from backup_doctor.evidence.findings import Report

HARMLESS = "nightly-42"
HOSTILE = (
    "x'; DROP TABLE public.backup_history; --",
    "\x1b[2J\x1b]0;owned\x07\x1b[31mred",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "{{ 7*7 }}{% for x in range(9) %}x{% endfor %}${{ secrets.X }}",
    "x\n::error title=owned::owned\n::set-output name=a::b\n##[error]owned",
    "`` ``` ~~~ \n# owned\n[x](javascript:alert(1)) ![x](//e.example/x.png) | a | @admin #1",
    "$(touch /tmp/executed)`touch /tmp/executed`; touch /tmp/executed #",
    "]]></failure><!-- \u202e --> &lt;b&gt; &amp;",
)
COMMAND = re.compile(r"^\s*::(\w+)", re.MULTILINE)


class Tags(HTMLParser):
    """Names and attributes of every element."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[tuple[str, str]] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {(tag, ""), *((tag, name) for name, _ in attrs)}


def tags(html: str) -> set[tuple[str, str]]:
    reader = Tags()
    reader.feed(html)
    return reader.found


def reports(report: Report) -> dict[Format, str]:
    return {form: render(report, form, Redactor()) for form in Format}


@pytest.fixture
def harmless(world: World, tmp_path: Path) -> dict[Format, str]:
    play_id(world, "stuck", HARMLESS)
    report = diagnose(world.environment(), HARMLESS, tmp_path)
    assert report.root_cause == "function/not-deployed"
    return reports(report)


@pytest.mark.parametrize(
    "dispatch_id",
    [HOSTILE[0], *(pytest.param(one, marks=pytest.mark.exhaustive) for one in HOSTILE[1:])],
)
def test_a_hostile_id_in_row_log_and_file_does_nothing(
    world: World, harmless: dict[Format, str], dispatch_id: str, tmp_path: Path
) -> None:
    play_id(world, "", dispatch_id)
    before = rows(world)

    report = diagnose(world.environment(), dispatch_id, tmp_path)

    assert report.errors == ()
    assert report.subject.dispatch_id == dispatch_id
    shown = reports(report)
    assert ("7*7" in dispatch_id) is ("7*7" in shown[Format.TEXT]), "a template was evaluated"
    for form in (Format.TEXT, Format.MARKDOWN, Format.GITHUB, Format.JUNIT):
        assert "\x1b" not in shown[form]
        assert "\u202e" not in shown[form]
        assert "##[error]" not in shown[form]
    assert not COMMAND.findall(shown[Format.TEXT] + shown[Format.MARKDOWN])
    assert set(COMMAND.findall(shown[Format.GITHUB])) <= {
        "error",
        "warning",
        "notice",
        "group",
        "endgroup",
    }
    assert "owned" not in "".join(
        re.findall(r"^::\w+ title=([^:]*)", shown[Format.GITHUB], re.MULTILINE)
    )
    assert tags(shown[Format.HTML]) <= tags(harmless[Format.HTML])
    assert {one.tag for one in ET.fromstring(shown[Format.JUNIT]).iter()} <= {
        one.tag for one in ET.fromstring(harmless[Format.JUNIT]).iter()
    } | {"failure", "skipped", "error", "system-out"}
    if report.fix_sql:
        psql(world, report.fix_sql)
        after = rows(world)
        assert {key for key in before if after[key] != before[key]} == {report.subject.backup_id}


def test_an_id_that_no_row_has_is_a_missing_row(world: World, tmp_path: Path) -> None:
    play_id(world, "healthy", HARMLESS)

    for nobody in HOSTILE:
        report = diagnose(world.environment(), nobody, tmp_path)

        assert report.errors == ()
        assert report.root_cause == "row/missing"


@pytest.mark.parametrize("added", ["\n", " ", "\r\n", "\ufeff"])
def test_a_key_with_a_trailing_newline_is_used_and_named(
    world: World, tmp_path: Path, added: str
) -> None:
    play_id(world, "healthy", HARMLESS)
    environ = world.environment()
    environ["SUPABASE_SERVICE_ROLE_KEY"] += added

    report = diagnose(environ, HARMLESS, tmp_path)

    assert report.errors == ()
    assert report.root_cause is None
    codes = {finding.code for result in report.results for finding in result.findings}
    assert "secrets/whitespace" in codes
