"""The list for a terminal: a table as wide as it may be, and a key that does not fit below its row.

Nothing is cut: an id or a key is there to be copied.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.markup import escape as escape_markup

from backup_doctor.base.quoting import for_shell, for_terminal, one_line, without_commands
from backup_doctor.judge.freshness import WHAT_TO_DO, sentence
from backup_doctor.judge.show import duration, listed
from backup_doctor.report.render.to_text import AS_IS, to_terminal

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Asked
    from backup_doctor.report.render.formats import Look
    from backup_doctor.run.backups.model import ListedBackup, Listing

HEAD = ("BACKUP", "AGE", "STATUS", "BYTES", "KEY")
# A longer cell pushes the rest of its own row aside, and of no other.
WIDEST_CELL = 40
GAP = 2


def write(listing: Listing, look: Look) -> str:
    """The list, in colours where `look` says so."""
    lines = [*_table(listing, look.width), "", *_below(listing)]
    return to_terminal("\n".join(lines), width=look.width, colour=look.colour)


def _table(listing: Listing, width: int) -> list[str]:
    if not listing.backups:
        return [_none(listing)]
    rows = [_cells(one) for one in listing.backups]
    widths = [
        min(max(cell_len(row[at]) for row in (HEAD, *rows)), WIDEST_CELL) for at in range(len(HEAD))
    ]
    beside = sum(widths) + GAP * (len(HEAD) - 1) <= width
    lines = [_line(HEAD if beside else HEAD[:-1], widths)]
    for one, cells in zip(listing.backups, rows, strict=True):
        line = _line(cells if beside else cells[:-1], widths)
        lines.append(AS_IS + (f"[red]{line}[/]" if one.stuck else line))
        if not beside and one.row.s3_key:
            lines.append(AS_IS + escape_markup(f"  {cells[-1]}"))
    return lines


def _none(listing: Listing) -> str:
    which = f" with the status {listed(listing.statuses)}" if listing.statuses else ""
    return f"No backup{which} was seen." if listing.gap else f"There is no backup{which}."


def _cells(one: ListedBackup) -> tuple[str, ...]:
    row = one.row
    status = _shown(row.status)
    return (
        _shown(row.dispatch_id or row.id),
        duration(one.age) if one.age is not None else "?",
        f"{status}, stuck" if one.stuck else status,
        f"{row.size_bytes:,}" if row.size_bytes is not None else "-",
        _shown(row.s3_key),
    )


def _shown(text: str | None) -> str:
    return for_terminal(one_line(text)) if text else "-"


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    padded = [
        cell + " " * max(0, width - cell_len(cell))
        for cell, width in zip(cells, widths, strict=False)
    ]
    return escape_markup((" " * GAP).join(padded).rstrip())


def _below(listing: Listing) -> list[str]:
    fresh = listing.freshness
    said = _escaped(sentence(fresh))
    lines = [said] if said else []
    if fresh.ok is False:
        lines = [f"[bold red]{said}[/]", f"What to do: {WHAT_TO_DO}"]
    if listing.first_stuck is not None:
        limit = duration(timedelta(seconds=listing.stuck_after_s))
        lines.append(f"Stuck: in progress for longer than {limit}. To find out why:")
        lines.append(f"{AS_IS}  {_command(listing.first_stuck, listing.project)}")
    gaps = (f"Could not check: {gap.what} {gap.remedy or ''}".rstrip() for gap in listing.unseen)
    warnings = (f"Warning: {warning}" for warning in listing.warnings)
    return [*lines, *map(_escaped, (*gaps, *warnings))]


def _command(asked: Asked, project: str | None) -> str:
    """What diagnoses it."""
    flag, value = (
        ("--dispatch-id", asked.dispatch_id)
        if asked.dispatch_id
        else ("--backup-id", asked.backup_id or "")
    )
    chosen = f"--project {for_shell(project)} " if project else ""
    return escape_markup(without_commands(f"backup-doctor {chosen}{flag} {for_shell(value)}"))


def _escaped(text: str) -> str:
    return escape_markup(for_terminal(one_line(text)))
