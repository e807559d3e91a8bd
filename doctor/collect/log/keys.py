"""Which step a log shows to be handed the keys of Supabase, and of the upload."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.collect.log import facts, header
from backup_doctor.evidence.log import EnvShown
from backup_doctor.services.error_lines import has_error
from backup_doctor.services.secret_uses import UPLOAD_KEYS, Use, use_of
from backup_doctor.services.update_step import HANDLES_FAILURE, SUPABASE
from backup_doctor.services.uploading import ANY_WAY, BY_SCRIPT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backup_doctor.collect.log.parts import Parts
    from backup_doctor.collect.log.sections import Section


# What it is given for it.
_OF_STORE = re.compile(r"BUCKET|^MC_HOST_|^RCLONE_|ACCESS_KEY")
_OF_DATABASE = re.compile(r"^PG|DB_|DATABASE|POSTGRES|SUPABASE|^GITHUB_TOKEN$|^GH_TOKEN$")


def shows_no_store(parts: Parts) -> bool:
    """Whether all steps show what they do and are given, and none of it can bring a file to a store."""
    shown = [one for one in parts.sections if one.title]
    return bool(shown) and not any(_may_bring(parts, one) for one in shown)


def _may_bring(parts: Parts, section: Section) -> bool:
    told = "\n".join((section.title, parts.title(section) or "", *header.script(section)))
    given = header.variables(section)
    secret = {one.name for one in given if one.shown is not EnvShown.PLAIN}
    return (
        bool(ANY_WAY.search(told))
        or any(_OF_STORE.search(one.name) or use_of(one.name) in UPLOAD_KEYS for one in given)
        or not all(use_of(name) or _OF_DATABASE.search(name) for name in secret)
    )


def given_keys(parts: Parts) -> list[Section]:
    """The one step behind the upload that was given Supabase's keys; of several, the one that failed.

    Where nothing of its script can be read, and its words are nobody's.
    """
    given = [
        one
        for index, one in enumerate(parts.sections)
        if any(SUPABASE.search(variable.name) for variable in header.variables(one))
        and not HANDLES_FAILURE.search(parts.title(one) or "")
        and (
            _is_uploaded(parts.sections[:index], one)
            or any(_brings_files(parts, before, one) for before in parts.sections[:index])
        )
    ]
    failed = [one for one in given if has_error(one.texts)]
    # A composite action has several sections.
    steps = {parts.title(one) for one in given}
    return failed[-1:] or (given if len(steps) == 1 else []) or _does_all(parts)


def _does_all(parts: Parts) -> list[Section]:
    """The one step that was given Supabase's address or key, if the upload's were given to it as well."""
    given = {
        one: {use_of(variable.name) for variable in header.variables(one)}
        for one in parts.sections
        if one.title and not HANDLES_FAILURE.search(parts.title(one) or "")
    }
    writing = [one for one, uses in given.items() if uses & {Use.URL, Use.SERVICE_KEY}]
    return writing if len(writing) == 1 and given[writing[0]] & {*UPLOAD_KEYS} else []


def _is_uploaded(before: Sequence[Section], section: Section) -> bool:
    """Whether the file had been uploaded when the step began: it was told the key, or a step says so."""
    if "S3_KEY" in facts.assigned_variables(header.variables(section)):
        return True
    return any(True for one in before for _ in facts.uploads(one.texts))


def _brings_files(parts: Parts, before: Section, section: Section) -> bool:
    """Whether a step before says that it uploads, or was given a store that this one was not."""
    if not before.title or not header.script(before):
        return False
    own = {variable.name for variable in header.variables(before)}
    own -= {variable.name for variable in header.variables(section)}
    told = "\n".join((parts.title(before) or "", *header.script(before)))
    return bool(BY_SCRIPT.search(told)) or any(map(_OF_STORE.search, own))


def uploads_too(parts: Parts, update: Section) -> bool:
    """Whether the update step uploads the file as well: what nothing names there may be of that."""
    given = {use_of(variable.name) for variable in header.variables(update)}
    before = parts.sections[: parts.sections.index(update)]
    return bool(given & {*UPLOAD_KEYS}) and not _is_uploaded(before, update)
