"""What a repository says of the settings, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from backup_doctor.base.immutable import Immutable

if TYPE_CHECKING:
    from collections.abc import Mapping


class Clue(Immutable, frozen=True, kw_only=True):
    """One thing that was found. `setting` is a setting's name, or a word for what is none.

    `value` is as the environment would have it: `false` for none, several words with commas.
    """

    setting: str
    value: str
    path: str
    line: int = 1

    @property
    def place(self) -> str:
        """The file and the line."""
        return f"{self.path}:{self.line}"


class JobPlan(Immutable, frozen=True, kw_only=True):
    """What the doctor's job in the workflow needs to know.

    `needs` are the keys of the jobs that it waits for; `inputs` by the action's names, each an
    expression of `secrets`, `vars` or the event, or a literal; `replaces` the job that runs the
    doctor already. `own_keys`: the pipeline has AWS keys as secrets, so that the doctor can have
    some as well.
    """

    workflow: str
    needs: tuple[str, ...]
    inputs: Mapping[str, str] = msgspec.field(default_factory=dict)
    runs_on: str | tuple[str, ...] = "ubuntu-latest"
    replaces: str | None = None
    own_keys: bool = True


class Reading(Immutable, frozen=True, kw_only=True):
    """All that was found. `questions` have several values, by setting; `job` is None without a workflow.

    `unknown` names what was looked for in a file and not told, with the reason; `facts` are shown and
    are no settings.
    """

    clues: tuple[Clue, ...] = ()
    questions: Mapping[str, tuple[Clue, ...]] = msgspec.field(default_factory=dict)
    unknown: Mapping[str, str] = msgspec.field(default_factory=dict)
    facts: tuple[Clue, ...] = ()
    job: JobPlan | None = None
    env_names: frozenset[str] = frozenset()
    read: bool = False
