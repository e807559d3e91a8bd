"""What a caller hands on is followed through two levels of called workflows, and into another repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backup_doctor.demo.faults import FAULTS
from backup_doctor.evidence.findings import Verdict
from tests.e2e.conftest import servers, world
from tests.e2e.doctoring import diagnose_world
from tests.matrix.pipelines import CURL_UPLOAD
from tests.strangers.jobs import carry_out_all
from tests.strangers.nested import INNER, MIDDLE, NIGHTLY

if TYPE_CHECKING:
    from pathlib import Path

    from backup_doctor.demo.world import World
    from backup_doctor.evidence.findings import Report

__all__ = ["servers", "world"]

FLOWS = ".github/workflows"
ELSEWHERE = "shared/flows"


def install(world: World, *, elsewhere: bool) -> None:
    """Let the nightly workflow call one that calls another, here or in another repository."""
    world.write("scripts/upload-backup.sh", CURL_UPLOAD)
    middle, inner = f"{FLOWS}/project.yml", f"{FLOWS}/steps.yml"
    called = MIDDLE.replace("USES", f"./{inner}")
    uses = f"{ELSEWHERE}/{middle}@v2" if elsewhere else f"./{middle}"
    world.write(f"{FLOWS}/backup.yml", NIGHTLY.replace("USES", uses))
    world.actions = carry_out_all
    if not elsewhere:
        world.write(middle, called)
        world.write(inner, INNER)
        return
    world.repository.other_files[ELSEWHERE] = {middle: called.encode(), inner: INNER.encode()}
    # The stand-in for the runner finds them all in the checkout.
    for path, text in ((uses, called), (inner, INNER)):
        file = world.checkout / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def diagnosed(world: World, directory: Path, *faults: str, elsewhere: bool) -> Report:
    install(world, elsewhere=elsewhere)
    for fault in faults:
        FAULTS[fault].before(world)
    dispatch_id = world.insert_row()
    world.run_pipeline(dispatch_id)
    return diagnose_world(world, dispatch_id, directory)


@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "elsewhere"])
@pytest.mark.parametrize(
    ("faults", "causes", "named"),
    [
        ((), (), ""),
        (
            ("no-caller-key", "no-update-grant"),
            ("secrets/missing", "rls/no-grant"),
            "The secret BACKUP_API_KEY is not set on GitHub",
        ),
        (
            ("expired-key", "not-deployed"),
            ("function/not-deployed", "secrets/expired"),
            "VITE_SUPABASE_SERVICE_ROLE_KEY expired",
        ),
        (("upload-key-not-set",), ("secrets/missing",), "The secret AWS_ACCESS_KEY_ID is not set"),
    ],
    ids=["well", "no function key", "expired", "no upload key"],
)
def test_secrets_are_called_as_github_calls_them_however_often_they_are_renamed(
    world: World,
    tmp_path: Path,
    faults: tuple[str, ...],
    causes: tuple[str, ...],
    named: str,
    *,
    elsewhere: bool,
) -> None:
    report = diagnosed(world, tmp_path, *faults, elsewhere=elsewhere)

    assert report.verdict is (Verdict.FAILING if causes else Verdict.HEALTHY)
    assert report.causes[: len(causes)] == causes
    assert named in report.summary


def test_a_called_workflow_that_may_not_be_read_leaves_names_open_and_the_cause_found(
    world: World, tmp_path: Path
) -> None:
    install(world, elsewhere=True)
    world.repository.other_files.clear()
    FAULTS["no-update-grant"].before(world)
    FAULTS["other-caller-key"].before(world)
    dispatch_id = world.insert_row()
    world.run_pipeline(dispatch_id)

    report = diagnose_world(world, dispatch_id, tmp_path)

    assert report.causes == ("secrets/api-key-mismatch", "rls/no-grant")
    assert report.errors == ()
