"""What every format derives from a report: which finding matters, and where it is told."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from backup_doctor.base.immutable import Immutable
from backup_doctor.evidence.findings import ResultStatus, Risk, Role, Severity, StageState, Verdict
from backup_doctor.report.render.which import same_again, subject_lines

if TYPE_CHECKING:
    from backup_doctor.evidence.findings import (
        CheckResult,
        Exhibit,
        Finding,
        Fix,
        PlanStep,
        Report,
        StageResult,
    )
    from backup_doctor.report.render.which import SubjectLine

SYMBOLS = {
    ResultStatus.PASS: "✔",
    ResultStatus.WARN: "!",
    ResultStatus.FAIL: "✘",
    ResultStatus.SKIP: "\u2013",
    ResultStatus.UNKNOWN: "?",
}
VERDICT_SYMBOLS = {
    Verdict.HEALTHY: "✅",
    Verdict.FAILING: "❌",
    Verdict.RUNNING: "⏳",
    Verdict.UNKNOWN: "❔",
}
STAGE_SYMBOLS = {
    StageState.OK: "✔",
    StageState.FAILED: "✘",
    StageState.NOT_NEEDED: "\u2013",
    StageState.NOT_REACHED: "\u2013",
    StageState.UNKNOWN: "?",
    StageState.REPAIRED_LATER: "✔",
}
RISKS = {Risk.NONE: "no risk", Risk.LOW: "low risk", Risk.HIGH: "high risk"}
SQL_VERBS = ("SELECT ", "EXPLAIN ", "BEGIN", "SHOW ", "WITH ")


class ShownFinding(NamedTuple):
    """A finding, and the result of the check that found it."""

    finding: Finding
    result: CheckResult


class View(Immutable, frozen=True, dict=True):
    """A report, most important first."""

    report: Report

    @cached_property
    def placed(self) -> tuple[ShownFinding, ...]:
        """All findings, in the order of the checks."""
        return tuple(
            ShownFinding(finding, result)
            for result in self.report.results
            for finding in result.findings
        )

    @cached_property
    def causes(self) -> tuple[ShownFinding, ...]:
        """The findings that are causes, in the order of the pipeline's chain."""
        causes = self.report.causes
        named = (one for one in self.placed if one.finding.code in causes)
        proven = (one for one in named if one.finding.role is Role.CAUSE)
        return tuple(sorted(proven, key=lambda one: causes.index(one.finding.code)))

    @cached_property
    def others(self) -> tuple[ShownFinding, ...]:
        """All other findings: failures first, then warnings, then notes."""
        order = list(Severity)
        rest = (one for one in self.placed if one not in self.causes)
        return tuple(sorted(rest, key=lambda one: order.index(one.finding.severity)))

    @cached_property
    def symptoms(self) -> tuple[ShownFinding, ...]:
        """Of the others, those that another finding explains: what they advise is moot."""
        return tuple(one for one in self.others if self._is_explained(one.finding))

    def _is_explained(self, finding: Finding) -> bool:
        """With no cause proved, what failed stands for itself."""
        if finding.role is not Role.SYMPTOM:
            return False
        return bool(self.causes) or finding.severity is not Severity.FAIL

    @cached_property
    def apart(self) -> tuple[ShownFinding, ...]:
        """Of the others, those that stand for themselves."""
        return tuple(one for one in self.others if one not in self.symptoms)

    @cached_property
    def remarks(self) -> tuple[ShownFinding, ...]:
        """Of those apart, the ones with nothing to show and nothing to do: a line is enough."""
        return tuple(one for one in self.apart if not self.shown(one) and not self.advice(one))

    @property
    def open_questions(self) -> tuple[str, ...]:
        """What would settle what is open, but for what the plan says.

        With a cause to fix, what stands under "Could not check" is told there alone.
        """
        planned = "\n".join(fix.text for step in self.report.plan for fix in step.one_of)
        below = {note for _, note in self.unseen} if self.causes else set()
        return tuple(
            one for one in self.report.cannot_tell if one not in planned and one not in below
        )

    @property
    def sql_is_planned(self) -> bool:
        """Whether a step of the plan is the row's SQL: how it was checked is then said there."""
        sql = self.report.fix_sql
        return sql is not None and any(
            fix.text == sql for step in self.report.plan for fix in step.one_of
        )

    @property
    def again(self) -> str:
        """The command that shows whether the plan worked; nothing without a plan."""
        return same_again(self.report)

    @property
    def chain_title(self) -> str:
        """What the chain shows: where something broke, else how each link was passed."""
        failed = any(stage.state is StageState.FAILED for stage in self.report.chain)
        return "Where it stopped" if failed else "Stages"

    @property
    def chain(self) -> tuple[StageResult, ...]:
        """The chain, if anything is known of it."""
        states = {stage.state for stage in self.report.chain}
        known = states - {StageState.NOT_REACHED, StageState.UNKNOWN}
        return self.report.chain if known else ()

    @staticmethod
    def risk(fix: Fix) -> str:
        """How dangerous a fix is."""
        return RISKS[fix.risk]

    @classmethod
    def note(cls, step: PlanStep, fix: Fix) -> str:
        """What stands beside a fix of the plan: the code that it ends, and its risk."""
        return ", ".join(filter(None, (step.why, cls.risk(fix))))

    @property
    def plan_lines(self) -> list[str]:
        """The plan as one line for each step, alternatives included."""
        return [
            f"{number}. "
            + "; or: ".join(f"{fix.title} ({self.note(step, fix)})" for fix in step.one_of)
            for number, step in enumerate(self.report.plan, start=1)
        ]

    def advice(self, one: ShownFinding) -> tuple[Fix, ...]:
        """The fixes to show with a finding: neither moot nor in the plan."""
        if one in self.symptoms:
            return ()
        planned = {(fix.kind, fix.text) for step in self.report.plan for fix in step.one_of}
        return tuple(fix for fix in one.finding.fixes if (fix.kind, fix.text) not in planned)

    def shown(self, one: ShownFinding) -> tuple[Exhibit, ...]:
        """The evidence of a finding that no finding before it has shown."""
        return self._fresh[self._order.index(one)]

    @cached_property
    def _order(self) -> tuple[ShownFinding, ...]:
        return (*self.causes, *self.others)

    @cached_property
    def _fresh(self) -> tuple[tuple[Exhibit, ...], ...]:
        told: list[tuple[object, str]] = []
        fresh: list[tuple[Exhibit, ...]] = []
        for one in self._order:
            new = [item for item in one.finding.evidence if (item.value, item.source) not in told]
            told += [(item.value, item.source) for item in new]
            fresh.append(tuple(new))
        return tuple(fresh)

    def is_new(self, finding: Finding) -> bool:
        """Whether the report's first sentence does not say it already."""
        return _on_one_line(finding.summary) not in _on_one_line(self.report.summary)

    @cached_property
    def unseen(self) -> tuple[tuple[CheckResult, str], ...]:
        """What could not be seen and what would enable it: each note once, with its check."""
        notes = {note: result for result in reversed(self.report.results) for note in result.notes}
        return tuple((result, note) for note, result in reversed(notes.items()))

    @property
    def symbol(self) -> str:
        """The verdict as a picture."""
        return VERDICT_SYMBOLS[self.report.verdict]

    @property
    def headline(self) -> str:
        """What stands beside the verdict: the root cause, else the strongest symptom's code."""
        if self.report.root_cause:
            return self.report.root_cause
        step = self.report.failing_step
        codes = (
            one.finding.code
            for one in self.others
            if step and one.result.check == step.check and one.finding.severity is Severity.FAIL
        )
        return next(codes, "")

    @property
    def topic(self) -> str:
        """What `explain` tells most of: the root cause's reason, else what stands beside the verdict."""
        reasons = (one.finding.reason for one in self.causes if one.finding.code == self.headline)
        return next(filter(None, reasons), self.headline)

    @staticmethod
    def named(finding: Finding) -> str:
        """A finding's code, and its reason where one is known."""
        return f"{finding.code} ({finding.reason})" if finding.reason else finding.code

    @property
    def step(self) -> str:
        """The title of the check that found the root cause."""
        return self.report.failing_step.title if self.report.failing_step else ""

    @property
    def subject(self) -> tuple[SubjectLine, ...]:
        """What is known of which backup this is, and the pages on which people see it."""
        return subject_lines(self.report.subject)

    @property
    def names(self) -> list[str]:
        """The lines that find the backup again: its ids and the page of its run."""
        kept = (one for one in self.subject if one.label in {"dispatch id", "row id", "run"})
        return [f"{one.label}: {one.url or one.value}" for one in kept]

    @property
    def headline_url(self) -> str | None:
        """The documentation of what stands beside the verdict."""
        urls = (one.finding.url for one in self.placed if one.finding.code == self.headline)
        return next(filter(None, urls), None)

    def of(self, result: CheckResult) -> tuple[ShownFinding, ...]:
        """The findings of one check."""
        return tuple(one for one in self.placed if one.result is result)

    @staticmethod
    def mark(result: CheckResult) -> str:
        """The status of a check as one character."""
        return SYMBOLS[result.status]

    @staticmethod
    def stage(stage: StageResult) -> str:
        """How a link was passed, as one character."""
        return STAGE_SYMBOLS[stage.state]

    @staticmethod
    def line(result: CheckResult) -> str:
        """What a check came to, as one sentence: what failed, else what it saw or could not see."""
        worst = min(result.findings, key=_gravity, default=None)
        if worst and worst.severity is not Severity.INFO:
            return worst.summary
        not_seen = next(iter(result.notes), "")
        return result.saw if result.status is ResultStatus.PASS and result.saw else not_seen

    @classmethod
    def codes(cls, result: CheckResult) -> str:
        """The same for a narrow table: the codes, causes first, else what it saw.

        What it could not see stands below the table, whole.
        """
        worst_first = sorted(result.findings, key=_gravity)
        codes = [one.code for one in worst_first if one.severity is not Severity.INFO]
        if not codes:
            return (
                cls.line(result)
                if result.status is ResultStatus.PASS
                else "could not check: see below"
            )
        return ", ".join(dict.fromkeys(codes))

    @staticmethod
    def language(command: str) -> str:
        """Which console a command of the evidence is for: `sql` or `shell`."""
        return "sql" if command.lstrip().upper().startswith(SQL_VERBS) else "shell"

    @classmethod
    def prompt(cls, command: str) -> str:
        """The prompt of that console: psql's, or the shell's."""
        return "=> " if cls.language(command) == "sql" else "$ "

    @staticmethod
    def value(exhibit: Exhibit) -> str:
        """A piece of evidence as text: strings as they are, lists of them as lines, else JSON."""
        value = exhibit.value
        if value is None or value in ("", [], (), {}):
            return "none"
        if isinstance(value, str):
            return value
        if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
            return "\n".join(value)
        return json.dumps(value, ensure_ascii=False, default=str)


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def _gravity(finding: Finding) -> tuple[int, bool]:
    """The worst severity first, and of one severity a cause before what it leads to."""
    return list(Severity).index(finding.severity), finding.role is not Role.CAUSE
