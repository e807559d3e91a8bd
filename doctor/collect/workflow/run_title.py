"""Which dispatch a run's title names."""

from __future__ import annotations

import re

from backup_doctor.collect.log.mention import UUID

EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
LITERAL = re.compile(r"\|\|\s*'([^']*)'")


def dispatch_of(title: str, run_name: str | None = None, like: str | None = None) -> str | None:
    """The dispatch id in a run's title: where the file's `run-name` puts it, else a UUID in it.

    A UUID only counts where ids look so, as the one in `like` does, or nothing is known of them.
    """
    if run_name and "dispatch" in run_name:
        match = _template(run_name).fullmatch(title.strip())
        told = match[1].strip() if match and match.groups() else ""
        if told and told not in LITERAL.findall(run_name):
            return told
    found = UUID.search(title) if like is None or UUID.fullmatch(like) else None
    return found[0] if found else None


def _template(run_name: str) -> re.Pattern[str]:
    """A pattern for the titles that a `run-name` makes; its group is the dispatch id."""
    pieces, last, taken = [], 0, False
    for match in EXPRESSION.finditer(run_name.strip()):
        pieces.append(re.escape(run_name.strip()[last : match.start()]))
        # An expression with a function or a text makes more of the id than the id alone.
        bare = not re.search(r"[('&]", LITERAL.sub("", match[1]))
        is_id = "dispatch" in match[1] and bare and not taken
        pieces.append("(.+)" if is_id else ".*")
        taken, last = taken or is_id, match.end()
    pieces.append(re.escape(run_name.strip()[last:]))
    return re.compile("".join(pieces), re.DOTALL)
