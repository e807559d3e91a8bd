"""A sweep for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape as escape_markup

from backup_doctor.base.quoting import for_shell, for_terminal, one_line, without_commands
from backup_doctor.judge.show import listed
from backup_doctor.report.render.templating import Safe, environment
from backup_doctor.report.render.to_text import AS_IS, paste, to_terminal
from backup_doctor.run.sweep.render import wording

if TYPE_CHECKING:
    from backup_doctor.report.render.formats import Look
    from backup_doctor.run.sweep.result import CauseGroup, Sweep, Swept


def write(sweep: Sweep, look: Look) -> str:
    """The sweep, in colours where `look` says so."""
    own = environment(look, _escape)
    own.filters |= {
        "painted": lambda text: _painted(text, sweep),
        "count": wording.counted,
        "span": wording.span,
        "says": wording.says,
        "certainty": wording.certainty,
        "named": _named,
        "flag": wording.flag,
        "shell_name": _shell_name,
        "paste": lambda fix, indent: paste(fix.text, indent, fix.kind),
    }
    markup = own.get_template("sweep.txt.j2").render(
        sweep=sweep,
        headline=wording.headline(sweep),
        running=wording.running(sweep),
        fresh=wording.freshness_line(sweep),
        project=_project_flag(sweep),
        as_is=Safe(AS_IS),  # a command is never wrapped
    )
    return to_terminal(markup, width=look.width, colour=look.colour)


def _escape(text: str) -> str:
    return escape_markup(for_terminal(one_line(text)) if text.strip() else text)


def _painted(text: str, sweep: Sweep) -> Safe:
    clear = "bold green" if sweep.all_seen else "bold yellow"
    colour = "bold red" if sweep.stuck or sweep.late else clear
    return Safe(f"[{colour}]{_escape(text)}[/]")


def _named(group: CauseGroup) -> str:
    names = wording.named(group)
    others = len(group.backups) - len(names)
    return listed((*names, f"{others:,} more") if others else names)


def _project_flag(sweep: Sweep) -> Safe:
    project = sweep.project
    return Safe(escape_markup(f"--project {for_shell(project)} ") if project else "")


def _shell_name(one: Swept) -> Safe:
    return Safe(escape_markup(without_commands(for_shell(wording.name(one)))))
