"""Holds the pipeline's UPDATE against grants, policies, types and constraints, without writing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.collect.database.constraints import judged_values
from backup_doctor.collect.database.proof import prove, weak_proof
from backup_doctor.collect.database.update import Update, expected_update
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.object import ObjectEvidence
from backup_doctor.evidence.rls import Proof, RlsEvidence
from backup_doctor.evidence.row import RowEvidence, Table
from backup_doctor.evidence.workflow import WorkflowEvidence

if TYPE_CHECKING:
    from datetime import datetime

    from backup_doctor.collect.sources import Sources
    from backup_doctor.evidence.case import Case

NO_TABLE = Unseen(
    why=Why.NOT_FOUND,
    what="There is no table whose grants and policies could be looked at.",
    dependency="PostgreSQL",
)
NO_ROW_CHECK = Unseen(
    why=Why.NOT_ASKED,
    what="The table is not known: the row check was not run, or failed.",
    remedy="Run the row check too.",
    dependency="PostgreSQL",
)


def look(ask: Sources, case: Case) -> RlsEvidence:
    """The proof at once; types and constraints when it is known what the pipeline would write."""
    row = ask.need(RowEvidence)
    if row is None:
        return RlsEvidence(proof=NO_ROW_CHECK, constraints=NO_ROW_CHECK)
    if not isinstance(row.table, Table):
        gap = row.table or NO_TABLE
        return RlsEvidence(proof=gap, constraints=gap)
    early = expected_update(case, row.table, row.newest, server_now(ask, row))
    writer, key_role = ask.settings.writer_role, ask.data_api.role
    proof = ask.meanwhile(lambda: _proof(ask, early, writer))
    key_proof = None
    if key_role not in (None, writer):
        key_proof = ask.meanwhile(lambda: _proof(ask, early, key_role or ""))
    update = expected_update(
        case,
        row.table,
        row.newest,
        server_now(ask, row),
        workflow=ask.need(WorkflowEvidence),
        stored=ask.need(ObjectEvidence),
    )
    refused, constraints = judged_values(ask.database.run, update)
    return RlsEvidence(
        proof=proof.result(),
        constraints=refused if isinstance(refused, Unseen) else constraints,
        refused_values=refused,
        written=dict(update.values),
        assumed=update.assumed,
        key_proof=key_proof.result() if key_proof else None,
    )


def server_now(ask: Sources, row: RowEvidence) -> datetime:
    """The server's clock, where it could be read."""
    return ask.now if isinstance(row.server, Unseen) else row.server.now


def _proof(ask: Sources, update: Update, role: str) -> Proof | Unseen:
    """By EXPLAIN as the role, else by the catalogue that the row check has read."""
    direct = ask.database.direct
    proof = direct if isinstance(direct, Unseen) else prove(ask, direct, update, role)
    return weak_proof(ask.database.run, update, role) if isinstance(proof, Unseen) else proof
