"""Where what is true is not certain there is no SQL; and the SQL writes no more than is true."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.case import Asked
from backup_doctor.evidence.log import NOT_SAID
from backup_doctor.evidence.object import FileEnd, KeyOwner, KeySource, ObjectEvidence, Search
from backup_doctor.evidence.row import Column, Constraint
from backup_doctor.evidence.workflow import FoundBy
from backup_doctor.judge.diagnosis import diagnose
from backup_doctor.judge.fix_sql import Repair, repair
from backup_doctor.judge.fix_sql.rows import correct
from tests.judgement import cases
from tests.judgement.asking import diagnosed, finding
from tests.judgement.cases import (
    CREATED,
    DISPATCH,
    KEY,
    NOT_THERE,
    SIZE,
    a_row,
    call,
    case,
    finished_row,
    log,
    row,
    stored,
    the_object,
    workflow,
)
from tests.judgement.test_repair import (
    BOTH_FAILED,
    GONE,
    HIDDEN,
    done,
    reason,
    repaired,
    sql,
    stuck,
)

SECOND = timedelta(seconds=1)
SLACK = timedelta(minutes=5)
WHOLE = FileEnd(whole=True, entries=3)
SILENT = workflow(log(call(500), call(500), uploaded=(), assignments={}))


def blind(kind: str, one: Any) -> Any:
    """The same case, without what this check saw."""
    return replace(one, evidence={**one.evidence, kind: NOT_THERE})


def nowhere(**changes: Any) -> ObjectEvidence:
    """A bucket in which nobody knows what to look for."""
    base = {"expected_key": None, "key_source": None, "head": None, "tail": None}
    return the_object(**{**base, **changes})


def found(*keys: str, **changes: Any) -> ObjectEvidence:
    """A search of the bucket that found these."""
    hits = tuple(stored(key=key) for key in keys)
    search = Search(prefixes=("backups/",), listed=9, complete=True, hits=hits)
    return nowhere(**{"search": search, "found_tail": WHOLE, **changes})


# Nothing to repair -------------------------------------------------------------------------------


def test_what_is_right_or_unknown_or_only_a_question_about_the_next_backup_gets_no_sql() -> None:
    right = case(row(finished_row()), workflow(log(call(200), NOT_SAID), update="success"))
    unseen = case(row(rows=Unseen(why=Why.DENIED, what="The key may not read.")))
    preflight = case(row(rows=NOT_THERE), asked=Asked())

    assert repaired(right) == Repair()
    assert repaired(preflight) == Repair()
    assert "not known yet" in reason(unseen)


# Whether the file is this backup's, and there ----------------------------------------------------


def test_without_a_look_into_the_bucket_no_row_is_changed() -> None:
    assert "the bucket was not looked at" in reason(blind("object", stuck()))
    assert "the bucket was not looked at" in reason(blind("object", done(GONE, size_bytes=None)))


def test_a_bucket_that_may_not_be_listed_leaves_the_file_open() -> None:
    denied = Unseen(why=Why.DENIED, what="S3 does not let the doctor list.")

    assert "could not be looked at" in reason(stuck(the_object(bucket=denied)))
    assert "searched to the end" in reason(stuck(the_object(head=None, search=denied, tail=None)))


def test_one_object_found_by_its_name_is_the_backups() -> None:
    real = f"other/{DISPATCH}.zip"

    assert f"s3_key = '{real}'" in sql(stuck(found(real)))


def test_an_object_at_its_own_key_is_taken_whatever_else_names_the_dispatch() -> None:
    hits = (stored(), stored(key=f"other/{DISPATCH}.zip"))
    both = the_object(search=Search(prefixes=("",), listed=2, complete=True, hits=hits))

    assert "status = 'success'" in sql(stuck(both))


def test_of_several_archives_that_the_run_left_a_person_chooses() -> None:
    eu, us = f"tenants/eu/{DISPATCH}.zip", f"tenants/us/{DISPATCH}.zip"
    file = the_object(expected_key=eu, head=stored(key=eu))
    both = Search(prefixes=("",), listed=2, complete=True, hits=(stored(key=eu), stored(key=us)))
    uploads = replace(BOTH_FAILED, uploaded=(eu, us), assignments={})
    chosen = replace(uploads, assignments={"S3_KEY": eu})
    one = replace(uploads, uploaded=(eu,))

    assert "several objects" in reason(stuck(file, workflow(uploads)))
    assert "several objects" in reason(stuck(replace(file, search=both), workflow(one)))
    assert f"s3_key = '{eu}'" in sql(stuck(file, workflow(chosen)))
    assert f"s3_key = '{eu}'" in sql(stuck(file, workflow(one)))
    by_row = replace(file, key_source=KeySource.ROW)
    assert f"s3_key = '{eu}'" in sql(stuck(by_row, workflow(uploads)))


def test_what_else_a_run_uploads_is_no_choice_beside_what_names_the_dispatch() -> None:
    notes = replace(BOTH_FAILED, uploaded=(KEY, "assets/all.zip", f"{KEY}.sha256"), assignments={})
    older = stored(key=f"old/{DISPATCH}.zip", modified_at=CREATED - timedelta(days=9))
    both = Search(prefixes=("",), listed=2, complete=True, hits=(stored(), older))

    assert "status = 'success'" in sql(stuck(workflow(notes)))
    assert "status = 'success'" in sql(stuck(the_object(search=both), workflow(notes)))


def test_a_found_object_whose_end_was_not_read_gets_no_sql() -> None:
    assert "whether it is whole could not be read" in reason(
        stuck(found(f"other/{DISPATCH}.zip", found_tail=None))
    )


def test_an_empty_object_needs_no_end_to_be_no_backup() -> None:
    empty = the_object(head=stored(size=0), tail=None)

    assert "status = 'failed'" in sql(stuck(empty))
    assert "status = 'failed'" in sql(stuck(replace(empty, tail=WHOLE)))


def test_an_object_of_one_byte_is_looked_into() -> None:
    assert "whether it is whole" in reason(stuck(the_object(head=stored(size=1), tail=None)))
    assert "size_bytes = 1" in sql(stuck(the_object(head=stored(size=1))))


@pytest.mark.parametrize(
    ("before", "ours"), [(SLACK, True), (SLACK + SECOND, False), (timedelta(), True)]
)
def test_clocks_may_differ_by_five_minutes(before: timedelta, ours: bool) -> None:
    one = stuck(the_object(head=stored(modified_at=CREATED - before)))

    assert (repaired(one).sql is not None) is ours


def test_without_a_run_the_row_tells_when_the_backup_began() -> None:
    old = the_object(head=stored(modified_at=CREATED - timedelta(days=1)))
    unseen_run = blind("workflow", case(old))
    no_times = blind("workflow", case(old, row(a_row(created_at=None))))

    assert "older than the run" in reason(unseen_run)
    assert "status = 'success'" in sql(no_times)


OTHERS = "11111111-2222-4333-8444-555555555555"


def named(key: str, **changes: Any) -> ObjectEvidence:
    """The file that the log names."""
    return the_object(expected_key=key, head=stored(key=key), **changes)


def test_a_file_whose_key_names_another_dispatch_is_not_written_into_this_row() -> None:
    others = named(f"backups/nw-{OTHERS}.zip")
    own_row = replace(others, key_source=KeySource.ROW)

    come_upon = replace(others, key_source=KeySource.SEARCH)

    assert "names another backup" in reason(stuck(come_upon, workflow(BOTH_FAILED)))
    assert "status = 'success'" in sql(stuck(own_row, workflow(BOTH_FAILED)))
    # A file may bear a UUID of its own: what this very job named is this backup's.
    assert "status = 'success'" in sql(stuck(others, workflow(BOTH_FAILED)))
    assert "status = 'success'" in sql(stuck(named(f"backups/{OTHERS}-{DISPATCH}.zip")))
    assert "status = 'success'" in sql(stuck(named(f"backups/{cases.ROW_ID}.zip")))


def test_a_file_that_another_row_names_is_not_written_into_this_row() -> None:
    file = named("backups/eu.zip")
    other = finished_row(id=OTHERS, s3_key="backups/eu.zip", status="archived")
    owned = replace(file, owners=(KeyOwner(key="backups/eu.zip", row=other),))

    assert "names it" in reason(stuck(owned))
    assert "status = 'success'" in sql(stuck(file))


def test_of_several_jobs_that_update_a_row_only_a_told_ones_file_is_taken() -> None:
    file = named("backups/eu.zip")
    silent = replace(BOTH_FAILED, dispatch_seen=False)
    alone = workflow(silent)
    assert alone.job is not None
    eu, us = replace(alone.job, id=8), replace(alone.job, name=f"dump ({DISPATCH})")
    matrix = replace(alone, jobs=(alone.job, eu))

    assert "status = 'success'" in sql(stuck(file, alone))
    assert "nothing tells that the job" in reason(stuck(file, matrix))
    assert "status = 'success'" in sql(stuck(file, replace(matrix, log=BOTH_FAILED)))
    assert "status = 'success'" in sql(stuck(file, replace(matrix, job=us, jobs=(us, eu))))


def test_a_job_that_does_other_things_is_no_rival_nor_is_one_that_cannot_be_seen() -> None:
    file = named("backups/eu.zip")
    alone = workflow(replace(BOTH_FAILED, dispatch_seen=False))
    assert alone.job is not None
    other = replace(alone.job, id=8, steps=alone.job.steps[:1])
    twin = replace(alone.job, id=8)

    assert "status = 'success'" in sql(stuck(file, replace(alone, jobs=(alone.job, other))))
    assert "status = 'success'" in sql(stuck(file, replace(alone, jobs=NOT_THERE)))
    for unknown in ({"job": None}, {"update_step": None}):
        seen = replace(alone, jobs=(alone.job, twin), **unknown)
        assert "status = 'success'" in sql(stuck(file, seen))


def test_a_row_that_is_asked_for_by_its_own_id_knows_its_dispatch() -> None:
    asked = Asked(backup_id=cases.ROW_ID)
    own = named(f"backups/{DISPATCH}.zip", key_source=KeySource.SEARCH)
    others = named(f"backups/{OTHERS}.zip", key_source=KeySource.SEARCH)

    assert "status = 'success'" in sql(stuck(own, asked=asked))
    assert "names another backup" in reason(stuck(others, asked=asked))


def test_a_row_without_a_dispatch_is_the_one_that_was_asked_for() -> None:
    own = named(f"backups/{DISPATCH}.zip", key_source=KeySource.SEARCH)

    assert "status = 'success'" in sql(stuck(own, row(a_row(dispatch_id=None))))


def test_a_file_that_only_the_row_itself_names_is_its_own() -> None:
    file = named("backups/eu.zip")
    own = a_row(s3_key="backups/eu.zip")
    another = finished_row(id=OTHERS, s3_key="backups/us.zip", status="archived")

    assert "status = 'success'" in sql(stuck(file, row(own, another)))


def test_a_file_that_the_log_of_another_dispatch_names_is_not_taken() -> None:
    handed = replace(BOTH_FAILED, assignments={"DISPATCH_ID": OTHERS})

    assert "nothing tells that the job" in reason(stuck(named("backups/eu.zip"), workflow(handed)))


def test_a_guessed_runs_file_is_believed_where_its_key_names_the_dispatch_or_the_row_names_it() -> (
    None
):
    guessed = workflow(BOTH_FAILED, found_by=FoundBy.ONLY_CANDIDATE)
    other = the_object(expected_key="backups/other.zip", head=stored(key="backups/other.zip"))
    by_row = replace(other, key_source=KeySource.ROW)

    assert "status = 'success'" in sql(stuck(guessed))
    assert "s3_key = 'backups/other.zip'" in sql(stuck(by_row, guessed))
    assert "s3_key = 'backups/other.zip'" in sql(stuck(other, workflow(BOTH_FAILED)))
    assert "only a guess" in reason(stuck(other, guessed, row(a_row(dispatch_id=None))))


def test_a_file_that_nobody_named_is_absent_where_the_backup_did_not_come_so_far() -> None:
    complete = Search(prefixes=("backups/",), listed=12, complete=True)
    failed_upload = workflow(
        log(NOT_SAID, NOT_SAID, uploaded=(), assignments={}, upload_errors=("AccessDenied",)),
        upload="failure",
        update="skipped",
    )

    assert "status = 'failed'" in sql(stuck(nowhere(search=complete), failed_upload))
    assert "under another name" in reason(stuck(nowhere(search=complete), SILENT))


def test_who_gave_no_bucket_is_told_to_set_it() -> None:
    absent = Unseen(why=Why.NOT_CONFIGURED, what="No bucket is configured.")
    denied = Unseen(why=Why.DENIED, what="Denied.")

    def said(unseen: Unseen) -> str:
        return reason(stuck(the_object(bucket=unseen, head=unseen, tail=None)))

    assert "set BACKUP_BUCKET" in said(absent)
    assert "access to the bucket" in said(denied)


def test_an_end_that_was_not_seen_is_waited_for_while_there_is_no_object_old_enough() -> None:
    limit = timedelta(seconds=7200)

    def unseen_run(age: timedelta) -> Any:
        return blind("workflow", case(the_object(head=stored(modified_at=cases.NOW - age))))

    assert "status = 'success'" in sql(unseen_run(limit + SECOND))
    assert "may still be going" in reason(unseen_run(limit))
    assert "was not seen" in reason(blind("workflow", case(GONE)))


def test_an_overdue_job_may_still_be_going() -> None:
    going = workflow(BOTH_FAILED)
    assert going.job
    job = replace(going.job, status="in_progress", conclusion=None, completed_at=None)

    assert "may still be going" in reason(stuck(replace(going, job=job, jobs=(job,))))


# A row that says success -------------------------------------------------------------------------


def test_a_row_whose_file_is_not_certain_is_left_as_it_is() -> None:
    unread = Unseen(why=Why.TIMED_OUT, what="S3 did not answer in time.")

    assert "could not be read" in reason(done(the_object(tail=unread), size_bytes=None))


@pytest.mark.parametrize("written", [f"/{KEY}", f"s3://team-backups/{KEY}", f"//{KEY}"])
def test_a_key_in_another_notation_is_the_same_key(written: str) -> None:
    assert f"SET\n  size_bytes = {SIZE}\nWHERE" in sql(
        done(the_object(), s3_key=written, size_bytes=7)
    )


@pytest.mark.parametrize("written", [None, "", f"other-{KEY}", "backups/another.zip"])
def test_another_key_is_corrected(written: str | None) -> None:
    assert f"SET\n  s3_key = '{KEY}'" in sql(done(the_object(), s3_key=written, size_bytes=7))


def test_a_row_that_already_says_what_the_object_tells_is_not_written_again() -> None:
    one = case(row(finished_row()))

    planned = correct(one, diagnosed(one))

    assert planned.sql is None
    assert "already says" in planned.notes[0]


def test_the_guard_names_only_the_columns_that_the_table_has() -> None:
    small = finished_row(size_bytes=7)
    fewer = {name: small.values[name] for name in ("id", "status", "size_bytes")}

    text = sql(case(row(replace(small, values=fewer)), workflow(log(call(200), NOT_SAID))))

    assert "AND size_bytes IS NOT DISTINCT FROM 7" in text
    assert "AND s3_key" not in text


def test_a_value_that_is_neither_text_nor_number_is_compared_as_text() -> None:
    wrong = finished_row(size_bytes=7)
    odd = replace(wrong, values={**wrong.values, "error_text": ["a", 1], "status": None})

    text = sql(case(row(odd), workflow(log(call(200), NOT_SAID))))

    assert "AND to_jsonb(error_text) = '[\"a\", 1]'::jsonb" in text
    assert "AND status IS NULL" in text


def test_a_row_of_which_no_values_were_seen_gets_every_new_one() -> None:
    text = sql(stuck(row(replace(a_row(), values={}))))

    assert f"size_bytes = {SIZE}" in text
    assert "error_text = NULL" in text


def test_a_long_reason_is_cut_at_five_hundred_characters() -> None:
    errors = ("x" * 600,)
    failed = workflow(
        log(NOT_SAID, NOT_SAID, uploaded=(), assignments={}, upload_errors=errors),
        upload="failure",
        update="skipped",
    )

    written = sql(stuck(GONE, failed)).partition("error_text = '")[2].partition("'\n")[0]

    assert len(written.replace("''", "'")) == 500


def test_a_cause_that_is_mended_no_longer_refuses_the_statement() -> None:
    refused = call(400, '{"code":"23514","message":"violates check constraint \\"c\\""}')
    constraint = Constraint(name="c", kind="c", definition="CHECK (true)", accepts=True)
    mended = case(
        workflow(log(refused, refused)),
        cases.rls(constraints=(constraint,)),
        row(table=cases.table(constraints=(constraint,))),
    )

    assert diagnosed(mended).causes[0].code == "row/constraint-rejects"
    assert sql(mended).startswith("BEGIN;")


# Duplicates and rows that are not there ----------------------------------------------------------


@pytest.mark.parametrize(
    "rows",
    [
        (a_row(), a_row(id="2"), finished_row(id="3")),
        (a_row(), finished_row(id="2"), finished_row(id="3")),
    ],
    ids=["two are stuck", "two are finished"],
)
def test_of_several_duplicates_a_person_must_choose(rows: Any) -> None:
    text = reason(case(row(*rows), workflow(log(call(200), NOT_SAID))))

    assert "a person must choose" in text


def absent(*evidence: Any, **changes: Any) -> Any:
    """A backup that has no row."""
    return case(row(rows=(), **changes), workflow(BOTH_FAILED), *evidence)


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (blind("object", absent()), "no object in the bucket names this dispatch"),
        (
            absent(the_object(head=stored(key="backups/other.zip"))),
            "no object in the bucket names this dispatch",
        ),
        (absent(the_object(tail=NOT_THERE)), "could not be read"),
        (absent(the_object(tail=FileEnd(whole=False))), "is not whole"),
        (absent(table=NOT_THERE), "columns could not be seen"),
    ],
)
def test_a_row_is_inserted_only_where_everything_about_it_is_known(one: Any, why: str) -> None:
    assert why in reason(one)


@pytest.mark.parametrize("written", [f"{cases.DISPATCH}\n", f" '{cases.DISPATCH.upper()}'"])
def test_no_row_is_added_where_one_has_the_id_but_for_blanks_quotes_or_case(written: str) -> None:
    one = absent(near=(a_row(dispatch_id=written),))

    (fix,) = finding(one, "row/missing").found.fixes

    assert f"written otherwise ({written!r})" in reason(one)
    assert fix.title == "Let the app write the dispatch_id as it sends it to the workflow"


def test_a_row_whose_id_is_only_alike_hinders_no_insert() -> None:
    assert sql(absent(near=(a_row(dispatch_id=f"{cases.DISPATCH}-2"),)))


@pytest.mark.parametrize(
    "column",
    [
        Column(name="extra", type="text"),
        Column(name="extra", type="text", not_null=True, default="'x'"),
        Column(name="extra", type="text", not_null=True, generated=True),
    ],
    ids=["it may be null", "it has a default", "it is generated"],
)
def test_a_column_that_fills_itself_hinders_no_insert(column: Column) -> None:
    one = absent(table=cases.table(columns=(*cases.COLUMNS, column)))

    assert "INSERT INTO" in sql(one)


def test_a_row_whose_dispatch_holds_a_secret_is_not_inserted() -> None:
    hidden = f"{DISPATCH}{HIDDEN}"
    one = absent(the_object(head=stored(key=f"{hidden}.zip")))
    asked = replace(one, asked=Asked(dispatch_id=hidden))

    assert "holds a secret" in " ".join(repair(asked, diagnose(asked, ())).notes)


# No bucket --------------------------------------------------------------------------------------


NO_BUCKET = Unseen(why=Why.DENIED, what="There is no such bucket.", code="NoSuchBucket")


def no_bucket(**changes: Any) -> ObjectEvidence:
    """What the doctor sees where S3 knows no bucket of that name."""
    return nowhere(**{"bucket": NO_BUCKET, "search": NO_BUCKET, **changes})


@pytest.mark.parametrize(
    "told",
    [
        {"uploaded": (f"s3://team-backups/{KEY}",)},
        {"uploaded": (), "upload_errors": ("An error occurred (NoSuchBucket) when calling",)},
    ],
    ids=["the upload named it", "the upload met none"],
)
def test_with_the_pipelines_own_bucket_gone_the_row_becomes_failed(told: dict[str, Any]) -> None:
    seen = no_bucket(**({"expected_key": KEY, "head": NO_BUCKET} if told["uploaded"] else {}))
    ran = workflow(log(call(500), call(500), assignments={}, **told))

    text = sql(stuck(seen, ran))

    assert "status = 'failed'" in text


def test_a_bucket_that_only_the_doctor_was_told_of_proves_no_absence() -> None:
    ran = workflow(log(call(500), call(500), assignments={}, uploaded=(f"s3://other/{KEY}",)))

    assert "Nothing shows that it is the pipeline's" in reason(stuck(no_bucket(), ran))
    assert "Nothing shows that it is the pipeline's" in reason(stuck(no_bucket(), SILENT))


# Which row it is ---------------------------------------------------------------------------------


TWO_WAITING = row(a_row(), a_row(id=OTHERS))


def test_of_two_rows_in_progress_the_one_that_the_log_names_is_mended() -> None:
    ours = workflow(replace(BOTH_FAILED, assignments={"BACKUP_ID": cases.ROW_ID}))
    others = workflow(replace(BOTH_FAILED, assignments={"BACKUP_ID": OTHERS}))

    assert f"WHERE id = '{cases.ROW_ID}'" in sql(stuck(TWO_WAITING, ours))
    assert "several rows of this dispatch" in reason(stuck(TWO_WAITING, others))
    assert "several rows of this dispatch" in reason(stuck(TWO_WAITING))


def test_of_two_rows_of_different_nights_with_one_id_each_has_a_run_of_its_own() -> None:
    before = a_row(id=OTHERS, dispatch_id="nightly", created_at=cases.CREATED - timedelta(days=1))
    nights = row(a_row(dispatch_id="nightly"), before)
    others = workflow(replace(BOTH_FAILED, assignments={"BACKUP_ID": OTHERS}))

    assert f"WHERE id = '{cases.ROW_ID}'" in sql(stuck(nights))
    assert "several rows of this dispatch" in reason(stuck(nights, others))


@pytest.mark.parametrize(
    ("dispatch_id", "shown"),
    [("line1\nline2", "line1"), ('a "quoted" id"', '"a "quoted" id'), (" blank ", "blank")],
)
def test_an_id_that_a_log_shows_in_part_is_the_same_id(dispatch_id: str, shown: str) -> None:
    ran = workflow(replace(BOTH_FAILED, assignments={"DISPATCH_ID": shown}))
    own = row(a_row(dispatch_id=dispatch_id))

    one = stuck(named("backups/eu.zip"), own, ran, asked=Asked(dispatch_id=dispatch_id))

    assert "status = 'success'" in sql(one)


def test_a_file_that_the_runs_own_log_speaks_of_is_this_backups() -> None:
    said = log(call(500), call(500), uploaded=(), assignments={}, mentioned=("nightly.zip",))
    here = found("backups/nightly.zip")

    assert "nothing tells that it is the same" in reason(stuck(SILENT, here))
    assert "s3_key" in sql(stuck(workflow(said), here))


def test_a_file_that_the_log_of_a_guessed_run_speaks_of_may_be_anothers() -> None:
    said = log(call(500), call(500), uploaded=(), assignments={}, mentioned=("nightly.zip",))
    guessed = workflow(said, found_by=FoundBy.ONLY_CANDIDATE)

    assert "only a guess" in reason(stuck(guessed, found("backups/nightly.zip")))


VERSIONS_DENIED = Unseen(why=Why.DENIED, what="S3 refuses to list the bucket's versions.")


def test_beside_failed_it_is_said_that_versions_were_not_seen_unless_nothing_was_uploaded() -> None:
    gone = replace(GONE, versions=VERSIONS_DENIED)
    upload = workflow(
        log(call(500), call(500), uploaded=(), upload_errors=("upload failed: AccessDenied",)),
        upload="failure",
        update="skipped",
    )

    hidden = repaired(done(gone))
    assert "status = 'failed'" in (hidden.sql or "")
    assert any("restore it and do not run this SQL" in one for one in hidden.notes)
    assert not repaired(done(GONE)).notes
    assert not any("version" in one for one in repaired(stuck(gone, upload)).notes)
