"""What every format promises, whatever is in the report."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from backup_doctor.base.quoting import ZERO_WIDTH, visible
from backup_doctor.base.redaction import Redactor
from backup_doctor.evidence.findings import Finding, ResultStatus, Role, Severity, Verdict
from backup_doctor.report.render import Format, Look, render
from tests.render.fixtures import (
    FIX_SQL,
    HEALTHY,
    HOSTILE,
    REAL,
    STUCK,
    UNKNOWN,
    checks,
    report,
    result,
)
from tests.render.rendering import everywhere, rendered

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "c4nary-with 'quotes' & <tags> \"and\" `ticks` 🐤"


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


@pytest.mark.parametrize("form", Format)
def test_every_format_names_the_reason_of_a_finding(form: Format) -> None:
    reason = "pg-dump/version-mismatch"
    mismatch = Finding(
        code="workflow/failed-before-update",
        severity=Severity.FAIL,
        role=Role.CAUSE,
        summary="The step 'Dump' failed.",
        reason=reason,
    )
    dumped = report(
        verdict=Verdict.FAILING,
        root_cause=mismatch.code,
        causes=(mismatch.code,),
        results=checks(workflow=result("workflow", 1, "Run", ResultStatus.FAIL, mismatch)),
    )

    text = rendered(dumped, form)

    assert reason in text.replace(ZERO_WIDTH, "")
    if form is Format.TEXT:
        assert f"explain {reason}" in text


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
def test_verdict_cause_and_the_check_that_found_it_come_first(form: Format) -> None:
    first = rendered(STUCK, form).splitlines()[0]

    assert "FAILING" in first
    assert "function/not-deployed" in first
    assert "Edge function" in first


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
    assert 'href="javascript' not in rendered(hostile, Format.HTML)


def test_what_could_not_be_seen_is_named_with_what_would_enable_it() -> None:
    for form in (Format.TEXT, Format.MARKDOWN, Format.HTML):
        assert "Set SUPABASE_DB_URL or DATABASE_URL." in rendered(UNKNOWN, form)


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
