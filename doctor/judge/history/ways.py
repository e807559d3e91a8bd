"""Which ways to the row the workflow has at all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.evidence.workflow import WorkflowFile

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case

# What a secret is called that opens the table: a service key, or the database itself.
_OPENS_TABLE = re.compile(
    r"SERVICE|ROLE|SUPABASE_KEY|SECRET_KEY|DATABASE|POSTGRES|PASSWORD|(?:^|_)(?:DB|PG)",
    re.IGNORECASE,
)


def has_no_fallback(case: Case) -> bool:
    """Whether the update step certainly cannot update the row but by the function.

    It is handed no secret that could open the table: none of its own, of its job's `env`, or of the
    workflow's. A step that is not in the file may be anywhere, and have any.
    """
    file = case.workflow.file if case.workflow else None
    if not isinstance(file, WorkflowFile) or file.problem or file.update_step is None:
        return False
    step = file.update_step
    others = {name for one in file.steps if one is not step for name in one.secrets}
    handed = {*step.secrets, *file.env_secrets, *(set(file.secrets) - others)}
    return bool(step.secrets) and not any(map(_OPENS_TABLE.search, handed))
