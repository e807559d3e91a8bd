"""A file in an archive: when it must be restored, how, and before what."""

from __future__ import annotations

import json
import shlex
from typing import Any

from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.collected import Collected
from backup_doctor.evidence.findings import FixKind
from backup_doctor.judge.registry import load_checks
from backup_doctor.judge.traits import Trait
from backup_doctor.report.compose import write
from tests.judgement.asking import codes, finding
from tests.judgement.cases import KEY, case, finished_row, row, stored, the_object, workflow
from tests.judgement.test_repair import BOTH_FAILED, done, reason, repaired

CODE = "object/archived"
LOCKED_AWAY = Unseen(
    why=Why.REFUSED, what="The object is archived.", code="InvalidObjectState", dependency="S3"
)


def kept_in(storage_class: str, **changes: Any) -> Any:
    return the_object(head=stored(storage_class=storage_class, **changes), tail=LOCKED_AWAY)


def stuck(seen: Any) -> Any:
    return case(seen, workflow(BOTH_FAILED))


def restore_request(seen: Any) -> dict[str, Any]:
    words = shlex.split(finding(stuck(seen), CODE).found.fixes[0].text)
    assert words[words.index("--key") + 1] == KEY
    asked: dict[str, Any] = json.loads(words[words.index("--restore-request") + 1])
    return asked


def test_a_stuck_rows_file_is_restored_before_there_is_sql() -> None:
    one = stuck(kept_in("GLACIER"))
    report = write(Collected(case=one), load_checks())

    assert "restore a copy first" in reason(one)
    assert repaired(one).waits_for is Trait.KEEPS_FROM_FILE
    assert [step.why for step in report.plan][-1] == CODE
    assert report.plan[-1].one_of[0].text.startswith("aws s3api restore-object")


def test_a_restore_from_the_tiers_of_intelligent_tiering_has_no_days() -> None:
    assert restore_request(kept_in("DEEP_ARCHIVE"))["Days"] == 7
    assert "Days" not in restore_request(kept_in("INTELLIGENT_TIERING"))


def test_a_restore_that_is_under_way_is_waited_for() -> None:
    found = finding(stuck(kept_in("GLACIER", restoring=True)), CODE).found

    assert "one is under way" in found.summary
    assert found.fixes[0].kind is FixKind.MANUAL


def test_a_row_that_says_all_that_s3_tells_needs_no_restore() -> None:
    right = case(row(finished_row()), kept_in("GLACIER"))
    wrong = done(kept_in("GLACIER"), size_bytes=1)

    assert finding(right, CODE).found.fixes == ()
    assert len(finding(wrong, CODE).found.fixes) == 1
    assert repaired(wrong).waits_for is Trait.KEEPS_FROM_FILE


def test_a_file_that_was_not_read_for_another_reason_is_in_no_archive() -> None:
    denied = Unseen(why=Why.DENIED, what="S3 refused.", code="AccessDenied", dependency="S3")
    one = stuck(the_object(tail=denied))

    assert CODE not in codes(one)
    assert repaired(one).waits_for is Trait.KEEPS_FROM_FILE, "the doctor's access"


def test_what_the_doctor_may_not_read_is_a_step_before_there_is_sql() -> None:
    denied = Unseen(
        why=Why.DENIED, what="S3 refused.", code="AccessDenied", remedy="Allow it.", dependency="S3"
    )

    for seen in (the_object(tail=denied), the_object(head=denied, tail=None)):
        plan = write(Collected(case=stuck(seen)), load_checks()).plan
        assert plan[-1].why == "object/access-denied"
        assert plan[-1].one_of[0].text == "Allow it."


def test_that_there_is_no_file_is_no_open_question() -> None:
    gone = stuck(the_object(head=None, tail=None))

    assert not any(
        "no backup file" in one for one in write(Collected(case=gone), load_checks()).cannot_tell
    )
