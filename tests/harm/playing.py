"""Play a situation: every command that could do harm, and what was wrong with what it did."""

from __future__ import annotations

import re
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.harm.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backup_doctor.demo.world import Servers
    from tests.harm.situation import Right, Situation
    from tests.harm.stage import Said

WORKS_NOW = r"works now|only the row is left|no longer fails|has been fixed since"
WRITES = re.compile(r"\b(?:UPDATE|INSERT INTO|DELETE FROM)\b")
TRACEBACK = "Traceback (most recent call last)"
REFUSED = 3


@dataclass(frozen=True)
class Played:
    """What was wrong, in sentences; nothing where the doctor did no harm."""

    kind: str
    situation: str
    is_near_miss: bool
    problems: tuple[str, ...]


def play(servers: Servers, kind: str, situation: Situation) -> Played:
    """Build the situation, ask every command, and tell what was wrong."""
    try:
        with Stage(servers) as stage:
            problems = tuple(_problems(stage, situation))
    except Exception:  # noqa: BLE001 -- a situation that cannot be played is a problem too
        problems = (traceback.format_exc(),)
    return Played(kind, situation.name, situation.is_near_miss, problems)


def _problems(stage: Stage, situation: Situation) -> Iterator[str]:
    right = situation.right
    asked = situation.build(stage)
    before, posts = stage.everything(), stage.posts()
    said = stage.diagnose(*asked)
    if stage.posts() - posts > right.posts:
        yield f"the function was called {stage.posts() - posts} times"
    if stage.everything()[:-1] != before[:-1]:
        yield "the diagnosis changed the world"
    yield from _of_words(said, right)
    if not right.verdicts:
        if said.exit_code != 2:
            yield f"exit code {said.exit_code} for what cannot be asked"
        return
    yield from _of_report(said.report, right)
    yield from _of_printed_fix(stage, asked, said, right)
    yield from _of_sweep(stage, right)
    yield from _of_applied_fix(stage, asked, right)


def _of_words(said: Said, right: Right) -> Iterator[str]:
    text = said.everything
    if TRACEBACK in text:
        yield f"a traceback: {said.err[-600:]}"
    patterns = right.never_said if right.works_now else (*right.never_said, WORKS_NOW)
    for pattern in patterns:
        found = re.search(rf"[^\n]*(?:{pattern})[^\n]*", text, re.IGNORECASE)
        if found:
            yield f"said: {found[0].strip()[:300]}"
    for pattern in right.said:
        if not re.search(pattern, said.files.get(".md", text), re.IGNORECASE):
            yield f"not said: {pattern}"


def _of_report(report: dict[str, Any], right: Right) -> Iterator[str]:
    if not report:
        yield "no report was written"
        return
    if report["verdict"] not in right.verdicts:
        yield f"the verdict is {report['verdict']}: {report['summary']}"
    if right.root_cause != "" and report["root_cause"] != right.root_cause:
        yield f"the root cause is {report['root_cause']}: {report['summary']}"
    ok = {stage["link"] for stage in report["chain"] if stage["state"] == "ok"}
    for link in right.never_ok:
        if link in ok:
            yield f"the link {link} is called ok"
    if "stays" in ok and report["verdict"] != "healthy":
        yield "the row is called right in a report that is not healthy"
    sql = report["fix_sql"]
    if right.row is None and sql:
        yield f"SQL is printed: {sql}"
    if right.row is not None and not sql:
        yield f"no SQL is printed: {report['fix_notes']}, {report['summary']}"
    yield from _of_plan(report)


def _of_plan(report: dict[str, Any]) -> Iterator[str]:
    texts = [fix["text"] for step in report["plan"] for fix in step["one_of"]]
    if report["fix_sql"] and texts.count(report["fix_sql"]) != 1:
        yield "the row's SQL is not one of the plan's steps"


def _of_printed_fix(stage: Stage, asked: list[str], said: Said, right: Right) -> Iterator[str]:
    """`fix` prints the very SQL of the report, or nothing at all."""
    before = stage.everything()
    printed = stage.doctor("fix", *asked)
    if stage.everything()[:-1] != before[:-1]:
        yield "fix without --apply changed the world"
    if right.row is None and WRITES.search(printed.out):
        yield f"fix prints: {printed.out}"
    refuses = right.row is None and said.report.get("verdict") in ("failing", "unknown")
    if refuses and printed.exit_code != REFUSED:
        yield f"fix exits with {printed.exit_code} where nothing may be written: {printed.err[-300:]}"
    if right.row is not None and printed.out.strip() != (said.report["fix_sql"] or "").strip():
        yield f"fix prints other SQL than the report: {printed.out} {printed.err}"


def _of_sweep(stage: Stage, right: Right) -> Iterator[str]:
    """A sweep's script writes nothing either, where nothing may be written."""
    if right.row is not None:
        return
    before = stage.rows()
    script = stage.folder / "sweep.sql"
    swept = stage.doctor("sweep", "--older-than", "1s", "--fix-script", str(script))
    if TRACEBACK in swept.err:
        yield f"a traceback of sweep: {swept.err[-600:]}"
    if script.exists():
        stage.paste(script.read_text())
    if stage.rows() != before:
        yield f"the sweep's script changes rows: {script.read_text()}"
    stage.doctor("sweep", "--older-than", "1s", "--apply", "--yes", "--max-changes", "5")
    if stage.rows() != before:
        yield "sweep --apply changes rows"


def _of_applied_fix(stage: Stage, asked: list[str], right: Right) -> Iterator[str]:
    before = stage.rows()
    if "SUPABASE_DB_URL" not in {*stage.given, *stage.withheld}:
        stage.give(SUPABASE_DB_URL=stage.world.owner_uri)
    applied = stage.doctor("fix", *asked, *stage.named_files(), "--apply", "--yes")
    changed = {key: row for key, row in stage.rows().items() if before.get(key) != row}
    if TRACEBACK in applied.err:
        yield f"a traceback of fix --apply: {applied.err[-600:]}"
    if right.row is None:
        if changed:
            yield f"fix --apply changed {changed}"
        return
    if len(changed) != 1 or (len(stage.rows()) > len(before)) is not right.inserts:
        yield f"fix --apply changed {len(changed)} rows: {applied.err[-500:]}"
        return
    (row,) = changed.values()
    other = {name: row[name] for name, value in right.row.items() if row[name] != value}
    if other:
        yield f"the row became {other} instead of {right.row}"
