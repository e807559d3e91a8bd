"""Which step of a job updates the row, told by the steps' names. Pure.

Several steps may speak of the table: one that notes the run's id at the start, one that sets the
status, one that verifies, one that handles a failure. The one that finishes the row comes after the
upload, and is no handler.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.services.runner_steps import is_runners
from backup_doctor.services.uploading import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

GUIDES_TABLE = "backup_history"
UPDATES = re.compile(
    r"updat|writ|record|mark|finish|finali[sz]|complet|\bset\b|report|patch|\bsync|success|call|notify",
    re.IGNORECASE,
)
EARLY = re.compile(
    r"in[ _-]?progress|\bstart|\bbegin|\brunning\b|run[ _-]?id|creat|insert|trigger|regist|initial|pending"
    r"|queued|check|verif|read|fetch|look|find|query|list|clean|prune|delete|expire|enable",
    re.IGNORECASE,
)
HANDLES_FAILURE = re.compile(
    r"\b(?:handl\w+|on)\b.*\bfail|fail|\berror|cancel|abort", re.IGNORECASE
)
# What the variables and secrets of a step are called that speaks with the project.
SUPABASE = re.compile(r"SUPABASE|BACKUP_API_KEY")


def named_update(names: Sequence[str], table: str, function: str) -> int | None:
    """The place of the step that by its name finishes the row, or None.

    Of several that name the table: a verb of updating before none, no early book-keeping, after an
    upload, and then the first; where nothing is uploaded in this job, the last.
    """
    speaking = [at for at, name in enumerate(names) if _names_table(name, table)]
    speaking = speaking or [at for at, name in enumerate(names) if function in name]
    able = [at for at in speaking if not _is_aside(names[at], names)]
    uploads = [at for at, name in enumerate(names) if at not in speaking and BY_NAME.search(name)]

    def rank(at: int) -> tuple[bool, bool, bool, int]:
        name = names[at]
        uploaded = any(upload < at for upload in uploads)
        early = bool(EARLY.search(_without(name, table)))
        return bool(UPDATES.search(name)), not early, uploaded, -at if uploaded else at

    return max(able, key=rank, default=None)


def _names_table(name: str, table: str) -> bool:
    """Whether the name speaks of the table. A table called `backups` needs a word of updating beside it."""
    told = name.casefold()
    if GUIDES_TABLE in told:
        return True
    mine = re.search(rf"(?<!\w){re.escape(table.casefold())}(?!\w)", told) is not None
    return mine and ("_" in table or UPDATES.search(name) is not None)


def _without(name: str, table: str) -> str:
    return name.replace(GUIDES_TABLE, "").replace(table, "")


def _is_aside(name: str, names: Sequence[str]) -> bool:
    """Steps that speak of the table and do not finish the backup."""
    return is_runners(name, names) or HANDLES_FAILURE.search(name) is not None
