"""Secrets: whether each is set on both sides, and whether its value can work."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from backup_doctor.checks.secrets import check
from backup_doctor.evidence.base import NO_SUCH_HOST, Unseen, Why
from backup_doctor.evidence.case import Names
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.findings import Role, Severity
from backup_doctor.evidence.function import HttpAnswer
from backup_doctor.evidence.log import NOT_SAID, Attempt, Call, EnvShown, Outcome, Variable
from backup_doctor.evidence.rls import Proof, Reach
from backup_doctor.evidence.row import ApiAnswer
from backup_doctor.evidence.secrets import (
    FunctionKey,
    FunctionSecret,
    KeyKind,
    KeyMatch,
    Level,
    ProjectKeys,
    SecretLevel,
    ServiceKey,
    StoredSecret,
    SupabaseUrl,
)
from backup_doctor.evidence.workflow import Run, WorkflowEvidence, WorkflowFile, WorkflowStep
from tests.judgement.asking import causes, codes, diagnosed, finding
from tests.judgement.cases import (
    CREATED,
    ENDED,
    NO_BACKUP,
    NOT_THERE,
    NOW,
    ahead,
    call,
    case,
    finished_row,
    function,
    log,
    rls,
    row,
    secrets,
    workflow,
)

FUNCTION, FALLBACK = Link.FUNCTION_UPDATES, Link.FALLBACK_UPDATES
BOTH = (FUNCTION, FALLBACK)
URL, KEY, API_KEY = "VITE_SUPABASE_URL", "VITE_SUPABASE_SERVICE_ROLE_KEY", "BACKUP_API_KEY"
LONG_AGO = CREATED - timedelta(days=100)
REVOKED = call(401, '{"message":"Invalid API key"}')
NO_GRANT = call(403, '{"code":"42501","message":"permission denied for table x"}')
EXPIRED = call(401, '{"code":"PGRST303","message":"JWT expired"}')
OWN_401 = call(401, '{"error":"Unauthorized"}')
SERVER_ERROR = call(500, "Internal Server Error")
UNREACHED = Call(outcome=Outcome.UNREACHABLE)
WORKED = workflow(log(call(200), NO_GRANT))
FAILED = workflow(log(SERVER_ERROR, call(401)))
SERVICE = ServiceKey(setting="SUPABASE_SERVICE_ROLE_KEY", kind=KeyKind.LEGACY_JWT)
OFF, UNLISTED = ProjectKeys(legacy_enabled=False), ProjectKeys(service_key_listed=False)
MAY_NOT = Unseen(why=Why.DENIED, what="The token may not list secrets.")


def listed(*names: str, updated_at: Any = LONG_AGO) -> tuple[SecretLevel, ...]:
    """A repository that has these secrets."""
    stored = tuple(
        StoredSecret(name=name, level=Level.REPOSITORY, updated_at=updated_at) for name in names
    )
    return (SecretLevel(level=Level.REPOSITORY, secrets=stored),)


def shown(name: str, how: EnvShown) -> dict[str, Any]:
    """A log whose `env:` block shows this one secret in this way."""
    return {"variables": (Variable(name=name, shown=how),)}


def is_own_copy(one: Any, code: str) -> bool:
    """Whether it is only the doctor's own copy that is bad."""
    found = finding(one, code)
    says_so = "The pipeline's own worked in this run" in found.found.summary
    return says_so and (found.role, found.severity, found.breaks) == (
        Role.CONTEXT,
        Severity.WARN,
        (),
    )


# What a pass needs -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("levels", "variables", "gaps"),
    [
        (listed(URL, KEY), (), ()),
        (MAY_NOT, (), (MAY_NOT,)),
        (MAY_NOT, ((URL, EnvShown.MASKED), (KEY, EnvShown.MASKED)), ()),
        (MAY_NOT, ((URL, EnvShown.MASKED), (KEY, EnvShown.EMPTY)), (MAY_NOT,)),
        (MAY_NOT, ((URL, EnvShown.MASKED),), (MAY_NOT,)),
    ],
)
def test_the_names_at_every_level_or_a_value_in_the_log_show_that_secrets_are_set(
    levels: Any, variables: Any, gaps: Any
) -> None:
    block = tuple(Variable(name=name, shown=how) for name, how in variables)
    seen = secrets(levels=levels)
    one = case(seen, workflow(log(SERVER_ERROR, NO_GRANT, variables=block)))

    assert check.gaps(seen, one) == gaps


# Set or not --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("levels", "how", "expected"),
    [
        (listed(URL, API_KEY), EnvShown.EMPTY, "secrets/missing"),
        (listed(URL, API_KEY), EnvShown.MASKED, None),
        (listed(URL, KEY, API_KEY), EnvShown.EMPTY, "secrets/empty"),
        (listed(URL, KEY, API_KEY), EnvShown.MASKED, None),
        (listed(URL, "SUPABASE_SERVICE_ROLE_KEY", API_KEY), EnvShown.EMPTY, "secrets/empty"),
        (MAY_NOT, EnvShown.EMPTY, "secrets/missing"),
        (MAY_NOT, EnvShown.MASKED, None),
    ],
)
def test_a_name_that_is_listed_and_empty_in_the_log_is_empty_and_one_that_is_not_is_missing(
    levels: Any, how: EnvShown, expected: str | None
) -> None:
    one = case(secrets(levels=levels), workflow(log(SERVER_ERROR, call(401), **shown(KEY, how))))

    found = codes(one) & {"secrets/missing", "secrets/empty"}

    assert found == ({expected} if expected else set())


def test_without_a_log_a_missing_key_is_told_by_the_list_of_names_alone() -> None:
    silent = workflow(None)

    assert finding(
        case(secrets(levels=listed(URL, API_KEY)), silent), "secrets/missing"
    ).breaks == (BOTH)
    assert "secrets/missing" not in codes(case(secrets(levels=MAY_NOT), silent))
    assert "secrets/missing" not in codes(case(secrets(levels=()), silent))


def test_what_github_and_the_log_show_of_a_missing_secret_is_the_evidence() -> None:
    empty = workflow(log(SERVER_ERROR, call(401), **shown(KEY, EnvShown.EMPTY)))

    def values(levels: Any) -> list[Any]:
        found = finding(case(secrets(levels=levels), empty), "secrets/missing").found
        return [one.value for one in found.evidence]

    assert values(listed(URL, API_KEY)) == ["not listed", EnvShown.EMPTY]
    assert values(MAY_NOT) == ["may not be read", EnvShown.EMPTY]


def test_a_secret_that_was_empty_is_only_said_not_to_be_set_where_the_names_could_be_read() -> None:
    empty = workflow(log(SERVER_ERROR, call(401), **shown(KEY, EnvShown.EMPTY)))

    def said(levels: Any) -> str:
        return finding(case(secrets(levels=levels), empty), "secrets/missing").found.summary

    assert said(listed(URL, API_KEY)) == f"The secret {KEY} is not set on GitHub."
    assert said(MAY_NOT) == (
        f"The secret {KEY} was empty in this run: it is not set on GitHub, or the job was not given it."
    )


def test_a_missing_secret_whose_name_was_not_seen_is_called_as_the_step_calls_it() -> None:
    variable = "SUPABASE_SERVICE_ROLE_KEY"
    empty = workflow(log(SERVER_ERROR, call(401), **shown(variable, EnvShown.EMPTY)))

    found = finding(case(secrets(levels=listed(URL, API_KEY)), empty), "secrets/missing").found

    assert found.summary == f"The secret {variable} is not set on GitHub."
    assert f"(the variable {variable})" in found.fixes[0].text


def test_a_missing_function_key_is_a_warning_for_the_fallback_needs_none() -> None:
    left_out = Call(outcome=Outcome.NOT_MADE, lines=("no key: left out",))
    silent = workflow(log(left_out, NO_GRANT, variables=()))
    missing = case(secrets(levels=listed(URL, KEY)), silent)
    empty = case(workflow(log(NOT_SAID, NO_GRANT, **shown(API_KEY, EnvShown.EMPTY))))

    for one, code in ((missing, "secrets/missing"), (empty, "secrets/empty")):
        found = finding(one, code)
        assert (found.role, found.severity, found.breaks) == (Role.CONTEXT, Severity.WARN, ())
        assert "optional" in found.found.summary


def test_a_missing_function_key_is_why_the_function_refused_the_call_that_was_made_without_it() -> (
    None
):
    refused = workflow(log(OWN_401, NO_GRANT, variables=()))
    one = case(secrets(levels=listed(URL, KEY)), refused)

    found = finding(one, "secrets/missing")

    assert (found.role, found.breaks) == (Role.CAUSE, (Link.FUNCTION_UPDATES,))
    assert "optional" not in found.found.summary


def test_a_missing_function_key_explains_no_call_of_which_the_log_does_not_tell() -> None:
    untold = workflow(log(NOT_SAID, call(400), variables=()))

    found = finding(case(secrets(levels=listed(URL, KEY)), untold), "secrets/missing")

    assert (found.role, found.breaks) == (Role.CONTEXT, ())


def way(kind: str) -> Attempt:
    return Attempt(kind=kind, name=kind, place="line 3", updates=True, call=NOT_SAID)


@pytest.mark.parametrize(
    ("changes", "role"),
    [
        ({"attempts": (way("function"),), "whole_script": True}, Role.CAUSE),
        ({"attempts": (way("function"), way("rpc")), "whole_script": True}, Role.CONTEXT),
        ({"attempts": (way("function"),)}, Role.CONTEXT),
        (
            {"attempts": (way("function"),), "whole_script": True, "lookup_call": call(401)},
            Role.CONTEXT,
        ),
    ],
)
def test_a_missing_function_key_is_why_a_step_that_has_no_other_way_did_nothing(
    changes: dict[str, Any], role: Role
) -> None:
    quiet = workflow(log(NOT_SAID, NOT_SAID, variables=(), **changes), update="success")

    found = finding(case(secrets(levels=listed(URL, KEY)), quiet), "secrets/missing")

    assert found.role is role
    assert ("in no other way" in found.found.summary) is (role is Role.CAUSE)


def test_a_missing_function_key_is_called_optional_only_with_what_was_seen() -> None:
    def said(fallback: Call, **changes: Any) -> str:
        quiet = workflow(log(NOT_SAID, fallback, variables=(), **changes), update="success")
        return finding(
            case(secrets(levels=listed(URL, KEY)), quiet), "secrets/missing"
        ).found.summary

    assert said(NO_GRANT).endswith("the workflow then updates the row directly.")
    assert said(NOT_SAID, attempts=(way("rpc"),)).endswith("updates the row directly.")
    assert said(NOT_SAID).endswith("which was not seen.")


JOB = WorkflowFile(path="backup.yml", job="backup", secrets=("CUSTOM", "github_token"))


def test_with_the_workflow_file_only_what_its_job_names_is_wanted_but_githubs_own_token() -> None:
    one = ahead(secrets(levels=listed()), WorkflowEvidence(run=NO_BACKUP, file=JOB))

    assert "CUSTOM" in finding(one, "secrets/missing").found.summary


def test_a_workflow_that_names_no_secret_is_held_against_the_guides() -> None:
    bare = workflow(None, file=replace(JOB, secrets=()))

    assert "secrets/missing" in codes(case(secrets(levels=listed(URL, API_KEY)), bare))


def test_where_the_file_is_known_another_name_of_the_same_secret_does_not_do() -> None:
    named = workflow(None, file=replace(JOB, secrets=(KEY,)))
    other = secrets(levels=listed("SUPABASE_SERVICE_ROLE_KEY"))

    assert "secrets/missing" in codes(case(other, named))
    assert "secrets/missing" in codes(case(secrets(levels=listed(URL, API_KEY)), workflow(None)))
    assert "secrets/missing" not in codes(
        case(secrets(levels=listed("SUPABASE_SERVICE_ROLE_KEY", URL, API_KEY)), workflow(None))
    )


OWN_NAMES = WorkflowStep(
    name="Close the record",
    secrets=("ARCHIVE_API", "ARCHIVE_KEY"),
    env={"API": "${{ secrets.ARCHIVE_API }}", "API_KEY": "${{ secrets.ARCHIVE_KEY }}"},
)
OWN_FILE = replace(JOB, secrets=OWN_NAMES.secrets, steps=(OWN_NAMES,), update_step=OWN_NAMES)
NO_KEY_SHOWN = call(401, '{"message":"No API key found in request"}')


@pytest.mark.parametrize(
    ("keys", "named"),
    [(("API_KEY", "API_KEY"), {}), ((), {"service_key": "ARCHIVE_KEY"})],
)
def test_a_key_of_any_name_is_the_service_key_that_a_setting_names_or_the_script_shows_to_the_table(
    keys: tuple[str, ...], named: dict[str, str]
) -> None:
    patch = replace(way("table-update"), keys=keys)
    told = log(NOT_SAID, NO_KEY_SHOWN, attempts=(patch,), **shown("API_KEY", EnvShown.EMPTY))
    ran = workflow(told, file=OWN_FILE)

    one = case(secrets(levels=listed("ARCHIVE_API")), ran, names=Names(secrets=named))

    assert causes(one) == ["secrets/missing"]
    assert "ARCHIVE_KEY" in finding(one, "secrets/missing").found.summary


def test_an_address_of_any_name_that_ends_in_a_newline_is_one_if_a_setting_names_it() -> None:
    told = log(NOT_SAID, UNREACHED, **shown("API", EnvShown.MASKED_THEN_NEWLINE))
    ran = workflow(told, file=OWN_FILE)
    names = Names(secrets={"supabase_url": "ARCHIVE_API"})

    assert causes(case(secrets(), ran, names=names)) == ["secrets/whitespace"]


UPLOAD_KEY = "AWS_SECRET_ACCESS_KEY"
FAILED_AT = "Upload backup to S3"


def stopped(
    name: str,
    error: str,
    *,
    levels: Any = (),
    script: str = "bash upload.sh",
    file: Any = JOB,
    **changes: Any,
) -> Any:
    """A run whose upload failed so; its step is handed this secret, which GitHub has not."""
    env = {name: f"${{{{ secrets.{name} }}}}"}
    step = WorkflowStep(name=FAILED_AT, secrets=(name,), env=env, script=script)
    told = log(
        NOT_SAID,
        NOT_SAID,
        **{"update_seen": False, "failed_step": FAILED_AT, "errors": (error,), **changes},
    )
    whole = replace(file, secrets=(name,), steps=(step,))
    seen = workflow(told, upload="failure", update="skipped", file=whole)
    return case(secrets(levels=levels or listed()), seen)


@pytest.mark.parametrize(
    ("name", "error", "link"),
    [
        (UPLOAD_KEY, "Unable to locate credentials", Link.FILE_UPLOADED),
        (UPLOAD_KEY, "Process completed with exit code 1.", Link.FILE_UPLOADED),
        ("CUSTOM", "CUSTOM is not set", Link.BACKUP_MADE),
        ("CUSTOM", "line 3: CUSTOM: unbound variable", Link.BACKUP_MADE),
        ("CUSTOM", "KeyError: 'CUSTOM'", Link.BACKUP_MADE),
        ("CUSTOM", "no such host", Link.BACKUP_MADE),
    ],
)
def test_a_secret_is_required_where_the_step_that_failed_uses_it_or_says_that_it_lacks_it(
    name: str, error: str, link: Link
) -> None:
    found = finding(stopped(name, error), "secrets/missing")

    assert (found.role, found.breaks) == (Role.CAUSE, (link,))


@pytest.mark.parametrize(
    "error",
    [
        "An error occurred (AccessDenied) when calling the PutObject operation: Access Denied",
        "An error occurred (NoSuchBucket) when calling the CreateMultipartUpload operation",
        'ERROR:  permission denied for table audit_log {"code":"42501"}',
        "No space left on device",
    ],
)
def test_a_step_that_gives_another_reason_did_not_fail_for_want_of_a_secret(error: str) -> None:
    one = stopped("R2_BUCKET", error)

    assert "secrets/missing" not in codes(one)
    assert "secrets/missing" not in causes(one)


@pytest.mark.parametrize(
    ("shown", "error", "missing"),
    [
        (EnvShown.EMPTY, "InvalidAccessKeyId: The AWS Access Key Id does not exist", True),
        (EnvShown.EMPTY, "Unable to locate credentials", True),
        (EnvShown.EMPTY, "zip error: Nothing to do!", False),
        (
            EnvShown.EMPTY,
            "An error occurred (AccessDenied) when calling the PutObject operation",
            False,
        ),
        (EnvShown.MASKED, "InvalidAccessKeyId: The AWS Access Key Id does not exist", False),
    ],
)
def test_without_the_workflows_file_an_empty_key_is_missing_where_the_store_refused_it(
    shown: EnvShown, error: str, missing: bool
) -> None:
    told = log(
        NOT_SAID,
        NOT_SAID,
        update_seen=False,
        failed_step=FAILED_AT,
        failed_variables=(Variable(name=UPLOAD_KEY, shown=shown),),
        errors=(error,),
    )
    seen = workflow(told, upload="failure", update="skipped", file=NOT_THERE)
    one = case(secrets(levels=listed()), seen)

    assert ("secrets/missing" in causes(one)) is missing


def test_a_store_that_refused_a_key_does_not_show_that_an_empty_supabase_key_stopped_the_upload() -> (
    None
):
    told = log(
        NOT_SAID,
        NOT_SAID,
        update_seen=False,
        variables=(),
        failed_step=FAILED_AT,
        failed_variables=tuple(
            Variable(name=name, shown=EnvShown.EMPTY) for name in (KEY, UPLOAD_KEY)
        ),
        errors=("InvalidAccessKeyId: The AWS Access Key Id does not exist",),
    )
    seen = workflow(told, upload="failure", update="skipped", file=NOT_THERE)
    one = case(secrets(levels=listed()), seen)

    missing = [cause.found.summary for cause in diagnosed(one).causes]

    assert [UPLOAD_KEY in summary for summary in missing] == [True]


def test_of_two_missing_secrets_both_are_causes() -> None:
    both = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    seen = stopped(both[0], "Unable to locate credentials")
    file = replace(seen.workflow.file, secrets=both)
    one = case(seen.secrets, replace(seen.workflow, file=file))

    named = [cause.found.fixes[0].text.split()[3] for cause in diagnosed(one).causes]

    assert named == list(both)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("deploy/backup.sh: line 4: CUSTOM: CUSTOM required", True),
        ("deploy/backup.sh: 4: CUSTOM: please tell the address", True),
        ("sh: 1: deploy/backup.sh: CUSTOM: parameter not set", True),
        ("deploy/backup.sh: line 4: CUSTOM: Permission denied", False),
        ("deploy/backup.sh: line 4: OTHER: please tell the address", False),
    ],
)
def test_a_shell_that_asks_for_a_variable_says_that_it_is_not_set(line: str, *, says: bool) -> None:
    step = WorkflowStep(name="Update", script="bash deploy/backup.sh")
    file = replace(
        JOB,
        secrets=("CUSTOM",),
        job_env={"CUSTOM": "${{ secrets.CUSTOM }}"},
        steps=(step,),
        update_step=step,
    )
    quiet = log(NOT_SAID, NOT_SAID, variables=(), update_excerpt=(line,))
    one = case(secrets(levels=listed(URL, KEY)), workflow(quiet, file=file))

    assert ("secrets/missing" in causes(one)) is says


@pytest.mark.parametrize(
    ("name", "error", "expected"),
    [
        ("RESTIC_PASSWORD", "Fatal: an empty password is not a password", True),
        ("DB_PASS", "fe_sendauth: no password supplied", True),
        ("RESTIC_PASSWORD", "Fatal: wrong password or no key found", False),
        ("RESTIC_TOKEN", "Fatal: an empty password is not a password", False),
    ],
)
def test_a_program_that_was_given_no_password_lacks_the_secret(
    name: str, error: str, *, expected: bool
) -> None:
    step = WorkflowStep(name=FAILED_AT, script="restic backup data")
    seen = stopped(name, error)
    held = {name: f"${{{{ secrets.{name} }}}}"}
    file = replace(JOB, secrets=(name,), job_env=held, steps=(step,))
    one = case(seen.secrets, replace(seen.workflow, file=file))

    assert ("secrets/missing" in causes(one)) is expected


def test_a_database_url_that_is_not_set_is_why_the_sql_update_had_no_server() -> None:
    step = WorkflowStep(name="Update", script="python3 backup.py")
    file = replace(
        JOB,
        secrets=("SUPABASE_URI",),
        job_env={"SUPABASE_URI": "${{ secrets.SUPABASE_URI }}"},
        steps=(step,),
        update_step=step,
    )

    def of(body: str) -> list[str]:
        said = log(NOT_SAID, call(None, body), variables=())
        green = workflow(said, update="success", file=file)
        return causes(case(secrets(levels=listed(URL, KEY)), green))

    socket = "connection to server on socket /var/run/postgresql/.s.PGSQL.5432 failed"

    assert of(socket) == ["secrets/missing"]
    assert "secrets/missing" not in of("connection to server at 10.0.0.1 failed")


def skipped(condition: str, script: str = 'curl "$SUPABASE_URL/rest/v1/x"') -> Any:
    """A run whose update step was skipped by this `if:`; GitHub has no Supabase URL."""
    step = WorkflowStep(name="Update", condition=condition, script=script)
    file = replace(
        JOB,
        secrets=("SUPABASE_URL",),
        job_env={"SUPABASE_URL": "${{ secrets.SUPABASE_URL }}"},
        steps=(step,),
        update_step=step,
    )
    return case(secrets(levels=listed(KEY)), workflow(None, update="skipped", file=file))


@pytest.mark.parametrize(
    "condition", ["env.SUPABASE_URL != ''", "success() && env.has_job_id == 'true'"]
)
def test_a_missing_secret_is_why_the_step_that_uses_it_was_skipped(condition: str) -> None:
    one = skipped(condition)

    assert causes(one) == ["secrets/missing"]
    assert finding(one, "secrets/missing").breaks == (Link.FUNCTION_UPDATES,)


@pytest.mark.parametrize(
    "one",
    [
        skipped("github.ref == 'refs/heads/main'"),
        skipped("env.has_job_id == 'true'", script="echo nothing to do"),
    ],
)
def test_a_missing_secret_is_not_why_a_step_was_skipped_that_asks_for_something_else(
    one: Any,
) -> None:
    assert causes(one) == ["workflow/step-skipped"]


def test_a_secret_that_the_workflow_can_do_without_is_not_missing() -> None:
    optional = replace(JOB, optional=("R2_BUCKET",))

    assert "secrets/missing" not in codes(stopped("R2_BUCKET", "no such host", file=optional))


def test_of_a_secret_that_only_green_steps_read_nothing_is_said() -> None:
    green = workflow(log(SERVER_ERROR, NO_GRANT), file=replace(JOB, secrets=(UPLOAD_KEY, "CUSTOM")))

    assert "secrets/missing" not in codes(case(secrets(levels=listed()), green))


def test_a_secret_of_the_jobs_env_is_used_by_a_step_that_names_its_variable() -> None:
    held = replace(JOB, job_env={"CUSTOM": "${{ secrets.CUSTOM }}"})

    def failing(script: str) -> Any:
        step = WorkflowStep(name=FAILED_AT, script=script)
        seen = stopped("CUSTOM", "no such host")
        file = replace(held, secrets=("CUSTOM",), steps=(step,))
        return case(seen.secrets, replace(seen.workflow, file=file))

    assert "secrets/missing" in causes(failing('dump "$CUSTOM"'))
    assert "secrets/missing" not in codes(failing("dump"))


CALLED = replace(JOB, handed={"s3_id": "AWS_ACCESS_KEY_ID", "other": ""})


def test_a_parameter_of_a_called_workflow_is_no_secrets_name() -> None:
    told = "Unable to locate credentials"
    missing = finding(stopped("s3_id", told, file=CALLED), "secrets/missing").found

    assert missing.summary.startswith("The secret AWS_ACCESS_KEY_ID is not set on GitHub.")
    assert missing.fixes[0].text == "gh secret set AWS_ACCESS_KEY_ID --repo acme/app"
    there = stopped("s3_id", told, file=CALLED, levels=listed("AWS_ACCESS_KEY_ID"))
    assert "secrets/missing" not in codes(there)


def test_what_the_calling_workflow_does_not_pass_on_is_empty_and_not_missing() -> None:
    one = stopped("other", "other is not set", file=CALLED, **shown("other", EnvShown.EMPTY))
    found = finding(one, "secrets/empty").found

    assert "the calling workflow does not pass it on" in found.summary
    assert "secrets: inherit" in found.fixes[0].text
    assert "secrets/missing" not in codes(one)


def test_before_the_next_backup_a_missing_upload_key_will_stop_it_and_of_others_nobody_knows() -> (
    None
):
    def named(name: str) -> Any:
        file = replace(JOB, secrets=(name,))
        return ahead(secrets(levels=listed()), WorkflowEvidence(run=NO_BACKUP, file=file))

    assert finding(named("AWS_ACCESS_KEY_ID"), "secrets/missing").role is Role.CAUSE
    assert finding(named("CUSTOM"), "secrets/missing").role is Role.CONTEXT


def test_what_the_run_had_no_value_for_could_not_work() -> None:
    empty = workflow(log(SERVER_ERROR, NOT_SAID, **shown(KEY, EnvShown.EMPTY)))
    found = finding(case(secrets(levels=listed(URL, API_KEY)), empty), "secrets/missing")

    assert found.found.by_log
    assert FALLBACK in found.breaks


def test_a_missing_url_is_weighed_by_what_may_come_from_a_wrong_address() -> None:
    levels = secrets(levels=listed(KEY, API_KEY))

    nobody = case(levels, workflow(log(UNREACHED, UNREACHED, variables=())))
    supabase = case(levels, workflow(log(NO_GRANT, NO_GRANT, variables=())))

    assert finding(nobody, "secrets/missing").breaks == BOTH
    assert "secrets/missing" not in codes(supabase)


@pytest.mark.parametrize(
    ("set_at", "started_at", "again", "works"),
    [
        (NOW, None, True, True),
        # Set while the run went on: it had the older one, and when it failed is later.
        (ENDED, None, True, False),
        (CREATED, None, False, False),
        (LONG_AGO, None, False, False),
        (None, None, False, False),
        (ENDED, ENDED + timedelta(hours=1), False, False),
    ],
)
def test_a_secret_that_was_set_after_the_failure_works_where_the_doctors_copy_does(
    set_at: Any, started_at: Any, again: bool, works: bool
) -> None:
    run = Run(id=1, status="completed", created_at=CREATED, started_at=started_at, updated_at=ENDED)
    seen = workflow(log(SERVER_ERROR, call(401), **shown(KEY, EnvShown.EMPTY)), run=run)
    levels = secrets(levels=listed(URL, KEY, API_KEY, updated_at=set_at))

    found = finding(case(levels, seen), "secrets/empty").found
    refused = finding(case(levels, seen, refused_now()), "secrets/empty").found

    assert ("was set again later" in found.summary) is again
    assert (found.resolved is not None) is works
    assert refused.resolved is None


def test_the_functions_own_empty_key_explains_a_refusal_unless_it_was_emptied_afterwards() -> None:
    def emptied(at: Any) -> Any:
        own = FunctionSecret(name=API_KEY, updated_at=at, empty=True)
        return case(secrets(function_secrets=(own,)), workflow(log(call(401), NO_GRANT)))

    assert finding(emptied(LONG_AGO), "secrets/empty").role is Role.CAUSE
    assert finding(emptied(NOW), "secrets/empty").role is Role.CONTEXT


@pytest.mark.parametrize(
    "own",
    [
        MAY_NOT,
        (),
        (FunctionSecret(name="OTHER", empty=True),),
        (FunctionSecret(name=API_KEY, empty=False),),
        (FunctionSecret(name=API_KEY, empty=None),),
    ],
)
def test_a_function_key_that_is_not_seen_to_be_empty_is_not_said_to_be(own: Any) -> None:
    one = case(secrets(function_secrets=own), workflow(log(call(401), NO_GRANT)))

    assert "secrets/empty" not in codes(one)


def test_an_emptied_function_key_that_the_log_proves_to_have_been_good_says_nothing() -> None:
    own = FunctionSecret(name=API_KEY, empty=True)
    one = case(secrets(function_secrets=(own,)), workflow(log(call(200), NO_GRANT)))

    assert finding(one, "secrets/empty").role is Role.CONTEXT


# The function's key ------------------------------------------------------------------------------


DIFFERENT = FunctionKey(setting=API_KEY, match=KeyMatch.DIFFERENT)


def test_a_key_that_is_the_secret_which_the_function_reads_is_no_mismatch() -> None:
    def said(*reads: str) -> bool:
        equal = replace(DIFFERENT, equal_to=("UPDATE_BACKUP_KEY",))
        seen = workflow(log(OWN_401, NO_GRANT))
        one = case(secrets(function_key=equal), function(reads=reads), seen)
        return "secrets/api-key-mismatch" in codes(one)

    assert not said("UPDATE_BACKUP_KEY")
    assert said(API_KEY)


def both_sides(function_side: Any, github_side: Any, answer: Call) -> Any:
    """Keys that differ, changed at these times, and what the function answered."""
    stored = listed(URL, KEY, API_KEY, updated_at=github_side)
    own = (
        FunctionSecret(name="OTHER", updated_at=NOW),
        FunctionSecret(name=API_KEY, updated_at=function_side),
    )
    seen = secrets(function_key=DIFFERENT, levels=stored, function_secrets=own)
    return case(seen, workflow(log(answer, NO_GRANT)))


@pytest.mark.parametrize(
    ("function_side", "github_side", "is_cause"),
    [
        (LONG_AGO, LONG_AGO, True),
        (NOW, LONG_AGO, False),
        (LONG_AGO, NOW, False),
        (None, None, True),
        (None, NOW, False),
    ],
)
def test_keys_that_differ_explain_an_answer_only_if_neither_side_was_changed_since(
    function_side: Any, github_side: Any, is_cause: bool
) -> None:
    one = both_sides(function_side, github_side, NOT_SAID)

    assert (finding(one, "secrets/api-key-mismatch").role is Role.CAUSE) is is_cause


def test_a_refusal_in_the_log_says_that_the_keys_differed_then_whichever_changed_since() -> None:
    assert finding(both_sides(NOW, NOW, OWN_401), "secrets/api-key-mismatch").role is Role.CAUSE


def test_a_key_with_which_the_pipeline_came_through_is_the_doctors_own_that_differs() -> None:
    one = both_sides(LONG_AGO, LONG_AGO, call(500, "TypeError: x is not a function"))

    assert is_own_copy(one, "secrets/api-key-mismatch")


@pytest.mark.parametrize("match", [KeyMatch.EQUAL, KeyMatch.EQUAL_BUT_FOR_WHITESPACE, NOT_THERE])
def test_keys_that_are_not_seen_to_differ_are_not_said_to(match: Any) -> None:
    key = FunctionKey(setting=API_KEY, match=match)

    assert "secrets/api-key-mismatch" not in codes(
        case(secrets(function_key=key), workflow(log(OWN_401, NO_GRANT)))
    )


@pytest.mark.parametrize(
    ("own", "answer", "expected"),
    [
        ((), OWN_401, Role.CAUSE),
        ((), SERVER_ERROR, Role.CAUSE),
        ((), call(500, "TypeError: x is not a function"), Role.CAUSE),
        ((FunctionSecret(name="OTHER"),), OWN_401, Role.CAUSE),
        ((), call(429), Role.CONTEXT),
        ((), call(200), None),
        ((FunctionSecret(name=API_KEY),), OWN_401, None),
        (MAY_NOT, OWN_401, None),
    ],
)
def test_a_function_without_its_key_refuses_every_caller(
    own: Any, answer: Call, expected: Role | None
) -> None:
    reading = function(reads=("SUPABASE_URL", API_KEY))
    one = case(secrets(function_secrets=own), reading, workflow(log(answer, NO_GRANT)))
    code = "secrets/function-secret-missing"

    assert (finding(one, code).role if code in codes(one) else None) is expected


@pytest.mark.parametrize(
    ("reads", "names", "answer", "lacks"),
    [
        ((API_KEY,), {}, OWN_401, API_KEY),
        (("BACKUP_KEY",), {}, OWN_401, None),
        (("EDGE_SECRET",), {}, OWN_401, "EDGE_SECRET"),
        (("SUPABASE_SERVICE_ROLE_KEY",), {}, OWN_401, None),
        ((), {}, OWN_401, None),
        (NOT_THERE, {}, OWN_401, None),
        ((), {"secrets": {"function_key": "OURS"}}, OWN_401, "OURS"),
        ((), {}, call(500, '{"error":"BACKUP_API_KEY is not set"}'), API_KEY),
        ((), {}, call(500, '{"error":"HOOK_TOKEN missing"}'), "HOOK_TOKEN"),
        ((API_KEY,), {"calls_function": False}, NOT_SAID, None),
    ],
)
def test_a_function_lacks_a_secret_only_where_it_is_shown_to_read_it(
    reads: Any, names: dict[str, Any], answer: Call, lacks: str | None
) -> None:
    own = (FunctionSecret(name="BACKUP_KEY", updated_at=LONG_AGO, empty=False),)
    one = case(
        secrets(function_secrets=own),
        function(reads=reads),
        workflow(log(answer, NO_GRANT)),
        names=Names(repository="acme/app", **names),
    )
    code = "secrets/function-secret-missing"

    assert (code in codes(one)) is (lacks is not None)
    if lacks:
        assert f"no secret {lacks}" in finding(one, code).found.summary


@pytest.mark.parametrize(
    ("own", "reads", "answer", "missing"),
    [
        ((), NOT_THERE, OWN_401, True),
        (("SUPABASE_SERVICE_ROLE_KEY", "SB_JWT_SECRET", "RESEND_FROM"), NOT_THERE, OWN_401, True),
        (("RESEND_API_KEY",), NOT_THERE, OWN_401, False),
        ((), ("SUPABASE_URL",), OWN_401, False),
        ((), NOT_THERE, call(401), False),
    ],
)
def test_a_function_whose_source_is_not_seen_lacks_its_key_where_no_secret_of_it_can_be_one(
    own: tuple[str, ...], reads: Any, answer: Call, missing: bool
) -> None:
    listed_there = tuple(FunctionSecret(name=name) for name in own)
    one = case(
        secrets(function_secrets=listed_there),
        function(reads=reads),
        workflow(log(answer, NO_GRANT)),
    )
    code = "secrets/function-secret-missing"

    assert (code in codes(one)) is missing
    if missing:
        assert "nor another that could be its key" in finding(one, code).found.summary


def test_a_new_key_is_made_and_set_on_both_sides_under_the_names_that_each_reads() -> None:
    update = WorkflowStep(
        name="Update",
        secrets=("PROD_BACKUP_KEY",),
        env={API_KEY: "${{ secrets.PROD_BACKUP_KEY }}"},
    )
    file = replace(JOB, secrets=("PROD_BACKUP_KEY",), steps=(update,), update_step=update)
    names = Names(repository="acme/app", project_ref="abcdefghijklmnopqrst")
    one = case(
        secrets(function_key=DIFFERENT),
        function(reads=("BACKUP_KEY",)),
        workflow(log(OWN_401, NO_GRANT), file=file),
        names=names,
    )

    (fix,) = finding(one, "secrets/api-key-mismatch").found.fixes

    assert fix.text.splitlines() == [
        "K=$(openssl rand -hex 32)",
        'printf %s "$K" | gh secret set PROD_BACKUP_KEY --repo acme/app',
        'supabase secrets set BACKUP_KEY="$K" --project-ref abcdefghijklmnopqrst --yes',
    ]


# The service key ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        (replace(SERVICE, role="anon"), True),
        (replace(SERVICE, role="service_role"), False),
        (replace(SERVICE, role=None), False),
        (replace(SERVICE, kind=KeyKind.PUBLISHABLE), True),
        (replace(SERVICE, kind=KeyKind.MANAGEMENT_TOKEN), True),
        (replace(SERVICE, kind=KeyKind.SECRET), False),
        (NOT_THERE, False),
    ],
)
def test_a_key_of_another_role_or_kind_is_in_the_wrong_place(key: Any, wrong: bool) -> None:
    assert ("secrets/wrong-role" in codes(case(secrets(service_key=key), FAILED))) is wrong


def test_a_wrong_key_is_called_by_its_role_else_by_its_kind() -> None:
    def summary(key: ServiceKey) -> str:
        return finding(case(secrets(service_key=key), FAILED), "secrets/wrong-role").found.summary

    assert "a key of the role 'anon'" in summary(replace(SERVICE, role="anon"))
    assert "a publishable key" in summary(replace(SERVICE, kind=KeyKind.PUBLISHABLE))
    assert "an access token" in summary(replace(SERVICE, kind=KeyKind.MANAGEMENT_TOKEN))


def test_what_the_database_says_of_a_wrong_keys_role_is_shown() -> None:
    def shown(message: str) -> Any:
        proof = replace(MAY_WRITE, reach=Reach.REFUSED, message=message)
        found = finding(case(ANON, FAILED, rls(key_proof=proof)), "secrets/wrong-role").found
        return next(one.value for one in found.evidence if one.label == "UPDATE as anon")

    assert shown("permission denied") == "refused: permission denied"
    assert shown("") == "refused"


ANON = secrets(service_key=replace(SERVICE, role="anon"))
MAY_WRITE = Proof(role="anon", reach=Reach.NO_OBSTACLE, strong=True)


@pytest.mark.parametrize(
    ("proof", "is_cause"),
    [
        (MAY_WRITE, False),
        (replace(MAY_WRITE, row_visible=True, new_row_allowed=True), False),
        (replace(MAY_WRITE, strong=False), True),
        (replace(MAY_WRITE, reach=Reach.NO_ROW), True),
        (replace(MAY_WRITE, row_visible=False), True),
        (replace(MAY_WRITE, new_row_allowed=False), True),
        (NOT_THERE, True),
        (None, True),
    ],
)
def test_a_wrong_key_is_a_cause_unless_the_database_lets_its_role_write(
    proof: Any, is_cause: bool
) -> None:
    one = case(ANON, FAILED, rls(key_proof=proof))

    assert (finding(one, "secrets/wrong-role").role is Role.CAUSE) is is_cause


@pytest.mark.parametrize(
    ("kind", "explains"), [(KeyKind.LEGACY_JWT, False), (KeyKind.MANAGEMENT_TOKEN, True)]
)
def test_a_key_for_the_public_is_no_key_that_supabase_does_not_know(
    kind: KeyKind, *, explains: bool
) -> None:
    given = secrets(service_key=replace(SERVICE, kind=kind, role="anon"))

    one = case(given, workflow(log(SERVER_ERROR, REVOKED)))

    assert ("secrets/wrong-role" in causes(one)) is explains
    assert ("secrets/revoked" in causes(one)) is not explains


def test_what_postgrest_never_answers_to_anon_shows_that_the_pipelines_key_is_another() -> None:
    publishable = secrets(service_key=replace(SERVICE, kind=KeyKind.PUBLISHABLE))
    forbidden = workflow(log(SERVER_ERROR, call(403)))

    own = finding(case(ANON, forbidden), "secrets/wrong-role")
    assert own.role is Role.CONTEXT
    assert own.found.summary.endswith("The pipeline's own has another role, as the log shows.")
    assert finding(case(publishable, forbidden), "secrets/wrong-role").role is Role.CAUSE
    assert finding(case(ANON, FAILED), "secrets/wrong-role").role is Role.CAUSE


def test_a_wrong_key_beside_a_pipeline_that_came_through_is_the_doctors_own() -> None:
    constraint = call(400, '{"code":"23514"}')

    assert is_own_copy(case(ANON, workflow(log(call(200), constraint))), "secrets/wrong-role")


def test_a_wrong_key_that_explains_nothing_is_a_warning() -> None:
    one = case(ANON, workflow(None), row(finished_row()), rls(key_proof=MAY_WRITE))

    assert finding(one, "secrets/wrong-role").role is Role.CONTEXT


@pytest.mark.parametrize(
    ("expires_at", "answer", "expected"),
    [
        (CREATED - timedelta(days=1), call(401), Role.CAUSE),
        (NOW, NOT_SAID, Role.CONTEXT),
        (NOW + timedelta(seconds=1), call(401), None),
        (None, call(401), None),
        (None, call(401, '{"code":"PGRST303","message":"JWT expired"}'), Role.CAUSE),
        (
            NOW + timedelta(days=1),
            call(401, '{"code":"PGRST303","message":"JWT expired"}'),
            Role.CAUSE,
        ),
    ],
)
def test_a_key_has_expired_by_its_own_claim_or_by_the_answer_in_the_log(
    expires_at: Any, answer: Call, expected: Role | None
) -> None:
    key = replace(SERVICE, role="service_role", expires_at=expires_at)
    one = case(secrets(service_key=key), workflow(log(SERVER_ERROR, answer)))

    found = finding(one, "secrets/expired").role if "secrets/expired" in codes(one) else None

    assert found is expected


def test_the_day_on_which_a_key_expired_is_told_where_it_is_past() -> None:
    said = call(401, '{"code":"PGRST303","message":"JWT expired"}')

    def summary(expires_at: Any) -> str:
        key = replace(SERVICE, role="service_role", expires_at=expires_at)
        one = case(secrets(service_key=key), workflow(log(SERVER_ERROR, said)))
        return finding(one, "secrets/expired").found.summary

    assert "expired on 2026-11-19" in summary(CREATED - timedelta(days=1))
    assert " on " not in summary(NOW + timedelta(days=1))


def test_an_expired_key_is_told_without_the_doctor_having_one() -> None:
    expired = call(401, '{"code":"PGRST303","message":"JWT expired"}')
    one = case(secrets(service_key=NOT_THERE), workflow(log(SERVER_ERROR, expired)))

    assert finding(one, "secrets/expired").role is Role.CAUSE


def test_a_key_that_expired_after_the_failure_was_refused_for_something_else() -> None:
    late = secrets(service_key=replace(SERVICE, role="service_role", expires_at=NOW))
    early = secrets(service_key=replace(SERVICE, role="service_role", expires_at=LONG_AGO))
    unknown, told = (workflow(log(SERVER_ERROR, one)) for one in (REVOKED, EXPIRED))

    assert causes(case(early, unknown))[-1] == "secrets/expired"
    assert causes(case(late, unknown))[-1] == "secrets/revoked"
    # What the log says of the pipeline's own is not of the day on which the doctor's copy expired.
    assert finding(case(late, told), "secrets/expired").found.summary == f"{KEY} expired."


def test_a_secret_of_the_function_that_was_emptied_after_the_failure_explains_nothing() -> None:
    def found(at: Any) -> Any:
        mine = FunctionSecret(name=API_KEY, empty=True, updated_at=at)
        return finding(
            case(secrets(function_secrets=(mine,)), workflow(log(OWN_401, NO_GRANT))),
            "secrets/empty",
        )

    assert found(LONG_AGO).role is Role.CAUSE
    assert found(NOW).role is Role.CONTEXT


def refused_now(**changes: Any) -> Any:
    return row(api=ApiAnswer(**{"status": 401, "gateway": True, **changes}))


@pytest.mark.parametrize(
    ("evidence", "refused"),
    [
        ((refused_now(),), True),
        ((refused_now(gateway=False),), False),
        ((refused_now(gateway=False, code="PGRST301"),), True),
        ((refused_now(gateway=False, code="42501"),), False),
        ((refused_now(status=403),), False),
        ((row(api=NOT_THERE),), False),
        ((secrets(project_keys=OFF), row(api=NOT_THERE)), True),
        ((secrets(project_keys=UNLISTED), row(api=NOT_THERE)), True),
        # What the platform answers outranks what it lists.
        ((secrets(project_keys=OFF),), False),
        ((secrets(project_keys=UNLISTED),), False),
        ((secrets(project_keys=ProjectKeys(service_key_listed=None)),), False),
        ((secrets(project_keys=NOT_THERE),), False),
        (
            (
                secrets(
                    project_keys=ProjectKeys(legacy_enabled=False),
                    service_key=replace(SERVICE, kind=KeyKind.SECRET),
                ),
            ),
            False,
        ),
        (
            (secrets(project_keys=ProjectKeys(legacy_enabled=False), service_key=NOT_THERE),),
            False,
        ),
    ],
)
def test_a_key_is_refused_now_by_the_gateway_or_by_the_projects_own_list(
    evidence: Any, refused: bool
) -> None:
    one = case(*evidence, FAILED)

    assert ("secrets/revoked" in codes(one)) is refused


@pytest.mark.parametrize(
    ("flaw", "why"),
    [
        ("has quotation marks around it", "it has quotation marks around it."),
        ("", "it was rotated or deleted, not copied whole, or belongs elsewhere."),
    ],
)
def test_a_refused_key_says_what_is_wrong_with_its_form(flaw: str, why: str) -> None:
    given = secrets(service_key=replace(SERVICE, flaw=flaw))

    assert finding(case(given, refused_now(), FAILED), "secrets/revoked").found.summary.endswith(
        why
    )


def test_a_key_refused_now_that_the_log_shows_to_have_worked_is_the_doctors_own() -> None:
    assert is_own_copy(case(refused_now(), WORKED), "secrets/revoked")


def test_the_logs_own_words_of_a_refused_key_outweigh_what_it_shows_before() -> None:
    seen = workflow(log(SERVER_ERROR, REVOKED, lookup_call=call(200, "[]")))

    assert finding(case(refused_now(), seen), "secrets/revoked").role is Role.CAUSE


@pytest.mark.parametrize(
    ("evidence", "answer"),
    [
        ((secrets(project_keys=OFF), row(api=NOT_THERE)), REVOKED),
        ((refused_now(message="Legacy API keys are disabled"),), REVOKED),
        (
            (row(api=NOT_THERE), secrets(project_keys=NOT_THERE)),
            call(401, '{"message":"Legacy API keys are disabled"}'),
        ),
    ],
)
def test_legacy_keys_that_are_off_are_the_functions_too(evidence: Any, answer: Call) -> None:
    one = case(*evidence, workflow(log(SERVER_ERROR, answer)))

    found = finding(one, "secrets/revoked")

    again, own = found.found.fixes[1:]

    assert "legacy API keys are disabled" in found.found.summary
    assert again.alternative
    assert "(unless the legacy keys are on again)" in own.title


def test_legacy_keys_that_are_off_say_nothing_of_a_secret_key_that_is_refused() -> None:
    migrated = secrets(project_keys=OFF, service_key=replace(SERVICE, kind=KeyKind.SECRET))

    one = case(migrated, row(api=NOT_THERE), workflow(log(SERVER_ERROR, REVOKED)))

    found = finding(one, "secrets/revoked").found
    assert "legacy" not in found.summary
    assert len(found.fixes) == 1


def test_a_look_up_that_says_that_legacy_keys_are_off_tells_why() -> None:
    off = call(401, '{"message":"Legacy API keys are disabled"}')
    stopped = workflow(log(NOT_SAID, NOT_SAID, lookup_call=off))

    one = case(stopped, row(api=NOT_THERE), secrets(project_keys=NOT_THERE))

    assert "legacy API keys are disabled" in finding(one, "secrets/revoked").found.summary


def test_a_refused_key_is_set_again_under_the_name_that_the_workflow_reads() -> None:
    refused = log(SERVER_ERROR, REVOKED)

    def fix(file: Any, **changes: Any) -> Any:
        seen = workflow(refused, file=file)
        one = case(seen, row(api=NOT_THERE), **changes)
        return finding(one, "secrets/revoked").found.fixes[0]

    def handing(secret: str, **changes: Any) -> WorkflowFile:
        update = WorkflowStep(
            name="Update",
            secrets=(secret,),
            env={"SUPABASE_SERVICE_ROLE_KEY": f"${{{{ secrets.{secret} }}}}"},
        )
        return replace(JOB, secrets=(secret,), steps=(update,), update_step=update, **changes)

    assert fix(handing("PROD_KEY")).text == "gh secret set PROD_KEY --repo acme/app"
    assert fix(handing(KEY)).text == f"gh secret set {KEY} --repo acme/app"
    assert fix(handing("key", handed={"key": "PROD_KEY"})).text.startswith(
        "gh secret set PROD_KEY "
    )
    in_place = handing("PROD_KEY", environment="production")
    assert fix(in_place).text == "gh secret set PROD_KEY --repo acme/app --env production"
    # GitHub's own list has one of the guide's names, where the file cannot be read.
    assert fix(None).text == f"gh secret set {KEY} --repo acme/app"
    named = Names(secrets={"service_key": "OURS"}, repository="acme/app")
    assert fix(handing("PROD_KEY"), names=named).text.startswith("gh secret set OURS ")


def test_a_secret_whose_name_nobody_saw_is_set_in_words_and_not_under_the_doctors_own_name() -> (
    None
):
    unread = secrets(levels=MAY_NOT)
    one = case(unread, workflow(log(SERVER_ERROR, REVOKED)), row(api=NOT_THERE))
    fix = finding(one, "secrets/revoked").found.fixes[0]

    assert fix.kind == "manual"
    assert "gh secret set" not in fix.text
    assert "`secrets.service_role_key`" in fix.text


OWN = "SUPABASE_SERVICE_ROLE_KEY"


@pytest.mark.parametrize(
    ("set_at", "api", "works"),
    [
        (NOW, ApiAnswer(status=200, rows=1), True),
        (LONG_AGO, ApiAnswer(status=200, rows=1), False),
        (None, ApiAnswer(status=200, rows=1), False),
        (NOW, ApiAnswer(status=401, gateway=True), False),
        (NOW, NOT_THERE, False),
    ],
)
@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (REVOKED, "secrets/revoked"),
        (call(401, '{"code":"PGRST303","message":"JWT expired"}'), "secrets/expired"),
        (
            call(401, '{"code":"42501","message":"permission denied for table backup_history"}'),
            "secrets/wrong-role",
        ),
    ],
)
def test_a_doctors_key_that_works_proves_nothing_unless_githubs_was_set_after_the_failure(
    set_at: Any, api: Any, works: bool, answer: Call, code: str
) -> None:
    levels = secrets(levels=listed(URL, KEY, API_KEY, updated_at=set_at))
    one = case(levels, workflow(log(SERVER_ERROR, answer)), row(api=api))

    found = finding(one, code).found

    assert (found.resolved is not None) is works
    assert ("works now" in found.summary) is works
    assert found.role is Role.CAUSE


def test_a_key_that_the_data_api_takes_is_not_refused_because_a_list_lacks_it() -> None:
    unlisted = secrets(project_keys=ProjectKeys(legacy_enabled=True, service_key_listed=False))

    assert "secrets/revoked" not in codes(case(unlisted, FAILED))
    assert "secrets/revoked" in codes(case(unlisted, FAILED, row(api=NOT_THERE)))


@pytest.mark.parametrize(
    ("key", "writer", "wrong"),
    [
        (replace(SERVICE, role="backup_writer"), "backup_writer", False),
        (replace(SERVICE, role="service_role"), "backup_writer", True),
        (replace(SERVICE, role="anon"), "anon", False),
        (replace(SERVICE, kind=KeyKind.PUBLISHABLE), "anon", False),
    ],
)
def test_a_key_is_of_the_wrong_role_where_it_is_not_the_configured_writers(
    key: ServiceKey, writer: str, wrong: bool
) -> None:
    names = Names(writer_role=writer, repository="acme/app")
    one = case(secrets(service_key=key), FAILED, names=names)

    assert ("secrets/wrong-role" in codes(one)) is wrong
    if wrong:
        found = finding(one, "secrets/wrong-role").found
        assert f"not one of {writer}" in found.summary
        assert f"a key of {writer}" in found.fixes[0].title


@pytest.mark.parametrize(
    ("key_ref", "url_ref", "project", "mismatch"),
    [
        ("aaa", "bbb", None, True),
        ("aaa", "aaa", "bbb", False),
        ("aaa", None, "bbb", True),
        ("aaa", None, "aaa", False),
        ("aaa", None, None, False),
        (None, "bbb", None, False),
    ],
)
def test_a_key_of_another_project_than_the_urls(
    key_ref: Any, url_ref: Any, project: Any, mismatch: bool
) -> None:
    seen = secrets(
        service_key=replace(SERVICE, role="service_role", ref=key_ref),
        url=SupabaseUrl(setting=URL, value="x", ref=url_ref),
        project_ref=project,
    )

    assert ("secrets/project-mismatch" in codes(case(seen, FAILED))) is mismatch
    if mismatch:
        assert is_own_copy(case(seen, WORKED), "secrets/project-mismatch")


# Values that cannot be right ---------------------------------------------------------------------


def test_a_newline_that_the_log_shows_is_the_pipelines() -> None:
    key = case(workflow(log(SERVER_ERROR, call(401), **shown(KEY, EnvShown.MASKED_THEN_NEWLINE))))
    url = case(workflow(log(UNREACHED, UNREACHED, **shown(URL, EnvShown.MASKED_THEN_NEWLINE))))

    assert finding(key, "secrets/whitespace").breaks == (FALLBACK,)
    assert finding(url, "secrets/whitespace").breaks == BOTH


SPACED = secrets(service_key=replace(SERVICE, role="service_role", surrounding_whitespace=True))
SPACED_URL = secrets(url=SupabaseUrl(setting=URL, value="x", surrounding_whitespace=True))


@pytest.mark.parametrize("spaced", [SPACED, SPACED_URL])
def test_blanks_that_only_the_doctors_copy_shows_are_the_pipelines_unless_the_log_shows_otherwise(
    spaced: Any,
) -> None:
    name = KEY if spaced is SPACED else URL
    untold = workflow(log(UNREACHED, call(401), variables=()))
    clean = workflow(log(UNREACHED, call(401), **shown(name, EnvShown.MASKED)))
    worked = workflow(log(UNREACHED, NO_GRANT, variables=()))

    assert finding(case(spaced, untold), "secrets/whitespace").role is Role.CAUSE
    assert is_own_copy(case(spaced, clean), "secrets/whitespace")
    assert is_own_copy(case(spaced, worked), "secrets/whitespace")


def test_nothing_is_said_of_values_that_were_not_given_and_not_shown() -> None:
    one = case(secrets(service_key=NOT_THERE, url=NOT_THERE, function_key=NOT_THERE), FAILED)

    assert "secrets/whitespace" not in codes(one)
    assert "secrets/bad-url" not in codes(one)


BUT_FOR_BLANKS = FunctionKey(setting=API_KEY, match=KeyMatch.EQUAL_BUT_FOR_WHITESPACE)
GIVEN_WITH_BLANKS = FunctionKey(setting=API_KEY, match=NOT_THERE, surrounding_whitespace=True)


@pytest.mark.parametrize("key", [BUT_FOR_BLANKS, GIVEN_WITH_BLANKS])
def test_blanks_around_the_function_key_explain_a_refusal(key: FunctionKey) -> None:
    seen = secrets(function_key=key)
    refused = workflow(log(OWN_401, NO_GRANT, variables=()))
    untold = workflow(log(NOT_SAID, NO_GRANT, variables=()))
    worked = workflow(log(call(500, "TypeError: x"), NO_GRANT, variables=()))

    assert finding(case(seen, refused), "secrets/whitespace").role is Role.CAUSE
    assert finding(case(seen, untold), "secrets/whitespace").role is Role.CAUSE
    assert is_own_copy(case(seen, worked), "secrets/whitespace")


def test_a_function_key_that_the_log_shows_clean_has_its_blanks_in_the_doctors_copy_alone() -> None:
    clean = workflow(log(OWN_401, NO_GRANT, **shown(API_KEY, EnvShown.MASKED)))

    assert "secrets/whitespace" not in codes(case(secrets(function_key=GIVEN_WITH_BLANKS), clean))
    assert "secrets/whitespace" in codes(case(secrets(function_key=BUT_FOR_BLANKS), clean))


def test_the_side_that_has_the_blanks_is_named() -> None:
    functions = replace(BUT_FOR_BLANKS, function_side_whitespace=True)
    refused = workflow(log(OWN_401, NO_GRANT, variables=()))

    def summary(key: FunctionKey) -> str:
        return finding(case(secrets(function_key=key), refused), "secrets/whitespace").found.summary

    assert "the caller's" in summary(BUT_FOR_BLANKS)
    assert "the function's" in summary(functions)


def test_a_newline_in_the_log_after_the_function_key_is_a_cause_whatever_the_digest_says() -> None:
    one = case(workflow(log(OWN_401, NO_GRANT, **shown(API_KEY, EnvShown.MASKED_THEN_NEWLINE))))

    found = finding(one, "secrets/whitespace")

    assert found.breaks == (FUNCTION,)
    assert [one.value for one in found.found.evidence] == [
        EnvShown.MASKED_THEN_NEWLINE,
        "not compared",
    ]


DASHBOARD = SupabaseUrl(setting=URL, value="https://supabase.com/x", problem="is the dashboard's")
NOWHERE = Unseen(why=Why.UNREACHABLE, what="No DNS name.", code=NO_SUCH_HOST)


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        ((secrets(url=DASHBOARD), workflow(log(UNREACHED, UNREACHED))), "cause"),
        ((secrets(url=DASHBOARD), WORKED), "own copy"),
        ((secrets(url=DASHBOARD), workflow(log(call(200), UNREACHED))), "own copy"),
        ((function(empty_post=NOWHERE), workflow(log(UNREACHED, UNREACHED))), "cause"),
        (
            (
                function(empty_post=replace(NOWHERE, code=None)),
                workflow(log(UNREACHED, UNREACHED)),
            ),
            "nothing",
        ),
        (
            (
                secrets(url=NOT_THERE),
                function(empty_post=NOWHERE),
                workflow(log(UNREACHED, UNREACHED)),
            ),
            "nothing",
        ),
        ((workflow(log(UNREACHED, UNREACHED)),), "nothing"),
    ],
)
def test_an_address_that_is_none_or_resolves_to_nothing(evidence: Any, expected: str) -> None:
    one = case(*evidence)
    code = "secrets/bad-url"

    if expected == "nothing":
        assert code not in codes(one)
    elif expected == "own copy":
        assert is_own_copy(one, code)
    else:
        assert causes(one) == [code]


# Secrets that others can read --------------------------------------------------------------------


BUILD = WorkflowStep(name="Build the app", script="npm run build", secrets=(KEY,))


@pytest.mark.parametrize(
    ("file", "exposed"),
    [
        (replace(JOB, env_secrets=(KEY,)), True),
        (replace(JOB, steps=(BUILD,)), True),
        (replace(JOB, steps=(replace(BUILD, secrets=()),)), False),
        (replace(JOB, steps=(replace(BUILD, script="make build"),)), False),
        (replace(JOB, steps=(replace(BUILD, name="Test", script="npm test"),)), False),
        (replace(JOB, steps=(BUILD,), update_step=BUILD), False),
        (JOB, False),
        (None, False),
    ],
)
def test_a_key_with_the_prefix_of_public_variables_is_a_warning_where_a_build_sees_it(
    file: Any, exposed: bool
) -> None:
    found = finding(case(workflow(None, file=file)), "secrets/public-prefix")

    assert (found.severity is Severity.WARN) is exposed
    assert ("exposes to browsers; no build step reads it now" in found.found.summary) is not exposed
    assert [fix.text for fix in found.found.fixes] == (
        ["Store the key as SUPABASE_SERVICE_ROLE_KEY and hand it to the update step alone."]
        if exposed
        else []
    )


def test_who_sees_a_key_with_the_prefix_of_public_variables_is_told() -> None:
    def summary(**changes: Any) -> str:
        seen = workflow(None, file=replace(JOB, **changes))
        return finding(case(seen), "secrets/public-prefix").found.summary

    assert "Every step of the workflow" in summary(env_secrets=(KEY,))
    assert "A build step" in summary(steps=(BUILD,))


def test_a_variable_without_the_prefix_keeps_the_key_out_of_the_bundle() -> None:
    def severity(**changes: Any) -> Severity:
        one = case(workflow(None, file=replace(JOB, secrets=(KEY,), **changes)))
        return finding(one, "secrets/public-prefix").severity

    held = f"${{{{ secrets.{KEY} }}}}"
    assert severity(env={"SUPABASE_SERVICE_ROLE_KEY": held}, env_secrets=(KEY,)) is Severity.INFO
    assert severity(env={KEY: held}, env_secrets=(KEY,)) is Severity.WARN


def test_a_key_under_a_name_of_its_own_is_no_ones_business() -> None:
    levels = secrets(levels=listed("SUPABASE_SERVICE_ROLE_KEY"))
    named = workflow(None, file=replace(JOB, secrets=(KEY,)))
    unnamed = workflow(None, file=JOB)

    assert "secrets/public-prefix" in codes(case(levels, named))
    assert "secrets/public-prefix" not in codes(case(levels, unnamed))
    assert "secrets/public-prefix" not in codes(case(levels, workflow(None)))


def test_a_secret_that_a_step_prints_is_told() -> None:
    printing = workflow(log(SERVER_ERROR, NO_GRANT, prints_secret=(API_KEY,)))

    assert API_KEY in finding(case(printing), "secrets/printed").found.summary
    assert "secrets/printed" not in codes(case(FAILED))
    assert "secrets/printed" not in codes(case(workflow(None)))


def test_a_secret_that_the_workflow_file_prints_is_told_before_any_log_shows_it() -> None:
    debug = WorkflowStep(
        name="Debug Update Step",
        env={API_KEY: "${{ secrets.BACKUP_API_KEY }}"},
        script='echo "BACKUP_API_KEY set: ${BACKUP_API_KEY:+YES}${BACKUP_API_KEY:-NO}"',
    )
    told = WorkflowStep(name="Say", script='echo "key set: ${BACKUP_API_KEY:+YES}"')

    assert "secrets/printed" in codes(case(workflow(None, file=replace(JOB, steps=(debug,)))))
    assert "secrets/printed" not in codes(case(workflow(None, file=replace(JOB, steps=(told,)))))


# Who answers at the address ----------------------------------------------------------------------


GARBLED = Unseen(
    why=Why.GARBLED, what="It answered with something that it never sends.", status=404
)
STRANGER = HttpAnswer(status=404, body="Not Found")
ELSEWHERE = SupabaseUrl(setting=URL, value="https://acme.example")


def at_address(probe: Any, api: Any, url: SupabaseUrl = ELSEWHERE) -> Any:
    """Whoever answers at the address answers the function's call and the look-up like this."""
    return case(secrets(url=url), function(empty_post=probe), row(api=api), FAILED)


@pytest.mark.parametrize(
    ("probe", "api", "strange"),
    [
        (GARBLED, GARBLED, True),
        (STRANGER, GARBLED, True),
        (replace(STRANGER, status=500), GARBLED, False),
        (replace(STRANGER, from_function=True), GARBLED, False),
        (replace(STRANGER, from_function=False), GARBLED, False),
        (replace(STRANGER, body='{"code": "NOT_FOUND"}'), GARBLED, False),
        (replace(GARBLED, why=Why.UNREACHABLE), GARBLED, False),
        (GARBLED, ApiAnswer(status=200, rows=1), False),
        (GARBLED, replace(GARBLED, status=405), False),
    ],
    ids=[
        "neither is Supabase's",
        "no function and no Data API",
        "the function fails",
        "the function answers",
        "the gateway answers",
        "the platform knows no such function",
        "nobody answers",
        "the Data API answers",
        "the Data API may be there",
    ],
)
def test_an_address_at_which_no_supabase_answers_is_a_wrong_one(
    probe: Any, api: Any, strange: bool
) -> None:
    assert ("secrets/bad-url" in codes(at_address(probe, api))) is strange


def test_what_is_wrong_with_an_address_names_its_path_where_it_has_one() -> None:
    under_a_path = replace(ELSEWHERE, value="https://acme.example/app/")

    with_path = finding(at_address(GARBLED, GARBLED, under_a_path), "secrets/bad-url")
    without = finding(at_address(GARBLED, GARBLED), "secrets/bad-url")

    assert "has the path /app, and" in with_path.found.summary
    assert "is not Supabase's" in without.found.summary


# The key that the function itself uses -----------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        '{"error": "Invalid API key"}',
        '{"success": false, "error": "Unregistered API key"}',
        "Error: Invalid API key",
        '{"error": "Legacy API keys are disabled"}',
    ],
)
def test_a_function_that_fails_of_a_refused_key_was_refused_its_own(words: str) -> None:
    untold = secrets(project_keys=NOT_THERE)
    one = case(workflow(log(call(500, words), NO_GRANT)), untold)

    assert causes(one) == ["secrets/revoked", "rls/no-grant"]
    revoked = finding(one, "secrets/revoked").found
    assert "the key that the function itself uses" in revoked.summary
    assert revoked.fixes[0].title.startswith("Let the function use a current key")


def test_with_legacy_keys_on_again_the_functions_key_works_now() -> None:
    words = '{"error": "Legacy API keys are disabled"}'
    one = case(
        workflow(log(call(500, words), NO_GRANT)),
        secrets(project_keys=ProjectKeys(legacy_enabled=True)),
    )

    assert finding(one, "secrets/revoked").found.resolved


def test_what_works_now_is_told_as_past() -> None:
    words = "Legacy API keys are disabled"
    one = case(
        workflow(log(call(500, words), call(401, words))),
        secrets(project_keys=ProjectKeys(legacy_enabled=True)),
    )

    said = finding(one, "secrets/revoked").found.summary

    assert f"Supabase refused {KEY}: legacy API keys were disabled." in said


def test_a_function_that_refuses_its_caller_speaks_of_the_callers_key() -> None:
    refused = call(401, '{"error": "Invalid API key"}')

    assert causes(case(workflow(log(refused, NO_GRANT)))) == [
        "function/key-rejected",
        "rls/no-grant",
    ]


def test_the_gateways_words_prove_a_refused_key_however_a_client_shows_them() -> None:
    for shown in ("Error: Invalid API key", "AuthError(message='Unregistered API key')"):
        one = case(workflow(log(SERVER_ERROR, call(body=shown))))

        assert causes(one) == ["function/server-error", "secrets/revoked"]


def test_a_function_without_its_secret_fails_before_it_asks_the_database() -> None:
    words = '{"error":"Server configuration error"}'
    off = call(401, '{"message":"Legacy API keys are disabled"}')
    no_secret = secrets(function_secrets=(), project_keys=ProjectKeys(legacy_enabled=False))
    same_now = function(
        empty_post=HttpAnswer(status=500, body=words.replace(":", ": ")), reads=(API_KEY,)
    )

    one = case(workflow(log(call(500, words), off)), no_secret, same_now)

    assert causes(one) == ["secrets/function-secret-missing", "secrets/revoked"]


def test_an_expired_key_that_stands_in_for_the_functions_key_is_one_cause() -> None:
    gate = call(401, '{"code":"UNAUTHORIZED_LEGACY_JWT","message":"Invalid JWT"}')
    ended = secrets(service_key=replace(SERVICE, role="service_role", expires_at=LONG_AGO))
    late = call(401, '{"code":"PGRST303","message":"JWT expired"}')
    only_service = {"variables": (Variable(name=KEY, shown=EnvShown.MASKED),)}

    alone = case(workflow(log(gate, late, **only_service)), ended)
    own_key = case(workflow(log(gate, late)), ended)

    assert causes(alone) == ["secrets/expired"]
    assert causes(own_key) == ["function/jwt-gate", "secrets/expired"]


# A secret that was made too late, or that an earlier step needed ---------------------------------


def test_a_secret_that_was_made_after_the_run_had_been_missing() -> None:
    made = StoredSecret(
        name=KEY, level=Level.REPOSITORY, created_at=ENDED, updated_at=ENDED + timedelta(hours=1)
    )
    (others,) = listed(URL, API_KEY)
    assert isinstance(others.secrets, tuple)
    levels = (replace(others, secrets=(*others.secrets, made)),)
    seen = workflow(log(SERVER_ERROR, call(401), **shown(KEY, EnvShown.EMPTY)))

    one = case(secrets(levels=levels), seen)

    assert causes(one) == ["function/server-error", "secrets/missing"]
    found = finding(one, "secrets/missing").found
    assert found.resolved
    assert "was not set on GitHub when the run started" in found.summary


@pytest.mark.parametrize("handed", [True, False])
def test_a_step_that_failed_without_its_secret_failed_for_want_of_it(handed: bool) -> None:
    failed = "Make archive"
    step = WorkflowStep(name=failed, secrets=("DATABASE_URL",) if handed else ())
    file = WorkflowFile(path="backup.yml", secrets=(URL, KEY, "DATABASE_URL"), steps=(step,))
    stopped = workflow(
        log(NOT_SAID, NOT_SAID, update_seen=False, failed_step=failed, errors=("no such host",)),
        update="skipped",
        file=file,
    )
    assert stopped.job
    steps = tuple(
        replace(one, name=failed, conclusion="failure")
        if one.name == stopped.job.steps[1].name
        else one
        for one in stopped.job.steps
    )
    job = replace(stopped.job, steps=steps, conclusion="failure")
    one = case(secrets(levels=listed(URL, KEY)), replace(stopped, job=job, jobs=(job,)))

    first = causes(one)[0]

    assert first == ("secrets/missing" if handed else "workflow/failed-before-update")


HERE, THERE = "abcdefghijklmnopqrst", "qwertyuiopasdfghjklz"


@pytest.mark.parametrize(
    ("address", "waiting", "expected"),
    [
        (f"https://{THERE}.supabase.co", True, ["secrets/project-mismatch"]),
        (
            f"https://{HERE}.supabase.co",
            True,
            ["function/not-deployed", "workflow/fallback-failed"],
        ),
        ("https://api.example.com", True, ["function/not-deployed", "workflow/fallback-failed"]),
        (f"https://{THERE}.supabase.co", False, []),
    ],
)
def test_a_run_that_called_another_project_than_the_rows_updated_nothing_here(
    address: str, waiting: bool, expected: list[str]
) -> None:
    missing = call(404, '{"code":"NOT_FOUND","message":"Requested function was not found"}')
    url = Variable(name="SUPABASE_URL", shown=EnvShown.PLAIN, value=address)
    told = log(missing, call(200, "[]", rows=0), variables=(url,))
    rows = row() if waiting else row(finished_row())
    one = case(workflow(told), rows, function(record=None))

    assert causes(one) == expected
    assert ("secrets/project-mismatch" in codes(one)) is ("secrets/project-mismatch" in expected)


def test_a_redirect_is_told_of_the_address_and_of_no_page_that_nobody_saw() -> None:
    moved = workflow(log(call(301), call(301)))

    assert causes(case(moved)) == ["secrets/bad-url"]
    assert (
        "was answered with a redirect (HTTP 301)"
        in finding(case(moved), "secrets/bad-url").found.summary
    )
