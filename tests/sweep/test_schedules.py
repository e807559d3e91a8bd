"""The documented schedules are files that their programs take, with flags and settings that exist."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import pytest
import yaml

from backup_doctor.settings.table import SETTINGS
from scripts.docs import help_of

PAGE = (Path(__file__).parents[2] / "docs" / "schedules.md").read_text(encoding="utf-8")
OTHER_NAMES = {"BACKUP_DOCTOR_NOTIFY", "BACKUP_DOCTOR_PING"}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_every_yaml_file_can_be_read() -> None:
    workflow, rules, cronjob = (yaml.safe_load(block) for block in blocks("yaml"))

    assert workflow["jobs"]["sweep"]["timeout-minutes"] == 20
    assert {rule["alert"] for rule in rules["groups"][0]["rules"]} == {
        "BackupsStuck",
        "NoGoodBackup",
        "BackupSweepStale",
    }
    assert cronjob["kind"] == "CronJob"


def test_every_unit_can_be_read() -> None:
    for block in blocks("ini")[:2]:
        unit = configparser.ConfigParser(strict=False)
        unit.read_string(block)
        assert "Unit" in unit


def test_every_flag_exists() -> None:
    flags = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", PAGE)) - {"--now"}

    assert flags - set(re.findall(r"--[a-z][a-z-]*", help_of("sweep"))) == set()


def test_every_setting_exists() -> None:
    known = {name for setting in SETTINGS for name in setting.variables} | OTHER_NAMES
    (env,) = re.findall(
        r"^        env:\n((?:          \w+:.*\n)+)", blocks("yaml")[0], re.MULTILINE
    )

    assert set(re.findall(r"^ +(\w+):", env, re.MULTILINE)) <= known


@pytest.mark.parametrize(
    "metric",
    [
        "stuck_backups",
        "sweep_timestamp_seconds",
        "sweep_complete",
        "fresh",
        "last_good_timestamp_seconds",
    ],
)
def test_every_metric_of_the_alerts_is_written(metric: str) -> None:
    source = Path(__file__).parents[2] / "doctor" / "run" / "sweep" / "render" / "to_prometheus.py"

    assert f"backup_doctor_{metric}" in PAGE
    assert f'"{metric}"' in source.read_text(encoding="utf-8")
