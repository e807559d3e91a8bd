"""One self-contained page of one sweep or of several: what is stuck and why, and the last 90 days."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.base.immutable import Immutable
from backup_doctor.base.quoting import for_shell, for_xml
from backup_doctor.evidence.base import Unseen
from backup_doctor.report.render.templating import Safe, environment, source
from backup_doctor.report.render.to_html import is_link, policy_hash
from backup_doctor.run.sweep.render import wording
from backup_doctor.run.sweep.render.past import picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backup_doctor.evidence.findings import PlanStep
    from backup_doctor.report.render.formats import Look
    from backup_doctor.run.sweep.render.past import PastPicture
    from backup_doctor.run.sweep.result import CauseGroup, Sweep, Swept

SHEETS = ("report", "charts", "sweep")
SHOWN = 200
WORST_FIRST = ("failing", "unknown", "healthy")


class ProjectView(Immutable, frozen=True, kw_only=True):
    """A project on the page. `picture` is None where nothing was read; `unread` may say why."""

    name: str
    sweep: Sweep
    tone: str
    headline: str
    running: str
    fresh: str
    place: list[tuple[str, str]]
    picture: PastPicture | None
    unread: str

    @property
    def wrong(self) -> bool:
        """Whether somebody must look at it."""
        return self.tone != "healthy"


def write(sweep: Sweep, look: Look) -> str:
    """The page of a single sweep."""
    return write_all([(sweep.project or "", sweep)], look)


def write_all(sweeps: Sequence[tuple[str, Sweep]], look: Look) -> str:
    """The page of several, each with the name of its project."""
    projects = sorted((_view(name, sweep) for name, sweep in sweeps), key=_urgency)
    style = "\n" + "".join(f"{source(f'{name}.css', look)}" for name in SHEETS)
    script = f"\n{source('report.js', look)}"
    own = environment(look, for_xml)
    own.filters |= {
        "count": wording.counted,
        "span": wording.span,
        "says": wording.says,
        "certainty": wording.certainty,
        "name": wording.name,
        "is_link": is_link,
        "plan": _plan,
        "fixable": _fixable,
        "command": _command,
        "script_command": lambda sweep: f"backup-doctor sweep {_flag(sweep)}--fix-script fix.sql",
    }
    return own.get_template("sweep.html.j2").render(
        projects=projects,
        tone=_worst(projects),
        headline=_headline(projects),
        at=wording.moment(max((one.sweep.at for one in projects), default=None)),
        several=len(projects) != 1,
        shown=SHOWN,
        style=Safe(style),
        style_hash=policy_hash(style),
        script=Safe(script),
        script_hash=policy_hash(script),
    )


def _view(name: str, sweep: Sweep) -> ProjectView:
    past = sweep.past
    seen = None if past is None or isinstance(past, Unseen) else past
    gap = past if isinstance(past, Unseen) else seen.unproved if seen else None
    return ProjectView(
        name=name or sweep.place.get("repository") or sweep.place.get("project") or "Backups",
        sweep=sweep,
        tone=_tone(sweep),
        headline=wording.headline(sweep),
        running=wording.running(sweep),
        fresh=wording.freshness_line(sweep),
        place=[(label, text) for label, text in sweep.place.items() if text],
        picture=picture(seen) if seen else None,
        unread=gap.what if gap else "",
    )


def _tone(sweep: Sweep) -> str:
    if sweep.stuck or sweep.late:
        return "failing"
    return "healthy" if sweep.all_seen else "unknown"


def _urgency(project: ProjectView) -> int:
    """What needs a look stands first; else the order is that of the file."""
    return WORST_FIRST.index(project.tone)


def _worst(projects: Sequence[ProjectView]) -> str:
    return next((one.tone for one in projects), "unknown")


def _headline(projects: Sequence[ProjectView]) -> str:
    if len(projects) == 1:
        return projects[0].headline
    wrong = sum(one.wrong for one in projects)
    if not wrong:
        return f"All {len(projects):,} projects are well."
    return f"{wrong:,} of {len(projects):,} projects need{'s' if wrong == 1 else ''} a look."


def _plan(group: CauseGroup) -> Sequence[PlanStep]:
    """What to do: of several backups what ends the cause, of one its row's SQL too."""
    report = group.spokesman.report
    return report.plan if len(group.backups) == 1 else group.steps


def _fixable(group: CauseGroup) -> int:
    return sum(one.report.fix_sql is not None for one in group.backups)


def _command(one: Swept, sweep: Sweep) -> str:
    """The command that diagnoses it alone."""
    return f"backup-doctor {_flag(sweep)}{wording.flag(one)} {for_shell(wording.name(one))}"


def _flag(sweep: Sweep) -> str:
    return f"--project {for_shell(sweep.project)} " if sweep.project else ""
