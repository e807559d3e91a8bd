"""`sweep --all-projects`: each project by itself, so that one which fails hides none."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec.structs import replace

from backup_doctor.base.redaction import Redactor
from backup_doctor.cli.codes import Exit
from backup_doctor.cli.mending import say
from backup_doctor.cli.projects import ManyPages, PageForm, for_each, for_one_alone, project_names
from backup_doctor.cli.stdout import print_text
from backup_doctor.cli.sweep_unread import unread
from backup_doctor.cli.sweep_word import Due, deliver, told_of_mistake
from backup_doctor.cli.sweeping import is_silent, print_sweep, sweep_all
from backup_doctor.run.sweep.formats import SweepFormat
from backup_doctor.settings.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from backup_doctor.cli.sweep_request import SweepRequest
    from backup_doctor.run.sweep.result import Sweep

EXAMPLE = "backup-doctor sweep --all-projects"
AS_A_WHOLE = (SweepFormat.HTML, SweepFormat.PROMETHEUS)


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
    alone = {
        "--project": asked.project is not None,
        "--apply": asked.apply,
        "--fix-script": asked.fix_script is not None,
    }
    for_one_alone(alone, EXAMPLE)
    try:
        names = project_names(asked)
    except SettingsError as mistake:
        told_of_mistake(replace(asked, state=_state_of_none(asked)), mistake)
        raise
    forget = _state_of_none(asked)
    if forget is not None:
        with suppress(OSError):
            forget.unlink(missing_ok=True)
    _tell_switch(asked, None)
    page = SweepsPage(asked.format)
    outbox: list[Due] = []

    def one(name: str, share_s: float) -> int:
        return sweep_all(_of_one(asked, name, share_s), page.show, outbox)

    def unseen(name: str, why: str) -> None:
        own = _of_one(asked, name, asked.budget_s)
        page.show(unread(own, why=why), own, Redactor())

    try:
        code = for_each(asked, names, one, unseen)
    finally:
        # A message that does not come is worse than a page that does not end.
        deliver(outbox, asked)
        page.end()
    _tell_switch(asked, code)
    return code


def _of_one(asked: SweepRequest, name: str, budget_s: float) -> SweepRequest:
    state = asked.state and asked.state.with_name(f"{asked.state.name}.{quote(name, safe='')}")
    return replace(asked, project=name, budget_s=budget_s, ping=None, state=state)


def _state_of_none(asked: SweepRequest) -> Path | None:
    """Where it is kept that the projects themselves cannot be read; no project's name has a bracket here."""
    return asked.state and asked.state.with_name(f"{asked.state.name}.(none)")


def _tell_switch(asked: SweepRequest, code: int | None) -> None:
    """The sweep begins (None), or has ended with this exit code."""
    if asked.ping is None:
        return
    from backup_doctor.run.sweep.ping import Signal, ping

    ended = Signal.SUCCESS if code == Exit.HEALTHY else Signal.FAIL
    problem = ping(asked.ping, Signal.START if code is None else ended)
    if problem:
        say(problem, Redactor())


class SweepsPage:
    """What is printed of all sweeps: one document as JSON, HTML and metrics, else one after the other."""

    def __init__(self, form: SweepFormat) -> None:
        self._form = form
        self._pages = ManyPages(_FORMS.get(form, PageForm.TEXT))
        self._kept: dict[str, Sweep] = {}
        self._redactors: list[Redactor] = []
        self._is_loud = False

    def show(self, sweep: Sweep, asked: SweepRequest, redactor: Redactor) -> None:
        """Print one project's sweep under its name; with `--quiet` only where there is something."""
        name, silent = asked.project or "", is_silent(sweep, asked)
        if self._form in AS_A_WHOLE:
            self._kept.setdefault(name, sweep)
            self._redactors.append(redactor)
            self._is_loud = self._is_loud or not silent
        elif not silent and not self._pages.has(name):
            self._pages.begin(name)
            print_sweep(sweep, asked, redactor)

    def end(self) -> None:
        """Close the document; print the one that is of all projects."""
        self._pages.end()
        if not self._is_loud:
            return
        from backup_doctor.run.sweep.render import rendered_together

        text = rendered_together(tuple(self._kept.items()), self._form)
        for redactor in self._redactors:
            text = redactor.text(text)
        print_text(text)


_FORMS = {SweepFormat.JSON: PageForm.JSON, SweepFormat.MARKDOWN: PageForm.MARKDOWN}
