"""How a check module is written: a collector that looks, and rules that judge.

A check is declared once (`Check(name, step, title, evidence)`), its collector is decorated with
`@check.collector`, and each finding code is one decorated pure function (what is special about a code: `judge.traits`):

    @check.cause("row/missing", breaks=Link.ROW_CREATED)
    def missing(seen: RowEvidence, case: Case) -> Found | None:
        '''No row has this dispatch id. ...'''

The docstring is what `explain` prints and the page of the code in the documentation. A rule that
claims what nobody saw (that something is missing) takes the proof as an argument:

    @check.cause("row/missing", breaks=Link.ROW_CREATED)
    @needs(absence_of_row)
    def missing(seen: RowEvidence, case: Case, shown: Shown) -> Found | None:
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from fnmatch import fnmatchcase
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from backup_doctor.base.immutable import Immutable
from backup_doctor.evidence.base import Evidence, Shown, Unseen, unseen
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.findings import Exhibit, Fix, Role, Severity
from backup_doctor.judge.traits import SqlRefusal, Trait

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case

E = TypeVar("E", bound=Evidence)
# Under `python -OO`.
DOCSTRINGS_STRIPPED = sys.flags.optimize >= 2  # noqa: PLR2004 -- -OO
CODE = re.compile(r"[a-z][a-z0-9-]*/[a-z][a-z0-9-]*")
NAME = re.compile(r"[a-z][a-z0-9-]*")


class Resolved(Immutable, frozen=True, kw_only=True):
    """Proof that what failed then works now: of the pipeline's own request, never of another.

    That is the same path, role, key and columns, tried, or shown by the catalogue or by the
    platform's own record. `by` completes "It failed then and works now: …".
    """

    by: str


class Found(Immutable, frozen=True, kw_only=True):
    """What a rule returns: this case in one sentence, what shows it, and what to do, in order.

    `breaks`, `severity` and `role` override what the rule declares, where this case differs.
    `by_log`: the run's own log proves it. `holds`: it is seen to hold now. `resolved`: this proves that
    it does not hold any more.
    `weak`: it fits what was seen and is not proved; it is a cause only where nothing proved breaks
    the same link. `reason` says more than the code: the known error of a tool (`backup_doctor.services`).
    """

    summary: str
    evidence: tuple[Exhibit, ...] = ()
    fixes: tuple[Fix, ...] = ()
    breaks: tuple[Link, ...] | None = None
    severity: Severity | None = None
    role: Role | None = None
    by_log: bool = False
    holds: bool = False
    resolved: Resolved | None = None
    weak: bool = False
    reason: str | None = None


Ruling: TypeAlias = Found | Iterable[Found] | None
Rule: TypeAlias = Callable[[E, "Case"], Ruling]
# Its first parameter is `Sources`: what collects lies beside what judges, and neither knows the other.
Collector: TypeAlias = Callable[[Any, "Case"], E]
Gaps: TypeAlias = Callable[[E, "Case"], tuple[Unseen, ...]]
Proof: TypeAlias = Callable[[E, "Case"], Shown | Unseen | None]
ProvedRule: TypeAlias = Callable[[E, "Case", Shown], Ruling]
YieldsTo: TypeAlias = tuple[str | Trait, ...]
Register: TypeAlias = Callable[[Rule[E]], Rule[E]]


class Proved(Generic[E]):
    """A rule that may only speak with a proof in hand.

    `proof` returns None where there is nothing to claim, `Shown` where the claim holds, and `Unseen`
    where it may hold and nothing shows it: the rule is then not asked, and its check is no `pass`.
    """

    def __init__(self, proof: Proof[E], rule: ProvedRule[E]) -> None:
        self.proof = proof
        self.rule = rule
        self.__name__ = rule.__name__
        self.__doc__ = rule.__doc__

    def __call__(self, seen: E, case: Case) -> Ruling:
        """Ask the rule, where its claim is shown."""
        shown = self.proof(seen, case)
        return self.rule(seen, case, shown) if isinstance(shown, Shown) else None


def needs(proof: Proof[E]) -> Callable[[ProvedRule[E]], Proved[E]]:
    """Make a rule of (evidence, case, shown), which is asked only where the proof is `Shown`."""
    return lambda rule: Proved(proof, rule)


class RuleInfo(Immutable, Generic[E], frozen=True, kw_only=True):
    """One finding code: how it is judged, and what it is in the chain.

    `yields_to`: codes (or `family/*`, `*`, or all with a trait) that, where they break the same link,
    explain this one, which is then a symptom. `refuses_sql`: it refuses the row's own fix.
    """

    code: str
    judge: Rule[E]
    severity: Severity
    role: Role
    breaks: tuple[Link, ...] = ()
    yields_to: YieldsTo = ()
    traits: frozenset[Trait] = frozenset()
    refuses_sql: SqlRefusal | None = None

    def yields(self, other: RuleInfo[Any]) -> bool:
        """Whether `yields_to` names the other's code, or one of its traits."""
        return any(
            one in other.traits if isinstance(one, Trait) else fnmatchcase(other.code, one)
            for one in self.yields_to
        )

    @property
    def doc(self) -> str:
        """The docstring, unindented; empty where Python stripped it (-OO)."""
        return inspect.getdoc(self.judge) or ""


class Rules(Generic[E]):
    """Rules of one theme, in the order in which they are asked. `check.include` takes them in."""

    def __init__(self) -> None:
        self.rules: list[RuleInfo[E]] = []

    def cause(
        self,
        code: str,
        *,
        breaks: Link | tuple[Link, ...],
        yields_to: YieldsTo = (),
        traits: Iterable[Trait] = (),
        refuses_sql: SqlRefusal | None = None,
    ) -> Register[E]:
        """Register a rule whose finding can be the cause of a stuck or wrong row."""
        return self._rule(
            code,
            Severity.FAIL,
            Role.CAUSE,
            breaks=breaks if isinstance(breaks, tuple) else (breaks,),
            yields_to=yields_to,
            traits=frozenset(traits),
            refuses_sql=refuses_sql,
        )

    def symptom(self, code: str, *, traits: Iterable[Trait] = ()) -> Register[E]:
        """Register a rule that finds what a cause leaves behind."""
        return self._rule(code, Severity.FAIL, Role.SYMPTOM, traits=frozenset(traits))

    def warning(
        self, code: str, *, yields_to: YieldsTo = (), traits: Iterable[Trait] = ()
    ) -> Register[E]:
        """Register a rule that finds what is worth fixing and breaks nothing now.

        `yields_to` counts where the rule says that in this case it is a cause all the same.
        """
        return self._rule(
            code, Severity.WARN, Role.CONTEXT, yields_to=yields_to, traits=frozenset(traits)
        )

    def context(self, code: str, *, traits: Iterable[Trait] = ()) -> Register[E]:
        """Register a rule that says why something could not be seen, or merely notes."""
        return self._rule(code, Severity.INFO, Role.CONTEXT, traits=frozenset(traits))

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
        **properties: Any,  # noqa: ANN401 -- those of RuleInfo
    ) -> Register[E]:
        def register(judge: Rule[E]) -> Rule[E]:
            self._add(RuleInfo(code=code, judge=judge, severity=severity, role=role, **properties))
            return judge

        return register

    def _add(self, rule: RuleInfo[E]) -> None:
        if not CODE.fullmatch(rule.code):
            raise ValueError(f"{rule.code!r} is not a finding code: it must look like check/what")
        if any(known.code == rule.code for known in self.rules):
            raise ValueError(f"there is a rule for {rule.code!r} already")
        kinds = ((rule.breaks, Link), (rule.yields_to, (str, Trait)), (rule.traits, Trait))
        for wrong in (one for given, kind in kinds for one in given if not isinstance(one, kind)):
            raise TypeError(f"{wrong!r} of {rule.code!r} is not a link, a code or a trait")
        if not rule.doc and not DOCSTRINGS_STRIPPED:
            name = rule.judge.__name__
            raise ValueError(f"{name} ({rule.code}) needs a docstring: explain prints it")
        self.rules.append(rule)


class Check(Rules[E]):
    """A check module's declaration. `needs` names checks whose evidence its collector waits for.

    The collector is a decorated function, or one that is named (`collected_by="module:function"`)
    and imported only for a run: judging and explaining need no clients. `shared`: what it sees is
    the same for every backup, so that a sweep looks once. `doc` is what `explain` says of the check.
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
        shared: bool = False,
        doc: str | None = None,
    ) -> None:
        super().__init__()
        if not NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a check's name: small letters, digits and hyphens")
        self.name = name
        self.step = step
        self.title = title
        self.evidence = evidence
        self.needs = needs
        self.collected_by = collected_by
        self.shared = shared
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
        return tuple(dict.fromkeys((*evidence.gaps(), *more, *self._unproved(evidence, case))))

    def _unproved(self, evidence: E, case: Case) -> tuple[Unseen, ...]:
        """Why what may well be so is not claimed."""
        proved = [rule.judge for rule in self.rules if isinstance(rule.judge, Proved)]
        return unseen(*(_tried(rule.proof, evidence, case) for rule in proved))


def _tried(proof: Proof[E], evidence: E, case: Case) -> Shown | Unseen | None:
    """The proof; None for one that fails itself, which the judging of its rule reports."""
    with suppress(Exception, SystemExit):
        return proof(evidence, case)
    return None


AnyCheck: TypeAlias = Check[Any]
