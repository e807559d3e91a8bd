"""A check of another package: the example in `examples/`, built, installed and used for real."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backup_doctor.demo.world import Servers, World
from tests.programs import bare

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = Path(__file__).parents[1] / "examples" / "backup-doctor-freshness"
BROKEN_METADATA = "Metadata-Version: 2.1\nName: backup-doctor-broken\nVersion: 1.0\n"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the built example in it, as pip lays it down."""
    site = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    done = subprocess.run(
        [*pip, "--disable-pip-version-check", "--target", str(site), str(EXAMPLE)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return site


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with Servers.start() as servers, World(servers) as opened:
        yield opened


def run(site: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=site,
        env=bare(PYTHONPATH=str(site), **environ),
    )


def test_it_follows_the_built_in_checks_and_says_where_it_comes_from(installed: Path) -> None:
    listed = run(installed, "backup_doctor", "checks").stdout.splitlines()

    assert listed[-1].startswith("freshness")
    assert listed[-1].endswith("backup-doctor-freshness")


def test_its_codes_are_explained_from_its_own_docstrings(installed: Path) -> None:
    page = run(installed, "backup_doctor", "explain", "freshness/stale").stdout

    assert "No backup has succeeded for more than a day." in page
    assert "Backups fail one after the other" in " ".join(page.split())


def test_its_result_stands_in_the_report_of_a_real_backup(installed: Path, world: World) -> None:
    dispatch_id = world.insert_row()
    world.run_pipeline(dispatch_id)

    done = run(
        installed,
        "backup_doctor",
        "--dispatch-id",
        dispatch_id,
        "--format",
        "json",
        **world.environment(),
    )

    results = {one["check"]: one for one in json.loads(done.stdout)["results"]}
    assert done.returncode == 0
    assert list(results)[-1] == "freshness"
    assert results["freshness"]["status"] == "pass"


def test_its_own_tests_pass_with_the_helpers_that_the_project_offers(installed: Path) -> None:
    tests = EXAMPLE / "tests"

    done = run(installed, "pytest", "-q", "-p", "no:cacheprovider", str(tests))

    assert done.returncode == 0, done.stdout
    assert "4 passed" in done.stdout


def test_one_that_cannot_be_loaded_is_one_line_with_its_package_and_the_others_run(
    tmp_path: Path,
) -> None:
    metadata = tmp_path / "backup_doctor_broken-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(BROKEN_METADATA)
    (metadata / "entry_points.txt").write_text("[backup_doctor.checks]\nbroken = not_there:check\n")

    listed = run(tmp_path, "backup_doctor", "checks").stdout.splitlines()

    assert listed[-1].startswith("broken of backup-doctor-broken did not load: ModuleNotFoundError")
    assert any(line.startswith("rls") for line in listed)
