"""What a trigger's own text shows that it does to an update of the row."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.judge.history import RowState, missing_columns, row_state
from backup_doctor.judge.show import listed

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.trigger import Trigger

_WRITES = re.compile(
    r"\bupdate\s+(?:only\s+)?[\w.\"]+\s+(?:as\s+)?(?:\w+\s+)?set\b|\b(?:merge|execute|perform|call)\b"
    r"|\bon\s+conflict\b",
    re.IGNORECASE,
)
_DOES_INSTEAD = re.compile(r"\bdo instead\b", re.IGNORECASE)
# What a trigger does only at an INSERT or a DELETE.
_OTHER_EVENT = re.compile(
    r"\b(?:els)?if\s*\(?\s*tg_op\s*=\s*'(?:insert|delete)'\s*\)?\s*then.*?(?=\b(?:elsif|else|end\s+if)\b)",
    re.IGNORECASE | re.DOTALL,
)
_CALLS_OTHERS = re.compile(r"\b(?:execute|perform|call)\b", re.IGNORECASE)
_CALLS_FUNCTION = re.compile(r"\w\(")
# The whole row as it should become, in the text of a function.
_WHOLE_ROW = re.compile(
    r"\bnew\s*\.\s*\*|\(\s*new\s*\)|\bnew\s*::|(?:[,=(]|\busing)\s*new\s*[,;)]", re.IGNORECASE
)


def is_aside(trigger: Trigger) -> bool:
    """Whether it is a rule that acts beside the update (DO ALSO), which the SQL editor can make."""
    return trigger.is_rule and not _DOES_INSTEAD.search(trigger.definition)


# A message in its text: of RAISE itself, or of its USING; a quote in it is written twice.
_MESSAGE = re.compile(
    r"\braise\s+(?:exception\s+)?'((?:[^']|'')+)'|\bmessage\s*:?=\s*'((?:[^']|'')+)'", re.IGNORECASE
)
# A shorter one may stand in any answer.
_LEAST_LETTERS = 8


def raises(trigger: Trigger, told: str) -> bool:
    """Whether what the update was answered holds a message that the trigger's own text raises.

    Whatever its SQLSTATE: a function chooses that itself, also one that PostgreSQL has for constraints
    or grants.
    """
    for found in _MESSAGE.finditer(trigger.code):
        parts = (found[1] or found[2]).replace("''", "'").replace("%%", "\0").split("%")
        if sum(map(str.isalpha, "".join(parts))) < _LEAST_LETTERS:
            continue
        # Within JSON a quote is escaped, maybe twice.
        texts = (re.escape(part.replace("\0", "%")).replace('"', r'\\*"') for part in parts)
        if re.search("[^\n]{0,500}?".join(texts), told):
            return True
    return False


def is_unconditional(trigger: Trigger) -> bool:
    """Whether what the trigger does to an update is under no condition at all."""
    on_condition = re.search(
        r"\b(if|case|when|loop|exception\s+when)\b", trigger.code, re.IGNORECASE
    )
    return not on_condition and not re.search(r"\bWHEN\s*\(", trigger.definition)


def _spoilt(case: Case) -> tuple[str, ...]:
    """The columns that are not as the update writes them: the status, or what a success lacks."""
    if row_state(case) is RowState.INCOMPLETE:
        return tuple(case.names.column(name) for name in missing_columns(case))
    return (case.names.column("status"),)


def meddles(trigger: Trigger, case: Case) -> bool:
    """Whether its text sets what is spoilt, skips the write, raises, or writes the table itself."""
    source = _OTHER_EVENT.sub(" ", trigger.code)
    skips = trigger.before and re.search(r"\breturn\s+(null|old)\b", source, re.IGNORECASE)
    sets = any(
        re.search(rf"\bnew\.\"?{re.escape(name)}\"?\s*:?=", source, re.IGNORECASE)
        for name in _spoilt(case)
    )
    raises = re.search(
        r"\braise\s+(exception|sqlstate|'|[a-z_]+\s*(;|using))", source, re.IGNORECASE
    )
    writes = re.search(
        rf"\bupdate\s+(\w+\.)?\"?{re.escape(case.names.table_name)}\"?\s+(\w+\s+)?set\b",
        source,
        re.IGNORECASE,
    )
    does = _DOES_INSTEAD.split(trigger.definition)[-1] if trigger.is_rule else source
    loses = trigger.is_in_place and (not _WRITES.search(does) or _leaves_out(does, case))
    return bool(skips or sets or raises or writes or loses)


def _leaves_out(source: str, case: Case) -> bool:
    """Whether what stands in the place of the update never speaks of a column that is spoilt.

    What it hands to other code is not known.
    """
    if _WHOLE_ROW.search(source) or _CALLS_OTHERS.search(source):
        return False
    return not all(re.search(rf"\b{re.escape(name)}\b", source) for name in _spoilt(case))


def calls_functions(*texts: str | None) -> bool:
    """Whether any of these expressions calls a function."""
    return any(_CALLS_FUNCTION.search(text or "") for text in texts)


def triggers_named(triggers: tuple[Trigger, ...]) -> str:
    """Their kinds and names, as a sentence has them."""
    return listed(one.named for one in triggers)
