"""Evidence that is saved, judged again, compared and redacted again: flags and commands."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from backup_doctor.base import files
from backup_doctor.base.redaction import Redactor
from backup_doctor.cli.codes import Exit, UsageError
from backup_doctor.cli.secrets import environment_secrets
from backup_doctor.cli.stderr import show_traceback, tell
from backup_doctor.cli.stdout import print_text
from backup_doctor.judge.registry import load_checks
from backup_doctor.run.bundle.comparing import compare
from backup_doctor.run.bundle.model import Bundle, BundleWriter, UnusableBundleError
from backup_doctor.run.bundle.reading import read
from backup_doctor.run.bundle.replay import replay
from backup_doctor.run.bundle.strangers import TABLE_VARIABLE
from backup_doctor.run.bundle.telling import in_words
from backup_doctor.run.bundle.writing import ENDINGS, is_bundle_name
from backup_doctor.run.bundle.writing import save as save_bundle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backup_doctor.cli.request import Request
    from backup_doctor.evidence.collected import Collected
    from backup_doctor.evidence.findings import Report

SAME, DIFFERENT = 0, 1
EXAMPLE = "backup-doctor --from-evidence evidence.json.gz"


def save(collected: Collected | None, file: Path) -> bool:
    """Save what was collected; whether that worked. Says on standard error why it did not."""
    if collected is None:
        tell(f"No evidence was saved to {file}: there is none.")
        return False
    try:
        save_bundle(Bundle(written_by=BundleWriter.here(), collected=collected), file)
    except (OSError, UnusableBundleError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        tell(f"The evidence could not be saved to {file}: {reason}.")
        return False
    return True


def replayed(asked: Request, file: Path) -> Report:
    """The report on what was saved. No settings are read and nothing is asked of any network.

    Raises:
        UsageError: the bundle cannot be used, or is about another backup than the one asked about.
    """
    report = _judged(_read(file), file, only=asked.only, skip=asked.skip)
    about = report.subject
    for flag, wanted, found in (
        ("--dispatch-id", asked.dispatch_id, about.dispatch_id),
        ("--backup-id", asked.backup_id, about.backup_id),
        ("--run-id", asked.run_id, about.run_id),
    ):
        if wanted is not None and wanted != found:
            message = f"{file} is about another backup: {flag} would be {found or 'unknown'}."
            raise UsageError(message, EXAMPLE)
    return report


def diff(then: Path, now: Path) -> int:
    """Print what changed between two bundles; 0 if nothing did, else 1.

    Raises:
        UsageError: a bundle cannot be used.
    """
    first, second = _read(then), _read(now)
    reports = _judged(first, then), _judged(second, now)
    comparison = compare(first, second, *reports)
    print_text(Redactor().text(in_words(comparison)))
    return SAME if comparison.is_same else DIFFERENT


def redact(file: Path, out: Path, *, also_file: Path | None, also_env: list[str]) -> int:
    """Write the bundle without what today's rules, this environment and the user call a secret.

    Raises:
        UsageError: the bundle cannot be used, or a list of texts not be read, or nothing be written.
    """
    if not is_bundle_name(out):
        raise UsageError(f"-o {out}: the file's name must end in {' or '.join(ENDINGS)}.", None)
    literals = (*_lines(also_file), *_values(also_env))
    bundle = _read(file)
    redactor = Redactor(environment_secrets(os.environ), literals=literals)
    clean = Bundle(
        written_by=bundle.written_by,
        collected=bundle.collected.redacted(redactor),
        unknown={name: redactor.value(item) for name, item in bundle.unknown.items()},
    )
    try:
        save_bundle(clean, out)
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror or error}.", None) from None
    return Exit.HEALTHY


def _lines(file: Path | None) -> Iterator[str]:
    if file is None:
        return
    try:
        yield from filter(
            None,
            map(str.strip, files.read(file, patience_s=files.PATIENCE_S).decode().splitlines()),
        )
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--also-file {file} cannot be read: {error}.", None) from None


def _values(names: list[str]) -> Iterator[str]:
    for name in names:
        value = os.environ.get(name, "").strip()
        if not value:
            raise UsageError(f"--also-env {name}: the variable is not set, or empty.", None)
        yield value


def _read(file: Path) -> Bundle:
    try:
        return read(file, load_checks())
    except UnusableBundleError as error:
        raise UsageError(str(error), EXAMPLE) from None


def _judged(
    bundle: Bundle, file: Path, *, only: tuple[str, ...] = (), skip: tuple[str, ...] = ()
) -> Report:
    try:
        return replay(
            bundle,
            load_checks(),
            only=only,
            skip=skip,
            file=file.name,
            own_table=os.environ.get(TABLE_VARIABLE, "").strip(),
        )
    except UnusableBundleError as error:
        if os.environ.get("BACKUP_DOCTOR_DEBUG"):
            show_traceback()
        raise UsageError(f"{file}: {error}", EXAMPLE) from None
