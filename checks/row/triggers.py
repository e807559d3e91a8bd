"""What of the table's triggers and rules rewrites or refuses the update."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from backup_doctor.checks.row.altering import VIEWS
from backup_doctor.checks.row.trigger_text import is_aside, is_unconditional, meddles, raises
from backup_doctor.checks.row.view import (
    message_told,
    table_of,
    told_of_function,
    told_of_rule,
    where,
)
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.findings import Fix, Risk, Role, Severity
from backup_doctor.evidence.log import Outcome
from backup_doctor.evidence.row import RowEvidence, Table
from backup_doctor.evidence.sql import identifier
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
from backup_doctor.judge.show import either, exhibit, listed, log_lines, manual, sql, table
from backup_doctor.judge.traits import SqlRefusal, Trait

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.trigger import Trigger


rules = Rules[RowEvidence]()

_CALLS = re.compile(r"\w\(")


def _has_trigger(case: Case, _values: Mapping[str, Any]) -> bool:
    return any(not is_aside(one) for one in enabled_triggers(case))


@rules.cause(
    "row/trigger-interferes",
    breaks=BOTH_WRITES,
    traits=(Trait.AFTER_KEY, Trait.OF_TABLE, Trait.HIDES_ROW, Trait.NAMED_BY_STEP),
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
    known = table_of(seen)
    firing = enabled_triggers(case)
    by_rule = tuple(one for one in firing if one.is_rule) if told_of_rule(case) else ()
    raised = _raised(case, tuple(one for one in known.triggers if one.enabled) if known else ())
    own = tuple(dict.fromkeys(one for by in raised.values() for one in by))
    suspects = by_rule or own or tuple(one for one in firing if meddles(one, case))
    now = True if suspects else None
    then = database_then(case, "row/trigger-interferes", silent=True)
    for link, call in zip(BOTH_WRITES, (function_call(case), fallback_call(case)), strict=True):
        if call.outcome is Outcome.OK:
            # A row that was changed and changed back counts as changed; its own answer tells.
            then[link] = True if suspects and shows_otherwise(case, call) else None
    if firing and told_of_function(case):
        then = proved_where_open(then)
    then.update(dict.fromkeys(raised, True))
    weight = weigh(then, now=now, case=case)
    if weight and weight.is_cause and row_state(case) is RowState.INCOMPLETE:
        weight = replace(weight, breaks=(*weight.breaks, Link.STAYS_SO))
    evidence = (
        *(
            exhibit(
                f"{one.kind} {one.name}", one.source.strip() or one.definition, where(seen), None
            )
            for one in suspects or firing
        ),
        *log_lines(case, "answer of the function", function_call(case)),
        *log_lines(case, "answer to the update", fallback_call(case)),
    )
    if weight is None or (not weight.is_cause and not suspects):
        names = listed(f"the {one.kind} {one.name}" for one in firing)
        note = f"An update fires {names}."
        return (
            Found(
                summary=note,
                evidence=evidence,
                breaks=(),
                severity=Severity.INFO,
                role=Role.CONTEXT,
            )
            if firing
            else None
        )
    blamed = listed(f"the {one.kind} {one.name}" for one in suspects or firing)
    said = message_told(case, weight.breaks)
    return weight.found(
        _blame(blamed, said, sure=bool(suspects))
        if blamed
        else "An exception that a trigger, or another function of the database, raised refused the "
        f"update{said}.",
        evidence,
        _let_pass(case, suspects, by_rule) or _see_why(case, firing, said),
        weak=not _silent_success(case)
        and not (case.is_preflight and any(map(is_unconditional, suspects))),
        resolved=_raises_no_more(case, known, firing),
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


def _procedures(case: Case) -> tuple[str, ...]:
    """The procedures by which the update goes, which may raise as any trigger does."""
    return tuple(one.target for one in update_ways(case) if one.kind == "rpc" and one.target)


def _blame(blamed: str, said: str, *, sure: bool) -> str:
    """What its own text shows that it does; else that the update fails in it."""
    if not sure and said:
        return f"The update fails in {blamed}, or in a function that it calls{said}."
    return f"{blamed[0].upper()}{blamed[1:]} rewrites or refuses the update{said}."


def _raises_no_more(
    case: Case, known: Table | None, firing: tuple[Trigger, ...]
) -> Resolved | None:
    """Nothing is left that could raise: no trigger, and no function that anything of the table calls.

    What a procedure raises, a trigger of an INSERT (of an upsert), of a partition, or of the table
    behind a view, is not known.
    """
    upserts = any(one.kind == "upsert" for one in update_ways(case))
    if known is None or known.kind != "table" or firing or upserts or _procedures(case):
        return None
    policies = (text for one in known.policies for text in (one.using, one.check))
    computed = (one.default for one in known.columns if one.generated)
    texts = (*policies, *computed, *(one.expression for one in known.constraints))
    if _calls(*texts):
        return None
    left = "no trigger of the table fires at the update" if known.triggers else ""
    return Resolved(by=left or "the table has no trigger any more")


def _silent_success(case: Case) -> bool:
    return Outcome.OK in (function_call(case).outcome, fallback_call(case).outcome)


def _see_why(case: Case, firing: tuple[Trigger, ...], said: str) -> tuple[Fix, ...]:
    """What to do where no trigger's own text shows what raises."""
    named = listed(f"the {one.kind} {one.name}" for one in firing)
    whose = (
        f"the function of {named}, or one that it calls"
        if named
        else f"one that {_callers(case) or 'a trigger, a policy or a CHECK'} calls"
    )
    procedures = listed(_procedures(case))
    itself = f"{procedures} itself, or " if procedures else ""
    look = manual(
        "Let the update pass in the function that raises the exception",
        f"It is {itself}{whose}. The database said{said or ' no more'}.",
    )
    return either(look, *(_disable(case, one) for one in firing))


def _callers(case: Case) -> str:
    """The policies and CHECKs that call functions, where there is no trigger; empty where none is known."""
    known = table_of(case.row) if case.row else None
    if known is None:
        return ""
    policies = [f"the policy {one.name}" for one in known.policies if _calls(one.using, one.check)]
    checks = [f"the CHECK {one.name}" for one in known.constraints if _calls(one.expression)]
    return listed(policies + checks)


def _calls(*texts: str | None) -> bool:
    return any(_CALLS.search(text or "") for text in texts)


def _let_pass(
    case: Case, suspects: tuple[Trigger, ...], by_rule: tuple[Trigger, ...]
) -> tuple[Fix, ...]:
    """Each is switched off; what a rule does beside the update, a trigger can do in its place."""
    off = tuple(_disable(case, one) for one in suspects)
    aside = [one.name for one in by_rule if is_aside(one)]
    if not aside:
        return off
    rewrite = manual(
        f"Do what the rule {listed(aside)} does by a trigger AFTER UPDATE",
        "The Data API's update stands in a WITH, where PostgreSQL allows no such rule.",
    )
    return either(rewrite, *off)


def _is_of_view(case: Case) -> bool:
    known = table_of(case.row) if case.row else None
    return known is not None and known.kind in VIEWS


def _disable(case: Case, trigger: Trigger) -> Fix:
    if not trigger.is_rule and trigger.is_instead:
        return manual(
            f"Let the function of the trigger {trigger.name} update the table behind the view",
            f"{case.names.table} is a view: the trigger writes in its place, and cannot be switched off.",
        )
    named = f"{trigger.kind.upper()} {identifier(trigger.name)}"
    until = "it" if trigger.is_rule else "its function"
    if _is_of_view(case):
        return manual(
            f"Let the {trigger.kind} {trigger.name} of the view make the update",
            f"{case.names.table} is a view: PostgreSQL cannot switch its {trigger.kind} off. Correct it: "
            f"{trigger.definition.strip().rstrip(';')}.",
        )
    return sql(
        f"Switch the {trigger.kind} {trigger.name} off until {until} lets the update pass",
        f"ALTER TABLE {table(case)} DISABLE {named};\n"
        f"-- On again: ALTER TABLE {table(case)} ENABLE {named};",
        Risk.HIGH,
    )
