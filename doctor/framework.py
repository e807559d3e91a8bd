"""How a check module is written: a collector that looks, and rules that judge.

A check is declared once (`Check(name, step, title, evidence)`), its collector is decorated with
`@check.collector`, and each finding code is one decorated pure function:

    @check.cause("row/missing", breaks=Link.ROW_CREATED)
    def missing(seen: RowEvidence, case: Case) -> Found | None:
        '''No row has this dispatch id. ...'''

The docstring is what `explain` prints and the page of the code in the documentation.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from doctor.evidence.base import Evidence, Unseen
from doctor.model import Exhibit, Fix, Role, Severity

if TYPE_CHECKING:
    from doctor.case import Case
    from doctor.chain import Link
    from doctor.sources import Sources

E = TypeVar("E", bound=Evidence)
CODE = re.compile(r"^[a-z][a-z0-9-]*/[a-z][a-z0-9-]*$")


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a rule returns: this case in one sentence, what shows it, and what to do.

    `breaks`, `severity` and `role` override what the rule declares, where this case differs.
    `by_log`: the run's own log proves it. `healed`: and a probe shows that it no longer holds.
    `weak`: it fits what was seen and is not proved; it is a cause only where nothing proved breaks
    the same link.
    """

    summary: str
    evidence: tuple[Exhibit, ...] = ()
    fixes: tuple[Fix, ...] = ()
    breaks: tuple[Link, ...] | None = None
    severity: Severity | None = None
    role: Role | None = None
    by_log: bool = False
    healed: bool = False
    weak: bool = False


Ruling: TypeAlias = Found | Iterable[Found] | None
Rule: TypeAlias = Callable[[E, "Case"], Ruling]
Collector: TypeAlias = Callable[["Sources", "Case"], E]
Gaps: TypeAlias = Callable[[E, "Case"], tuple[Unseen, ...]]


@dataclass(frozen=True, kw_only=True)
class RuleInfo(Generic[E]):
    """One finding code: how it is judged, and what it is in the chain.

    `yields_to`: codes (or `family/*`) that, where they break the same link, explain this one, which
    is then a symptom.
    """

    code: str
    judge: Rule[E]
    severity: Severity
    role: Role
    breaks: tuple[Link, ...] = ()
    yields_to: tuple[str, ...] = ()

    @property
    def doc(self) -> str:
        """The docstring, unindented."""
        return inspect.getdoc(self.judge) or ""


class Rules(Generic[E]):
    """Rules of one theme, in the order in which they are asked. `check.include` takes them in."""

    def __init__(self) -> None:
        self.rules: list[RuleInfo[E]] = []

    def cause(
        self, code: str, *, breaks: Link | tuple[Link, ...], yields_to: Iterable[str] = ()
    ) -> Callable[[Rule[E]], Rule[E]]:
        """Register a rule whose finding can be the cause of a stuck or wrong row."""
        links = breaks if isinstance(breaks, tuple) else (breaks,)
        return self._rule(code, Severity.FAIL, Role.CAUSE, links, tuple(yields_to))

    def symptom(self, code: str) -> Callable[[Rule[E]], Rule[E]]:
        """Register a rule that finds what a cause leaves behind."""
        return self._rule(code, Severity.FAIL, Role.SYMPTOM)

    def warning(self, code: str) -> Callable[[Rule[E]], Rule[E]]:
        """Register a rule that finds what is worth mending and breaks nothing now."""
        return self._rule(code, Severity.WARN, Role.CONTEXT)

    def context(self, code: str) -> Callable[[Rule[E]], Rule[E]]:
        """Register a rule that says why something could not be seen, or merely notes."""
        return self._rule(code, Severity.INFO, Role.CONTEXT)

    def include(self, *themes: Rules[E]) -> None:
        """Take in the rules of these themes, in this order."""
        for theme in themes:
            for rule in theme.rules:
                self._add(rule)

    def _rule(
        self,
        code: str,
        severity: Severity,
        role: Role,
        breaks: tuple[Link, ...] = (),
        yields_to: tuple[str, ...] = (),
    ) -> Callable[[Rule[E]], Rule[E]]:
        def register(judge: Rule[E]) -> Rule[E]:
            rule = RuleInfo(
                code=code,
                judge=judge,
                severity=severity,
                role=role,
                breaks=breaks,
                yields_to=yields_to,
            )
            self._add(rule)
            return judge

        return register

    def _add(self, rule: RuleInfo[E]) -> None:
        if not CODE.match(rule.code):
            raise ValueError(f"{rule.code!r} is no finding code: it must look like check/what")
        if any(known.code == rule.code for known in self.rules):
            raise ValueError(f"there is a rule for {rule.code!r} already")
        if not rule.doc:
            name = rule.judge.__name__
            raise ValueError(f"{name} ({rule.code}) needs a docstring: explain prints it")
        self.rules.append(rule)


class Check(Rules[E]):
    """A check module's declaration. `needs` names checks whose evidence its collector waits for.

    The collector is a decorated function, or one that is named (`collected_by="module:function"`)
    and imported only for a run: judging and explaining need no clients. `doc` is what `explain`
    says of the check.
    """

    def __init__(
        self,
        *,
        name: str,
        step: int | None,
        title: str,
        evidence: type[E],
        needs: tuple[str, ...] = (),
        collected_by: str | None = None,
        doc: str | None = None,
    ) -> None:
        super().__init__()
        self.name = name
        self.step = step
        self.title = title
        self.evidence = evidence
        self.needs = needs
        self.collected_by = collected_by
        self.collect: Collector[E] | None = None
        self.doc = inspect.cleandoc(doc or title)
        self._unearned: Gaps[E] | None = None

    def collector(self, function: Collector[E]) -> Collector[E]:
        """Register the one function that looks at the world."""
        if self.collect is not None:
            raise TypeError(f"check {self.name!r} has a collector already: {function.__name__}")
        self.collect = function
        return function

    def load_collector(self) -> Collector[E]:
        """The collector, imported now if it was only named.

        Raises:
            TypeError: there is none.
        """
        if self.collect is None and self.collected_by is not None:
            module, _, function = self.collected_by.partition(":")
            self.collect = getattr(import_module(module), function)
        if self.collect is None:
            raise TypeError(f"check {self.name!r} has no collector")
        return self.collect

    def must_see(self, function: Gaps[E]) -> Gaps[E]:
        """Register what a `pass` needs beyond the evidence's own gaps: what it returns was not seen."""
        self._unearned = function
        return function

    def gaps(self, evidence: E, case: Case) -> tuple[Unseen, ...]:
        """What this check had to see for a `pass` and could not."""
        more = self._unearned(evidence, case) if self._unearned else ()
        return (*evidence.gaps(), *more)


AnyCheck: TypeAlias = Check[Any]
