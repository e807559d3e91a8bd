"""The job that runs the doctor in the pipeline's own workflow, filled in by what was found there."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from backup_doctor.settings.table import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from backup_doctor.collect.repository import JobPlan

PLACEHOLDER = f"your-org/backup-doctor@{'0' * 40}"
ACTION = re.compile(r"[A-Za-z0-9][\w-]*/[\w.-]+@[0-9a-f]{40}")
# In the workflow itself GitHub tells these, and the workflow's file what its secrets are called.
TOLD_BY_GITHUB = ("workflow", "repository", "github_url", "project_ref")
HEADER = """\
# The job that tells why a backup is stuck. Paste it into the jobs of {workflow}{instead}.
"""
FILL_IN = (
    "# `uses:` is your copy of backup-doctor at a commit that you have read: put it in first.\n"
)
KEYS = ("access_key_id", "secret_access_key")
_PLAIN = re.compile(r"[A-Za-z_][\w./-]*|\$\{\{ [\w.]+ \}\}")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})

TEMPLATE = """\
  {key}:
    needs: {needs}
    if: ${{{{ always() }}}}
    runs-on: {runs_on}
    timeout-minutes: 5
    permissions:
      actions: read
      contents: read
      checks: read
    steps:
      - name: backup-doctor
        id: doctor
        uses: {action}
{inputs}      - name: Keep the report
        if: ${{{{ always() && steps.doctor.outputs.verdict != 'healthy' }}}}
        uses: actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02 # v4.6.2
        with:
          name: backup-doctor-report
          path: ${{{{ steps.doctor.outputs.report-path }}}}
"""


def file_of(job: JobPlan, settings: Mapping[str, str], action: str = PLACEHOLDER) -> str:
    """The job as a file of its own, with a comment that says where it goes."""
    instead = f", instead of its job {job.replaces}" if job.replaces else ""
    head = HEADER.format(workflow=_comment(job.workflow), instead=_comment(instead))
    fill_in = FILL_IN if action == PLACEHOLDER else ""
    return f"{head}{fill_in}jobs:\n{job_of(job, settings, action)}"


def job_of(
    job: JobPlan, settings: Mapping[str, str], action: str = PLACEHOLDER, *, key: str = "diagnose"
) -> str:
    """The job under its key. `settings` are those that differ from the defaults, by name."""
    inputs = dict(_inputs(job, settings))
    lines = [f"          {name}: {_quoted(value)}\n" for name, value in inputs.items()]
    return TEMPLATE.format(
        key=key,
        needs=_list(job.needs),
        runs_on=job.runs_on if isinstance(job.runs_on, str) else _list(job.runs_on),
        action=action,
        inputs="".join(["        with:\n", *lines]) if lines else "",
    )


def _inputs(job: JobPlan, settings: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The inputs of the action: what the pipeline is handed, keys of its own, and the names."""
    for name, value in job.inputs.items():
        yield _input(name), value
    if job.own_keys:
        for name in KEYS:
            variable = BY_NAME[name].env[0]
            yield _input(name), f"${{{{ secrets.DOCTOR_{variable} }}}}"
    for name, value in settings.items():
        is_read = name in TOLD_BY_GITHUB or name.startswith("secrets.")
        if not is_read and name not in job.inputs:
            yield _input(name), value


def _input(name: str) -> str:
    """The action's name of a setting: its key with dashes."""
    key = BY_NAME[name].key if name in BY_NAME else name
    return key.replace("_", "-").replace(".", "-")


def _list(names: tuple[str, ...]) -> str:
    quoted = [_quoted(name) for name in names]
    return quoted[0] if len(quoted) == 1 else f"[{', '.join(quoted)}]"


def _quoted(text: str) -> str:
    """Text as YAML: plain where nothing else could be read in it."""
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    return text if plain else json.dumps(text, ensure_ascii=False)


def _comment(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)
