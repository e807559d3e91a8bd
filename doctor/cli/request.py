"""The flags of the main job, checked: what was asked, and how the answer is to look."""

from __future__ import annotations

import math
import os
import re
import sys
from difflib import get_close_matches
from typing import TYPE_CHECKING

from backup_doctor.base.immutable import Immutable
from backup_doctor.cli.codes import UsageError
from backup_doctor.report.render.formats import ENDINGS, Format

if TYPE_CHECKING:
    from pathlib import Path

    from backup_doctor.cli.given import Given

LONGEST_ID = 1024
EVIDENCE_ENDINGS = (".json", ".json.gz")
SHORTEST_BUDGET_S = 1.0
LONGEST_BUDGET_S = 3600.0
WHICH = "Which backup? Give its --dispatch-id (or --backup-id, or --run-id)."


class Request(Immutable, frozen=True, kw_only=True):
    """The flags of the main job; `form` is resolved, the rest is as given."""

    dispatch_id: str | None
    backup_id: str | None
    run_id: str | None
    form: Format
    files: tuple[Path, ...]
    only: tuple[str, ...]
    skip: tuple[str, ...]
    config: tuple[Path, ...]
    trust_config: bool
    project: str | None
    probe_function: bool
    no_probe: bool
    template_dir: Path | None
    save_evidence: Path | None
    from_evidence: Path | None
    budget_s: float
    strict: bool
    exit_zero: bool
    quiet: bool
    verbose: bool
    no_color: bool

    @property
    def colour(self) -> bool:
        """Whether standard output takes colours, and the user wants them (no-color.org)."""
        wanted = not (self.no_color or os.environ.get("NO_COLOR"))
        return wanted and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def request(given: Given) -> Request:
    """The request.

    Raises:
        UsageError: a flag's value cannot be right, or no backup is named.
    """
    ids = {
        "--dispatch-id": given.dispatch_id,
        "--backup-id": given.backup_id,
        "--run-id": given.run_id,
    }
    if given.from_evidence is None and all(value is None for value in ids.values()):
        raise UsageError(WHICH, "backup-doctor --dispatch-id 3f2a8c1e-5b7d-4e9a-8c6f-0123456789ab")
    for flag, value in ids.items():
        _check_id(flag, value)
    return foresight(given)


def foresight(given: Given) -> Request:
    """The request of `preflight`, which asks about no backup in particular.

    Raises:
        UsageError: a flag's value cannot be right.
    """
    wanted = _wanted(given)
    for file in wanted.files:
        _check_ending(file)
    _check_names(wanted.only, wanted.skip)
    check_budget(wanted.budget_s, "--dispatch-id ID")
    _check_folder(wanted.template_dir)
    _check_evidence(wanted.save_evidence, wanted.from_evidence)
    for file in wanted.files:
        _check_apart(file, "--save-evidence", wanted.save_evidence)
        _check_apart(file, "--from-evidence", wanted.from_evidence)
    return wanted


def _wanted(given: Given) -> Request:
    return Request(
        dispatch_id=_as_unicode(given.dispatch_id),
        backup_id=_as_unicode(given.backup_id),
        run_id=_run_number(given.run_id),
        form=given.form or (Format.TEXT if sys.stdout.isatty() else Format.MARKDOWN),
        files=tuple(given.report or ()),
        only=tuple(given.only or ()),
        skip=tuple(given.skip or ()),
        config=tuple(given.config or ()),
        trust_config=given.trust_config,
        project=given.project,
        probe_function=given.probe_function,
        no_probe=given.no_probe,
        template_dir=given.template_dir,
        save_evidence=given.save_evidence,
        from_evidence=given.from_evidence,
        budget_s=given.budget,
        strict=given.strict,
        exit_zero=given.exit_zero,
        quiet=given.quiet,
        verbose=given.verbose,
        no_color=given.no_color,
    )


def _check_id(flag: str, value: str | None) -> None:
    if value is None:
        return
    example = f"backup-doctor {flag} 3f2a8c1e-5b7d-4e9a-8c6f-0123456789ab"
    if not value:
        raise UsageError(f"{flag} is empty. Is the variable that it came from set?", example)
    if len(value) > LONGEST_ID:
        message = f"{flag} has {len(value):,} characters; at most {LONGEST_ID:,} are possible."
        raise UsageError(message, example)
    if "\0" in value:
        raise UsageError(f"{flag} holds a NUL character, which no column can.", example)


def _run_number(run_id: str | None) -> str | None:
    """The run's number, of which the run's whole address will do too."""
    if run_id is None:
        return None
    number = re.fullmatch(
        r"(?:https://[^/\s]+(?:/[^/\s]+)+/actions/runs/)?([0-9]+)(?:[/?#]\S*)?", run_id
    )
    if number is None:
        message = "--run-id is the number at the end of the run's address, /actions/runs/NUMBER."
        raise UsageError(message, "backup-doctor --run-id 123456789")
    return number[1]


def _check_ending(file: Path) -> None:
    if file.suffix.lower() not in ENDINGS:
        endings = ", ".join(ENDINGS)
        message = f"--report {file}: the ending says which format; it may be {endings}."
        raise UsageError(message, "backup-doctor --dispatch-id ID --report report.md")


def _check_names(only: tuple[str, ...], skip: tuple[str, ...]) -> None:
    if not only and not skip:
        return
    from importlib.metadata import entry_points

    from backup_doctor.judge.registry import GROUP, SEQUENCE

    registered = sorted(point.name for point in entry_points(group=GROUP))
    known = [*SEQUENCE, *(name for name in registered if name not in SEQUENCE)]
    for flag, names in (("--only", only), ("--skip", skip)):
        for name in names:
            if name not in known:
                near = get_close_matches(name, known, n=1)
                guess = f" Did you mean {near[0]}?" if near else ""
                message = (
                    f"{flag} {name}: there is no such check.{guess} There are {', '.join(known)}."
                )
                raise UsageError(message, f"backup-doctor --dispatch-id ID {flag} {known[0]}")
    if only and not set(only) - set(skip):
        raise UsageError("--only and --skip together leave no check to run.")


def check_budget(budget_s: float, command: str) -> None:
    """Say what `--budget` may be; `command` is what the example runs.

    Raises:
        UsageError: it cannot be right.
    """
    if not (math.isfinite(budget_s) and SHORTEST_BUDGET_S <= budget_s <= LONGEST_BUDGET_S):
        message = f"--budget is in seconds, from {SHORTEST_BUDGET_S:.0f} to {LONGEST_BUDGET_S:.0f}."
        raise UsageError(message, f"backup-doctor {command} --budget 60")


def _check_folder(template_dir: Path | None) -> None:
    if template_dir is not None and not template_dir.is_dir():
        message = f"--template-dir {template_dir}: there is no such folder."
        raise UsageError(message, "backup-doctor --dispatch-id ID --template-dir templates")


def _check_apart(file: Path, flag: str, evidence: Path | None) -> None:
    if evidence is not None and file.absolute() == evidence.absolute():
        message = f"--report {file} is the file of {flag}: the report would take its place."
        raise UsageError(message, f"backup-doctor {flag} evidence.json --report report.json")


def _check_evidence(save: Path | None, saved: Path | None) -> None:
    if save is not None and not save.name.lower().endswith(EVIDENCE_ENDINGS):
        message = (
            f"--save-evidence {save}: the file's name must end in {' or '.join(EVIDENCE_ENDINGS)}."
        )
        raise UsageError(message, "backup-doctor --dispatch-id ID --save-evidence evidence.json.gz")
    if save is not None and saved is not None:
        message = "--from-evidence judges what was saved; there is nothing new for --save-evidence."
        raise UsageError(message, "backup-doctor redact evidence.json -o copy.json")


def _as_unicode(value: str | None) -> str | None:
    """The value with bytes that were no UTF-8 replaced; no row can hold them either."""
    return value and value.encode(errors="surrogateescape").decode(errors="replace")
