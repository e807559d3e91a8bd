"""Which call a line names, a status that stands right behind a name, and the calls of a script."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from backup_doctor.collect.log.said import LINES_KEPT, Said, answered, said, worded
from backup_doctor.services import log_wording as wording
from backup_doctor.services.log_wording import CallSubject

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# `update-backup => 404`, `backup_history 403 permission denied`; no `update-backup: 200 ms`.
_BEHIND = re.compile(
    r"['\"`)]?\s*(?:[-=]+>|→|[:=])?\s*([1-5]\d\d|000)(?![\w-]|\.\w)(?!\s*(?:ms|s|[kmg]?b|bytes|rows?|times)\b)",
    re.IGNORECASE,
)

# The same some words behind it, in whatever language: `la función update-backup respondió 404 {`.
_FARTHER = re.compile(
    r"[^\d{\[.?/]{0,40}?(?<![\w.#/-])(20[014]|[45]\d\d)(?=\s*(?:$|[{\[(<:,;]))", re.IGNORECASE
)
_MEASURES = re.compile(
    r"\b(?:size|bytes?|rows?|port|line|took|after|in|for|exit|wait\w*|limit|attempts?)\b(?:\W+\w+)?\W*$",
    re.IGNORECASE,
)


# The function by the bare word, where nothing else is named: `function said 500`.
_A_FUNCTION = re.compile(r"(?:^|[\W_])function(?=[\W_]|$)", re.IGNORECASE)
_DATABASES = re.compile(r"\b(?:database|rpc|sql|postgres\w*|public\.\w+)\b", re.IGNORECASE)


def spoken(text: str) -> str:
    """The line without an answer of success in it: what such an answer quotes has not happened."""
    opening = wording.OPENING.search(text)
    if opening is None or not wording.SAYS_OK.search(text, opening.start()):
        return text
    return text[: opening.start()]


class CallNames:
    """What names the calls of this pipeline: its function, its table, and the usual words."""

    def __init__(self, function: str, table: str) -> None:
        self._patterns = (
            (CallSubject.FUNCTION, wording.function_subject(function)),
            (CallSubject.LOOKUP, wording.LOOKUP),
            (CallSubject.FALLBACK, wording.FALLBACK),
        )
        self.table_name = table
        self._table = wording.table_subject(table)
        self._mentioned = lru_cache(LINES_KEPT)(self._look_for_names)
        self._said = lru_cache(LINES_KEPT)(self._look_for_status)

    def mentioned(self, text: str) -> list[tuple[int, CallSubject]]:
        """The calls that a line names, in its order."""
        return list(self._mentioned(text))

    def _look_for_names(self, text: str) -> list[tuple[int, CallSubject]]:
        found = ((pattern.search(text), subject) for subject, pattern in self._patterns)
        told = sorted(
            ((match.start(), subject) for match, subject in found if match), key=lambda one: one[0]
        )
        if wording.READS_TABLE.search(text):
            told = [
                (at, CallSubject.LOOKUP if one is CallSubject.FALLBACK else one) for at, one in told
            ]
        if wording.CHANGED_NOTHING.search(text):
            return [one for one in told if one[1] is not CallSubject.LOOKUP]
        return told

    def by_bare_word(self, text: str) -> CallSubject | None:
        """The function, where a line says that word and names no call and nothing of a database."""
        bare = _A_FUNCTION.search(text) and not _DATABASES.search(text)
        return CallSubject.FUNCTION if bare and not self.mentioned(text) else None

    def is_fallback(self, text: str) -> bool:
        """Whether a step of this name makes the direct update, and no call of the function."""
        return [subject for _, subject in self.mentioned(text)] == [CallSubject.FALLBACK]

    def table(self, text: str) -> list[tuple[int, CallSubject]]:
        """The table as the name of the fallback: only a line that names no call may mean that.

        Nor may one that only sums up in words: `Failed to update backup_history`.
        """
        if not self._table.search(wording.QUOTES_POSTGRES.sub("", text)) or self.mentioned(text):
            return []
        shows = self.said(text) or wording.OPENING.search(text)
        begins = wording.CHANGES.search(text) and not worded(text)
        return [(0, CallSubject.FALLBACK)] if shows or begins else []

    def named(self, text: str) -> list[tuple[int, CallSubject]]:
        """The calls that a line names, by the table too."""
        return self.mentioned(text) or self.table(text)

    def outcome(self, text: str) -> Said | None:
        """The outcome that a line tells; also of an update that it does not name as a call."""
        updated = wording.UPDATE_ALONE.search(text)
        return self.told(text) or (worded(text) if updated else None)

    def told(self, text: str) -> Said | None:
        """The outcome that a line tells; in words alone only of a call that it names itself.

        Nor do the words of a payload count: `calling update-backup with {"status":"success"}`.
        """
        words = wording.OPENING.split(text, maxsplit=1)[0]
        return self.said(text) or (worded(words) if self.mentioned(text) else None)

    def said(self, text: str) -> Said | None:
        """The outcome that a line tells, be it by a bare status behind a name."""
        return self._said(text)

    def _look_for_status(self, text: str) -> Said | None:
        text = spoken(text)
        return said(text) or next(self._behind_names(text), None)

    def _behind_names(self, text: str) -> Iterator[Said]:
        named = (
            pattern for subject, pattern in self._patterns if subject is not CallSubject.LOOKUP
        )
        for pattern in (*named, self._table):
            for name in pattern.finditer(text):
                status = _BEHIND.match(text, name.end()) or _farther(text, name.end())
                if status:
                    yield answered(status.start(1), int(status[1]))


def _farther(text: str, behind: int) -> re.Match[str] | None:
    status = _FARTHER.match(text, behind)
    measures = status and _MEASURES.search(text[behind : status.start(1)])
    return None if measures else status


def endpoints(script: Sequence[str]) -> list[CallSubject]:
    """The calls that a script makes, in its order, each once."""
    found: list[CallSubject] = []
    for line in script:
        for match in re.finditer(r"functions/v1|functions\.invoke|rest/v1/\S*|\.from\(", line):
            text = match[0]
            if text.startswith("functions"):
                subject = CallSubject.FUNCTION
            elif "select=" in text or text == ".from(" or wording.READS.search(line):
                subject = CallSubject.LOOKUP
            else:
                subject = CallSubject.FALLBACK
            if subject not in found:
                found.append(subject)
    return found
