"""One diagnosis from settings to report: collect, check the fix against the database, write."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import msgspec

from backup_doctor.base.immutable import Immutable
from backup_doctor.base.threads import spawn

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.evidence.collected import Collected
    from backup_doctor.evidence.findings import Report
    from backup_doctor.judge.opinion import Opinion
    from backup_doctor.run.runner import DoctorRun


class Examined(Immutable, frozen=True, kw_only=True):
    """All that the report is made from, and the opinion on it."""

    collected: Collected
    opinion: Opinion


def examine(run: DoctorRun, meanwhile: Callable[[], object] | None = None) -> Report:
    """Diagnose the backup that the run is about.

    Raises:
        SettingsError: the configuration names what the database does not have.
    """
    examined = gather(run, meanwhile)
    from backup_doctor.report.compose import write

    return write(examined.collected, run.registry, examined.opinion)


def gather(run: DoctorRun, meanwhile: Callable[[], object] | None = None) -> Examined:
    """All that the report is made from, without secrets, and the opinion on it.

    `meanwhile` is called while the services are waited for, as the judgement is imported then.

    Raises:
        SettingsError: the configuration names what the database does not have.
    """

    def look_ahead() -> None:
        from backup_doctor.run.foresight import foresee

        foresee(run)

    def prepare() -> None:
        import_module("backup_doctor.report.compose")
        spawn(look_ahead)
        run.redacting.prepare()
        if meanwhile:
            meanwhile()

    examined = checked(run, collected_for(run, prepare))
    # All else is redacted since it was collected.
    check = run.redacting.value(examined.collected.fix_check)
    collected = msgspec.structs.replace(examined.collected, fix_check=check)
    return Examined(collected=collected, opinion=examined.opinion)


def collected_for(run: DoctorRun, meanwhile: Callable[[], None] | None = None) -> Collected:
    """What the run collects.

    Raises:
        SettingsError: the configuration names what the database does not have.
    """
    from backup_doctor.judge.mistakes import refuse_mistaken_names

    collected = run.collect(meanwhile)
    refuse_mistaken_names(collected.case, run.settings)
    return collected


def checked(run: DoctorRun, collected: Collected) -> Examined:
    """With what the database says of the SQL that is offered, where there is any and a database to ask."""
    from backup_doctor.judge.opinion import opinion_on
    from backup_doctor.report.compose import planned_repair
    from backup_doctor.run.trying import tried

    opinion = opinion_on(collected.case, run.registry)
    offered = planned_repair(opinion).offered
    if offered is not None:
        check = tried(run.sources, collected.case, offered)
        collected = msgspec.structs.replace(collected, fix_check=check)
    return Examined(collected=collected, opinion=opinion)
