"""Judging: every rule is asked once, in running order; what it says is kept with its rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from backup_doctor.base.immutable import Immutable
from backup_doctor.base.models import as_model
from backup_doctor.judge.framework import AnyCheck, Found, RuleInfo, Ruling

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backup_doctor.evidence.base import Evidence
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.chain import Link
    from backup_doctor.evidence.findings import Role, Severity
    from backup_doctor.judge.traits import Trait


class Judged(Immutable, frozen=True, kw_only=True):
    """A finding, still with all that the diagnosis needs to place it in the chain."""

    check: AnyCheck
    rule: RuleInfo[Evidence]
    found: Found

    @property
    def code(self) -> str:
        """The finding's code."""
        return self.rule.code

    def has(self, trait: Trait) -> bool:
        """Whether its rule says so of its code."""
        return trait in self.rule.traits

    @property
    def breaks(self) -> tuple[Link, ...]:
        """The links that it breaks in this case."""
        return self.rule.breaks if self.found.breaks is None else self.found.breaks

    @property
    def role(self) -> Role:
        """What it is, before the diagnosis held it against the others."""
        return self.found.role or self.rule.role

    @property
    def severity(self) -> Severity:
        """How much it matters, before the diagnosis."""
        return self.found.severity or self.rule.severity


class Judgement(Immutable, frozen=True, kw_only=True):
    """All findings in running order, and the rules that failed themselves: a defect of the tool.

    `failed` are the codes of those rules.
    """

    findings: tuple[Judged, ...]
    errors: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


def judge(case: Case, checks: Iterable[AnyCheck]) -> Judgement:
    """Ask every rule of every check that has evidence. A rule that raises does not stop the others."""
    findings: list[Judged] = []
    errors: dict[str, str] = {}
    for check in checks:
        evidence = case.evidence.get(check.name)
        if not isinstance(evidence, check.evidence):
            continue
        for rule in check.rules:
            try:
                found = _as_tuple(rule.judge(evidence, case))
            # A defect in one rule must not cost the report.
            except (Exception, SystemExit) as error:  # noqa: BLE001
                errors[rule.code] = f"{rule.code}: {type(error).__name__}: {error}"
                continue
            findings.extend(Judged(check=check, rule=rule, found=one) for one in found)
    return Judgement(findings=tuple(findings), errors=tuple(errors.values()), failed=tuple(errors))


def _as_tuple(ruling: Ruling) -> tuple[Found, ...]:
    """What a rule returned.

    Raises:
        TypeError: it is, or holds, no finding, or one that no report can show.
    """
    if ruling is None:
        return ()
    found = (ruling,) if isinstance(ruling, Found) else tuple(ruling)
    for one in found:
        _refuse_malformed(one)
    return found


def _refuse_malformed(found: object) -> None:
    """Nothing else holds what another package returns to its types."""
    if not isinstance(found, Found):
        raise TypeError(f"it returned {type(found).__name__} and no Found")
    try:
        as_model(msgspec.to_builtins(found), Found)
    except (TypeError, ValueError) as error:
        raise TypeError(f"it returned a Found that is none: {error}") from None
    if not all(text.strip() for text in (found.summary, *(fix.title for fix in found.fixes))):
        raise TypeError("it returned a Found with an empty summary or title")
