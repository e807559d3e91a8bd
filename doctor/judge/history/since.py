"""What proves that what failed then works now: the pipeline's own request, and nothing else.

The keys that the doctor was given are presumed the pipeline's; but where the log proves that the
pipeline's was refused, one that works proves nothing, unless GitHub shows that the secret was set
after the failure. What the catalogue and the platform's own record show is true of the pipeline too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.function import HttpAnswer
from backup_doctor.evidence.row import ApiAnswer
from backup_doctor.evidence.secrets import FunctionKey, KeyMatch
from backup_doctor.judge.framework import Resolved
from backup_doctor.judge.history.calls import function_said
from backup_doctor.judge.history.run import began_after_failure, run_read_secrets_at
from backup_doctor.judge.history.secret_names import function_secret_name, secret_name
from backup_doctor.judge.show import exhibit, rfc3339
from backup_doctor.services.secret_uses import Use

if TYPE_CHECKING:
    from datetime import datetime

    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Exhibit
    from backup_doctor.evidence.secrets import StoredSecret

OK = 200


def data_api_answers(case: Case) -> bool:
    """Whether the Data API answers the pipeline's own look-up, made with the doctor's key."""
    api = case.row.api if case.row else None
    return isinstance(api, ApiAnswer) and api.status == OK


def stored_for(case: Case, use: Use) -> StoredSecret | None:
    """GitHub's record of the pipeline's secret, where it may be read."""
    name = secret_name(case, use)
    return case.secrets.stored(name) if name and case.secrets else None


def function_key_changed(case: Case, refusal: str) -> datetime | None:
    """When the present state of the function's key began: the later change of its two sides.

    None where nobody tells, or where the log may show this refusal: then they differed before that as well.
    """
    held = case.secrets.function_secrets if case.secrets else ()
    own = function_secret_name(case)
    sides = () if isinstance(held, Unseen) else held
    stored = stored_for(case, Use.FUNCTION_KEY)
    times = (
        next((one.updated_at for one in sides if one.name == own), None),
        stored.updated_at if stored else None,
    )
    return None if refusal in function_said(case).codes else max(filter(None, times), default=None)


def was_set_since(case: Case, stored: StoredSecret | None) -> bool:
    """Whether GitHub shows that a secret was set after the failure."""
    return stored is not None and began_after_failure(case, stored.updated_at)


def key_works(case: Case, *uses: Use) -> Resolved | None:
    """GitHub's secret was set after the failure, and with the doctor's copy the Data API answers."""
    stored = next((one for use in uses if was_set_since(case, one := stored_for(case, use))), None)
    if stored is None or stored.updated_at is None or not data_api_answers(case):
        return None
    return Resolved(
        by=f"GitHub shows that {stored.name} was set since, {rfc3339(stored.updated_at)}, and the "
        "Data API takes the key"
    )


def keys_agree(case: Case) -> Resolved | None:
    """GitHub's key was set after the failure, and the doctor's copy is the function's."""
    key, stored = (
        case.secrets.function_key if case.secrets else None,
        stored_for(case, Use.FUNCTION_KEY),
    )
    equal = isinstance(key, FunctionKey) and key.match is KeyMatch.EQUAL
    if not equal or stored is None or not was_set_since(case, stored):
        return None
    return Resolved(
        by=f"GitHub shows that {stored.name} was set since, and it is the function's key"
    )


def as_stored(case: Case, *uses: Use) -> tuple[Exhibit, ...]:
    """When GitHub's secrets were set, as evidence: before the run or after it."""
    found = (one for use in uses if (one := stored_for(case, use)) and one.updated_at)
    return tuple(
        exhibit(f"{one.name} on GitHub", f"last set {_when(case, one)}", "GitHub API")
        for one in found
    )


def _when(case: Case, stored: StoredSecret) -> str:
    at, read = stored.updated_at, run_read_secrets_at(case)
    text = rfc3339(at) if at else ""
    if at is None or read is None:
        return text
    return f"{text}, {'after' if at > read else 'before'} the run began"


def runs_now(case: Case, *, beyond_boot: bool = False) -> Resolved | None:
    """The function itself answers now. OPTIONS shows that it is there and starts, and no more."""
    seen = case.function
    if seen is None:
        return None
    asked = {"a call": seen.test_call, "an empty body": seen.empty_post}
    if not beyond_boot:
        asked["OPTIONS"] = seen.options
    for what, answer in asked.items():
        if isinstance(answer, HttpAnswer) and answer.from_function:
            return Resolved(by=f"{seen.name} itself answers {what} (HTTP {answer.status})")
    return None
