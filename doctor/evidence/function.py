"""What the platform and the edge function itself say of the function."""

from __future__ import annotations

from datetime import datetime

from backup_doctor.evidence.base import Evidence, Fact, Unseen, Why, unseen


class HttpAnswer(Fact, frozen=True, kw_only=True):
    """An HTTP answer from the functions gateway or from the function behind it.

    `error_code` is the `sb-error-code` header, else the body's `code` of a gateway body;
    `from_function` tells whose answer it is: True with an `x-deno-execution-id`, False for a refusal
    of the gateway's own, None where the headers do not tell. `body` is at most 2,000 characters.
    """

    status: int
    error_code: str | None = None
    from_function: bool | None = None
    body: str = ""
    content_type: str = ""
    elapsed_s: float = 0.0


class FunctionRecord(Fact, frozen=True, kw_only=True):
    """The Management API's record of the function. `verify_jwt` None: not said. Times are UTC.

    `id` is what the platform's logs call it.
    """

    slug: str
    status: str
    id: str = ""
    version: int | None = None
    verify_jwt: bool | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class Project(Fact, frozen=True, kw_only=True):
    """The Management API's record of the project. `status` INACTIVE is a paused one."""

    ref: str
    status: str
    region: str = ""
    name: str = ""


class FunctionLogLine(Fact, frozen=True, kw_only=True):
    """A line of the function's own log on the platform."""

    at: datetime | None
    level: str
    message: str


class Invocation(Fact, frozen=True, kw_only=True):
    """A call of the function in the platform's own record. `at` is UTC."""

    at: datetime
    method: str
    status: int


def _recorded(record: FunctionRecord) -> str:
    version = f" version {record.version}" if record.version is not None else ""
    return f"deployed{version}, {record.status}"


class FunctionEvidence(Evidence, frozen=True, kw_only=True):
    """Guide step 5: the function, probed without side effects.

    `record` is None where the Management API answers that there is no such function. `empty_post`
    is the answer to `{}` with the function key (without, where there is none: `key_sent` False), at
    `posted_at`; most often nobody asked. From `asked_at` on the function's log may speak of the
    doctor's own calls. `test_call` is the answer to the guide's test body with a
    random id, only with --probe-function. `invocations` are the platform's record of calls since the
    row was created, oldest first. `reads` are the names of the environment variables that the
    function's source in the repository reads. `instead_of` is the function of the guide's name, where
    that is deployed and the pipeline's script calls this one.
    """

    name: str
    record: FunctionRecord | Unseen | None
    project: Project | Unseen
    options: HttpAnswer | Unseen
    empty_post: HttpAnswer | Unseen
    key_sent: bool = False
    test_call: HttpAnswer | Unseen | None = None
    logs: tuple[FunctionLogLine, ...] | Unseen = ()
    invocations: tuple[Invocation, ...] | Unseen = ()
    posted_at: datetime | None = None
    asked_at: datetime | None = None
    reads: tuple[str, ...] | Unseen = ()
    instead_of: str | None = None

    @property
    def probe(self) -> HttpAnswer | Unseen:
        """The answer that tells most: to the test call, to `{}`, else to OPTIONS."""
        for answer in (self.test_call, self.empty_post):
            if isinstance(answer, HttpAnswer):
                return answer
        asked = isinstance(self.empty_post, HttpAnswer) or self.empty_post.why is not Why.NOT_ASKED
        return self.empty_post if asked else self.options

    def saw(self) -> str:
        """What the platform's record says, and how the function answers an empty body."""
        answer, posted = self.empty_post, self.posted_at
        at = f", posted at {posted:%H:%M:%S} UTC," if posted else ""
        said = (
            "not deployed" if self.record is None else "",
            _recorded(self.record) if isinstance(self.record, FunctionRecord) else "",
            f"answers an empty body{at} with HTTP {answer.status}"
            if isinstance(answer, HttpAnswer)
            else "",
        )
        return "; ".join(filter(None, said))

    def gaps(self) -> tuple[Unseen, ...]:
        """Either the platform's record or an answer of the function must have been seen."""
        both = unseen(self.record, self.probe)
        return both if len(both) == 2 else ()  # noqa: PLR2004 -- both of the two

    def notes(self) -> tuple[Unseen, ...]:
        """What could not be seen beside the half that was."""
        return unseen(self.record, self.project, self.probe, self.logs)
