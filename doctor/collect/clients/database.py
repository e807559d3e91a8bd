"""The database by the best way there is: directly, else through the Management API."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.database.answers import Refusal, Reply, Rows, refusal_in
from backup_doctor.collect.database.direct import Direct
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.row import Route

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.collect.deadline import Deadline
    from backup_doctor.settings.model import Settings


class Way(Immutable, frozen=True):
    """One way to run SQL: one SELECT that names schemas, and returns rows as JSON has them."""

    route: Route
    run: Callable[[str], Reply]


class Database:
    """PostgreSQL, asked with SELECT statements. Nothing that it runs can write.

    `query` asks through the Management API, which is only made when it is needed.
    """

    def __init__(
        self, settings: Settings, deadline: Deadline, query: Callable[[str], Rows | Unseen]
    ) -> None:
        self.settings = settings
        self.deadline = deadline
        self._query = query

    @cached_property
    def direct(self) -> Direct | Unseen:
        """The sessions at the user's database URL; why there are none, without a URL."""
        url = self.settings.database_url
        if url is None:
            return self.settings.absent("database_url")
        return Direct(url.reveal(), self.deadline)

    def ahead(self) -> Database:
        """The same, for who asks what will be asked once more: see `Direct.ahead`."""
        other = Database(self.settings, self.deadline, self._query)
        direct = self.direct
        other.direct = direct if isinstance(direct, Unseen) else direct.ahead()
        return other

    @property
    def ways(self) -> tuple[Way, ...]:
        """The ways that are configured (or withheld, which is worth saying), best first."""
        ways = []
        if not _not_configured(self.direct):
            ways.append(Way(Route.DIRECT, self._directly))
        if not _not_configured(self._management_gap()):
            ways.append(Way(Route.MANAGEMENT, self._by_management))
        return tuple(ways)

    def query(self, statement: str) -> Rows | Unseen:
        """The rows of one SELECT or EXPLAIN, as the doctor's own user. Names must be qualified.

        A refusal of PostgreSQL's is `Unseen` with its SQLSTATE as `code`.
        """
        answer = self.run(statement)
        return answer.unseen() if isinstance(answer, Refusal) else answer

    def run(self, statement: str) -> Reply:
        """What the first way that answers says; a refusal of PostgreSQL's is an answer."""
        answer: Reply = self._nothing()
        for way in self.ways:
            answer = way.run(statement)
            if not isinstance(answer, Unseen):
                break
        return answer

    def _directly(self, statement: str) -> Reply:
        return self.direct if isinstance(self.direct, Unseen) else self.direct.run(statement)

    def _by_management(self, statement: str) -> Reply:
        gap = self._management_gap()
        if gap is not None:
            return gap
        answer = self._query(statement)
        return (refusal_in(answer) or answer) if isinstance(answer, Unseen) else answer

    def _management_gap(self) -> Unseen | None:
        if self.settings.access_token is None:
            return self.settings.absent("access_token")
        return self.settings.absent("project_ref") if self.settings.project_ref is None else None

    def _nothing(self) -> Unseen:
        return Unseen(
            why=Why.NOT_CONFIGURED,
            what="No way to run SQL is configured: no database URL, no Management API token.",
            remedy="Set SUPABASE_DB_URL (or SUPABASE_ACCESS_TOKEN).",
            dependency="PostgreSQL",
        )


def _not_configured(gap: object) -> bool:
    return isinstance(gap, Unseen) and gap.why is Why.NOT_CONFIGURED
