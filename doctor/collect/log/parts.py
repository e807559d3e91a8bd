"""The sections of a log, by the steps that they are of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backup_doctor.collect.log.sections import Section
    from backup_doctor.evidence.workflow import Step


@dataclass
class Parts:
    """The sections of a log, by what they are."""

    sections: list[Section]
    steps: dict[int, Step] = field(default_factory=dict)

    def of(self, name: str | None) -> list[Section]:
        """Those of the step of this name."""
        return [self.sections[i] for i, step in self.steps.items() if step.name == name]

    def title(self, section: Section | None) -> str | None:
        """The name of the section's step, else what the runner prints of it."""
        if section is None:
            return None
        step = self.steps.get(self.sections.index(section))
        return step.name if step else section.title or None

    def behind(self, sections: Sequence[Section]) -> list[Section]:
        """Those that come after these."""
        return self.sections[self.sections.index(sections[-1]) + 1 :]

    def beside(self, update: Sequence[Section]) -> list[Section]:
        """These and those of steps that ran at the same time: lines interleave."""
        own = next(
            (self.steps.get(i) for i, one in enumerate(self.sections) if one in update), None
        )
        if own is None:
            return []
        together = [i for i, step in self.steps.items() if step is not own and _overlap(step, own)]
        return [one for i, one in enumerate(self.sections) if i in together or one in update]


def _overlap(one: Step, other: Step) -> bool:
    if not (one.started_at and one.completed_at and other.started_at and other.completed_at):
        return False
    return one.started_at < other.completed_at and other.started_at < one.completed_at
