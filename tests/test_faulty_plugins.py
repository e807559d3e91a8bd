"""A check of another package that is wrong costs its own result, and never the report."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests import test_plugin
from tests.faulty_plugins import install, source

if TYPE_CHECKING:
    from pathlib import Path

# Nobody listens there, so that nothing is waited for.
NOWHERE = {"SUPABASE_URL": "http://127.0.0.1:9", "SUPABASE_SERVICE_ROLE_KEY": "k" * 40}
BUDGET_S = "3"


class Ended(NamedTuple):
    """How a run ended: its exit code, its report, and what stood on standard error."""

    code: int
    report: dict[str, Any]
    stderr: str

    @property
    def checks(self) -> list[str]:
        return [one["check"] for one in self.report["results"]]

    def status(self, check: str) -> str:
        statuses: dict[str, str] = {one["check"]: one["status"] for one in self.report["results"]}
        return statuses[check]


def diagnosed(folder: Path, module: str) -> Ended:
    """The main job, with this module installed as a check."""
    words = ("--dispatch-id", "abc", "--format", "json", "--budget", BUDGET_S)
    done = test_plugin.run(install(folder, module), "backup_doctor", *words, **NOWHERE)
    return Ended(done.returncode, json.loads(done.stdout), done.stderr)


def test_one_that_exits_as_it_is_imported_did_not_load_and_there_is_a_report(
    tmp_path: Path,
) -> None:
    ended = diagnosed(tmp_path, "import sys\nsys.exit(0)\n")

    assert ended.code == 3
    assert "row" in ended.checks
    assert any("odd of backup-doctor-odd could not" in note for note in ended.report["notes"])


@pytest.mark.parametrize(
    "rule",
    [
        "raise SystemExit(0)",
        "return 'it is bad'",
        "return ['it is bad']",
        "return api.Found(summary=None)",
        "return api.Found(summary=' ')",
        "return api.Found(summary='Bad.', fixes=('do it',))",
        "return api.Found(summary='Bad.', fixes=(api.manual('', 'Do it.'),))",
        "return api.Found(summary='Bad.', breaks=('backup-made',))",
        "return api.Found(summary='Bad.', evidence=(api.exhibit('a', object(), 'me'),))",
    ],
)
def test_a_rule_that_returns_no_finding_is_an_error_with_its_code_in_a_whole_report(
    rule: str, tmp_path: Path
) -> None:
    ended = diagnosed(tmp_path, source(rule=rule))

    assert ended.code == 4
    assert ended.checks[-2:] == ["rls", "odd"]
    assert any(error.startswith("odd/bad: ") for error in ended.report["errors"])
    assert ended.status("odd") == "unknown", "a pass is earned"


@pytest.mark.parametrize("method", ["saw", "gaps", "notes"])
def test_evidence_that_cannot_say_what_it_saw_makes_its_check_unknown(
    method: str, tmp_path: Path
) -> None:
    evidence = f"def {method}(self):\n        raise RuntimeError"

    ended = diagnosed(tmp_path, source(evidence=evidence))

    assert ended.code == 4
    assert ended.status("odd") == "unknown"
    assert "The check odd could not say what it saw (RuntimeError)." in ended.report["errors"]


@pytest.mark.parametrize(
    ("error", "lacks"),
    [
        ('RuntimeError("can\'t start new thread")', "threads"),
        ('OSError(24, "Too many open files")', "open files"),
        ("MemoryError", "memory"),
    ],
)
def test_what_the_machine_gives_no_more_of_is_no_error_in_the_tool(
    error: str, lacks: str, tmp_path: Path
) -> None:
    ended = diagnosed(tmp_path, source(collector=f"raise {error}"))

    assert ended.code == 3
    assert ended.report["errors"] == []
    (odd,) = (one for one in ended.report["results"] if one["check"] == "odd")
    assert odd["status"] == "unknown"
    assert any(f"this machine gives the doctor no more {lacks}." in note for note in odd["notes"])


def test_a_rule_that_hangs_is_not_waited_for_beyond_the_budget(tmp_path: Path) -> None:
    ended = diagnosed(tmp_path, source(rule="time.sleep(300)"))

    assert ended.code == 4
    assert any("A rule hangs" in error for error in ended.report["errors"])


def test_what_one_prints_is_no_part_of_the_report(tmp_path: Path) -> None:
    module = source(collector="print('looking'); return Seen()", rule="print('judging')")

    ended = diagnosed(tmp_path, f"print('imported')\n{module}")

    assert ended.code == 3
    assert all(word in ended.stderr for word in ("imported", "looking", "judging"))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("'odd/bad'", "'row/stuck'"), "the code 'row/stuck' is one of the check row"),
        (("evidence=Seen", "evidence=api.Case"), "its evidence"),
        (("name='odd'", "name='odd one'"), "is not a check's name"),
        (
            ("breaks=api.Link.BACKUP_MADE", "breaks='backup-made'"),
            "is not a link, a code or a trait",
        ),
    ],
)
def test_one_that_takes_what_is_another_ones_or_has_a_wrong_shape_does_not_load(
    change: tuple[str, str], reason: str, tmp_path: Path
) -> None:
    module = source().replace('"odd/bad"', "'odd/bad'").replace('name="odd"', "name='odd'")
    taken = "from backup_doctor.evidence.row import RowEvidence as api_row\n"
    module = module.replace(*change).replace("evidence=api.Case", "evidence=api_row")

    listed = test_plugin.run(
        install(tmp_path, taken + module), "backup_doctor", "checks"
    ).stdout.splitlines()

    assert listed[-1].startswith("odd of backup-doctor-odd did not load: ")
    assert reason in listed[-1]
