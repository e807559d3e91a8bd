"""What is shipped: the wheel and the sdist, built, and installed where nothing else is."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backup_doctor import __version__
from scripts.links import LINKS

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[1]
UNUSED = shutil.ignore_patterns("__pycache__")
BIN = Path(sys.executable).parent
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


def ran(command: Sequence[str | Path], cwd: Path, **environ: str) -> str:
    """What a command prints, once it has ended well."""
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env={**os.environ, "SOURCE_DATE_EPOCH": "1767225600", **environ},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(source: Path, target: Path) -> tuple[Path, Path]:
    """The wheel and the sdist of a source tree."""
    ran([sys.executable, "-m", "hatchling", "build", "-d", target], source)
    return next(target.glob("*.whl")), next(target.glob("*.tar.gz"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return build(ROOT, tmp_path_factory.mktemp("dist"))


def test_two_builds_are_the_same_to_the_byte(built: tuple[Path, Path], tmp_path: Path) -> None:
    again = build(ROOT, tmp_path / "again")

    assert [one.read_bytes() for one in again] == [one.read_bytes() for one in built]


def test_the_sdist_builds_the_same_wheel(built: tuple[Path, Path], tmp_path: Path) -> None:
    wheel, sdist = built
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")

    from_sdist, _ = build(next(tmp_path.glob("backup_doctor-*")), tmp_path / "dist")

    assert from_sdist.read_bytes() == wheel.read_bytes()


def test_a_checkout_that_lost_its_links_builds_the_same_wheel(
    built: tuple[Path, Path], tmp_path: Path
) -> None:
    checkout = tmp_path / "checkout"
    for name in ("doctor", "checks", "templates", "demo"):
        ignored = shutil.ignore_patterns("__pycache__", "checks", "templates", "demo")
        shutil.copytree(
            ROOT / name, checkout / name, ignore=ignored if name == "doctor" else UNUSED
        )
    (checkout / "scripts").mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "scripts/links.py"):
        shutil.copy(ROOT / name, checkout / name)
    for place, target in LINKS.items():
        (checkout / place).write_text(target)  # as git leaves it where it makes no links

    wheel, _ = build(checkout, tmp_path / "dist")

    assert wheel.read_bytes() == built[0].read_bytes()


def test_the_package_is_of_the_version_that_it_says(built: tuple[Path, Path]) -> None:
    assert built[0].name.split("-")[1] == __version__


def test_the_wheel_holds_one_package_and_nothing_of_the_tests(
    built: tuple[Path, Path],
) -> None:
    with zipfile.ZipFile(built[0]) as wheel:
        names = wheel.namelist()

    tops = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert tops == {"backup_doctor"}
    assert "backup_doctor/demo/pipeline/.github/workflows/backup.yml" in names
    assert "backup_doctor/templates/report.md.j2" in names
    assert "backup_doctor/checks/row/state.py" in names
    assert not [name for name in names if "__pycache__" in name]


@pytest.mark.parametrize("python", PYTHONS)
def test_the_wheel_works_with_nothing_but_what_it_asks_for(
    built: tuple[Path, Path], tmp_path: Path, python: str
) -> None:
    venv = tmp_path / "venv"
    ran([BIN / "uv", "venv", "--quiet", "--python", _interpreter(python), venv], tmp_path)
    constraints = tmp_path / "constraints.txt"
    constraints.write_text(_pins())
    install = (BIN / "uv", "pip", "install", "--quiet", "--constraint", constraints, built[0])
    ran(install, tmp_path, VIRTUAL_ENV=str(venv))
    doctor = venv / "bin" / "backup-doctor"

    assert "--dispatch-id" in ran([doctor, "--help"], tmp_path)
    assert "rls" in ran([doctor, "checks"], tmp_path)
    assert "not deployed" in ran([doctor, "explain", "function/not-deployed"], tmp_path)
    assert '"$schema"' in ran([doctor, "schema"], tmp_path)


def _interpreter(version: str) -> Path:
    """That Python, where this machine has it."""
    find = [str(BIN / "uv"), "python", "find", "--no-python-downloads", version]
    found = subprocess.run(find, capture_output=True, text=True, check=False)
    if found.returncode != 0:
        pytest.skip(f"no Python {version} on this machine")
    return Path(found.stdout.strip())


def _pins() -> str:
    """The locked versions, without hashes and extras, which a constraint may not have."""
    lock = (ROOT / "requirements.lock").read_text()
    pins = re.findall(r"^([\w.-]+)(?:\[[^\]]*\])?(==[^ ;\\\n]+)", lock, re.MULTILINE)
    return "\n".join(f"{name}{version}" for name, version in pins)
