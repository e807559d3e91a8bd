"""A fixed sample of the closed loops: one fault in nineteen. `make matrix` closes all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from backup_doctor.demo.faults import SINGLE
from backup_doctor.demo.world import World
from backup_doctor.evidence.findings import Fix, FixKind, PlanStep
from tests.matrix.catalogue import loops
from tests.matrix.following import Follower
from tests.matrix.loop import close_loop
from tests.matrix.person import ACTS, Act, answers
from tests.matrix.reasons import open_reason
from tests.matrix.scenes import Scene, break_and_run
from tests.terminal import MISSING, Terminal

if TYPE_CHECKING:
    from backup_doctor.demo.world import Servers

SAMPLE = [scene for scene in loops()[::19] if open_reason(scene.name) is None]

with_programs = pytest.mark.skipif(
    bool(MISSING), reason=f"not installed: {', '.join(MISSING)} (make programs)"
)


@with_programs
@pytest.mark.parametrize("scene", SAMPLE, ids=lambda scene: scene.name)
def test_a_backup_is_right_once_its_report_was_followed_and_the_next_one_too(
    servers: Servers, scene: Scene
) -> None:
    assert close_loop(servers, scene).problems == ()


@with_programs
@pytest.mark.parametrize(
    ("fix", "problem"),
    [
        (
            Fix(kind=FixKind.SHELL, title="", text="gh secret set OTHER_NAME --repo HOST/acme/app"),
            "the command of secrets/missing fails",
        ),
        (
            Fix(
                kind=FixKind.SHELL,
                title="",
                text="printf x | gh secret set OTHER --repo HOST/acme/app",
            ),
            "",
        ),
        (Fix(kind=FixKind.MANUAL, title="Look after it", text="Think about the key."), ""),
        (
            Fix(
                kind=FixKind.SQL,
                title="Turn it off",
                text="ALTER TABLE public.backup_history DISABLE ROW LEVEL SECURITY",
            ),
            "the plan turns row-level security off",
        ),
        (
            Fix(
                kind=FixKind.SQL,
                title="Count",
                text="UPDATE public.backup_history SET size_bytes = coalesce(size_bytes, 0) + 1",
            ),
            (
                "the SQL of 'Count' changes something the second time",
                "the SQL changes a row that healed meanwhile",
            ),
        ),
    ],
    ids=["unknown value", "other name", "prose that names nothing", "risk", "not guarded"],
)
def test_what_does_not_do_what_it_says_leaves_the_loop_open(
    servers: Servers, fix: Fix, problem: str | tuple[str, ...]
) -> None:
    scene = Scene((SINGLE["no-service-key"],))
    with World(servers) as world, Terminal(world, answers(world)) as terminal:
        follower = Follower(world, scene, terminal, break_and_run(world, scene))
        there = msgspec.structs.replace(fix, text=fix.text.replace("HOST", terminal.host))
        step = PlanStep(title=fix.title, why="secrets/missing", one_of=(there,))
        report = msgspec.structs.replace(follower.look(), plan=(step,))

        problems = [*follower.do(report, {})]

        assert [text for text in problems if not text.startswith(problem or "-")] == []
        assert bool(problems) is bool(problem)
        assert "VITE_SUPABASE_SERVICE_ROLE_KEY" not in world.github_secrets


@pytest.mark.parametrize("name", ACTS)
def test_a_person_acts_on_a_fault_that_there_is_and_only_if_told(name: str) -> None:
    assert name in SINGLE
    assert not any(act.is_told("Fix it, then run the backup again.") for act in ACTS[name])


def test_words_are_found_whatever_their_case_and_wherever_the_line_ends() -> None:
    act = Act(r"raise the limit", lambda _: None)

    assert act.is_told("You may\nRaise the\nlimit.")
    assert not act.is_told("Lower the limit.")
