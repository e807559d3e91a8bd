"""Whose object is it: another backup's file is never written as this one's."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from backup_doctor.demo.storage import WRITE_ACTIONS, allow
from tests.harm.situation import FAILING, HEALTHY, Right, Situations
from tests.harm.stage import dispatch

if TYPE_CHECKING:
    from tests.harm.stage import Stage

situations = Situations("ownership")
NO_FILE_OF_ITS_OWN = Right(verdicts=FAILING, never_ok=("file-uploaded", "stays"))
HAS_NONE = Right(verdicts=FAILING, row={"status": "failed"}, never_ok=("file-uploaded", "stays"))


@situations.harmful(Right(verdicts=FAILING, never_ok=("file-uploaded", "stays"), posts=1))
def longer_id_of_a_row(stage: Stage) -> list[str]:
    """The one object belongs to a row whose id only begins with this one's, and no run can be seen."""
    stage.row("nightly-2026-11-29", status="in_progress")
    stage.back_up("nightly-2026-11-29-2")
    stage.later(timedelta(hours=5))
    stage.withhold("GITHUB_TOKEN")
    return dispatch("nightly-2026-11-29")


@situations.near_miss(Right(row={"status": "failed"}, never_ok=("file-uploaded", "stays")))
def longer_id_and_no_run_of_its_own(stage: Stage) -> list[str]:
    """The same, and GitHub lists the other's run and none of this one: it has no file."""
    stage.row("nightly-2026-11-29", status="in_progress")
    stage.back_up("nightly-2026-11-29-2")
    stage.later(timedelta(hours=5))
    return dispatch("nightly-2026-11-29")


@situations.harmful(Right(verdicts=frozenset({"failing", "unknown"})))
def a_folder_is_no_id(stage: Stage) -> list[str]:
    """The id is the name of the folder that holds every backup."""
    stage.back_up()
    stage.later(timedelta(hours=5))
    return dispatch("backups")


@situations.harmful(Right(verdicts=frozenset({"failing", "unknown"})))
def a_date_is_no_id(stage: Stage) -> list[str]:
    """The id is a date, which stands in another backup's key."""
    stage.put("exports/2026-11-29/archive.zip")
    return dispatch("2026-11-29")


@situations.harmful(NO_FILE_OF_ITS_OWN)
def another_row_names_the_key(stage: Stage) -> list[str]:
    """The object that carries this id is named by another row that succeeded."""
    stuck = stage.back_up(None, "upload-denied")
    stage.reopen(stuck)
    stage.put(f"backups/manual/{stuck}.zip")
    stage.row("by-hand", status="success", s3_key=f"backups/manual/{stuck}.zip", size_bytes=1)
    stage.later(timedelta(hours=5))
    return dispatch(stuck)


@situations.harmful(Right(verdicts=HEALTHY))
def a_blank_around_the_id(stage: Stage) -> list[str]:
    """The id of a healthy backup was pasted with a blank."""
    return dispatch(f" {stage.back_up()} ")


@situations.harmful(Right(verdicts=HEALTHY))
def an_id_in_capitals(stage: Stage) -> list[str]:
    """The id of a healthy backup was typed in capitals."""
    return dispatch(stage.back_up().upper())


@situations.near_miss(Right(row={"status": "success"}))
def a_stuck_row_with_its_own_file(stage: Stage) -> list[str]:
    """Both updates failed, and the file carries the dispatch's whole id."""
    stage.back_up()
    stuck = stage.stuck()
    stage.later(timedelta(hours=5))
    return dispatch(stuck)


@situations.near_miss(Right(row={"status": "success"}))
def a_short_id_that_is_whole(stage: Stage) -> list[str]:
    """The id is no UUID, and its file carries it as a whole."""
    stage.back_up("nightly-2026-11-28")
    stuck = stage.stuck("nightly-2026-11-29")
    stage.later(timedelta(hours=5))
    return dispatch(stuck)


@situations.harmful(HAS_NONE)
def a_number_that_begins_another(stage: Stage) -> list[str]:
    """`run-00012` is stuck without a file; `run-000123` succeeded."""
    stuck = stage.back_up("run-00012", "upload-denied")
    stage.reopen(stuck)
    allow(stage.world.bucket, stage.world.bucket.pipeline, WRITE_ACTIONS)
    stage.back_up("run-000123")
    stage.later(timedelta(hours=5))
    stage.lose_logs()
    return dispatch(stuck)


@situations.harmful(HAS_NONE)
def an_id_that_ends_anothers(stage: Stage) -> list[str]:
    """`customer-a-2026` is stuck without a file; `eu-customer-a-2026` succeeded."""
    stuck = stage.back_up("customer-a-2026", "upload-denied")
    stage.reopen(stuck)
    allow(stage.world.bucket, stage.world.bucket.pipeline, WRITE_ACTIONS)
    stage.back_up("eu-customer-a-2026")
    stage.later(timedelta(hours=5))
    stage.lose_logs()
    return dispatch(stuck)


@situations.harmful(NO_FILE_OF_ITS_OWN)
def the_key_written_as_an_address(stage: Stage) -> list[str]:
    """Another row names this id's object as `s3://bucket/key`."""
    stuck = stage.back_up(None, "upload-denied")
    stage.reopen(stuck)
    key = f"backups/manual/{stuck}.zip"
    stage.put(key)
    address = f"s3://{stage.world.bucket.name}/{key}"
    stage.row("by-hand", status="success", s3_key=address, size_bytes=1)
    stage.later(timedelta(hours=5))
    return dispatch(stuck)


@situations.harmful(NO_FILE_OF_ITS_OWN)
def the_key_with_a_slash_before_it(stage: Stage) -> list[str]:
    """Another row names this id's object with a slash before its key."""
    stuck = stage.back_up(None, "upload-denied")
    stage.reopen(stuck)
    key = f"backups/manual/{stuck}.zip"
    stage.put(key)
    stage.row("by-hand", status="success", s3_key=f"/{key}", size_bytes=1)
    stage.later(timedelta(hours=5))
    return dispatch(stuck)


@situations.harmful(Right(verdicts=frozenset({"failing", "unknown"})))
def a_year_is_no_id(stage: Stage) -> list[str]:
    """The id is a year, which is a folder of every backup's key."""
    stage.back_up()
    stage.later(timedelta(hours=5))
    return dispatch("2026")


@situations.harmful(Right(verdicts=frozenset({"failing", "unknown"})))
def a_file_ending_is_no_id(stage: Stage) -> list[str]:
    """The id is `backup`, with which the name of every object begins."""
    stage.back_up()
    stage.later(timedelta(hours=5))
    return dispatch("backup")


@situations.harmful(Right(verdicts=frozenset({"failing", "unknown"}), said=("did you mean",)))
def half_of_an_id(stage: Stage) -> list[str]:
    """The id is the first half of a good backup's."""
    done = stage.back_up()
    stage.later(timedelta(hours=5))
    return dispatch(done[:18])


@situations.harmful(Right(verdicts=frozenset({"failing", "unknown"}), said=("did you mean",)))
def one_letter_off(stage: Stage) -> list[str]:
    """The id of a good backup with one letter wrong."""
    done = stage.back_up()
    stage.later(timedelta(hours=5))
    return dispatch(done[:-1] + ("0" if done[-1] != "0" else "1"))


@situations.harmful(Right(verdicts=HEALTHY))
def quotes_around_the_id(stage: Stage) -> list[str]:
    """The id of a good backup was pasted with its quotes."""
    return dispatch(f"'{stage.back_up()}'")


@situations.harmful(Right(verdicts=frozenset()))
def no_id_at_all(stage: Stage) -> list[str]:
    """The id is empty."""
    stage.back_up()
    return dispatch("")


@situations.harmful(Right(never_ok=("stays",)))
def two_stuck_rows_with_one_key(stage: Stage) -> list[str]:
    """Two rows in progress name the same object."""
    first = stage.stuck()
    key = stage.key_of(first)
    stage.row("nightly-2026-11-29", status="in_progress", s3_key=key)
    stage.set_row(first, f"s3_key = '{key}'")
    stage.later(timedelta(hours=5))
    return dispatch(first)


@situations.near_miss(Right(row={"status": "success"}))
def a_stuck_id_with_a_blank(stage: Stage) -> list[str]:
    """Both updates failed, and the id was pasted with a blank."""
    stuck = stage.stuck()
    stage.later(timedelta(hours=5))
    return dispatch(f"{stuck} ")


@situations.near_miss(Right(row={"status": "success"}))
def a_stuck_id_in_capitals(stage: Stage) -> list[str]:
    """Both updates failed, and the id was typed in capitals."""
    stuck = stage.stuck()
    stage.later(timedelta(hours=5))
    return dispatch(stuck.upper())


@situations.near_miss(Right(row={"status": "success"}))
def a_hostile_id(stage: Stage) -> list[str]:
    """Both updates failed, and the id tries to be SQL."""
    stuck = stage.stuck("nightly';DROP-TABLE--")
    stage.later(timedelta(hours=5))
    return dispatch(stuck)


@situations.near_miss(Right(row={"status": "success"}))
def by_the_rows_own_id(stage: Stage) -> list[str]:
    """Both updates failed, and one asks by the row's own id."""
    stage.stuck()
    stage.later(timedelta(hours=5))
    (row_id,) = stage.rows()
    return ["--backup-id", row_id]


@situations.near_miss(Right(row={"status": "success"}))
def by_the_run(stage: Stage) -> list[str]:
    """Both updates failed, and one asks by the run's number."""
    stage.stuck()
    stage.later(timedelta(hours=5))
    return ["--run-id", str(stage.world.repository.runs[0].id)]


# That the role has the grants now, the catalogue shows.
@situations.near_miss(Right(row={"status": "success"}, works_now=True))
def next_to_a_longer_id(stage: Stage) -> list[str]:
    """Both updates of `nightly-2026-11-29` failed; `nightly-2026-11-29-2` succeeded."""
    stuck = stage.stuck("nightly-2026-11-29")
    stage.world.sql("GRANT UPDATE ON public.backup_history TO service_role")
    stage.back_up("nightly-2026-11-29-2")
    stage.later(timedelta(hours=5))
    return dispatch(stuck)
