"""The documented schedules work as they are pasted: each block is run, or held against its program."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from backup_doctor.demo.crowd import multiply, original
from backup_doctor.demo.faults import FAULTS
from backup_doctor.demo.world import World
from backup_doctor.judge.freshness import Freshness
from backup_doctor.report.render.formats import Look
from backup_doctor.run.sweep.render.to_prometheus import write
from backup_doctor.settings.table import SETTINGS
from scripts.docs import help_of
from tests.action.test_valid import problems
from tests.programs import bare
from tests.sweep.kubernetes import CRON_JOB, misfits
from tests.sweep.listener import Listener, listening
from tests.sweep.on_github import OnGitHub
from tests.sweep.results import sweep, swept

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backup_doctor.demo.world import Servers

PAGE = (Path(__file__).parents[2] / "docs" / "schedules.md").read_text(encoding="utf-8")
OTHER_NAMES = {"BACKUP_DOCTOR_NOTIFY", "BACKUP_DOCTOR_PING"}
COUNT = 2
STATE = "last-sweep.json"
INSTALLED = "/usr/local/bin/backup-doctor"
PROGRAM = str(Path(sys.executable).with_name("backup-doctor"))


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


WORKFLOW, RULES, CRON = blocks("yaml")
SERVICE, TIMER, METRICS = blocks("ini")


@pytest.fixture(scope="module")
def stuck(servers: Servers) -> Iterator[World]:
    """Two backups that have been stuck for ten hours."""
    with World(servers) as world:
        dispatch_id = world.insert_row()
        FAULTS["stuck"].before(world)
        of = original(world, dispatch_id, world.run_pipeline(dispatch_id))
        world.sql("DELETE FROM public.backup_history")
        multiply(world, of, COUNT, datetime.now(UTC) - timedelta(hours=10))
        yield world


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as opened:
        yield opened


def hook(listener: Listener) -> str:
    return listener.url.replace("http://", "json://") + "/hooks/9a8b7c6d5e4f3a2b"


def test_every_flag_exists() -> None:
    flags = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", PAGE)) - {"--now"}

    assert flags - set(re.findall(r"--[a-z][a-z-]*", help_of("sweep"))) == set()


# GitHub ------------------------------------------------------------------------------------------


def on_github(world: World, **secrets: str) -> OnGitHub:
    """The documented workflow in a repository that has these secrets beside the doctor's own."""
    given = world.environment()
    return OnGitHub(
        workflow=WORKFLOW,
        job="sweep",
        env={
            name: given[name]
            for name in ("GITHUB_REPOSITORY", "GITHUB_API_URL", "AWS_ENDPOINT_URL_S3")
        },
        secrets={
            "GITHUB_TOKEN": given["GITHUB_TOKEN"],
            "VITE_SUPABASE_URL": given["SUPABASE_URL"],
            "VITE_SUPABASE_SERVICE_ROLE_KEY": given["SUPABASE_SERVICE_ROLE_KEY"],
            "DOCTOR_DB_URL": given["SUPABASE_DB_URL"],
            "DOCTOR_AWS_ACCESS_KEY_ID": given["AWS_ACCESS_KEY_ID"],
            "DOCTOR_AWS_SECRET_ACCESS_KEY": given["AWS_SECRET_ACCESS_KEY"],
            **secrets,
        },
        variables={"BACKUP_BUCKET": given["BACKUP_BUCKET"], "AWS_REGION": given["AWS_REGION"]},
    )


def test_githubs_own_parser_takes_the_workflow_and_each_action_is_pinned(tmp_path: Path) -> None:
    file = tmp_path / "sweep.yml"
    file.write_text(WORKFLOW)

    assert problems(file) == []
    used = re.findall(r"uses: (\S+)", WORKFLOW)
    assert len(used) == 3
    assert all(re.fullmatch(r"actions/[\w/]+@[0-9a-f]{40}", one) for one in used)


def test_a_workflow_tells_of_what_is_stuck_once_and_its_state_survives_the_red_runs(
    stuck: World, listener: Listener, tmp_path: Path
) -> None:
    github = on_github(
        stuck,
        BACKUP_DOCTOR_NOTIFY=hook(listener),
        BACKUP_DOCTOR_PING=f"{listener.url}/switch",
    )

    first, second = (github.run(tmp_path / str(at), at) for at in (1, 2))

    assert (first.codes, second.codes) == ([0, 1], [0, 1]), first.stderr
    assert f"{COUNT} backups, one cause: function/not-deployed" in first.summary.read_text()
    assert [path for path in listener.paths if path.startswith("/hooks")] == [
        "/hooks/9a8b7c6d5e4f3a2b"
    ], "nothing changed in the second"
    assert listener.paths.count("/switch/fail") == 2
    assert len(json.loads(github.cache["last-sweep-2-1"])["stuck"]) == COUNT


def test_a_workflow_needs_no_secret_but_those_that_it_reads_the_world_with(
    stuck: World, tmp_path: Path
) -> None:
    github = on_github(stuck)

    ran = github.run(tmp_path, 1)

    assert (ran.codes, ran.stderr) == ([0, 1], "")
    assert "function/not-deployed" in ran.summary.read_text()
    assert github.cache == {}


def test_every_setting_of_the_workflow_exists() -> None:
    known = {name for setting in SETTINGS for name in setting.variables} | OTHER_NAMES
    (step,) = (one for one in yaml.safe_load(WORKFLOW)["jobs"]["sweep"]["steps"] if "env" in one)

    assert step["env"].keys() <= known


# systemd -----------------------------------------------------------------------------------------


def unit(text: str) -> configparser.ConfigParser:
    found = configparser.ConfigParser(strict=True, interpolation=None)
    found.optionxform = str  # type: ignore[method-assign,assignment] # systemd's names have capitals
    found.read_string(text)
    return found


def carried_out(text: str, world: World, folder: Path, **more: str) -> int:
    """What a service's own command ends with, in its folder, with its environment file."""
    command = unit(text)["Service"]["ExecStart"].replace(INSTALLED, PROGRAM)
    return subprocess.run(
        shlex.split(command),
        cwd=folder,
        env=bare(**world.environment(), **more),
        stdout=subprocess.DEVNULL,
        check=False,
        timeout=300,
    ).returncode


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("backup-sweep.service", SERVICE),
        ("backup-sweep.timer", SERVICE + TIMER),
        ("backup-metrics.service", METRICS),
    ],
)
def test_systemd_takes_every_unit(name: str, text: str, tmp_path: Path) -> None:
    """`verify` names what it does not know on standard error; where it is not, its keys are held."""
    files = {"backup-sweep.service": SERVICE, "backup-sweep.timer": TIMER}
    files |= {"backup-metrics.service": METRICS}
    for one, content in files.items():
        (tmp_path / one).write_text(content.replace(INSTALLED, PROGRAM))
    program = shutil.which("systemd-analyze")
    if program is None:
        keys = {key for section in unit(files[name]).values() for key in section}
        assert keys <= UNIT_KEYS
        return

    done = subprocess.run(
        [program, "verify", "--man=no", tmp_path / name],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert text


UNIT_KEYS = frozenset(
    re.findall(
        r"\w+",
        """
        Description Wants After Type DynamicUser User StateDirectory WorkingDirectory
        EnvironmentFile ExecStart SuccessExitStatus TimeoutStartSec NoNewPrivileges ProtectSystem
        ReadWritePaths ProtectHome PrivateTmp OnCalendar RandomizedDelaySec Persistent WantedBy
        """,
    )
)


def test_a_unit_tells_of_what_is_stuck_once_and_keeps_its_state(
    stuck: World, listener: Listener, tmp_path: Path
) -> None:
    told = {"BACKUP_DOCTOR_NOTIFY": hook(listener)}

    codes = [carried_out(SERVICE, stuck, tmp_path, **told) for _ in range(2)]

    assert codes == [1, 1]
    assert unit(SERVICE)["Service"]["SuccessExitStatus"] == "1"
    assert len(listener.paths) == 1
    assert len(json.loads((tmp_path / STATE).read_text())["stuck"]) == COUNT


def test_a_unit_without_an_address_looks_all_the_same(stuck: World, tmp_path: Path) -> None:
    assert carried_out(SERVICE, stuck, tmp_path) == 1
    assert not (tmp_path / STATE).exists(), "who gives an address later is told of all"


def test_the_metrics_are_moved_into_place_as_a_whole_or_not_at_all(
    stuck: World, tmp_path: Path
) -> None:
    file = tmp_path / "backups.prom"

    code = carried_out(METRICS, stuck, tmp_path)
    written = file.read_text()
    carried_out(METRICS, stuck, tmp_path, BACKUP_STUCK_AFTER="soon")

    names = {one.name for one in text_string_to_metric_families(written)}
    assert code == 0
    assert "backup_doctor_stuck_backups" in names
    assert file.read_text() == written, "a sweep that could not begin leaves it"


# Prometheus --------------------------------------------------------------------------------------

TOKEN = re.compile(r"\s*(?:(?P<number>\d+)|(?P<operator>==|>)|(?P<mark>[()\-,])|(?P<word>[a-z_]+))")
WORDS = {"sum", "by", "or", "time", "absent"}


def written_samples() -> list[Any]:
    """Every sample that a sweep can have."""
    last = Freshness(ok=False, last_good_at=datetime(2026, 1, 1, tzinfo=UTC))
    place = {"project": "shop", "repository": "acme/app", "table": "public.backup_history"}
    text = write(sweep(swept(), freshness=last, place=place), Look())
    return [sample for one in text_string_to_metric_families(text) for sample in one.samples]


def words_of(expression: str) -> set[str]:
    """The words of an expression that is made of nothing else than it may be."""
    found, at = set(), 0
    while at < len(expression):
        token = TOKEN.match(expression, at)
        assert token, expression[at:]
        at = token.end()
        found |= {token["word"]} - {None}
    assert expression.count("(") == expression.count(")")
    return found


@pytest.mark.parametrize(
    "rule", yaml.safe_load(RULES)["groups"][0]["rules"], ids=lambda one: str(one["alert"])
)
def test_every_alert_is_of_metrics_and_labels_that_are_written(rule: dict[str, Any]) -> None:
    samples = written_samples()

    known = {sample.name for sample in samples}
    labels = set.intersection(*(set(sample.labels) for sample in samples))
    words = words_of(rule["expr"])
    assert words - WORDS - labels <= known
    assert words & known, "it is of some metric"
    templates = re.findall(r"\{\{ (.*?) \}\}", json.dumps(rule["annotations"]))
    assert set(templates) <= {"$value"} | {f"$labels.{label}" for label in labels}


def test_the_rules_are_a_file_as_prometheus_reads_it() -> None:
    """Source: Prometheus, "Recording rules" and "Alerting rules"."""
    (group,) = yaml.safe_load(RULES).pop("groups")

    assert group.keys() == {"name", "rules"}
    for rule in group["rules"]:
        assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations", "keep_firing_for"}
        assert re.fullmatch(r"[A-Za-z_]\w*", rule["alert"])
        assert re.fullmatch(r"(\d+[smhd])+", rule.get("for", "1m"))
    assert [rule["alert"] for rule in group["rules"]] == [
        "BackupsStuck",
        "NoGoodBackup",
        "CredentialRefused",
        "BackupSweepStale",
    ]


# Kubernetes --------------------------------------------------------------------------------------


def test_the_cron_job_has_no_field_that_kubernetes_does_not_know() -> None:
    assert misfits(yaml.safe_load(CRON), CRON_JOB) == []


def test_the_cron_job_may_write_its_state_and_nothing_else() -> None:
    pod = yaml.safe_load(CRON)["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    (mount,) = container["volumeMounts"]

    assert pod["securityContext"]["fsGroup"] == pod["securityContext"]["runAsUser"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert mount["name"] in {volume["name"] for volume in pod["volumes"]}
    assert container["args"][-1].startswith(mount["mountPath"] + "/")


def test_the_cron_jobs_arguments_are_those_of_a_sweep_whose_state_survives(
    stuck: World, listener: Listener, tmp_path: Path
) -> None:
    job = yaml.safe_load(CRON)["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    arguments = [one.replace("/state/", f"{tmp_path}/") for one in job["containers"][0]["args"]]

    codes = [
        subprocess.run(
            [PROGRAM, *arguments],
            cwd=tmp_path,
            env=bare(**stuck.environment(), BACKUP_DOCTOR_NOTIFY=hook(listener)),
            stdout=subprocess.DEVNULL,
            check=False,
            timeout=300,
        ).returncode
        for _ in range(2)
    ]

    assert codes == [1, 1]
    assert len(listener.paths) == 1
