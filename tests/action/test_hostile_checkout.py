"""The action runs in a checkout that may be a stranger's: Python imports nothing of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.action.steps import Done, Machine, use

if TYPE_CHECKING:
    from pathlib import Path

# What the install, the interpreter and the doctor import, or would if they could.
NAMES = (
    *("venv", "pip", "ensurepip", "hatchling", "sitecustomize", "usercustomize", "site", "runpy"),
    *("doctor", "checks", "templates", "json", "typing", "httpx", "boto3", "jinja2", "encodings"),
)
INPUTS = {"dispatch-id": "d-1", "only": "secrets"}


def trap(folder: Path) -> None:
    """Modules and packages of these names in the checkout, which tell when they are imported."""
    marker = folder.parent / "owned"
    code = f"open({str(marker)!r}, 'a').write(__name__ + '\\n')\n"
    for name in NAMES:
        (folder / f"{name}.py").write_text(code)
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(code)
        (folder / name / "__main__.py").write_text(code)


def used(folder: Path, *, install: bool, **env: str) -> Done:
    """The action in a checkout full of traps."""
    machine = Machine.prepare(folder, {}, BACKUP_BUCKET="acme", GITHUB_RUN_ID="1", **env)
    trap(folder / "work")
    return use(machine, INPUTS, install=install)


@pytest.mark.parametrize(
    "env",
    [
        {},
        {"PYTHONPATH": "."},
        {"PYTHONPATH": "{work}:/nowhere"},
        {"PYTHONPATH": ":", "PYTHONUSERBASE": "{work}", "PYTHONSTARTUP": "sitecustomize.py"},
        {"PYTHONHOME": "{work}"},
    ],
)
def test_the_doctor_imports_nothing_of_it(env: dict[str, str], tmp_path: Path) -> None:
    places = {name: value.format(work=tmp_path / "work") for name, value in env.items()}

    done = used(tmp_path, install=False, **places)

    assert not (tmp_path / "owned").exists(), (tmp_path / "owned").read_text()
    assert done.outputs["verdict"] == "unknown", done.stderr


def test_the_installation_imports_nothing_of_it(tmp_path: Path) -> None:
    done = used(tmp_path, install=True, PYTHONPATH=".")

    assert not (tmp_path / "owned").exists(), (tmp_path / "owned").read_text()
    assert done.outputs["verdict"] == "unknown", done.stderr
    assert done.exit_code == 3
