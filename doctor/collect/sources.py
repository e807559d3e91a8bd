"""What a collector may ask: the clients, the evidence of earlier checks, and things at once."""

from __future__ import annotations

from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from backup_doctor.base.threads import spawn
from backup_doctor.collect.clients.opening import Openings
from backup_doctor.evidence.base import Evidence, Unseen, Why

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from backup_doctor.collect.clients.bucket import Bucket
    from backup_doctor.collect.clients.data_api import DataApi
    from backup_doctor.collect.clients.database import Database
    from backup_doctor.collect.clients.functions import Functions
    from backup_doctor.collect.clients.github import GitHub
    from backup_doctor.collect.clients.management import Management
    from backup_doctor.collect.database.answers import Rows
    from backup_doctor.collect.deadline import Deadline
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.object import StoredObject
    from backup_doctor.evidence.workflow import Run
    from backup_doctor.settings.model import Settings

T = TypeVar("T")
E = TypeVar("E", bound=Evidence)


# So many questions are asked before the first of them is answered, and one more that follows first.
GITHUB_AT_ONCE = 5
DATA_API_AT_ONCE = 2


def undecided(_case: Case) -> Unseen | None:
    """Nobody judged whether the function's answer would decide anything: it is not called."""
    return Unseen(
        why=Why.NOT_ASKED,
        what="The function was not called with a body.",
        dependency="The functions gateway",
    )


class Hints:
    """What is likely long before it is known, for those who ask ahead. Nothing is judged by it."""

    def __init__(self) -> None:
        self.run: Run | None = None
        self._file: Future[StoredObject] = Future()

    def found(self, file: StoredObject) -> None:
        """A file that may be the backup's."""
        with suppress(InvalidStateError):  # another thread was the first, perhaps just now
            self._file.set_result(file)

    def file(self, timeout_s: float) -> StoredObject | None:
        """The first of them, waited for."""
        try:
            return self._file.result(timeout=timeout_s)
        except TimeoutError:
            return None


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
        self.earlier = {} if earlier is None else earlier
        self.why_not_posted = why_not_posted
        self.hints = Hints()
        self._openings = Openings()

    def open(self) -> None:
        """Begin to connect to those who are waited for longest, while the rest is imported.

        Only to those whom the checks ask in any case, with the user's own credentials.
        """
        settings = self.settings
        if settings.repository and settings.github_token:
            self._openings.begin(settings.github_url, GITHUB_AT_ONCE)
        if settings.supabase_url and settings.service_key:
            self._openings.begin(settings.supabase_url, DATA_API_AT_ONCE)
        if settings.database_url:
            self.meanwhile(self._open_database)

    def _open_database(self) -> None:
        direct = self.database.direct
        if not isinstance(direct, Unseen):
            direct.open()

    def ahead(self) -> Sources:
        """The same, for who asks the database what will be asked once more."""
        other = copy(self)
        other.database = self.database.ahead()
        return other

    @property
    def now(self) -> datetime:
        """The time by the clocks of the services that have answered by now."""
        return self.deadline.clocks.now()

    def need(self, kind: type[E]) -> E | None:
        """The evidence of an earlier check, waited for; None where it could not be collected.

        The wait ends early enough for calls of one's own: a hanging service costs one check.
        """
        future = self.earlier.get(kind)
        if future is None:
            return None
        try:
            found = future.result(timeout=self.deadline.left_to_wait())
        except (Exception, SystemExit):  # noqa: BLE001 -- that check tells its own failure; this one goes on
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

        return GitHub(self.settings, self.deadline, self._openings)

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

        return DataApi(self.settings, self.deadline, self._openings)

    @cached_property
    def database(self) -> Database:
        """PostgreSQL, by the best way that works."""
        from backup_doctor.collect.clients.database import Database

        # The Management API's client is only imported where it is needed.
        return Database(self.settings, self.deadline, self._query_by_management)

    def _query_by_management(self, statement: str) -> Rows | Unseen:
        return self.management.query(statement)

    @cached_property
    def bucket(self) -> Bucket:
        """The bucket."""
        from backup_doctor.collect.clients.bucket import Bucket

        return Bucket(self.settings, self.deadline)
