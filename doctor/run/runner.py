"""A run: collect at once, judge and report in sequence, and always end within the budget.

Each collector has a thread of its own; what hangs is left behind when the budget ends, and its
check says so. Nothing here raises for what the world does.
"""

from __future__ import annotations

import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from backup_doctor.base.exhaustion import lacking
from backup_doctor.base.redaction import Redactor
from backup_doctor.base.threads import spawn
from backup_doctor.collect.deadline import Deadline
from backup_doctor.collect.sources import Sources
from backup_doctor.evidence.base import Evidence, Unseen, Why
from backup_doctor.evidence.case import Asked, Case
from backup_doctor.evidence.clocks import own_now
from backup_doctor.evidence.collected import Collected
from backup_doctor.evidence.function import FunctionEvidence
from backup_doctor.evidence.row import RowEvidence
from backup_doctor.judge.history.probing import why_not_posted
from backup_doctor.judge.registry import Registry, load_checks

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.judge.framework import AnyCheck
    from backup_doctor.settings.model import Settings

DEFAULT_BUDGET_S = 60.0
MORE_OF_IT = "Raise the limits of the process (ulimit -a), or the container's of memory and pids."


class Observer(Protocol):
    """Who wants to know how far the run is: the progress line. Checks themselves never print."""

    def started(self, check: AnyCheck) -> None:
        """A collector began."""

    def finished(self, check: AnyCheck, seconds: float) -> None:
        """A collector ended, or was given up."""


class Silent:
    """Nobody watches."""

    def started(self, check: AnyCheck) -> None:
        """Say nothing."""

    def finished(self, check: AnyCheck, seconds: float) -> None:
        """Say nothing."""


@dataclass
class DoctorRun:
    """A run in the making. `collect` may be interrupted; `collected` then says what is known.

    What collectors return may still hold secrets, which later collectors need; what `collected`
    returns does not.
    """

    settings: Settings
    asked: Asked
    budget_s: float = DEFAULT_BUDGET_S
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    observer: Observer = field(default_factory=Silent)
    registry: Registry = field(default_factory=load_checks)
    redactor: Redactor | None = None
    opened: Sources | None = None
    """Sources of these settings that are being connected to already."""

    def __post_init__(self) -> None:
        self.sources = self.opened or Sources(self.settings, Deadline(self.budget_s))
        self.deadline = self.sources.deadline
        self.checks = tuple(
            one.check
            for one in self.registry.checks
            if (not self.only or one.check.name in self.only) and one.check.name not in self.skip
        )
        self.case = Case(
            asked=self.asked,
            names=self.settings.names,
            now=own_now(),
            skipped=tuple(
                one.check.name for one in self.registry.checks if one.check not in self.checks
            ),
        )
        self.redacting = self.redactor or Redactor(
            secret.reveal() for secret in self.settings.secrets()
        )
        self._futures: dict[type[Evidence], Future[Any]] = {}
        self._seconds: dict[str, float] = {}
        self.sources.earlier = self._futures
        self.sources.why_not_posted = why_not_posted

    def collect(self, meanwhile: Callable[[], None] | None = None) -> Collected:
        """Start every collector, wait for each in sequence, never longer than the budget.

        Those that others wait for start first, and have their first answers under way while the
        clients of the next are imported; then `meanwhile` is called.
        """
        gates: dict[type[Evidence], Future[Any]] = {
            check.evidence: Future() for check in self.checks
        }
        self._futures.update(gates)
        for check in sorted(self.checks, key=self._dependents, reverse=True):
            self._start(check, gates[check.evidence])
        if meanwhile:
            meanwhile()
        for check in self.checks:
            self._wait(check, gates[check.evidence])
        return self.collected()

    def collected(self, *, interrupted: bool = False) -> Collected:
        """What is known so far: finished evidence, and `Unseen` for what did not finish."""
        evidence: dict[str, Evidence | Unseen] = {}
        for check in self.checks:
            future = self._futures.get(check.evidence)
            cut_off = interrupted and not (future and future.done())
            evidence[check.name] = _cut_off(check) if cut_off else _outcome(check, future)
        seen = evidence.get("row")
        columns = seen.columns if isinstance(seen, RowEvidence) else ()
        names = self.case.names.fitted(columns) if columns else self.case.names
        function = evidence.get("function")
        if isinstance(function, FunctionEvidence) and function.name != names.function:
            # The script calls another one than the guide's, and no setting names it.
            names = msgspec.structs.replace(names, function=function.name)
        clock = self.deadline.clocks.reading()
        now = self.case.now + timedelta(seconds=clock.behind_s)
        return Collected(
            case=msgspec.structs.replace(
                self.case, names=names, evidence=evidence, now=now, clock=clock
            ),
            seconds=dict(self._seconds),
            duration_s=round(self.deadline.elapsed(), 3),
            warnings=self.settings.warnings,
            interrupted=interrupted,
        ).redacted(self.redacting)

    def _dependents(self, check: AnyCheck) -> int:
        return sum(check.name in other.needs for other in self.checks)

    def _start(self, check: AnyCheck, gate: Future[Any]) -> None:
        try:
            look = check.load_collector()
        except (Exception, SystemExit) as error:  # noqa: BLE001 -- its check says so, the others go on
            gate.set_exception(error)
        else:
            _chain(spawn(self._timed(check, look)), gate)

    def _timed(
        self, check: AnyCheck, look: Callable[[Sources, Case], Evidence]
    ) -> Callable[[], Evidence]:
        def collect() -> Evidence:
            started = time.monotonic()
            self.observer.started(check)
            try:
                return look(self.sources, self.case)
            finally:
                self._seconds[check.name] = round(time.monotonic() - started, 3)
                self.observer.finished(check, self._seconds[check.name])

        collect.__name__ = f"collect-{check.name}"
        return collect

    def _wait(self, check: AnyCheck, future: Future[Any]) -> None:
        try:
            future.exception(timeout=self.deadline.left_to_collect())
        except FutureTimeoutError:
            self._seconds.setdefault(check.name, round(self.deadline.elapsed(), 3))


def _chain(source: Future[Any], target: Future[Any]) -> None:
    """Hand a result on to a future that others already wait for."""

    def hand_on(done: Future[Any]) -> None:
        error = done.exception()
        if error is not None:
            target.set_exception(error)
        else:
            target.set_result(done.result())

    source.add_done_callback(hand_on)


def _cut_off(check: AnyCheck) -> Unseen:
    return Unseen(
        why=Why.TIMED_OUT,
        what=f"The doctor was interrupted before the check {check.name} had finished.",
        remedy="Run it again.",
    )


def _outcome(check: AnyCheck, future: Future[Any] | None) -> Evidence | Unseen:
    if future is None or not future.done() or isinstance(future.exception(), TimeoutError):
        return Unseen(
            why=Why.TIMED_OUT,
            what=f"The check {check.name} did not finish within the budget.",
            remedy="Give it more time with --budget.",
        )
    error = future.exception()
    if isinstance(error, ImportError):  # a package is missing or broken, and not the doctor
        return Unseen(
            why=Why.UNREACHABLE,
            what=f"The check {check.name} could not look: the package {error.name or '?'} that it "
            "needs cannot be imported.",
            remedy="Install backup-doctor and its packages again.",
        )
    if error is not None:
        return failed(check, error)
    found: object = future.result()
    if isinstance(found, Evidence) and isinstance(found, check.evidence):
        return found
    return Unseen(
        why=Why.CRASHED, what=f"The check {check.name} returned no {check.evidence.__name__}."
    )


def failed(check: AnyCheck, error: BaseException) -> Unseen:
    """Why a check saw nothing whose collector raised."""
    lacks = lacking(error)
    if lacks is None:
        return Unseen(
            why=Why.CRASHED,
            what=f"The check {check.name} failed in the doctor itself ({type(error).__name__}).",
        )
    return Unseen(
        why=Why.UNREACHABLE,
        what=f"The check {check.name} could not look: this machine gives the doctor no more {lacks}.",
        remedy=MORE_OF_IT,
    )
