"""The action, the demo's workflow and every printed snippet are valid, and are no security risk."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from backup_doctor.cli.init_job import file_of, job_of
from backup_doctor.cli.init_workflow import with_job
from backup_doctor.collect.repository import read_repository
from backup_doctor.settings.table import SETTINGS
from tests.action.steps import ACTION, ROOT
from tests.collect.repository import shapes

MODULES = ROOT / "tests" / "real_clients"
VALIDATE = Path(__file__).with_name("validate.mjs")
PIPELINE = ROOT / "demo/pipeline/.github/workflows/backup.yml"
OWN = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
DOCS = ROOT / "docs" / "ci.md"
AROUND = """\
name: Backup
on:
  workflow_dispatch:
    inputs:
      dispatch_id:
        required: true
        type: string
permissions: {}
jobs:
  backup:
    runs-on: ubuntu-latest
    timeout-minutes: 5
    steps:
      - run: "true"
"""
OTHER_JOB = """\
  {}:
    runs-on: ubuntu-latest
    timeout-minutes: 5
    steps:
      - run: "true"
"""
UNSETTABLE = ("GITHUB_REPOSITORY", "GITHUB_API_URL", "GITHUB_SERVER_URL")
INPUTS_OF = {setting.key.replace("_", "-").replace(".", "-"): setting for setting in SETTINGS}


def problems(file: Path) -> list[str]:
    """What GitHub's own parser says of the file."""
    told = subprocess.run(
        ["node", VALIDATE, MODULES, file], capture_output=True, text=True, check=True, timeout=60
    )
    (found,) = json.loads(told.stdout).values()
    return list(found)


def risks(file: Path) -> str:
    """What zizmor, which asks no network, says of it; empty where that is nothing."""
    zizmor = Path(sys.executable).with_name("zizmor")
    command = [str(zizmor), "--offline", "--no-progress", "-q", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def kinds(told: str) -> set[str]:
    """What kinds of risk zizmor sees: `error[template-injection]`."""
    return set(re.findall(r"^\w+\[[\w-]+\]", told, re.MULTILINE))


def documented() -> list[str]:
    """Each YAML block of the page as a whole workflow: jobs and steps are put into one."""
    blocks = re.findall(r"^```yaml\n(.*?)^```$", DOCS.read_text(), re.DOTALL | re.MULTILINE)
    return [block if block.startswith("name:") else AROUND + block for block in blocks]


def written(tmp_path: Path, text: str) -> Path:
    # A version that is published by this very project is what a reader is to write.
    file = tmp_path / "workflow.yml"
    file.write_text(text)
    return file


def test_the_action_is_what_github_takes_for_one() -> None:
    assert problems(ROOT / "action.yml") == []


def test_the_validator_would_see_a_mistake(tmp_path: Path) -> None:
    file = tmp_path / "action.yml"
    file.write_text((ROOT / "action.yml").read_text().replace("shell: bash", "shel: bash"))

    assert any("shel" in problem for problem in problems(file))


@pytest.mark.parametrize("at", range(len(documented())))
def test_every_workflow_of_the_page_is_valid(at: int, tmp_path: Path) -> None:
    assert problems(written(tmp_path, documented()[at])) == []


def test_the_workflow_of_the_demo_is_valid() -> None:
    assert problems(PIPELINE) == []


WRITTEN = {
    "guide": {},
    "other names": shapes.OTHER_NAMES,
    "script": shapes.SCRIPT_STEP,
    "no function": shapes.NO_FUNCTION,
    "called": shapes.CALLED,
    "hostile": shapes.HOSTILE,
}


@pytest.mark.parametrize("files", WRITTEN.values(), ids=WRITTEN)
def test_the_job_that_init_writes_is_valid_and_no_risk(
    files: dict[str, str], tmp_path: Path
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    reading = read_repository(shapes.made(here, files) if files else shapes.guides(here))
    assert reading.job is not None
    settings = {one.setting: one.value for one in reading.clues}
    others = "".join(OTHER_JOB.format(key) for key in reading.job.needs if key != "backup")
    head = AROUND.replace("      dispatch_id:", "      request_id: {}\n      dispatch_id:")

    file = written(tmp_path, head + others + job_of(reading.job, settings))

    assert problems(file) == []
    assert risks(file) == ""
    job = yaml.safe_load(file_of(reading.job, settings))["jobs"]["diagnose"]
    assert job["steps"][0]["with"].keys() <= ACTION["inputs"].keys()


REPOSITORIES = WRITTEN | {
    "python": shapes.PYTHON_ALONE,
    "prisma": shapes.PRISMA,
    **{name: {"": name} for name in ("four columns", "windows", "comments", "keys behind")},
}


def laid_out(name: str, text: str) -> str:
    """The workflow as another team would have laid it out."""
    head, _, jobs = text.partition("jobs:\n")
    return {
        "four columns": f"{head}jobs:\n" + re.sub(r"^(?=.)", "  ", jobs, flags=re.MULTILINE),
        "windows": text.replace("\n", "\r\n"),
        "comments": f"{text}\n    # of the last step\n\n# of the file\n",
        "keys behind": f"{text}\n# what all jobs see\nenv:\n  LANG: C\n",
    }[name]


@pytest.mark.parametrize("files", REPOSITORIES.values(), ids=REPOSITORIES)
def test_the_workflow_with_the_job_in_it_is_valid_and_says_all_that_it_said(
    files: dict[str, str], tmp_path: Path
) -> None:
    shape = files.get("")
    repository = tmp_path / "repository"
    repository.mkdir()
    shapes.guides(repository) if shape or not files else shapes.made(repository, files)
    plan = read_repository(repository).job
    assert plan is not None
    path = repository / plan.workflow
    text = laid_out(shape, path.read_text()) if shape else path.read_text()
    before = written(tmp_path, text)
    its_problems, its_risks = problems(before), kinds(risks(before))

    change = with_job(text, plan, {}, f"acme/doctor@{'a' * 40}")

    file = written(tmp_path, change.after)
    assert problems(file) == its_problems
    assert kinds(risks(file)) <= its_risks
    jobs = yaml.safe_load(change.after)["jobs"]
    key = plan.replaces or "diagnose"
    assert {name: jobs[name] for name in jobs if name != key} == {
        name: job for name, job in yaml.safe_load(text)["jobs"].items() if name != key
    }


def test_the_job_of_the_page_is_the_one_that_init_writes_for_the_guides_repository() -> None:
    reading = read_repository(ROOT / "demo" / "pipeline")

    assert reading.job is not None
    assert f"```yaml\n{job_of(reading.job, {})}```" in DOCS.read_text()


@pytest.mark.parametrize("file", OWN, ids=lambda file: file.name)
def test_the_projects_own_workflows_are_valid(file: Path) -> None:
    assert problems(file) == []


@pytest.mark.parametrize(
    "file", [ROOT / "action.yml", PIPELINE, *OWN], ids=lambda file: str(file.name)
)
def test_neither_the_action_nor_any_workflow_is_a_risk(file: Path) -> None:
    assert risks(file) == ""


def test_the_risk_of_an_input_in_a_script_would_be_seen(tmp_path: Path) -> None:
    file = tmp_path / "action.yml"
    file.write_text(
        (ROOT / "action.yml").read_text().replace("$GITHUB_ACTION_PATH", "${{ inputs.config }}")
    )

    assert "template-injection" in risks(file)


def test_every_setting_is_an_input_that_reaches_the_doctor() -> None:
    env = ACTION["runs"]["steps"][-1]["env"]
    script = (ROOT / "action" / "diagnose.sh").read_text()

    assert INPUTS_OF.keys() <= ACTION["inputs"].keys()
    for name, setting in INPUTS_OF.items():
        variable = setting.usual_variables[0]
        if variable in UNSETTABLE:  # nobody may set these but a script
            assert f"export {variable}=$BACKUP_DOCTOR" in script
        else:
            assert env[variable] == f"${{{{ inputs.{name} || env.{variable} }}}}"


def test_every_other_input_reaches_the_command() -> None:
    env: dict[str, Any] = ACTION["runs"]["steps"][-1]["env"]
    script = (ROOT / "action" / "diagnose.sh").read_text()

    for name in ACTION["inputs"].keys() - INPUTS_OF.keys():
        variable = f"DOCTOR_{name.upper().replace('-', '_')}"
        assert env[variable] == f"${{{{ inputs.{name} }}}}"
        assert f"${variable}" in script


def test_the_page_names_every_output() -> None:
    page = DOCS.read_text()

    assert [name for name in ACTION["outputs"] if f"| `{name}` |" not in page] == []


def test_the_inputs_that_the_page_gives_exist() -> None:
    for text in documented():
        for job in yaml.safe_load(text)["jobs"].values():
            for step in job["steps"]:
                if "backup-doctor" in step.get("uses", ""):
                    assert step.get("with", {}).keys() <= ACTION["inputs"].keys()
