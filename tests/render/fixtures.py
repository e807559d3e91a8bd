"""A few reports, as the diagnosis makes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.findings import (
    CheckResult,
    Exhibit,
    FailingStep,
    Finding,
    Fix,
    FixKind,
    Moment,
    PlanStep,
    Report,
    ResultStatus,
    Risk,
    Role,
    Severity,
    StageResult,
    StageState,
    Subject,
    Tool,
    Verdict,
)

DISPATCH = "3f2a8c1e-5b7d-4e9a-8c6f-0123456789ab"
BACKUP = "b7d1a2f0-9c3e-4d5f-a6b7-89abcdef0123"
KEY = f"backups/2026/11/24/backup-{DISPATCH}.zip"
FIX_SQL = f"""\
BEGIN;
UPDATE public.backup_history
SET s3_key = '{KEY}',
    status = 'success',
    finished_at = '2026-11-24T01:02:03Z',
    size_bytes = 1048576,
    error_text = NULL
WHERE id = '{BACKUP}' AND status = 'in_progress';
SELECT id, dispatch_id, s3_key, status, finished_at
FROM public.backup_history
WHERE dispatch_id = '{DISPATCH}';
COMMIT;"""

NOT_DEPLOYED = Finding(
    code="function/not-deployed",
    severity=Severity.FAIL,
    role=Role.CAUSE,
    summary="The function update-backup is not deployed: the gateway answered HTTP 404 NOT_FOUND.",
    explanation="The gateway in front of the functions found no function of this name.",
    evidence=(
        Exhibit(
            label="the update step said",
            value=[
                "Edge function call failed (HTTP 404)",
                '{"code":"NOT_FOUND","message":"Requested function was not found"}',
            ],
            source="log of job backup",
            command="gh run view 123456789 --log --job 987",
        ),
        Exhibit(
            label="functions of the project",
            value=[],
            source="Management API",
            command="supabase functions list --project-ref abcdefghijklmnopqrst",
        ),
    ),
    fixes=(
        Fix(
            kind=FixKind.SHELL,
            title="Deploy the function.",
            text="supabase functions deploy update-backup --project-ref abcdefghijklmnopqrst --yes",
        ),
    ),
    url="https://docs.test/findings.md#functionnot-deployed",
)
NO_GRANT = Finding(
    code="rls/no-grant",
    severity=Severity.FAIL,
    role=Role.CAUSE,
    summary="service_role may not UPDATE public.backup_history, so the fallback failed as well.",
    explanation="Bypassing row-level security is no grant: the role needs the privilege too.",
    evidence=(
        Exhibit(
            label="EXPLAIN UPDATE as service_role",
            value="42501: permission denied for table backup_history",
            source="PostgreSQL",
        ),
    ),
    fixes=(
        Fix(
            kind=FixKind.SQL,
            title="Grant what the pipeline needs.",
            text='GRANT SELECT, UPDATE ON TABLE "public"."backup_history" TO "service_role";',
        ),
        Fix(
            kind=FixKind.SQL,
            title="For a test only: turn row-level security off.",
            text=(
                "ALTER TABLE public.backup_history DISABLE ROW LEVEL SECURITY;\n"
                "-- on again: ALTER TABLE public.backup_history ENABLE ROW LEVEL SECURITY;"
            ),
            risk=Risk.HIGH,
        ),
    ),
)
STUCK_ROW = Finding(
    code="row/stuck",
    severity=Severity.FAIL,
    role=Role.SYMPTOM,
    summary="The row is in_progress for 3 h 12 min and its run has ended.",
    evidence=(
        Exhibit(
            label="row",
            value={"id": BACKUP, "status": "in_progress", "s3_key": None},
            source="psycopg",
            command="psql \"$SUPABASE_DB_URL\" -c 'SELECT * FROM backup_history'",
        ),
    ),
    fixes=(Fix(kind=FixKind.MANUAL, title="Find out more.", text="Look at the log of the run."),),
)
PRINTED = Finding(
    code="secrets/printed",
    severity=Severity.WARN,
    role=Role.CONTEXT,
    summary="The step Debug Update Step prints BACKUP_API_KEY into the log.",
    fixes=(
        Fix(
            kind=FixKind.MANUAL,
            title="Take the line out of the workflow, and replace the key.",
            text="Remove the echo of BACKUP_API_KEY from the step Debug Update Step.",
        ),
    ),
)


def report(**values: Any) -> Report:
    """A report of a healthy backup, but for what is given."""
    healthy: dict[str, Any] = {
        "schema_version": 1,
        "tool": Tool(name="backup-doctor", version="0.1.0"),
        "subject": Subject(
            dispatch_id=DISPATCH,
            backup_id=BACKUP,
            run_id="123456789",
            s3_key=KEY,
            repository="acme/app",
            project="abcdefghijklmnopqrst",
            run_url="https://github.com/acme/app/actions/runs/123456789",
            job_url="https://github.com/acme/app/actions/runs/123456789/job/2940",
            function_url="https://supabase.com/dashboard/project/abcdefghijklmnopqrst/functions/f",
            file_url="https://console.aws.amazon.com/s3/object/bucket?prefix=backups%2Fa.zip",
            created_at="2026-11-24T01:00:00Z",
        ),
        "verdict": Verdict.HEALTHY,
        "failing_step": None,
        "root_cause": None,
        "causes": (),
        "summary": "The backup is complete: 1,048,576 bytes in S3, as the row says.",
        "plan": (),
        "fix_sql": None,
        "results": checks(),
        "chain": chain(),
        "fingerprint": "bd-0123456789",
        "generated_at": "2026-11-24T04:14:03Z",
        "duration_s": 1.234,
    }
    return Report(**healthy | values)


def plan(*findings: Finding, sql: str | None = None) -> tuple[PlanStep, ...]:
    """A step for each finding's first fix, the others its alternatives; then the row's SQL."""
    steps = [PlanStep(title=one.fixes[0].title, why=one.code, one_of=one.fixes) for one in findings]
    if sql is None:
        return tuple(steps)
    row = Fix(kind=FixKind.SQL, title="Fix the row", text=sql)
    return (*steps, PlanStep(title=row.title, why="row/stuck", one_of=(row,)))


def checks(**other: CheckResult) -> tuple[CheckResult, ...]:
    """The six results, passed but for those that are given."""
    passed = (
        ("secrets", 2, "Secrets"),
        ("function", 5, "Edge function"),
        ("row", 3, "Row in backup_history"),
        ("workflow", 1, "GitHub Actions run"),
        ("object", 6, "Object in the bucket"),
        ("rls", None, "Permissions and policies"),
    )
    return tuple(
        other.get(name, result(name, step, title, ResultStatus.PASS))
        for name, step, title in passed
    )


def result(
    check: str,
    step: int | None,
    title: str,
    status: ResultStatus,
    *findings: Finding,
    notes: tuple[str, ...] = (),
) -> CheckResult:
    """One result."""
    return CheckResult(
        check=check,
        step=step,
        title=title,
        status=status,
        duration_s=0.12,
        findings=findings,
        notes=notes,
        saw="all that it looked at" if status is ResultStatus.PASS else "",
    )


def chain(**broken: str) -> tuple[StageResult, ...]:
    """The chain, held but for the links that are named with the code that broke them."""
    stages = (
        StageResult(
            link=link.code,
            title=link.title,
            state=StageState.FAILED if link.name.lower() in broken else StageState.OK,
            codes=(broken[link.name.lower()],) if link.name.lower() in broken else (),
        )
        for link in Link
        if link is not Link.STAYS_SO
    )
    stays = Link.STAYS_SO
    last = StageState.NOT_REACHED if broken else StageState.OK
    return (*stages, StageResult(link=stays.code, title=stays.title, state=last))


HEALTHY = report()
LIST_DENIED = (
    "The names of the repository's secrets: the token may not list them. Give a token with"
    " Secrets: read."
)
STUCK = report(
    verdict=Verdict.FAILING,
    failing_step=FailingStep(check="function", step=5, title="Edge function"),
    root_cause="function/not-deployed",
    causes=("function/not-deployed", "rls/no-grant"),
    summary=(
        "The backup is stuck for 3 h 12 min because the function update-backup is not deployed and"
        " the fallback may not update the table; the file itself is in S3, whole."
    ),
    plan=plan(NOT_DEPLOYED, NO_GRANT, sql=FIX_SQL),
    fix_sql=FIX_SQL,
    fix_notes=("Checked with EXPLAIN in a read-only transaction: it is valid SQL.",),
    results=checks(
        secrets=result(
            "secrets",
            2,
            "Secrets",
            ResultStatus.WARN,
            PRINTED,
            notes=(LIST_DENIED,),
        ),
        function=result("function", 5, "Edge function", ResultStatus.FAIL, NOT_DEPLOYED),
        row=result("row", 3, "Row in backup_history", ResultStatus.FAIL, STUCK_ROW),
        rls=result("rls", None, "Permissions and policies", ResultStatus.FAIL, NO_GRANT),
    ),
    timeline=(
        Moment(at="2026-11-24T01:00:00Z", what="the row was created"),
        Moment(at="2026-11-24T01:02:03Z", what="the file was uploaded, 1,048,576 bytes"),
        Moment(at="2026-11-24T01:02:05Z", what="the run ended: success"),
    ),
    chain=chain(function_updates="function/not-deployed", fallback_updates="rls/no-grant"),
)
UNKNOWN = report(
    subject=Subject(dispatch_id=DISPATCH),
    verdict=Verdict.UNKNOWN,
    summary="The row could not be seen, so nothing can be said of this backup.",
    cannot_tell=("No way to the database is configured.",),
    chain=tuple(
        StageResult(link=link.code, title=link.title, state=StageState.UNKNOWN) for link in Link
    ),
    results=checks(
        row=result(
            "row",
            3,
            "Row in backup_history",
            ResultStatus.SKIP,
            notes=("No database is configured. Set SUPABASE_DB_URL or DATABASE_URL.",),
        ),
        object=result(
            "object",
            6,
            "Object in the bucket",
            ResultStatus.UNKNOWN,
            notes=("S3 did not answer within 10 s. Try again.",),
        ),
    ),
)
HOSTILE_TEXT = (
    "x'); DROP TABLE t;--\n```\n</details><script>alert(1)</script>\x1b[2J\u202e"
    "::error::owned ##[error]owned [a](http://evil.test) @octocat #1 | **b** {{ 7*7 }} [red]x[/red]"
    " ]]> &amp; $(id) %0A\n::error::at the start of a line\n````\n"
)
HOSTILE = report(
    subject=Subject(
        dispatch_id=HOSTILE_TEXT,
        repository=HOSTILE_TEXT,
        run_url=HOSTILE_TEXT,
        created_at=HOSTILE_TEXT,
    ),
    verdict=Verdict.FAILING,
    failing_step=FailingStep(check="row", step=3, title=HOSTILE_TEXT),
    root_cause="row/missing",
    causes=("row/missing",),
    summary=f"No row has the dispatch id {HOSTILE_TEXT}.",
    fix_notes=(HOSTILE_TEXT,),
    results=checks(
        row=result(
            "row",
            3,
            HOSTILE_TEXT,
            ResultStatus.FAIL,
            Finding(
                code="row/missing",
                severity=Severity.FAIL,
                role=Role.CAUSE,
                summary=f"No row has the dispatch id {HOSTILE_TEXT}.",
                explanation=HOSTILE_TEXT,
                evidence=(
                    Exhibit(
                        label=HOSTILE_TEXT,
                        value=HOSTILE_TEXT,
                        source=HOSTILE_TEXT,
                        command=HOSTILE_TEXT,
                    ),
                    Exhibit(label="keys", value={HOSTILE_TEXT: [1, HOSTILE_TEXT]}, source="row"),
                ),
                fixes=(Fix(kind=FixKind.SHELL, title=HOSTILE_TEXT, text=HOSTILE_TEXT),),
                url=f"https://docs.test/#{HOSTILE_TEXT}",
                reason=HOSTILE_TEXT,
            ),
            notes=(HOSTILE_TEXT,),
        )
    ),
    notes=(HOSTILE_TEXT,),
    timeline=(Moment(at=HOSTILE_TEXT, what=HOSTILE_TEXT),),
    plan=(
        PlanStep(
            title=HOSTILE_TEXT,
            why="row/missing",
            one_of=(
                Fix(kind=FixKind.SHELL, title=HOSTILE_TEXT, text=HOSTILE_TEXT),
                Fix(kind=FixKind.MANUAL, title=HOSTILE_TEXT, text=HOSTILE_TEXT, risk=Risk.HIGH),
            ),
        ),
    ),
    chain=tuple(
        StageResult(
            link=link.code, title=HOSTILE_TEXT, state=StageState.FAILED, codes=("row/missing",)
        )
        for link in Link
    ),
    fingerprint=HOSTILE_TEXT,
)

WARNED = report(results=checks(secrets=result("secrets", 2, "Secrets", ResultStatus.WARN, PRINTED)))
# What `backup-doctor demo stuck` reported, with `--report real.json`.
REAL = msgspec.json.decode(Path(__file__).with_name("real.json").read_bytes(), type=Report)
ALL = {
    "healthy": HEALTHY,
    "warned": WARNED,
    "stuck": STUCK,
    "unknown": UNKNOWN,
    "hostile": HOSTILE,
    "real": REAL,
}
