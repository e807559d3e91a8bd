"""What a collector may ask: the clients, the evidence of earlier checks, and things at once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from doctor.evidence.base import Evidence
from doctor.threads import spawn

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from doctor.clients.bucket import Bucket
    from doctor.clients.data_api import DataApi
    from doctor.clients.database import Database
    from doctor.clients.functions import Functions
    from doctor.clients.github import GitHub
    from doctor.clients.management import Management
    from doctor.deadline import Deadline
    from doctor.settings.model import Settings

T = TypeVar("T")
E = TypeVar("E", bound=Evidence)


class Sources:
    """The world as a collector may see it. Clients are made when first asked for."""

    def __init__(
        self,
        settings: Settings,
        deadline: Deadline,
        earlier: dict[type[Evidence], Future[Any]] | None = None,
    ) -> None:
        self.settings = settings
        self.deadline = deadline
        self._earlier = {} if earlier is None else earlier

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
        from doctor.clients.github import GitHub

        return GitHub(self.settings, self.deadline)

    @cached_property
    def management(self) -> Management:
        """Supabase's Management API."""
        from doctor.clients.management import Management

        return Management(self.settings, self.deadline)

    @cached_property
    def functions(self) -> Functions:
        """The gateway in front of the edge functions."""
        from doctor.clients.functions import Functions

        return Functions(self.settings, self.deadline)

    @cached_property
    def data_api(self) -> DataApi:
        """The Data API: PostgREST behind Supabase's gateway, asked with the service key."""
        from doctor.clients.data_api import DataApi

        return DataApi(self.settings, self.deadline)

    @cached_property
    def database(self) -> Database:
        """PostgreSQL, by the best way that works."""
        from doctor.clients.database import Database

        return Database(self.settings, self.deadline, self)

    @cached_property
    def bucket(self) -> Bucket:
        """The bucket."""
        from doctor.clients.bucket import Bucket

        return Bucket(self.settings, self.deadline)
