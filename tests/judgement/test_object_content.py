"""The file in the bucket: whether it is there, whole, and the one that the row names."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from backup_doctor.checks.object import check
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.case import Asked, Names
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.findings import Role, Severity, Verdict
from backup_doctor.evidence.log import NOT_SAID
from backup_doctor.evidence.object import (
    DeleteMarker,
    FileEnd,
    KeySource,
    ObjectEvidence,
    Search,
    UnfinishedUpload,
)
from backup_doctor.evidence.workflow import WorkflowEvidence
from tests.judgement.asking import codes, diagnosed, finding
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

NONE = the_object(head=None, tail=None)
ELSEWHERE = f"other/{DISPATCH}.zip"
FINISHED = row(finished_row())
UNSEEN_RUN = WorkflowEvidence(run=Unseen(why=Why.UNREACHABLE, what="GitHub did not answer."))
YOUNG: dict[str, Any] = {"now": CREATED + timedelta(minutes=1)}
SECOND = timedelta(seconds=1)
DENIED = Unseen(why=Why.DENIED, what="S3 refused.", code="AccessDenied", remedy="Allow it.")
ABOUT_THE_FILE = {
    "object/missing",
    "object/found-elsewhere",
    "object/deleted",
    "object/unfinished-upload",
    "object/empty",
    "object/truncated",
    "object/size-mismatch",
    "object/archived",
    "object/stale",
    "object/shrunk",
    "object/bucket-missing",
}


def searched(*keys: str, complete: bool = True, **changes: Any) -> ObjectEvidence:
    """A bucket in which nothing is at the expected key, and these name the dispatch."""
    hits = tuple(stored(key=key) for key in keys)
    search = Search(prefixes=("backups/",), listed=9, complete=complete, hits=hits)
    base = {"head": None, "tail": None, "search": search, "found_tail": FileEnd(whole=True)}
    return the_object(**{**base, **changes})


NO_KEY: dict[str, Any] = {"expected_key": None, "key_source": None}


def found(*evidence: Any, **changes: Any) -> set[str]:
    """What is said of the file."""
    return codes(case(*evidence, **changes)) & ABOUT_THE_FILE


# What a pass needs -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seen", "asked", "gaps"),
    [
        (the_object(), None, []),
        (NONE, None, [Why.NOT_ASKED]),
        (NONE, Asked(), []),
        (the_object(head=DENIED, tail=None), None, [Why.DENIED]),
        (searched(ELSEWHERE), None, []),
    ],
)
def test_a_backup_that_has_no_file_yet_has_nothing_to_pass(
    seen: ObjectEvidence, asked: Asked | None, gaps: list[Why]
) -> None:
    assert [one.why for one in check.gaps(seen, case(seen, asked=asked))] == gaps


# Where it is -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        ((the_object(),), set()),
        ((NONE,), {"object/missing"}),
        ((searched(),), {"object/missing"}),
        ((searched(ELSEWHERE),), {"object/found-elsewhere"}),
        ((searched(ELSEWHERE, "more.zip"),), set()),
        ((searched(ELSEWHERE, **NO_KEY),), set()),
        ((searched(**NO_KEY),), {"object/missing"}),
        ((searched(complete=False, **NO_KEY),), set()),
        ((searched(ELSEWHERE, "more.zip", **NO_KEY),), set()),
        ((the_object(**NO_KEY, head=None, tail=None),), set()),
        ((the_object(**NO_KEY, head=None, tail=None, search=DENIED),), set()),
        ((searched(**NO_KEY), FINISHED), set()),
        ((searched(**NO_KEY), row(a_row(status="failed"))), set()),
        ((searched(**NO_KEY), row(a_row(status="odd"))), {"object/missing"}),
        ((the_object(bucket=DENIED, head=None, tail=None),), set()),
        ((the_object(head=DENIED, tail=None),), set()),
    ],
)
def test_a_file_is_missing_or_elsewhere_where_that_is_certain(
    evidence: Any, expected: set[str]
) -> None:
    assert found(*evidence) == expected


def test_a_file_that_nobody_named_is_a_symptom_and_only_where_the_backup_is_over() -> None:
    nowhere = searched(**NO_KEY)
    named = finding(case(NONE), "object/missing")
    unnamed = finding(case(nowhere), "object/missing")

    assert (unnamed.role, unnamed.breaks) == (Role.SYMPTOM, ())
    assert (named.role, named.breaks) == (Role.CAUSE, (Link.FILE_UPLOADED,))
    assert found(nowhere, UNSEEN_RUN, **YOUNG) == set()


def test_what_was_searched_is_shown_and_whether_it_came_to_an_end() -> None:
    def shown(seen: ObjectEvidence) -> list[Any]:
        return [one.value for one in finding(case(seen), "object/missing").found.evidence]

    by = "another backup's file is in the bucket"
    assert shown(NONE) == [KEY, by]
    assert shown(searched()) == [KEY, "9 keys under backups/", by]
    assert shown(searched(complete=False))[-2].endswith("stopped at the bound")


UPLOADS = (
    UnfinishedUpload(key="first.zip", upload_id="1"),
    UnfinishedUpload(key="last.zip", upload_id="2", parts=0),
)


@pytest.mark.parametrize(
    ("evidence", "changes", "told"),
    [
        ((the_object(head=None, tail=None, uploads=UPLOADS),), {}, True),
        ((the_object(head=None, tail=None, uploads=UPLOADS), FINISHED), {}, True),
        ((the_object(head=None, tail=None, uploads=UPLOADS), UNSEEN_RUN), YOUNG, False),
        ((the_object(head=None, tail=None, uploads=UPLOADS), UNSEEN_RUN, FINISHED), YOUNG, True),
        ((the_object(uploads=UPLOADS),), {}, False),
        ((the_object(head=None, tail=None, uploads=NOT_THERE),), {}, False),
        ((NONE,), {}, False),
    ],
)
def test_an_upload_that_nobody_completed_is_no_file(
    evidence: Any, changes: dict[str, Any], told: bool
) -> None:
    assert ("object/unfinished-upload" in found(*evidence, **changes)) is told


def test_each_unfinished_upload_is_aborted_and_the_newest_one_named() -> None:
    def said(*uploads: UnfinishedUpload) -> Any:
        seen = the_object(head=None, tail=None, uploads=uploads)
        return finding(case(seen), "object/unfinished-upload").found

    two, one = said(*UPLOADS), said(UPLOADS[0])

    assert "last.zip" in two.summary
    assert "(0 parts arrived)" in two.summary
    assert "parts" not in one.summary
    assert len(two.fixes) == 3
    assert len(two.evidence) == 2


MARKER = DeleteMarker(key=KEY, deleted_at=CREATED, version_id="v2", previous=stored())


def deleted(**changes: Any) -> Any:
    seen = the_object(head=None, tail=None, deleted=replace(MARKER, **changes))
    return finding(case(seen), "object/deleted").found


def test_a_deleted_file_comes_back_by_its_marker_where_a_version_lies_below_it() -> None:
    assert "delete-object" in deleted().fixes[0].text
    assert "delete-object" not in deleted(previous=None).fixes[0].text
    assert "delete-object" not in deleted(version_id=None).fixes[0].text
    assert len(deleted().evidence) == 2
    assert len(deleted(previous=None).evidence) == 1
    assert deleted(version_id=None).evidence[0].value == KEY
    assert "2026-11-20" in deleted().summary
    assert " on " not in deleted(deleted_at=None).summary


def test_a_file_that_is_there_again_was_not_deleted() -> None:
    assert "object/deleted" not in found(the_object(deleted=MARKER))


# The bucket --------------------------------------------------------------------------------------


NO_BUCKET = Unseen(why=Why.NOT_FOUND, what="No such bucket.", code="NoSuchBucket")
GONE = the_object(bucket=NO_BUCKET, head=NO_BUCKET, tail=None)


def uploaded(*keys: str, errors: tuple[str, ...] = ()) -> WorkflowEvidence:
    return workflow(log(call(500), NOT_SAID, uploaded=keys, upload_errors=errors))


def told(**changes: Any) -> WorkflowEvidence:
    return workflow(log(call(500), NOT_SAID, uploaded=(), **changes))


@pytest.mark.parametrize(
    ("evidence", "breaks"),
    [
        ((uploaded(f"s3://team-backups/{KEY}"),), (Link.STAYS_SO,)),
        ((uploaded(KEY), row(a_row(s3_key=f"s3://team-backups/{KEY}"))), (Link.STAYS_SO,)),
        ((told(buckets=("team-backups",)),), (Link.FILE_UPLOADED,)),
        ((told(upload_errors=("An error occurred (NoSuchBucket)",)),), (Link.FILE_UPLOADED,)),
        ((uploaded(f"s3://team-backups/{KEY}", errors=("x",)),), (Link.FILE_UPLOADED,)),
    ],
)
def test_a_missing_bucket_is_a_cause_where_the_run_or_the_row_names_it(
    evidence: Any, breaks: tuple[Link, ...]
) -> None:
    judged = finding(case(GONE, *evidence), "object/bucket-missing")

    assert (judged.breaks, judged.role, judged.severity) == (breaks, Role.CAUSE, Severity.FAIL)


@pytest.mark.parametrize(
    ("seen", "evidence"),
    [
        (GONE, (uploaded(f"s3://other/{KEY}"),)),
        (GONE, (uploaded(KEY),)),
        (GONE, (uploaded(f"s3://***/{KEY}"),)),
        (GONE, (uploaded(),)),
        (GONE, (workflow(None), row(rows=()))),
        (GONE, (told(buckets=("other",), upload_errors=("NoSuchBucket",)),)),
        (
            replace(GONE, endpoint="minio.acme.test"),
            (told(buckets=("team-backups",), endpoints=("https://r2.acme.test",)),),
        ),
    ],
    ids=[
        "the upload went to another",
        "nobody names one",
        "GitHub masks its name",
        "nothing was uploaded",
        "no log is left",
        "the run met no other one either",
        "the run asked another store",
    ],
)
def test_a_missing_bucket_that_may_not_be_the_pipelines_is_unknown(
    seen: ObjectEvidence, evidence: Any
) -> None:
    one = case(seen, *evidence)

    assert "object/bucket-missing" not in codes(one)
    assert any("BACKUP_BUCKET" in (gap.remedy or "") for gap in check.gaps(seen, one))


def test_another_refusal_says_nothing_of_the_buckets_existence() -> None:
    assert "object/bucket-missing" not in found(the_object(bucket=DENIED))
    assert "object/bucket-missing" not in found(the_object())


# What of it the doctor may not see ---------------------------------------------------------------


def refused(why: Why, code: str | None = None) -> Unseen:
    return Unseen(why=why, what="S3 refused.", code=code)


OTHER_REGION = ["PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed", "301"]


@pytest.mark.parametrize(
    ("unseen", "expected"),
    [
        (refused(Why.DENIED), "access-denied"),
        (refused(Why.DENIED, "AccessDenied"), "access-denied"),
        (refused(Why.REFUSED, "PermanentRedirect"), "wrong-region"),
        (refused(Why.DENIED, "301"), "wrong-region"),
        *((refused(Why.REFUSED, code), "wrong-region") for code in OTHER_REGION),
        (refused(Why.BAD_CREDENTIALS), "bad-credentials"),
        (refused(Why.UNREACHABLE), "unreachable"),
        (refused(Why.TIMED_OUT), "unreachable"),
        (refused(Why.GARBLED), "unreachable"),
        (refused(Why.RATE_LIMITED), "unreachable"),
        (refused(Why.REFUSED), "unreachable"),
        (refused(Why.DENIED, "InvalidObjectState"), None),
        (refused(Why.DENIED, "NoSuchBucket"), None),
        (NOT_THERE, None),
    ],
)
@pytest.mark.parametrize("part", ["bucket", "head", "search", "tail"])
def test_what_the_doctor_may_not_see_is_one_note_and_no_cause(
    unseen: Unseen, expected: str | None, part: str
) -> None:
    notes = {"access-denied", "wrong-region", "bad-credentials", "unreachable"}

    said = codes(case(the_object(**{part: unseen}))) & {f"object/{note}" for note in notes}

    assert said == ({f"object/{expected}"} if expected else set())


@pytest.mark.parametrize(
    ("why", "steps"),
    [(Why.DENIED, ["BACKUP_BUCKET=real"]), (Why.BAD_CREDENTIALS, ["BACKUP_BUCKET=real", "Ask."])],
)
def test_no_access_is_asked_for_to_a_bucket_that_is_not_the_pipelines(
    why: Why, steps: list[str]
) -> None:
    code = "object/access-denied" if why is Why.DENIED else "object/bad-credentials"
    unseen = Unseen(why=why, what="S3 refused.", remedy="Ask.")

    found = finding(case(the_object(bucket=unseen), told(buckets=("real",))), code).found

    assert [fix.text for fix in found.fixes] == steps


def test_the_remedy_is_given_where_there_is_one() -> None:
    def fixes(unseen: Unseen) -> int:
        return len(finding(case(the_object(bucket=unseen)), "object/access-denied").found.fixes)

    assert fixes(DENIED) == 1
    assert fixes(refused(Why.DENIED)) == 0


# What it holds -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        ((the_object(head=stored(size=SIZE + 1)), FINISHED), {"object/size-mismatch"}),
        ((the_object(), FINISHED), set()),
        ((the_object(head=stored(size=SIZE + 1)), row(finished_row(size_bytes=None))), set()),
        (
            (the_object(head=stored(size=9)), row(finished_row(finished_at=None))),
            {"object/size-mismatch"},
        ),
        ((the_object(head=stored(size=9)), row(a_row(size_bytes=8))), set()),
        ((searched(ELSEWHERE), row(finished_row(size_bytes=8))), {"object/found-elsewhere"}),
        ((the_object(head=stored(size=9)), row(rows=())), set()),
        ((the_object(head=stored(size=0)),), {"object/empty"}),
        ((the_object(head=stored(size=0), tail=FileEnd(whole=False)),), {"object/empty"}),
        ((the_object(head=stored(size=1)),), set()),
        ((the_object(tail=FileEnd(whole=False, entries=0)),), {"object/empty"}),
        ((the_object(tail=FileEnd(whole=True, entries=1)),), set()),
        ((the_object(tail=FileEnd(whole=False)),), {"object/truncated"}),
        ((the_object(tail=None),), set()),
        ((the_object(head=None, tail=FileEnd(whole=False)),), {"object/missing"}),
        ((the_object(head=stored(storage_class="GLACIER"), tail=None),), {"object/archived"}),
        ((the_object(head=stored(storage_class="DEEP_ARCHIVE"), tail=None),), {"object/archived"}),
        ((the_object(head=stored(storage_class="GLACIER", restored=True), tail=None),), set()),
        # What could be read has been restored, though a listing does not say so.
        ((the_object(head=stored(storage_class="GLACIER")),), set()),
        ((the_object(head=stored(storage_class="INTELLIGENT_TIERING"), tail=None),), set()),
        ((the_object(head=stored(storage_class="STANDARD_IA")),), set()),
    ],
)
def test_what_is_wrong_with_the_file_that_is_there(evidence: Any, expected: set[str]) -> None:
    assert found(*evidence) == expected


def test_what_is_wrong_with_the_archives_end_is_quoted() -> None:
    def said(problem: str | None) -> Any:
        tail = FileEnd(whole=False, problem=problem)
        return finding(case(the_object(tail=tail)), "object/truncated").found

    assert "no directory" in said("no directory").summary
    assert said("no directory").evidence[-1].value == "no directory"
    assert "its end is missing" in said(None).summary


def test_a_good_file_of_another_kind_is_a_warning_and_the_backup_is_healthy() -> None:
    tail = FileEnd(whole=True, kind="gzip file", end_known=False, named="zip")
    ran = workflow(log(call(200), NOT_SAID), update="success")
    one = case(row(finished_row()), the_object(tail=tail, key_source=KeySource.ROW), ran)
    told = finding(one, "object/truncated").found

    assert diagnosed(one).verdict is Verdict.HEALTHY
    assert told.severity is Severity.WARN
    assert told.summary.endswith("another kind of file: gzip file.")


SLACK = timedelta(minutes=5)
EARLY = the_object(head=stored(modified_at=CREATED - SLACK - SECOND))
UNDATED = row(a_row(created_at=None))


@pytest.mark.parametrize(
    ("evidence", "stale"),
    [
        ((EARLY, workflow(None)), True),
        ((the_object(head=stored(modified_at=CREATED - SLACK)), workflow(None)), False),
        ((EARLY, UNSEEN_RUN), True),
        ((EARLY, UNSEEN_RUN, UNDATED), False),
        ((EARLY, UNSEEN_RUN, row(rows=())), False),
        ((EARLY, workflow(None), UNDATED), True),
        ((NONE, workflow(None)), False),
    ],
)
def test_a_file_is_stale_that_is_older_than_its_run_else_than_its_row(
    evidence: Any, stale: bool
) -> None:
    assert ("object/stale" in found(*evidence)) is stale


@pytest.mark.parametrize(
    ("size", "earlier", "shrunk"),
    [
        (99, (1000, 1000, 1000), True),
        (100, (1000, 1000, 1000), False),
        (99, (1000, 1000), False),
        (99, (1, 1000, 2000), True),
        (0, (1000, 1000, 1000), False),
        (99, (), False),
    ],
)
def test_a_file_is_shrunk_that_has_less_than_a_tenth_of_the_usual_size(
    size: int, earlier: tuple[int, ...], shrunk: bool
) -> None:
    seen = the_object(head=stored(size=size))

    assert ("object/shrunk" in found(seen, row(earlier_sizes=earlier))) is shrunk


def test_without_the_check_of_the_row_nothing_is_known_of_earlier_backups() -> None:
    one = case(the_object(head=stored(size=1)))
    blind = replace(one, evidence={**one.evidence, "row": NOT_THERE, "workflow": NOT_THERE})

    assert codes(blind) & ABOUT_THE_FILE == set()
    assert "object/bucket-missing" not in codes(
        replace(blind, evidence={**blind.evidence, "object": GONE})
    )


def test_a_search_is_repeated_by_hand_with_the_rows_own_id() -> None:
    def command(asked: Asked) -> str:
        return str(
            finding(case(searched(), asked=asked), "object/missing").found.evidence[1].command
        )

    for asked in (Asked(dispatch_id=f" {DISPATCH.upper()}"), Asked(run_id="42")):
        assert f"| grep -F -- {DISPATCH}" in command(asked)


def test_who_named_the_key_is_told() -> None:
    by_row = the_object(head=None, tail=None, key_source=KeySource.ROW)

    assert str(KeySource.ROW) in finding(case(by_row), "object/missing").found.evidence[0].label


def test_the_buckets_name_stands_in_the_commands_where_it_is_known() -> None:
    ours = told(buckets=("team-backups",))
    named = finding(case(GONE, ours), "object/bucket-missing").found.evidence[0]
    seen = finding(case(the_object(head=stored(size=0))), "object/empty").found.evidence[0]
    unseen = the_object(bucket=DENIED, head=stored(size=0))
    hidden = finding(case(unseen), "object/empty").found.evidence[0]

    assert named.command == "aws s3 ls s3://team-backups"
    assert "--bucket team-backups" in str(seen.command)
    assert hidden.command is None


def test_a_command_asks_the_store_that_is_set() -> None:
    names = Names(s3_endpoint="https://store.example.com", bucket="team-backups")
    found = finding(case(the_object(head=stored(size=0)), names=names), "object/empty").found

    assert str(found.evidence[0].command).endswith("--endpoint-url https://store.example.com")
