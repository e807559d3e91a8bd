"""A sweep finds every stuck backup, and says of each what a single diagnosis says of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from backup_doctor.base.redaction import Redactor
from backup_doctor.demo.crowd import multiply, original
from backup_doctor.demo.faults import FAULTS
from backup_doctor.demo.world import FUNCTION, World
from backup_doctor.evidence.case import Names
from backup_doctor.evidence.findings import Verdict
from backup_doctor.run.sweep.render.wording import name
from backup_doctor.run.sweep.result import Swept
from backup_doctor.run.sweep.script import Entry, script
from backup_doctor.run.sweep.sweeping import Wish
from tests.e2e.doctoring import diagnose_world, psql
from tests.sweep.crowd import swept

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backup_doctor.demo.supabase.state import Function
    from backup_doctor.demo.world import Servers
    from backup_doctor.run.sweep.result import Sweep

GRANTED = "GRANT UPDATE ON public.backup_history TO service_role"
BEGAN = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=20)
# GitHub lists 100 runs a page: all of them take two.
EACH = 40
ALL = 3 * EACH
SAMPLE = 24
STATUSES = "SELECT status, count(*), max(finished_at) FROM public.backup_history GROUP BY status;"


def mend(world: World, deployed: Function) -> None:
    """Undo what the faults below did."""
    world.sql(GRANTED)
    world.project.functions[FUNCTION] = replace(deployed, verify_jwt=False)
    world.restore_roles()
    world.sql("DROP POLICY IF EXISTS service_role_reads ON public.backup_history")
    world.github_secrets["BACKUP_API_KEY"] = world.backup_api_key


def crowd(world: World, faults: tuple[str, ...], each: int) -> dict[str, list[str]]:
    """For each fault in its turn one backup that really ran, and many like it; then all is mended."""
    made: dict[str, list[str]] = {}
    deployed = world.project.functions[FUNCTION]
    for nth, fault in enumerate(faults):
        dispatch_id = world.insert_row()
        FAULTS[fault].before(world)
        run = world.run_pipeline(dispatch_id)
        of = original(world, dispatch_id, run)
        made[fault] = multiply(world, of, each, BEGAN + nth * timedelta(minutes=each))
        world.sql(f"DELETE FROM public.backup_history WHERE dispatch_id = '{dispatch_id}'")
        mend(world, deployed)
    return made


# What a single diagnosis says of each fault now that it is mended: that the keys differed then can
# no longer be seen, that the function refused the key is in the log.
CAUSES = {
    "stuck": "function/not-deployed",
    "wrong-key": "function/key-rejected",
    "jwt-gate": "function/jwt-gate",
}


@dataclass(frozen=True)
class Three:
    """Many stuck backups of three causes that no longer hold, swept in two ways."""

    world: World
    made: dict[str, list[str]]
    whole: Sweep
    sampled: Sweep


@pytest.fixture(scope="module")
def three(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Three]:
    directory = tmp_path_factory.mktemp("three")
    with World(servers) as world:
        made = crowd(world, tuple(CAUSES), EACH)
        whole = swept(world, directory, Wish(older_than_s=7200, mending=True))
        sampled = swept(world, directory, Wish(older_than_s=7200, sample=SAMPLE))
        yield Three(world, made, whole, sampled)


def test_many_backups_of_three_causes_are_found_in_one_sweep(three: Three) -> None:
    sweep = three.whole

    assert sweep.complete
    assert sweep.counts == {"stuck": ALL, "running": 0, "failing": ALL, "unknown": 0}
    assert sweep.by_root_cause == dict.fromkeys(CAUSES.values(), EACH)
    by_name = {one.report.subject.dispatch_id: one for one in sweep.backups}
    for fault, ids in three.made.items():
        assert {by_name[one].root_cause for one in ids} == {CAUSES[fault]}
        assert all(by_name[one].closely for one in ids)


def test_each_says_what_a_single_diagnosis_says(three: Three, tmp_path: Path) -> None:
    sweeps = (three.whole, three.sampled)
    by_name = [{one.report.subject.dispatch_id: one.report for one in of.backups} for of in sweeps]

    for ids in three.made.values():
        for dispatch_id in (ids[0], ids[EACH // 2 + 3], ids[-1]):
            single = diagnose_world(three.world, dispatch_id, tmp_path)
            for several in (reports[dispatch_id] for reports in by_name):
                assert several.verdict is single.verdict is Verdict.FAILING
                assert several.root_cause == single.root_cause
                assert several.causes == single.causes
                assert several.fix_sql == single.fix_sql


def test_a_small_sample_finds_where_the_causes_change_and_says_what_is_presumed(
    three: Three,
) -> None:
    sweep = three.sampled

    read = sum(one.closely for one in sweep.backups)
    assert sweep.by_root_cause == dict.fromkeys(CAUSES.values(), EACH)
    assert read <= SAMPLE
    assert sum(sweep.presumed.values()) == ALL - read
    assert any(f"The runs of {read} of {ALL} backups were read" in gap for gap in sweep.gaps)
    presumed = next(one.report for one in sweep.backups if one.presumed)
    assert any(note.startswith("Presumed: its run was not read") for note in presumed.notes)


def test_without_any_run_read_no_cause_is_made_up(three: Three, tmp_path: Path) -> None:
    sweep = swept(three.world, tmp_path, Wish(older_than_s=7200, sample=0))

    assert sweep.by_root_cause == {"unknown": ALL}


def test_the_limit_bounds_what_is_looked_at(three: Three, tmp_path: Path) -> None:
    sweep = swept(three.world, tmp_path, Wish(older_than_s=7200, limit=7))

    assert len(sweep.backups) == 7
    assert sweep.complete
    assert "Only 7 rows were looked at, as --limit says." in sweep.gaps


def test_a_limit_within_which_nothing_is_stuck_clears_nothing(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first row's backup is right by then; of the second nobody knows."""
    for dispatch_id in ("d-1", "d-2"):
        world.insert_row(dispatch_id)
    world.sql("UPDATE public.backup_history SET created_at = now() - interval '9 hours'")
    monkeypatch.setattr(Swept, "is_stuck", False)

    sweep = swept(world, tmp_path, Wish(older_than_s=7200, limit=1))

    assert (len(sweep.backups), sweep.stuck, sweep.complete) == (1, (), False)


def test_the_script_mends_all_rows_and_twice_changes_nothing_more(
    three: Three, tmp_path: Path
) -> None:
    entries = [Entry(name=name(one), mendable=one.mendable) for one in three.whole.stuck]
    text = script(Names(), entries, Redactor())

    psql(three.world, text)
    once = psql(three.world, STATUSES)
    psql(three.world, text)

    assert "Left out" not in text
    assert f" {ALL} " in once
    assert psql(three.world, STATUSES) == once
    assert swept(three.world, tmp_path).counts["stuck"] == 0


def test_younger_rows_and_finished_ones_are_no_part_of_it(world: World, tmp_path: Path) -> None:
    world.insert_row()
    done = world.insert_row()
    world.sql(
        "UPDATE public.backup_history SET status = 'success', created_at = now() - interval '1 day' "
        f"WHERE dispatch_id = '{done}'"
    )

    sweep = swept(world, tmp_path)

    assert sweep.complete
    assert (sweep.backups, sweep.counts["stuck"]) == ((), 0)
