"""What of the table's triggers and rules rewrites or refuses the update."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from backup_doctor.base.immutable import Immutable
from backup_doctor.checks.row.trigger_fixes import let_pass, procedures_of, see_why
from backup_doctor.checks.row.trigger_text import (
    calls_functions,
    is_aside,
    is_unconditional,
    meddles,
    raises,
    triggers_named,
)
from backup_doctor.checks.row.view import (
    message_told,
    table_of,
    told_of_function,
    told_of_rule,
    where,
)
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.findings import Role, Severity
from backup_doctor.evidence.log import Outcome
from backup_doctor.evidence.row import RowEvidence, Table
from backup_doctor.judge.framework import Found, Resolved, Rules
from backup_doctor.judge.history import (
    BOTH_WRITES,
    RowState,
    database_then,
    fallback_call,
    function_call,
    function_told,
    proved_where_open,
    row_state,
    weigh,
)
from backup_doctor.judge.history.beside import enabled_triggers
from backup_doctor.judge.history.calls import update_ways
from backup_doctor.judge.history.written import shows_otherwise
from backup_doctor.judge.show import exhibit, log_lines
from backup_doctor.judge.traits import SqlRefusal, Trait

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Exhibit
    from backup_doctor.evidence.trigger import Trigger


rules = Rules[RowEvidence]()


def _has_trigger(case: Case, _values: Mapping[str, Any]) -> bool:
    return any(not is_aside(one) for one in enabled_triggers(case))


@rules.cause(
    "row/trigger-interferes",
    breaks=BOTH_WRITES,
    traits=(
        Trait.AFTER_KEY,
        Trait.OF_TABLE,
        Trait.MAKES_WAIT,
        Trait.HIDES_ROW,
        Trait.NAMED_BY_STEP,
    ),
    refuses_sql=SqlRefusal(shown=_has_trigger),
)
def trigger_interferes(seen: RowEvidence, case: Case) -> Found | None:
    """A trigger rewrites or refuses the update.

    Detected: the log's answer was an exception raised by a trigger (P0001, or any with a message that
    stands in the trigger's own function), an error that only the
    body of a function meets (a function that is missing, a division by zero), or one that names
    rules (the Data API cannot write a table with a rule DO ALSO); or the update was
    reported as done, the row is unchanged, and a trigger of the table sets the status, skips the
    write or raises. A trigger that is merely there is a note.
    Cause: a trigger that guards or normalizes the row and does not know this transition.
    Fix: read the trigger's function, and let the pipeline's transition pass.
    By hand: `SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = 'backup_history'::regclass AND NOT tgisinternal;`
    Source: PostgreSQL, trigger behaviour.
    """
    fired = _fired(seen, case)
    weight = weigh(_then(case, fired), now=True if fired.suspects else None, case=case)
    if weight is None or (not weight.is_cause and not fired.suspects):
        return _merely_there(seen, case, fired)
    if weight.is_cause and row_state(case) is RowState.INCOMPLETE:
        weight = replace(weight, breaks=(*weight.breaks, Link.STAYS_SO))
    said = message_told(case, weight.breaks)
    return weight.found(
        _blame(fired, said),
        _shown(seen, case, fired),
        let_pass(case, fired.suspects, fired.by_rule) or see_why(case, fired.firing, said),
        weak=not _silent_success(case)
        and not (case.is_preflight and any(map(is_unconditional, fired.suspects))),
        resolved=_raises_no_more(case, table_of(seen), fired.firing),
    )


class _Fired(Immutable, frozen=True, kw_only=True):
    """The triggers and rules that an update fires.

    `by_rule`: the rules, where the answer names rules. `raised`: those whose own message refused the
    update, by its way. `suspects`: what rewrites or refuses it, by its own text or by the answer.
    """

    firing: tuple[Trigger, ...]
    by_rule: tuple[Trigger, ...]
    raised: Mapping[Link, tuple[Trigger, ...]]
    suspects: tuple[Trigger, ...]


def _fired(seen: RowEvidence, case: Case) -> _Fired:
    known = table_of(seen)
    firing = enabled_triggers(case)
    by_rule = tuple(one for one in firing if one.is_rule) if told_of_rule(case) else ()
    raised = _raised(case, tuple(one for one in known.triggers if one.enabled) if known else ())
    own = tuple(dict.fromkeys(one for by in raised.values() for one in by))
    meddling = tuple(one for one in firing if meddles(one, case))
    return _Fired(
        firing=firing, by_rule=by_rule, raised=raised, suspects=by_rule or own or meddling
    )


def _then(case: Case, fired: _Fired) -> Mapping[Link, bool | None]:
    """What the log proves or rules out of each way of the update."""
    then = database_then(case, "row/trigger-interferes", silent=True)
    for link, call in zip(BOTH_WRITES, (function_call(case), fallback_call(case)), strict=True):
        if call.outcome is Outcome.OK:
            # A row that was changed and changed back counts as changed; its own answer tells.
            then[link] = True if fired.suspects and shows_otherwise(case, call) else None
    if fired.firing and told_of_function(case):
        then = proved_where_open(then)
    then.update(dict.fromkeys(fired.raised, True))
    return then


def _merely_there(seen: RowEvidence, case: Case, fired: _Fired) -> Found | None:
    """A note that they are there, where nothing is to be explained by them."""
    if not fired.firing:
        return None
    return Found(
        summary=f"An update fires {triggers_named(fired.firing)}.",
        evidence=_shown(seen, case, fired),
        breaks=(),
        severity=Severity.INFO,
        role=Role.CONTEXT,
    )


def _shown(seen: RowEvidence, case: Case, fired: _Fired) -> tuple[Exhibit, ...]:
    """Their texts, and what was answered."""
    texts = (
        exhibit(f"{one.kind} {one.name}", one.source.strip() or one.definition, where(seen), None)
        for one in fired.suspects or fired.firing
    )
    return (
        *texts,
        *log_lines(case, "answer of the function", function_call(case)),
        *log_lines(case, "answer to the update", fallback_call(case)),
    )


def _raised(case: Case, firing: tuple[Trigger, ...]) -> dict[Link, tuple[Trigger, ...]]:
    """The triggers whose own message refused the update, by the way that it went."""
    told = {
        Link.FUNCTION_UPDATES: (function_call(case), function_told(case)),
        Link.FALLBACK_UPDATES: (fallback_call(case), fallback_call(case).body),
    }
    found = {
        link: tuple(one for one in firing if raises(one, text))
        for link, (call, text) in told.items()
        if call.outcome is Outcome.REFUSED
    }
    return {link: by for link, by in found.items() if by}


def _blame(fired: _Fired, said: str) -> str:
    """What its own text shows that it does; else that the update fails in it."""
    blamed = triggers_named(fired.suspects or fired.firing)
    if not blamed:
        return (
            "An exception that a trigger, or another function of the database, raised refused the "
            f"update{said}."
        )
    if said and not fired.suspects:
        return f"The update fails in {blamed}, or in a function that it calls{said}."
    does = (
        "rewrites or refuses" if len(fired.suspects or fired.firing) == 1 else "rewrite or refuse"
    )
    return f"{blamed[0].upper()}{blamed[1:]} {does} the update{said}."


def _raises_no_more(
    case: Case, known: Table | None, firing: tuple[Trigger, ...]
) -> Resolved | None:
    """Nothing is left that could raise: no trigger, and no function that anything of the table calls.

    What a procedure raises, a trigger of an INSERT (of an upsert), of a partition, or of the table
    behind a view, is not known.
    """
    upserts = any(one.kind == "upsert" for one in update_ways(case))
    if known is None or known.kind != "table" or firing or upserts or procedures_of(case):
        return None
    policies = (text for one in known.policies for text in (one.using, one.check))
    computed = (one.default for one in known.columns if one.generated)
    texts = (*policies, *computed, *(one.expression for one in known.constraints))
    if calls_functions(*texts):
        return None
    left = "no trigger of the table fires at the update" if known.triggers else ""
    return Resolved(by=left or "the table has no trigger any more")


def _silent_success(case: Case) -> bool:
    return Outcome.OK in (function_call(case).outcome, fallback_call(case).outcome)
