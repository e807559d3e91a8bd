"""What was given to the main job, and to the commands that share its flags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.base.immutable import Immutable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from backup_doctor.report.render.formats import Format

BUDGET_S = 60.0


class Given(Immutable, frozen=True, kw_only=True):
    """The flags as typer read them; one that a command does not have is as if it was not given."""

    dispatch_id: str | None = None
    backup_id: str | None = None
    run_id: str | None = None
    form: Format | None = None
    report: Sequence[Path] | None = None
    only: Sequence[str] | None = None
    skip: Sequence[str] | None = None
    config: Sequence[Path] | None = None
    trust_config: bool = False
    project: str | None = None
    probe_function: bool = False
    no_probe: bool = False
    template_dir: Path | None = None
    save_evidence: Path | None = None
    from_evidence: Path | None = None
    budget: float = BUDGET_S
    strict: bool = False
    exit_zero: bool = False
    quiet: bool = False
    verbose: bool = False
    no_color: bool = False
