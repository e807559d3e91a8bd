"""A backup read closely: by the very collectors of a single diagnosis, over the shared clients."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from doctor.collectors import object as of_object
from doctor.collectors import rls as of_rls
from doctor.collectors import workflow as of_workflow
from doctor.collectors.function import recorded
from doctor.evidence.base import Evidence, Unseen, Why
from doctor.evidence.function import FunctionEvidence
from doctor.sources import Sources

if TYPE_CHECKING:
    from collections.abc import Callable

    from doctor.case import Case
    from doctor.clients.github import GitHub
    from doctor.sweep.backup import StuckBackup
    from doctor.sweep.shared import Shared


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Reads single backups closely. Safe to use from several threads."""

    shared: Shared
    github: GitHub

    def read(self, backup: StuckBackup, *, function_log: bool) -> Case:
        """The case that a single diagnosis of this backup would judge."""
        case = msgspec.structs.replace(self.shared.case, asked=backup.asked, evidence={})
        earlier: dict[type[Evidence], Future[Any]] = {}
        ask = self._sources(earlier)
        evidence: dict[str, Evidence | Unseen] = {
            "secrets": self.shared.secrets,
            "function": self.shared.function,
            "row": self.shared.row_of(backup),
        }
        for one in evidence.values():
            _remember(earlier, one)
        for name, look in (
            ("workflow", of_workflow.look),
            ("object", of_object.look),
            ("rls", of_rls.look),
        ):
            evidence[name] = _collected(name, look, ask, case)
            _remember(earlier, evidence[name])
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


def _collected(
    name: str, look: Callable[[Sources, Case], Evidence], ask: Sources, case: Case
) -> Evidence | Unseen:
    """What the collector saw; a defect in it costs this backup that check, and no other anything."""
    try:
        return look(ask, case)
    except Exception as error:  # noqa: BLE001 -- as in a single run
        return Unseen(
            why=Why.CRASHED,
            what=f"The check {name} failed in the doctor itself ({type(error).__name__}).",
        )
