"""The checks follow the guide, and a pass of theirs is earned."""

from __future__ import annotations

from backup_doctor.judge.registry import load_checks


def test_each_check_is_a_step_of_the_guide() -> None:
    steps = {loaded.check.name: loaded.check.step for loaded in load_checks().checks}

    assert steps == {
        "secrets": 2,
        "function": 5,
        "row": 3,
        "workflow": 1,
        "object": 6,
        "rls": None,
    }
