"""`read_repository`: the files of a repository in, what they say of the settings out."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from backup_doctor.collect.repository import places, table
from backup_doctor.collect.repository.checkout import Checkout
from backup_doctor.collect.repository.job import find_job
from backup_doctor.collect.repository.model import Clue, Reading
from backup_doctor.collect.repository.names import (
    find_columns,
    find_function,
    find_table,
    find_words,
)
from backup_doctor.collect.repository.seen import RepositoryReading
from backup_doctor.services.writers import speaks_of_backups
from backup_doctor.settings.table import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from backup_doctor.collect.repository.workflows import Workflow


def read_repository(root: Path, chosen: Mapping[str, str] = MappingProxyType({})) -> Reading:
    """What the files below `root` say of the settings; `chosen` answers what was asked before."""
    seen = RepositoryReading(Checkout(root), chosen)
    _repository(seen)
    ref = places.project_ref(seen.checkout)
    if ref:
        seen.take("project_ref", [ref])
    workflow = _workflow(seen)
    steps = workflow.updates if workflow else ()
    found = find_table(seen, steps)
    if found:
        find_columns(seen, found, steps)
    else:
        find_words(seen, steps)
    find_function(seen, steps, found)
    job = find_job(seen, workflow, steps, found) if workflow else None
    return Reading(
        env_names=frozenset(_env_names(seen)),
        clues=tuple(seen.clues),
        questions=seen.questions,
        unknown=seen.unknown,
        facts=tuple(seen.facts),
        job=job,
        read=bool(seen.clues or seen.facts or seen.questions or seen.workflows or seen.tables),
    )


def _env_names(seen: RepositoryReading) -> set[str]:
    """The names that `.env` gives a value; those of every such file are shown."""
    env = list(places.env_files(seen.checkout))
    for file in dict.fromkeys(path for path, *_ in env):
        names = ", ".join(name for path, name, *_ in env if path == file)
        seen.facts.append(Clue(setting="names", value=names, path=file))
    return {name for path, name, _, is_set in env if path == ".env" and is_set}


def _repository(seen: RepositoryReading) -> None:
    remotes = list(places.remotes(seen.checkout.root))
    chosen = remotes[:1] if remotes and remotes[0][3] == "origin" else remotes
    ours = [one for one in chosen if "github" in one[0].lower()]
    clues = [
        Clue(setting="repository", value=name, path=".git/config", line=line)
        for _, name, line, _ in ours
    ]
    taken = seen.take("repository", clues)
    if chosen and not ours:
        seen.unknown["repository"] = "the git remote is not on a host that is called GitHub"
    for host, name, line, _ in ours:
        if name == taken and not host.lower().startswith((places.GITHUB, "ssh.github.com")):
            url = f"https://{host.lower()}/api/v3"
            seen.take(
                "github_url",
                [Clue(setting="github_url", value=url, path=".git/config", line=line)],
            )


def _workflow(seen: RepositoryReading) -> Workflow | None:
    """The workflow that makes the backup; by its scripts, else by the names of its steps."""
    started = [one for one in seen.workflows if one.jobs and not one.is_only_called]
    able = (
        [one for one in started if one.updates]
        or [one for one in started if _named(seen, one)]
        or [one for one in started if speaks_of_backups(one.path)]
    )
    clues = [Clue(setting="workflow", value=one.name, path=one.path) for one in able]
    if not able:
        seen.unknown["workflow"] = _unfound(seen)
    elif len(started) == 1:
        seen.facts.append(clues[0])
        return able[0]
    taken = seen.take("workflow", clues)
    return next((one for one in able if one.name == taken), None)


def _unfound(seen: RepositoryReading) -> str:
    """That no workflow is the one, and which of them could not be read."""
    broken = [one.name for one in seen.workflows if one.text.strip() and not one.document]
    unread = f"; not valid YAML: {', '.join(broken)}" if broken else ""
    return f"none in .github/workflows was seen to update a backup's row{unread}"


def _named(seen: RepositoryReading, workflow: Workflow) -> bool:
    names = [one.value for one in seen.functions] or [BY_NAME["function"].default or ""]
    tables = [one.bare for one in table.candidates(seen.tables)] or [""]
    return any(workflow.read(name, tables[0] or " ").update_step for name in names)
