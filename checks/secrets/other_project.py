"""Whether the run called another project than the one that has the row, as its own log shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.evidence.secrets import SupabaseUrl
from backup_doctor.judge.commands import gh_log
from backup_doctor.judge.framework import Found
from backup_doctor.judge.history import (
    BOTH_WRITES,
    RowState,
    fallback_call,
    function_call,
    is_over,
    row_state,
)
from backup_doctor.judge.history.calls import logged_for
from backup_doctor.judge.history.secret_names import secret_name
from backup_doctor.judge.show import exhibit, log_lines, manual
from backup_doctor.services.secret_uses import Use

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.secrets import SecretsEvidence

_PROJECT = re.compile(r"\b([a-z]{20})\.supabase\.co\b")


def other_project(seen: SecretsEvidence, case: Case) -> Found | None:
    """The row waits in one project, and the log shows the address of another, and of no third."""
    url_ref = seen.url.ref if isinstance(seen.url, SupabaseUrl) else None
    here = seen.project_ref or url_ref
    called = _called(case)
    waits = row_state(case) is RowState.IN_PROGRESS and is_over(case)
    if here is None or not waits or len(called) != 1 or here in called:
        return None
    (there,) = called
    name = secret_name(case, Use.URL)
    variable = logged_for(case, Use.URL)
    of_step = f"the step's variable {variable.name}" if variable else "the step's Supabase URL"
    return Found(
        summary=f"The run called the project {there}, and its row is in the project {here}.",
        evidence=(
            exhibit("project that the run called", there, "workflow log", gh_log(case)),
            exhibit("project of the row", here, "settings", None),
            *log_lines(case, "answer of the function", function_call(case)),
            *log_lines(case, "answer to the update", fallback_call(case)),
        ),
        fixes=(
            manual(
                "Let app and workflow use one project",
                f"Set {name or of_step} to https://{here}.supabase.co, and the keys beside it to that "
                f"project's; or, if {there} is right, let the app insert its rows there.",
            ),
        ),
        breaks=BOTH_WRITES,
        by_log=True,
    )


def _called(case: Case) -> frozenset[str]:
    """The projects whose addresses the update step was given, or its calls show."""
    variable = logged_for(case, Use.URL)
    calls = (
        function_call(case),
        fallback_call(case),
        *((case.log.lookup_call,) if case.log else ()),
    )
    shown = [line for call in calls for line in (*call.lines, call.body)]
    given = (variable.value or "") if variable else ""
    return frozenset(_PROJECT.findall("\n".join((given, *shown))))
