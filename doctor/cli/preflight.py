"""The command `preflight` and its flags. The work is imported when it is called."""

from msgspec.structs import replace

from backup_doctor.cli.flags import AllProjectsFlag, ManyBudgetFlag, budget_of
from backup_doctor.cli.given import Given
from backup_doctor.cli.with_given import with_given


@with_given(without=("dispatch_id", "backup_id", "run_id", "budget"))
def preflight(
    given: Given, *, all_projects: AllProjectsFlag = False, budget: ManyBudgetFlag = None
) -> int:
    """Find what would break the next backup.

    Runs the same checks, before there is a backup.
    """
    from backup_doctor.cli.diagnose import diagnose
    from backup_doctor.cli.preflight_projects import preflight_each
    from backup_doctor.cli.request import foresight

    wanted = foresight(replace(given, budget=budget_of(budget, all_projects=all_projects)))
    return (preflight_each if all_projects else diagnose)(wanted)
