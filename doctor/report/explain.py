"""The pages that `explain` prints, made from the docstrings of rules and check modules."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from backup_doctor.base.quoting import one_line
from backup_doctor.evidence.findings import Role, Severity
from backup_doctor.judge.explanation import (
    CodePage,
    guide_urls,
    page,
    page_url,
    reason_url,
)
from backup_doctor.judge.traits import Trait
from backup_doctor.report.render.to_text import AS_IS
from backup_doctor.services.errors import ErrorCertainty, known_error, known_errors

if TYPE_CHECKING:
    from backup_doctor.judge.framework import AnyCheck, RuleInfo
    from backup_doctor.judge.registry import Registry
    from backup_doctor.services.errors import KnownError

KINDS = {
    Role.CAUSE: "a cause: it can be why a row is stuck or wrong",
    Role.SYMPTOM: "a symptom: something else caused it",
    Role.CONTEXT: "context: it explains, and is never a cause",
}
# A command of several words in backquotes.
_TO_PASTE = re.compile(r"`((?=[^`]* )[^`]{24,})`")
# What a line of the log fills in.
_BRACED = re.compile(r"\{([a-z]+)\}")
_WORD = re.compile(r"[a-z]+[,:;.]?(?: |$)")
STRIPPED = "Its text was stripped, as Python runs with -OO. Run it without, or see the page."
MOST_NAMED = 8
SURE = {
    ErrorCertainty.CERTAIN: "The words leave nothing open.",
    ErrorCertainty.LIKELY: "It is what these words usually mean.",
    ErrorCertainty.VAGUE: "It follows from another error, and counts only if nothing else was said.",
}
WARNING = "a warning: worth fixing, and it breaks nothing now"


class UnknownTopicError(Exception):
    """Nothing of that name can be explained; the message has the nearest names."""


def explain(topic: str, registry: Registry) -> str:
    """The page of a finding code, of a reason or of a check, in rich's markup.

    Raises:
        UnknownTopicError: there is neither of that name.
    """
    check = registry.check(topic)
    if check is not None:
        return _check_page(check)
    rule = registry.rule(topic)
    if rule is not None:
        return _rule_page(rule, registry)
    error = known_error(topic)
    if error is None:
        raise UnknownTopicError(_not_found(topic, registry))
    return _reason_page(error, registry)


def _rule_page(rule: RuleInfo[Any], registry: Registry) -> str:
    known = page(rule.doc)
    summary = known.summary or STRIPPED
    parts = [f"[bold]{rule.code}[/]  [dim]{kind_of(rule)}[/]", "", escape(summary)]
    for title, text in (*sections_of(known), *placed(rule, registry)):
        parts += ["", f"[bold]{title}[/]", *_lines(text)]
    url = page_url(rule.code)
    return _with_links(parts, *([url] if url else ()), *guide_urls(rule.doc))


def _reason_page(error: KnownError, registry: Registry) -> str:
    of = ", ".join(sorted(registry.codes(Trait.HAS_REASONS)))
    parts = [
        f"[bold]{error.id}[/]  [dim]a reason of {of}[/]",
        "",
        escape(reason_summary(error)),
        "",
        "[bold]How it looks[/]",
        *(f"{AS_IS}  {escape(line)}" for line in error.examples),
    ]
    for title, text in reason_sections(error):
        parts += ["", f"[bold]{title}[/]", *_lines(text)]
    url = reason_url(error.id)
    return _with_links(parts, *([url] if url else ()))


def _with_links(parts: list[str], *urls: str) -> str:
    return "\n".join([*parts, "", *(f"[dim]{url}[/]" for url in urls)] if urls else parts)


def reason_summary(error: KnownError) -> str:
    """What the error means, as a sentence."""
    return f"A step failed: {error.means}."


def reason_sections(error: KnownError) -> list[tuple[str, str]]:
    """What to do, how sure it is, and where it is known from, under headings for people."""
    fixes = [
        ("Fix" if first else "Or", _BRACED.sub(r"<\1>", fix))
        for first, fix in zip((True, *[False] * len(error.fixes)), error.fixes, strict=False)
    ]
    return [*fixes, ("How sure it is", SURE[error.certainty]), ("Source", error.source)]


def kind_of(rule: RuleInfo[Any]) -> str:
    """What a finding of this code is in the story of a backup."""
    return WARNING if rule.severity is Severity.WARN else KINDS[rule.role]


def placed(rule: RuleInfo[Any], registry: Registry) -> list[tuple[str, str]]:
    """Where the code stands in the pipeline's chain, and which codes explain it."""
    links = ", ".join(link.title for link in rule.breaks)
    others = ", ".join(name for one in rule.yields_to for name in _named(one, registry))
    said = [
        ("Link of the pipeline that it breaks", links),
        ("A symptom of these, if they break the same link", others),
    ]
    return [(title, text) for title, text in said if text]


def _named(one: str | Trait, registry: Registry) -> list[str]:
    """The codes that a rule yields to: those with a trait by name, families as they are."""
    if isinstance(one, Trait):
        return sorted(registry.codes(one))
    return ["any other finding" if one == "*" else one]


def _lines(text: str) -> list[str]:
    """Prose to be wrapped, and what is to be pasted on a line of its own, never wrapped."""
    if not _TO_PASTE.search(text):
        return [f"  {escape(text)}"]
    lines = []
    for at, piece in enumerate(_TO_PASTE.split(text)):
        if at % 2:
            lines.append(f"{AS_IS}    {escape(piece)}")
        elif prose := piece.strip(" .;,"):
            lines.append(f"  {escape(prose)}")
    return lines


def _sentence(text: str) -> str:
    """With a capital, unless it begins with a name (`pg_locks`) or something to paste."""
    return text[0].upper() + text[1:] if _WORD.match(text) else text


def sections_of(known: CodePage) -> list[tuple[str, str]]:
    """What the docstring says, under headings for people, each a sentence."""
    sections = [
        ("How it is detected", known.detected),
        ("Cause", known.cause),
        ("Fix", known.fix),
        ("How to see it by hand", known.by_hand),
        ("Source", known.source),
    ]
    return [(title, _sentence(text)) for title, text in sections if text]


def _check_page(check: AnyCheck) -> str:
    step = f"guide, step {check.step}" if check.step else ""
    width = max((len(rule.code) for rule in check.rules), default=0)
    codes = (
        f"  {rule.code:<{width}}  \x1f{escape(page(rule.doc).summary)}" for rule in check.rules
    )
    head = f"[bold]{check.name}[/]  {escape(check.title)}" + (f" [dim]({step})[/]" if step else "")
    parts = [head, "", *escape(check.doc).splitlines(), "", "[bold]Finds[/]", *codes]
    return _with_links(parts, *guide_urls(step))


def _not_found(topic: str, registry: Registry) -> str:
    names = [one.check.name for one in registry.checks]
    codes = [rule.code for one in registry.checks for rule in one.check.rules]
    shown = one_line(topic)[:80]
    reasons = [error.id for error in known_errors()]
    near = get_close_matches(topic, [*names, *codes, *reasons], n=3, cutoff=0.5)
    # A bare `not-deployed` means `function/not-deployed`, a bare `pg-dump` what it is known to say.
    near = [one for one in (*codes, *reasons) if topic in one.split("/")][:MOST_NAMED] or near
    guess = f"Did you mean {' or '.join(near)}?" if near else f"Checks: {', '.join(names)}."
    return f"Unknown check or finding code {shown!r}. {guess}"
