"""What is claimed of keys, of the function, of roles and of "now" is proved, or it is not said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from backup_doctor.demo.faults.changes import SCRIPT, SOURCE
from backup_doctor.demo.supabase.keys import Keys
from backup_doctor.demo.supabase.state import SecretValue
from backup_doctor.demo.world import WORKFLOW
from tests.harm.situation import HEALTHY, Right, Situations
from tests.harm.stage import dispatch

if TYPE_CHECKING:
    from tests.harm.stage import Stage

situations = Situations("claims")

KEY = "VITE_SUPABASE_SERVICE_ROLE_KEY"
DONE: dict[str, object] = {"status": "success"}
FAILED: dict[str, object] = {"status": "failed"}
NO_FUNCTION = r"function/not-deployed|secrets/function-secret-missing|update-backup updates the row"


def _rotate(stage: Stage) -> str:
    """The project's keys are new, GitHub has the old one, and a backup got stuck of it."""
    stage.world.project.keys = Keys.create(stage.world.project.ref)
    lost = stage.back_up()
    stage.later(timedelta(hours=5))
    stage.give(SUPABASE_SERVICE_ROLE_KEY=stage.world.project.keys.service_role)
    return lost


def _set_on_github(stage: Stage, name: str, at: datetime) -> None:
    """GitHub lists that secret as set at that time."""
    stage.world.repository.secrets = [
        replace(one, updated_at=at) if one.name == name else one
        for one in stage.world.repository.secrets
    ]


@situations.harmful(
    Right(
        row=DONE, root_cause="secrets/revoked", said=(r"not checked since", f"gh secret set {KEY} ")
    )
)
def a_new_key_in_the_doctors_hand_only(stage: Stage) -> list[str]:
    """The log has the old key refused; the doctor was given the new one, and GitHub was not."""
    lost = _rotate(stage)
    _set_on_github(stage, KEY, datetime.now(UTC) - timedelta(days=90))
    return dispatch(lost)


@situations.harmful(
    Right(
        row=DONE, root_cause="secrets/revoked", works_now=True, said=(r"works now: GitHub shows",)
    )
)
def a_new_key_on_github_since(stage: Stage) -> list[str]:
    """The log has the old key refused; GitHub's secret was set again after that, and it works."""
    lost = _rotate(stage)
    _set_on_github(stage, KEY, datetime.now(UTC) - timedelta(minutes=5))
    return dispatch(lost)


@situations.harmful(Right(row=DONE, never_said=(r"BACKUP_API_KEY.{0,40}equal",)))
def an_anon_key_in_the_log(stage: Stage) -> list[str]:
    """The pipeline has the anon key, which PostgREST refuses; the doctor has the service-role key."""
    stage.world.sql("REVOKE ALL ON public.backup_history FROM anon")
    lost = stage.back_up(None, "anon-key")
    stage.give(SUPABASE_SERVICE_ROLE_KEY=stage.world.project.keys.service_role)
    stage.later(timedelta(hours=5))
    return dispatch(lost)


@situations.harmful(
    Right(
        row=DONE,
        said=(r"writes the status 'partial'",),
        never_said=(r"DROP CONSTRAINT[^\n]*;\s*$", r"first mend|will fail until"),
    )
)
def a_status_that_the_check_does_not_know(stage: Stage) -> list[str]:
    """The pipeline writes the status `partial`, which a CHECK refuses; it allows what the doctor writes."""
    stage.world.edit(SCRIPT, '\\"status\\": \\"success\\"', '\\"status\\": \\"partial\\"')
    lost = stage.back_up(None, "not-deployed")
    stage.later(timedelta(hours=5))
    return dispatch(lost)


@situations.harmful(
    Right(
        row=DONE,
        root_cause="function/not-deployed",
        never_said=(r"constraint", r"first mend|will fail until"),
        said=(r"empty value",),
    )
)
def an_empty_size(stage: Stage) -> list[str]:
    """The direct update sends an empty size, which is no number: 22P02."""
    stage.world.edit(
        SCRIPT,
        '\\"size_bytes\\": $BACKUP_SIZE,\n    \\"finished',
        '\\"size_bytes\\": \\"\\",\n    \\"finished',
    )
    lost = stage.back_up(None, "not-deployed")
    stage.later(timedelta(hours=5))
    return dispatch(lost)


AUDIT = """
    CREATE TABLE public.audit_log (what text);
    CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN INSERT INTO public.audit_log VALUES (NEW.status); RETURN NEW; END $$;
    CREATE TRIGGER note AFTER UPDATE ON public.backup_history
      FOR EACH ROW EXECUTE FUNCTION public.note();
    REVOKE ALL ON public.audit_log FROM service_role;
"""


@situations.harmful(
    Right(
        row=DONE,
        never_said=(r"no grant to update", r"GRANT [^\n]* ON public\.backup_history"),
        said=(r"audit_log",),
    )
)
def a_trigger_is_denied_another_table(stage: Stage) -> list[str]:
    """A trigger of the table writes into a log, for which the writing role has no grant."""
    stage.world.sql(AUDIT)
    lost = stage.back_up()
    stage.later(timedelta(hours=5))
    return dispatch(lost)


def _drop_function(stage: Stage) -> None:
    """The pipeline updates its row directly, and has no function and no key for one."""
    workflow = stage.world.read(WORKFLOW)
    kept = [line for line in workflow.splitlines() if "BACKUP_API_KEY" not in line]
    stage.world.write(
        WORKFLOW,
        "\n".join(kept).replace("Update backup_history via Edge Function", "Update backup_history"),
    )
    script = stage.world.read(SCRIPT)
    begin, end = script.index("function_headers()"), script.index("update_directly()")
    plain = script[:begin] + script[end:]
    begin, end = plain.index("if [[ $has_key == yes ]]"), plain.index("if ! update_directly")
    stage.world.write(
        SCRIPT, (plain[:begin] + plain[end:]).replace('echo "BACKUP_API_KEY set: $has_key"\n', "")
    )
    del stage.world.github_secrets["BACKUP_API_KEY"]
    stage.world.project.functions.clear()
    stage.world.project.function_secrets.clear()
    stage.withhold("BACKUP_API_KEY")


@situations.harmful(Right(row=DONE, root_cause="rls/no-grant", never_said=(NO_FUNCTION,)))
def a_pipeline_without_a_function(stage: Stage) -> list[str]:
    """The pipeline calls no function, and the table refuses its direct update."""
    _drop_function(stage)
    lost = stage.back_up(None, "no-update-grant")
    stage.later(timedelta(hours=5))
    return dispatch(lost)


@situations.harmful(
    Right(row=DONE, never_said=(r"secrets/function-secret-missing", r"no secret BACKUP_API_KEY"))
)
def a_function_with_its_own_name_for_the_key(stage: Stage) -> list[str]:
    """The function compares its caller with BACKUP_KEY, which it has; a grant is missing below it."""
    stage.world.edit(SOURCE, '"BACKUP_API_KEY"', '"BACKUP_KEY"')
    own = stage.world.project.function_secrets
    own["BACKUP_KEY"] = SecretValue(stage.world.backup_api_key)
    del own["BACKUP_API_KEY"]
    lost = stage.back_up(None, "no-update-grant")
    stage.later(timedelta(hours=5))
    return dispatch(lost)


@situations.harmful(
    Right(row=DONE, never_said=(r"function/key-rejected", r"refuses the key", r"secrets/api-key"))
)
def a_key_in_a_header_of_its_own(stage: Stage) -> list[str]:
    """The function wants its key in a header of its own; it fails of the grant that is missing."""
    stage.world.edit(SOURCE, 'request.headers.get("Authorization")', 'request.headers.get("x-key")')
    stage.world.edit(SCRIPT, "Authorization: Bearer %s", "x-key: Bearer %s")
    lost = stage.back_up(None, "no-update-grant")
    stage.later(timedelta(hours=5))
    return dispatch(lost)


@situations.harmful(
    Right(root_cause="workflow/failed-before-update", never_said=(r"secrets/missing",))
)
def an_optional_secret_is_not_set(stage: Stage) -> list[str]:
    """The upload is denied; a secret with a default, for a target that is not used, is not set."""
    stage.world.edit(
        WORKFLOW,
        "          BACKUP_BUCKET: ${{ vars.BACKUP_BUCKET }}\n\n      - name: Update",
        "          BACKUP_BUCKET: ${{ vars.BACKUP_BUCKET }}\n"
        "          R2_BUCKET: ${{ secrets.R2_BUCKET || 'none' }}\n\n      - name: Update",
    )
    lost = stage.back_up(None, "upload-denied")
    stage.later(timedelta(hours=5))
    return dispatch(lost)


@situations.harmful(
    Right(verdicts=HEALTHY, never_said=(r"rls/update-blocked", r"out of \S+ reach"))
)
def a_policy_for_unfinished_rows(stage: Stage) -> list[str]:
    """A good backup; the policy lets the writing role update rows that are in progress only."""
    stage.world.sql(
        "CREATE POLICY reads ON public.backup_history FOR SELECT TO service_role USING (true);"
        "CREATE POLICY unfinished ON public.backup_history FOR UPDATE TO service_role"
        " USING (status = 'in_progress') WITH CHECK (true);"
    )
    stage.world.sql_as_superuser("ALTER ROLE service_role NOBYPASSRLS")
    stage.world.at_end(stage.world.restore_roles)
    done = stage.back_up()
    stage.later(timedelta(hours=5))
    return dispatch(done)


@situations.harmful(
    Right(
        verdicts=HEALTHY,
        said=(r"rls/open|public key",),
        never_said=(r"GRANT [^\n]* TO (?:anon|auth)",),
    )
)
def a_table_that_anybody_may_write(stage: Stage) -> list[str]:
    """A good backup in a table that a policy opens to every key."""
    stage.world.sql(
        "GRANT SELECT, INSERT, UPDATE ON public.backup_history TO anon, authenticated;"
        "CREATE POLICY everybody ON public.backup_history USING (true) WITH CHECK (true);"
    )
    done = stage.back_up()
    stage.later(timedelta(hours=5))
    return dispatch(done)


@situations.harmful(
    Right(row=FAILED, root_cause="secrets/revoked", said=(r"Create backup archive",))
)
def an_export_with_a_refused_key(stage: Stage) -> list[str]:
    """The step that exports the data is refused its key, long before the update."""
    stage.back_up()
    stage.world.edit(
        "scripts/create-backup.sh",
        "set -euo pipefail\n",
        "set -euo pipefail\n"
        'echo \'GET /rest/v1/orders: 401 {"message":"Invalid API key","hint":"Double check your'
        " Supabase `anon` or `service_role` API key.\"}'\nexit 1\n",
    )
    lost = stage.back_up()
    stage.reopen(lost)
    stage.later(timedelta(hours=5))
    return dispatch(lost)


@situations.near_miss(Right(row=DONE, posts=1, root_cause="secrets/api-key-mismatch"))
def a_refusal_without_a_word(stage: Stage) -> list[str]:
    """The log shows no more than the status 401: the function may be asked, once, whose it was."""
    answer = 'echo "Edge function call failed (HTTP $STATUS)"\n  fi\n'
    stage.world.edit(SCRIPT, f'{answer}  echo "Response: $BODY"\n', answer)
    lost = stage.back_up(None, "other-caller-key", "no-update-grant")
    stage.later(timedelta(hours=5))
    return dispatch(lost)
