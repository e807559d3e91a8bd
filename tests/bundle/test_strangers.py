"""A bundle may be a stranger's: nothing that its report gives to run does more than it says."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import sqlglot
from sqlglot import exp

from backup_doctor.base.redaction import Redactor
from backup_doctor.cli.entry import run
from backup_doctor.evidence.findings import FixKind
from backup_doctor.judge.registry import load_checks
from backup_doctor.report.render import Format, render
from backup_doctor.run.bundle.model import Bundle, BundleWriter
from backup_doctor.run.bundle.reading import read
from backup_doctor.run.bundle.replay import replay
from tests.bundle import samples
from tests.bundle.test_replay import COLLECTED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from backup_doctor.evidence.findings import Fix, Report

MARK = "-- From changed.json: not checked on this machine.\n"
OWNED = "x'\";touch owned;$(touch owned)`touch owned`\n;touch owned #\n\\! touch owned\n"
BASH = shutil.which("bash") or "/bin/bash"
USAGE = re.compile(r"GRANT USAGE ON SCHEMA \"?(?:public|app)\"? TO [^;]*;")
# Identifiers, literals and escape strings, as PostgreSQL reads them.
QUOTED = re.compile(
    r"[uU]&\"(?:[^\"]|\"\")*\"|\"(?:[^\"]|\"\")*\"|[eE]'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'"
)
# What a command may call; each does nothing here.
PROGRAMS = ("gh", "aws", "supabase", "curl", "psql", "unzip", "backup-doctor", "openssl")


def judged(folder: Path, change: Callable[[Any], object], own_table: str = "") -> Report:
    """The report on the real bundle after a change to its JSON."""
    file = samples.changed(folder, change)
    bundle = read(file, load_checks())
    return replay(bundle, load_checks(), file=file.name, own_table=own_table)


def spoiled(folder: Path, payload: str) -> list[Report]:
    """The reports on the real bundle with the payload in a third of its texts, for each third."""
    return [judged(folder, partial(spoil, payload=payload, at=at)) for at in range(3)]


def rename(tree: Any, table: str) -> None:
    """Let the settings and the services speak of this table."""
    schema, _, name = table.partition(".")
    told = json.dumps(tree["collected"]).replace("public.backup_history", table)
    tree["collected"] = json.loads(told.replace("backup_history", name))
    tree["collected"]["case"]["evidence"]["row"]["table"].update(schema=schema)
    names(tree).update(table=table)


def names(tree: Any) -> Any:
    """The settings' names in a bundle."""
    return tree["collected"]["case"]["names"]


def fixes(report: Report) -> Iterator[Fix]:
    """Every fix of a report, wherever it stands."""
    yield from (fix for step in report.plan for fix in step.one_of)
    yield from (
        fix for result in report.results for finding in result.findings for fix in finding.fixes
    )


def statements(report: Report) -> list[str]:
    """All SQL that a report gives to run."""
    own = [report.fix_sql] if report.fix_sql else []
    return [*own, *(fix.text for fix in fixes(report) if fix.kind is FixKind.SQL)]


def commands(report: Report) -> list[str]:
    """All shell that a report gives to run."""
    shown = [
        exhibit.command
        for result in report.results
        for finding in result.findings
        for exhibit in finding.evidence
        if exhibit.command and not exhibit.command.endswith(";")
    ]
    return [*shown, *(fix.text for fix in fixes(report) if fix.kind is FixKind.SHELL)]


def test_all_sql_says_that_it_was_not_checked_and_whence_it_is(tmp_path: Path) -> None:
    bundle = Bundle(written_by=BundleWriter.here(), collected=COLLECTED["stuck"])
    file = samples.saved(tmp_path, bundle, "changed.json")

    report = replay(read(file, load_checks()), load_checks(), file=file.name)

    assert report.fix_sql
    every = [*statements(report), *statements(judged(tmp_path, lambda _tree: None))]
    assert len(every) > 3
    assert all(text.startswith(MARK) for text in every)
    assert all(sqlglot.parse(text, read="postgres") for text in every)
    assert report.fix_notes[-1] == (
        "The SQL was not checked on this machine: it is from changed.json."
    )
    assert "Checked by EXPLAIN" not in str(report)


@pytest.mark.parametrize("name", ["e;\n\\! id.json", "--x*/.json", "a\u2028b.json", "ü'.json"])
def test_the_files_name_does_nothing_in_a_comment(name: str) -> None:
    bundle = read(samples.STUCK, load_checks())

    report = replay(bundle, load_checks(), file=name)

    for text in statements(report):
        first, _, rest = text.partition("\n")
        assert re.fullmatch(r"-- From [\w. -]+: not checked on this machine\.", first)
        assert not rest.startswith(("\\", ";"))


@pytest.mark.parametrize("table", ["public.users", "auth.users", "users", "Backup_History"])
def test_no_sql_is_printed_for_another_table(table: str, tmp_path: Path) -> None:
    report = judged(tmp_path, lambda tree: names(tree).update(table=table))

    assert statements(report) == []
    assert report.root_cause == "function/not-deployed"
    assert f"set BACKUP_DOCTOR_TABLE={table}" in report.fix_notes[0]
    for form in Format:
        assert "GRANT SELECT, INSERT" not in render(report, form, Redactor())


def test_nor_for_the_catalogues_name_of_another_table(tmp_path: Path) -> None:
    def change(tree: Any) -> None:
        tree["collected"]["case"]["evidence"]["row"]["table"].update(schema="auth", name="users")

    report = judged(tmp_path, change)

    assert tables(report) == {"public.backup_history"}


@pytest.mark.parametrize("own", ["app.exports", "public.exports"])
def test_the_readers_own_table_is_one_that_its_environment_names(own: str, tmp_path: Path) -> None:
    def change(tree: Any) -> None:
        rename(tree, own)

    assert tables(judged(tmp_path, change, own_table=own)) == {own}
    assert statements(judged(tmp_path, change)) == []


def test_the_environment_is_read_by_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = samples.changed(tmp_path, lambda tree: rename(tree, "app.exports"))
    arguments = ["--from-evidence", str(file), "--format", "json"]

    run(arguments)
    without = json.loads(capsys.readouterr().out)
    monkeypatch.setenv("BACKUP_DOCTOR_TABLE", "app.exports")
    run(arguments)
    with_it = json.loads(capsys.readouterr().out)

    assert "GRANT SELECT, INSERT" not in str(without)
    assert f"{MARK}GRANT" in with_it["plan"][1]["one_of"][0]["text"]


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example",
        "https://stranger.supabase.co",
        "https://evil.example:8443",
        "https://127.0.0.1.evil.example",
        "https://localhost@evil.example",
    ],
)
def test_no_command_takes_a_key_to_a_host_that_the_file_names(url: str, tmp_path: Path) -> None:
    report = judged(tmp_path, lambda tree: names(tree).update(supabase_url=url))

    assert commands(report)
    assert not [text for text in commands(report) if "evil" in text or "stranger" in text]


@pytest.mark.parametrize("payload", [OWNED, "$(touch owned)", "a b;touch owned", "-x\ntouch owned"])
def test_whatever_stands_in_it_a_command_does_what_it_says(payload: str, tmp_path: Path) -> None:
    path = programs(tmp_path)

    for command in {text for report in spoiled(tmp_path, payload) for text in commands(report)}:
        subprocess.run(
            [BASH, "-c", command],
            cwd=tmp_path,
            env={"PATH": str(path)},
            capture_output=True,
            check=False,
            timeout=20,
        )

    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("payload", [OWNED, "x'; DROP TABLE victim; --", 'x"; DROP TABLE victim'])
def test_whatever_stands_in_it_the_sql_is_about_the_one_table(payload: str, tmp_path: Path) -> None:
    every = {text for report in spoiled(tmp_path, payload) for text in statements(report)}
    assert every
    for text in every:
        bare = QUOTED.sub("?", text)
        assert not re.search(r"victim|touch|owned|^\\", bare, re.MULTILINE), text


def spoil(tree: Any, payload: str, at: int) -> None:
    """Put the payload at the end of every third text of the evidence, and into the names."""
    counter = iter(range(10**6))

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            kept = {"is_a", "why", "level", "route", "reach", "found_by", "outcome", "kind"}
            return {
                name: item if name in kept or name.endswith("_at") else walk(item)
                for name, item in value.items()
            }
        if isinstance(value, list):
            return [walk(item) for item in value]
        spoiled = isinstance(value, str) and next(counter) % 3 == at
        return f"{value}{payload}" if spoiled else value

    case = tree["collected"]["case"]
    for name in ("repository", "bucket", "project_ref", "function", "workflow", "prefix"):
        names(tree)[name] = f"{names(tree).get(name) or 'x'}{payload}"
    before = json.dumps(tree)
    for check in tuple(case["evidence"]):
        kept = case["evidence"][check]
        case["evidence"][check] = walk(kept)
        if not is_readable(tree):
            case["evidence"][check] = kept
    assert json.dumps(tree) != before


def is_readable(tree: Any) -> bool:
    """Whether a bundle can hold that."""
    with samples.folder() as folder:
        file = samples.written(folder, msgspec.json.encode(tree))
        try:
            read(file, load_checks())
        except Exception:  # noqa: BLE001 -- whatever an enumeration says to it
            return False
    return True


def programs(folder: Path) -> Path:
    """A folder with programs that do nothing, and `touch`."""
    path = folder / "bin"
    path.mkdir(exist_ok=True)
    for name in (*PROGRAMS, "grep", "head", "jq"):
        (path / name).write_text("#!/bin/sh\nexit 0\n")
        (path / name).chmod(0o755)
    if not (path / "touch").exists():
        (path / "touch").symlink_to("/usr/bin/touch")
    return path


def tables(report: Report) -> set[str]:
    """Every table that the SQL of a report names."""
    whole = (USAGE.sub("", text) for text in statements(report))
    parsed = [one for text in whole for one in sqlglot.parse(text, read="postgres") if one]
    return {
        ".".join(part.name for part in table.parts)
        for one in parsed
        for table in one.find_all(exp.Table)
        if table.name not in ("other", "")
    }
