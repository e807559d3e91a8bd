"""What several checks advise: how a secret of the pipeline is set, so that its job reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.judge.commands import gh_secret_set, new_key
from backup_doctor.judge.history.calls import logged_for
from backup_doctor.judge.history.secret_names import function_secret_name, place_of, secret_name
from backup_doctor.judge.history.written import is_written_by_others
from backup_doctor.judge.show import by_command, manual
from backup_doctor.services.secret_uses import GUIDES_NAMES, Use

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Fix

_FIND_WRITER = manual(
    "Find out who wrote the row",
    "The run's log shows that its updates were refused: a person, or another program, set the row's "
    "status and values.",
)
WHERE = "GitHub → Settings → Secrets and variables → Actions"


def to_its_writer(case: Case, to_update_step: Fix) -> Fix:
    """What to do about what a finished row says: advice to the update step, if that can have written it."""
    return _FIND_WRITER if is_written_by_others(case) else to_update_step


def set_on_github(case: Case, use: Use, value: str = "") -> Fix:
    """Set the pipeline's secret for this use on GitHub; `value` says what it has to be, in words."""
    name = secret_name(case, use)
    if name is None:
        what = f"Set {use.words} on GitHub{f': {value}' if value else ''}"
        return by_command(what, None, in_words=_unnamed(case, use))
    return set_named(case, name, value)


def set_named(case: Case, name: str, value: str = "") -> Fix:
    """Set a secret of this name on GitHub, where the job reads it."""
    place = place_of(case, name)
    at = f" in the environment {place.environment}" if place and place.environment else ""
    wanted = f": {value}" if value else ""
    return by_command(
        f"Set {name} on GitHub{at}{wanted} (asks for the value)",
        gh_secret_set(case, place) if place else None,
        in_words=f"{WHERE}: {name}{at}{wanted}.",
    )


def _unnamed(case: Case, use: Use) -> str:
    guides, shown = GUIDES_NAMES.get(use, ()), logged_for(case, use)
    usual = f" (usually {guides[0]})" if guides else ""
    variable = f" (the variable {shown.name})" if shown else usual
    return (
        f"{WHERE}: the secret that the workflow's update step reads as {use.words}{variable}. Its name "
        f"was not seen; the setting `{use.setting}` tells it."
    )


def new_api_key(case: Case, in_function: str | None = None) -> tuple[Fix, ...]:
    """Make a new function key and set it on both sides."""
    name, own = secret_name(case, Use.FUNCTION_KEY), in_function or function_secret_name(case)
    place = place_of(case, name) if name else None
    made = new_key(case, place, own) if place and own else None
    return (
        by_command(
            "Make one key and set it on both sides",
            made,
            in_words="Make a new key (`openssl rand -hex 32`), and set it both as the secret that the "
            f"update step sends ({name or 'on GitHub'}) and as the one that the function compares it "
            f"with ({own or 'in its own secrets'}).",
        ),
    )
