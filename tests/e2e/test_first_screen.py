"""A ticket is complete within its first forty lines, those in blocks of SQL not counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backup_doctor.demo.faults import FAULTS
from backup_doctor.evidence.findings import FixKind, Verdict
from backup_doctor.report.render import Format
from backup_doctor.report.render.to_markdown import prose
from backup_doctor.report.render.view import View
from tests.e2e.doctoring import diagnose_world
from tests.render.rendering import rendered

if TYPE_CHECKING:
    from pathlib import Path

    from backup_doctor.demo.world import World
    from backup_doctor.evidence.findings import Fix, Report

BROKEN = [fault.name for fault in FAULTS.values() if fault.root_cause]
# What a ticket looks like in each way: many causes, no run, no row, no file, alternatives, long logs.
ORDINARY = ("stuck", "no-run", "no-row", "object-deleted", "dump-refused", "row-duplicate")
EXHAUSTIVE = [name for name in BROKEN if name not in ORDINARY]
FIRST_LINES = 40


def head(ticket: str) -> str:
    """The first forty lines outside of SQL, with the SQL between them."""
    kept: list[str] = []
    counted, in_sql = 0, False
    for line in ticket.splitlines():
        in_sql = line == "```sql" or (in_sql and line != "```")
        counted += not in_sql
        if counted > FIRST_LINES:
            break
        kept.append(line)
    return "\n".join(kept)


def last_line(fix: Fix) -> str:
    """The end of what is to be run, or of what is said in words, as a ticket has it."""
    last = fix.text.strip().splitlines()[-1]
    return last if fix.kind is FixKind.SHELL else prose(last)


def lacking(report: Report) -> list[str]:
    """What the head of the ticket does not have."""
    shown = head(rendered(report, Format.MARKDOWN))
    subject = report.subject
    wanted = {
        "id": subject.dispatch_id,
        "verdict": report.verdict.upper(),
        "cause": report.root_cause,
        "run": f"]({subject.run_url})" if subject.run_url else None,
        "job": f"]({subject.job_url})" if subject.job_url else None,
        "documentation": f"`backup-doctor explain {View(report).topic}`",
        "where it stopped": f"**{View(report).chain_title}:**" if report.chain else None,
        **{
            f"step {number}": prose(fix.title)
            for number, step in enumerate(report.plan, start=1)
            for fix in step.one_of
        },
        **{
            f"what to do in step {number}": last_line(fix)
            for number, step in enumerate(report.plan, start=1)
            for fix in step.one_of
            if fix.kind is not FixKind.SQL
        },
    }
    return [name for name, text in wanted.items() if text and text not in shown]


@pytest.mark.parametrize(
    "fault",
    [
        *ORDINARY,
        *(pytest.param(name, marks=pytest.mark.exhaustive) for name in EXHAUSTIVE),
    ],
)
def test_the_first_forty_lines_of_a_ticket_hold_id_verdict_plan_and_links(
    world: World, fault: str, tmp_path: Path
) -> None:
    dispatch_id = world.insert_row()
    FAULTS[fault].before(world)
    world.run_pipeline(dispatch_id)
    FAULTS[fault].after(world)

    report = diagnose_world(world, dispatch_id, tmp_path)

    assert report.verdict is not Verdict.HEALTHY
    assert lacking(report) == []
