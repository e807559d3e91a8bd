"""What is known of a script: its calls in order, its prints as patterns, and the lines it printed."""

from __future__ import annotations

from enum import StrEnum

from backup_doctor.evidence.base import Fact


class CallKind(StrEnum):
    """What a call is there for."""

    LOOK_UP = "look-up"
    FUNCTION = "function"
    RPC = "rpc"
    TABLE_UPDATE = "table-update"
    INSERT = "insert"
    UPSERT = "upsert"
    SQL = "sql"
    UPLOAD = "upload"
    UPLOAD_VERIFICATION = "upload-verification"
    VERIFICATION = "verification"
    MARKS_FAILED = "marks-failed"
    OTHER = "other"


CHANGES = frozenset(
    {
        CallKind.FUNCTION,
        CallKind.RPC,
        CallKind.TABLE_UPDATE,
        CallKind.INSERT,
        CallKind.UPSERT,
        CallKind.SQL,
    }
)
"""What changes something, whatever it writes."""


class Scheme(StrEnum):
    """How a call shows who it is."""

    BEARER = "bearer"
    HEADER = "header"
    BASIC = "basic"
    QUERY = "query"
    SIGNATURE = "signature"
    CLIENT_KEY = "client-key"


class Output(StrEnum):
    """Where the answer of a call goes that its program would print."""

    SHOWN = "shown"
    CAPTURED = "captured"
    FILED = "filed"
    DISCARDED = "discarded"


class CallEnd(StrEnum):
    """How a call can end, as a script can tell it.

    `empty`: answered well, and no row; `denied`: a success status whose answer says no; `silent`:
    no answer came.
    """

    OK = "ok"
    EMPTY = "empty"
    DENIED = "denied"
    REFUSED = "refused"
    SILENT = "silent"


FAILED = (CallEnd.DENIED, CallEnd.REFUSED, CallEnd.SILENT)
ANSWERED = (CallEnd.OK, CallEnd.EMPTY, CallEnd.DENIED)


class What(StrEnum):
    """What stands in a place of a pattern that the script fills when it runs."""

    STATUS = "status"
    ANSWER = "answer"
    ERROR = "error"
    EXIT = "exit"
    DISPATCH = "dispatch-id"
    BACKUP = "backup-id"
    KEY = "key"
    SIZE = "size"
    BUCKET = "bucket"
    SIGNATURE = "signature"
    VARIABLE = "variable"
    UNKNOWN = "unknown"


class Hole(Fact, frozen=True, kw_only=True):
    """A part of a text that only running the script fills.

    `calls` are the numbers of the calls that it may come from; `part` says what of the answer or the
    error it is (`message`, `code`, `[0].id`), empty for the whole; `name` is the variable that held
    it, `secret` the name that GitHub has for its value.
    """

    what: What
    calls: tuple[int, ...] = ()
    part: str = ""
    name: str = ""
    secret: str = ""


class Branch(Fact, frozen=True, kw_only=True):
    """A condition under which a place of the script is reached: how calls can have ended there."""

    calls: tuple[int, ...]
    outcomes: tuple[CallEnd, ...]

    @property
    def failed(self) -> bool:
        """Whether every way there is a failure of these calls."""
        return set(self.outcomes) <= set(FAILED)

    @property
    def worked(self) -> bool:
        """Whether these calls had a status of success on every way there."""
        return set(self.outcomes) <= set(ANSWERED) and not self.failed


class Auth(Fact, frozen=True, kw_only=True):
    """One thing that a call shows to say who it is: `header` takes the value of `variable`."""

    scheme: Scheme
    header: str
    variable: str = ""
    secret: str = ""


class WrittenField(Fact, frozen=True, kw_only=True):
    """A column or field that a call writes; `value` where the script says it literally."""

    column: str
    value: str | None = None
    variable: str = ""


class ScriptCall(Fact, frozen=True, kw_only=True):
    """A call of the script.

    `number` is its place in the order of execution; `client` the program or library; `target` the
    function, table, procedure or key where it can be told; `url` the address with `<names>` for what
    is not literal. `fails_on_status`: the client itself fails on a refusal (`curl -f`, axios), so
    that what the script does next tells the outcome. `status_in` and `answer_in` are the variables
    that take them. `branches` and `handler` say where it stands, as for a print; `path` is empty
    for the script itself. `speaks`: its program may print words of its own into the log.
    """

    number: int
    kind: CallKind
    client: str
    method: str = ""
    target: str | None = None
    url: str = ""
    writes: tuple[WrittenField, ...] = ()
    auth: tuple[Auth, ...] = ()
    output: Output = Output.CAPTURED
    fails_on_status: bool = False
    status_in: tuple[str, ...] = ()
    answer_in: tuple[str, ...] = ()
    path: str = ""
    line: int = 0
    at: int = 0
    branches: tuple[Branch, ...] = ()
    handler: bool = False
    repeated: bool = False
    speaks: bool = False

    def written(self, column: str) -> str | None:
        """The literal value that the call writes into a column."""
        return next((one.value for one in self.writes if one.column == column), None)


class Print(Fact, frozen=True, kw_only=True):
    """A line that the script prints: literal text and holes, in order.

    `after` is the last call made before it, on its own way; `at` its place among calls and prints.
    `prefixed`: a logger puts something of its own before it. `handler`: it stands in a catch, a trap
    or behind `||`. `raw`: a program's own output, which no literal text tells.
    """

    pattern: tuple[str | Hole, ...]
    path: str = ""
    line: int = 0
    at: int = 0
    after: int | None = None
    branches: tuple[Branch, ...] = ()
    handler: bool = False
    prefixed: bool = False
    raw: bool = False

    @property
    def calls(self) -> tuple[int, ...]:
        """The calls that it speaks of: by what fills its holes, else by how they ended there."""
        filled = (hole.calls for hole in self.pattern if isinstance(hole, Hole) and hole.calls)
        told = (one.calls for one in reversed(self.branches) if one.failed or one.worked)
        return next(filled, None) or next(told, ())


class Script(Fact, frozen=True, kw_only=True):
    """What was read of a script. `partial`: a bound was reached, there may be more.

    `unread` names what it runs that could not be read: files, actions, programs.
    `loops` are the ranges of `at` that may run more than once, `dead_ends` those of ways on which
    the script ends.
    """

    language: str
    calls: tuple[ScriptCall, ...] = ()
    prints: tuple[Print, ...] = ()
    loops: tuple[tuple[int, int], ...] = ()
    dead_ends: tuple[tuple[int, int], ...] = ()
    partial: bool = False
    unread: tuple[str, ...] = ()


class Certainty(StrEnum):
    """How sure it is whose a line is.

    `certain`: only one pattern fits, or all that fit agree on the call. `likely`: the order decided
    between several, or the line lies where only one call can have printed. `open`: nothing decides.
    """

    CERTAIN = "certain"
    LIKELY = "likely"
    OPEN = "open"


class Fill(Fact, frozen=True, kw_only=True):
    """What a line has in a hole."""

    hole: Hole
    text: str


class Attributed(Fact, frozen=True, kw_only=True):
    """A line of output, and where it came from.

    `print` is the index of the print that made it; `calls` the calls it speaks of (one, if that
    could be told); `after` and `before` the calls that it lies between; `continues` the index of
    the line whose text goes on here; `rule` names what decided.
    """

    line: int
    certainty: Certainty
    rule: str
    print: int | None = None
    calls: tuple[int, ...] = ()
    fills: tuple[Fill, ...] = ()
    after: int | None = None
    before: int | None = None
    continues: int | None = None
