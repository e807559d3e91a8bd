"""Doing the steps of a report's plan: commands as they stand, prose by a person who has read it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from backup_doctor.evidence.case import Asked
from backup_doctor.evidence.findings import Fix, FixKind, Risk, Verdict
from tests.e2e.doctoring import diagnose, paste, psql
from tests.matrix.person import ACTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backup_doctor.demo.faults import Fault
    from backup_doctor.demo.world import World
    from backup_doctor.evidence.findings import PlanStep, Report
    from tests.matrix.person import Act
    from tests.matrix.scenes import Scene
    from tests.terminal import Terminal

ROWS = "SELECT * FROM public.backup_history ORDER BY id"
STATUS = "SELECT status FROM public.backup_history WHERE dispatch_id = '{}' ORDER BY created_at"
SECURED = "SELECT relrowsecurity FROM pg_class WHERE oid = to_regclass('public.backup_history')"
HEAL = """
    UPDATE public.backup_history SET status = 'success', s3_key = 'backups/healed.zip',
      size_bytes = 22
    WHERE dispatch_id = '{}'
"""
WRITES_ROW = re.compile(r"^(UPDATE|INSERT INTO)\b", re.MULTILINE)
RERUN = "gh run rerun"

Choice: TypeAlias = Mapping[int, int]
"""By the number of a step: which of its alternatives is taken, where it is not the first."""


@dataclass
class Follower:
    """Follows the reports on one backup of one world, and remembers what has been done."""

    world: World
    scene: Scene
    terminal: Terminal
    dispatch_id: str
    acts: list[str] = field(default_factory=list)
    took_a_risk: bool = False
    wrote_failed: bool = False

    def look(self, dispatch_id: str | None = None) -> Report:
        """Ask the doctor again, of this backup or of another one."""
        settings = {
            **self.world.environment(),
            "GITHUB_SERVER_URL": f"https://{self.terminal.host}",
        }
        asked = Asked(dispatch_id=dispatch_id or self.dispatch_id)
        return diagnose(settings, asked, self.world.directory)

    def do(self, report: Report, choice: Choice) -> Iterator[str]:
        """Do every step of the plan, in its order; yield what was not right."""
        secured = psql(self.world, SECURED)
        done = [_chosen(step, choice.get(number, 0)) for number, step in enumerate(report.plan)]
        for step, fix in zip(report.plan, done, strict=True):
            self.took_a_risk |= fix.risk is Risk.HIGH
            yield from self._do_step(step, fix)
        if " t\n" in secured and " f\n" in psql(self.world, SECURED) and not choice:
            yield "the plan turns row-level security off"
        if any(RERUN in fix.text for fix in done) and self.look().verdict is not Verdict.HEALTHY:
            yield f"run again, the backup is as it was: {self.look().summary}"

    def _do_step(self, step: PlanStep, fix: Fix) -> Iterator[str]:
        if fix.kind is FixKind.SQL:
            yield from self._paste(fix)
        elif fix.kind is FixKind.SHELL:
            ended = self.terminal.shell(fix.text)
            if ended.code:
                yield f"the command of {step.why} fails: {fix.text}\n{ended.reason}"
        else:
            yield from self._act(fix)

    def _act(self, fix: Fix) -> Iterator[str]:
        for fault, act in self._told(f"{fix.title}\n{fix.text}"):
            self.acts.append(fault.name)
            try:
                act.do(self.world)
            except Exception as error:  # noqa: BLE001 -- what one is told to do cannot be done
                yield f"what {fix.title!r} tells to do fails: {error}"

    def _told(self, text: str) -> Iterator[tuple[Fault, Act]]:
        for fault in self.scene.parts:
            for act in ACTS.get(fault.name, ()):
                if fault.name not in self.acts and act.is_told(text):
                    yield fault, act

    def _paste(self, fix: Fix) -> Iterator[str]:
        """Paste SQL, and once more: the second time it changes nothing."""
        is_rows = WRITES_ROW.search(fix.text) is not None
        if is_rows:
            yield from self._would_spoil(fix.text)
        ended = self.terminal.sql(fix.text)
        once = "" if ended.code else psql(self.world, ROWS)
        ended = ended if ended.code else self.terminal.sql(fix.text)
        if ended.code:
            yield f"the SQL of {fix.title!r} fails: {ended.reason}\n{fix.text}"
        elif psql(self.world, ROWS) != once:
            yield f"the SQL of {fix.title!r} changes something the second time"
        elif is_rows:
            self.wrote_failed = "failed" in psql(self.world, STATUS.format(self.dispatch_id))

    def _would_spoil(self, sql: str) -> Iterator[str]:
        """Whether the row's SQL changes what is right by then."""
        if self.look().verdict is Verdict.HEALTHY:
            yield "the steps before it made the backup right, and the plan still has SQL for its row"
        name = self.world.database_uri.rsplit("/", 1)[1]
        copy = self.world.servers.postgres.copy_database(name, f"{name}_healed")
        try:
            if not self._heals(copy):
                return
            healed = paste(copy, ROWS)
            paste(copy, sql)
            if paste(copy, ROWS) != healed:
                yield "the SQL changes a row that healed meanwhile"
        finally:
            self.world.servers.postgres.drop_database(f"{name}_healed")

    def _heals(self, copy: str) -> bool:
        """Let the pipeline have finished the row, if it is there and what refused that does so no more."""
        try:
            paste(copy, HEAL.format(self.dispatch_id))
        except AssertionError:
            return False
        return "success" in paste(copy, STATUS.format(self.dispatch_id))


def _chosen(step: PlanStep, alternative: int) -> Fix:
    """The alternative that was asked for; a later report may have fewer of them."""
    return step.one_of[min(alternative, len(step.one_of) - 1)]
