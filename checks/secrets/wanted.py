"""The secrets that the pipeline's job reads, and which of them it is shown to need."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.base.immutable import Immutable
from backup_doctor.evidence.base import Shown
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.log import EnvShown
from backup_doctor.judge.history.calls import (
    FAILED,
    fallback_call,
    has_failed_before,
    logged_for,
    update_ran,
)
from backup_doctor.judge.history.early import (
    early_codes,
    early_text,
    failed_step,
    says_not_set,
    uses,
)
from backup_doctor.judge.history.function_calls import calls_function
from backup_doctor.judge.history.secret_names import (
    environment_of,
    on_github,
    told_use,
    variables_of,
    workflow_file,
)
from backup_doctor.judge.registry import codes_with
from backup_doctor.judge.traits import Trait
from backup_doctor.services.secret_uses import GUIDES_NAMES, UPLOAD_KEYS, Use, use_of
from backup_doctor.services.workflow_secrets import secrets_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.workflow import WorkflowFile

# Given to every run by GitHub; nobody sets it.
AUTOMATIC = frozenset({"GITHUB_TOKEN"})
SERVICE = (Use.URL, Use.SERVICE_KEY)
# What a client says that was given nothing.
_SAYS_NOTHING_GIVEN = {
    Use.URL: re.compile(r"supabase_?url is required|invalid supabase_?url", re.IGNORECASE),
    Use.SERVICE_KEY: re.compile(
        r"supabase_?key is required|no api key found in request", re.IGNORECASE
    ),
    Use.DATABASE_URL: re.compile(r"connection to server on socket", re.IGNORECASE),
}
_IS_PASSWORD = re.compile(r"PASS(?:WORD|PHRASE)?$", re.IGNORECASE)
_NO_PASSWORD = re.compile(
    r"\b(?:empty|no) pass(?:word|phrase)\b|pass(?:word|phrase) (?:is |was )?(?:empty|missing|required)",
    re.IGNORECASE,
)
_NO_CREDENTIALS = re.compile(
    r"unable to locate credentials|partial credentials|NoCredentialsError"
    r"|credentials could not be loaded|could not load credentials",
    re.IGNORECASE,
)
# What a store says of a key that is none, or of a request without one.
_KEY_REFUSED = re.compile(
    r"InvalidAccessKeyId|SignatureDoesNotMatch|AuthorizationHeaderMalformed|AccessDenied|\b403\b"
)
# What an `if:` asks for that an earlier step, or the job's own `env:`, gives.
_WORKED_OUT = re.compile(r"\b(?:env|steps|needs)\.")
# Reasons of its own that a step gives: what else it lacks did not stop it.
_OTHER_REASON = re.compile(
    r"an error occurred \(\w+\)|no space left|network is unreachable|timed? ?out", re.IGNORECASE
)


class Wanted(Immutable, frozen=True, kw_only=True):
    """A secret by the name that the workflow has for it; `name` is GitHub's, None where not known.

    `optional`: the workflow itself can do without. `withheld`: a called workflow asks for it, and
    its caller hands it none.
    """

    written: str
    name: str | None
    use: Use | None
    variables: tuple[str, ...] = ()
    optional: bool = False
    withheld: bool = False


def wanted(case: Case) -> tuple[Wanted, ...]:
    """The secrets that the job reads; without its file, the guide's, as the step's `env:` names them."""
    file = workflow_file(case)
    named = tuple(_of_file(case, file)) if file else ()
    return named or tuple(_of_guide(case))


def _of_file(case: Case, file: WorkflowFile) -> Iterator[Wanted]:
    for written in file.secrets:
        if written.upper() in AUTOMATIC:
            continue
        variables = variables_of(file, file.update_step, written)
        name = on_github(file, written)
        elsewhere = variables_of_any_step(file, written)
        told = (*variables, written, *((name,) if name else ()), *elsewhere)
        yield Wanted(
            written=written,
            name=name,
            use=told_use(case, file, written)
            or next((use for one in told if (use := use_of(one))), None),
            variables=variables,
            optional=written in file.optional,
            withheld=file.handed is not None and not file.handed.get(written, ""),
        )


def _of_guide(case: Case) -> Iterator[Wanted]:
    for use in (Use.URL, Use.SERVICE_KEY, Use.FUNCTION_KEY):
        if use is Use.FUNCTION_KEY and not isinstance(calls_function(case), Shown):
            continue
        shown = logged_for(case, use)
        name = case.names.secrets.get(use) or (shown.name if shown else GUIDES_NAMES[use][0])
        yield Wanted(written=name, name=name, use=use, variables=GUIDES_NAMES[use])
    yield from _empty_for_upload(case)


def _empty_for_upload(case: Case) -> Iterator[Wanted]:
    """The store's keys that the step which failed was handed as empty; what GitHub calls them is not known."""
    handed = case.log.failed_variables if case.log and not case.is_preflight else ()
    for one in handed:
        use = use_of(one.name)
        if use in UPLOAD_KEYS and one.shown is EnvShown.EMPTY:
            yield Wanted(written=one.name, name=None, use=use, variables=(one.name,))


def is_needed(case: Case, one: Wanted) -> bool | None:
    """Whether this backup needed it: True, False, or None where it may well have.

    The words of a step say so (True), or a step that failed before the update uses it and gives no
    other reason (None). Of what only green steps read nothing is known to need it (False).
    """
    if one.optional:
        return False
    if says_it_lacks(case, one):
        return True
    file, step = workflow_file(case), failed_step(case)
    if update_ran(case) is not False:
        return False
    if file is None:
        # Of the store's keys only those are listed then that the failed step was handed as empty.
        return None if one.use in UPLOAD_KEYS and _key_was_refused(case) else False
    if step is None:
        return False
    named = set(early_codes(case)) - codes_with(Trait.KEY_NOT_SHOWN)
    other = _OTHER_REASON.search(early_text(case)) or named
    return None if uses(file, step, one.written) and not other else False


def _key_was_refused(case: Case) -> bool:
    """Whether the store refused the key of the step that failed, and the step gives no other reason."""
    text = early_text(case)
    return bool(_KEY_REFUSED.search(text)) and not _OTHER_REASON.search(text)


def broken_elsewhere(case: Case, one: Wanted) -> Mapping[Link, bool | None]:
    """Which link cannot do without a secret that is not for Supabase's address or key."""
    link = Link.FILE_UPLOADED if one.use in UPLOAD_KEYS else Link.BACKUP_MADE
    if case.is_preflight:
        # The next upload cannot do without; of other secrets nobody knows what they are for.
        return {link: None if one.use in UPLOAD_KEYS else False}
    if one.use is Use.DATABASE_URL and fallback_call(case).outcome in FAILED:
        return {Link.FALLBACK_UPDATES: says_it_lacks(case, one)}
    return {link: is_needed(case, one)}


def before_update(
    case: Case, one: Wanted, then: Mapping[Link, bool | None]
) -> Mapping[Link, bool | None]:
    """Which links cannot do without a secret of Supabase's, where the update step did not run."""
    asked = _asked_by_skipped(case, one)
    if asked is not False:
        return {Link.FUNCTION_UPDATES: asked}
    return {**then, Link.BACKUP_MADE: is_needed(case, one)}


def _asked_by_skipped(case: Case, one: Wanted) -> bool | None:
    """Whether the update step was skipped for want of the secret, which it uses.

    Its `if:` asks for the variable that holds it (True), or for what the run worked out (None).
    """
    file, workflow = workflow_file(case), case.workflow
    if file is None or file.update_step is None or workflow is None or has_failed_before(workflow):
        return False
    if workflow.update_step is None or workflow.update_step.conclusion != "skipped":
        return False
    condition = file.update_step.condition or ""
    if one.optional or not uses(file, file.update_step, one.written):
        return False
    variables = variables_of(file, file.update_step, one.written)
    if any(re.search(rf"\benv\.{re.escape(name)}\b", condition) for name in variables):
        return True
    return None if _WORKED_OUT.search(condition) else False


def says_it_lacks(case: Case, one: Wanted) -> bool:
    """Whether the log says that it was not there."""
    file = workflow_file(case)
    elsewhere = variables_of_any_step(file, one.written) if file else ()
    if says_not_set(case, *one.variables, *elsewhere, one.written):
        return True
    text = early_text(case)
    if one.use in UPLOAD_KEYS:
        errors = case.log.upload_errors if case.log else ()
        return _NO_CREDENTIALS.search("\n".join((text, *errors))) is not None
    if any(map(_IS_PASSWORD.search, (*one.variables, *elsewhere, one.written))):
        return _NO_PASSWORD.search(text) is not None
    pattern = _SAYS_NOTHING_GIVEN.get(one.use) if one.use else None
    told = f"{text}\n{fallback_call(case).body}"
    return pattern is not None and pattern.search(told) is not None


def variables_of_any_step(file: WorkflowFile, secret: str) -> tuple[str, ...]:
    """The variables under which any step of the job sees the secret."""
    return tuple(
        name
        for step in file.steps
        for name, value in environment_of(file, step).items()
        if secret in secrets_in(value)
    )
