"""The report's vocabulary: findings, results and the verdict, as the contract's JSON has them."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

SCHEMA_VERSION = 1


class Severity(StrEnum):
    """How much a finding matters for this backup."""

    FAIL = "fail"
    WARN = "warn"
    INFO = "info"


class Role(StrEnum):
    """What a finding is in the story of this backup."""

    CAUSE = "cause"
    SYMPTOM = "symptom"
    CONTEXT = "context"


class ResultStatus(StrEnum):
    """The result of one check. `pass` is earned by looking; a check that could not look has none."""

    PASS = "pass"  # noqa: S105 -- the contract's word for a passed check, not a password
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"
    UNKNOWN = "unknown"


class Verdict(StrEnum):
    """What the whole diagnosis says of the backup."""

    HEALTHY = "healthy"
    FAILING = "failing"
    RUNNING = "running"
    UNKNOWN = "unknown"


class FixKind(StrEnum):
    """In which console a fix is carried out."""

    SQL = "sql"
    SHELL = "shell"
    SETTING = "setting"
    MANUAL = "manual"


class StageState(StrEnum):
    """How a backup passed one link of the pipeline's chain, as evidence of its own shows.

    `not-needed`: the pipeline does not have it, or did not come to need it. `repaired-later`: the
    row is right, and no update of the run made it so.
    """

    OK = "ok"
    FAILED = "failed"
    NOT_REACHED = "not-reached"
    NOT_NEEDED = "not-needed"
    UNKNOWN = "unknown"
    REPAIRED_LATER = "repaired-later"


class Risk(StrEnum):
    """`none` may be run without thought; `low` changes something; `high` needs a second pair of eyes."""

    NONE = "none"
    LOW = "low"
    HIGH = "high"


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """A frozen value of the report."""


class Exhibit(Model, frozen=True, kw_only=True):
    """One piece of evidence, where it was seen, and the command by which a person sees the same."""

    label: str
    value: Any
    source: str
    command: str | None = None


class Fix(Model, frozen=True, kw_only=True):
    """Something that a person can do about a finding, ready to paste where its kind allows.

    `alternative`: it is done instead of the fix listed before it, never as well. `after_row`: only
    once the row is fixed, as it needs the row right (a unique index), or makes a new one (a new run).
    """

    kind: FixKind
    title: str
    text: str
    risk: Risk = Risk.LOW
    alternative: bool = False
    after_row: bool = False


class Finding(Model, frozen=True, kw_only=True):
    """One thing that a rule found: this case in `summary`, the general in `explanation`.

    `url` is the code's page in the documentation; None for a third party's code. `reason` says more
    than the code, where that is known (`pg-dump/version-mismatch`); `explain` tells of it too.
    """

    code: str
    severity: Severity
    role: Role
    summary: str
    explanation: str = ""
    evidence: tuple[Exhibit, ...] = ()
    fixes: tuple[Fix, ...] = ()
    url: str | None = None
    reason: str | None = None


class PlanStep(Model, frozen=True, kw_only=True):
    """One step of what to do: steps are done in turn, of `one_of` one is, the recommended first.

    `why` is the code that this step ends, None where it ends no finding.
    """

    title: str
    why: str | None
    one_of: tuple[Fix, ...]


class CheckResult(Model, frozen=True, kw_only=True):
    """What one check came to.

    `saw` is what it saw, on one line; `notes` say what could not be seen, and what would enable it.
    """

    check: str
    step: int | None
    title: str
    status: ResultStatus
    duration_s: float
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    saw: str = ""


class Tool(Model, frozen=True, kw_only=True):
    """Which program wrote the report."""

    name: str
    version: str


class Subject(Model, frozen=True, kw_only=True):
    """The backup that the report is about. `project` is the Supabase project's ref; times RFC 3339.

    The URLs are pages for people: of GitHub, of Supabase's dashboard (a hosted project's function), of
    Amazon's console (the file).
    """

    dispatch_id: str | None = None
    backup_id: str | None = None
    run_id: str | None = None
    s3_key: str | None = None
    repository: str | None = None
    project: str | None = None
    project_name: str | None = None
    run_url: str | None = None
    job_url: str | None = None
    function_url: str | None = None
    file_url: str | None = None
    created_at: str | None = None


class FailingStep(Model, frozen=True, kw_only=True):
    """The check that found the root cause, or the strongest symptom."""

    check: str
    step: int | None
    title: str


class Moment(Model, frozen=True, kw_only=True):
    """Something that happened to this backup; `at` is RFC 3339 in UTC."""

    at: str
    what: str


class StageResult(Model, frozen=True, kw_only=True):
    """How a backup passed one link of the chain: `title` in a sentence, `codes` what broke it."""

    link: str
    title: str
    state: StageState
    codes: tuple[str, ...] = ()


class Report(Model, frozen=True, kw_only=True):
    """The whole report; `schema` prints its JSON Schema.

    `fix_notes` say why there is no fix SQL, or how the printed one was checked; `cannot_tell` what
    would settle what is open; `errors` are failures of the tool itself. `plan` is what to do, in
    order; `chain` the pipeline, link by link; `fingerprint` the same for every backup that broke in
    the same way. `generated_at` is RFC 3339 in UTC; durations are seconds.
    """

    schema_version: int
    tool: Tool
    subject: Subject
    verdict: Verdict
    failing_step: FailingStep | None
    root_cause: str | None
    causes: tuple[str, ...]
    summary: str
    plan: tuple[PlanStep, ...]
    fix_sql: str | None
    results: tuple[CheckResult, ...]
    chain: tuple[StageResult, ...]
    fix_notes: tuple[str, ...] = ()
    cannot_tell: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    timeline: tuple[Moment, ...] = ()
    fingerprint: str = ""
    generated_at: str = ""
    duration_s: float = 0.0
