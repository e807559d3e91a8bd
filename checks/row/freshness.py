"""How old the last good backup is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.row import RowEvidence
from backup_doctor.judge.framework import Found, Rules
from backup_doctor.judge.freshness import Freshness, freshness, sentence
from backup_doctor.judge.show import exhibit, manual, rfc3339
from backup_doctor.judge.traits import Trait

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Exhibit

rules = Rules[RowEvidence]()


@rules.cause("row/none-lately", breaks=Link.ROW_CREATED, traits=(Trait.PAST_ONLY,))
def none_lately(seen: RowEvidence, case: Case) -> Found | None:
    """No backup has succeeded for longer than `max_age` allows.

    Detected: in `preflight`, `list` and `sweep`, with `max_age` set: the last row with the success
    status and a key was finished (or, if it does not say when, started) longer ago than that; or
    there is none, and nothing hides rows from the doctor.
    Cause: nothing starts backups any more (the app, its schedule, a disabled workflow), or each of
    them fails.
    Fix: look at the newest rows and runs; diagnose the newest backup, if there is one.
    By hand: `SELECT max(coalesce(finished_at, created_at)) FROM backup_history
    WHERE status = 'success';`
    Source: guide, prevention.
    """
    fresh = freshness(seen.last_good, case.names.max_age_s, case.now)
    if fresh.ok is not False:
        return None
    return Found(
        summary=sentence(fresh),
        evidence=_last(fresh),
        fixes=(
            manual(
                "Find out why there is no newer one",
                "If there are newer rows, diagnose the newest. If there are none, nothing starts "
                "backups: look at the app's schedule and at whether the workflow is enabled.",
            ),
        ),
    )


def _last(fresh: Freshness) -> tuple[Exhibit, ...]:
    last, at = fresh.last_good, fresh.last_good_at
    if last is None or at is None:
        return ()
    return (
        exhibit("last good backup", last.dispatch_id or last.id or "?", "database", None),
        exhibit("made", rfc3339(at), "database", None),
    )
