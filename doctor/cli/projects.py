"""What `--all-projects` means for every command: each project by itself, so that one hides none."""

from __future__ import annotations

import json
import os
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from backup_doctor.base.quoting import for_markdown_inline, for_terminal
from backup_doctor.base.redaction import Redactor
from backup_doctor.cli.codes import Exit, UsageError
from backup_doctor.cli.mending import say
from backup_doctor.cli.request import SHORTEST_BUDGET_S
from backup_doctor.cli.stdout import print_text
from backup_doctor.judge.show import listed
from backup_doctor.settings.load import Flags, SettingsError, all_projects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

WORST_FIRST = (Exit.TOOL_ERROR, Exit.CANNOT_TELL, Exit.FAILING)
SIGNALS_FROM = 128
# A run ends so long before its time is over, to judge and print.
KEPT_BACK_S = 0.5
OUT_OF_TIME = (
    "Not finished, for its share of the time was used up: {names}. Give a larger --budget, or look at it "
    "with --project."
)


class ManyRequest(Protocol):
    """The flags that every command has which takes `--all-projects`."""

    @property
    def config(self) -> tuple[Path, ...]:
        """The configuration files that were named."""

    @property
    def trust_config(self) -> bool:
        """Whether a file may name the hosts that credentials are sent to."""

    @property
    def budget_s(self) -> float:
        """The time for all of them."""


def for_one_alone(flags: Mapping[str, bool], example: str) -> None:
    """Say which of these flags was given, and is not for all projects.

    Raises:
        UsageError: one was.
    """
    for flag, given in flags.items():
        if given:
            raise UsageError(f"{flag} is for one project, not for --all-projects.", example)


def project_names(asked: ManyRequest) -> tuple[str, ...]:
    """Every project of the files.

    Raises:
        SettingsError: a file cannot be read, or none has any project.
    """
    flags = Flags(config=asked.config, trust_config=asked.trust_config)
    return all_projects(flags, environ=os.environ, cwd=Path.cwd())


def for_each(
    asked: ManyRequest,
    names: tuple[str, ...],
    one: Callable[[str, float], int],
    unseen: Callable[[str, str], None],
) -> int:
    """The worst exit code that `one` returned of a project, given its name and its share of the time.

    Where it cannot be seen at all, `unseen` is told of it and why. A signal ends it.
    """
    codes: list[int] = []
    unfinished: list[str] = []
    for name, share_s in _shares(names, asked.budget_s):
        began = time.monotonic()
        try:
            codes.append(one(name, share_s))
        except (UsageError, SettingsError) as mistake:
            why, code = str(mistake), Exit.CANNOT_TELL
        except Exception as error:  # noqa: BLE001 -- the other projects come all the same
            why, code = f"an error in the tool itself: {type(error).__name__}.", Exit.TOOL_ERROR
        else:
            if codes[-1] >= SIGNALS_FROM:
                break
            if time.monotonic() - began >= share_s - KEPT_BACK_S:
                unfinished.append(f"{name} ({share_s:.0f} s)")
            continue
        say(f"{name}: {why}", Redactor())
        unseen(name, why)
        codes.append(code)
    if unfinished:
        say(OUT_OF_TIME.format(names=listed(unfinished)), Redactor())
    return _worst(codes)


def _shares(names: tuple[str, ...], budget_s: float) -> Iterator[tuple[str, float]]:
    """Each project with an equal share of the time that is left when its turn comes."""
    until = time.monotonic() + budget_s
    for place, name in enumerate(names):
        share = (until - time.monotonic()) / (len(names) - place)
        yield name, max(share, SHORTEST_BUDGET_S)


def _worst(codes: list[int]) -> int:
    signal = next((code for code in codes if code >= SIGNALS_FROM), None)
    return signal or next((code for code in WORST_FIRST if code in codes), Exit.HEALTHY)


class PageForm(StrEnum):
    """How what is printed of several projects is put together."""

    JSON = "json"
    MARKDOWN = "markdown"
    TEXT = "text"


HEADINGS: dict[PageForm, Callable[[str], str]] = {
    PageForm.TEXT: lambda name: f"=== {for_terminal(name)} ===\n\n",
    PageForm.MARKDOWN: lambda name: f"# {for_markdown_inline(name)}\n\n",
}


class ManyPages:
    """What is printed of several projects: one document as JSON, else one after the other."""

    def __init__(self, form: PageForm) -> None:
        self._form = form
        self._shown: set[str] = set()

    def begin(self, name: str) -> None:
        """The next project, unless something of it was printed; what follows is printed as it is."""
        if self._form is PageForm.JSON:
            print_text((", " if self._shown else '{"projects": {') + f"{json.dumps(name)}: ")
        else:
            print_text(("\n" if self._shown else "") + HEADINGS[self._form](name))
        self._shown.add(name)

    def has(self, name: str) -> bool:
        """Whether something of a project was printed."""
        return name in self._shown

    def end(self) -> None:
        """Close the document."""
        if self._form is PageForm.JSON and self._shown:
            print_text("}}\n")
