"""What would break the next backup is found before it runs, and a pipeline that is well passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backup_doctor.demo.faults import SINGLE, Side
from backup_doctor.demo.faults.fault import nothing
from backup_doctor.demo.shapes import SHAPES
from backup_doctor.demo.shapes.shape import as_configured
from backup_doctor.evidence.findings import Severity, StageState, Verdict
from tests.preflight.foresight import foresee

if TYPE_CHECKING:
    from pathlib import Path

    from backup_doctor.demo.faults import Fault
    from backup_doctor.demo.world import World
    from backup_doctor.evidence.findings import Report

FALLBACK_IS_OUT = SINGLE["no-update-grant"]
# Of these nothing is to be seen until a backup meets them.
UNFORESEEABLE = {
    "row-locked": "the lock is on a row that the next backup will not have",
    "unique": "the key that is taken is that of one backup",
    "foreign-key": "what refers to a row is made with it",
    "check-constraint": "the form of a key is known when there is one",
    "varchar": "the length of a key is known when there is one",
    "size-overflow": "the size of a backup is known when there is one",
    "column-missing": "not every pipeline writes the run's id",
    "policy-by-row": "not every pipeline leaves the run's id empty until then",
    "stale-column": "reading does not ask for the column that the Data API does not know",
    "own-rate-limit": "the function counts its calls, and a probe is none of them",
    "wants-another-field": "what a function misses in an empty body may be in a full one",
    "too-slow": "a function is slow at its work, which a probe is not",
}
# Of these it is seen that something is not right, and not what.
OPEN = {
    "empty-service-key": "an empty secret is listed as any other, and the doctor has none either",
    "empty-url": "the same",
    "dashboard-url": "an address that answers 404",
    "misspelt-url": "a host without an address may be a matter of this machine's network",
    "column-renamed": "not every pipeline writes every column, and no row shows that this one does",
    "project-paused": "nobody sees the table while the project is paused",
}


def lasting(*sides: Side) -> list[str]:
    """The faults that are there before a backup and do not go away by themselves."""
    return [
        name
        for name, fault in SINGLE.items()
        if fault.side in sides
        and fault.code
        and fault.after is nothing
        and name not in UNFORESEEABLE
    ]


def failing(report: Report) -> list[str]:
    findings = [finding for result in report.results for finding in result.findings]
    return [one.code for one in findings if one.severity is Severity.FAIL]


@pytest.mark.parametrize("name", [*lasting(Side.FALLBACK, Side.BOTH), "upload-key-not-set"])
def test_what_no_backup_can_do_without_is_missed_before_the_next_one(
    world: World, name: str, tmp_path: Path
) -> None:
    fault = SINGLE[name]
    fault.before(world)
    world.publish_secrets()

    report = foresee(world, tmp_path)

    assert set(report.causes) <= {fault.code}
    if name in OPEN:
        assert report.verdict is Verdict.FAILING or report.cannot_tell
    else:
        assert (report.verdict, report.root_cause) == (Verdict.FAILING, fault.code)


@pytest.mark.parametrize("name", UNFORESEEABLE)
def test_what_cannot_be_foreseen_is_not_taken_for_something_else(
    world: World, name: str, tmp_path: Path
) -> None:
    fault = SINGLE[name]
    fault.before(world)

    report = foresee(world, tmp_path)

    assert report.errors == ()
    assert set(report.causes) <= {fault.code}


@pytest.mark.parametrize("name", lasting(Side.FUNCTION))
def test_a_function_that_is_out_breaks_the_next_backup_where_the_fallback_is_out_too(
    world: World, name: str, tmp_path: Path
) -> None:
    fault = SINGLE[name]
    fault.before(world)
    FALLBACK_IS_OUT.before(world)
    world.publish_secrets()

    report = foresee(world, tmp_path)

    assert report.verdict in (Verdict.FAILING, Verdict.UNKNOWN)
    assert set(report.causes) <= {fault.code, FALLBACK_IS_OUT.code}
    assert report.verdict is Verdict.FAILING or report.cannot_tell


@pytest.mark.parametrize(
    "name", ["not-deployed", "other-caller-key", "verify-jwt", "crashes-at-start"]
)
def test_a_function_that_is_out_is_a_warning_where_the_fallback_works(
    world: World, name: str, tmp_path: Path
) -> None:
    fault: Fault = SINGLE[name]
    fault.before(world)
    world.publish_secrets()

    report = foresee(world, tmp_path)

    warned = [finding.code for result in report.results for finding in result.findings]
    assert report.verdict is Verdict.HEALTHY
    assert failing(report) == []
    assert fault.code in warned


def test_a_bucket_that_the_last_good_backup_used_and_that_is_gone_is_found(
    world: World, tmp_path: Path
) -> None:
    world.run_pipeline(world.insert_row())
    SINGLE["bucket-deleted"].after(world)

    report = foresee(world, tmp_path)

    assert report.verdict is Verdict.FAILING
    assert report.root_cause == "object/bucket-missing"


def test_a_bucket_that_nothing_shows_to_be_the_pipelines_may_be_a_wrong_setting(
    world: World, tmp_path: Path
) -> None:
    SINGLE["bucket-deleted"].after(world)

    report = foresee(world, tmp_path)

    assert report.verdict is Verdict.UNKNOWN
    assert "BACKUP_BUCKET" in str(report.plan)


@pytest.mark.parametrize("name", ["workflow-disabled", "workflow-invalid"])
def test_what_keeps_a_run_from_starting_or_its_file_from_landing_is_found(
    world: World, name: str, tmp_path: Path
) -> None:
    fault = SINGLE[name]
    fault.before(world)
    fault.after(world)

    report = foresee(world, tmp_path)

    assert report.verdict is Verdict.FAILING
    assert report.root_cause == fault.code


@pytest.mark.parametrize("name", ["update-step-missing", "update-step-off"])
def test_a_workflow_that_would_not_update_the_row_never_passes_unnoticed(
    world: World, name: str, tmp_path: Path
) -> None:
    SINGLE[name].before(world)

    report = foresee(world, tmp_path)

    assert report.verdict is not Verdict.HEALTHY
    assert set(report.causes) <= {SINGLE[name].code}


@pytest.mark.parametrize("name", ["dump-refused", "upload-denied", "cancelled"])
def test_what_cannot_be_foreseen_is_remembered_of_the_last_run(
    world: World, name: str, tmp_path: Path
) -> None:
    dispatch_id = world.insert_row()
    SINGLE[name].before(world)
    run = world.run_pipeline(dispatch_id)

    report = foresee(world, tmp_path)

    warned = [finding.code for result in report.results for finding in result.findings]
    assert report.verdict is Verdict.HEALTHY
    assert failing(report) == []
    assert ("workflow/last-run-failed" in warned) is (run.conclusion == "failure")


# The keys that the doctor is given are presumed the pipeline's, and no log says otherwise here.
BAD_KEYS = ("stale-service-key", "staging-key", "padded-keys", "anon-key")
DIFFERENT = [
    name
    for name, shape in SHAPES.items()
    if (shape.prepare is not nothing or shape.environment is not as_configured)
    and name not in BAD_KEYS
]


@pytest.mark.parametrize("name", BAD_KEYS)
def test_a_key_that_does_not_work_is_presumed_the_pipelines(
    world: World, name: str, tmp_path: Path
) -> None:
    report = foresee(world, tmp_path, SHAPES[name].environment(world))

    assert report.verdict is Verdict.FAILING
    assert report.root_cause is not None
    assert report.root_cause.startswith("secrets/")


@pytest.mark.parametrize("name", DIFFERENT)
def test_a_healthy_pipeline_of_any_shape_is_not_expected_to_fail(
    world: World, name: str, tmp_path: Path
) -> None:
    shape = SHAPES[name]
    shape.prepare(world)
    world.publish_secrets()
    (tmp_path / "backup-doctor.toml").write_text(shape.configuration)

    report = foresee(world, tmp_path, shape.environment(world), skip=shape.skip)

    assert report.errors == ()
    assert failing(report) == []
    assert report.causes == ()
    assert report.verdict is Verdict.HEALTHY or report.cannot_tell


def test_a_pipeline_that_is_well_passes(world: World, tmp_path: Path) -> None:
    report = foresee(world, tmp_path)

    assert (report.verdict, report.causes, report.cannot_tell) == (Verdict.HEALTHY, (), ())
    assert [result.status.value for result in report.results] == ["pass"] * 6


def test_that_no_backup_succeeded_lately_is_found(world: World, tmp_path: Path) -> None:
    world.run_pipeline(world.insert_row())
    environ = {**world.environment(), "BACKUP_MAX_AGE": "26h"}

    fresh = foresee(world, tmp_path, environ)
    world.sql("UPDATE public.backup_history SET created_at = created_at - interval '3 days'")
    slow = foresee(world, tmp_path, environ)
    world.sql("UPDATE public.backup_history SET finished_at = finished_at - interval '3 days'")
    old = foresee(world, tmp_path, environ)
    FALLBACK_IS_OUT.before(world)
    broken = foresee(world, tmp_path, environ)

    assert (fresh.verdict, slow.verdict) == (Verdict.HEALTHY, Verdict.HEALTHY)
    assert old.root_cause == "row/none-lately"
    assert old.summary.startswith("No backup has succeeded for 3 d")
    assert {stage.state for stage in old.chain} == {StageState.NOT_REACHED}
    assert broken.causes == ("rls/no-grant",), "which may well be why there was none"
    assert "row/none-lately" in [
        finding.code for result in broken.results for finding in result.findings
    ]


def test_without_any_good_backup_max_age_is_not_kept(world: World, tmp_path: Path) -> None:
    environ = {**world.environment(), "BACKUP_MAX_AGE": "26h"}

    report = foresee(world, tmp_path, environ)

    assert report.root_cause == "row/none-lately"
    assert report.summary.startswith("No backup has succeeded at all; ")
