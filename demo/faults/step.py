"""What keeps the update step from doing its work, where function and fallback are both well."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from backup_doctor.demo.faults.defect import Side
from backup_doctor.demo.faults.fault import Fault
from backup_doctor.demo.faults.rewriting import UPDATE, begin_with, in_quick_minutes, wait_in
from backup_doctor.demo.world import WORKFLOW

if TYPE_CHECKING:
    from backup_doctor.demo.world import World

UPDATE_STEP = "- name: Update backup_history via Edge Function\n        id: update\n"
FOLLOWING = "      # Only where nothing was uploaded"
RUN_UPDATE = "run: bash scripts/update-backup-history.sh\n"


def leave_step_out(world: World) -> None:
    """The run used a commit from before the update step was added."""
    before, step, rest = world.read(WORKFLOW).partition(f"      {UPDATE_STEP}")
    _, following, after = rest.partition(FOLLOWING)
    if not step or not following:
        raise ValueError(f"{WORKFLOW} has changed since this was written")
    world.write(WORKFLOW, f"{before}{following}{after}")


def switch_step_off(world: World) -> None:
    """Someone switched the step off to try something, and it stayed so."""
    world.edit(WORKFLOW, UPDATE_STEP, f"{UPDATE_STEP}        if: false\n")


def wait_for_no_output(world: World) -> None:
    """The step runs only if the upload handed over a key, and it hands it over in another way."""
    condition = "        if: ${{ steps.upload.outputs.s3_key != '' }}\n"
    world.edit(WORKFLOW, UPDATE_STEP, f"{UPDATE_STEP}{condition}")


def look_up_another_id(world: World) -> None:
    """The step looks for an id that is cut short; the row is there, under the whole one."""
    begin_with(world, UPDATE, 'DISPATCH_ID="${DISPATCH_ID:0:35}"')


def time_out_in_update(world: World) -> None:
    """The update step waits before it does anything, until the job's time is up."""
    wait_in(world, UPDATE, 8)
    world.edit(WORKFLOW, "timeout-minutes: 30", "timeout-minutes: 1")
    world.actions = partial(in_quick_minutes, seconds=5.0)


def die_and_continue(world: World) -> None:
    """The step dies of a program that is not installed, and continue-on-error makes it green."""
    world.edit(WORKFLOW, UPDATE_STEP, f"{UPDATE_STEP}        continue-on-error: true\n")
    begin_with(world, UPDATE, "dotenvx --version || exit")


def die_silently(world: World) -> None:
    """The same, and `|| true` makes it green."""
    begin_with(world, UPDATE, "dotenvx --version >/dev/null 2>&1 || exit")
    world.edit(WORKFLOW, RUN_UPDATE, f"{RUN_UPDATE.rstrip()} || true\n")


def call_without_fail(world: World) -> None:
    """A script that calls addresses which do not exist, and takes curl's exit code for an answer."""
    world.write(
        UPDATE,
        "#!/usr/bin/env bash\nset -euo pipefail\n"
        'curl --silent --output /dev/null --request POST "$SUPABASE_URL/function/update_backup" \\\n'
        '  --header "Authorization: Bearer $BACKUP_API_KEY" --data "{}"\n'
        'echo "Updated the backup history"\n',
    )


FAULTS: Final = (
    Fault(
        "update-step-missing",
        "the run has no step that updates the row",
        Side.STEP,
        "workflow/step-missing",
        leave_step_out,
    ),
    Fault(
        "update-step-off",
        "the update step is switched off by its `if:`",
        Side.STEP,
        "workflow/step-skipped",
        switch_step_off,
    ),
    Fault(
        "update-step-waits",
        "the update step's `if:` asks for an output that is empty",
        Side.STEP,
        "workflow/step-skipped",
        wait_for_no_output,
    ),
    Fault(
        "other-id-looked-up",
        "the update step looks up an id that is cut short",
        Side.STEP,
        "workflow/backup-id-not-found",
        look_up_another_id,
    ),
    Fault(
        "update-timed-out",
        "the job ran into its time limit in the update step",
        Side.STEP,
        "workflow/timed-out",
        time_out_in_update,
    ),
    Fault(
        "update-dies-and-continues",
        "the update step dies and is green by `continue-on-error`",
        Side.STEP,
        "workflow/green-but-failed",
        die_and_continue,
    ),
    Fault(
        "update-dies-silently",
        "the update step dies and is green by `|| true`",
        Side.STEP,
        "workflow/green-but-failed",
        die_silently,
    ),
    Fault(
        "update-goes-nowhere",
        "the update step calls a wrong address, and its curl has no `--fail`",
        Side.STEP,
        "workflow/green-but-failed",
        call_without_fail,
    ),
)
