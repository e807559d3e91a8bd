"""How the update is let through a trigger, a rule, or a function that raises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.checks.row.altering import VIEWS
from backup_doctor.checks.row.trigger_text import calls_functions, is_aside, triggers_named
from backup_doctor.checks.row.view import table_of
from backup_doctor.evidence.findings import Fix, Risk
from backup_doctor.evidence.sql import identifier
from backup_doctor.judge.history.calls import update_ways
from backup_doctor.judge.show import either, listed, manual, sql, table

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.trigger import Trigger


def procedures_of(case: Case) -> tuple[str, ...]:
    """The procedures by which the update goes, which may raise as any trigger does."""
    return tuple(one.target for one in update_ways(case) if one.kind == "rpc" and one.target)


def see_why(case: Case, firing: tuple[Trigger, ...], said: str) -> tuple[Fix, ...]:
    """What to do where no trigger's own text shows what raises."""
    named = triggers_named(firing)
    whose = (
        f"the function of {named}, or one that it calls"
        if named
        else f"one that {_callers(case) or 'a trigger, a policy or a CHECK'} calls"
    )
    procedures = listed(procedures_of(case))
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
    policies = [
        f"the policy {one.name}" for one in known.policies if calls_functions(one.using, one.check)
    ]
    checks = [
        f"the CHECK {one.name}" for one in known.constraints if calls_functions(one.expression)
    ]
    return listed(policies + checks)


def let_pass(
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
    if trigger.partition:
        return manual(
            f"Let the function of {trigger.named} let the update pass, or switch the trigger off",
            f"Only {trigger.partition} has it: {trigger.definition.strip().rstrip(';')}.",
            Risk.HIGH,
        )
    return sql(
        f"Switch the {trigger.kind} {trigger.name} off until {until} lets the update pass",
        f"ALTER TABLE {table(case)} DISABLE {named};\n"
        f"-- On again: ALTER TABLE {table(case)} ENABLE {named};",
        Risk.HIGH,
    )
