"""The columns of the guide's table. Nothing is imported here: `--help` needs their names."""

GUIDE_COLUMNS = (
    "id",
    "dispatch_id",
    "s3_key",
    "status",
    "size_bytes",
    "finished_at",
    "error_text",
    "workflow_run_id",
    "created_at",
)

# What an update that finishes a backup fills in, beside the status.
FILLED_BY_UPDATE = ("s3_key", "size_bytes", "finished_at", "error_text", "workflow_run_id")

# How the doctor's own SQL begins what it writes to a row that it closes.
BY_DOCTOR, DUPLICATE_OF = "backup-doctor: ", "duplicate of "
