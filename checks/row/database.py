"""What keeps the whole database from being written: locks, read-only mode, overload."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backup_doctor.checks.row.slow import RELIEVE, find_what_is_slow
from backup_doctor.checks.row.view import api_text, where
from backup_doctor.evidence.base import Unseen, Why, unseen
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.findings import Risk
from backup_doctor.evidence.log import NOT_SAID, Outcome
from backup_doctor.evidence.row import RowEvidence
from backup_doctor.judge.framework import Found, Resolved, Rules
from backup_doctor.judge.history import (
    BOTH_WRITES,
    began_after_failure,
    database_then,
    fallback_call,
    fallback_said,
    function_call,
    function_said,
    stopped_at_look_up,
    weigh,
)
from backup_doctor.judge.history.calls import look_up_said, said_beyond
from backup_doctor.judge.history.since import data_api_answers
from backup_doctor.judge.show import duration, exhibit, log_lines, manual, sql
from backup_doctor.judge.traits import SqlRefusal, Trait
from backup_doctor.services.meaning import (
    coded_answer,
    database_meaning,
    seen_answer,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Exhibit, Fix
    from backup_doctor.evidence.row import LockHolder
    from backup_doctor.judge.history import Weight


rules = Rules[RowEvidence]()


def _is_locked(case: Case, _values: Mapping[str, Any]) -> bool:
    return case.row is not None and any(not one.may_be_for_key for one in _holders(case.row))


def _holders(seen: RowEvidence) -> tuple[LockHolder, ...]:
    return () if isinstance(seen.locks, Unseen) else seen.locks


@rules.cause(
    "row/locked",
    breaks=BOTH_WRITES,
    traits=(
        Trait.AFTER_KEY,
        Trait.OF_TABLE,
        Trait.MAKES_WAIT,
        Trait.HIDES_TABLE,
        Trait.NAMED_BY_STEP,
    ),
    refuses_sql=SqlRefusal(shown=_is_locked, sqlstates=("55P03", "57014", "40P01")),
)
def locked(seen: RowEvidence, case: Case) -> Found | None:
    """An open transaction holds the row, and the update waited for it without success.

    Detected: pg_locks shows a transaction, older than the failure, that holds the row or a strong
    lock on the table; or the log's answer was 55P03, 57014 or a deadlock. A lock that may be only that
    of a foreign key, for which an UPDATE need not wait, shows nothing.
    Cause: a console, a migration or a job that began a transaction and never ended it.
    Fix: end that transaction.
    By hand: `SELECT pid, xact_start, state, query FROM pg_stat_activity WHERE state <> 'idle';`
    Source: PostgreSQL, pg_locks.
    """
    holders = tuple(one for one in _holders(seen) if not one.may_be_for_key)
    oldest = min(holders, key=lambda one: one.transaction_start or case.now, default=None)
    since = oldest.transaction_start if oldest else None
    weight = weigh(_waited_for(case), now=bool(holders) or None, since=since, case=case)
    if weight is None:
        return None
    return weight.found(
        _said_locked(case, oldest, weight),
        (
            *(_holding(seen, one) for one in _holders(seen)),
            *log_lines(case, "answer to the update", fallback_call(case)),
        ),
        tuple(_terminate(one) for one in holders),
        resolved=Resolved(by="no open transaction holds the row or the table")
        if seen.locks == () and not _is_kept_waiting(seen)
        else None,
        # Who may not see when it began does not know that it is older than the failure.
        weak=since is None,
    )


def _said_locked(case: Case, oldest: LockHolder | None, weight: Weight) -> str:
    """That it is locked, by whom and for how long; that it was, where whoever held it is gone."""
    before = "The row was locked when the update came"
    if oldest is None:
        return f"{before}."
    since = oldest.transaction_start
    who = ", ".join(filter(None, (oldest.application, oldest.state)))
    held = f"by process {oldest.pid}" + (f" ({who})" if who else "")
    lasted = duration(case.now - since).removeprefix("0 s") if since else ""
    held += f" for {lasted}" if lasted else ""
    thing = "table" if case.is_preflight else "row"
    now = f"The {thing} {'has been' if lasted else 'is'} locked {held}."
    # Who began later is not the one that the update waited for.
    another = weight.is_cause and began_after_failure(case, since)
    return f"{before}, by a transaction that has ended. {now}" if another else now


def _holding(seen: RowEvidence, one: LockHolder) -> Exhibit:
    doing = one.query or one.state or "what it does is not shown to this role"
    what = "row, perhaps only for a foreign key" if one.may_be_for_key else one.mode
    return exhibit(f"process {one.pid}", f"{what}: {doing}", where(seen), _activity(one.pid))


def _terminate(one: LockHolder) -> Fix:
    return sql(
        f"End the transaction of process {one.pid} (its work is rolled back)",
        f"SELECT pg_terminate_backend({one.pid});",
        Risk.HIGH,
    )


def _is_kept_waiting(seen: RowEvidence) -> bool:
    """Whether the doctor itself waited for the table in vain."""
    reasons = (*unseen(seen.rows, seen.table), *(one.reason for one in seen.failures))
    return any("row/locked" in coded_answer(one.code).means for one in reasons)


def _waited_for(case: Case) -> dict[Link, bool | None]:
    """What the log tells of the lock; a function that ran out of time may have waited for it, too.

    It has where the direct update met the lock right behind it.
    """
    then = database_then(case, "row/locked")
    codes = function_said(case).codes
    if not ("row/locked" in codes or "function/timeout" in codes):
        return then
    met = then[Link.FUNCTION_UPDATES] or then[Link.FALLBACK_UPDATES]
    return {**then, Link.FUNCTION_UPDATES: met or None}


def _activity(pid: int) -> str:
    return f"SELECT pid, xact_start, state, query FROM pg_stat_activity WHERE pid = {pid};"


def _is_read_only(case: Case, _values: Mapping[str, Any]) -> bool:
    server = case.row.server if case.row else None
    return server is not None and not isinstance(server, Unseen) and bool(server.default_read_only)


@rules.cause(
    "row/database-read-only",
    breaks=BOTH_WRITES,
    traits=(Trait.AFTER_KEY, Trait.NAMED_BY_STEP),
    refuses_sql=SqlRefusal(shown=_is_read_only, sqlstates=("25006",)),
)
def database_read_only(seen: RowEvidence, case: Case) -> Found | None:
    """The database refuses all writes.

    Detected: new sessions are read-only by default (not the doctor's own), or the log's answer was
    25006, "cannot execute UPDATE in a read-only transaction".
    Cause: Supabase turns the database read-only when its disk is nearly full.
    Fix: free or enlarge the disk, then turn the default off again.
    By hand: `SELECT setdatabase, setconfig FROM pg_db_role_setting;` and `SHOW default_transaction_read_only;`
    Source: Supabase, database size.
    """
    read_only = None if isinstance(seen.server, Unseen) else seen.server.default_read_only
    then = database_then(case, "row/database-read-only")
    if then[Link.FALLBACK_UPDATES] is False and database_meaning(fallback_call(case).body):
        # Whatever else PostgreSQL refuses, it refuses writes first: it was writable a moment before.
        then = {link: bool(shown) for link, shown in then.items()}
    weight = weigh(then, now=read_only or None, case=case)
    if weight is None:
        return None
    writable = Resolved(by="new sessions of the database may write (default_transaction_read_only)")
    resolved = writable if read_only is False else None
    return weight.found(
        "The database was read-only: it refused every write."
        if weight.is_over(resolved)
        else "The database is read-only: it refuses every write.",
        (
            exhibit(
                "default_transaction_read_only",
                read_only,
                where(seen),
                "SHOW default_transaction_read_only;",
            ),
            *log_lines(case, "answer to the update", fallback_call(case)),
        ),
        (
            manual(
                "Make room, then make the database writable again",
                "Enlarge the disk (Supabase Dashboard → Database → Settings → Disk) or delete data "
                "in a session with `SET default_transaction_read_only = off;`, then wait until the "
                "platform lifts the restriction.",
            ),
        ),
        resolved=resolved,
    )


_TIMED_OUT = database_meaning("statement timeout")


def _out_of_time(case: Case) -> tuple[Link, ...]:
    """The writes that the log shows to have been cancelled for their time, and not given up by the client.

    Where the look-up before them was, neither was made.
    """
    if stopped_at_look_up(case):
        call = case.log.lookup_call if case.log else NOT_SAID
        late = call.outcome is Outcome.REFUSED and look_up_said(case).codes == _TIMED_OUT
        return BOTH_WRITES if late else ()
    said = {
        Link.FUNCTION_UPDATES: (function_call(case), function_said(case)),
        Link.FALLBACK_UPDATES: (fallback_call(case), fallback_said(case)),
    }
    return tuple(
        link
        for link, (call, meaning) in said.items()
        if call.outcome is Outcome.REFUSED and meaning.codes == _TIMED_OUT
    )


@rules.cause(
    "row/api-overloaded",
    breaks=BOTH_WRITES,
    traits=(
        Trait.AFTER_KEY,
        Trait.MAKES_WAIT,
        Trait.CUTS_OFF,
        Trait.FAILS_LOOK_UP,
        Trait.NAMED_BY_STEP,
    ),
)
def api_overloaded(seen: RowEvidence, case: Case) -> Found | None:
    """The Data API has no connection or resource left, lost its database, or its statements time out.

    Detected: PGRST000 to PGRST003, SQLSTATE class 08 or 53, 57P01 to 57P05 or 57014, or a 503 or 504 of
    the Data API: in the log, or now.
    A statement timeout in the log counts if nobody is seen to hold a lock that began before it.
    Cause: too many connections, a long-running query, an exhausted instance, a restart.
    Fix: find what uses the connections; raise the pool or the instance; let the pipeline retry.
    By hand: `SELECT state, count(*) FROM pg_stat_activity GROUP BY state;`
    Source: PostgREST errors, PGRST003.
    """
    api = None if isinstance(seen.api, Unseen) else seen.api
    now = True if api and "row/api-overloaded" in seen_answer(api).means else None
    then = database_then(case, "row/api-overloaded")
    if _nobody_held_it(seen, case):
        # A statement that ran out of time may have waited for a lock: nobody holds one from then.
        then |= dict.fromkeys(_out_of_time(case), True)
    weight = weigh(then, now=now, case=case)
    if weight is None:
        return None
    late = set(weight.breaks) <= set(_out_of_time(case)) and weight.is_cause
    what = "look-up" if stopped_at_look_up(case) else "update"
    return weight.found(
        f"The database cancelled the {what}: it took longer than the statement timeout allows."
        if late
        else _overload(case),
        (
            *log_lines(case, "answer to the update", fallback_call(case)),
            exhibit("Data API now", api_text(seen), "Data API", None),
        ),
        (find_what_is_slow(case) if late else RELIEVE,),
        # An update that ran out of time is another request than a look-up that is answered.
        resolved=Resolved(by="the Data API answers the pipeline's look-up")
        if data_api_answers(case) and not _out_of_time(case)
        else None,
    )


def _nobody_held_it(seen: RowEvidence, case: Case) -> bool:
    """Whether no lock is seen that may have been held when the update came."""
    if isinstance(seen.locks, Unseen):
        return False
    return all(began_after_failure(case, one.transaction_start) for one in seen.locks)


def _overload(case: Case) -> str:
    said = said_beyond(case, "row/api-overloaded")
    if said:
        return f"The database could not take the update: {said}."
    return "The Data API was overloaded: no connection left, or the statement timed out."


@rules.context("row/unreachable")
def unreachable(seen: RowEvidence, case: Case) -> Found | None:
    """The row could not be seen: no way to the database worked.

    Detected: every configured route failed: psycopg, the Management API, PostgREST.
    Cause: the doctor's own access; it says nothing about the pipeline.
    Fix: give it one route that works.
    By hand: connect with psql and the same URL.
    Source: the doctor's own connection.
    """
    unconfigured = (Why.NOT_CONFIGURED, Why.NOT_ASKED, Why.NOT_TRUSTED)
    if not isinstance(seen.rows, Unseen) or seen.rows.why in unconfigured:
        return None
    return Found(
        summary=f"The row could not be seen. {seen.rows.what}",
        evidence=tuple(
            exhibit(f"route {one.route}", one.reason.what, "doctor", None) for one in seen.failures
        ),
        fixes=(manual("Give the doctor a way to the database", seen.rows.remedy),)
        if seen.rows.remedy
        else (),
    )
