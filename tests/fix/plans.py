"""Plans for the one stuck row of a lab, made as the doctor makes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from backup_doctor.collect.database.rows import read_row
from backup_doctor.evidence.case import Asked, Case, Names
from backup_doctor.evidence.workflow import Run
from backup_doctor.judge.diagnosis import diagnose
from backup_doctor.judge.fix_sql import repair
from backup_doctor.judge.judgement import judge
from backup_doctor.judge.registry import load_checks
from backup_doctor.run.fix.plan import Plan, plan
from backup_doctor.run.fix.writer import Writer
from backup_doctor.settings.model import Secret, Settings
from tests.database.lab import DISPATCH, ROW_ID
from tests.judgement import cases

if TYPE_CHECKING:
    from backup_doctor.evidence.row import BackupRow
    from backup_doctor.run.fix.ending import Written
    from tests.database.lab import Lab

KEY = f"backups/2026/01/15/backup-{DISPATCH}.zip"
SIZE = 4_096
UPLOADED = datetime(2026, 1, 15, 2, 9, 10, tzinfo=UTC)
NOW = UPLOADED + timedelta(days=1)
ROW = f"SELECT to_jsonb(t) AS row FROM public.backup_history AS t WHERE id = '{ROW_ID}'"


def row_of(lab: Lab) -> dict[str, Any]:
    """The stuck row as it is now."""
    found: dict[str, Any] = lab.sql(ROW)[0]["row"]
    return found


def planned(one: Case) -> Plan:
    """The plan that follows from a case."""
    judgement = judge(one, (loaded.check for loaded in load_checks().checks))
    made = plan(one, repair(one, diagnose(one, judgement.findings)))
    assert made is not None
    return made


def case_of(row: BackupRow | None, key: str = KEY, dispatch: str = DISPATCH) -> Case:
    """A backup whose run is over and whose file is there, with this row."""
    here = cases.stored(key=key, size=SIZE, modified_at=UPLOADED)
    evidence = cases.row() if row else cases.row(rows=())
    known = msgspec.structs.replace(evidence, rows=(row,) if row else ())
    over = cases.workflow(None)
    assert isinstance(over.run, Run)
    return Case(
        asked=Asked(dispatch_id=dispatch),
        names=Names(),
        now=NOW,
        evidence={
            "row": known,
            "workflow": msgspec.structs.replace(
                over, run=msgspec.structs.replace(over.run, created_at=UPLOADED)
            ),
            "object": cases.the_object(expected_key=key, head=here),
        },
    )


def to_success(lab: Lab, key: str = KEY) -> Plan:
    """What makes the lab's stuck row say success, from the row as it is now."""
    return planned(case_of(read_row(row_of(lab), Names()), key))


def to_new_row(dispatch: str) -> Plan:
    """What inserts the row of a backup whose file is there."""
    return planned(case_of(None, f"backups/2026/01/15/backup-{dispatch}.zip", dispatch))


def write(lab: Lab, made: Plan, role: str = "postgres", **more: Any) -> Written:
    """Carry the plan out as that role."""
    settings = Settings(database_url=Secret(lab.uri(role)), **more)
    return Writer(settings).write(made)
