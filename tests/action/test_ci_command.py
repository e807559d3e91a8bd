"""`backup-doctor ci`: which backup it takes, and what it tells the run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backup_doctor.cli.ci_step.event import Backup, backup_of
from backup_doctor.cli.ci_step.files import LONGEST_SUMMARY, fitted, write_outputs, write_summary
from tests.action.steps import OUTPUT
from tests.cli.command import doctor
from tests.issue.github_issues import TOKEN, IssueServer

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("event", "backup"),
    [
        ({"inputs": {"dispatch_id": "d-1"}}, Backup(dispatch_id="d-1")),
        ({"inputs": {"dispatchId": "d-1", "id": "no"}}, Backup(dispatch_id="d-1")),
        ({"client_payload": {"dispatch-id": 17}}, Backup(dispatch_id="17")),
        ({"client_payload": {"backup": {"dispatch_id": "d-1"}}}, Backup(dispatch_id="d-1")),
        ({"inputs": {"dispatch_id": " "}}, Backup(run_id="7")),
        ({"inputs": None}, Backup(run_id="7")),
        ({"workflow_run": {"id": 42}}, Backup(run_id="42")),
        ({"workflow_run": "no"}, Backup(run_id="7")),
        ([], Backup(run_id="7")),
        ("garbage", Backup(run_id="7")),
    ],
)
def test_the_event_says_which_backup_the_run_makes(
    event: object, backup: Backup, tmp_path: Path
) -> None:
    file = tmp_path / "event.json"
    file.write_text(json.dumps(event))

    assert backup_of({"GITHUB_EVENT_PATH": str(file), "GITHUB_RUN_ID": "7"}) == backup


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000])
def test_an_event_that_cannot_be_read_is_none(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_bytes(content)

    assert backup_of({"GITHUB_EVENT_PATH": str(file)}) == Backup()


@given(values=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=50), max_size=4))
def test_no_output_can_end_its_block_or_begin_another(
    values: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("step") / "output"
    given_ = {f"name-{at}": f"{value}\nname-9<<end\nx" for at, value in enumerate(values)}

    write_outputs(file, given_)

    read = file.read_bytes().decode() if values else ""
    assert {name: value for name, _, value in OUTPUT.findall(read)} == given_


def test_a_summary_that_is_too_long_is_cut_with_a_note(tmp_path: Path) -> None:
    file = tmp_path / "summary"
    file.write_text("of an earlier command\n")

    write_summary(file, "# First\n\n" + "````text\n" + "é\n\n" * LONGEST_SUMMARY + "````\n")

    text = file.read_text(encoding="utf-8")
    assert len(text.encode()) <= LONGEST_SUMMARY
    assert text.startswith("of an earlier command\n# First\n")
    assert text.rstrip().endswith("the report's files have it all.*")
    assert "\n" + "`" * 64 + "\n" in text  # the note is no part of the code block


def test_a_summary_that_fits_is_left_alone() -> None:
    assert fitted("short\n", LONGEST_SUMMARY) == "short\n"
    assert fitted("short\n", 0) == ""


def test_outside_of_actions_it_asks_which_backup(tmp_path: Path) -> None:
    done = doctor("ci", cwd=tmp_path)

    assert done.returncode == 2
    assert "Which backup?" in done.stderr


def test_a_folder_that_cannot_be_made_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    done = doctor("ci", "--run-id=1", "--report-dir", "file/folder", cwd=tmp_path)

    assert done.returncode == 2
    assert "--report-dir file/folder" in done.stderr


def test_it_writes_nothing_to_the_repository_unless_asked(tmp_path: Path) -> None:
    with IssueServer() as github:
        done = doctor(
            "ci", "--run-id=1", case="stuck", cwd=tmp_path,
            GITHUB_API_URL=github.url, GITHUB_TOKEN=TOKEN,
        )  # fmt: skip

    assert done.returncode == 1
    assert github.calls == []


def test_with_the_flag_it_opens_one_issue_and_says_so(tmp_path: Path) -> None:
    with IssueServer() as github:
        once, again = (
            doctor(
                "ci", "--run-id=1", "--issue", case="stuck", cwd=tmp_path,
                GITHUB_API_URL=github.url, GITHUB_TOKEN=TOKEN, GITHUB_REPOSITORY="acme/app",
            )
            for _ in range(2)
        )  # fmt: skip

    assert once.returncode == again.returncode == 1
    assert len(github.issues) == 1
    assert "Opened an issue" in once.stderr
    assert "https://github.com/acme/app/issues/1" in again.stderr
    assert TOKEN not in once.stderr + once.stdout


@pytest.mark.parametrize("case", ["healthy", "unknown"])
def test_a_backup_that_does_not_fail_opens_no_issue(case: str, tmp_path: Path) -> None:
    with IssueServer() as github:
        doctor(
            "ci", "--run-id=1", "--issue", case=case, cwd=tmp_path,
            GITHUB_API_URL=github.url, GITHUB_TOKEN=TOKEN,
        )  # fmt: skip

    assert github.calls == []


def test_an_issue_that_may_not_be_opened_costs_neither_report_nor_verdict(tmp_path: Path) -> None:
    with IssueServer() as github:
        github.refuse_with = 403
        done = doctor(
            "ci", "--run-id=1", "--issue", case="stuck", cwd=tmp_path,
            GITHUB_API_URL=github.url, GITHUB_TOKEN=TOKEN,
        )  # fmt: skip

    assert done.returncode == 1
    assert "issues: write" in done.stderr
    assert (tmp_path / "backup-doctor-report/backup-doctor.json").is_file()


def test_annotations_come_first_and_the_report_follows_for_the_log(tmp_path: Path) -> None:
    done = doctor("ci", "--run-id=1", case="stuck", cwd=tmp_path)

    commands, _, report = done.stdout.partition("\n\n")
    assert all(line.startswith("::") for line in commands.splitlines())
    assert report.startswith("FAILING  function/not-deployed")
    assert not any(line.startswith("::") for line in report.splitlines())


def test_without_annotations_the_log_has_the_report_alone(tmp_path: Path) -> None:
    done = doctor("ci", "--run-id=1", "--no-annotations", case="stuck", cwd=tmp_path)

    assert done.stdout.startswith("FAILING")
    assert "::error" not in done.stdout


def test_outputs_that_cannot_be_written_are_named_and_the_summary_is_written_all_the_same(
    tmp_path: Path,
) -> None:
    done = doctor(
        "ci",
        "--run-id=1",
        case="stuck",
        cwd=tmp_path,
        GITHUB_OUTPUT=str(tmp_path / "gone/output"),
        GITHUB_STEP_SUMMARY=str(tmp_path / "summary"),
    )

    assert done.returncode == 1
    assert "The outputs of this step could not be written: No such file" in done.stderr
    assert "FAILING" in (tmp_path / "summary").read_text()


def test_an_error_in_the_tool_is_told_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "output").touch()

    done = doctor(
        "ci", "--run-id=1", case="broken", cwd=tmp_path, GITHUB_OUTPUT=str(tmp_path / "output")
    )

    assert done.returncode == 4
    assert "verdict<<" in (tmp_path / "output").read_text()
