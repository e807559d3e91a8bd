"""What the run's log says, read line by line into the few facts that a diagnosis needs."""

from __future__ import annotations

from enum import StrEnum

from backup_doctor.evidence.base import Fact, Unseen


class EnvShown(StrEnum):
    """How a variable stands in a step's `env:` block."""

    MASKED = "masked"
    EMPTY = "empty"
    PLAIN = "plain"
    MASKED_THEN_NEWLINE = "masked-then-newline"


class Variable(Fact, frozen=True, kw_only=True):
    """A line of the `env:` block. `value` only where the runner showed it and it is no secret."""

    name: str
    shown: EnvShown
    value: str | None = None


class Outcome(StrEnum):
    """How a call that the update step makes ended, as the log tells it."""

    NOT_MADE = "not-made"
    OK = "ok"
    REFUSED = "refused"
    TIMED_OUT = "timed-out"
    UNREACHABLE = "unreachable"
    NOT_SAID = "not-said"


class Call(Fact, frozen=True, kw_only=True):
    """One HTTP call of the update step: to the function, to PostgREST as fallback, or the look-up.

    `status` is the HTTP status where the log has one; `body` what the log shows of the answer (at
    most 2,000 characters); `rows` the number of rows that the answer says were changed, where it
    does; `lines` the log lines that this was read from. `known` says where the script prints the
    line that tells whose answer it is; empty where only the line's own words do.
    """

    outcome: Outcome
    status: int | None = None
    body: str = ""
    rows: int | None = None
    lines: tuple[str, ...] = ()
    known: str = ""


NOT_SAID = Call(outcome=Outcome.NOT_SAID)


class Attempt(Fact, frozen=True, kw_only=True):
    """A call of the script that has to do with the row, and how it ended.

    `kind` is `function`, `rpc`, `table-update`, `upsert`, `sql`, `look-up`, `verification`,
    `insert` or `marks-failed`; `name` is what a person calls it, `target` the function, procedure
    or table, where the script says it; `place` is where the script makes the call. `updates`: it is
    one of the ways to say that the backup is done. `columns` are all that it writes, or the fields that
    it hands to the function; `writes` those whose values stand in the script.
    `keys` are the variables, or secrets, whose values it shows to say who calls.
    """

    kind: str
    name: str
    target: str = ""
    place: str
    updates: bool
    call: Call
    writes: dict[str, str] = {}
    columns: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()

    @property
    def is_of_function(self) -> bool:
        """Whether it calls the edge function."""
        return self.kind == "function"

    @property
    def is_direct(self) -> bool:
        """Whether it writes the table by itself, through the Data API."""
        return self.kind in {"table-update", "upsert"}


class SilentExit(Fact, frozen=True, kw_only=True):
    """An update step that printed nothing: with which code its last call ended.

    `calls` are the names of its calls, each made because those before it had failed.
    """

    code: int
    calls: tuple[str, ...]


class LogReading(Fact, frozen=True, kw_only=True):
    """What one job's log says.

    `update_seen`: lines of the update step were found; `update_step` is its name, where the log's
    sections could be matched with the API's steps. `errors` are the `##[error]` lines (and
    known error lines of tools) of the step that failed first, with `failed_step` its name and
    `failed_variables` its `env:` block; `told` of
    all its lines those that tell a known error (`backup_doctor.services.errors`), in order, `complaints` the
    last of those that name any error;
    `uploaded` are keys or s3:// URLs that an upload reported as done, `mentioned` the last words of the
    output that may be keys of backups, whatever the lines say of them, `buckets` and `endpoints` what
    the `env:` blocks of the steps show under such names; `shows_no_store`: nothing that the steps say they
    do, or are given, can bring a file to a store; `assignments` are NAME=value
    lines such as S3_KEY and BACKUP_SIZE, last one wins; `prints_secret` are the names of secrets
    that a step prints; `dispatch_seen`: the dispatch id stands in the log. `ids` are the UUIDs in it,
    where no dispatch id was known to look for: one may be the dispatch's. `update_script` is what the
    runner echoes of the update step's script; `failed_excerpt` the last lines of the step that failed.
    `attempts` are the calls of the update step's script, in its order, where it could be read; of
    those, `function_call` is the function's, `fallback_call` the one of the others that decides.
    `whole_script`: nothing of it is missing there. `silent` is set where it printed nothing, and its
    exit code alone tells of the calls. `unread_script` says why it could not be read
    although it is there.
    """

    source: str
    bytes_read: int = 0
    truncated: bool = False
    update_seen: bool = False
    update_step: str | None = None
    variables: tuple[Variable, ...] = ()
    assignments: dict[str, str] = {}
    function_call: Call = NOT_SAID
    fallback_call: Call = NOT_SAID
    lookup_call: Call = NOT_SAID
    backup_id_not_found: str | None = None
    failed_step: str | None = None
    failed_variables: tuple[Variable, ...] = ()
    errors: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    complaints: tuple[str, ...] = ()
    uploaded: tuple[str, ...] = ()
    mentioned: tuple[str, ...] = ()
    buckets: tuple[str, ...] = ()
    endpoints: tuple[str, ...] = ()
    upload_errors: tuple[str, ...] = ()
    shows_no_store: bool = False
    trigger_lines: tuple[str, ...] = ()
    prints_secret: tuple[str, ...] = ()
    dispatch_seen: bool = False
    ids: tuple[str, ...] = ()
    update_excerpt: tuple[str, ...] = ()
    update_script: tuple[str, ...] = ()
    failed_excerpt: tuple[str, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    whole_script: bool = False
    silent: SilentExit | None = None
    unread_script: Unseen | None = None

    def word_written(self, column: str) -> str | None:
        """The one word that every update that writes the column itself writes there, by the script.

        What is handed to a function may mean anything there.
        """
        direct = (
            one for one in self.attempts if one.updates and (one.is_direct or one.kind == "sql")
        )
        words = {word for one in direct if (word := one.writes.get(column)) is not None}
        return words.pop() if len(words) == 1 else None

    @property
    def of_failure(self) -> tuple[str, ...]:
        """The lines that may say why the step failed: the known errors first, then what is quoted."""
        return (*self.told, *self.errors, *self.failed_excerpt)

    def variable(self, *names: str) -> Variable | None:
        """The first of the named variables that stands in the update step's `env:` block."""
        return _first_of(self.variables, names)

    def failed_variable(self, *names: str) -> Variable | None:
        """The same of the step that failed first."""
        return _first_of(self.failed_variables, names)


def _first_of(variables: tuple[Variable, ...], names: tuple[str, ...]) -> Variable | None:
    by_name = {variable.name: variable for variable in variables}
    return next((by_name[name] for name in names if name in by_name), None)
