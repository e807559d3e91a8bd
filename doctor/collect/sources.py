"""What a collector may ask: the clients, the evidence of earlier checks, and things at once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from backup_doctor.base.threads import spawn
from backup_doctor.evidence.base import Evidence, Unseen, Why

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from datetime import datetime

    from backup_doctor.collect.clients.bucket import Bucket
    from backup_doctor.collect.clients.data_api import DataApi
    from backup_doctor.collect.clients.database import Database
    from backup_doctor.collect.clients.functions import Functions
    from backup_doctor.collect.clients.github import GitHub
    from backup_doctor.collect.clients.management import Management
    from backup_doctor.collect.deadline import Deadline
    from backup_doctor.evidence.case import Case
    from backup_doctor.settings.model import Settings

T = TypeVar("T")
E = TypeVar("E", bound=Evidence)


def undecided(_case: Case) -> Unseen | None:
    """Nobody judged whether the function's answer would decide anything: it is not called."""
    return Unseen(
        why=Why.NOT_ASKED,
        what="The function was not called with a body.",
        dependency="The functions gateway",
    )


class Sources:
    """The world as a collector may see it. Clients are made when first asked for.

    `why_not_posted` judges whether the function may be called with a body.
    """

    def __init__(
        self,
        settings: Settings,
        deadline: Deadline,
        earlier: dict[type[Evidence], Future[Any]] | None = None,
        *,
        why_not_posted: Callable[[Case], Unseen | None] = undecided,
    ) -> None:
        self.settings = settings
        self.deadline = deadline
        self._earlier = {} if earlier is None else earlier
        self.why_not_posted = why_not_posted

    @property
    def now(self) -> datetime:
        """The time by the clocks of the services that have answered by now."""
        return self.deadline.clocks.now()

    def need(self, kind: type[E]) -> E | None:
        """The evidence of an earlier check, waited for; None where it could not be collected.

        The wait ends early enough for calls of one's own: a hanging service costs one check.
        """
        future = self._earlier.get(kind)
        if future is None:
            return None
        try:
            found = future.result(timeout=self.deadline.left_to_wait())
        except Exception:  # noqa: BLE001 -- that check reports its own failure; this one goes on without
            return None
        return found if isinstance(found, kind) else None

    def at_once(self, *calls: Callable[[], T]) -> tuple[T, ...]:
        """The results of several calls made at the same time, in their order.

        Raises:
            TimeoutError: one outlives the run; the runner then says that its check did.
        """
        futures = [spawn(call) for call in calls]
        return tuple(future.result(timeout=self.deadline.left_to_collect()) for future in futures)

    def meanwhile(self, call: Callable[[], T]) -> Future[T]:
        """Start a call; ask the future for its result later."""
        return spawn(call)

    @cached_property
    def github(self) -> GitHub:
        """GitHub's REST API."""
        from backup_doctor.collect.clients.github import GitHub

        return GitHub(self.settings, self.deadline)

    @cached_property
    def management(self) -> Management:
        """Supabase's Management API."""
        from backup_doctor.collect.clients.management import Management

        return Management(self.settings, self.deadline)

    @cached_property
    def functions(self) -> Functions:
        """The gateway in front of the edge functions."""
        from backup_doctor.collect.clients.functions import Functions

        return Functions(self.settings, self.deadline)

    @cached_property
    def data_api(self) -> DataApi:
        """The Data API: PostgREST behind Supabase's gateway, asked with the service key."""
        from backup_doctor.collect.clients.data_api import DataApi

        return DataApi(self.settings, self.deadline)

    @cached_property
    def database(self) -> Database:
        """PostgreSQL, by the best way that works."""
        from backup_doctor.collect.clients.database import Database

        return Database(self.settings, self.deadline, self.management.query)

    @cached_property
    def bucket(self) -> Bucket:
        """The bucket."""
        from backup_doctor.collect.clients.bucket import Bucket

        return Bucket(self.settings, self.deadline)
