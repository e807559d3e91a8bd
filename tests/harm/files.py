"""Whose file it is, when it is missing, and which SQL may be printed for it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from backup_doctor.demo.world import WORKFLOW
from tests.harm.situation import FAILING, HEALTHY, UNKNOWN, Right, Situations
from tests.harm.stage import archive, dispatch

if TYPE_CHECKING:
    from tests.harm.stage import Stage

situations = Situations("files")

UPLOAD = "scripts/upload-backup.sh"
OWN_KEY = "$(date -u +%Y/%m/%d)/backup-$DISPATCH_ID-$(date -u +%H%M%S).zip"
IN_PROGRESS = "status = 'in_progress', s3_key = NULL, size_bytes = NULL, finished_at = NULL, error_text = NULL"
NOT_RIGHT = frozenset({"failing", "unknown"})
DAY, HOURS = timedelta(days=1), timedelta(hours=5)


def _fixed_key(stage: Stage, key: str = "latest.zip") -> None:
    """Every backup is stored under the same key."""
    stage.world.edit(UPLOAD, OWN_KEY, key)


def _stuck_with(stage: Stage, *keys: str) -> str:
    """A backup without a file of its own, and these objects that carry its id."""
    lost = stage.back_up()
    for key in stage.world.objects():
        stage.world.servers.storage.s3.delete_object(Bucket=stage.world.bucket.name, Key=key)
    stage.back_up()
    stage.set_row(lost, IN_PROGRESS)
    for key in keys:
        stage.put(key.format(lost))
    stage.later(HOURS)
    return lost


# A key that several backups use ------------------------------------------------------------------


@situations.harmful(Right(root_cause="object/replaced", never_ok=("stays",)))
def replaced_by_the_next_backup(stage: Stage) -> list[str]:
    """Every backup has the same key; the next one wrote over this one's file."""
    _fixed_key(stage)
    first = stage.back_up()
    stage.later(DAY)
    (stage.world.checkout / "supabase/more.txt").write_text("more\n" * 100)
    stage.back_up()
    return dispatch(first)


# That the role has the grants now, the catalogue shows.
@situations.harmful(Right(never_ok=("stays",), works_now=True))
def a_stuck_one_replaced_by_the_next_backup(stage: Stage) -> list[str]:
    """The same, and the row of the earlier one is in progress."""
    _fixed_key(stage)
    first = stage.stuck()
    stage.later(DAY)
    stage.world.sql("GRANT UPDATE ON public.backup_history TO service_role")
    stage.back_up()
    return dispatch(first)


@situations.harmful(Right(never_ok=("stays",)))
def the_next_ones_file_of_the_same_size(stage: Stage) -> list[str]:
    """The next backup wrote the same key, with a file of the same size, and its row names none."""
    _fixed_key(stage)
    first = stage.stuck()
    stage.later(DAY)
    stage.set_row(stage.back_up(), "status = 'failed'")
    stage.later(HOURS)
    return dispatch(first)


@situations.near_miss(Right(row={"status": "failed"}, never_ok=("file-uploaded", "stays")))
def denied_under_a_fixed_key(stage: Stage) -> list[str]:
    """The upload was denied seconds after the last good backup, whose file has the same key."""
    _fixed_key(stage)
    stage.back_up()
    lost = stage.back_up(None, "upload-denied")
    stage.set_row(lost, IN_PROGRESS)
    stage.later(HOURS)
    return dispatch(lost)


@situations.near_miss(Right(row={"status": "failed"}, never_ok=("file-uploaded", "stays")))
def success_over_a_denied_upload(stage: Stage) -> list[str]:
    """The same, and the app wrote success over it."""
    _fixed_key(stage)
    stage.back_up()
    lost = stage.back_up(None, "upload-denied")
    stage.set_row(
        lost,
        "status = 'success', s3_key = 'backups/latest.zip', finished_at = now(), error_text = NULL,"
        " size_bytes = (SELECT max(size_bytes) FROM public.backup_history)",
    )
    stage.later(HOURS)
    return dispatch(lost)


@situations.harmful(Right(verdicts=HEALTHY))
def the_newest_under_a_fixed_key(stage: Stage) -> list[str]:
    """The newest backup under a key that all use is right."""
    _fixed_key(stage)
    stage.back_up()
    stage.later(DAY)
    newest = stage.back_up()
    return dispatch(newest)


# Several files, or another's ---------------------------------------------------------------------


@situations.harmful(Right(verdicts=NOT_RIGHT, never_ok=("stays",)))
def two_tenants_files(stage: Stage) -> list[str]:
    """Two archives carry the dispatch's id, one for each tenant."""
    return dispatch(_stuck_with(stage, "tenants/a/{}.zip", "tenants/b/{}.zip"))


@situations.near_miss(Right(row={"status": "success"}))
def a_dump_and_its_manifest(stage: Stage) -> list[str]:
    """An archive carries the id, and so do its manifest and its checksum."""
    keys = ("backups/x/{}.zip", "backups/x/{}.manifest.json", "backups/x/{}.zip.sha256")
    return dispatch(_stuck_with(stage, *keys))


@situations.harmful(Right(verdicts=NOT_RIGHT, never_ok=("stays",)))
def only_a_manifest(stage: Stage) -> list[str]:
    """Nothing but a manifest carries the id; the file that the log names is gone."""
    lost = _stuck_with(stage, "backups/x/{}.manifest.json", "backups/x/{}.json")
    return dispatch(lost)


@situations.harmful(Right(verdicts=NOT_RIGHT, never_ok=("stays",)))
def a_part_of_a_longer_word(stage: Stage) -> list[str]:
    """An object that no row has holds the id as a part of a longer word."""
    lost = stage.back_up("weekly-2026112900")
    (key,) = stage.world.objects()
    stage.world.servers.storage.s3.delete_object(Bucket=stage.world.bucket.name, Key=key)
    stage.back_up()
    stage.set_row(lost, IN_PROGRESS)
    stage.put("backups/eu-weekly-2026112900-b.zip")
    stage.later(HOURS)
    return dispatch(lost)


@situations.near_miss(Right(row={"status": "success"}))
def a_row_that_names_anothers_file(stage: Stage) -> list[str]:
    """The row names another backup's file; the run's own log names its own."""
    other = stage.back_up()
    stage.later(DAY)
    mixed_up = stage.back_up()
    stage.set_row(mixed_up, f"s3_key = '{stage.key_of(other)}'")
    return dispatch(mixed_up)


@situations.harmful(Right(never_ok=("stays",)))
def a_failed_row_with_a_whole_file(stage: Stage) -> list[str]:
    """The pipeline recorded a failure, and the file is there and whole."""
    stage.back_up()
    failed = stage.stuck()
    stage.set_row(failed, "status = 'failed', error_text = 'Backup workflow failed.'")
    stage.later(HOURS)
    return dispatch(failed)


@situations.harmful(Right(root_cause="object/deleted", never_ok=("stays",)))
def a_file_that_can_be_restored(stage: Stage) -> list[str]:
    """The file was deleted, and the bucket keeps a version of it."""
    stage.back_up()
    return dispatch(stage.back_up(None, "object-deleted"))


@situations.harmful(Right(verdicts=NOT_RIGHT, never_ok=("stays",)))
def older_than_every_run(stage: Stage) -> list[str]:
    """The one object that carries the id is older than the row and its run."""
    lost = _stuck_with(stage, "backups/x/{}.zip")
    stage.world.servers.storage.date_back(stage.world.bucket, f"backups/x/{lost}.zip", 30 * DAY)
    return dispatch(lost)


@situations.near_miss(Right(row={"status": "success"}))
def a_later_file_with_the_whole_id(stage: Stage) -> list[str]:
    """Somebody stored the archive by hand, hours after the run, under the whole id."""
    lost = stage.back_up(None, "upload-denied")
    stage.set_row(lost, IN_PROGRESS)
    stage.later(DAY)
    stage.put(f"backups/by-hand/{lost}.zip", archive("made by hand\n"))
    stage.later(HOURS)
    return dispatch(lost)


# No row ------------------------------------------------------------------------------------------


@situations.near_miss(Right(row={"status": "success"}, inserts=True))
def a_row_that_nobody_inserted(stage: Stage) -> list[str]:
    """There is no row; the file and the run carry the whole id."""
    stage.back_up()
    return dispatch(stage.back_up(None, "no-row"))


@situations.harmful(Right(verdicts=NOT_RIGHT))
def no_row_and_a_file_that_a_row_has(stage: Stage) -> list[str]:
    """There is no row of the id, and a row of another one names the file that carries it."""
    gone = stage.back_up()
    stage.set_row(gone, "dispatch_id = 'renamed'")
    return dispatch(gone)


@situations.harmful(Right(verdicts=NOT_RIGHT))
def no_row_and_no_run(stage: Stage) -> list[str]:
    """There is neither row nor run; an object carries the id."""
    stage.back_up()
    stage.put("backups/x/0b8f4a52-6c1d-4e7f-9a3b-5d2c1e0f9a8b.zip")
    return dispatch("0b8f4a52-6c1d-4e7f-9a3b-5d2c1e0f9a8b")


# Where the doctor looks --------------------------------------------------------------------------


def _lose(stage: Stage, dispatch_id: str) -> None:
    bucket = stage.world.bucket.name
    stage.world.servers.storage.s3.delete_object(Bucket=bucket, Key=stage.key_of(dispatch_id))


@situations.harmful(Right(verdicts=UNKNOWN, never_ok=("stays",), said=("BACKUP_BUCKET",)))
def no_other_backup_shows_the_bucket(stage: Stage) -> list[str]:
    """The only backup's file is gone, the upload succeeded, and no log names the bucket."""
    lost = stage.back_up()
    _lose(stage, lost)
    stage.lose_logs()
    return dispatch(lost)


@situations.harmful(Right(verdicts=UNKNOWN, never_ok=("stays",), said=("AWS_ENDPOINT_URL_S3",)))
def another_endpoint_in_the_log(stage: Stage) -> list[str]:
    """The upload's `env:` block shows another endpoint than the doctor was given."""
    env = "          BACKUP_BUCKET: ${{ vars.BACKUP_BUCKET }}\n"
    shown = env + "          S3_ENDPOINT: https://account.r2.example.test\n"
    stage.world.edit(WORKFLOW, env, shown)
    stage.back_up()
    lost = stage.back_up()
    _lose(stage, lost)
    return dispatch(lost)


@situations.harmful(Right(verdicts=UNKNOWN, never_ok=("stays",), said=("BACKUP_BUCKET",)))
def a_bucket_that_is_not_there(stage: Stage) -> list[str]:
    """The doctor was given a bucket that does not exist, and the log is gone."""
    done = stage.back_up()
    stage.lose_logs()
    anybody = stage.world.servers.storage.administrator
    stage.give(
        BACKUP_BUCKET=f"{stage.world.bucket.name}-gone",
        AWS_ACCESS_KEY_ID=anybody.access_key_id,
        AWS_SECRET_ACCESS_KEY=anybody.secret_access_key,
    )
    return dispatch(done)


@situations.near_miss(Right(verdicts=FAILING, row={"status": "failed"}))
def an_upload_that_was_begun_and_never_completed(stage: Stage) -> list[str]:
    """The upload was begun in parts in this bucket and never completed."""
    stage.back_up()
    lost = stage.back_up(None, "upload-unfinished")
    stage.set_row(lost, IN_PROGRESS)
    stage.later(HOURS)
    return dispatch(lost)


# The statement -----------------------------------------------------------------------------------


@situations.harmful(Right(verdicts=FAILING))
def a_status_that_the_enum_lacks(stage: Stage) -> list[str]:
    """The upload was denied, and the column's type does not know `failed`."""
    stage.back_up()
    lost = stage.back_up(None, "upload-denied")
    stage.set_row(lost, IN_PROGRESS)
    stage.world.sql(
        """ALTER TABLE public.backup_history DROP CONSTRAINT backup_history_status_check;
        CREATE TYPE public.kind AS ENUM ('in_progress', 'success');
        ALTER TABLE public.backup_history ALTER status DROP DEFAULT,
          ALTER status TYPE public.kind USING status::text::public.kind"""
    )
    stage.later(HOURS)
    return dispatch(lost)


@situations.harmful(Right(verdicts=FAILING))
def a_column_that_is_generated(stage: Stage) -> list[str]:
    """The file is there, and the table computes the size by itself."""
    stuck = stage.stuck()
    stage.world.sql(
        """ALTER TABLE public.backup_history DROP COLUMN size_bytes;
        ALTER TABLE public.backup_history
          ADD COLUMN size_bytes bigint GENERATED ALWAYS AS (length(dispatch_id)) STORED"""
    )
    stage.later(HOURS)
    return dispatch(stuck)


@situations.near_miss(Right(row={"status": "success"}))
def a_trigger_with_a_name_that_is_sql(stage: Stage) -> list[str]:
    """A harmless trigger's name holds a line end and a statement."""
    stuck = stage.stuck()
    stage.world.sql(
        """CREATE FUNCTION public.nothing() RETURNS trigger LANGUAGE plpgsql
          AS $$ BEGIN RETURN NEW; END $$;
        CREATE TRIGGER "x
;DROP TABLE public.backup_history; --
\\! true" BEFORE UPDATE ON public.backup_history
          FOR EACH ROW EXECUTE FUNCTION public.nothing()"""
    )
    stage.later(HOURS)
    return dispatch(stuck)
