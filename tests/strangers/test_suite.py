"""The suite itself: its pipelines are many, its faults follow from them, and its page says so."""

from __future__ import annotations

import pytest

from backup_doctor.demo.faults import SINGLE, Expectation
from backup_doctor.evidence.findings import Verdict
from tests.strangers.hiding import without_scripts
from tests.strangers.page import section, without_section
from tests.strangers.playing import Outcome, every_scene
from tests.strangers.repository import Pipeline, pipelines
from tests.strangers.scenes import Scene, scenes

STUCK = Expectation(Verdict.FAILING, ("function/not-deployed",))
GOOD = Expectation(Verdict.HEALTHY)
STAMP = "2026-01-15T12:00:00.0000000Z "


@pytest.mark.parametrize("one", pipelines(), ids=lambda one: one.name)
def test_each_pipeline_has_a_step_or_a_workflow_and_six_faults(one: Pipeline) -> None:
    played = scenes(one, 0)

    assert bool(one.step) is not ("workflow.yml" in one.files)
    assert played[0].faults == ()
    assert len(played) >= 7


def test_there_are_forty_and_more() -> None:
    assert len(pipelines()) >= 40
    assert len({scene.name for scene in every_scene()}) == len(every_scene())


def test_a_pipeline_without_a_second_way_is_broken_by_the_first_fault_on_its_own() -> None:
    alone = Pipeline("alone", "shape", function=False)
    refused = Scene(alone, (SINGLE["not-deployed"], SINGLE["no-update-grant"]))
    spared = Scene(alone, (SINGLE["not-deployed"],))

    assert refused.expected.root_cause == "rls/no-grant"
    assert spared.expected == GOOD


def test_a_hidden_script_leaves_what_it_printed_and_its_environment() -> None:
    said = [
        "##[group]Run bash ops/x.sh",
        "\x1b[36;1mbash ops/x.sh\x1b[0m",
        "shell: /usr/bin/bash -e {0}",
        "env:",
        "  KEY: ***",
        "##[endgroup]",
        "it failed: 401",
    ]

    hidden = without_scripts("".join(f"{STAMP}{line}\n" for line in said))

    assert "ops/x.sh" not in hidden
    assert "it failed: 401" in hidden
    assert "  KEY: ***" in hidden


def test_a_hidden_github_script_leaves_its_environment() -> None:
    log = (
        f"{STAMP}##[group]Run actions/github-script@v7\n{STAMP}with:\n"
        f"{STAMP}  script: const a = 1\nawait fetch(a)\n{STAMP}  debug: false\n{STAMP}env:\n"
    )

    hidden = without_scripts(log)

    assert "fetch" not in hidden
    assert "actions/github-script" not in hidden
    assert "  debug: false" in hidden


def test_the_page_counts_by_shape_and_names_what_is_not_right() -> None:
    outcomes = [
        Outcome("a: healthy", "bash", GOOD, GOOD, GOOD),
        Outcome("a: not-deployed", "bash", STUCK, STUCK, GOOD),
    ]

    text = section(outcomes)

    assert "| bash | 1 | 2 | 2 (100.0 %) | 1 (50.0 %) |" in text
    assert (
        "- a: not-deployed, scripts not seen: should be function/not-deployed, is healthy" in text
    )


def test_the_section_is_found_again_in_the_page() -> None:
    made = section([])

    rest, found = without_section(f"# Page\n\n{made}after\n")

    assert found == made
    assert rest == "# Page\n\nafter\n"
