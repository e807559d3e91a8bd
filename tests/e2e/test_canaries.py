"""No secret of a whole world comes out of the doctor, in whatever the world sends it back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import psycopg.sql
import pytest

from backup_doctor.cli.entry import run
from backup_doctor.demo.faults import FAULTS, STORIES
from backup_doctor.demo.supabase.state import LogRecord, SecretValue
from backup_doctor.demo.world import FUNCTION
from backup_doctor.judge.registry import load_checks
from backup_doctor.report.render import Format
from backup_doctor.run.bundle.reading import read
from backup_doctor.run.bundle.replay import replay
from tests.canaries import cuts, leaks, ways_of_writing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backup_doctor.demo.world import World

KEY = "c4nary & key: \"7Qx\" / 'zebra' 100%"
CREDENTIALS = (
    "SUPABASE_SERVICE_ROLE_KEY",
    "BACKUP_API_KEY",
    "SUPABASE_ACCESS_TOKEN",
    "GITHUB_TOKEN",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
)
# `make canaries` plays every fault there is.
PLAYED = list(FAULTS if os.environ.get("CANARIES") == "all" else STORIES)
REPORTS = [f"report{ending}" for ending in (".md", ".json", ".html", ".xml", ".txt")]
# An edge function that is careless in all that it says.
TELLTALE = """\
Deno.serve((request) => {
  const key = request.headers.get("Authorization");
  console.error(`called with ${key}`);
  return Response.json({ error: `${key} is wrong`, url: encodeURIComponent(`${key}`) }, { status: 500 });
});
"""


@dataclass(frozen=True)
class Planted:
    """A world full of secrets: those that the doctor was given, and others that only look like one."""

    dispatch_id: str
    environ: dict[str, str]
    configured: tuple[str, ...]
    foreign: tuple[str, ...]

    @property
    def secrets(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.configured, *self.foreign)


def prepared(world: World, fault: str) -> Planted:
    """Break a pipeline that has a difficult key, run it, and plant every secret in its remains."""
    world.backup_api_key = world.github_secrets["BACKUP_API_KEY"] = KEY
    world.project.function_secrets["BACKUP_API_KEY"] = SecretValue(KEY)
    dispatch_id = world.insert_row()
    FAULTS[fault].before(world)
    world.run_pipeline(dispatch_id)
    FAULTS[fault].after(world)
    environ = world.environment()
    planted = Planted(
        dispatch_id=dispatch_id,
        environ=environ,
        configured=(*(environ[name] for name in CREDENTIALS), world.servers.postgres.password),
        foreign=(
            world.bucket.pipeline.secret_access_key,
            world.project.keys.anon,
            world.project.keys.secret,
            "ghs_16C7e42F292c6912E7710c838347Ae178B4a",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "fe5f80f77d5fa3beca038a248ff027d0445342fe2855ddc963176630326f1024",
            "aB3%2Bc0dE4%2Ff5G6h7I8%3D",
        ),
    )
    plant(world, [*sentences(planted)])
    return planted


def sentences(planted: Planted) -> Iterator[str]:
    """Lines in which a tool would tell a secret."""
    for secret in planted.configured:
        yield from (f"key {written} refused" for written in ways_of_writing(secret))
        yield from (f"sent {cut}" for cut in cuts(secret))
    aws, anon, new, github, example, signature, sas = planted.foreign
    yield f"AWS_SECRET_ACCESS_KEY={aws}"
    yield f"apikey: {anon}"
    yield f"curl -H 'apikey: {new}'"
    yield f"https://x-access-token:{github}@github.com/acme/app"
    yield f"profile default {example} eu-central-1"
    yield f"GET https://b.s3.test/k?X-Amz-Date=2026&X-Amz-Signature={signature}&x=1"
    yield f"https://logs.blob.test/run?sv=2020&sig={sas}"
    yield f"postgresql://postgres:{aws}@db.example.test:5432/postgres failed"


def plant(world: World, lines: list[str]) -> None:
    """Put the lines into the log, the job's annotations, the function's log, the row and the table."""
    for job in (job for made in world.repository.runs for job in made.jobs):
        log = [line for text in (job.log or "").splitlines() for line in with_errors(text, lines)]
        job.log = "".join(f"{line}\n" for line in log)
        job.annotations += lines[:20]
    for function in world.project.functions.values():
        tags = {"function_id": function.id}
        world.project.logs += [LogRecord("function_logs", x, tags, "ERROR") for x in lines[-40:]]
    plant_in_database(world, lines)


def plant_in_database(world: World, lines: list[str]) -> None:
    """Into the row and the table's constraints, where the fault leaves a table that takes them."""
    rule = psycopg.sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} CHECK (s3_key <> {})")
    table = psycopg.sql.Identifier("public", "backup_history")
    rules = [
        rule.format(table, psycopg.sql.Identifier(f"no{at}"), line)
        for at, line in enumerate((lines[0], lines[-1]))
    ]
    row = psycopg.sql.SQL("UPDATE {} SET error_text = {}").format(table, "\n".join(lines))
    settings = "-c lock_timeout=500 -c default_transaction_read_only=off"
    with psycopg.connect(world.database_uri, autocommit=True, options=settings) as connection:
        for statement in (row, *rules):
            with suppress(psycopg.Error):
                connection.execute(statement)


def with_errors(line: str, lines: list[str]) -> list[str]:
    """A line of the log; behind an error, the secrets as errors too, else in front of a step."""
    stamp = line.split(" ", 1)[0]
    if "##[error]" in line:
        return [line, *(f"{stamp} ##[error]{text}" for one in lines for text in one.splitlines())]
    if "HTTP" in line:
        return [line, *(f"{stamp} {text}" for one in lines for text in one.splitlines())]
    return [line]


def examined(planted: Planted, folder: Path, form: Format, *more: str) -> str:
    """Everything that a run of the doctor puts out: both streams, report files and bundle."""
    files = [folder / name for name in (*REPORTS, "evidence.json")]
    flags = [part for name in REPORTS for part in ("--report", str(folder / name))]
    command = [sys.executable, "-m", "backup_doctor", *more, "--verbose", "--format", form, *flags]
    done = subprocess.run(
        [*command, "--save-evidence", str(folder / "evidence.json")],
        env={"PATH": os.defpath, "BACKUP_DOCTOR_DEBUG": "1", **planted.environ},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in {0, 1, 3}, done.stderr
    return "\n".join([done.stdout, done.stderr, *(file.read_text() for file in files)])


@pytest.mark.parametrize("fault", PLAYED)
def test_no_secret_comes_out_of_a_diagnosis_in_any_format(
    world: World, fault: str, tmp_path: Path
) -> None:
    planted = prepared(world, fault)

    text = examined(planted, tmp_path, Format.GITHUB, "--dispatch-id", planted.dispatch_id)

    assert leaks(text, planted.secrets) == set()
    assert "redacted:" in text
    assert planted.dispatch_id in text
    assert planted.environ["BACKUP_BUCKET"] in text


def as_judged(file: Path) -> dict[str, object]:
    """What a report says, but for the SQL and the notes: those of a bundle say that nobody checked them."""
    report = json.loads(file.read_text())
    return {name: report[name] for name in ("verdict", "root_cause", "causes", "summary", "chain")}


def test_no_secret_comes_out_of_what_was_saved_and_the_report_is_the_same(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    planted = prepared(world, "stuck")
    examined(planted, tmp_path, Format.TEXT, "--dispatch-id", planted.dispatch_id)
    saved = tmp_path / "evidence.json"
    again = [tmp_path / f"again-{name}" for name in REPORTS]

    flags = [part for file in again for part in ("--report", str(file))]
    code = run(["--from-evidence", str(saved), "--verbose", *flags])

    assert code == 1
    assert leaks(capsys.readouterr().out, planted.secrets) == set()
    for name, file in zip(REPORTS, again, strict=True):
        assert leaks(file.read_text(), planted.secrets) == set(), name
    assert as_judged(again[REPORTS.index("report.json")]) == as_judged(tmp_path / "report.json")
    assert replay(read(saved, load_checks()), load_checks()).errors == ()


def test_no_secret_comes_out_of_preflight(world: World, tmp_path: Path) -> None:
    planted = prepared(world, "wrong-key")

    text = examined(planted, tmp_path, Format.MARKDOWN, "preflight")

    assert leaks(text, planted.secrets) == set()


def test_a_function_that_says_what_it_was_given_is_quoted_without_it(
    world: World, tmp_path: Path
) -> None:
    (world.checkout / "supabase/functions" / FUNCTION / "index.ts").write_text(TELLTALE)
    planted = prepared(world, "healthy")

    text = examined(planted, tmp_path, Format.TEXT, "--dispatch-id", planted.dispatch_id)

    assert leaks(text, planted.secrets) == set()
    assert "is wrong" in text


def test_no_secret_is_in_the_process_list(world: World, tmp_path: Path) -> None:
    planted = prepared(world, "healthy")
    environ = {"PATH": os.defpath, **planted.environ}
    command = [sys.executable, "-m", "backup_doctor", "--dispatch-id", planted.dispatch_id]
    seen = set()

    with subprocess.Popen(command, env=environ, cwd=tmp_path, stdout=subprocess.DEVNULL) as doctor:
        while doctor.poll() is None:
            seen |= {line for line in command_lines() if leaks(line, planted.configured)}

    assert seen == set()


def command_lines() -> Iterator[str]:
    """The command line of every process on this machine."""
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield file.read_text(errors="replace").replace("\0", " ")
        except OSError:  # it has ended by now
            continue
