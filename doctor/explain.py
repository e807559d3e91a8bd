"""The pages that `explain` prints, made from the docstrings of rules and check modules."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from doctor.explanation import Page, page, page_url
from doctor.model import Role, Severity
from doctor.quoting import one_line
from doctor.render.to_text import AS_IS

if TYPE_CHECKING:
    from doctor.framework import AnyCheck, RuleInfo
    from doctor.registry import Registry

KINDS = {
    Role.CAUSE: "a cause: it can be why a row is stuck or wrong",
    Role.SYMPTOM: "a symptom: something else caused it",
    Role.CONTEXT: "context: it explains, and is never a cause",
}
# A command of several words in backquotes.
_TO_PASTE = re.compile(r"`((?=[^`]* )[^`]{24,})`")
_WORD = re.compile(r"[a-z]+[,:;.]?(?: |$)")
WARNING = "a warning: worth mending, and it breaks nothing now"


class UnknownTopicError(Exception):
    """Nothing of that name can be explained; the message has the nearest names."""


def explain(topic: str, registry: Registry) -> str:
    """The page of a finding code or a check, in rich's markup.

    Raises:
        UnknownTopicError: there is neither a code nor a check of that name.
    """
    check = registry.check(topic)
    if check is not None:
        return _check_page(check)
    rule = registry.rule(topic)
    if rule is None:
        raise UnknownTopicError(_not_found(topic, registry))
    return _rule_page(rule)


def _rule_page(rule: RuleInfo[Any]) -> str:
    known = page(rule.doc)
    parts = [f"[bold]{rule.code}[/]  [dim]{kind_of(rule)}[/]", "", escape(known.summary)]
    for title, text in (*sections_of(known), *placed(rule)):
        parts += ["", f"[bold]{title}[/]", *_lines(text)]
    url = page_url(rule.code)
    return "\n".join([*parts, "", f"[dim]{url}[/]"] if url else parts)


def kind_of(rule: RuleInfo[Any]) -> str:
    """What a finding of this code is in the story of a backup."""
    return WARNING if rule.severity is Severity.WARN else KINDS[rule.role]


def placed(rule: RuleInfo[Any]) -> list[tuple[str, str]]:
    """Where the code stands in the pipeline's chain, and which codes explain it."""
    links = ", ".join(link.title for link in rule.breaks)
    others = ", ".join(rule.yields_to)
    said = [
        ("Link of the pipeline that it breaks", links),
        ("A symptom of these, where they break the same link", others),
    ]
    return [(title, text) for title, text in said if text]


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


def sections_of(known: Page) -> list[tuple[str, str]]:
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
    step = f"guide step {check.step}" if check.step else "no step of the guide"
    width = max((len(rule.code) for rule in check.rules), default=0)
    codes = (
        f"  {rule.code:<{width}}  \x1f{escape(page(rule.doc).summary)}" for rule in check.rules
    )
    head = f"[bold]{check.name}[/]  {escape(check.title)} [dim]({step})[/]"
    return "\n".join([head, "", *escape(check.doc).splitlines(), "", "[bold]Finds[/]", *codes])


def _not_found(topic: str, registry: Registry) -> str:
    names = [one.check.name for one in registry.checks]
    codes = [rule.code for one in registry.checks for rule in one.check.rules]
    shown = one_line(topic)[:80]
    near = get_close_matches(topic, [*names, *codes], n=3, cutoff=0.5)
    # A bare `not-deployed` means `function/not-deployed`.
    near = [code for code in codes if code.partition("/")[2] == topic] or near
    guess = f"Did you mean {' or '.join(near)}?" if near else f"Checks: {', '.join(names)}."
    return f"Nothing is known of {shown!r}. {guess}"
