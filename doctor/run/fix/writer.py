"""The only way by which the user's database is written to. Only fixing may use it.

A plan is written by the route that showed its row, and by no other: another route may lead to
another database, whose row nobody has looked at.
"""

from __future__ import annotations

import time
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import TYPE_CHECKING, TypeVar

from backup_doctor.base.threads import spawn
from backup_doctor.evidence.row import Route
from backup_doctor.run.fix.ending import Ending, Written, never

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from backup_doctor.run.fix.plan import Plan
    from backup_doctor.settings.model import Settings

T = TypeVar("T")
# So long a write goes on after a signal came: a lock is waited for less long.
PATIENCE_S = 4.0
LOOK_EVERY_S = 0.1


GIVEN_UP = Written(ending=Ending.UNKNOWN, reason="Interrupted before the answer came.")


class Writer:
    """Writes plans, each as a whole or not at all. Each has a time limit of its own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def write(self, plan: Plan, stopped: Callable[[], bool] = never) -> Written:
        """Write it by its route. Once `stopped` says so, the answer is not awaited for long."""
        return _awaited(spawn(lambda: self._by_route(plan)), stopped) or GIVEN_UP

    def _by_route(self, plan: Plan) -> Written:
        match plan.route:
            case Route.DIRECT:
                from backup_doctor.run.fix.by_sql import directly

                return directly(self._settings, plan)
            case Route.MANAGEMENT:
                from backup_doctor.run.fix.by_sql import by_management

                return by_management(self._settings, plan)
            case Route.REST:
                from backup_doctor.run.fix.by_data_api import by_data_api

                return by_data_api(self._settings, plan)


def _awaited(future: Future[T], stopped: Callable[[], bool]) -> T | None:
    """The result; None where it did not come soon enough after the stop."""
    until: float | None = None
    while not future.done():
        if until is None and stopped():
            until = time.monotonic() + PATIENCE_S
        if until is not None and time.monotonic() > until:
            return None
        try:
            return future.result(timeout=LOOK_EVERY_S)
        except FutureTimeoutError:
            continue
    return future.result()
