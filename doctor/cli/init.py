"""`init`: the commented configuration file, and the workflow job that runs the doctor."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from doctor.cli.codes import UsageError

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = "backup-doctor.toml"
SNIPPET = "backup-doctor-job.yml"
PIPELINE = "pipeline/.github/workflows/backup.yml"
JOB = "\n  diagnose:\n"
HEADER = """\
# The job that tells why a backup is stuck. Paste it into the jobs of your backup workflow, next to
# the job that it `needs`, and give it the secrets that it names (read-only ones suffice).
jobs:
"""


def write(folder: Path, *, force: bool) -> str:
    """Write both files into the folder; what was written, as a sentence.

    Raises:
        UsageError: a file is there already and `force` is off, or the folder cannot be written.
    """
    from doctor.settings.init import commented_file

    contents = {CONFIG: commented_file(), SNIPPET: snippet()}
    there = [name for name in contents if (folder / name).exists()]
    if there and not force:
        message = f"{' and '.join(there)}: there already; --force overwrites."
        raise UsageError(message, "backup-doctor init --force")
    for name, text in contents.items():
        try:
            (folder / name).write_text(text, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{name} could not be written: {error.strerror or error}.") from None
    return (
        f"Wrote {CONFIG} (every setting, commented out) and {SNIPPET} (paste it into a workflow)."
    )


def snippet() -> str:
    """The job `diagnose` of the reference pipeline, with the comment above it."""
    workflow = files("doctor.demo").joinpath(PIPELINE).read_text(encoding="utf-8")
    start = workflow.index(JOB) + 1
    above = workflow[:start].split("\n\n")[-1]
    return HEADER + above + workflow[start:]
