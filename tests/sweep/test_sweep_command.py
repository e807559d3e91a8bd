"""`sweep`: one document on standard output, an exit code for cron, and word to whoever wants it."""

from __future__ import annotations

import json
import re
import signal
import stat
import subprocess
import sys
import time
import warnings
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import jsonschema
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from backup_doctor.cli import sweeping
from backup_doctor.cli.entry import run
from backup_doctor.cli.listing import schema
from backup_doctor.demo.crowd import multiply, original
from backup_doctor.demo.faults import FAULTS
from backup_doctor.demo.world import World
from backup_doctor.run.sweep.formats import SweepFormat
from tests.e2e.doctoring import psql
from tests.programs import bare, on_a_terminal
from tests.sweep.listener import Listener, listening

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backup_doctor.demo.world import Servers

COUNT = 4
ROOT = "function/not-deployed"
MESSAGE = "json://"


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as opened:
        yield opened


@pytest.fixture(scope="module")
def stuck(servers: Servers) -> Iterator[World]:
    """Four backups that have been stuck for ten hours."""
    with World(servers) as world:
        dispatch_id = world.insert_row()
        FAULTS["stuck"].before(world)
        of = original(world, dispatch_id, world.run_pipeline(dispatch_id))
        world.sql("DELETE FROM public.backup_history")
        multiply(world, of, COUNT, datetime.now(UTC) - timedelta(hours=10))
        yield world


@pytest.fixture(autouse=True)
def _stuck_again(stuck: World) -> None:
    """Whatever the test before did, all rows are in progress, as they were."""
    stuck.sql(
        "UPDATE public.backup_history SET status = 'in_progress', s3_key = NULL, size_bytes = NULL,"
        " finished_at = NULL, error_text = NULL"
    )


def command(world: World, *flags: str) -> list[str]:
    return [sys.executable, "-m", "backup_doctor", "sweep", *flags]


def environment(world: World, **more: str | None) -> dict[str, str]:
    given = {**world.environment(), **more}
    return bare(**{name: value for name, value in given.items() if value is not None})


def sweep(
    world: World, *flags: str, cwd: Path, **environ: str | None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(world, *flags),
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=environment(world, **environ),
        stdin=subprocess.DEVNULL,
        timeout=180,
    )


def statuses(world: World) -> list[str]:
    with psycopg.connect(world.owner_uri) as connection:
        found = connection.execute("SELECT status FROM public.backup_history").fetchall()
    return [row[0] for row in found]


def test_the_document_is_the_contracts(stuck: World, tmp_path: Path) -> None:
    done = sweep(stuck, "--format", "json", cwd=tmp_path)

    document = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (1, "")
    assert document["by_root_cause"] == {ROOT: COUNT}
    assert document["counts"] == {"stuck": COUNT, "running": 0, "failing": COUNT, "unknown": 0}
    assert document["complete"] is True
    assert document["freshness"] == {"last_good_at": None, "max_age_s": None, "ok": None}
    reports: list[dict[str, Any]] = document["backups"]
    assert {one["root_cause"] for one in reports} == {ROOT}
    assert {one["verdict"] for one in reports} == {"failing"}
    assert all(one["results"] == [] and one["fix_sql"] for one in reports)
    for one in reports:
        jsonschema.validate(one, json.loads(schema()))


def test_verbose_keeps_what_each_check_found(stuck: World, tmp_path: Path) -> None:
    done = sweep(stuck, "--format", "json", "--verbose", "--limit", "1", cwd=tmp_path)

    (report,) = json.loads(done.stdout)["backups"]
    assert len(report["results"]) == 6


def test_people_read_one_cause_and_what_to_do(stuck: World, tmp_path: Path) -> None:
    done = sweep(stuck, "--format", "text", cwd=tmp_path)

    assert done.stdout.startswith(f"{COUNT} backups, one cause: {ROOT} since ")
    assert "supabase functions deploy update-backup" in done.stdout
    assert "All of one: backup-doctor --dispatch-id " in done.stdout


def test_a_ticket_names_the_backups(stuck: World, tmp_path: Path) -> None:
    done = sweep(stuck, cwd=tmp_path)

    assert done.stdout.startswith(f"## ❌ {COUNT} backups, one cause: {ROOT} since ")
    assert done.stdout.count("`: its row can be fixed\n") == COUNT


def test_metrics_are_read_by_prometheus(stuck: World, tmp_path: Path) -> None:
    done = sweep(stuck, "--format", "prometheus", cwd=tmp_path)

    families = {one.name: one for one in text_string_to_metric_families(done.stdout)}
    (by_cause,) = families["backup_doctor_stuck_backups"].samples
    place = {
        "project": stuck.project.ref,
        "repository": stuck.repository.full_name,
        "table": "public.backup_history",
    }
    assert (by_cause.labels, by_cause.value) == ({**place, "root_cause": ROOT}, COUNT)
    assert all(
        place.items() <= sample.labels.items()
        for one in families.values()
        for sample in one.samples
    )
    assert families["backup_doctor_fresh"].samples == []
    assert families["backup_doctor_sweep_complete"].samples[0].value == 1
    assert families["backup_doctor_oldest_stuck_backup_age_seconds"].samples[0].value > 35_000


def test_nothing_stuck_is_exit_code_0(stuck: World, tmp_path: Path) -> None:
    done = sweep(stuck, "--older-than", "1d", cwd=tmp_path)

    assert done.returncode == 0
    assert "No stuck backups" in done.stdout


def test_that_no_backup_was_good_lately_is_exit_code_1_and_worth_a_message(
    stuck: World, listener: Listener, tmp_path: Path
) -> None:
    url = listener.url.replace("http://", MESSAGE) + "/hooks/9a8b7c6d5e4f3a2b"
    # Only what is stuck for longer than a day is looked for: nothing is.
    flags = ("--older-than", "1d", "--notify", url, "--state", "last.json")
    good = "UPDATE public.backup_history SET status = 'success', s3_key = 'k', size_bytes = 7"

    never = sweep(stuck, *flags, "--quiet", cwd=tmp_path, BACKUP_MAX_AGE="26h")
    same = sweep(stuck, *flags, cwd=tmp_path, BACKUP_MAX_AGE="26h")
    stuck.sql(f"{good}, finished_at = now() - interval '3 d 1 min'")
    old = sweep(stuck, *flags, "--format", "json", cwd=tmp_path, BACKUP_MAX_AGE="26h")
    allowed = sweep(stuck, *flags, cwd=tmp_path, BACKUP_MAX_AGE="4d")
    metrics = sweep(stuck, "--format", "prometheus", cwd=tmp_path, BACKUP_MAX_AGE="26h")

    assert [one.returncode for one in (never, same, old, allowed, metrics)] == [1, 1, 1, 0, 1]
    assert never.stdout.startswith("## ❌ No backup has succeeded at all; there should be one")
    assert json.loads(old.stdout)["freshness"]["ok"] is False
    assert "The last good backup is 3 d old; it may be 4 d (max_age)." in allowed.stdout
    first, last = [json.loads(body) for _, _, body in listener.heard]
    assert first["title"].endswith(": no good backup at all")
    assert "no good backup lately" in first["message"]
    assert "row/none-lately" in first["message"]
    assert (first["type"], last["type"]) == ("failure", "success")
    assert "good backups again" in last["message"]
    families = {one.name: one for one in text_string_to_metric_families(metrics.stdout)}
    assert families["backup_doctor_fresh"].samples[0].value == 0
    assert families["backup_doctor_last_good_size_bytes"].samples[0].value == 7
    made = families["backup_doctor_last_good_timestamp_seconds"].samples[0].value
    assert abs(time.time() - made - 3 * 86_400 - 60) < 60


def test_that_none_was_good_lately_is_no_cause_of_what_is_stuck(
    stuck: World, tmp_path: Path
) -> None:
    done = sweep(stuck, "--format", "json", cwd=tmp_path, BACKUP_MAX_AGE="26h")

    document = json.loads(done.stdout)
    assert document["by_root_cause"] == {ROOT: COUNT}
    assert document["freshness"]["ok"] is False


def test_a_database_that_cannot_be_asked_is_exit_code_3_without_another_way(
    stuck: World, tmp_path: Path
) -> None:
    nowhere = {"SUPABASE_DB_URL": "postgresql://nobody:wrong@127.0.0.1:1/none"}
    no_sql = {**nowhere, "SUPABASE_ACCESS_TOKEN": None}

    by_key = sweep(stuck, "--format", "json", cwd=tmp_path, **no_sql)
    alone = sweep(stuck, "--format", "json", cwd=tmp_path, **no_sql, SUPABASE_SERVICE_ROLE_KEY=None)

    assert (by_key.returncode, alone.returncode) == (1, 3)
    found, none = json.loads(by_key.stdout), json.loads(alone.stdout)
    assert (found["complete"], found["counts"]["stuck"]) == (True, COUNT)
    assert (none["complete"], none["backups"]) == (False, [])
    for document in (found, none):
        assert any("refused the connection" in note for note in document["notes"])


def test_the_service_key_alone_finds_them_too(stuck: World, tmp_path: Path) -> None:
    done = sweep(
        stuck,
        "--format",
        "json",
        cwd=tmp_path,
        SUPABASE_DB_URL=None,
        SUPABASE_ACCESS_TOKEN=None,
    )

    assert done.returncode == 1
    assert json.loads(done.stdout)["counts"]["stuck"] == COUNT


def test_the_script_is_one_paste_that_mends_every_row(stuck: World, tmp_path: Path) -> None:
    done = sweep(stuck, "--fix-script", "mend.sql", cwd=tmp_path)

    psql(stuck, (tmp_path / "mend.sql").read_text())
    assert done.returncode == 1
    assert statuses(stuck) == ["success"] * COUNT
    assert stat.S_IMODE((tmp_path / "mend.sql").stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["no/such/folder.sql", "link.sql"])
def test_a_script_that_cannot_be_written_costs_no_report(
    stuck: World, name: str, tmp_path: Path
) -> None:
    (tmp_path / "link.sql").symlink_to(tmp_path / "of-another")

    done = sweep(stuck, "--fix-script", name, cwd=tmp_path)

    assert done.returncode == 4
    assert "could not be written" in done.stderr
    assert done.stdout.startswith("## ❌")
    assert not (tmp_path / "of-another").exists()


def test_apply_mends_no_more_than_allowed(stuck: World, tmp_path: Path) -> None:
    flags = ("--apply", "--yes", "--max-changes", "3")
    done = sweep(stuck, *flags, cwd=tmp_path, SUPABASE_DB_URL=stuck.owner_uri)

    assert done.returncode == 0, done.stderr
    assert sorted(statuses(stuck)) == ["in_progress", "success", "success", "success"]
    assert "Changed 3 of 3 rows." in done.stderr
    assert "1 more has a fix; --max-changes is 3." in done.stderr


def test_apply_ends_well_where_nothing_is_stuck_any_more(stuck: World, tmp_path: Path) -> None:
    done = sweep(stuck, "--apply", "--yes", cwd=tmp_path, SUPABASE_DB_URL=stuck.owner_uri)

    assert done.returncode == 0, done.stderr
    assert statuses(stuck) == ["success"] * COUNT
    assert done.stderr.count('"in_progress" → "success"') == COUNT


def test_apply_asks_nobody_without_a_terminal(stuck: World, tmp_path: Path) -> None:
    done = sweep(stuck, "--apply", cwd=tmp_path)

    assert done.returncode == 3
    assert "Give --yes" in done.stderr
    assert statuses(stuck) == ["in_progress"] * COUNT


def test_a_dead_mans_switch_hears_the_start_and_the_end(
    stuck: World, listener: Listener, tmp_path: Path
) -> None:
    url = f"{listener.url}/0f1e2d3c-secret-slug?create=1"

    failing = sweep(stuck, "--ping", url, cwd=tmp_path)
    sweep(stuck, "--ping", url, "--older-than", "1d", cwd=tmp_path)

    slug = "/0f1e2d3c-secret-slug"
    starts_and_ends = [f"{slug}/start?create=1", f"{slug}/fail?create=1"]
    assert listener.paths == [*starts_and_ends, f"{slug}/start?create=1", f"{slug}?create=1"]
    assert ROOT in listener.heard[1][2]
    assert "secret-slug" not in failing.stdout + failing.stderr


def test_a_switch_that_does_not_hear_changes_nothing_else(
    stuck: World, listener: Listener, tmp_path: Path
) -> None:
    listener.status = 500

    done = sweep(stuck, "--ping", f"{listener.url}/0f1e2d3c-secret-slug", cwd=tmp_path)

    assert done.returncode == 1
    assert "answered HTTP 500" in done.stderr
    assert "secret-slug" not in done.stderr


def test_one_message_a_sweep_and_with_a_state_only_on_change(
    stuck: World, listener: Listener, tmp_path: Path
) -> None:
    url = listener.url.replace("http://", MESSAGE) + "/hooks/9a8b7c6d5e4f3a2b"
    flags = ("--notify", url, "--state", "last.json")

    sweep(stuck, *flags, cwd=tmp_path)
    sweep(stuck, *flags, cwd=tmp_path)
    stuck.sql("UPDATE public.backup_history SET status = 'failed'")
    sweep(stuck, *flags, cwd=tmp_path)
    sweep(stuck, *flags, cwd=tmp_path)

    first, last = [json.loads(body) for _, _, body in listener.heard]
    assert first["title"] == f"{stuck.repository.full_name}: {COUNT} stuck backups: {ROOT}"
    assert "First: Deploy update-backup" in first["message"]
    assert re.search(r"- Fingerprint: bd-\w{10}", first["message"])
    assert f"{COUNT} new" in first["message"]
    assert (first["type"], last["type"]) == ("failure", "success")
    assert f"{COUNT} no longer stuck (now failed)" in last["message"]


def test_a_table_that_cannot_be_read_any_more_is_worth_one_message_and_nothing_is_said_to_be_over(
    stuck: World, listener: Listener, tmp_path: Path
) -> None:
    url = listener.url.replace("http://", MESSAGE) + "/hooks/9a8b7c6d5e4f3a2b"
    flags = ("--notify", url, "--state", "last.json")
    nowhere = {"SUPABASE_DB_URL": "postgresql://nobody:wrong@127.0.0.1:1/none"}
    unread = {**nowhere, "SUPABASE_ACCESS_TOKEN": None, "SUPABASE_SERVICE_ROLE_KEY": None}

    sweep(stuck, *flags, cwd=tmp_path)
    blind = [sweep(stuck, *flags, cwd=tmp_path, **unread)]
    assert len(listener.heard) == 1, "a single blind moment is not told"
    state = json.loads((tmp_path / "last.json").read_text())
    earlier = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
    (tmp_path / "last.json").write_text(json.dumps({**state, "seen_at": earlier}))
    blind += [sweep(stuck, *flags, cwd=tmp_path, **unread) for _ in range(2)]
    sweep(stuck, *flags, cwd=tmp_path)

    assert [one.returncode for one in blind] == [3, 3, 3]
    _, lost, again = [json.loads(body) for _, _, body in listener.heard]
    assert lost["title"].endswith(": Could not determine whether backups are stuck.")
    assert (lost["type"], again["type"]) == ("failure", "failure")
    assert "UTC): not all can be seen." in lost["message"]
    assert "UTC): all can be seen again." in again["message"]
    assert "no longer stuck" not in lost["message"]


def test_rows_whose_word_no_setting_names_are_no_all_clear(stuck: World, tmp_path: Path) -> None:
    stuck.sql("ALTER TABLE public.backup_history DROP CONSTRAINT backup_history_status_check")
    stuck.sql("UPDATE public.backup_history SET status = 'running'")

    unnamed = sweep(stuck, cwd=tmp_path)
    named = sweep(stuck, cwd=tmp_path, BACKUP_DOCTOR_STATUS_IN_PROGRESS="running")

    assert unnamed.returncode == 3
    assert "Could not determine whether backups are stuck." in unnamed.stdout
    assert "status 'running', which no setting names" in unnamed.stdout
    assert named.returncode == 1


def test_rows_without_a_status_are_no_all_clear(stuck: World, tmp_path: Path) -> None:
    stuck.sql("ALTER TABLE public.backup_history ALTER status DROP NOT NULL")
    stuck.sql("UPDATE public.backup_history SET status = NULL")

    unnamed = sweep(stuck, cwd=tmp_path)

    assert unnamed.returncode == 3
    assert "they have no end and no status" in " ".join(unnamed.stdout.split())


def test_a_message_that_is_refused_is_sent_again_the_next_time(
    stuck: World, listener: Listener, tmp_path: Path
) -> None:
    url = listener.url.replace("http://", MESSAGE) + "/hooks/9a8b7c6d5e4f3a2b"
    flags = ("--notify", url, "--state", "last.json")
    listener.status = 503

    refused = sweep(stuck, *flags, cwd=tmp_path)
    listener.status = 200
    sweep(stuck, *flags, cwd=tmp_path)

    assert refused.returncode == 1, "what is stuck decides, whoever could be told of it"
    assert "the address 1 of --notify did not take the message" in refused.stderr
    assert "9a8b7c6d5e4f3a2b" not in refused.stderr
    assert len(listener.heard) >= 2


def test_no_secret_is_in_any_format(stuck: World, tmp_path: Path) -> None:
    secrets = (
        stuck.backup_api_key,
        stuck.access_token.value,
        stuck.github_token.value,
        stuck.servers.postgres.password,
        stuck.bucket.doctor.secret_access_key,
    )

    for form in SweepFormat:
        done = sweep(stuck, "--format", form, "--verbose", cwd=tmp_path)
        for secret in secrets:
            assert secret not in done.stdout + done.stderr, form


def test_ctrl_c_prints_what_is_known_so_far(stuck: World, tmp_path: Path) -> None:
    stuck.project.faults.latency_s = 3.0
    stuck.management.requests.clear()
    try:
        process = subprocess.Popen(
            command(stuck, "--format", "json"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env=environment(stuck),
        )
        while not stuck.management.requests and process.poll() is None:
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        pressed = time.monotonic()
        out, err = process.communicate(timeout=30)
    finally:
        stuck.project.faults.latency_s = 0.0

    assert process.returncode == 130
    assert time.monotonic() - pressed < 5
    assert json.loads(out)["complete"] is False
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (("--older-than", "soon"), "--older-than is not a duration"),
        (("--yes",), "--yes answers the question of --apply"),
        (("--ping", "nowhere"), "--ping is not a URL"),
        (("--notify-test",), "--notify-test is for --notify"),
        (("--budget", "0"), "--budget is in seconds"),
        (("--format", "junit"), "junit"),
    ],
)
def test_a_flag_that_cannot_be_right_is_named(
    stuck: World, tmp_path: Path, flags: tuple[str, ...], says: str
) -> None:
    done = sweep(stuck, *flags, cwd=tmp_path)

    assert done.returncode == 2
    assert says in done.stderr


def test_a_terminal_gets_colours_and_a_bar_while_it_works(stuck: World, tmp_path: Path) -> None:
    seen = on_a_terminal(command(stuck), cwd=tmp_path, env=environment(stuck))

    assert f"\x1b[1;31m{COUNT} backups" in seen
    assert "Asking what all backups share" in seen


def test_a_message_that_cannot_be_sent_or_noted_costs_no_report(
    stuck: World, listener: Listener, tmp_path: Path
) -> None:
    url = listener.url.replace("http://", MESSAGE) + "/hooks/9a8b7c6d5e4f3a2b"

    unnoted = sweep(stuck, "--notify", url, "--state", "no/such/folder.json", cwd=tmp_path)

    assert unnoted.returncode == 1
    assert unnoted.stdout.startswith("## ❌")
    assert "The state could not be written to no/such/folder.json" in unnoted.stderr
    assert len(listener.heard) == 1


def test_an_address_that_cannot_be_one_is_exit_2_before_anything_is_asked(
    stuck: World, listener: Listener, tmp_path: Path
) -> None:
    good = listener.url.replace("http://", MESSAGE) + "/hooks/9a8b7c6d5e4f3a2b"
    bad = "nonsense://secret-token-1"

    for flags in ((), ("--notify-test",), ("--older-than", "1d")):
        done = sweep(stuck, "--notify", good, "--notify", bad, *flags, cwd=tmp_path)

        assert (done.returncode, done.stdout) == (2, "")
        assert "The address 2 of --notify is not one that apprise knows." in done.stderr
        assert "secret-token-1" not in done.stderr
    assert listener.heard == []


def test_a_message_can_be_tried(listener: Listener, tmp_path: Path) -> None:
    url = listener.url.replace("http://", MESSAGE) + "/hooks/9a8b7c6d5e4f3a2b"
    flags = ["sweep", "--notify", url, "--notify", f"{url}c", "--notify-test"]

    def tried() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "backup_doctor", *flags],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env=bare(),
            timeout=60,
        )

    taken = tried()
    listener.status = 503
    refused = tried()

    first = json.loads(listener.heard[0][2])
    assert (taken.returncode, taken.stdout) == (0, "")
    assert taken.stderr.count("took the message") == 2
    assert first["title"] == "backup-doctor: a test"
    assert refused.returncode == 1
    assert "The address 2 of --notify did not take the message." in refused.stderr
    assert "9a8b7c6d5e4f3a2b" not in taken.stderr + refused.stderr


def test_an_error_in_the_tool_itself_is_exit_code_4_with_what_is_known(
    stuck: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object) -> None:
        raise ValueError(f"about {stuck.access_token.value}")

    monkeypatch.chdir(tmp_path)
    for name, value in stuck.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sweeping, "_begun", fail)
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    code = run(["sweep", "--format", "json"])

    told = capsys.readouterr()
    assert code == 4
    assert json.loads(told.out)["complete"] is False
    assert "an error in the tool itself: ValueError: about" in told.err
    assert stuck.access_token.value not in told.err


def test_a_sweep_that_cannot_begin_or_be_shown_is_told_all_the_same(
    stuck: World,
    listener: Listener,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    url = listener.url.replace("http://", MESSAGE) + "/hooks/9a8b7c6d5e4f3a2b"
    (tmp_path / ".env").write_text("BACKUP_DOCTOR_TABLE=public.other\n")

    misnamed = sweep(stuck, "--notify", url, cwd=tmp_path, BACKUP_DOCTOR_COLUMNS_STATUS="state")
    broken = sweep(stuck, "--notify", url, cwd=tmp_path, SUPABASE_URL="no url")
    forbidden = sweep(stuck, "--notify", url, "--apply", "--yes", cwd=tmp_path)

    assert [one.returncode for one in (misnamed, broken, forbidden)] == [2, 2, 3]
    first, second, third = [json.loads(body) for _, _, body in listener.heard]
    assert {one["type"] for one in (first, second, third)} == {"failure"}
    assert "Could not check: " in first["message"]
    assert "SUPABASE_URL" in second["message"]
    assert "Could not determine whether backups are stuck." in third["title"]

    def fail(*_: object) -> None:
        raise ValueError("no page")

    (tmp_path / ".env").unlink()
    monkeypatch.chdir(tmp_path)
    for name, value in stuck.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sweeping, "print_sweep", fail)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    with warnings.catch_warnings(action="ignore"):
        code = run(["sweep", "--notify", url])

    assert code == 4
    assert "an error in the tool itself: ValueError: no page" in capsys.readouterr().err
    assert f"{COUNT} stuck backups" in json.loads(listener.heard[-1][2])["title"]


@pytest.mark.parametrize(
    "without",
    [(), ("SUPABASE_DB_URL",), ("SUPABASE_DB_URL", "SUPABASE_ACCESS_TOKEN")],
    ids=["psycopg", "Management API", "Data API"],
)
def test_the_page_shows_the_last_days_by_every_way(
    stuck: World, tmp_path: Path, without: tuple[str, ...]
) -> None:
    none = dict.fromkeys(without, "")

    done = sweep(stuck, "--format", "html", "--sample", "1", cwd=tmp_path, **none)

    assert done.returncode == 1
    assert done.stdout.startswith("<!DOCTYPE html>")
    # Early in the day they are yesterday's, which is then a day without a good backup.
    assert re.search(rf"<figcaption>[^<]*: {COUNT} stuck\.", done.stdout)


def of_three_projects(stuck: World, tmp_path: Path) -> None:
    """Two of which cannot be read. The names of the file are the only ones that it has."""
    given = stuck.environment()
    (tmp_path / "backup-doctor.toml").write_text(
        "\n".join(
            [
                "[projects.nowhere]",
                'supabase_url = "http://127.0.0.1:9"',
                'service_role_key_env = "SUPABASE_SERVICE_ROLE_KEY"',
                '[projects."my shop"]',
                f'supabase_url = "{given["SUPABASE_URL"]}"',
                'service_role_key_env = "SUPABASE_SERVICE_ROLE_KEY"',
                'database_url_env = "SUPABASE_DB_URL"',
                "[projects.broken]",
                'supabase_url = "no url"',
            ]
        )
    )


def test_of_all_projects_one_that_cannot_be_read_hides_none(stuck: World, tmp_path: Path) -> None:
    of_three_projects(stuck, tmp_path)

    done = sweep(stuck, "--all-projects", "--format", "json", "--sample", "1", cwd=tmp_path)

    projects = json.loads(done.stdout)["projects"]
    assert done.returncode == 3
    assert list(projects) == ["nowhere", "my shop", "broken"]
    assert [one["complete"] for one in projects.values()] == [False, True, False]
    assert projects["my shop"]["counts"]["stuck"] == COUNT
    assert "supabase_url (backup-doctor.toml, [projects.broken])" in projects["broken"]["notes"][0]
    assert "broken: supabase_url" in done.stderr

    text = sweep(stuck, "--all-projects", "--format", "text", "--sample", "1", cwd=tmp_path).stdout

    assert "=== my shop ===\n\n4 backups, one cause" in text
    assert "All of one: backup-doctor --project 'my shop' --dispatch-id " in text


def test_of_all_projects_there_is_one_page(stuck: World, tmp_path: Path) -> None:
    of_three_projects(stuck, tmp_path)

    done = sweep(stuck, "--all-projects", "--format", "html", "--sample", "1", cwd=tmp_path)

    assert done.returncode == 3
    assert done.stdout.count("<!DOCTYPE html>") == 1
    assert "<title>Backups: 3 of 3 projects need a look.</title>" in done.stdout
    names = re.findall(r'<h2 id="name-\d">(.*)</h2>', done.stdout)
    assert names == ["my shop", "nowhere", "broken"], "what is stuck stands first"
    for form in ("html", "prometheus"):
        told = sweep(stuck, "--all-projects", "--format", form, "--sample", "1", cwd=tmp_path)
        assert stuck.github_token.value not in told.stdout
        assert stuck.access_token.value not in told.stdout


def test_of_all_projects_there_is_one_exposition(stuck: World, tmp_path: Path) -> None:
    of_three_projects(stuck, tmp_path)

    done = sweep(stuck, "--all-projects", "--format", "prometheus", "--sample", "1", cwd=tmp_path)

    families = list(text_string_to_metric_families(done.stdout))
    assert done.returncode == 3
    assert len({one.name for one in families}) == len(families), "each metric stands once"
    complete = {
        sample.labels["project"]: sample.value
        for one in families
        for sample in one.samples
        if sample.name == "backup_doctor_sweep_complete"
    }
    assert complete == {"nowhere": 0, "my shop": 1, "broken": 0}


@pytest.mark.parametrize("flags", [("--project", "x"), ("--apply",), ("--fix-script", "x")])
def test_what_is_for_one_project_is_not_done_for_all(
    stuck: World, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    done = sweep(stuck, "--all-projects", *flags, cwd=tmp_path)

    assert done.returncode == 2
    assert "is for one project" in done.stderr


def test_of_all_projects_there_is_one_message_and_a_state_of_each_and_the_switch_hears_once(
    stuck: World, listener: Listener, tmp_path: Path
) -> None:
    (tmp_path / "backup-doctor.toml").write_text(
        f'[projects.nowhere]\nsupabase_url = "{listener.url}"\n'
        f'[projects.shop]\nsupabase_url = "{stuck.environment()["SUPABASE_URL"]}"\n'
        'database_url_env = "SUPABASE_DB_URL"\n'
    )
    hook = listener.url.replace("http://", MESSAGE) + "/hooks/9a8b7c6d5e4f3a2b"
    told = ("--notify", hook, "--state", "state.json", "--ping", f"{listener.url}/switch")

    done = sweep(stuck, "--all-projects", *told, "--sample", "1", cwd=tmp_path)

    heard = [(path, body) for _, path, body in listener.heard if path.startswith(("/h", "/sw"))]
    assert done.returncode == 3
    assert [path.partition("/9a")[0] for path, _ in heard] == [
        "/switch/start",
        "/hooks",
        "/switch/fail",
    ]
    both = json.loads(heard[1][1])
    assert both["title"] == "2 projects to look at: nowhere, shop"
    assert f"- shop: {COUNT} stuck backups: {ROOT}" in both["message"]
    assert "- nowhere: Could not determine whether backups are stuck." in both["message"]
    kept = {file.name for file in tmp_path.glob("state*")}
    assert kept == {"state.json.nowhere", "state.json.shop"}
