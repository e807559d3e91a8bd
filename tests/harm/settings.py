"""A setting that does not fit the database is a mistake of the setting, and of nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from tests.harm.situation import FAILING, HEALTHY, UNKNOWN, Right, Situations
from tests.harm.stage import dispatch

if TYPE_CHECKING:
    from tests.harm.stage import Stage

situations = Situations("settings")

REFUSED: Final[frozenset[str]] = frozenset()
HOURS = timedelta(hours=5)


def _good_with(stage: Stage, configuration: str) -> list[str]:
    """A good backup, and this configuration."""
    done = stage.back_up()
    stage.configure(configuration)
    return dispatch(done)


@situations.harmful(Right(verdicts=REFUSED, never_said=(r"row/incomplete", r"row/missing")))
def a_column_of_another_name(stage: Stage) -> list[str]:
    """The configured column for the size is not in the table."""
    return _good_with(stage, '[columns]\nsize_bytes = "bytes"\n')


@situations.harmful(Right(verdicts=REFUSED, never_said=(r"row/missing",)))
def an_id_column_of_another_name(stage: Stage) -> list[str]:
    """The configured column for the dispatch id is not in the table."""
    return _good_with(stage, '[columns]\ndispatch_id = "dispatch"\n')


@situations.harmful(Right(verdicts=REFUSED, never_said=(r"status is None",)))
def a_status_column_of_another_name(stage: Stage) -> list[str]:
    """The configured column for the status is not in the table."""
    return _good_with(stage, '[columns]\nstatus = "state"\n')


@situations.harmful(Right(verdicts=REFUSED, never_said=(r"row/table-missing",)))
def a_table_of_another_name(stage: Stage) -> list[str]:
    """The configured table is not in the database."""
    return _good_with(stage, 'table = "public.backups"\n')


@situations.harmful(Right(verdicts=UNKNOWN, said=("finished",), never_ok=("stays",)))
def a_status_word_of_another_name(stage: Stage) -> list[str]:
    """The pipeline writes a word for success that no setting names."""
    done = stage.back_up()
    stage.world.sql("ALTER TABLE public.backup_history DROP CONSTRAINT backup_history_status_check")
    stage.set_row(done, "status = 'finished'")
    stage.later(HOURS)
    return dispatch(done)


@situations.harmful(Right(verdicts=HEALTHY))
def a_list_of_status_words(stage: Stage) -> list[str]:
    """The same, and a setting names the word."""
    done = stage.back_up()
    stage.world.sql("ALTER TABLE public.backup_history DROP CONSTRAINT backup_history_status_check")
    stage.set_row(done, "status = 'finished'")
    stage.configure('[status]\nsuccess = ["success", "finished"]\n')
    return dispatch(done)


@situations.harmful(
    Right(verdicts=frozenset({"failing", "unknown"}), never_said=(r"row/stuck", r"none of the"))
)
def a_cancelled_row(stage: Stage) -> list[str]:
    """The app recorded that the backup was cancelled."""
    stage.back_up()
    asked = stage.back_up(None, "cancelled")
    stage.world.sql("ALTER TABLE public.backup_history DROP CONSTRAINT backup_history_status_check")
    stage.set_row(asked, "status = 'cancelled'")
    stage.later(HOURS)
    return dispatch(asked)


@situations.harmful(Right(verdicts=HEALTHY, never_said=(r"row/incomplete",)))
def a_table_without_a_finish_time(stage: Stage) -> list[str]:
    """The table has no column for the finish time, and the pipeline writes none."""
    done = stage.back_up()
    stage.world.sql("ALTER TABLE public.backup_history DROP COLUMN finished_at")
    return dispatch(done)


@situations.harmful(Right(verdicts=HEALTHY, never_said=(r"row/incomplete",)))
def a_column_that_nobody_writes(stage: Stage) -> list[str]:
    """No good row of the table has a finish time."""
    done = [stage.back_up() for _ in range(3)]
    stage.world.sql("UPDATE public.backup_history SET finished_at = NULL")
    return dispatch(done[-1])


@situations.harmful(Right(verdicts=HEALTHY))
def the_table_has_no_size(stage: Stage) -> list[str]:
    """A setting says that the table has no column for the size."""
    done = stage.back_up()
    stage.world.sql("ALTER TABLE public.backup_history DROP COLUMN size_bytes")
    stage.configure("[columns]\nsize_bytes = false\n")
    return dispatch(done)


@situations.harmful(Right(verdicts=REFUSED))
def an_address_that_is_none(stage: Stage) -> list[str]:
    """The project's address has no scheme."""
    stage.give(SUPABASE_URL="not an address")
    return dispatch(stage.back_up())


@situations.harmful(Right(verdicts=HEALTHY, never_said=(r"secrets/revoked[^\n]*cause",)))
def the_doctors_own_key_is_old(stage: Stage) -> list[str]:
    """The pipeline's key works, as the log shows; the doctor was given one that is refused."""
    done = stage.back_up()
    stage.give(SUPABASE_SERVICE_ROLE_KEY="sb_secret_" + "0" * 31)
    return dispatch(done)


@situations.near_miss(Right(verdicts=FAILING, row={"state": "success"}))
def configured_names_that_are_there(stage: Stage) -> list[str]:
    """The table's column has another name, which a setting gives."""
    stuck = stage.stuck()
    stage.world.sql("ALTER TABLE public.backup_history RENAME status TO state")
    stage.configure('[columns]\nstatus = "state"\n')
    stage.later(HOURS)
    return dispatch(stuck)


@situations.near_miss(Right(row={"status": "success", "size_bytes": None}))
def a_column_that_is_not_to_be_written(stage: Stage) -> list[str]:
    """A setting says that the pipeline has no size."""
    stuck = stage.stuck()
    stage.configure("[columns]\nsize_bytes = false\n")
    stage.later(HOURS)
    return dispatch(stuck)


@situations.near_miss(Right(row={"status": "done"}))
def a_word_of_ones_own_for_success(stage: Stage) -> list[str]:
    """A setting names the word for success that the table's other rows have."""
    done, stuck = stage.back_up(), stage.stuck()
    stage.world.sql("ALTER TABLE public.backup_history DROP CONSTRAINT backup_history_status_check")
    stage.set_row(done, "status = 'done'")
    stage.configure('[status]\nsuccess = "done"\n')
    stage.later(HOURS)
    return dispatch(stuck)
