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
from dataclasses import dataclass, field
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


@dataclass
class Check(Generic[E]):
    """A check module's declaration. `needs` names checks whose evidence its collector waits for.

    The collector is a decorated function, or one that is named (`collected_by="module:function"`)
    and imported only for a run: judging and explaining need no clients.
    """

    name: str
    step: int | None
    title: str
    evidence: type[E]
    needs: tuple[str, ...] = ()
    collected_by: str | None = None
    rules: list[RuleInfo[E]] = field(default_factory=list)
    collect: Collector[E] | None = None
    unearned: Gaps[E] | None = None
    doc: str = ""

    def collector(self, function: Collector[E]) -> Collector[E]:
        """Register the one function that looks at the world."""
        if self.collect is not None:
            raise TypeError(f"check {self.name!r} has a collector already: {function.__name__}")
        self.collect = function
        self.doc = inspect.getdoc(inspect.getmodule(function)) or ""
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
        self.unearned = function
        return function

    def gaps(self, evidence: E, case: Case) -> tuple[Unseen, ...]:
        """What this check had to see for a `pass` and could not."""
        more = self.unearned(evidence, case) if self.unearned else ()
        return (*evidence.gaps(), *more)

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

    def _rule(
        self,
        code: str,
        severity: Severity,
        role: Role,
        breaks: tuple[Link, ...] = (),
        yields_to: tuple[str, ...] = (),
    ) -> Callable[[Rule[E]], Rule[E]]:
        if not CODE.match(code):
            raise ValueError(f"{code!r} is no finding code: it must look like check/what")
        if any(rule.code == code for rule in self.rules):
            raise ValueError(f"check {self.name!r} has a rule for {code!r} already")

        def register(judge: Rule[E]) -> Rule[E]:
            if not inspect.getdoc(judge):
                raise ValueError(f"{judge.__name__} ({code}) needs a docstring: explain prints it")
            self.doc = self.doc or inspect.getdoc(inspect.getmodule(judge)) or ""
            self.rules.append(
                RuleInfo(
                    code=code,
                    judge=judge,
                    severity=severity,
                    role=role,
                    breaks=breaks,
                    yields_to=yields_to,
                )
            )
            return judge

        return register


AnyCheck: TypeAlias = Check[Any]
