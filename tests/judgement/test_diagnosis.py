"""The diagnosis follows the chain: where it broke first, and what else had to break."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from backup_doctor.evidence.base import NO_SUCH_HOST, Unseen, Why
from backup_doctor.evidence.findings import Role, Verdict
from backup_doctor.evidence.function import (
    FunctionLogLine,
    FunctionRecord,
    HttpAnswer,
    Invocation,
    Project,
)
from backup_doctor.evidence.log import NOT_SAID, Call, EnvShown, Outcome, Variable
from backup_doctor.evidence.object import KeySource
from backup_doctor.evidence.rls import Proof, Reach, RlsEvidence
from backup_doctor.evidence.row import Column, LockHolder, RoleGrants
from backup_doctor.evidence.secrets import (
    FunctionKey,
    KeyKind,
    KeyMatch,
    ProjectKeys,
    ServiceKey,
    SupabaseUrl,
)
from backup_doctor.evidence.trigger import Trigger
from backup_doctor.evidence.workflow import WorkflowEvidence, WorkflowState
from backup_doctor.judge.diagnosis import Diagnosis, diagnose
from backup_doctor.judge.judgement import judge
from backup_doctor.judge.registry import load_checks
from tests.judgement import cases
from tests.judgement.cases import (
    call,
    case,
    function,
    log,
    no_run,
    rls,
    row,
    secrets,
    the_object,
    workflow,
)

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case

GATEWAY_404 = call(404, '{"code":"NOT_FOUND","message":"Requested function was not found"}')
NO_GRANT = call(
    403,
    '{"code":"42501","details":null,"hint":null,"message":"permission denied for table backup_history"}',
)
HIDDEN = call(200, "[]", rows=0)
OWN_401 = call(401, '{"success":false,"error":"Unauthorized"}')
NOT_MADE = Call(outcome=Outcome.NOT_MADE)
NO_GRANT_NOW = rls(
    Reach.REFUSED, sqlstate="42501", message="permission denied for table backup_history"
)
BLOCKED_NOW = rls(Reach.NO_ROW, row_visible=False)
UNKNOWN_RLS = RlsEvidence(proof=cases.NOT_THERE)
GONE = function(
    record=None,
    empty_post=HttpAnswer(
        status=404,
        error_code="NOT_FOUND",
        from_function=False,
        body='{"code":"NOT_FOUND","message":"Requested function was not found"}',
    ),
)


RESETS = Trigger(
    name="keep",
    definition="CREATE TRIGGER keep BEFORE UPDATE",
    function="keep()",
    source="BEGIN NEW.status := 'in_progress'; RETURN NEW; END",
    before=True,
)
ANON_KEY = ServiceKey(setting="SUPABASE_SERVICE_ROLE_KEY", kind=KeyKind.LEGACY_JWT, role="anon")
BLOCKED_FOR_ANON = rls(key_proof=Proof(role="anon", reach=Reach.NO_ROW, strong=True))


def diagnosed(one: Case) -> Diagnosis:
    judgement = judge(one, (loaded.check for loaded in load_checks().checks))
    assert judgement.errors == ()
    return diagnose(one, judgement.findings)


def causes(one: Case) -> list[str]:
    return [cause.code for cause in diagnosed(one).causes]


def over(function_call: Call, fallback_call: Call, **changes: object) -> WorkflowEvidence:
    return workflow(log(function_call, fallback_call, **changes))


DEAD_KEY = """500: Database update failed {
  status: 401,
  code: undefined,
  message: "Legacy API keys are disabled"
}"""
THROWN = "TypeError: Cannot read properties of undefined (reading 'organization')"
# As PostgREST and the function's own `console.error` word it.
DEAD_KEY_BELOW = call(
    500,
    '{"success":false,"error":"Database update failed",'
    '"details":{"status":401,"message":"Legacy API keys are disabled"}}',
)
LEGACY_OFF = secrets(project_keys=ProjectKeys(legacy_enabled=False, service_key_listed=True))
NOBODY_MAY = '{"success":false,"error":"This caller may not update backups"}'


def wrote(*messages: str, level: str = "error") -> tuple[FunctionLogLine, ...]:
    at = cases.CREATED + timedelta(minutes=1)
    return tuple(FunctionLogLine(at=at, level=level, message=message) for message in messages)


WITHOUT_RUN_ID = tuple(one for one in cases.COLUMNS if one.name != "workflow_run_id")

NO_URL = ("curl: (3) URL using bad/illegal format or missing URL",)
STUCK = {
    "a bare 500 is what the function's own log says it is": (
        case(over(call(500), NO_GRANT), function(logs=wrote(DEAD_KEY)), NO_GRANT_NOW),
        ["secrets/revoked", "rls/no-grant"],
    ),
    "a bare 500 is a bug that the function's own log shows": (
        case(over(call(500), HIDDEN), function(logs=wrote(THROWN)), BLOCKED_NOW),
        ["function/server-error", "rls/update-blocked"],
    ),
    "what it reads of null the database may have refused it": (
        case(
            over(call(500), HIDDEN),
            function(logs=wrote("TypeError: Cannot read properties of null (reading 'id')")),
            BLOCKED_NOW,
        ),
        ["rls/update-blocked"],
    ),
    "what it writes once the doctor calls it is of the doctor's own call": (
        case(
            over(call(404, '{"success":false,"error":"Backup not found"}'), HIDDEN),
            function(
                logs=wrote("405: Method not allowed"),
                asked_at=cases.CREATED + timedelta(seconds=59),
            ),
            BLOCKED_NOW,
        ),
        ["rls/update-blocked"],
    ),
    "a line of the function's log may be another call's": (
        case(
            over(call(500), NO_GRANT),
            function(
                logs=wrote(DEAD_KEY),
                invocations=(
                    Invocation(at=cases.CREATED, method="POST", status=500),
                    Invocation(at=cases.CREATED, method="POST", status=500),
                ),
            ),
            NO_GRANT_NOW,
        ),
        ["rls/no-grant"],
    ),
    "a bare 500 is the platform's, where it is that now": (
        case(
            over(call(500), NO_GRANT),
            function(
                empty_post=HttpAnswer(
                    status=500,
                    error_code="WORKER_ERROR",
                    from_function=False,
                    body='{"code":"WORKER_ERROR","message":"Function exited due to an error"}',
                )
            ),
            NO_GRANT_NOW,
        ),
        ["function/server-error", "rls/no-grant"],
    ),
    "the function's own dead key is not GitHub's expired one": (
        case(
            over(DEAD_KEY_BELOW, call(401, '{"message":"Legacy API keys are disabled"}')),
            secrets(
                project_keys=LEGACY_OFF.project_keys,
                service_key=replace(
                    secrets().service_key, expires_at=cases.CREATED - timedelta(days=9)
                ),
            ),
        ),
        ["secrets/revoked", "secrets/expired"],
    ),
    "a function that refuses whoever calls has no dead key": (
        case(
            over(call(403, NOBODY_MAY), call(401, '{"message":"Legacy API keys are disabled"}')),
            LEGACY_OFF,
            function(empty_post=HttpAnswer(status=403, from_function=True, body=NOBODY_MAY)),
        ),
        ["function/rejected", "secrets/revoked"],
    ),
    "a call without a key was not made, whatever the script calls it": (
        case(
            over(
                Call(outcome=Outcome.REFUSED, lines=("Edge function failed, falling back",)),
                call(401),
                variables=(Variable(name="BACKUP_API_KEY", shown=EnvShown.EMPTY),),
            ),
            secrets(service_key=ANON_KEY),
            BLOCKED_FOR_ANON,
        ),
        ["secrets/wrong-role"],
    ),
    "an address with the Data API's path, where the function is looked for too": (
        case(
            over(
                call(401, '{"message":"No API key found in request","hint":"No `apikey` …"}'),
                call(404, '{"code":"PGRST125","message":"Invalid path specified in request URL"}'),
            ),
            secrets(
                url=SupabaseUrl(
                    setting="SUPABASE_URL",
                    value="https://abcdefghijklmnopqrst.supabase.co/rest/v1",
                    problem="ends in /rest/v1, which the pipeline appends itself",
                )
            ),
        ),
        ["secrets/bad-url"],
    ),
    "a look-up that somebody else answers": (
        case(
            over(
                NOT_SAID,
                NOT_SAID,
                lookup_call=call(404, '{"error":"requested path is invalid"}'),
                backup_id_not_found="Could not find backup_id (HTTP 404)",
            ),
            secrets(
                url=SupabaseUrl(
                    setting="SUPABASE_URL",
                    value="https://supabase.com/dashboard/project/x",
                    problem="leads to Supabase's own site",
                )
            ),
        ),
        ["secrets/bad-url"],
    ),
    "a 400 without words, and a column that pipelines write is missing": (
        case(
            over(GATEWAY_404, call(400)),
            GONE,
            row(table=cases.table(columns=WITHOUT_RUN_ID)),
        ),
        ["function/not-deployed", "row/column-missing"],
    ),
    "at a wrong address no function was reached, inactive or not": (
        case(
            over(call(404), call(404)),
            function(record=FunctionRecord(slug="update-backup", status="THROTTLED")),
            secrets(
                url=SupabaseUrl(
                    setting="SUPABASE_URL",
                    value="https://supabase.com/dashboard/project/x",
                    problem="leads to Supabase's own site",
                )
            ),
        ),
        ["secrets/bad-url"],
    ),
    "both calls were answered by a web page": (
        case(over(call(405, "<!DOCTYPE html><title>404 | Supabase</title>"), call(405, "<html>"))),
        ["secrets/bad-url"],
    ),
    "a client's exception has the platform's words": (
        case(
            over(
                Call(
                    outcome=Outcome.REFUSED,
                    lines=("FunctionsHttpError: Requested function was not found",),
                ),
                NO_GRANT,
            ),
        ),
        ["function/not-deployed", "rls/no-grant"],
    ),
    "the same, on the line that has the status": (
        case(
            over(
                replace(
                    call(404), lines=("update-backup said 404 Not Found: <!DOCTYPE html><title>",)
                ),
                replace(call(404), lines=("PostgREST said 404 Not Found: <!DOCTYPE html><title>",)),
            )
        ),
        ["secrets/bad-url"],
    ),
    "a firewall's page on the way is no wrong address": (
        case(over(call(403, "<!DOCTYPE html><title>Attention Required!</title>"), NO_GRANT)),
        ["function/unreachable", "rls/no-grant"],
    ),
    "an address with a path under which no Supabase answers": (
        case(
            over(call(404), call(404)),
            secrets(
                url=SupabaseUrl(setting="SUPABASE_URL", value="https://acme.example/project/x")
            ),
            row(api=Unseen(why=Why.GARBLED, what="HTTP 404, and not PostgREST's.", status=404)),
            function(
                empty_post=HttpAnswer(status=404, body='{"error":"requested path is invalid"}')
            ),
        ),
        ["secrets/bad-url"],
    ),
    "function gone, no grant": (
        case(over(GATEWAY_404, NO_GRANT), GONE, NO_GRANT_NOW),
        ["function/not-deployed", "rls/no-grant"],
    ),
    "the same without a log": (
        case(GONE, NO_GRANT_NOW),
        ["function/not-deployed", "rls/no-grant"],
    ),
    "the same error twice is one cause": (
        case(
            over(
                call(500, '{"error":"42501: permission denied for table backup_history"}'), NO_GRANT
            ),
            NO_GRANT_NOW,
        ),
        ["rls/no-grant"],
    ),
    "a 500 without words is explained by what lies below": (
        case(over(call(500), NO_GRANT), NO_GRANT_NOW),
        ["rls/no-grant"],
    ),
    "a 500 with the function's own bug is not": (
        case(
            over(call(500, "TypeError: Cannot read properties of undefined"), NO_GRANT),
            NO_GRANT_NOW,
        ),
        ["function/server-error", "rls/no-grant"],
    ),
    "the keys differ, the fallback's row is hidden": (
        case(
            over(OWN_401, HIDDEN),
            secrets(function_key=FunctionKey(setting="BACKUP_API_KEY", match=KeyMatch.DIFFERENT)),
            BLOCKED_NOW,
        ),
        ["secrets/api-key-mismatch", "rls/update-blocked"],
    ),
    "the keys fit again: it failed then and works now": (
        case(over(OWN_401, NO_GRANT), rls()),
        ["function/key-rejected", "rls/no-grant"],
    ),
    "the JWT gate": (
        case(
            over(
                call(401, '{"code":"UNAUTHORIZED_INVALID_JWT_FORMAT","message":"Invalid JWT"}'),
                NO_GRANT,
            ),
            NO_GRANT_NOW,
        ),
        ["function/jwt-gate", "rls/no-grant"],
    ),
    "a bare 401 and verify_jwt on": (
        case(
            over(call(401), NO_GRANT),
            function(
                record=FunctionRecord(slug="update-backup", status="ACTIVE", verify_jwt=True),
                empty_post=HttpAnswer(
                    status=401,
                    error_code="UNAUTHORIZED_INVALID_JWT_FORMAT",
                    from_function=False,
                    body='{"code":"UNAUTHORIZED_INVALID_JWT_FORMAT","message":"Invalid JWT"}',
                ),
            ),
            NO_GRANT_NOW,
        ),
        ["function/jwt-gate", "rls/no-grant"],
    ),
    "a bare 401 that nothing explains": (
        case(
            over(call(401), NO_GRANT),
            function(empty_post=cases.NOT_THERE, record=cases.NOT_THERE),
            NO_GRANT_NOW,
        ),
        ["workflow/edge-call-failed", "rls/no-grant"],
    ),
    "a bare 404 of a function that was deployed since": (
        case(
            over(call(404), NO_GRANT),
            function(
                record=FunctionRecord(
                    slug="update-backup",
                    status="ACTIVE",
                    verify_jwt=False,
                    created_at=cases.ENDED + timedelta(hours=1),
                )
            ),
            NO_GRANT_NOW,
        ),
        ["function/not-deployed", "rls/no-grant"],
    ),
    "the function's own 404": (
        case(over(call(404, '{"error":"Backup not found"}'), NO_GRANT), rls()),
        ["function/rejected", "rls/no-grant"],
    ),
    "legacy keys disabled fail both for one reason": (
        case(
            over(
                call(500, '{"error":"Legacy API keys are disabled"}'),
                call(
                    401, '{"message":"Legacy API keys are disabled","hint":"Your legacy API keys"}'
                ),
            )
        ),
        ["secrets/revoked"],
    ),
    "a constraint refuses both": (
        case(
            over(
                call(
                    500, '{"code":"23514","message":"violates check constraint \\"status_check\\""}'
                ),
                call(
                    400, '{"code":"23514","message":"violates check constraint \\"status_check\\""}'
                ),
            )
        ),
        ["row/constraint-rejects"],
    ),
    "no key for the function, and the fallback's key is the anon key": (
        case(
            over(
                NOT_MADE,
                call(
                    401, '{"code":"42501","message":"permission denied for table backup_history"}'
                ),
            ),
            secrets(
                service_key=ServiceKey(
                    setting="SUPABASE_SERVICE_ROLE_KEY", kind=KeyKind.LEGACY_JWT, role="anon"
                )
            ),
        ),
        ["secrets/wrong-role"],
    ),
    "both succeeded and a trigger resets the status": (
        case(
            over(call(200, '{"success":true}'), NOT_MADE),
            row(table=cases.table(triggers=(RESETS,))),
        ),
        ["row/trigger-interferes"],
    ),
    "the function says success and nothing explains the row": (
        case(over(call(200, '{"success":true}'), NOT_MADE)),
        ["function/false-success"],
    ),
    "a lock that is older than the failure": (
        case(
            over(
                Call(outcome=Outcome.TIMED_OUT),
                call(500, '{"code":"57014","message":"statement timeout"}'),
            ),
            row(
                locks=(
                    LockHolder(
                        pid=4711, transaction_start=cases.CREATED, state="idle in transaction"
                    ),
                )
            ),
        ),
        ["row/locked"],
    ),
    "a lock that came after the failure explains nothing": (
        case(
            over(GATEWAY_404, NO_GRANT),
            GONE,
            NO_GRANT_NOW,
            row(locks=(LockHolder(pid=4711, transaction_start=cases.NOW, state="active"),)),
        ),
        ["function/not-deployed", "rls/no-grant"],
    ),
    "an integer column and a backup of 3 GB": (
        case(
            row(
                table=cases.table(
                    columns=tuple(
                        Column(name="size_bytes", type="integer")
                        if one.name == "size_bytes"
                        else one
                        for one in cases.COLUMNS
                    )
                )
            ),
            the_object(head=cases.stored(size=3_000_000_000)),
        ),
        ["row/size-overflow"],
    ),
    "the upload failed and the update was skipped": (
        case(
            workflow(
                log(
                    NOT_SAID,
                    NOT_SAID,
                    update_seen=False,
                    uploaded=(),
                    assignments={},
                    failed_step="Upload backup to S3",
                    upload_errors=("upload failed: AccessDenied",),
                ),
                upload="failure",
                update="skipped",
            ),
            GONE,
            NO_GRANT_NOW,
            the_object(expected_key=None, key_source=None, head=None, tail=None),
        ),
        ["workflow/failed-before-update"],
    ),
    "no run at all": (
        case(
            no_run(searched="3 runs"),
            GONE,
            the_object(expected_key=None, key_source=None, head=None, tail=None),
        ),
        ["workflow/run-not-found"],
    ),
    "no run, for the workflow is disabled": (
        case(
            no_run(
                workflows=(
                    WorkflowState(
                        id=1,
                        name="Backup",
                        path=".github/workflows/backup.yml",
                        state="disabled_manually",
                    ),
                ),
            ),
            the_object(expected_key=None, key_source=None, head=None, tail=None),
        ),
        ["workflow/disabled"],
    ),
    "a green run, a stuck row, and a role without BYPASSRLS": (
        case(
            workflow(log(OWN_401, call(204)), update="success"),
            BLOCKED_NOW,
            row(
                table=cases.table(
                    grants=(RoleGrants(role="service_role", exists=True, select=True, update=True),)
                )
            ),
        ),
        ["function/key-rejected", "rls/role-without-bypass"],
    ),
    "the URL is empty: nothing was reached, by either way": (
        case(
            over(
                Call(outcome=Outcome.UNREACHABLE),
                Call(outcome=Outcome.UNREACHABLE),
                variables=(Variable(name="VITE_SUPABASE_URL", shown=EnvShown.EMPTY),),
            )
        ),
        ["secrets/empty"],
    ),
    "the URL is empty, and curl says that it was given none": (
        case(
            over(
                Call(outcome=Outcome.UNREACHABLE, lines=NO_URL),
                Call(outcome=Outcome.UNREACHABLE, lines=NO_URL),
                variables=(Variable(name="VITE_SUPABASE_URL", shown=EnvShown.EMPTY),),
            )
        ),
        ["secrets/empty"],
    ),
    "curl says that it was given no URL, and nothing else is known": (
        case(
            over(
                Call(outcome=Outcome.UNREACHABLE, lines=NO_URL),
                Call(outcome=Outcome.UNREACHABLE, lines=NO_URL),
            )
        ),
        ["secrets/bad-url"],
    ),
    "the function fails by itself, and the fallback's key is the anon key": (
        case(
            over(call(500, "Internal Server Error"), HIDDEN),
            secrets(service_key=ANON_KEY),
            BLOCKED_FOR_ANON,
        ),
        ["function/server-error", "secrets/wrong-role"],
    ),
    "the same key hides the row from the look-up before both ways": (
        case(
            over(NOT_SAID, NOT_SAID, backup_id_not_found="Could not find backup_id"),
            secrets(service_key=ANON_KEY),
            BLOCKED_FOR_ANON,
        ),
        ["secrets/wrong-role"],
    ),
    "the log says nothing, and the platform recorded a success": (
        case(
            workflow(log(NOT_SAID, NOT_SAID), update="success"),
            function(
                invocations=(Invocation(at=cases.CREATED, method="POST", status=200),),
            ),
        ),
        ["function/false-success"],
    ),
    "a refusal without a word is explained by what both ways need": (
        case(over(Call(outcome=Outcome.REFUSED), NO_GRANT), NO_GRANT_NOW),
        ["rls/no-grant"],
    ),
    "but not where the function has a reason of its own": (
        case(over(Call(outcome=Outcome.REFUSED), NO_GRANT), GONE, NO_GRANT_NOW),
        ["function/not-deployed", "rls/no-grant"],
    ),
    "a trigger resets what the fallback changed": (
        case(
            workflow(log(GATEWAY_404, call(200, '[{"id":"1"}]', rows=1)), update="success"),
            GONE,
            row(table=cases.table(triggers=(RESETS,))),
        ),
        ["function/not-deployed", "row/trigger-interferes"],
    ),
    "the dashboard answers in Supabase's place": (
        case(
            over(call(405, "Method Not Allowed"), call(404, "<!DOCTYPE html>")),
            secrets(
                url=SupabaseUrl(
                    setting="SUPABASE_URL",
                    value="https://supabase.com/dashboard/project/x",
                    problem="is the dashboard's address",
                )
            ),
        ),
        ["secrets/bad-url"],
    ),
    "a removed function is inactive, not merely missing": (
        case(
            over(GATEWAY_404, NO_GRANT),
            function(record=FunctionRecord(slug="update-backup", status="REMOVED")),
            NO_GRANT_NOW,
        ),
        ["function/inactive", "rls/no-grant"],
    ),
    "without an address no call reached the function, whatever is wrong with it": (
        case(
            over(
                NOT_SAID,
                call(401),
                variables=(Variable(name="SUPABASE_URL", shown=EnvShown.EMPTY),),
            ),
            GONE,
            secrets(function_key=FunctionKey(setting="BACKUP_API_KEY", match=KeyMatch.DIFFERENT)),
        ),
        ["secrets/empty"],
    ),
    "a rotated key is GitHub's alone: the function's own bug stays the root": (
        case(
            over(call(500), call(401, '{"message":"Invalid API key","hint":"Double check"}')),
            secrets(project_keys=ProjectKeys(legacy_enabled=True, service_key_listed=False)),
        ),
        ["function/server-error", "secrets/revoked"],
    ),
    "the function's own 403 is not the database's overflow": (
        case(
            over(
                call(403, '{"error":"This caller may not update backups"}'),
                call(400, '{"code":"22003","message":"out of range for type integer"}'),
            ),
        ),
        ["function/rejected", "row/size-overflow"],
    ),
    "the function says that its own key is not set": (
        case(
            over(
                call(500, '{"error":"BACKUP_API_KEY is not set in the function\'s secrets"}'),
                NO_GRANT,
            ),
            secrets(function_secrets=()),
            NO_GRANT_NOW,
        ),
        ["secrets/function-secret-missing", "rls/no-grant"],
    ),
    "after a success of the function nobody tried the fallback": (
        case(
            workflow(log(call(200, '{"success":true}'), NOT_SAID), update="success"),
            secrets(service_key=ANON_KEY),
            BLOCKED_FOR_ANON,
        ),
        ["function/false-success"],
    ),
    "the URL ends in a newline": (
        case(
            over(
                Call(outcome=Outcome.UNREACHABLE),
                Call(outcome=Outcome.UNREACHABLE),
                variables=(
                    Variable(name="SUPABASE_SERVICE_ROLE_KEY", shown=EnvShown.MASKED),
                    Variable(name="SUPABASE_URL", shown=EnvShown.MASKED_THEN_NEWLINE),
                ),
            )
        ),
        ["secrets/whitespace"],
    ),
    "the address is wrong, and the look-up reached nobody": (
        case(
            over(NOT_SAID, NOT_SAID, lookup_call=Call(outcome=Outcome.UNREACHABLE)),
            secrets(
                url=SupabaseUrl(
                    setting="SUPABASE_URL",
                    value="https://supabase.com/dashboard/project/x",
                    problem="is the dashboard's address",
                )
            ),
        ),
        ["secrets/bad-url"],
    ),
    "the platform is down, says the look-up": (
        case(over(NOT_SAID, NOT_SAID, lookup_call=call(521))),
        ["function/unreachable"],
    ),
    "the project is restricted, says the look-up": (
        case(over(NOT_SAID, NOT_SAID, lookup_call=call(402))),
        ["function/project-restricted"],
    ),
    "the project is paused, and the look-up said nothing of why": (
        case(
            over(NOT_SAID, NOT_SAID, backup_id_not_found="Could not find backup_id"),
            function(project=Project(ref="abcdefghijklmnopqrst", status="INACTIVE")),
        ),
        ["function/project-paused"],
    ),
    "the schema cache is stale, says the look-up": (
        case(
            over(
                NOT_SAID,
                NOT_SAID,
                backup_id_not_found="Could not find backup_id",
                lookup_call=call(
                    404,
                    """{"code":"PGRST205","message":"Could not find the table 'public.backup_history'"}""",
                ),
            )
        ),
        ["row/schema-cache-stale"],
    ),
    "the service key was removed before the look-up": (
        case(
            over(
                NOT_SAID,
                NOT_SAID,
                backup_id_not_found="Could not find backup_id",
                variables=(Variable(name="VITE_SUPABASE_SERVICE_ROLE_KEY", shown=EnvShown.EMPTY),),
            )
        ),
        ["secrets/empty"],
    ),
    "the service key is not set, and the function is not deployed": (
        case(
            over(
                GATEWAY_404,
                call(401, '{"message":"No API key found in request"}'),
                variables=(Variable(name="VITE_SUPABASE_SERVICE_ROLE_KEY", shown=EnvShown.EMPTY),),
            ),
            GONE,
        ),
        ["function/not-deployed", "secrets/empty"],
    ),
    "the doctor's key is the anon key, the pipeline's was another's": (
        case(over(GATEWAY_404, NO_GRANT), GONE, NO_GRANT_NOW, secrets(service_key=ANON_KEY)),
        ["function/not-deployed", "rls/no-grant"],
    ),
    "a green run and nothing that explains it": (
        case(workflow(log(NOT_SAID, NOT_SAID), update="success")),
        ["workflow/green-but-failed"],
    ),
}


@pytest.mark.parametrize("name", STUCK)
def test_a_stuck_row_is_explained_by_the_chain(name: str) -> None:
    one, expected = STUCK[name]

    assert causes(one) == expected
    assert diagnosed(one).verdict is Verdict.FAILING


def test_no_row_is_the_root_whatever_else_is_broken() -> None:
    one = case(
        over(NOT_SAID, NOT_SAID, backup_id_not_found="Could not find backup_id"),
        row(rows=()),
        GONE,
    )

    assert causes(one) == ["row/missing"]


def test_a_refused_look_up_is_not_a_missing_row() -> None:
    refused = call(401, '{"message":"Invalid API key","hint":"Double check your Supabase key"}')
    one = case(
        over(
            NOT_SAID, NOT_SAID, backup_id_not_found="Could not find backup_id", lookup_call=refused
        )
    )

    assert causes(one) == ["secrets/revoked"]


def test_a_right_row_with_its_object_is_healthy_and_a_broken_function_only_a_warning() -> None:
    one = case(
        row(cases.finished_row()),
        workflow(log(GATEWAY_404, call(200, "[{}]", rows=1)), update="success"),
        GONE,
    )
    found = diagnosed(one)

    assert found.verdict is Verdict.HEALTHY
    assert found.causes == ()
    assert {placed.severity for placed in found.placed} <= {"warn", "info"}
    assert "function/not-deployed" in {placed.judged.code for placed in found.placed}


def test_a_right_row_whose_object_is_gone_is_failing() -> None:
    one = case(row(cases.finished_row()), the_object(head=None, tail=None))

    assert causes(one) == ["object/missing"]


def test_a_row_that_could_not_be_seen_is_unknown() -> None:
    unseen = Unseen(why=Why.UNREACHABLE, what="PostgreSQL refused the connection.")
    one = case(row(rows=unseen, table=unseen, server=unseen, api=unseen))

    assert diagnosed(one).verdict is Verdict.UNKNOWN


def test_a_right_row_whose_object_could_not_be_seen_is_unknown_unless_waived() -> None:
    hidden = the_object(
        head=Unseen(why=Why.DENIED, what="S3 refused.", code="AccessDenied"), tail=None
    )
    one = case(row(cases.finished_row()), hidden)

    assert diagnosed(one).verdict is Verdict.UNKNOWN
    assert (
        diagnosed(case(row(cases.finished_row()), skipped=("object",))).verdict is Verdict.HEALTHY
    )


def test_a_key_of_another_role_that_may_write_is_no_cause() -> None:
    open_to_all = rls(key_proof=Proof(role="anon", reach=Reach.NO_OBSTACLE, strong=True))
    one = case(over(call(500, "Internal Server Error"), NOT_SAID), open_to_all)
    evidence = {**one.evidence, "secrets": secrets(service_key=ANON_KEY)}
    found = diagnosed(replace(one, evidence=evidence))

    assert [cause.code for cause in found.causes] == ["function/server-error"]
    assert "secrets/wrong-role" in {placed.judged.code for placed in found.placed}


def test_a_young_row_whose_job_could_not_be_seen_is_not_said_to_be_going() -> None:
    young = case(now=cases.CREATED + timedelta(minutes=20))
    blind = replace(young, evidence={**young.evidence, "workflow": cases.NOT_THERE})

    assert diagnosed(blind).verdict is Verdict.UNKNOWN


def test_an_address_that_resolves_to_nothing_while_the_project_is_up_is_a_wrong_one() -> None:
    nowhere = Unseen(why=Why.UNREACHABLE, what="No DNS name.", code=NO_SUCH_HOST)
    unreached = Call(outcome=Outcome.UNREACHABLE)

    assert causes(case(over(unreached, unreached), function(empty_post=nowhere))) == [
        "secrets/bad-url"
    ]


def test_without_the_platforms_word_an_unreachable_host_stays_unreachable() -> None:
    nowhere = Unseen(why=Why.UNREACHABLE, what="No DNS name.", code=NO_SUCH_HOST)
    unreached = Call(outcome=Outcome.UNREACHABLE)
    alone = function(empty_post=nowhere, project=cases.NOT_THERE, record=cases.NOT_THERE)

    assert causes(case(over(unreached, unreached), alone)) == ["function/unreachable"]


def test_without_the_row_the_file_that_the_log_names_still_counts() -> None:
    unseen = Unseen(why=Why.UNREACHABLE, what="PostgreSQL refused the connection.")
    blind = row(rows=unseen, table=unseen, server=unseen, api=unseen)
    gone = the_object(head=None, tail=None)

    found = diagnosed(case(over(GATEWAY_404, call(540)), blind, gone))

    assert found.verdict is Verdict.UNKNOWN
    assert "object/missing" in [one.code for one in found.causes]


def test_without_the_row_a_bucket_that_no_log_names_counts_for_nothing() -> None:
    unseen = Unseen(why=Why.UNREACHABLE, what="PostgreSQL refused the connection.")
    blind = row(rows=unseen, table=unseen, server=unseen, api=unseen)
    none = Unseen(why=Why.NOT_FOUND, what="There is no such bucket.", code="NoSuchBucket")
    nowhere = the_object(expected_key=None, key_source=None, bucket=none, head=None, tail=None)
    by_log = replace(nowhere, key_source=KeySource.LOG)
    silent = over(NOT_SAID, NOT_SAID, uploaded=(), assignments={})
    telling = over(NOT_SAID, NOT_SAID, uploaded=(), assignments={}, buckets=("team-backups",))

    assert diagnosed(case(silent, blind, by_log)).root is None
    assert diagnosed(case(telling, blind, nowhere)).root is None
    assert diagnosed(case(telling, blind, by_log)).root


def test_a_base_path_under_which_supabase_answers_is_no_fault() -> None:
    own = secrets(url=SupabaseUrl(setting="SUPABASE_URL", value="https://acme.example/supabase"))

    assert causes(case(over(GATEWAY_404, NO_GRANT), own, GONE, NO_GRANT_NOW)) == [
        "function/not-deployed",
        "rls/no-grant",
    ]


def test_a_red_step_whose_log_tells_of_no_call_is_a_symptom() -> None:
    silent = over(NOT_SAID, NOT_SAID, update_excerpt=("the thing said 418 teapot",))
    found = diagnosed(case(silent))

    (failed,) = [one for one in found.placed if one.judged.code == "workflow/fallback-failed"]
    assert failed.role is Role.SYMPTOM
    assert failed.judged.found.evidence[-1].value == "the thing said 418 teapot"
    assert found.causes == ()
