"""What PostgreSQL itself says of the pipeline's UPDATE, proved without writing."""

from __future__ import annotations

from enum import StrEnum

from backup_doctor.evidence.base import Evidence, Fact, Unseen, unseen
from backup_doctor.evidence.row import Constraint


class Reach(StrEnum):
    """How far the writing role's UPDATE gets, as far as a plan can show. Never `will work`."""

    NO_OBSTACLE = "no obstacle seen"
    REFUSED = "refused"
    NO_ROW = "no row in reach"


class Proof(Fact, frozen=True, kw_only=True):
    """The pipeline's UPDATE held against the database as the writing role.

    `strong`: EXPLAIN ran under that role; else it is read from the catalogue only. `sqlstate` and
    `message` are PostgreSQL's refusal. `row_visible`: the role's own SELECT sees the row.
    `new_row_allowed` is the policies' WITH CHECK evaluated on the row as it would be written, None
    where that could not be evaluated. `blocking` names the policies that leave the row out.
    `statement` is what was explained.
    """

    role: str
    reach: Reach
    strong: bool
    sqlstate: str | None = None
    message: str = ""
    row_visible: bool | None = None
    new_row_allowed: bool | None = None
    blocking: tuple[str, ...] = ()
    statement: str = ""


class RefusedValue(Fact, frozen=True, kw_only=True):
    """A value of the update that its column's type cannot take (22003, 22001)."""

    column: str
    type: str
    sqlstate: str
    message: str


class RlsEvidence(Evidence, frozen=True, kw_only=True):
    """Guide, Solution 4: row-level security, grants, and the writing role.

    `constraints` are the table's, each held against the row as the pipeline would write it;
    `refused_values` are what the columns' types cannot take of it. `written` is that row's changes,
    by the guide's column names; `assumed` names those whose value nobody told. `key_proof` is the
    same proof for the role of the given service key, where that is not the writing role.
    """

    proof: Proof | Unseen
    constraints: tuple[Constraint, ...] | Unseen = ()
    refused_values: tuple[RefusedValue, ...] | Unseen = ()
    written: dict[str, str | None] = {}
    assumed: tuple[str, ...] = ()
    key_proof: Proof | Unseen | None = None

    def saw(self) -> str:
        """How far the writing role's update gets."""
        proof = self.proof
        if isinstance(proof, Unseen):
            return ""
        how = "EXPLAIN as that role" if proof.strong else "by the catalogue only"
        return f"update as {proof.role}: {proof.reach} ({how})"

    def gaps(self) -> tuple[Unseen, ...]:
        """Without the database there is no proof."""
        return unseen(self.proof)
