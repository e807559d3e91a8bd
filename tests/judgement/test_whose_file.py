"""Whose file it is that was found, and what shows that this backup has none."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from backup_doctor.checks.object import check
from backup_doctor.evidence.base import Shown, Unseen, Why
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.findings import Role, Severity, Verdict
from backup_doctor.evidence.log import NOT_SAID
from backup_doctor.evidence.object import (
    DeleteMarker,
    FileEnd,
    KeyOwner,
    KeySource,
    ObjectEvidence,
    Search,
    UnfinishedUpload,
)
from backup_doctor.evidence.workflow import (
    FoundBy,
    Job,
    Run,
    RunAttempt,
    Step,
    WorkflowEvidence,
    WorkflowFile,
)
from backup_doctor.evidence.workflow import WorkflowStep as FileStep
from backup_doctor.judge.history.file import Whose, found_file
from backup_doctor.judge.history.upload import left_no_file
from tests.judgement import cases
from tests.judgement.asking import causes, codes, diagnosed, finding
from tests.judgement.cases import (
    CREATED,
    DISPATCH,
    ENDED,
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

if TYPE_CHECKING:
    from backup_doctor.evidence.row import BackupRow

LATEST = "backups/latest.zip"
OTHER_ID = "00000000-0000-4000-8000-000000000001"
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
DENIED = "upload failed: ./b.zip to s3://b/latest.zip An error occurred (AccessDenied) when calling the PutObject operation"
EARLIER = finished_row(id=OTHER_ID, dispatch_id="earlier", s3_key=LATEST, created_at=CREATED - DAY)
LATER = finished_row(id=OTHER_ID, dispatch_id="later", s3_key=LATEST, created_at=CREATED + DAY)


def latest(*owners: BackupRow, **changes: Any) -> ObjectEvidence:
    """The file under the fixed key, with the other rows that name it."""
    known = tuple(KeyOwner(key=LATEST, row=one) for one in owners)
    base = {
        "expected_key": LATEST,
        "key_source": KeySource.ROW,
        "head": stored(key=LATEST),
        "owners": known,
    }
    return the_object(**{**base, **changes})


def at(time: Any) -> dict[str, Any]:
    return {"head": stored(key=LATEST, modified_at=time)}


def uploading(**changes: Any) -> WorkflowEvidence:
    """A run whose log says that it uploaded the file under the fixed key."""
    base: dict[str, Any] = {"uploaded": (LATEST,), "assignments": {"BACKUP_SIZE": str(SIZE)}}
    return workflow(log(call(200), NOT_SAID, **{**base, **changes}), update="success")


DENIED_RUN = uploading(uploaded=(), assignments={}, upload_errors=(DENIED,))
SILENT_RUN = uploading(uploaded=(), assignments={})
DONE = row(finished_row(s3_key=LATEST))
STUCK = row(a_row())


def whose(*evidence: Any, **changes: Any) -> Whose | None:
    found = found_file(case(*evidence, **changes))
    return found.whose if found else None


# A fixed key -------------------------------------------------------------------------------------


def test_the_newest_backup_under_a_fixed_key_has_the_file() -> None:
    seen = latest(EARLIER)

    assert whose(seen, DONE, uploading()) is Whose.OWN
    assert codes(case(seen, DONE, uploading())) & {"object/stale", "object/replaced"} == set()


def test_a_later_backup_that_wrote_the_same_key_has_replaced_the_file() -> None:
    seen = latest(LATER, **at(CREATED + DAY + HOUR))
    one = case(seen, DONE, uploading())

    assert whose(seen, DONE, uploading()) is Whose.REPLACED
    assert diagnosed(one).verdict is Verdict.FAILING
    assert causes(one) == ["object/replaced"]
    assert "'later' (success) wrote it anew" in finding(one, "object/replaced").found.summary


def test_the_version_that_a_replaced_backup_wrote_is_kept_where_the_bucket_has_it() -> None:
    own = stored(key=LATEST, version_id="v1", etag="own", modified_at=ENDED)
    between = replace(own, version_id="v2", etag="x", modified_at=CREATED + DAY - HOUR)
    seen = latest(LATER, **at(CREATED + DAY + HOUR), versions=(between, own))

    found = finding(case(seen, DONE, uploading()), "object/replaced").found

    assert "Copy the version v1 of" in found.fixes[0].text
    assert "earlier version" in {one.label for one in found.evidence}
    without = latest(LATER, **at(CREATED + DAY + HOUR), versions=(between,))
    assert len(finding(case(without, DONE, uploading()), "object/replaced").found.fixes) == 1


def test_a_replaced_file_says_nothing_of_this_backups_size_or_wholeness() -> None:
    seen = latest(
        LATER,
        head=stored(key=LATEST, size=7, modified_at=CREATED + DAY + HOUR),
        tail=FileEnd(whole=False, problem="no end record"),
    )

    found = codes(case(seen, DONE, uploading()))

    assert "object/replaced" in found
    assert found & {"object/size-mismatch", "object/truncated", "object/shrunk"} == set()


def test_a_later_row_that_names_the_key_and_wrote_nothing_took_nothing() -> None:
    assert whose(latest(LATER), DONE, uploading()) is Whose.OWN


@pytest.mark.parametrize(
    ("following", "size", "expected"),
    [
        (a_row(id=OTHER_ID, created_at=CREATED + DAY), 7, Whose.REPLACED),
        (a_row(id=OTHER_ID, created_at=CREATED + DAY), SIZE, Whose.OWN),
        (a_row(id=OTHER_ID, created_at=CREATED + 3 * DAY), 7, Whose.OWN),
        (finished_row(id=OTHER_ID, s3_key="o.zip", created_at=CREATED + DAY), 7, Whose.OWN),
    ],
    ids=["another size", "the same size", "it was made later", "it has a key of its own"],
)
def test_a_file_written_since_the_next_backup_began_may_be_that_ones(
    following: BackupRow, size: int, expected: Whose
) -> None:
    head = stored(key=LATEST, size=size, modified_at=CREATED + DAY + HOUR)

    assert whose(latest(head=head, later=(following,)), DONE, uploading()) is expected


def test_without_a_size_of_its_own_a_stuck_backups_file_may_be_the_next_ones() -> None:
    following = a_row(id=OTHER_ID, created_at=CREATED + DAY)
    seen = latest(**at(CREATED + DAY + HOUR), later=(following,), key_source=KeySource.LOG)

    assert whose(seen, STUCK, SILENT_RUN) is Whose.OPEN
    assert whose(seen, STUCK, uploading()) is Whose.OWN


def test_a_key_that_holds_the_whole_id_is_no_later_backups() -> None:
    seen = the_object(
        head=stored(size=7, modified_at=CREATED + DAY + HOUR),
        later=(a_row(id=OTHER_ID, created_at=CREATED + DAY),),
    )

    assert whose(seen, row(finished_row())) is Whose.OWN


# Older than the run ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "owners", "run", "expected"),
    [
        (HOUR, (), SILENT_RUN, Whose.OLDER),
        (2 * SECOND, (), SILENT_RUN, Whose.OWN),
        (2 * SECOND, (EARLIER,), SILENT_RUN, Whose.OLDER),
        (2 * SECOND, (), DENIED_RUN, Whose.NOT_UPLOADED),
        (HOUR, (), DENIED_RUN, Whose.NOT_UPLOADED),
        (-2 * SECOND, (EARLIER,), DENIED_RUN, Whose.NOT_UPLOADED),
        (-2 * SECOND, (), DENIED_RUN, Whose.OWN),
        (-2 * SECOND, (EARLIER,), SILENT_RUN, Whose.OWN),
    ],
)
def test_what_the_log_says_of_the_upload_outranks_the_clocks(
    before: timedelta, owners: Any, run: WorkflowEvidence, expected: Whose
) -> None:
    assert whose(latest(*owners, **at(CREATED - before)), DONE, run) is expected


def test_a_file_written_during_a_run_whose_upload_failed_is_a_rows_only_if_it_says_so() -> None:
    seen = latest(**at(CREATED + 2 * SECOND), key_source=KeySource.LOG)

    assert whose(seen, STUCK, DENIED_RUN) is Whose.OPEN


def test_an_older_file_of_a_good_row_is_a_warning() -> None:
    one = case(latest(**at(CREATED - HOUR)), DONE, SILENT_RUN)

    found = finding(one, "object/stale")

    assert (found.severity, found.role, found.breaks) == (Severity.WARN, Role.CONTEXT, ())
    assert diagnosed(one).verdict is Verdict.HEALTHY


def test_an_earlier_backups_file_under_a_failed_upload_is_no_success() -> None:
    one = case(latest(EARLIER, **at(CREATED - 2 * SECOND)), DONE, DENIED_RUN)

    assert diagnosed(one).verdict is Verdict.FAILING
    assert causes(one) == ["workflow/failed-before-update"]
    assert finding(one, "object/stale").role is Role.CAUSE
    assert finding(one, "object/stale").breaks == (Link.FILE_UPLOADED,)


def test_an_error_of_a_download_is_none_of_the_upload() -> None:
    reading = "An error occurred (AccessDenied) when calling the GetObject operation: no"
    run = uploading(uploaded=(), upload_errors=(reading,))

    assert whose(latest(EARLIER), DONE, run) is Whose.OWN


def test_a_refusal_that_does_not_say_of_what_proves_nothing_of_a_green_upload() -> None:
    refused = "<Error><Code>AccessDenied</Code></Error>"
    run = uploading(uploaded=(), assignments={}, upload_errors=(refused,))

    assert left_no_file(case(the_object(head=None, tail=None), run)) is None


def test_an_earlier_attempt_may_have_uploaded_what_this_one_could_not() -> None:
    assert isinstance(DENIED_RUN.run, Run)
    second = replace(DENIED_RUN, run=replace(DENIED_RUN.run, attempt=2))

    assert whose(latest(**at(CREATED + SECOND)), DONE, second) is Whose.OWN
    assert left_no_file(case(the_object(head=None, tail=None), second)) is None


# Another row's file ------------------------------------------------------------------------------


LONGER = a_row(id=OTHER_ID, dispatch_id=f"{DISPATCH}-2")


def test_a_file_whose_longer_id_is_a_rows_own_is_that_rows() -> None:
    key = f"backups/{DISPATCH}-2.zip"
    search = Search(prefixes=("",), listed=1, complete=True, hits=(stored(key=key),))
    seen = the_object(
        expected_key=None,
        key_source=None,
        head=None,
        tail=None,
        search=search,
        found_tail=FileEnd(whole=True),
        owners=(KeyOwner(key=key, row=LONGER, by_id=True),),
    )

    assert whose(seen) is Whose.ANOTHERS
    assert whose(replace(seen, owners=())) is Whose.OWN


def test_a_file_that_another_row_names_is_that_rows_even_with_this_ones_whole_id() -> None:
    other = finished_row(id=OTHER_ID, dispatch_id="by-hand")
    owned = the_object(owners=(KeyOwner(key=KEY, row=other),))

    assert whose(owned) is Whose.ANOTHERS


ANOTHERS_KEY = "backups/eu.zip"
OWN_KEY = f"backups/own-{DISPATCH}.zip"
ANOTHER = finished_row(
    id=OTHER_ID, dispatch_id="other", s3_key=ANOTHERS_KEY, created_at=CREATED - HOUR
)


def mixed_up(**changes: Any) -> ObjectEvidence:
    """A row that names another backup's file, and a log that names its own."""
    base: dict[str, Any] = {
        "expected_key": ANOTHERS_KEY,
        "key_source": KeySource.ROW,
        "head": stored(key=ANOTHERS_KEY),
        "logged": stored(key=OWN_KEY),
        "logged_tail": FileEnd(whole=True),
        "owners": (KeyOwner(key=ANOTHERS_KEY, row=ANOTHER),),
    }
    return the_object(**{**base, **changes})


MIXED_UP_ROW = row(finished_row(s3_key=ANOTHERS_KEY))
OWN_LOG = uploading(uploaded=(OWN_KEY,))


def test_a_row_that_names_another_backups_file_is_told_where_its_own_is() -> None:
    one = case(mixed_up(), MIXED_UP_ROW, OWN_LOG)

    assert causes(one) == ["object/found-elsewhere"]
    assert f"not at {ANOTHERS_KEY} but at {OWN_KEY}" in diagnosed(one).causes[0].found.summary


@pytest.mark.parametrize(
    "seen",
    [
        mixed_up(owners=()),
        mixed_up(logged=None),
        mixed_up(logged=NOT_THERE),
    ],
    ids=["nobody else names it", "the log names no other", "the other may not be seen"],
)
def test_a_row_keeps_its_file_where_nothing_shows_that_it_is_anothers(
    seen: ObjectEvidence,
) -> None:
    assert "object/found-elsewhere" not in codes(case(seen, MIXED_UP_ROW, OWN_LOG))


def test_a_log_that_may_be_another_backups_tells_of_no_other_file() -> None:
    guessed = replace(OWN_LOG, found_by=FoundBy.ONLY_CANDIDATE)

    assert "object/found-elsewhere" not in codes(case(mixed_up(), MIXED_UP_ROW, guessed))


def test_a_good_row_whose_file_carries_another_rows_id_is_unknown() -> None:
    other = a_row(id=OTHER_ID, dispatch_id="nightly-2026-11-29-2")
    key = "backups/nightly-2026-11-29-2.zip"
    seen = the_object(
        expected_key=key,
        key_source=KeySource.ROW,
        head=stored(key=key),
        owners=(KeyOwner(key=key, row=other, by_id=True),),
    )
    mine = finished_row(dispatch_id="nightly-2026-11-29", s3_key=key)
    one = case(seen, row(mine), SILENT_RUN)

    assert diagnosed(one).verdict is Verdict.UNKNOWN
    assert any("holds the id of" in gap.what for gap in check.gaps(seen, one))


def test_several_files_are_a_question_and_not_a_file_that_is_missing() -> None:
    hits = (stored(key=f"tenants/a/{DISPATCH}.zip"), stored(key=f"tenants/b/{DISPATCH}.zip"))
    search = Search(prefixes=("",), listed=9, complete=True, hits=hits)
    seen = the_object(head=None, tail=None, search=search)
    one = case(seen, row(finished_row()), SILENT_RUN)

    assert "object/missing" not in codes(one)
    gaps = [gap.what for gap in check.gaps(seen, one)]
    assert len(gaps) == 1
    assert "2 objects name this backup" in gaps[0]
    assert "tenants/a/" in gaps[0]


# Absence must be shown ---------------------------------------------------------------------------


NOT_SHOWN = Unseen(why=Why.NOT_ASKED, what="No other backup's file is in the bucket.")
GONE = the_object(head=None, tail=None, control=NOT_SHOWN)
UPLOADED = workflow(log(call(200), NOT_SAID, uploaded=(KEY,)), update="success")
NO_LOG = workflow(NOT_THERE, update="success")


@pytest.mark.parametrize("run", [UPLOADED, NO_LOG], ids=["the upload succeeded", "no log is left"])
def test_a_file_that_is_not_there_may_be_in_another_bucket(run: WorkflowEvidence) -> None:
    one = case(GONE, row(finished_row()), run)

    assert "object/missing" not in codes(one)
    assert diagnosed(one).verdict is Verdict.UNKNOWN
    (gap,) = [gap for gap in check.gaps(GONE, one) if gap.remedy]
    for setting in ("BACKUP_BUCKET (team-backups)", "BACKUP_PREFIX (backups/)", "AWS_ENDPOINT_URL"):
        assert setting in (gap.remedy or "")


UPLOAD = UnfinishedUpload(key=KEY, upload_id="1")


@pytest.mark.parametrize(
    ("seen", "run"),
    [
        (replace(GONE, control=Shown(by="another's")), UPLOADED),
        (replace(GONE, versions=(stored(),)), UPLOADED),
        (replace(GONE, deleted=DeleteMarker(key=KEY, version_id="1")), UPLOADED),
        (replace(GONE, uploads=(UPLOAD,)), UPLOADED),
        (GONE, workflow(log(call(200), NOT_SAID, uploaded=(), buckets=("team-backups",)))),
        (GONE, workflow(log(call(200), NOT_SAID, uploaded=(), upload_errors=(DENIED,)))),
        (
            GONE,
            workflow(
                log(
                    call(200),
                    NOT_SAID,
                    uploaded=(),
                    upload_errors=("warning: Skipping file b.zip",),
                )
            ),
        ),
    ],
    ids=[
        "another backup's file is there",
        "a version of it",
        "the mark of its deletion",
        "its upload was begun there",
        "the log names the bucket",
        "the upload failed",
        "there was nothing to upload",
    ],
)
def test_a_file_is_missing_where_something_shows_it(
    seen: ObjectEvidence, run: WorkflowEvidence
) -> None:
    one = case(seen, row(finished_row()), run)

    assert {"object/missing", "object/deleted"} & codes(one)


@pytest.mark.parametrize(
    ("shown", "setting"),
    [
        ({"endpoints": ("https://r2.acme.test",)}, "AWS_ENDPOINT_URL_S3"),
        ({"buckets": ("real-backups",)}, "BACKUP_BUCKET"),
        ({"uploaded": (f"s3://real-backups/{KEY}",)}, "BACKUP_BUCKET"),
    ],
)
def test_a_log_that_shows_another_bucket_or_endpoint_outranks_other_files(
    shown: dict[str, Any], setting: str
) -> None:
    seen = replace(GONE, control=Shown(by="another's"), endpoint="minio.acme.test")
    run = workflow(log(call(200), NOT_SAID, **shown), update="success")
    one = case(seen, row(finished_row()), run)

    assert "object/missing" not in codes(one)
    said = finding(one, "object/other-bucket").found
    assert any(fix.text.startswith(setting) for fix in said.fixes)
    assert finding(one, "object/other-bucket").role is Role.CONTEXT


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (None, "https://s3.eu-central-1.amazonaws.com"),
        ("minio.acme.test:9000", "http://minio.acme.test:9000/"),
        ("minio.acme.test", "minio.acme.test"),
    ],
)
def test_the_same_store_in_another_notation_is_the_same(given: str | None, shown: str) -> None:
    seen = replace(GONE, control=Shown(by="another's"), endpoint=given)
    run = workflow(log(call(200), NOT_SAID, endpoints=(shown,)), update="success")

    assert "object/missing" in codes(case(seen, row(finished_row()), run))


def test_a_masked_bucket_is_not_another_one() -> None:
    run = workflow(log(call(200), NOT_SAID, uploaded=(f"s3://***/{KEY}",)), update="success")

    assert "object/other-bucket" not in codes(case(GONE, row(finished_row()), run))


def test_the_other_row_of_a_dispatch_is_called_that() -> None:
    other = finished_row(id=OTHER_ID)
    owned = the_object(owners=(KeyOwner(key=KEY, row=other),))

    found = found_file(case(owned, STUCK, workflow(None)))

    assert found
    assert found.why == f"The other row of this dispatch, {OTHER_ID} (success), names it."


# The run itself ----------------------------------------------------------------------------------


def file_of(*steps: FileStep, **changes: Any) -> WorkflowFile:
    """A workflow file in which one step is given what opens the bucket, and with these others."""
    upload = FileStep(
        name="Upload backup to S3", secrets=("AWS_SECRET_ACCESS_KEY",), script="up.sh"
    )
    made = FileStep(name="Create backup archive", script="bash create.sh")
    base = {"secrets": ("AWS_SECRET_ACCESS_KEY",), "steps": (made, upload, *steps)}
    return WorkflowFile(path="b.yml", job="backup", **{**base, **changes})


def stopped(*names: str, **changes: Any) -> WorkflowEvidence:
    """A run in which these steps ran and all others were skipped."""
    changes = {"file": file_of(), **changes}
    base = workflow(log(NOT_SAID, NOT_SAID, uploaded=(), assignments={}))
    assert base.job is not None
    made = tuple(
        replace(one, conclusion="failure" if one.name in names else "skipped")
        for one in base.job.steps
    )
    job = replace(base.job, steps=made, conclusion="failure")
    return replace(base, job=job, jobs=(job,), update_step=made[-1], **changes)


def test_a_run_that_never_came_to_its_upload_left_no_file() -> None:
    assert left_no_file(case(stopped("Create backup archive"))) is not None
    assert left_no_file(case(stopped("Set up job"))) is not None


def test_without_the_workflows_file_nobody_knows_which_steps_could_upload() -> None:
    assert left_no_file(case(stopped("Create backup archive", file=None))) is None
    assert left_no_file(case(stopped("Create backup archive", file=NOT_THERE))) is None


@pytest.mark.parametrize("file", [None, NOT_THERE])
def test_without_the_workflows_file_the_log_may_show_that_no_step_could_upload(
    file: Unseen | None,
) -> None:
    told = log(NOT_SAID, NOT_SAID, uploaded=(), assignments={}, shows_no_store=True)

    early = stopped("Create backup archive", file=file, log=told)
    late = stopped("Create backup archive", "Upload backup to S3", file=file, log=told)
    cut_off = stopped("Set up job", file=file, log=replace(told, truncated=True))

    assert left_no_file(case(early)) is not None
    assert left_no_file(case(late)) is None
    assert left_no_file(case(cut_off)) is None


def test_a_run_whose_job_that_uploads_never_began_left_no_file() -> None:
    told = log(NOT_SAID, NOT_SAID, uploaded=(), assignments={}, shows_no_store=True)
    seen = stopped("Create backup archive", log=told, file=NOT_THERE)
    assert seen.job
    dump = replace(seen.job, steps=tuple(one for one in seen.job.steps if "Create" in one.name))
    later = replace(seen.job, id=99, name="upload", conclusion="skipped", steps=())
    began = replace(later, conclusion="failure", steps=seen.job.steps)

    def left(*jobs: Job, shown: bool = True) -> Shown | None:
        reading = replace(told, shows_no_store=shown)
        return left_no_file(case(replace(seen, job=dump, jobs=jobs, update_step=None, log=reading)))

    assert left(dump, later) is not None
    assert left(dump, later, shown=False) is None
    assert left(dump, began) is None
    assert left(dump) is None


def test_what_opens_the_bucket_for_all_steps_lets_any_script_upload() -> None:
    wide = file_of(env_secrets=("AWS_SECRET_ACCESS_KEY",))
    of_job = file_of(secrets=("AWS_SECRET_ACCESS_KEY", "S3_BUCKET"))

    for file in (wide, of_job):
        assert left_no_file(case(stopped("Create backup archive", file=file))) is None
        assert left_no_file(case(stopped("Set up job", file=file))) is not None


@pytest.mark.parametrize(("ended", "left_none"), [("failure", False), ("skipped", True)])
def test_a_step_that_somebody_called_post_is_not_the_runners_own(
    ended: str, *, left_none: bool
) -> None:
    own = FileStep(
        name="Post process", script="./post-process.sh", secrets=("AWS_SECRET_ACCESS_KEY",)
    )
    base = stopped("Set up job", file=WorkflowFile(path="b.yml", job="run", steps=(own,)))
    assert base.job is not None
    ran = {
        "Set up job": "success",
        "Run actions/checkout@v4": "success",
        "Post process": ended,
        "Post Run actions/checkout@v4": "success",
        "Complete job": "success",
    }
    steps = tuple(
        Step(name=name, number=number, status="completed", conclusion=conclusion)
        for number, (name, conclusion) in enumerate(ran.items(), start=1)
    )
    job = replace(base.job, steps=steps)

    shown = left_no_file(case(replace(base, job=job, jobs=(job,), update_step=steps[2])))

    assert (shown is not None) is left_none


def test_an_artifact_that_was_not_kept_is_no_upload_that_was_skipped() -> None:
    keep = FileStep(name="Upload logs", uses="actions/upload-artifact@v4")
    alone = WorkflowFile(path="b.yml", job="backup", steps=(keep,))

    base = stopped("Create backup archive", file=alone)
    assert base.job is not None
    steps = tuple(
        replace(one, name="Upload artifact" if "S3" in one.name else one.name)
        for one in base.job.steps
    )
    job = replace(base.job, steps=steps)
    assert left_no_file(case(replace(base, job=job, jobs=(job,)))) is None


def test_a_run_that_came_to_its_upload_may_have_left_one() -> None:
    silent = stopped("Upload backup to S3")
    assert silent.reading is not None

    assert left_no_file(case(silent)) is None
    told = replace(silent, log=replace(silent.reading, errors=("disk full",)))
    ended = ("Process completed with exit code 1.",)
    mute = replace(silent, log=replace(silent.reading, errors=ended))
    assert "disk full" in str(left_no_file(case(told)))
    assert left_no_file(case(mute)) is None


def test_a_step_that_the_file_shows_to_upload_counts_by_whatever_name() -> None:
    does_all = FileStep(
        name="Create backup archive", script="zip b.zip . && aws s3 cp b.zip s3://b"
    )
    file = file_of(steps=(does_all,))

    assert left_no_file(case(stopped("Create backup archive", file=file))) is None
    assert left_no_file(case(stopped("Set up job", file=file))) is not None


def test_a_step_that_says_that_nothing_was_uploaded_uploads_nothing() -> None:
    records = FileStep(name="Set up job", script='bash fail.sh "No backup was uploaded."')
    file = WorkflowFile(path="b.yml", job="backup", steps=(records,))

    assert left_no_file(case(stopped("Set up job", file=file))) is not None


def test_a_job_without_any_step_that_uploads_shows_nothing() -> None:
    base = stopped("Set up job")
    assert base.job is not None
    step = Step(name="Do it", number=1, status="completed", conclusion="failure")
    job = replace(base.job, steps=(step,))

    assert left_no_file(case(replace(base, job=job, jobs=(job,)))) is None


def test_another_jobs_upload_counts_as_well() -> None:
    base = stopped("Create backup archive")
    assert base.job is not None
    uploaded = replace(base.job, id=8, name="upload", steps=cases.steps())

    assert left_no_file(case(replace(base, jobs=(base.job, uploaded)))) is None


def test_a_run_of_which_no_step_was_executed_left_no_file() -> None:
    base = stopped()
    assert base.job is not None
    none = replace(base.job, steps=(), conclusion="failure")

    assert left_no_file(case(replace(base, job=none, jobs=(none,)))) is not None
    assert left_no_file(case(replace(base, job=none, jobs=NOT_THERE))) is None


def test_a_backup_without_a_run_left_no_file_once_a_run_would_be_listed() -> None:
    nobody = WorkflowEvidence(run=None, searched="everything", absence=Shown(by="listed"))
    young = CREATED + timedelta(minutes=14)

    assert left_no_file(case(nobody)) is not None
    assert left_no_file(case(nobody, now=young)) is None
    assert left_no_file(case(replace(nobody, absence=NOT_SHOWN))) is None
    assert left_no_file(case(replace(nobody, absence=None))) is None


def attempt(evidence: WorkflowEvidence, number: int) -> RunAttempt:
    assert isinstance(evidence.run, Run)
    return RunAttempt(run=replace(evidence.run, attempt=number), job=evidence.job)


def test_every_attempt_must_show_that_it_uploaded_nothing() -> None:
    denied = stopped("Upload backup to S3")
    assert isinstance(denied.run, Run)
    assert denied.reading is not None
    told = replace(denied.reading, upload_errors=(DENIED,))
    second = replace(denied, run=replace(denied.run, attempt=2), log=told)
    early, late = stopped("Create backup archive"), workflow(None)

    def left(*first: RunAttempt) -> Shown | None:
        return left_no_file(case(replace(second, attempts=(attempt(second, 2), *first))))

    assert left(attempt(early, 1)) is not None
    assert left(attempt(late, 1)) is None
    assert left(replace(attempt(early, 1), job=None)) is None
    assert left() is None


def test_a_file_of_an_earlier_attempt_is_the_backups() -> None:
    first = workflow(None)
    assert isinstance(first.run, Run)
    later = replace(first.run, attempt=2, created_at=CREATED + DAY, started_at=CREATED + DAY)
    again = replace(first, run=later, attempts=(RunAttempt(run=later), attempt(first, 1)))

    assert whose(the_object(), again) is Whose.OWN


def test_a_run_that_is_still_going_may_leave_one() -> None:
    going = stopped("Set up job")
    assert going.job is not None
    job = replace(going.job, status="in_progress", conclusion=None, completed_at=None)

    assert left_no_file(case(replace(going, job=job, jobs=(job,)), now=ENDED)) is None
