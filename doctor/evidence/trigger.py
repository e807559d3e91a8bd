"""What the table itself does to an update: its triggers and rewrite rules."""

from __future__ import annotations

import re

from backup_doctor.evidence.base import Fact

_NOW = r"(?:now\(\)|(?:clock|statement|transaction)_timestamp\(\)|current_timestamp|timezone\('utc'(?:::text)?, now\(\)\))"
_KEEPS_TIME = re.compile(
    rf"begin\s+(?:new\.\"?\w+\"?\s*:?=\s*{_NOW}\s*;\s*)+return\s+new\s*;\s*end\s*;?",
    re.IGNORECASE,
)


class Trigger(Fact, frozen=True, kw_only=True):
    """A row or statement trigger (or rewrite rule) that an UPDATE fires.

    `columns`: it fires only if one of them is among those that the UPDATE sets; none: any does.
    `partition`: the one that has it, where the table itself does not.
    """

    name: str
    definition: str
    function: str
    source: str = ""
    enabled: bool = True
    before: bool = False
    columns: tuple[str, ...] = ()
    partition: str = ""

    @property
    def code(self) -> str:
        """Its function's text without comments."""
        return re.sub(r"--[^\n]*", "", self.source)

    @property
    def is_rule(self) -> bool:
        """Whether it is a rewrite rule, which no statement about triggers knows."""
        return self.definition.startswith("CREATE RULE")

    @property
    def is_instead(self) -> bool:
        """Whether it fires INSTEAD OF the write, as only one of a view does."""
        return re.search(r"\binstead\s+of\b", self.definition, re.IGNORECASE) is not None

    @property
    def is_in_place(self) -> bool:
        """Whether it stands in the place of the write: INSTEAD OF, or a rule DO INSTEAD."""
        rule = self.is_rule and re.search(r"\bdo instead\b", self.definition, re.IGNORECASE)
        return self.is_instead or bool(rule)

    @property
    def only_keeps_time(self) -> bool:
        """Whether all that it does is to write the time of now into columns of the row."""
        body = self.code.strip()
        return self.before and (body == "moddatetime" or _KEEPS_TIME.fullmatch(body) is not None)

    @property
    def named(self) -> str:
        """Its kind and name, and the partition that has it, as a sentence has them."""
        of = f" of the partition {self.partition}" if self.partition else ""
        return f"the {self.kind} {self.name}{of}"

    @property
    def kind(self) -> str:
        """What a person calls it."""
        return "rule" if self.is_rule else "trigger"
