"""The pages that `explain` prints, made from the docstrings of rules and check modules."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from doctor.explanation import Page, page
from doctor.model import Role, Severity
from doctor.quoting import one_line

if TYPE_CHECKING:
    from doctor.framework import AnyCheck, RuleInfo
    from doctor.registry import Registry

KINDS = {
    Role.CAUSE: "a cause: it can be why a row is stuck or wrong",
    Role.SYMPTOM: "a symptom: something else caused it",
    Role.CONTEXT: "context: it explains, and is never a cause",
}
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
    kind = WARNING if rule.severity is Severity.WARN else KINDS[rule.role]
    parts = [f"[bold]{rule.code}[/]  [dim]{kind}[/]", "", escape(known.summary)]
    for title, text in _sections(known):
        parts += ["", f"[bold]{title}[/]", f"  {escape(text)}"]
    if rule.breaks:
        links = ", ".join(link.title for link in rule.breaks)
        parts += ["", "[bold]Link of the pipeline that it breaks[/]", f"  {links}"]
    return "\n".join(parts)


def _sections(known: Page) -> list[tuple[str, str]]:
    sections = [
        ("How it is detected", known.detected),
        ("Cause", known.cause),
        ("Fix", known.fix),
        ("How to see it by hand", known.by_hand),
        ("Source", known.source),
    ]
    return [(title, text) for title, text in sections if text]


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
