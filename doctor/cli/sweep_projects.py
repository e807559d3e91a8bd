"""`sweep --all-projects`: each project by itself, so that one which fails hides none."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from backup_doctor.base.quoting import for_markdown_inline, for_terminal
from backup_doctor.base.redaction import Redactor
from backup_doctor.cli.codes import Exit, UsageError
from backup_doctor.cli.mending import say
from backup_doctor.cli.output import print_text
from backup_doctor.cli.projects import project_names, shares
from backup_doctor.cli.sweeping import is_silent, print_sweep, sweep_all
from backup_doctor.run.sweep.formats import SweepFormat
from backup_doctor.settings.load import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.cli.sweep_request import SweepRequest
    from backup_doctor.run.sweep.result import Sweep

EXAMPLE = "backup-doctor sweep --all-projects"
WORST_FIRST = (Exit.TOOL_ERROR, Exit.CANNOT_TELL, Exit.FAILING)
SIGNALS_FROM = 128
OPENING = '{"projects": {'
AS_A_WHOLE = (SweepFormat.HTML, SweepFormat.PROMETHEUS)
HEADINGS: dict[SweepFormat, Callable[[str], str]] = {
    SweepFormat.TEXT: lambda name: f"=== {for_terminal(name)} ===\n\n",
    SweepFormat.MARKDOWN: lambda name: f"# {for_markdown_inline(name)}\n\n",
}


def sweep_each(asked: SweepRequest) -> int:
    """Sweep every project, and return the worst exit code; a signal ends it.

    Each gets an equal share of the time that is left. Of `--ping` the whole is told, not each.

    Raises:
        UsageError: a flag is for one project alone.
        SettingsError: a file cannot be read, or none has any project.
    """
    asked.check()
    if asked.notify_test:
        return sweep_all(asked)
    _check(asked)
    names = project_names(config=asked.config, trust_config=asked.trust_config)
    _tell_switch(asked, None)
    page = ProjectsPage(asked.format)
    codes: list[int] = []
    try:
        for name, share_s in shares(names, asked.budget_s):
            codes.append(_one(asked, name, share_s, page))
            if codes[-1] >= SIGNALS_FROM:
                break
    finally:
        page.end()
    code = _worst(codes)
    _tell_switch(asked, code)
    return code


def _check(asked: SweepRequest) -> None:
    one = {
        "--project": asked.project is not None,
        "--apply": asked.apply,
        "--fix-script": asked.fix_script is not None,
    }
    for flag, given in one.items():
        if given:
            raise UsageError(f"{flag} is for one project, not for --all-projects.", EXAMPLE)


def _one(asked: SweepRequest, name: str, budget_s: float, page: ProjectsPage) -> int:
    """The exit code of one project. One whose settings cannot be used is one that is not seen."""
    own = replace(
        asked,
        project=name,
        budget_s=budget_s,
        ping=None,
        state=asked.state and asked.state.with_name(f"{asked.state.name}.{quote(name, safe='')}"),
    )
    try:
        return sweep_all(own, page.show)
    except (UsageError, SettingsError) as mistake:
        why, code = str(mistake), Exit.CANNOT_TELL
    except Exception as error:  # noqa: BLE001 -- the other projects are swept all the same
        why, code = f"an error in the tool itself: {type(error).__name__}.", Exit.TOOL_ERROR
    say(f"{name}: {why}", Redactor())
    page.show(_unseen(own, why), own, Redactor())
    return code


def _unseen(asked: SweepRequest, why: str) -> Sweep:
    from backup_doctor.run.sweep.result import Sweep
    from backup_doctor.settings.table import BY_NAME
    from backup_doctor.settings.values import duration_s

    return Sweep(
        backups=(),
        found=0,
        complete=False,
        at=datetime.now(UTC),
        older_than_s=asked.older_than_s(duration_s(BY_NAME["stuck_after"].default or "")),
        gaps=(why,),
    )


def _worst(codes: list[int]) -> int:
    signal = next((code for code in codes if code >= SIGNALS_FROM), None)
    return signal or next((code for code in WORST_FIRST if code in codes), Exit.HEALTHY)


def _tell_switch(asked: SweepRequest, code: int | None) -> None:
    """The sweep begins (None), or has ended with this exit code."""
    if asked.ping is None:
        return
    from backup_doctor.run.sweep.ping import Signal, ping

    ended = Signal.SUCCESS if code == Exit.HEALTHY else Signal.FAIL
    problem = ping(asked.ping, Signal.START if code is None else ended)
    if problem:
        say(problem, Redactor())


class ProjectsPage:
    """What is printed of all projects: one document as JSON, HTML and metrics, else one after the other."""

    def __init__(self, form: SweepFormat) -> None:
        self._form = form
        self._shown: set[str] = set()
        self._kept: list[tuple[str, Sweep]] = []
        self._redactors: list[Redactor] = []

    def show(self, sweep: Sweep, asked: SweepRequest, redactor: Redactor) -> None:
        """Print one project's sweep under its name; with `--quiet` only where there is something."""
        name = asked.project or ""
        if name in self._shown:
            return
        if self._form in AS_A_WHOLE:
            self._kept.append((name, sweep))
            self._redactors.append(redactor)
            if not is_silent(sweep, asked):
                self._shown.add(name)
            return
        if is_silent(sweep, asked):
            return
        if self._form is SweepFormat.JSON:
            print_text((", " if self._shown else OPENING) + f"{json.dumps(name)}: ")
        else:
            print_text(("\n" if self._shown else "") + HEADINGS[self._form](name))
        self._shown.add(name)
        print_sweep(sweep, asked, redactor)

    def end(self) -> None:
        """Close the document; print the one that is of all projects."""
        if self._form is SweepFormat.JSON and self._shown:
            print_text("}}\n")
        if self._kept and self._shown:
            from backup_doctor.run.sweep.render import rendered_together

            text = rendered_together(self._kept, self._form)
            for redactor in self._redactors:
                text = redactor.text(text)
            print_text(text)
