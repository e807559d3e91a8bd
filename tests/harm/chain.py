"""Each mark of the chain has evidence of its own, and no sentence says more than was seen."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from backup_doctor.demo.faults.changes import SCRIPT
from backup_doctor.demo.faults.rewriting import CREATE
from backup_doctor.demo.world import WORKFLOW
from tests.harm.situation import FAILING, HEALTHY, Right, Situations
from tests.harm.stage import dispatch

if TYPE_CHECKING:
    from tests.harm.stage import Stage

situations = Situations("chain")

DONE: Final[dict[str, object]] = {"status": "success"}
FAILED: Final[dict[str, object]] = {"status": "failed"}
HOURS = timedelta(hours=5)
UPDATES = ("first-update", "other-updates")


@situations.harmful(Right(row=DONE, never_ok=(*UPDATES, "stays")))
def both_updates_failed(stage: Stage) -> list[str]:
    """The log says that both updates failed."""
    stuck = stage.stuck()
    stage.later(HOURS)
    return dispatch(stuck)


@situations.harmful(Right(verdicts=HEALTHY, never_ok=UPDATES))
def a_person_wrote_the_row(stage: Stage) -> list[str]:
    """Both updates failed, and a person wrote the row an hour later."""
    stuck = stage.stuck()
    key = stage.key_of(stuck)
    size = stage.world.servers.storage.s3.head_object(Bucket=stage.world.bucket.name, Key=key)
    stage.later(timedelta(hours=1))
    stage.set_row(
        stuck,
        f"status = 'success', s3_key = '{key}', size_bytes = {size['ContentLength']},"
        " finished_at = now()",
    )
    return dispatch(stuck)


@situations.harmful(
    Right(
        verdicts=frozenset({"failing", "unknown"}),
        row=DONE,
        inserts=True,
        never_ok=("other-updates", "stays"),
    )
)
def no_row_to_update(stage: Stage) -> list[str]:
    """There is no row: neither update found one."""
    stage.back_up()
    asked = stage.back_up(None, "no-row")
    stage.later(HOURS)
    return dispatch(asked)


@situations.harmful(Right(row=FAILED, never_ok=("backup-made", "file-uploaded", *UPDATES)))
def the_job_timed_out_before(stage: Stage) -> list[str]:
    """The job ran into its time limit while it made the archive."""
    stage.back_up()
    lost = stage.back_up(None, "job-timed-out")
    stage.later(HOURS)
    return dispatch(lost)


@situations.harmful(Right(row=FAILED, never_ok=("backup-made", "file-uploaded", *UPDATES)))
def the_archive_was_cancelled(stage: Stage) -> list[str]:
    """A person cancelled the run while it made the archive."""
    stage.back_up()
    lost = stage.back_up(None, "cancelled")
    stage.reopen(lost)
    stage.later(HOURS)
    return dispatch(lost)


@situations.harmful(
    Right(
        verdicts=FAILING,
        said=(r"octocat",),
        never_said=(r"give the job a runner",),
        never_ok=("run-started", "backup-made", *UPDATES),
    )
)
def nobody_approved(stage: Stage) -> list[str]:
    """The job has been waiting for an approval for hours."""
    asked = stage.back_up(None, "no-approval")
    return dispatch(asked)


@situations.harmful(Right(verdicts=FAILING, never_ok=("backup-made", "file-uploaded", *UPDATES)))
def no_runner_took_it(stage: Stage) -> list[str]:
    """The job has been waiting for a runner for hours."""
    asked = stage.back_up(None, "no-runner")
    return dispatch(asked)


@situations.harmful(Right(row=DONE, never_ok=("stays",), never_said=(r"first-update[^\n]*ok",)))
def the_function_said_success(stage: Stage) -> list[str]:
    """The function answered success and did not write."""
    stuck = stage.back_up(None, "false-success")
    stage.later(HOURS)
    return dispatch(stuck)


@situations.harmful(
    Right(row=DONE, root_cause="function/boot-error", never_said=(r"function/rejected",))
)
def a_status_of_the_fallback(stage: Stage) -> list[str]:
    """The fallback is called plan B in the log, and its 403 stands below the function's 503."""
    stage.world.edit(SCRIPT, "Falling back to a direct update of backup_history", "plan B ...")
    stage.world.edit(
        SCRIPT, 'echo "Direct update $outcome (HTTP $STATUS)"', 'echo "-> HTTP $STATUS"'
    )
    stuck = stage.back_up(None, "crashes-at-start", "no-update-grant")
    stage.later(HOURS)
    return dispatch(stuck)


@situations.harmful(
    Right(row=DONE, root_cause="function/not-deployed", never_said=(r"function/server-error",))
)
def a_notice_after_the_update(stage: Stage) -> list[str]:
    """After both updates a chat was told, and its 418 was ignored."""
    stage.world.edit(
        SCRIPT,
        "if ! update_directly; then\n",
        'if ! update_directly; then\n  echo "[notify] chat said HTTP 418 (ignored)"\n',
    )
    stuck = stage.stuck()
    stage.later(HOURS)
    return dispatch(stuck)


@situations.harmful(Right(verdicts=HEALTHY, never_said=(r"rls/no-grant", r"42501")))
def an_error_within_a_good_answer(stage: Stage) -> list[str]:
    """The row of a good backup holds an old error, and the update's answer quotes it."""
    stage.world.sql(
        "CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " NEW.error_text := 'HTTP 500: permission denied for table other'; RETURN NEW; END $$;"
        "CREATE TRIGGER note BEFORE UPDATE ON public.backup_history"
        " FOR EACH ROW EXECUTE FUNCTION public.note();"
    )
    return dispatch(stage.back_up())


@situations.harmful(
    Right(row=FAILED, said=("pg_dump: error",), never_said=(r"Cleaning up[^\n]*is the error",))
)
def a_clean_up_after_the_error(stage: Stage) -> list[str]:
    """The failed step cleans up after its error, in more lines than one reads."""
    lost = stage.fail_in(
        CREATE,
        "echo 'pg_dump: error: aborting because of server version mismatch' >&2",
        *(f"echo 'Cleaning up {number}'" for number in range(8)),
    )
    stage.later(HOURS)
    return dispatch(lost)


@situations.harmful(
    Right(row=FAILED, never_said=(r"✓ credentials found[^\n]*fail", r"AWS credentials"))
)
def a_tick_before_the_error(stage: Stage) -> list[str]:
    """The failed step ticks off its credentials, and then says what went wrong."""
    lost = stage.fail_in(
        CREATE, "echo '✓ credentials found'", "echo '✗ dump.sql: the dump ended early'"
    )
    stage.later(HOURS)
    return dispatch(lost)


@situations.harmful(Right(row=FAILED, never_ok=UPDATES, never_said=(r"its .?if:.? was false",)))
def the_runner_was_shut_down(stage: Stage) -> list[str]:
    """The machine of the runner was taken away while it made the archive."""
    lost = stage.fail_in(
        CREATE,
        "echo '##[error]The runner has received a shutdown signal. This can happen when the runner"
        " service is stopped, or a manually started runner is canceled.'",
    )
    job = stage.world.repository.runs[-1].jobs[0]
    for step in job.steps:
        if step.conclusion == "failure":
            step.conclusion = "cancelled"
    stage.later(HOURS)
    return dispatch(lost)


@situations.harmful(Right(verdicts=HEALTHY, never_said=(r"update-backup[^\n]*fail",)))
def the_fallback_is_the_only_way(stage: Stage) -> list[str]:
    """A good backup of a pipeline without a function's key: it updates its row directly."""
    return dispatch(stage.back_up(None, "no-caller-key"))


@situations.harmful(Right(row=DONE, never_said=(r"step-missing",)))
def the_step_has_another_name(stage: Stage) -> list[str]:
    """The step that updates the row is called otherwise, and an earlier one names the table."""
    stage.world.edit(
        WORKFLOW,
        "      - name: Create backup archive\n",
        "      - name: Check backup_history\n        run: echo 'backup_history is there'\n\n"
        "      - name: Create backup archive\n",
    )
    stage.world.edit(WORKFLOW, "Update backup_history via Edge Function", "Tell the database")
    stuck = stage.stuck()
    stage.later(HOURS)
    return dispatch(stuck)
