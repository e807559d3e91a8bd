"""What has been seen so far while a repository is read: the one place where a value is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.collect.repository import places
from backup_doctor.collect.repository.migrations import tables_in
from backup_doctor.collect.repository.model import Clue
from backup_doctor.collect.repository.workflows import FOLDER, workflows
from backup_doctor.settings import values
from backup_doctor.settings.table import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from backup_doctor.collect.repository.checkout import Checkout
    from backup_doctor.collect.script import StepScript


class RepositoryReading:
    """One reading; what was found is gathered in the order in which it is shown."""

    def __init__(self, checkout: Checkout, chosen: Mapping[str, str]) -> None:
        self.checkout = checkout
        self.chosen = chosen
        self.clues: list[Clue] = []
        self.facts: list[Clue] = []
        self.questions: dict[str, tuple[Clue, ...]] = {}
        self.unknown: dict[str, str] = {}
        self.workflows = workflows(checkout)
        self.tables = tables_in(checkout)
        self.functions = places.functions(checkout)

    def value(self, setting: str) -> str | None:
        """What was taken for a setting."""
        return next((one.value for one in self.clues if one.setting == setting), None)

    def take(self, setting: str, clues: Iterable[Clue]) -> str | None:
        """One that fits is taken, several are a question; its value, if it is taken."""
        told = list(clues)
        fit = {one.value: one for one in reversed(told) if _fits(setting, one.value)}
        if self.chosen.get(setting) in fit:
            fit = {self.chosen[setting]: fit[self.chosen[setting]]}
        if len(fit) > 1:
            self.questions[setting] = tuple(reversed(fit.values()))
        elif told and not fit:
            self.unknown[setting] = "what the file has there cannot be one"
        elif fit:
            (clue,) = fit.values()
            self.clues.append(clue)
            return clue.value
        return None

    def clue(self, setting: str, value: str, path: str, needle: str | None = None) -> Clue:
        """A clue in the first line of the file that has the needle, which is the value if not given."""
        line = self.checkout.line(path, value if needle is None else needle)
        return Clue(setting=setting, value=value, path=path, line=line)

    def in_step(self, setting: str, value: str, steps: Sequence[StepScript], needle: str) -> Clue:
        """What a step's script says: in the file that has it, else where the step stands."""
        paths = [path for step in steps for path in paths_of(step)]
        has = (path for path in paths if needle in (self.checkout.text(path) or ""))
        path = next(has, paths[0] if paths else FOLDER)
        return self.clue(setting, value, path, needle)

    def fact(self, what: str, value: str, path: str, needle: str) -> None:
        """Note what is shown and is no setting."""
        self.facts.append(self.clue(what, value, path, needle))


def paths_of(step: StepScript) -> tuple[str, ...]:
    """The files that a step runs, and the one in which it stands."""
    script = step.script
    printed = [one.path for one in script.prints] if script else []
    called = [one.path for one in script.calls] if script else []
    return tuple(dict.fromkeys(one for one in (*printed, *called, step.path) if one))


def _fits(setting: str, value: str) -> bool:
    """Whether the setting takes the value."""
    known = BY_NAME.get(setting)
    if known and known.may_be_false and values.is_none(value):
        return True
    try:
        values.check(setting, value)
    except ValueError:
        return False
    return "${{" not in value and value.isprintable()
