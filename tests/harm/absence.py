"""What was not seen is not absent: a wrong setting makes no good row `failed`."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from backup_doctor.demo.storage import allow
from tests.harm.situation import FAILING, HEALTHY, UNKNOWN, Right, Situations
from tests.harm.stage import dispatch

if TYPE_CHECKING:
    from tests.harm.stage import Stage

situations = Situations("absence")


@situations.harmful(Right(verdicts=UNKNOWN, never_ok=("stays",)))
def another_bucket_and_no_log(stage: Stage) -> list[str]:
    """The doctor was given another existing bucket, and the log of a good backup is gone."""
    done = stage.back_up()
    stage.lose_logs()
    other = stage.world.servers.storage.create_bucket(f"{stage.world.bucket.name}-other")
    stage.world.at_end(lambda: stage.world.servers.storage.delete_bucket(other))
    stage.give(
        BACKUP_BUCKET=other.name,
        AWS_ACCESS_KEY_ID=other.doctor.access_key_id,
        AWS_SECRET_ACCESS_KEY=other.doctor.secret_access_key,
    )
    stage.later(timedelta(days=2))
    return dispatch(done)


@situations.harmful(Right(verdicts=UNKNOWN))
def a_policy_hides_the_row_from_the_data_api(stage: Stage) -> list[str]:
    """Row-level security hides the row from the doctor's key, its only way to the table."""
    done = stage.back_up()
    stage.world.sql("DROP POLICY IF EXISTS x ON public.backup_history")
    stage.give(SUPABASE_SERVICE_ROLE_KEY=stage.world.project.keys.anon)
    stage.world.sql("GRANT SELECT ON public.backup_history TO anon")
    stage.withhold("SUPABASE_DB_URL", "SUPABASE_ACCESS_TOKEN")
    return dispatch(done)


@situations.harmful(Right(verdicts=frozenset({"unknown", "running"})))
def a_young_row_without_a_run(stage: Stage) -> list[str]:
    """The row was made seventy seconds ago, and no run can be seen yet."""
    stage.back_up()
    young = stage.world.insert_row()
    stage.set_row(young, "created_at = now() - interval '70 seconds'")
    return dispatch(young)


@situations.near_miss(Right(row={"status": "failed"}))
def an_upload_that_was_denied(stage: Stage) -> list[str]:
    """The upload's own error is in the log, and the row was left in progress."""
    stage.back_up()
    lost = stage.back_up(None, "upload-denied")
    stage.reopen(lost)
    stage.later(timedelta(hours=5))
    return dispatch(lost)


@situations.near_miss(Right(verdicts=FAILING, row={"status": "failed"}))
def a_file_that_was_lost_while_others_are_there(stage: Stage) -> list[str]:
    """The row says success, its file is gone, and another row's file lies in the same bucket."""
    stage.back_up()
    lost = stage.back_up()
    stage.world.servers.storage.s3.delete_object(
        Bucket=stage.world.bucket.name, Key=stage.key_of(lost)
    )
    stage.later(timedelta(days=2))
    return dispatch(lost)


NOT_HEALTHY = frozenset({"failing", "unknown"})


@situations.harmful(Right(verdicts=NOT_HEALTHY))
def an_empty_table_of_another_project(stage: Stage) -> list[str]:
    """The doctor was given another project's database, whose table is empty."""
    done = stage.back_up()
    stage.give(SUPABASE_DB_URL=stage.empty_project())
    stage.withhold("SUPABASE_URL", "SUPABASE_SERVICE_ROLE_KEY", "SUPABASE_ACCESS_TOKEN")
    return dispatch(done)


@situations.harmful(Right(verdicts=NOT_HEALTHY, said=(r"another (?:database|project)|elsewhere",)))
def the_pipeline_found_the_row(stage: Stage) -> list[str]:
    """The doctor's database has other rows, and the run's own look-up found the row."""
    lost = stage.stuck()
    stage.later(timedelta(hours=5))
    stage.give(SUPABASE_DB_URL=stage.empty_project("nightly-2026-11-28"))
    stage.withhold("SUPABASE_URL", "SUPABASE_SERVICE_ROLE_KEY", "SUPABASE_ACCESS_TOKEN")
    return dispatch(lost)


@situations.harmful(Right(verdicts=NOT_HEALTHY, never_said=(r"run-not-found[^\n]*fail",), posts=1))
def another_repository(stage: Stage) -> list[str]:
    """The doctor was given a repository that its token does not reach."""
    lost = stage.back_up(None, "upload-denied")
    stage.reopen(lost)
    stage.later(timedelta(hours=5))
    stage.give(GITHUB_REPOSITORY="acme/other")
    return dispatch(lost)


@situations.harmful(Right(verdicts=NOT_HEALTHY, posts=1))
def no_github_and_no_file(stage: Stage) -> list[str]:
    """Nobody may look at GitHub, and the bucket has no file of a stuck row."""
    stage.back_up()
    lost = stage.back_up(None, "upload-denied")
    stage.reopen(lost)
    stage.later(timedelta(hours=5))
    stage.withhold("GITHUB_TOKEN", "GITHUB_REPOSITORY")
    return dispatch(lost)


@situations.harmful(Right(verdicts=UNKNOWN, never_ok=("stays",), never_said=(r"object/missing",)))
def no_right_to_list(stage: Stage) -> list[str]:
    """A good backup's key was mistyped by hand, and the doctor may not list the bucket."""
    done = stage.back_up()
    stage.set_row(done, "s3_key = 'backups/typo.zip'")
    allow(stage.world.bucket, stage.world.bucket.doctor, ["s3:GetObject"])
    return dispatch(done)


@situations.harmful(Right(verdicts=UNKNOWN, never_ok=("stays",)))
def no_key_of_s3(stage: Stage) -> list[str]:
    """The doctor was given no credentials of S3."""
    done = stage.back_up()
    stage.withhold("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "BACKUP_BUCKET")
    return dispatch(done)


@situations.harmful(Right(verdicts=HEALTHY, never_said=(r"is not set on GitHub",)))
def no_right_to_list_secrets(stage: Stage) -> list[str]:
    """A good backup, and a token that may not list the names of secrets."""
    done = stage.back_up()
    token = stage.world.github_token
    stage.world.github.tokens[:] = [
        replace(token, permissions=frozenset({"actions:read", "contents:read"}))
    ]
    return dispatch(done)


@situations.harmful(Right(verdicts=UNKNOWN))
def a_table_without_any_other_row(stage: Stage) -> list[str]:
    """The Data API's table is empty, and it is the only way to it."""
    gone = stage.back_up()
    stage.world.sql("DELETE FROM public.backup_history")
    stage.withhold("SUPABASE_DB_URL", "SUPABASE_ACCESS_TOKEN")
    return dispatch(gone)


@situations.harmful(Right(verdicts=NOT_HEALTHY))
def a_service_key_of_another_project(stage: Stage) -> list[str]:
    """The doctor's address and key are those of another project, with a table of its own."""
    other = stage.other_project("nightly-2026-11-28")
    done = stage.back_up()
    stage.give(SUPABASE_URL=other.url, SUPABASE_SERVICE_ROLE_KEY=other.key)
    stage.withhold("SUPABASE_DB_URL", "SUPABASE_ACCESS_TOKEN")
    return dispatch(done)


@situations.near_miss(Right(row={"status": "success"}, posts=1))
def another_prefix(stage: Stage) -> list[str]:
    """A stuck backup without a log, whose file lies outside of the prefix and has its whole id."""
    lost = stage.stuck()
    stage.lose_logs()
    stage.later(timedelta(hours=5))
    stage.give(BACKUP_PREFIX="archive/")
    return dispatch(lost)


@situations.near_miss(Right(row={"status": "success"}))
def the_data_api_alone(stage: Stage) -> list[str]:
    """The Data API is the only way to the table; it shows the stuck row, and its file is there."""
    stuck = stage.stuck()
    stage.world.sql("GRANT UPDATE ON public.backup_history TO service_role")
    stage.later(timedelta(hours=5))
    stage.withhold("SUPABASE_DB_URL", "SUPABASE_ACCESS_TOKEN")
    return dispatch(stuck)


@situations.near_miss(Right(row={"status": "failed"}))
def a_second_bucket_nobody_uses(stage: Stage) -> list[str]:
    """The upload's own error is in the log, and no other backup shows the bucket."""
    lost = stage.back_up(None, "upload-denied")
    stage.reopen(lost)
    stage.later(timedelta(hours=5))
    return dispatch(lost)
