"""What the workflow file leaves open is a note, and never changes the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backup_doctor.checks.workflow.advice import rules
from backup_doctor.collect.workflow.file import read_workflow
from backup_doctor.demo.world import WORKFLOW
from backup_doctor.evidence.findings import Severity, Verdict
from backup_doctor.evidence.workflow import FoundBy
from tests.e2e.doctoring import diagnose_world
from tests.judgement.cases import call, case, log, workflow

if TYPE_CHECKING:
    from pathlib import Path

    from backup_doctor.demo.world import World
    from backup_doctor.evidence.findings import Report
    from backup_doctor.judge.framework import Found

STEP = "Update backup_history via Edge Function"
TITLE = "run-name: Backup ${{ inputs.dispatch_id }}\n"
LIMIT = "    timeout-minutes: 30\n"
UPDATE = f"""\
      - name: {STEP}
        run: curl --fail -X POST "$SUPABASE_URL/functions/v1/update-backup"
"""
RECORD = """\
      - name: Record the failure
        if: failure() || cancelled()
        run: bash record.sh
"""
GOOD = f"""\
name: Backup
{TITLE}on: {{workflow_dispatch: {{inputs: {{dispatch_id: {{}}}}}}}}
jobs:
  backup:
{LIMIT}    steps:
      - {{name: Upload, run: aws s3 cp backup.zip s3://bucket/}}
{UPDATE}{RECORD}"""


def advice(text: str, found_by: FoundBy = FoundBy.LOG) -> dict[str, Found]:
    """What is said of a file, by code."""
    file = read_workflow(WORKFLOW, text.encode(), step=STEP, function="update-backup")
    seen = workflow(log(call(200), call(200)), update="success", file=file, found_by=found_by)
    found = {}
    for rule in rules.rules:
        one = rule.judge(seen, case(seen))
        assert one is None or not isinstance(one, tuple)
        if one is not None:
            found[rule.code] = one
    return found  # type: ignore[return-value]


def test_a_file_that_leaves_nothing_open_gets_no_advice() -> None:
    assert advice(GOOD) == {}


@pytest.mark.parametrize(
    "run_name", ["", "run-name: Nightly backup\n", "run-name: ${{ github.sha }}\n"]
)
def test_a_run_whose_title_does_not_say_which_backup_it_makes_gets_a_title(run_name: str) -> None:
    (found,) = advice(GOOD.replace(TITLE, run_name)).items()

    assert found[0] == "workflow/untitled-run"
    assert "${{ inputs.dispatch_id }}" in found[1].fixes[0].text


@pytest.mark.parametrize(
    "run_name",
    [
        "run-name: ${{ inputs.id }}\n",
        "run-name: Backup ${{ inputs['dispatch-id'] }}\n",
        "run-name: Backup ${{ github.event.client_payload.dispatch_id }}\n",
        "run-name: ${{ github.event.inputs.dispatch_id }}\n",
    ],
)
def test_any_title_from_the_dispatch_will_do(run_name: str) -> None:
    assert advice(GOOD.replace(TITLE, run_name)) == {}


def test_a_title_by_which_the_run_was_found_needs_no_advice() -> None:
    assert advice(GOOD.replace(TITLE, ""), FoundBy.TITLE) == {}


def test_a_job_without_a_limit_of_its_own_gets_one() -> None:
    (code,) = advice(GOOD.replace(LIMIT, ""))

    assert code == "workflow/no-timeout"


def test_a_failure_before_the_update_that_nothing_records_is_told() -> None:
    (code,) = advice(GOOD.replace(RECORD, ""))

    assert code == "workflow/failure-unrecorded"


@pytest.mark.parametrize(
    "job",
    [
        "  record: {needs: backup, if: failure(), steps: [{run: bash record.sh}]}\n",
        "  record: {needs: backup, if: '${{ !cancelled() }}', steps: [{run: bash record.sh}]}\n",
        "  record: {needs: backup, if: always(), uses: ./.github/workflows/record.yml}\n",
    ],
)
def test_another_job_may_record_it(job: str) -> None:
    assert advice(GOOD.replace(RECORD, job)) == {}


def test_an_update_step_that_runs_after_a_failure_may_record_it_itself() -> None:
    always = UPDATE.replace("        run:", "        if: always()\n        run:")

    assert advice(GOOD.replace(UPDATE + RECORD, always)) == {}


def test_a_step_that_uploads_too_may_record_its_own_failure() -> None:
    does_all = UPDATE.replace(
        "        run:", '        env: {AWS_SECRET_ACCESS_KEY: "${{ secrets.S3 }}"}\n        run:'
    )

    assert advice(GOOD.replace(UPDATE + RECORD, does_all)) == {}


def test_the_doctors_own_job_records_nothing() -> None:
    diagnose = (
        "  diagnose: {needs: backup, if: always(), steps: [{run: backup-doctor --run-id 1}]}\n"
    )

    assert [*advice(GOOD.replace(RECORD, diagnose))] == ["workflow/failure-unrecorded"]


@pytest.mark.parametrize(
    ("update", "said"),
    [
        (UPDATE + "        continue-on-error: true\n", "`continue-on-error`"),
        (UPDATE.replace("--fail ", ""), "its curl has no `--fail`"),
        (UPDATE.rstrip() + " || true\n", "`|| true` hides what curl says"),
    ],
)
def test_an_update_step_that_is_green_when_it_failed_is_told_how(update: str, said: str) -> None:
    (found,) = advice(GOOD.replace(UPDATE, update)).items()

    assert found[0] == "workflow/errors-swallowed"
    assert said in found[1].summary


def test_an_action_is_no_script_to_be_read() -> None:
    action = f"""\
      - name: {STEP}
        uses: actions/github-script@v8
        with:
          script: 'await fetch("curl") || true'
"""

    assert advice(GOOD.replace(UPDATE, action)) == {}


def test_a_file_that_cannot_be_read_gets_no_advice() -> None:
    assert advice("jobs: [") == {}


def careless(world: World) -> None:
    """The workflow as many write it: no title, no limit, no record, and errors hidden."""
    world.edit(WORKFLOW, 'run-name: "Backup ${{ inputs.dispatch_id }}"\n', "")
    world.edit(WORKFLOW, "    timeout-minutes: 30\n", "")
    world.edit(
        WORKFLOW, "${{ (failure() || cancelled()) && steps.upload.outcome != 'success' }}", "false"
    )
    world.edit(
        WORKFLOW,
        "bash scripts/update-backup-history.sh",
        "bash scripts/update-backup-history.sh || true",
    )
    world.edit(
        WORKFLOW,
        "BACKUP_API_KEY: ${{ secrets.BACKUP_API_KEY }}\n",
        "BACKUP_API_KEY: ${{ secrets.BACKUP_API_KEY }}\n          REPORT_TO: ${{ secrets.SLACK_WEBHOOK }}\n",
    )


def noted(report: Report, severity: Severity) -> set[str]:
    findings = [finding for result in report.results for finding in result.findings]
    return {one.code for one in findings if one.severity is severity}


def test_a_careless_workflow_that_worked_is_healthy_with_notes(
    world: World, tmp_path: Path
) -> None:
    careless(world)
    dispatch_id = world.insert_row()
    world.run_pipeline(dispatch_id)

    report = diagnose_world(world, dispatch_id, tmp_path)

    assert report.verdict is Verdict.HEALTHY
    assert noted(report, Severity.WARN) == set()  # Nothing shows that REPORT_TO is needed.
    assert noted(report, Severity.INFO) >= {
        "workflow/untitled-run",
        "workflow/no-timeout",
        "workflow/failure-unrecorded",
        "workflow/errors-swallowed",
    }


def test_the_reference_pipeline_is_healthy_without_a_warning(world: World, tmp_path: Path) -> None:
    dispatch_id = world.insert_row()
    world.run_pipeline(dispatch_id)

    report = diagnose_world(world, dispatch_id, tmp_path)

    assert report.verdict is Verdict.HEALTHY
    assert noted(report, Severity.WARN) == set()
