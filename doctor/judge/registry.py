"""Which checks there are: built-in and third-party ones, registered in the same way."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from functools import cache, cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from backup_doctor.base.immutable import Immutable
from backup_doctor.base.quoting import one_line
from backup_doctor.judge.framework import AnyCheck, Check, RuleInfo
from backup_doctor.judge.traits import Trait

GROUP = "backup_doctor.checks"
# The user's order; third-party checks follow in the order of their names.
SEQUENCE = ("secrets", "function", "row", "workflow", "object", "rls")
PACKAGE = "backup-doctor"
BUILT_IN = "built in"


class LoadedCheck(Immutable, frozen=True, kw_only=True):
    """A check, and where it comes from: `built in`, or the package that brought it."""

    check: AnyCheck
    origin: str


class BrokenPlugin(Immutable, frozen=True, kw_only=True):
    """A registered check that could not be loaded. It is a line in the report, never a crash."""

    name: str
    package: str
    reason: str


class Registry(Immutable, frozen=True, kw_only=True, dict=True):
    """The checks in running order, and the plugins that did not load."""

    checks: tuple[LoadedCheck, ...]
    broken: tuple[BrokenPlugin, ...] = ()

    @cached_property
    def rules(self) -> dict[str, RuleInfo[Any]]:
        """The rule of each finding code; of two with one code, the first in running order."""
        rules = [rule for loaded in self.checks for rule in loaded.check.rules]
        return {rule.code: rule for rule in reversed(rules)}

    def rule(self, code: str) -> RuleInfo[Any] | None:
        """The rule of a finding code."""
        return self.rules.get(code)

    @cached_property
    def _by_trait(self) -> dict[Trait, frozenset[str]]:
        rules = self.rules.values()
        return {
            trait: frozenset(rule.code for rule in rules if trait in rule.traits) for trait in Trait
        }

    def codes(self, trait: Trait) -> frozenset[str]:
        """The finding codes of which that is true."""
        return self._by_trait[trait]

    def check(self, name: str) -> AnyCheck | None:
        """The check of that name."""
        return next((one.check for one in self.checks if one.check.name == name), None)


@cache
def load_checks() -> Registry:
    """Load every check of the entry-point group, in running order."""
    loaded: list[LoadedCheck] = []
    broken: list[BrokenPlugin] = []
    for point in sorted(entry_points(group=GROUP), key=_position):
        one = _load(point)
        if isinstance(one, BrokenPlugin):
            broken.append(one)
        elif reason := _taken(one.check, [other.check for other in loaded]):
            broken.append(BrokenPlugin(name=point.name, package=_package(point), reason=reason))
        else:
            loaded.append(one)
    return Registry(checks=tuple(loaded), broken=tuple(broken))


def codes_with(trait: Trait) -> frozenset[str]:
    """The finding codes of which that is true, plugins' included."""
    return load_checks().codes(trait)


def _taken(check: AnyCheck, others: list[AnyCheck]) -> str | None:
    """What of this check another one has already: its name, its evidence, or one of its codes."""
    codes = {rule.code for rule in check.rules}
    for other in others:
        if check.name == other.name:
            return f"there is a check named {check.name!r} already"
        if check.evidence is other.evidence:
            return f"its evidence {check.evidence.__name__} is that of the check {other.name}"
        same = next((rule.code for rule in other.rules if rule.code in codes), None)
        if same is not None:
            return f"the code {same!r} is one of the check {other.name}"
    return None


def _load(point: EntryPoint) -> LoadedCheck | BrokenPlugin:
    package = _package(point)
    try:
        # What a package prints as it is imported is no part of a report.
        with redirect_stdout(sys.stderr):
            check = point.load()
    except (Exception, SystemExit) as error:
        if package == PACKAGE:
            raise
        reason = one_line(f"{type(error).__name__}: {error}")
        return BrokenPlugin(name=point.name, package=package, reason=reason)
    if not isinstance(check, Check) or not (check.collect or check.collected_by):
        reason = f"{point.value} is not a Check with a collector"
        return BrokenPlugin(name=point.name, package=package, reason=reason)
    return LoadedCheck(check=check, origin=BUILT_IN if package == PACKAGE else package)


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "unknown package"


def _position(point: EntryPoint) -> tuple[int, str]:
    built_in = _package(point) == PACKAGE and point.name in SEQUENCE
    return (SEQUENCE.index(point.name) if built_in else len(SEQUENCE), point.name)
