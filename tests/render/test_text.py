"""The report for a terminal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from backup_doctor.evidence.findings import (
    Fix,
    FixKind,
    PlanStep,
    Risk,
    Role,
    Subject,
    Verdict,
)
from backup_doctor.report.render import Format
from backup_doctor.report.render.view import View
from tests.render.fixtures import ALL, HEALTHY, HOSTILE, REAL, STUCK, STUCK_ROW, report
from tests.render.rendering import rendered

if TYPE_CHECKING:
    from backup_doctor.evidence.findings import Report


@pytest.mark.parametrize("which", [STUCK, REAL], ids=["stuck", "real"])
def test_text_fits_80_columns_but_for_what_is_pasted(which: Report) -> None:
    pasted = {line.strip() for line in (which.fix_sql or "").splitlines()}

    long = [line for line in rendered(which, Format.TEXT).splitlines() if len(line) > 80]

    assert all(
        line.strip() in pasted or line.startswith(" " * 8) or " " not in line.strip()
        for line in long
        if not line.startswith("S3 key") and "  https://" not in line
    )


def test_which_backup_verdict_and_plan_stand_on_the_first_screen() -> None:
    screen = "\n".join(rendered(STUCK, Format.TEXT).splitlines()[:48])

    assert "FAILING  function/not-deployed" in screen
    assert STUCK.subject.dispatch_id is not None
    assert STUCK.subject.dispatch_id in screen
    assert "supabase functions deploy" in screen
    assert "COMMIT;" in screen
    assert screen.index("1. ") < screen.index("2. ") < screen.index("3. Fix the row")


def test_a_fix_of_high_risk_is_on_the_first_screen_too_and_says_so() -> None:
    risky = Fix(kind=FixKind.SQL, title="Drop the trigger", text="DROP TRIGGER x;", risk=Risk.HIGH)
    step = PlanStep(title=risky.title, why="row/trigger-interferes", one_of=(risky,))

    for form in (Format.TEXT, Format.MARKDOWN, Format.HTML, Format.JUNIT, Format.GITHUB):
        text = rendered(report(plan=(step,), verdict=Verdict.FAILING), form)
        assert "Drop the trigger" in text
        assert "high risk" in text


def test_alternatives_are_shown_as_alternatives() -> None:
    one = Fix(kind=FixKind.SQL, title="Give the role BYPASSRLS", text="ALTER ROLE x BYPASSRLS;")
    other = Fix(kind=FixKind.SQL, title="Add a policy", text="CREATE POLICY p;")
    step = PlanStep(title=one.title, why="rls/role-without-bypass", one_of=(one, other))

    for form in (Format.TEXT, Format.MARKDOWN, Format.HTML):
        text = rendered(report(plan=(step,), verdict=Verdict.FAILING), form)
        assert "or: " in text[text.index("Give the role") : text.index("Add a policy")]
        assert "2. " not in text


def test_the_chain_shows_where_it_broke() -> None:
    text = rendered(REAL, Format.TEXT)

    _, _, chain = text.partition("Where it stopped\n")
    assert chain.splitlines()[3:6] == [
        "  ✔ the file is uploaded",
        "  ✘ update-backup updates the row",
        "  ✘ the fallback updates the row",
    ]


@pytest.mark.parametrize("form", [Format.TEXT, Format.MARKDOWN, Format.HTML])
def test_of_a_backup_that_stopped_nowhere_the_chain_is_not_said_to_show_where(form: Format) -> None:
    assert "Where it stopped" in rendered(STUCK, form)
    assert "Where it stopped" not in rendered(HEALTHY, form)
    assert "Stages" in rendered(HEALTHY, form)
    assert "Stages" not in rendered(ALL["unknown"], form)  # of which no link is known


@pytest.mark.parametrize("form", [Format.TEXT, Format.MARKDOWN, Format.HTML])
def test_the_plan_ends_in_the_command_that_shows_whether_it_worked(form: Format) -> None:
    no_ids = replace(STUCK, subject=Subject())

    assert f"backup-doctor --dispatch-id {STUCK.subject.dispatch_id}" in rendered(STUCK, form)
    assert "backup-doctor preflight" in rendered(no_ids, form)
    assert "whether it worked" not in rendered(HEALTHY, form)


@pytest.mark.parametrize("form", [Format.TEXT, Format.MARKDOWN, Format.HTML])
def test_how_the_sql_was_checked_is_said_beside_it(form: Format) -> None:
    sql = Fix(kind=FixKind.SQL, title="Fix the row", text="COMMIT;", risk=Risk.LOW)
    after = Fix(kind=FixKind.SHELL, title="Run it again", text="gh run rerun 1", risk=Risk.LOW)
    steps = tuple(PlanStep(title=one.title, why=None, one_of=(one,)) for one in (sql, after))
    checked = replace(STUCK, plan=steps, fix_sql=sql.text, fix_notes=("It was checked.",))

    text = rendered(checked, form)

    assert text.index("COMMIT;") < text.index("It was checked.") < text.index("gh run rerun 1")
    assert text.count("It was checked.") == 1


def test_a_check_names_all_that_it_found_and_the_cause_first() -> None:
    symptom = replace(STUCK_ROW, role=Role.SYMPTOM)
    cause = replace(STUCK_ROW, code="row/locked", role=Role.CAUSE)
    row = next(one for one in STUCK.results if one.check == "row")

    assert View.codes(replace(row, findings=(symptom, cause))) == "row/locked, row/stuck"
    assert View.line(replace(row, findings=(symptom, replace(cause, summary="It is locked.")))) == (
        "It is locked."
    )


def test_colours_are_there_when_wanted_and_only_then() -> None:
    assert "\x1b[" in rendered(STUCK, Format.TEXT, colour=True)
    assert "\x1b" not in rendered(STUCK, Format.TEXT)


def test_a_colour_terminal_gets_no_escape_sequence_from_outside() -> None:
    sequences = re.findall(r"\x1b\S?[^m]*m?", rendered(HOSTILE, Format.TEXT, colour=True))

    assert sequences
    assert all(re.match(r"\x1b\[[\d;]*m", one) for one in sequences)


def test_a_healthy_report_has_no_empty_sections() -> None:
    text = rendered(HEALTHY, Format.TEXT)

    for heading in ("Fix", "Root cause", "found", "Could not check", "Notes", "Errors"):
        assert heading not in text


@pytest.mark.parametrize("form", [Format.TEXT, Format.MARKDOWN, Format.HTML])
def test_what_the_plan_says_is_not_said_above_it_as_well(form: Format) -> None:
    fix = Fix(
        kind=FixKind.SETTING, title="Let the doctor see more", text="Set ALPHA.", risk=Risk.NONE
    )
    planned = replace(
        ALL["unknown"],
        plan=(PlanStep(title=fix.title, why=None, one_of=(fix,)),),
        cannot_tell=("Set ALPHA.", "Set BETA."),
    )

    text = rendered(planned, form)

    assert (text.count("Set ALPHA."), text.count("Set BETA.")) == (1, 1)
