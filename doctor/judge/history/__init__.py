"""What happened to this backup: the facts that several rules and the diagnosis share.

Pure functions from the case. Two principles of the contract live here: what the run's own log says
outranks what a probe finds now, and a condition that began after the failure explains nothing.
"""

from backup_doctor.judge.history.absence import absence_of_row, absence_of_table, run_names_table
from backup_doctor.judge.history.beside import names_ours, table_beside
from backup_doctor.judge.history.calls import (
    API_KEY,
    SERVICE_URLS,
    fallback_call,
    fallback_said,
    function_call,
    function_said,
    function_told,
    look_up_said,
    stopped_at_look_up,
    update_ran,
)
from backup_doctor.judge.history.now import (
    function_blocked_now,
    function_key_worked,
    pipeline_key_worked,
)
from backup_doctor.judge.history.row import (
    RowState,
    another_row_succeeded,
    missing_columns,
    row_age,
    row_state,
    rows_of,
    unknown_status,
)
from backup_doctor.judge.history.run import (
    RunProgress,
    began_after_failure,
    dispatch_began,
    dispatch_runs,
    failed_at,
    is_over,
    progress,
    run_is_going,
    run_read_secrets_at,
    usual_s,
)
from backup_doctor.judge.history.then import (
    BOTH_WRITES,
    address_then,
    database_then,
    function_then,
    platform_then,
    proved_where_open,
    service_key_then,
)
from backup_doctor.judge.history.weight import Weight, aside, weigh

SERVICE_KEYS = ("SUPABASE_SERVICE_ROLE_KEY", "VITE_SUPABASE_SERVICE_ROLE_KEY")

__all__ = [
    "API_KEY",
    "BOTH_WRITES",
    "SERVICE_KEYS",
    "SERVICE_URLS",
    "RowState",
    "RunProgress",
    "Weight",
    "absence_of_row",
    "absence_of_table",
    "address_then",
    "another_row_succeeded",
    "aside",
    "began_after_failure",
    "database_then",
    "dispatch_began",
    "dispatch_runs",
    "failed_at",
    "fallback_call",
    "fallback_said",
    "function_blocked_now",
    "function_call",
    "function_key_worked",
    "function_said",
    "function_then",
    "function_told",
    "is_over",
    "look_up_said",
    "missing_columns",
    "names_ours",
    "pipeline_key_worked",
    "platform_then",
    "progress",
    "proved_where_open",
    "row_age",
    "row_state",
    "rows_of",
    "run_is_going",
    "run_names_table",
    "run_read_secrets_at",
    "service_key_then",
    "stopped_at_look_up",
    "table_beside",
    "unknown_status",
    "update_ran",
    "usual_s",
    "weigh",
]
