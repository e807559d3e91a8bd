"""Whether a public key may write the table, as its policies, grants and functions tell.

A policy is open to everyone if its expression does not depend on who asks: it may then still choose
among the rows, and lets every holder of the key write those.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backup_doctor.evidence.open_to_all import OpenFunction, OpenView
    from backup_doctor.evidence.row import Policy, Table

PUBLIC = ("anon", "authenticated")
# What an expression asks to learn who it is; a sub-select may ask anything.
_WHO = re.compile(
    r"\b(?:auth|jwt|uid|current_setting|current_user|session_user|current_role|select|exists)\b",
    re.IGNORECASE,
)
_BRACKETS = re.compile(r"\([^()]*\)")
_COMMENTS = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


def lets_write(known: Table, role: str) -> bool:
    """Whether grants and policies together let any key of that role insert or update rows."""
    grants = known.grants_of(role)
    if not known.rls_enabled or grants is None or not (grants.exists and grants.schema_usage):
        return False
    free = grants.bypasses_rls
    updates = (grants.update or bool(grants.update_columns)) and bool(grants.select_columns)
    return (updates and (free or _open_for_update(known, role))) or (
        grants.insert and (free or _open(known, role, "INSERT", check=True))
    )


def _open_for_update(known: Table, role: str) -> bool:
    """An update must find the row, too: by a SELECT policy."""
    sides = (
        _open(known, role, "UPDATE", check=False),
        _open(known, role, "UPDATE", check=True),
        _open(known, role, "SELECT", check=False),
    )
    return all(sides)


def _open(known: Table, role: str, command: str, *, check: bool) -> bool:
    applying = [
        one
        for one in known.policies
        if one.command in (command, "ALL")
        and {role, "public"} & {name.lower() for name in one.roles}
    ]
    permissive = [_for_everyone(one, check=check) for one in applying if one.permissive]
    restrictive = [_for_everyone(one, check=check) for one in applying if not one.permissive]
    return any(permissive) and all(restrictive)


def _for_everyone(policy: Policy, *, check: bool) -> bool:
    expression = (policy.check if check else None) or policy.using or "true"
    bare = expression.strip("() \n").lower()
    return bare != "false" and not _WHO.search(expression)


def writes(function: OpenFunction, table: str) -> bool:
    """Whether the function's body changes the table."""
    source = _COMMENTS.sub(" ", function.source)
    name = rf'(?:"?\w+"?\s*\.\s*)?"?{re.escape(table)}"?(?!\w)'
    changes = rf"\b(?:update(?:\s+only)?|insert\s+into|delete\s+from(?:\s+only)?)\s+{name}"
    return re.search(changes, source, re.IGNORECASE) is not None


def writes_through(view: OpenView, known: Table) -> bool:
    """Whether what the view writes is the table: the one that its query reads, and no sub-select's."""
    if (view.schema, view.name) == (known.schema, known.name):
        return True
    source, before = view.source, ""
    while source != before:
        before, source = source, _BRACKETS.sub(" ", source)
    schema, name = re.escape(known.schema), re.escape(known.name)
    read = rf'\bFROM\s+(?:ONLY\s+)?(?:"?{schema}"?\s*\.\s*)?"?{name}"?(?!\w)'
    return re.search(read, source, re.IGNORECASE) is not None
