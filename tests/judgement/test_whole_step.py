"""A red step that makes, uploads and records the backup: whether it came to its update."""

from __future__ import annotations

from typing import Any

import pytest

from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.log import NOT_SAID, EnvShown, Variable
from backup_doctor.evidence.object import Search
from backup_doctor.evidence.workflow import Job, Step, WorkflowFile, WorkflowStep
from backup_doctor.judge.history.upload import left_no_file
from tests.judgement.asking import causes, codes, finding
from tests.judgement.cases import (
    CREATED,
    ENDED,
    call,
    case,
    log,
    stored,
    the_object,
    workflow,
)

ALL = "make backup"
GIVEN = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "SUPABASE_URL", "SUPABASE_SERVICE_ROLE_KEY")
STEP = Step(
    name=ALL,
    number=2,
    status="completed",
    conclusion="failure",
    started_at=CREATED,
    completed_at=ENDED,
)
JOB = Job(
    id=7,
    name="backup",
    status="completed",
    conclusion="failure",
    started_at=CREATED,
    completed_at=ENDED,
    steps=(STEP,),
)
IN_FILE = WorkflowStep(name=ALL, script="make backup")
UPLOADING = WorkflowStep(name="Upload", script="aws s3 cp backup.zip s3://team-backups/")
DUMP = "pg_dump: error: connection to server failed: FATAL:  Tenant or user not found"
UNKNOWN = "FileNotFoundError: [Errno 2] No such file or directory: 'data'"
NOWHERE = the_object(
    expected_key=None,
    head=None,
    tail=None,
    search=Search(prefixes=("backups/",), listed=3, complete=True),
)


def ended(error: str, *evidence: Any, steps: Any = (IN_FILE,), **told: Any) -> Any:
    """A run whose one step ended with this error."""
    base: dict[str, Any] = {
        "assignments": {},
        "uploaded": (),
        "failed_step": ALL,
        "errors": (error,),
        "told": (error,),
        "variables": tuple(Variable(name=one, shown=EnvShown.MASKED) for one in GIVEN),
    }
    calls = told.pop("function", NOT_SAID), told.pop("fallback", NOT_SAID)
    seen = workflow(
        log(*calls, **{**base, **told}),
        job=JOB,
        jobs=(JOB,),
        update_step=STEP,
        file=WorkflowFile(path="backup.yml", job="backup", steps=steps, update_step=IN_FILE),
    )
    return case(seen, *evidence)


def test_a_dump_that_failed_kept_the_step_from_upload_and_update() -> None:
    one = ended(DUMP, NOWHERE)

    assert causes(one) == ["workflow/failed-before-update"]
    assert finding(one, "workflow/failed-before-update").breaks == (Link.BACKUP_MADE,)
    assert "workflow/fallback-failed" not in codes(one)
    assert left_no_file(one)


def test_any_error_did_where_the_pipelines_bucket_has_no_file() -> None:
    assert causes(ended(UNKNOWN, NOWHERE)) == ["workflow/failed-before-update"]


@pytest.mark.parametrize(
    "changes",
    [
        {"uploaded": ("backups/b.zip",)},
        {"function": call(404)},
        {"fallback": call(403)},
        {"backup_id_not_found": "Could not find backup_id"},
        {"variables": ()},
        {"steps": (UPLOADING, IN_FILE)},
    ],
)
def test_a_step_that_came_further_or_uploads_nothing_may_have_failed_at_its_update(
    changes: dict[str, Any],
) -> None:
    assert "workflow/failed-before-update" not in codes(ended(DUMP, NOWHERE, **changes))


def test_a_step_whose_file_is_in_the_bucket_came_further() -> None:
    assert "workflow/failed-before-update" not in codes(ended(DUMP, the_object()))


@pytest.mark.parametrize(
    "seen",
    [
        the_object(head=stored()),
        the_object(expected_key=None, head=None, tail=None, search=None),
        the_object(
            expected_key=None,
            head=None,
            tail=None,
            search=NOWHERE.search,
            control=Unseen(why=Why.NOT_FOUND, what="No other backup's file is here."),
        ),
    ],
)
def test_an_error_that_anything_may_have_is_not_laid_to_the_backup_without_that_proof(
    seen: Any,
) -> None:
    assert "workflow/failed-before-update" not in codes(ended(UNKNOWN, seen))
