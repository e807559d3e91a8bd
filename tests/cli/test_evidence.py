"""Evidence on the command line: saved, judged again, compared, redacted again."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING, Any

import pytest

from backup_doctor.cli.entry import run
from backup_doctor.judge.registry import load_checks
from backup_doctor.run.bundle.model import Bundle, BundleWriter
from backup_doctor.run.bundle.reading import read
from backup_doctor.run.bundle.writing import save
from tests.bundle import samples
from tests.cli.command import SECRET, doctor
from tests.render.fixtures import DISPATCH

if TYPE_CHECKING:
    from pathlib import Path

FROM = ("--from-evidence", str(samples.STUCK))
ASKED = samples.stuck().collected.case.asked.dispatch_id or ""
Printed = pytest.CaptureFixture[str]


def test_evidence_is_saved_beside_the_report_for_its_owner_alone(tmp_path: Path) -> None:
    done = doctor("--dispatch-id", DISPATCH, "--save-evidence", "e.json.gz", cwd=tmp_path)

    file = tmp_path / "e.json.gz"
    assert done.returncode == 0
    assert done.stderr == ""
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert read(file, load_checks()).collected.case.asked.dispatch_id == DISPATCH


def test_evidence_of_a_check_that_crashed_is_saved_without_the_secret(tmp_path: Path) -> None:
    flags = ("--dispatch-id", f"{SECRET}-1", "--save-evidence", "e.json")

    done = doctor(*flags, case="raises", cwd=tmp_path)

    text = (tmp_path / "e.json").read_text()
    assert done.returncode == 4
    assert SECRET[:8] not in text
    assert "The check row failed in the doctor itself" in text


def test_a_place_where_nothing_can_be_written_costs_the_evidence_and_not_the_report(
    tmp_path: Path,
) -> None:
    done = doctor("--dispatch-id", DISPATCH, "--save-evidence", "no/such/e.json", cwd=tmp_path)

    assert done.returncode == 4
    assert "could not be saved to no/such/e.json: No such file or directory." in done.stderr
    assert done.stdout.startswith("## ")


def test_where_there_was_no_run_there_is_nothing_to_save_and_it_says_so(tmp_path: Path) -> None:
    flags = ("--dispatch-id", DISPATCH, "--save-evidence", "e.json")

    done = doctor(*flags, case="broken", cwd=tmp_path)

    assert "No evidence was saved to e.json: there is none." in done.stderr
    assert not (tmp_path / "e.json").exists()


@pytest.mark.parametrize("command", [(), ("preflight",)], ids=["main", "preflight"])
def test_the_exit_code_is_that_of_the_verdict(command: tuple[str, ...], capsys: Printed) -> None:
    code = run([*command, *FROM, "--format", "json"])

    assert code == 1
    assert json.loads(capsys.readouterr().out)["root_cause"] == "function/not-deployed"


def test_report_files_are_written_from_what_was_saved(tmp_path: Path, capsys: Printed) -> None:
    code = run([*FROM, "--report", str(tmp_path / "r.html"), "--exit-zero"])

    assert code == 0
    assert (tmp_path / "r.html").read_text().startswith("<!DOCTYPE html>")
    assert capsys.readouterr().err == ""


def test_the_id_of_the_saved_backup_may_be_given(capsys: Printed) -> None:
    assert run([*FROM, "--dispatch-id", ASKED]) == 1
    assert ASKED in capsys.readouterr().out


def test_another_id_than_the_saved_one_is_a_mistake(capsys: Printed) -> None:
    assert run([*FROM, "--dispatch-id", "another"]) == 2
    assert f"is about another backup: --dispatch-id would be {ASKED}." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ((*FROM, "--save-evidence", "e.json"), "nothing new for --save-evidence"),
        (("--dispatch-id", "x", "--save-evidence", "e.txt"), "must end in .json or .json.gz"),
        ((*FROM, "--report", FROM[1]), "the report would take its place"),
        (
            ("--dispatch-id", "x", "--save-evidence", "e.json", "--report", "e.json"),
            "the report would take its place",
        ),
        (("--from-evidence", "no-such.json"), "no-such.json cannot be read: No such file"),
        (("--from-evidence", __file__), "is not an evidence bundle, or damaged"),
        (("diff", "no-such.json", str(samples.STUCK)), "no-such.json cannot be read"),
        (("redact", __file__, "-o", "e.json"), "is not an evidence bundle, or damaged"),
        (("redact", str(samples.STUCK), "-o", "e.txt"), "must end in .json or .json.gz"),
        (("redact", str(samples.STUCK), "-o", "no/such/e.json"), "cannot be written: No such file"),
        (("redact", str(samples.STUCK), "-o", "e.json", "--also-env", "NOT_SET_1"), "is not set"),
        (("redact", str(samples.STUCK), "-o", "e.json", "--also-file", "none"), "cannot be read"),
    ],
)
def test_a_mistake_is_one_message_and_exit_code_2(
    flags: tuple[str, ...],
    message: str,
    capsys: Printed,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)

    code = run(flags)

    captured = capsys.readouterr()
    assert code == 2
    assert message in captured.err
    assert "Traceback" not in captured.err
    assert captured.out == ""
    assert list(tmp_path.iterdir()) == []


def test_two_bundles_of_one_world_are_the_same(capsys: Printed) -> None:
    code = run(["diff", str(samples.STUCK), str(samples.STUCK)])

    assert code == 0
    assert "Nothing that was seen has changed." in capsys.readouterr().out


def test_two_bundles_that_differ_are_told_with_exit_code_1(tmp_path: Path, capsys: Printed) -> None:
    def change(tree: Any) -> None:
        tree["collected"]["case"]["evidence"]["row"]["rows"][0]["status"] = "failed"

    code = run(["diff", str(samples.STUCK), str(samples.changed(tmp_path, change))])

    assert code == 1
    assert "status: in_progress then, failed now" in capsys.readouterr().out


def test_redacting_takes_the_named_texts_out_and_is_done_the_second_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    once, twice = tmp_path / "once.json", tmp_path / "twice.json"
    (tmp_path / "texts").write_text("acme/app\n\n")
    monkeypatch.setenv("NAME_OF_A_CUSTOMER", "backup-history")
    more = ["--also-file", str(tmp_path / "texts"), "--also-env", "NAME_OF_A_CUSTOMER"]

    assert run(["redact", str(samples.STUCK), "-o", str(once), *more]) == 0
    assert run(["redact", str(once), "-o", str(twice), *more]) == 0

    assert "acme/app" in samples.STUCK.read_text()
    assert "acme/app" not in once.read_text()
    assert "backup-history" not in once.read_text()
    assert twice.read_bytes() == once.read_bytes()
    assert stat.S_IMODE(once.stat().st_mode) == 0o600


def test_redacting_keeps_evidence_of_a_check_that_is_not_here_without_its_secrets(
    tmp_path: Path,
) -> None:
    def change(tree: Any) -> None:
        tree["collected"]["case"]["evidence"]["disk"] = {"is_a": "X", "token": "ghp_" + "a1B2" * 9}

    code = run(["redact", str(samples.changed(tmp_path, change)), "-o", str(tmp_path / "out.json")])

    disk = read(tmp_path / "out.json", load_checks()).unknown["disk"]
    assert code == 0
    assert disk["is_a"] == "X"
    assert disk["token"].startswith("\u2039redacted:")


def test_a_redacted_bundle_is_judged_alike(tmp_path: Path, capsys: Printed) -> None:
    plain_file, clean_file = tmp_path / "plain" / "e.json", tmp_path / "clean" / "e.json"
    plain_file.parent.mkdir()
    clean_file.parent.mkdir()
    save(Bundle(written_by=BundleWriter(), collected=samples.stuck().collected), plain_file)
    run(["redact", str(plain_file), "-o", str(clean_file)])

    run(["--from-evidence", str(plain_file)])
    plain = capsys.readouterr().out
    run(["--from-evidence", str(clean_file)])

    assert capsys.readouterr().out == plain
