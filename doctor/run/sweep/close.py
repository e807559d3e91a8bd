"""A backup read closely: by the very collectors of a single diagnosis, over the shared clients."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.database.rows import read_rows
from backup_doctor.collect.function.collector import recorded
from backup_doctor.collect.sources import Sources
from backup_doctor.evidence.base import Evidence, Unseen
from backup_doctor.evidence.function import FunctionEvidence
from backup_doctor.evidence.row import Route, RowEvidence
from backup_doctor.run.runner import failed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backup_doctor.collect.clients.github import GitHub
    from backup_doctor.evidence.case import Asked, Case
    from backup_doctor.judge.framework import AnyCheck
    from backup_doctor.run.sweep.backup import StuckBackup
    from backup_doctor.run.sweep.shared import Shared


class CloseReader(Immutable, frozen=True, kw_only=True):
    """Reads single backups closely. Safe to use from several threads."""

    shared: Shared
    github: GitHub

    def read(self, backup: StuckBackup, *, function_log: bool) -> Case:
        """The case that a single diagnosis of this backup would judge."""
        known = self._with_others(backup)
        row = {"row": self.shared.row_of(known)}
        return self._read(known.asked, row, function_log=function_log)

    def _with_others(self, backup: StuckBackup) -> StuckBackup:
        """With the other rows of its dispatch id, which a listing over the Data API leaves out."""
        dispatch_id, seen = backup.row.dispatch_id, self.shared.row
        by_sql = isinstance(seen, RowEvidence) and seen.route not in (None, Route.REST)
        if by_sql or not dispatch_id:
            return backup
        found = self.shared.ask.data_api.rows("dispatch_id", dispatch_id)
        if isinstance(found, Unseen) or len(found) < 2:  # noqa: PLR2004 -- itself, and another
            return backup
        return replace(backup, rows=read_rows(found, self.shared.case.names))

    def read_by_id(self, asked: Asked) -> Case:
        """The same of a backup whose row was not read yet."""
        return self._read(asked, {}, function_log=False)

    def _read(
        self, asked: Asked, known: Mapping[str, Evidence | Unseen], *, function_log: bool
    ) -> Case:
        case = msgspec.structs.replace(self.shared.case, asked=asked, evidence={})
        earlier: dict[type[Evidence], Future[Any]] = {}
        ask = self._sources(earlier)
        evidence: dict[str, Evidence | Unseen] = {
            "secrets": self.shared.secrets,
            "function": self.shared.function,
            **known,
        }
        for check in (one.check for one in self.shared.registry.checks):
            if check.shared:
                evidence[check.name] = self.shared.of(check)
            elif check.name not in evidence:
                evidence[check.name] = _collected(check, ask, case)
            _remember(earlier, evidence[check.name])
        function = self.shared.function
        if function_log and isinstance(function, FunctionEvidence):
            logs, invocations = recorded(ask, case, function.record)
            evidence["function"] = msgspec.structs.replace(
                function, logs=logs, invocations=invocations
            )
        return msgspec.structs.replace(case, evidence=evidence)

    def _sources(self, earlier: dict[type[Evidence], Future[Any]]) -> Sources:
        """The shared clients, with this backup's evidence of earlier checks."""
        whole = self.shared.ask
        ask = Sources(whole.settings, whole.deadline, earlier)
        ask.github = self.github
        ask.management = whole.management
        ask.data_api = whole.data_api
        ask.database = whole.database
        ask.bucket = whole.bucket
        return ask


def _remember(earlier: dict[type[Evidence], Future[Any]], found: Evidence | Unseen) -> None:
    if isinstance(found, Evidence):
        earlier[type(found)] = Future()
        earlier[type(found)].set_result(found)


def _collected(check: AnyCheck, ask: Sources, case: Case) -> Evidence | Unseen:
    """What the collector saw; a defect in it costs this backup that check, and no other anything."""
    try:
        seen: Evidence = check.load_collector()(ask, case)
    except (Exception, SystemExit) as error:  # noqa: BLE001 -- as in a single run
        return failed(check, error)
    return seen
