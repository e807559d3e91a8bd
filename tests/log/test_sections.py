"""What begins a step in a log, and which lines the runner put between two of them."""

from __future__ import annotations

import pytest

from backup_doctor.collect.log.reader import LookFor, read
from backup_doctor.evidence.log import LogReading, Outcome
from tests.log.logs import DISPATCH, UPDATE, api_step, job, stamped, step

WANTED = LookFor(dispatch_id=DISPATCH, steps=(api_step(),), update_step=UPDATE)
REFUSED = ("Edge function call failed (HTTP 401)", '{"error":"Unauthorized"}')
DONE = ("Backup updated via Edge Function",)
SCRIPT = """\
code=$(curl -s -o out.json -w '%{http_code}' -X POST "$SUPABASE_URL/functions/v1/update-backup")
echo "answer $code"
"""


def seen_in(*steps: str, wanted: LookFor = WANTED) -> LogReading:
    return read("a log", [job(*steps)], wanted)


@pytest.mark.parametrize(
    "title", ["Run the update", "Run aws s3 cp", "Run", "Run actions/checkout@v5"]
)
def test_a_group_that_a_script_calls_run_is_no_step(title: str) -> None:
    printed = (f"##[group]{title}", *REFUSED, "upload: ./b.zip to s3://acme/b.zip", "##[endgroup]")

    seen = seen_in(step("node ci/update.js", printed))

    assert (seen.function_call.outcome, seen.function_call.status) == (Outcome.REFUSED, 401)
    assert seen.uploaded == ("s3://acme/b.zip",)
    assert seen.update_script == ("node ci/update.js",)


@pytest.mark.parametrize(("lasting", "status"), [(4, None), (5, None), (6, 503)])
def test_only_a_step_that_ran_while_the_update_did_is_read_with_it(
    lasting: int, status: int | None
) -> None:
    """A step in the background. GitHub tells whole seconds: one that ends as the update begins is over."""
    steps = (api_step("Tell", lasting=lasting), api_step(second=5, lasting=3))

    seen = seen_in(
        step("node ci/tell.js", "update-backup: HTTP 503"),
        step("node ci/wait.js", "nothing", second=6),
        wanted=LookFor(steps=steps, update_step=UPDATE),
    )

    assert seen.function_call.status == status


def test_the_group_of_a_containers_hook_leaves_the_output_to_the_steps_script() -> None:
    hook = (
        "##[group]Run '/home/runner/k8s/index.js'",
        "shell: /externals/node {0}",
        "##[endgroup]",
    )

    seen = seen_in(step(SCRIPT, (*hook, "answer 503")))

    assert seen.whole_script
    assert [one.call.status for one in seen.attempts] == [503]


def test_an_action_that_is_handed_nothing_is_a_step_of_its_own() -> None:
    checkout = stamped("##[group]Run actions/checkout@v5") + stamped("##[endgroup]")
    steps = (api_step("Run actions/checkout@v5", conclusion="failure"), api_step())
    failed = stamped("##[error]fatal: repository not found")

    seen = seen_in(
        checkout + failed,
        step("node ci/update.js", DONE),
        wanted=LookFor(steps=steps, update_step=UPDATE),
    )

    assert seen.failed_step == "Run actions/checkout@v5"
    assert seen.update_excerpt == DONE


def test_a_scripts_head_is_one_also_where_its_colours_were_taken_out() -> None:
    plain = step(SCRIPT, ("answer 503",)).replace("\x1b[36;1m", "").replace("\x1b[0m", "")

    assert [one.call.status for one in seen_in(plain).attempts] == [503]


def test_what_debug_logging_tells_of_the_next_step_is_no_outcome() -> None:
    told = (
        f"##[debug]Finishing: {UPDATE}",
        "##[debug]Evaluating condition for step: 'Edge function failed: write it by the REST API'",
        "##[debug]Evaluating: (success() && failure())",
        "##[debug]=> false",
    )

    seen = seen_in(step("node ci/update.js", (*DONE, *told)))

    assert seen.function_call.outcome is Outcome.OK
    assert seen.fallback_call.outcome is Outcome.NOT_SAID
    assert seen.update_excerpt == DONE


def test_what_a_script_itself_prints_for_debugging_is_read() -> None:
    before = stamped(f"##[debug]Starting: {UPDATE}")
    printed = ("##[debug]update-backup answered HTTP 401", '##[debug]{"error":"Unauthorized"}')

    seen = seen_in(before, step("node ci/update.js", printed))

    assert seen.function_call.status == 401


def test_the_names_of_a_composite_actions_steps_are_no_outcomes() -> None:
    nested = "display=Mark the backup failed by the REST API;id=__self.mark"
    skipped = "id=__self.mark;outcome=skipped;conclusion=skipped;duration_ms=0"
    told = (f"##[start-action {nested}]", f"##[end-action {skipped}]")

    seen = seen_in(step("node ci/update.js", (*DONE, *told)))

    assert seen.fallback_call.outcome is Outcome.NOT_SAID
    assert seen.function_call.outcome is Outcome.OK
    assert seen.update_excerpt == DONE


def nested(name: str, script: str, output: tuple[str, ...]) -> str:
    """A step of a composite action, between the runner's marks."""
    begin = stamped(f"##[start-action display={name};id=__self.{name}]")
    end = stamped(f"##[end-action id=__self.{name};outcome=success;conclusion=success]")
    return begin + step(script, output) + end


def test_the_steps_of_a_composite_action_are_of_the_step_that_calls_it() -> None:
    """All begin within one second, so that no time tells them apart."""
    names = ("Run actions/checkout@v5", "Dump", "Upload", UPDATE, "Tell")
    head = stamped("##[group]Run ./.github/actions/update") + stamped("##[endgroup]")
    skipped = "##[start-action display=Undo;id=__self.undo]", "##[end-action id=__self.undo]"

    seen = seen_in(
        stamped("##[group]Run actions/checkout@v5") + stamped("##[endgroup]"),
        step("pg_dump", ("dumped",)),
        step("aws s3 cp", ("upload: ./b.zip to s3://acme/b.zip",)),
        head,
        nested("find", "node find.js", ("Found backup_id 7",)),
        nested("call", "node call.js", (*REFUSED, *skipped)),
        step("node tell.js", ("told",)),
        wanted=LookFor(steps=tuple(map(api_step, names)), update_step=UPDATE),
    )

    assert seen.update_excerpt == ("Found backup_id 7", *REFUSED)
    assert seen.function_call.status == 401
