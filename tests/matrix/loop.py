"""The closed loop: do what the report says, and see whether the backup and the next one are right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doctor.demo.faults.fault import Side, nothing
from doctor.demo.world import World
from doctor.model import FixKind, Risk, Verdict
from tests.e2e.doctoring import diagnose_world, paste, psql
from tests.matrix.scenes import break_and_run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from doctor.demo.faults import Fault
    from doctor.demo.world import Servers
    from doctor.model import Report
    from tests.matrix.scenes import Scene

ROWS = "SELECT * FROM public.backup_history ORDER BY id"
HEAL = """
    UPDATE public.backup_history SET status = 'success', s3_key = 'backups/healed.zip',
      size_bytes = 22
    WHERE dispatch_id = '{}'
"""


def close_loop(servers: Servers, scene: Scene) -> list[str]:
    """Mend what the scene broke, as the report says; return what was not right then, in words."""
    with World(servers) as world:
        dispatch_id = break_and_run(world, scene)
        report = diagnose_world(world, dispatch_id, world.directory)
        if report.verdict is Verdict.HEALTHY:
            return [] if report.fix_sql is None else ["a healthy backup has fix SQL"]
        return [
            *_mend_causes(world, scene, report, after=False),
            *_mend_row(world, report, dispatch_id),
            *_mend_causes(world, scene, report, after=True),
            *(_back_up_again(world) if _all_mended(scene, report) else ()),
        ]


def _mend_causes(world: World, scene: Scene, report: Report, *, after: bool) -> Iterator[str]:
    """Mend what the report calls a cause; what spoilt a row that was right, `after` the row."""
    parts = [part for part in _parts(scene) if (part.side is Side.AFTER) is after]
    for part in parts:
        printed = _sql_fixes(report, part.code) if part.code in report.causes else []
        if printed:
            try:
                psql(world, printed[0])
            except AssertionError as refused:
                yield f"the fix of {part.code} fails: {refused}\n{printed[0]}"
        elif part.mend:
            part.mend(world)
    for code in report.causes if after else ():
        if not _any_fix(report, code) and not _is_over(scene):
            yield f"no fix is printed for {code}"


def _mend_row(world: World, report: Report, dispatch_id: str) -> Iterator[str]:
    if report.fix_sql is None:
        return
    if _changes_what_healed(world, dispatch_id, report.fix_sql):
        yield "the SQL changes a row that healed meanwhile"
    psql(world, report.fix_sql)
    once = psql(world, ROWS)
    psql(world, report.fix_sql)
    if psql(world, ROWS) != once:
        yield "the SQL changes something the second time"
    if "status = 'failed'" in report.fix_sql:
        if "failed" not in once:
            yield "the row is not marked as failed"
        return
    again = diagnose_world(world, dispatch_id, world.directory)
    if again.verdict is not Verdict.HEALTHY:
        yield f"the old row is {again.verdict} then: {again.root_cause}, {again.summary}"


def _changes_what_healed(world: World, dispatch_id: str, fix: str) -> bool:
    """Whether the SQL changes anything where the pipeline itself has finished the row meanwhile."""
    name = world.database_uri.rsplit("/", 1)[1]
    copy = world.servers.postgres.copy_database(name, f"{name}_healed")
    try:
        paste(copy, HEAL.format(dispatch_id))
        healed = paste(copy, ROWS)
        paste(copy, fix)
        return "(0 rows)" not in healed and paste(copy, ROWS) != healed
    finally:
        world.servers.postgres.drop_database(f"{name}_healed")


def _back_up_again(world: World) -> Iterator[str]:
    """Run the pipeline for a new backup."""
    report = diagnose_world(world, _backed_up(world), world.directory)
    if report.verdict is not Verdict.HEALTHY:
        yield f"the next backup is {report.verdict}: {report.causes}, {report.summary}"


def _backed_up(world: World) -> str:
    dispatch_id = world.insert_row()
    world.run_pipeline(dispatch_id)
    return dispatch_id


def _parts(scene: Scene) -> list[Fault]:
    return [part for fault in scene.faults for part in fault.causes]


def _all_mended(scene: Scene, report: Report) -> bool:
    """Whether every fault has a remedy here: a world without a runner stays without one."""
    return all(_is_mended(part, report) for part in _parts(scene))


def _is_mended(part: Fault, report: Report) -> bool:
    by_itself = part.side is Side.BOTH and part.after is not nothing
    return bool(part.mend or by_itself or (part.code and _sql_fixes(report, part.code)))


def _is_over(scene: Scene) -> bool:
    """Whether what broke works again: then nothing but the row is left to mend."""
    return any(part.after is not nothing for part in _parts(scene))


def _sql_fixes(report: Report, code: str | None) -> list[str]:
    return [
        fix.text
        for result in report.results
        for finding in result.findings
        if finding.code == code
        for fix in finding.fixes
        if fix.kind is FixKind.SQL and fix.risk is not Risk.HIGH
    ]


def _any_fix(report: Report, code: str) -> bool:
    return any(
        finding.fixes
        for result in report.results
        for finding in result.findings
        if finding.code == code
    )
