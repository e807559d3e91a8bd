"""What every format promises, whatever is in the report."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import xml.etree.ElementTree as ET
from datetime import UTC
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from doctor.model import Report
from doctor.quoting import ZERO_WIDTH, visible
from doctor.redaction import Redactor
from doctor.render import Format, Look, render
from doctor.render.to_markdown import fitting
from tests.render.fixtures import (
    ALL,
    FIX_SQL,
    HEALTHY,
    HOSTILE,
    REAL,
    STUCK,
    UNKNOWN,
    checks,
    report,
)

CONTRACT = json.loads(Path(__file__).with_name("contract.schema.json").read_text())
CANARY = "c4nary-with 'quotes' & <tags> \"and\" `ticks` 🐤"


def rendered(which: Report, form: Format, **look: Any) -> str:
    return render(which, form, Redactor(), Look(zone=UTC, **look))


def everywhere(text: str) -> Report:
    """The hostile report with another text in every place that takes one."""
    hostile = ALL["hostile"].subject.dispatch_id
    assert hostile is not None

    def exchanged(value: Any) -> Any:
        if isinstance(value, str):
            return value.replace(hostile, text)
        if isinstance(value, dict):
            return {exchanged(key): exchanged(item) for key, item in value.items()}
        return [exchanged(item) for item in value] if isinstance(value, list) else value

    return msgspec.convert(exchanged(msgspec.to_builtins(HOSTILE)), Report)


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize(
    "written",
    [CANARY, quote(CANARY), base64.b64encode(CANARY.encode()).decode(), json.dumps(CANARY)],
    ids=["raw", "url", "base64", "json"],
)
def test_no_canary_comes_out_of_any_format(form: Format, written: str) -> None:
    text = render(everywhere(f"x{written}y"), form, Redactor([CANARY]), Look(zone=UTC, colour=True))

    assert "c4nary" not in text
    assert base64.b64encode(CANARY.encode()).decode()[8:20] not in text
    assert "redacted:" in text


@pytest.mark.parametrize("form", Format)
def test_no_format_lets_a_control_or_bidi_character_out(form: Format) -> None:
    text = rendered(HOSTILE, form).replace(ZERO_WIDTH, "")

    assert visible(text, keep="\n") == text


@pytest.mark.parametrize("form", [form for form in Format if form is not Format.GITHUB])
def test_no_format_makes_a_ci_runner_obey_hostile_text(form: Format) -> None:
    text = rendered(HOSTILE, form)

    assert not re.search(r"^\s*::", text, re.MULTILINE)
    assert "##[" not in text


@pytest.mark.parametrize("form", Format)
@given(text=st.text(max_size=300))
def test_every_format_takes_any_text(form: Format, text: str) -> None:
    assert rendered(everywhere(f"x{text}y"), form).endswith("\n")


@pytest.mark.parametrize("form", [Format.TEXT, Format.MARKDOWN])
def test_the_fix_can_be_pasted_as_it_stands(form: Format) -> None:
    text = rendered(STUCK, form)

    lines = [line.strip() for line in FIX_SQL.splitlines()]
    assert "\n".join(lines) in "\n".join(line.strip() for line in text.splitlines())


@pytest.mark.parametrize("form", [Format.TEXT, Format.MARKDOWN])
def test_verdict_cause_and_step_come_first(form: Format) -> None:
    first = rendered(STUCK, form).splitlines()[0]

    assert "FAILING" in first
    assert "function/not-deployed" in first
    assert "step 5" in first


@pytest.mark.parametrize("which", [STUCK, REAL], ids=["stuck", "real"])
def test_text_fits_80_columns_but_for_what_is_pasted(which: Report) -> None:
    pasted = {line.strip() for line in (which.fix_sql or "").splitlines()}

    long = [line for line in rendered(which, Format.TEXT).splitlines() if len(line) > 80]

    assert all(
        line.strip() in pasted or line.startswith(" " * 8) or " " not in line.strip()
        for line in long
        if not line.startswith("S3 key")
    )


def test_verdict_cause_and_both_fixes_stand_on_the_first_screen() -> None:
    screen = "\n".join(rendered(STUCK, Format.TEXT).splitlines()[:40])

    assert "FAILING  function/not-deployed" in screen
    assert "supabase functions deploy" in screen
    assert "COMMIT;" in screen


def test_the_chain_shows_where_it_broke() -> None:
    text = rendered(REAL, Format.TEXT)

    assert "✔ upload  ✘ function  ✘ fallback  – result" in text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("form", [Format.TEXT, Format.MARKDOWN, Format.HTML])
def test_advice_that_the_cause_makes_moot_is_not_given(form: Format) -> None:
    alone = report(results=checks(row=STUCK.results[2]))

    assert "Look at the log of the run." not in rendered(STUCK, form)
    assert "Look at the log of the run." in rendered(alone, form)


@pytest.mark.parametrize("form", [Format.TEXT, Format.MARKDOWN, Format.HTML])
def test_a_check_that_passed_says_what_it_saw(form: Format) -> None:
    assert "3,592 bytes, a whole zip of 6 files" in rendered(REAL, form)


@pytest.mark.parametrize("form", [Format.TEXT, Format.MARKDOWN])
def test_one_answer_in_the_log_is_shown_once(form: Format) -> None:
    assert rendered(REAL, form).count("Requested function was not found") == 2  # then, and now


@pytest.mark.parametrize("form", [Format.TEXT, Format.MARKDOWN])
def test_what_the_first_sentence_says_is_not_said_again_as_the_cause(form: Format) -> None:
    lines = rendered(REAL, form).splitlines()

    assert "The edge function update-backup is not deployed." not in [one.strip() for one in lines]


@pytest.mark.parametrize("form", [one for one in Format if one is not Format.GITHUB])
def test_every_report_has_the_fingerprint_of_its_cause(form: Format) -> None:
    assert REAL.fingerprint in rendered(REAL, form)


@pytest.mark.parametrize("form", Format)
def test_every_report_links_the_code_to_its_page(form: Format) -> None:
    assert "findings.md#functionnot-deployed" in rendered(REAL, form).replace("%23", "#")


def test_a_link_that_is_none_of_ours_is_no_link() -> None:
    finding = msgspec.structs.replace(STUCK.results[1].findings[0], url="javascript:alert(1)")
    result = msgspec.structs.replace(STUCK.results[1], findings=(finding,))
    hostile = report(results=(result,), verdict=STUCK.verdict, root_cause=STUCK.root_cause)

    assert "](javascript" not in rendered(hostile, Format.MARKDOWN)
    assert "<a " not in rendered(hostile, Format.HTML)


def test_a_healthy_report_has_no_empty_sections() -> None:
    text = rendered(HEALTHY, Format.TEXT)

    for heading in ("Fix", "Root cause", "found", "Not seen", "Notes", "Errors"):
        assert heading not in text


def test_what_could_not_be_seen_is_named_with_what_would_enable_it() -> None:
    for form in (Format.TEXT, Format.MARKDOWN, Format.HTML):
        assert "Set SUPABASE_DB_URL or DATABASE_URL." in rendered(UNKNOWN, form)


def test_colours_are_there_when_wanted_and_only_then() -> None:
    assert "\x1b[" in rendered(STUCK, Format.TEXT, colour=True)
    assert "\x1b" not in rendered(STUCK, Format.TEXT)


def test_a_colour_terminal_gets_no_escape_sequence_from_outside() -> None:
    sequences = re.findall(r"\x1b\S?[^m]*m?", rendered(HOSTILE, Format.TEXT, colour=True))

    assert sequences
    assert all(re.match(r"\x1b\[[\d;]*m", one) for one in sequences)


@pytest.mark.parametrize("name", ALL)
def test_json_satisfies_the_contract(name: str) -> None:
    document = json.loads(rendered(ALL[name], Format.JSON))

    jsonschema.validate(document, CONTRACT)


@pytest.mark.parametrize("name", ALL)
def test_json_satisfies_the_schema_that_is_printed(name: str) -> None:
    document = json.loads(rendered(ALL[name], Format.JSON))

    jsonschema.validate(document, msgspec.json.schema(Report))


def test_json_reads_back_as_the_same_report() -> None:
    assert msgspec.json.decode(rendered(HOSTILE, Format.JSON), type=Report) == HOSTILE


def test_json_can_hold_what_is_no_unicode() -> None:
    document = json.loads(rendered(report(summary="bytes \udcff"), Format.JSON))

    assert document["summary"] == "bytes \udcff"


def junit(which: Report) -> ET.Element:
    """The one suite of the document."""
    (suite,) = ET.fromstring(rendered(which, Format.JUNIT)).findall("testsuite")
    return suite


@pytest.mark.parametrize("name", ALL)
def test_junit_has_one_case_for_each_check_and_counts_them(name: str) -> None:
    suite = junit(ALL[name])

    cases = suite.findall("testcase")
    assert len(cases) == int(suite.attrib["tests"]) == len(ALL[name].results)
    for counter, element in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(suite.attrib[counter]) == len(suite.findall(f"testcase/{element}"))


def test_a_check_that_could_not_look_is_no_pass_in_junit() -> None:
    suite = junit(UNKNOWN)

    assert [case.attrib["name"][:6] for case in suite.findall("testcase[error]")] == ["object"]
    assert [case.attrib["name"][:4] for case in suite.findall("testcase[skipped]")] == ["row:"]


def test_github_commands_stand_at_the_start_of_their_lines_and_nothing_else_does() -> None:
    lines = rendered(HOSTILE, Format.GITHUB).splitlines()

    assert lines
    assert all(re.match(r"::(error|warning|notice) title=[^:,]+::", line) for line in lines)
    assert not any("##[" in line for line in lines)


def test_github_gets_ten_commands_of_a_kind_at_most_the_verdict_first() -> None:
    many = tuple(
        msgspec.structs.replace(STUCK.results[1].findings[0], code=f"function/fault-{at}")
        for at in range(30)
    )
    result = msgspec.structs.replace(STUCK.results[1], findings=many)

    lines = rendered(report(verdict=STUCK.verdict, results=(result,)), Format.GITHUB).splitlines()

    assert len(lines) == 10
    assert lines[0].startswith("::error title=backup failing")


@pytest.mark.parametrize("text", ["%" * 9_000, "\n" * 9_000 + "x", "é" * 9_000, "a:" * 9_000])
def test_a_github_command_stays_below_what_the_runner_cuts(text: str) -> None:
    lines = rendered(report(summary=text), Format.GITHUB).splitlines()

    assert all(len(line) < 4_096 + 250 for line in lines)
    assert all(len(line.partition("::")[2].partition("::")[2]) < 4_096 for line in lines)
    assert not any(re.search(r"%(?!25|0A|0D|3A|2C)", line) for line in lines)


class _Page(HTMLParser):
    """Which tags there are, and what the style sheet, the script and the policy say."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.policy = ""
        self.scripts = 0
        self.text = {"style": "", "script": ""}
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.scripts += tag == "script"
        self._inside = tag
        if ("http-equiv", "Content-Security-Policy") in attrs:
            self.policy = dict(attrs)["content"] or ""

    def handle_endtag(self, _tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in self.text:
            self.text[self._inside] += data


def test_html_has_no_tag_from_outside_and_nothing_to_fetch() -> None:
    page = _Page(rendered(HOSTILE, Format.HTML))

    assert page.tags.isdisjoint({"img", "link", "iframe", "form"})
    assert page.scripts == 1


def test_html_allows_its_own_style_sheet_and_script_and_nothing_else() -> None:
    page = _Page(rendered(STUCK, Format.HTML))

    for kind in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(page.text[kind].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in page.policy
    assert "default-src 'none'" in page.policy
    assert "unsafe" not in page.policy


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


def test_a_template_of_the_users_own_goes_before_the_built_in_one(tmp_path: Path) -> None:
    (tmp_path / "report.md.j2").write_text("{{ report.root_cause }} <{{ report.summary }}>\n")

    text = rendered(HOSTILE, Format.MARKDOWN, template_dir=tmp_path)

    assert text.startswith("row/missing <No row")
    assert "&lt;script&gt;" in text


def test_a_wrong_name_in_a_template_is_an_error_and_no_blank(tmp_path: Path) -> None:
    (tmp_path / "report.md.j2").write_text("{{ report.verdikt }}\n")

    with pytest.raises(UndefinedError):
        rendered(HEALTHY, Format.MARKDOWN, template_dir=tmp_path)


def test_sql_to_see_something_by_hand_has_the_prompt_of_psql() -> None:
    finding = STUCK.results[2].findings[0]
    exhibit = msgspec.structs.replace(finding.evidence[0], command="SELECT 1;")
    result = msgspec.structs.replace(
        STUCK.results[2], findings=(msgspec.structs.replace(finding, evidence=(exhibit,)),)
    )

    text = rendered(report(results=(result,)), Format.TEXT)
    ticket = rendered(report(results=(result,)), Format.MARKDOWN)

    assert "        => SELECT 1;\n" in text
    assert "```sql\nSELECT 1;\n```" in ticket
