"""Row-level policies, evaluated on the row as it is and as the pipeline would write it.

An UPDATE that names a column in its WHERE is also held against the SELECT policies: on the old row
they decide whether it is found, on the new row whether the update is refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.database.answers import Refusal
from backup_doctor.collect.database.expressions import Run, evaluate, mentions
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.sql import literal

if TYPE_CHECKING:
    from backup_doctor.collect.database.update import Update
    from backup_doctor.evidence.row import Policy

# What another role may be answered otherwise: who it is, what it was sent, what it sees of a table.
_ASKS_WHO = re.compile(
    r"\b(?:auth\.|current_|session_user|user\b|pg_has_role|has_\w+_privilege|select\b)",
    re.IGNORECASE,
)
UPDATE = ("UPDATE", "ALL")
SELECT = ("SELECT", "ALL")


class PolicyVerdict(Immutable, frozen=True):
    """Whether policies let the old row be updated, and the new row be written. None: not known.

    `blocking` names the policies that refuse; none, where there is no policy to let it through.
    """

    old_row: bool | None
    new_row: bool | None
    blocking: tuple[str, ...] = ()


class _Side(Immutable, frozen=True):
    """One set of expressions that a row must pass: any permissive one, and all restrictive ones."""

    policies: tuple[Policy, ...]
    verdicts: dict[str, bool | None]

    @property
    def passes(self) -> bool | None:
        permissive = [self.verdicts[one.name] for one in self.policies if one.permissive]
        restrictive = [self.verdicts[one.name] for one in self.policies if not one.permissive]
        if False in restrictive or all(verdict is False for verdict in permissive):
            return False
        return None if None in restrictive or True not in permissive else True

    @property
    def blocking(self) -> tuple[str, ...]:
        if self.passes is not False:
            return ()
        return tuple(one.name for one in self.policies if self.verdicts[one.name] is False)


class _Judge(Immutable, frozen=True):
    """Evaluates policies on the old and the new row of one update."""

    run: Run
    update: Update
    policies: tuple[Policy, ...]
    by_another: bool

    def side(self, commands: tuple[str, ...], *, new: bool, check: bool = False) -> _Side:
        """The policies of the commands, on the new row or the old; by WITH CHECK or by USING."""
        chosen = tuple(one for one in self.policies if one.command in commands)
        expressions = {one.name: _expression(one, check=check) for one in chosen}
        row = self.update.row
        old_row = row.values if row else {}
        verdicts = evaluate(
            self.run, self.update.names, self.update.new_row() if new else old_row, expressions
        )
        unknown = self.update.unknown(new=new)
        return _Side(
            chosen,
            {
                name: None
                # A guessed value proves nothing; NULL fails, unlike in a CHECK.
                if isinstance(verdict, (Refusal, Unseen))
                or mentions(expressions[name], unknown)
                or (self.by_another and _ASKS_WHO.search(expressions[name]))
                else verdict is True
                for name, verdict in verdicts.items()
            },
        )


def judge_policies(
    run: Run, update: Update, policies: tuple[Policy, ...], *, by_another: bool = False
) -> PolicyVerdict:
    """Hold the update against the policies that apply to the role.

    `run` asks as that role, or `by_another`: what depends on who asks is then not known.
    """
    judge = _Judge(run, update, policies, by_another)
    on_old = [judge.side(commands, new=False) for commands in (UPDATE, SELECT)]
    if update.row is None:
        # Without a row only the want of any policy is certain.
        bare = not all(any(one.permissive for one in side.policies) for side in on_old)
        return PolicyVerdict(False if bare else None, None)
    on_new = [judge.side(UPDATE, new=True, check=True), judge.side(SELECT, new=True)]
    blocking = tuple(name for side in (*on_old, *on_new) for name in side.blocking)
    return PolicyVerdict(_both(on_old), _both(on_new), tuple(dict.fromkeys(blocking)))


def _both(sides: list[_Side]) -> bool | None:
    verdicts = [side.passes for side in sides]
    if False in verdicts:
        return False
    return None if None in verdicts else True


def _expression(policy: Policy, *, check: bool) -> str:
    """A policy without an expression lets every row through; USING stands in for WITH CHECK."""
    return (policy.check if check else None) or policy.using or "true"


def applying(run: Run, role: str, policies: tuple[Policy, ...]) -> tuple[Policy, ...] | Unseen:
    """The policies that apply to the role: its own, those of everyone, and of roles it is in."""
    others = {name for one in policies for name in one.roles} - {"public", role}
    memberships = set()
    if others:
        each = ", ".join(f"({literal(name)})" for name in sorted(others))
        found = run(
            "SELECT o.name FROM (VALUES " + each + ") AS o (name) "
            f"WHERE pg_has_role({literal(role)}, o.name, 'USAGE')"
        )
        if isinstance(found, Refusal):
            return found.unseen()
        if isinstance(found, Unseen):
            return found
        memberships = {row["name"] for row in found}
    reached = memberships | {"public", role}
    return tuple(one for one in policies if reached & set(one.roles))
