"""What changed in the world between two bundles, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backup_doctor.judge.registry import load_checks
from backup_doctor.run.bundle.comparing import Comparison, compare
from backup_doctor.run.bundle.reading import read
from backup_doctor.run.bundle.replay import replay
from backup_doctor.run.bundle.telling import in_words
from tests.bundle import samples

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def compared(folder: Path, change: Callable[[Any], object]) -> Comparison:
    """The real bundle of then, and the same after a change to its evidence, now."""
    then = samples.stuck()
    now = read(
        samples.changed(folder, lambda tree: change(tree["collected"]["case"])), load_checks()
    )
    return compare(then, now, replay(then, load_checks()), replay(now, load_checks()))


def deploy(case: Any) -> None:
    case["evidence"]["function"]["record"] = {
        "is_a": "FunctionRecord",
        "slug": "update-backup",
        "status": "ACTIVE",
        "version": 3,
    }


def finish(case: Any) -> None:
    row = case["evidence"]["row"]["rows"][0]
    row["status"] = row["values"]["status"] = "success"
    row["s3_key"] = row["values"]["s3_key"] = "backups/a.zip"


def lose_the_bucket(case: Any) -> None:
    case["evidence"]["object"] = {
        "is_a": "Unseen",
        "why": "denied",
        "what": "S3 refuses the doctor's key.",
    }


def look_later(case: Any) -> None:
    case["now"] = "2027-01-01T00:00:00Z"
    case["evidence"]["row"]["server"]["now"] = "2027-01-01T00:00:00Z"
    case["evidence"]["function"]["options"]["elapsed_s"] = 99.0


def skip_rls(case: Any) -> None:
    del case["evidence"]["rls"]


def add_policy(case: Any) -> None:
    case["evidence"]["row"]["table"]["policies"].append(
        {
            "is_a": "Policy",
            "name": "readers",
            "permissive": True,
            "roles": ["anon"],
            "command": "SELECT",
        }
    )


def configure_another_bucket(case: Any) -> None:
    case["names"]["bucket"] = "elsewhere\x1b[2J"


SAID: dict[Callable[[Any], None], str] = {
    deploy: "the platform's record of the function: none then, there"
    " (slug update-backup, status ACTIVE, version 3) now",
    finish: "status: in_progress then, success now",
    lose_the_bucket: "not seen (S3 refuses the doctor's key.) now",
    skip_rls: "not looked at now",
    add_policy: "table, policies, “readers”: not there then, there"
    " (name readers, permissive yes, command SELECT) now",
    configure_another_bucket: r"elsewhere\x1b[2J now",
}


@pytest.mark.parametrize("change", SAID, ids=lambda change: change.__name__)
def test_a_change_is_told_in_words(tmp_path: Path, change: Callable[[Any], None]) -> None:
    comparison = compared(tmp_path, change)

    assert not comparison.is_same
    assert SAID[change] in in_words(comparison)


def test_what_outsiders_wrote_cannot_steer_the_terminal(tmp_path: Path) -> None:
    text = in_words(compared(tmp_path, configure_another_bucket))

    assert "\x1b" not in text
    assert r"elsewhere\x1b[2J now" in text


def test_a_value_is_told_once_not_also_as_the_raw_column(tmp_path: Path) -> None:
    comparison = compared(tmp_path, finish)

    assert [change.place[-1] for change in comparison.changes] == ["s3_key", "status"]


def test_looking_again_at_the_same_world_is_no_change(tmp_path: Path) -> None:
    comparison = compared(tmp_path, look_later)

    assert comparison.is_same
    assert comparison.unchanged == ("secrets", "function", "row", "workflow", "object", "rls")
    assert "Nothing that was seen has changed." in in_words(comparison)


def test_the_verdict_of_then_and_of_now_stand_first(tmp_path: Path) -> None:
    def heal(case: Any) -> None:
        row = case["evidence"]["row"]["rows"][0]
        here = case["evidence"]["object"]["head"]
        row |= {
            "status": "success",
            "s3_key": here["key"],
            "size_bytes": here["size"],
            "finished_at": here["modified_at"],
        }

    first, _, second, *_ = in_words(compared(tmp_path, heal)).splitlines()

    assert first.startswith("Then  2026-")
    assert first.endswith("FAILING  function/not-deployed")
    assert second.startswith("Now   2026-")
    assert "function/not-deployed" not in second


def test_secrets_are_no_change_though_their_tokens_differ_from_run_to_run(tmp_path: Path) -> None:
    then = read(
        samples.changed(tmp_path, lambda tree: hide(tree, "\u2039redacted:0a1b2c\u203a"), "a.json"),
        load_checks(),
    )
    now = read(
        samples.changed(tmp_path, lambda tree: hide(tree, "\u2039redacted:ffffff\u203a"), "b.json"),
        load_checks(),
    )

    comparison = compare(then, now, replay(then, load_checks()), replay(now, load_checks()))

    assert comparison.is_same


def hide(tree: Any, token: str) -> None:
    tree["collected"]["case"]["evidence"]["row"]["rows"][0]["error_text"] = f"key {token} refused"
