"""What must be seen before the next backup may be said to get through."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.case import Asked, Case
from backup_doctor.evidence.findings import StageState, Verdict
from backup_doctor.evidence.function import FunctionRecord, HttpAnswer
from backup_doctor.evidence.object import ObjectEvidence
from backup_doctor.evidence.rls import Reach, RlsEvidence
from backup_doctor.evidence.row import ApiAnswer
from backup_doctor.evidence.secrets import Level, SecretLevel, StoredSecret
from backup_doctor.evidence.workflow import (
    Held,
    Run,
    WorkflowEvidence,
    WorkflowFile,
    WorkflowState,
    WorkflowStep,
)
from backup_doctor.judge.history.ways import has_no_fallback
from backup_doctor.judge.judgement import judge
from backup_doctor.judge.preflight import foresee, function_accepts, summary, unsettled
from backup_doctor.judge.registry import load_checks
from backup_doctor.report.compose.stages import stages
from tests.judgement.cases import COLUMNS, call, case, function, log, rls, row, secrets, table

if TYPE_CHECKING:
    from backup_doctor.evidence.base import Evidence
    from backup_doctor.judge.diagnosis import Diagnosis

PATH = ".github/workflows/backup.yml"
OURS = WorkflowState(id=1, name="Backup", path=PATH, state="active")
UNREACHABLE = Unseen(why=Why.UNREACHABLE, what="Nobody answered.")
DENIED = Unseen(why=Why.DENIED, what="It is not allowed.")
NO_RUN = Unseen(why=Why.NOT_ASKED, what="No backup is in hand.")


def ahead(*evidence: Evidence, **lost: Unseen) -> Case:
    """All that a pre-flight sees of a pipeline that is well; `lost` checks saw nothing at all."""
    made = case(
        WorkflowEvidence(run=NO_RUN, ours=OURS, workflows=(OURS,)),
        row(api=ApiAnswer(status=200, rows=1)),
        *evidence,
        asked=Asked(),
    )
    return Case(
        asked=made.asked,
        names=made.names,
        now=made.now,
        evidence={**made.evidence, **lost},
    )


def foreseen(one: Case) -> tuple[Verdict, str, Diagnosis]:
    findings = judge(one, (loaded.check for loaded in load_checks().checks)).findings
    found = foresee(one, findings)
    return found.verdict, summary(one, found), found


def test_a_pipeline_of_which_all_was_seen_would_get_through() -> None:
    verdict, said, _ = foreseen(ahead())

    assert verdict is Verdict.HEALTHY
    assert said.startswith("The next backup would get through: the workflow is enabled")
    assert "the function accepts the key" in said


def test_a_pipeline_without_a_function_has_one_update_that_would_fail() -> None:
    well = ahead(rls(Reach.REFUSED, sqlstate="42501", message="permission denied for table x"))
    alone = replace(well, names=replace(well.names, calls_function=False))

    _, _, found = foreseen(alone)
    states = {one.link: one.state for one in stages(alone, found)}

    assert states["first-update"] is StageState.FAILED
    assert states["other-updates"] is StageState.NOT_NEEDED


@pytest.mark.parametrize("check", ["secrets", "workflow", "object", "row", "rls"])
def test_a_check_that_saw_nothing_at_all_leaves_it_open(check: str) -> None:
    verdict, said, _ = foreseen(ahead(**{check: UNREACHABLE}))

    assert verdict is Verdict.UNKNOWN
    assert said.startswith(
        "Could not determine whether the next backup would get through: Nobody answered"
    )


@pytest.mark.parametrize(
    "seen",
    [
        row(api=DENIED),
        RlsEvidence(proof=DENIED),
        ObjectEvidence(bucket=DENIED, head=DENIED),
        WorkflowEvidence(run=NO_RUN, ours=DENIED),
        secrets(levels=DENIED, service_key=DENIED),
    ],
    ids=lambda seen: type(seen).__name__,
)
def test_what_a_check_could_not_see_leaves_it_open_and_is_named(seen: Evidence) -> None:
    verdict, said, _ = foreseen(ahead(seen))

    assert verdict is Verdict.UNKNOWN
    assert "It is not allowed." in said


def test_a_data_api_that_refuses_for_an_unknown_reason_is_quoted() -> None:
    answer = ApiAnswer(status=418, code="X1", message="I am a teapot")

    verdict, said, _ = foreseen(ahead(row(api=answer)))

    assert verdict is Verdict.UNKNOWN
    assert "the Data API answers HTTP 418 X1 I am a teapot" in said


def answers(**changes: Any) -> Case:
    """A pipeline whose function answers so."""
    return ahead(function(**changes))


@pytest.mark.parametrize(
    ("changes", "accepts"),
    [
        ({}, True),
        ({"key_sent": False}, False),
        ({"empty_post": HttpAnswer(status=401, from_function=True)}, False),
        ({"empty_post": HttpAnswer(status=400, from_function=False)}, False),
        ({"empty_post": DENIED}, False),
        ({"empty_post": DENIED, "test_call": HttpAnswer(status=404, from_function=True)}, True),
    ],
)
def test_the_function_accepts_the_key_where_it_answers_with_anything_but_a_refusal(
    changes: dict[str, Any], *, accepts: bool
) -> None:
    assert function_accepts(answers(**changes)) is accepts


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (function(key_sent=False), "Whether the function accepts the key is not known"),
        (function(empty_post=DENIED), "It is not allowed."),
        (UNREACHABLE, "Nobody answered."),
    ],
)
def test_where_the_fallback_may_be_out_the_function_must_be_seen_to_accept_the_key(
    seen: Evidence, said: str
) -> None:
    columns = tuple(one for one in COLUMNS if one.name != "error_text")
    suspected = row(api=ApiAnswer(status=200, rows=1), table=table(columns=columns))
    lost = {"function": seen} if isinstance(seen, Unseen) else {}
    one = ahead(suspected, *(() if lost else (seen,)), **lost)

    verdict, _, found = foreseen(one)
    gaps = [gap.what for gap in unsettled(one, tuple(each.judged for each in found.placed))]

    assert verdict is Verdict.UNKNOWN
    assert any(gap.startswith(said) for gap in gaps), gaps


def test_a_file_that_github_cannot_use_would_stop_the_next_backup() -> None:
    broken = WorkflowFile(path=PATH, problem="Line 7 is no YAML.")

    verdict, said, found = foreseen(
        ahead(WorkflowEvidence(run=NO_RUN, ours=OURS, workflows=(OURS,), file=broken))
    )

    assert verdict is Verdict.FAILING
    assert [cause.code for cause in found.causes] == ["workflow/invalid-file"]
    assert said.startswith("The next backup would fail. GitHub cannot use the workflow file")


def test_a_disabled_workflow_would_stop_the_next_backup() -> None:
    off = WorkflowState(id=1, name="Backup", path=PATH, state="disabled_inactivity")

    verdict, _, found = foreseen(ahead(WorkflowEvidence(run=NO_RUN, ours=off, workflows=(off,))))

    assert verdict is Verdict.FAILING
    assert [cause.code for cause in found.causes] == ["workflow/disabled"]


# A workflow that has one way only ----------------------------------------------------------------


FUNCTION_GONE = function(
    record=None,
    empty_post=HttpAnswer(status=404, body='{"code": "NOT_FOUND"}', from_function=False),
)


def handing(*handed: str, job: tuple[str, ...] = (), **changes: Any) -> WorkflowEvidence:
    """A workflow whose update step is handed these secrets, and its job those."""
    step = WorkflowStep(name="Update backup_history via Edge Function", secrets=handed)
    dump = WorkflowStep(name="Dump", secrets=("DATABASE_URL",))
    base: dict[str, Any] = {
        "path": PATH,
        "steps": (dump, step),
        "update_step": step,
        "secrets": ("DATABASE_URL", *handed, *job),
    }
    file = WorkflowFile(**{**base, **changes})
    return WorkflowEvidence(run=NO_RUN, ours=OURS, workflows=(OURS,), file=file)


FUNCTION_ALONE = handing("VITE_SUPABASE_URL", "BACKUP_API_KEY")


def test_without_a_fallback_a_broken_function_breaks_the_next_backup() -> None:
    verdict, said, found = foreseen(ahead(FUNCTION_GONE, FUNCTION_ALONE))

    assert verdict is Verdict.FAILING
    assert "is not deployed" in said
    assert [cause.code for cause in found.causes] == ["function/not-deployed"]


def test_without_a_fallback_a_function_that_works_is_enough() -> None:
    verdict, _, _ = foreseen(ahead(FUNCTION_ALONE))

    assert verdict is Verdict.HEALTHY


@pytest.mark.parametrize(
    "seen",
    [
        handing("VITE_SUPABASE_URL", "BACKUP_API_KEY", "VITE_SUPABASE_SERVICE_ROLE_KEY"),
        handing("BACKUP_API_KEY", "PGPASSWORD"),
        handing("BACKUP_API_KEY", job=("SUPABASE_DB_URL",)),
        handing("BACKUP_API_KEY", env_secrets=("SUPABASE_KEY",)),
        handing(),
        handing("BACKUP_API_KEY", update_step=None),
        handing("BACKUP_API_KEY", problem="It is no YAML."),
    ],
    ids=["key", "password", "job", "workflow", "no secret at all", "no step", "unread"],
)
def test_a_step_that_may_open_the_table_may_fall_back(seen: WorkflowEvidence) -> None:
    assert not has_no_fallback(ahead(FUNCTION_GONE, seen))


def test_without_a_fallback_a_function_that_was_not_asked_leaves_it_open() -> None:
    unasked = function(empty_post=UNREACHABLE, record=UNREACHABLE, key_sent=False)

    verdict, said, _ = foreseen(ahead(unasked, FUNCTION_ALONE))

    assert verdict is Verdict.UNKNOWN
    assert "Nobody answered" in said


# The newest backup as proof ----------------------------------------------------------------------


AT = datetime(2026, 11, 19, 2, 0, tzinfo=UTC)
DIRECTLY = Held(run_id=77, at=AT, way="the direct update")
BY_FUNCTION = Held(run_id=77, at=AT, way="the function update-backup", by_function=True)
UNASKED_TABLE = RlsEvidence(proof=DENIED, constraints=DENIED, refused_values=DENIED)


def after(last: Held | Unseen | None, *evidence: Evidence) -> Case:
    """A pre-flight that cannot ask the table, after this backup."""
    seen = WorkflowEvidence(run=NO_RUN, ours=OURS, workflows=(OURS,), held=last)
    return ahead(UNASKED_TABLE, seen, *evidence)


@pytest.mark.parametrize("last", [DIRECTLY, BY_FUNCTION])
def test_the_newest_good_backup_shows_that_the_table_takes_the_update(last: Held) -> None:
    verdict, said, _ = foreseen(after(last))

    assert verdict is Verdict.HEALTHY
    assert f"{last.way} updated the row of run 77, 2026-11-19T02:00:00Z (held then, not" in said
    assert "the table takes the update" not in said


@pytest.mark.parametrize("last", [None, DENIED])
def test_without_such_a_backup_the_table_must_be_asked_and_what_to_give_is_said(last: Any) -> None:
    one = after(last)
    verdict, said, found = foreseen(one)
    gaps = unsettled(one, tuple(each.judged for each in found.placed))

    assert verdict is Verdict.UNKNOWN
    assert "It is not allowed." in said
    assert any("backup" in (gap.remedy or "") for gap in gaps)


DEPLOYED_SINCE = function(
    record=FunctionRecord(
        slug="update-backup", status="ACTIVE", version=4, updated_at=AT + timedelta(hours=1)
    )
)


def set_since(name: str) -> Evidence:
    """GitHub lists this secret, beside the others, as set after that backup."""
    names = {name, "VITE_SUPABASE_URL", "VITE_SUPABASE_SERVICE_ROLE_KEY", "BACKUP_API_KEY"}
    listed = tuple(
        StoredSecret(
            name=one,
            level=Level.REPOSITORY,
            updated_at=AT + timedelta(hours=1 if one == name else -1),
        )
        for one in sorted(names)
    )
    return secrets(levels=(SecretLevel(level=Level.REPOSITORY, secrets=listed),))


@pytest.mark.parametrize(
    ("last", "since", "verdict"),
    [
        (DIRECTLY, set_since("VITE_SUPABASE_SERVICE_ROLE_KEY"), Verdict.UNKNOWN),
        (DIRECTLY, set_since("VITE_SUPABASE_URL"), Verdict.UNKNOWN),
        (BY_FUNCTION, set_since("BACKUP_API_KEY"), Verdict.UNKNOWN),
        (BY_FUNCTION, DEPLOYED_SINCE, Verdict.UNKNOWN),
        (DIRECTLY, DEPLOYED_SINCE, Verdict.HEALTHY),
        (DIRECTLY, set_since("OTHER"), Verdict.HEALTHY),
    ],
)
def test_what_was_changed_since_takes_its_proof_away(
    last: Held, since: Evidence, verdict: Verdict
) -> None:
    assert foreseen(after(last, since))[0] is verdict


# The keys that the last run was refused with ------------------------------------------------------


FAILED_AT = datetime(2026, 11, 19, 3, 0, tzinfo=UTC)
LAST = Run(id=78, status="completed", conclusion="failure", created_at=FAILED_AT)
KEY_REFUSED = call(401, '{"message":"Invalid API key"}')
CALLER_REFUSED = call(401, '{"error":"Unauthorized"}')


def after_refusals(*evidence: Evidence) -> Case:
    """A pre-flight with good keys, after a run both of whose keys were refused."""
    seen = WorkflowEvidence(
        run=NO_RUN,
        ours=OURS,
        workflows=(OURS,),
        recent=(LAST,),
        recent_log=log(CALLER_REFUSED, KEY_REFUSED),
    )
    return ahead(seen, *evidence)


def both_set_since() -> Evidence:
    """GitHub lists the keys as set after that run."""
    names = ("VITE_SUPABASE_URL", "VITE_SUPABASE_SERVICE_ROLE_KEY", "BACKUP_API_KEY")
    level, at = Level.REPOSITORY, FAILED_AT + timedelta(hours=1)
    listed = tuple(StoredSecret(name=name, level=level, updated_at=at) for name in names)
    return secrets(levels=(SecretLevel(level=level, secrets=listed),))


def test_keys_that_the_last_run_was_refused_with_break_the_next_unless_they_were_set_since() -> (
    None
):
    verdict, _, found = foreseen(after_refusals(set_since("OTHER")))

    assert verdict is Verdict.FAILING
    assert [cause.code for cause in found.causes] == ["function/key-rejected", "secrets/revoked"]
    assert foreseen(after_refusals(both_set_since()))[0] is Verdict.HEALTHY


def test_where_nobody_knows_whether_they_were_set_since_it_is_open() -> None:
    one = after_refusals(secrets(levels=DENIED))
    verdict, said, _ = foreseen(one)

    assert verdict is Verdict.UNKNOWN
    assert "The last run (78) was refused with it, and nothing shows that it was set" in said
    assert not function_accepts(one)


# A column that the last good run wrote -----------------------------------------------------------


@pytest.mark.parametrize(
    ("handed", "verdict"),
    [(("backup_id", "workflow_run_id"), Verdict.FAILING), (("backup_id",), Verdict.HEALTHY)],
)
def test_a_column_that_the_last_good_run_wrote_and_that_is_gone_refuses_the_next_update(
    handed: tuple[str, ...], verdict: Verdict
) -> None:
    last = replace(BY_FUNCTION, columns=("status", "workflow_run_id"), handed=handed)
    seen = WorkflowEvidence(run=NO_RUN, ours=OURS, workflows=(OURS,), held=last)
    lacking = table(columns=tuple(one for one in COLUMNS if one.name != "workflow_run_id"))

    found, said, diagnosis = foreseen(ahead(seen, row(table=lacking, has_good=True)))
    told = [one.judged.found.summary for one in diagnosis.placed]

    assert found is verdict
    assert any("no column workflow_run_id, which the update step writes" in one for one in told)
    assert "the table takes the update" not in said
