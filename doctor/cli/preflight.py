"""The command `preflight` and its flags. The work is imported when it is called."""

from backup_doctor.cli.flags import AllProjectsFlag
from backup_doctor.cli.given import Given, with_given


@with_given(without=("dispatch_id", "backup_id", "run_id"))
def preflight(given: Given, *, all_projects: AllProjectsFlag = False) -> int:
    """Find what would break the next backup.

    Runs the same checks, before there is a backup.
    """
    from backup_doctor.cli.diagnose import diagnose
    from backup_doctor.cli.preflight_projects import preflight_each
    from backup_doctor.cli.request import foresight

    return (preflight_each if all_projects else diagnose)(foresight(given))
