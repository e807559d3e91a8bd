"""How two keys differ that a person may take for one."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING
from urllib.parse import unquote, unquote_plus

from backup_doctor.evidence.object import KeySource
from backup_doctor.evidence.sql import identifier, literal
from backup_doctor.judge.show import sql, table

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Fix
    from backup_doctor.evidence.object import ObjectEvidence

QUOTES = "\"'`"
INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))


def _nfc(key: str) -> str:
    return unicodedata.normalize("NFC", key)


def _visible(key: str) -> str:
    return " ".join(key.translate(INVISIBLE).split())


# The first that makes both the same is how they differ.
_ALIKE: tuple[tuple[Callable[[str], str], str], ...] = (
    (_nfc, "They look alike and are written in two forms of Unicode (NFC and NFD)."),
    (_visible, "They differ only in blanks or in characters that nobody sees."),
    (lambda key: key.strip(QUOTES), "One of them has quotes around it."),
    (unquote, "One of them is percent-encoded."),
    (unquote_plus, "One of them has a plus sign where the other has a blank."),
    (str.casefold, "They differ only in upper and lower case."),
)


def difference(one: str, other: str) -> str:
    """How two keys differ that are nearly the same, as a sentence; empty where they are not."""
    said = next((said for form, said in _ALIKE if form(one) == form(other)), "")
    front = lacking_front(one, other)
    return said or (f"The key that is named lacks its beginning, {front!r}." if front else "")


def lacking_front(named: str, stored: str) -> str | None:
    """What the file's key has before the whole of the named one: a folder, or a slash alone."""
    front = stored.removesuffix(named)
    begins = named.startswith("/") or front.endswith("/")
    return front if named and begins and front not in ("", stored) else None


def padded_key(seen: ObjectEvidence, case: Case) -> str | None:
    """The row's key as it is written, where blanks or line ends stand around the file's own key."""
    written = case.backup.s3_key if case.backup else None
    if written is None or seen.head is None or seen.key_source is not KeySource.ROW:
        return None
    return written if written != written.strip() else None


def trim(case: Case, written: str) -> Fix:
    """The row's key without what stands around it."""
    column, key = identifier(case.names.column("s3_key")), identifier(case.names.column("id"))
    row_id = case.backup.id if case.backup else None
    return sql(
        "Write the key without them",
        f"UPDATE {table(case)} SET {column} = {literal(written.strip())}\n"
        f"WHERE {key} = {literal(row_id)} AND {column} = {literal(written)};",
    )
