"""Whether the pipeline calls a function at all, and how it shows its key there.

A setting, the log or the script must show it: a pipeline may well have none.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from backup_doctor.evidence.base import Shown, Unseen, Why
from backup_doctor.evidence.log import LogReading, Outcome
from backup_doctor.evidence.secrets import FunctionKey
from backup_doctor.judge.history.calls import FAILED, function_call
from backup_doctor.judge.history.secret_names import environment_of, workflow_file
from backup_doctor.judge.show import listed
from backup_doctor.services.secret_uses import PUBLIC_KEY, Use, use_of
from backup_doctor.services.workflow_secrets import secrets_in

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.workflow import WorkflowFile, WorkflowStep

_CALLS = re.compile(
    r"functions/v1|functions\.invoke|functions\.supabase\.co|\bsupabase functions\b"
)
_URL = re.compile(r"://|\$\w*URL|\$\{\w*URL|FUNCTION", re.IGNORECASE)


def calls_function(case: Case) -> Shown | Unseen | None:
    """Proof that the pipeline calls the function; None where it is shown to call none."""
    if not case.names.calls_function:
        return None
    if "function" in case.names.given:
        return Shown(by="the setting `function` names it")
    if _is_without(case):
        return None
    return calls_another(case) or _by_signs(case)


def _by_signs(case: Case) -> Shown | Unseen:
    """What of the log, the script, its variables or the settings shows that it is called."""
    script, call = update_script(case), function_call(case)
    said = bool(case.log and case.log.function_call.lines)
    signs = {
        "the log of the update step shows the call": call.outcome in (*FAILED, Outcome.OK),
        "the log says why the update step did not call it": call.outcome is Outcome.NOT_MADE
        and said,
        "the update step's script calls it": bool(_CALLS.search(script)),
        "the update step's script names it": _names(script, case.names.function),
        "the update step is handed a key for it": _handed_function_key(case),
    }
    by = next((words for words, holds in signs.items() if holds), None)
    if by:
        return Shown(by=by)
    key = case.secrets.function_key if case.secrets else None
    if isinstance(key, FunctionKey):
        return Shown(by=f"the doctor was given a key for it ({key.setting})")
    return Unseen(
        why=Why.NOT_ASKED,
        what=f"Whether the pipeline calls the function {case.names.function} was not seen.",
        remedy="Set `function` in backup-doctor.toml to its name, or to false if it calls none.",
        dependency="the workflow",
    )


def _called_in_last_run(case: Case) -> set[str]:
    """Before the next backup: the functions that the script of the last run calls, where it says so."""
    log = case.workflow.recent_log if case.workflow else None
    attempts = log.attempts if isinstance(log, LogReading) else ()
    return {one.target for one in attempts if one.is_of_function and one.updates and one.target}


def calls_another(case: Case) -> Unseen | None:
    """That the script of the last run calls other functions, and not this one."""
    called = sorted(_called_in_last_run(case))
    if not called or case.names.function in called:
        return None
    return Unseen(
        why=Why.NOT_ASKED,
        what=f"The script of the last run calls the function {listed(called)}, and not "
        f"{case.names.function}.",
        remedy=f'Set `function = "{called[0]}"` in backup-doctor.toml.',
        dependency="the workflow",
    )


def _is_without(case: Case) -> bool:
    """Whether the whole script of the update step was read, and writes the table in other ways alone."""
    log = case.log
    if log is None or not log.whole_script:
        return False
    writes = [one for one in log.attempts if one.kind not in ("look-up", "verification")]
    return bool(writes) and not any(one.is_of_function for one in writes)


def _names(script: str, function: str) -> bool:
    """Whether the script has the function's name as a word or as a URL's end, not as a file's."""
    word = re.compile(rf"(?<![\w.-]){re.escape(function)}(?![\w.-])")
    named = [one for one in script.split() if word.search(one)]
    return any("/" not in one or _URL.search(one) for one in named)


def update_script(case: Case) -> str:
    """What the update step executes, as far as the log or the workflow file shows it."""
    file = workflow_file(case)
    step = file.update_step if file else None
    logged = "\n".join(case.log.update_script) if case.log else ""
    return logged or (step.script if step else "")


def _handed_function_key(case: Case) -> bool:
    """Whether the update step has a variable that can only be a function's key."""
    file = workflow_file(case)
    held = set(environment_of(file, file.update_step)) if file and file.update_step else set()
    logged = {one.name for one in case.log.variables} if case.log else set()
    return any(use_of(name) is Use.FUNCTION_KEY for name in held | logged)


class Shows(StrEnum):
    """How the update step shows its key to the function."""

    BEARER = "the function key as bearer token"
    OWN_HEADER = "in another header"
    OTHER_KEY = "with another key"
    UNKNOWN = "unknown"


# The lines that a call in JavaScript or Python goes on over.
CALL_LINES = 12
_BEARER = re.compile(
    r"authorization['\"]?\s*[:,]\s*[f`'\"]*\s*bearer\s*([^'\"`\n]*)", re.IGNORECASE
)
_SHELL_HEADER = re.compile(r"(?:-H|--header)[ =]+['\"]?([\w-]+)\s*:")
_HEADERS = re.compile(r"headers['\"]?\s*[:=]\s*\{([^}]*)\}", re.DOTALL | re.IGNORECASE)
_FIELD = re.compile(r"['\"]?([\w-]+)['\"]?\s*:")
_KEY_HEADER = re.compile(r"key|token|secret|signature|hmac", re.IGNORECASE)
_VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]{3,}")
_CLIENTS_KEY = re.compile(r"functions\.invoke")
# What is handed to a step for something else, by its name.
_NO_FUNCTIONS_KEY = re.compile(
    r"GITHUB_TOKEN|GH_TOKEN|WEBHOOK|SLACK|DISCORD|TELEGRAM|SENTRY|MAIL|SMTP|NPM|DOCKER|PING"
    r"|ENCRYPT|GPG|PGP|AGE_|PASSPHRASE|PASSWORD|S3|AWS|R2|BUCKET|REGION|ENDPOINT|STORAGE|URL|HOST|REF$",
    re.IGNORECASE,
)
_NEXT_CALL = re.compile(r"rest/v1|\.from\(|\bcurl\b")


def shows_key(case: Case) -> tuple[Shows, str]:
    """How the pipeline authenticates itself to the function, and in words where that is otherwise.

    Only a step that is handed no function key, or whose script shows another way, is known to do
    otherwise; of a script that cannot be seen nothing is.
    """
    call = _call(update_script(case))
    if not call:
        return _by_variables(case)
    bearer = _BEARER.search(call)
    held = _VARIABLE.findall(bearer[1]) if bearer else []
    if any(use_of(one) is Use.FUNCTION_KEY for one in held):
        return Shows.BEARER, ""
    headers = [one for one in _headers(call) if _KEY_HEADER.search(one) and one.lower() != "apikey"]
    if headers:
        return Shows.OWN_HEADER, f"in the header {headers[0]}"
    known = [one for one in held if use_of(one) or PUBLIC_KEY.search(one)]
    if known or (bearer is None and _CLIENTS_KEY.search(call)):
        return Shows.OTHER_KEY, f"with {known[0] if known else 'its Supabase key'} as bearer token"
    return Shows.UNKNOWN, ""


def is_shown_alike(case: Case) -> bool:
    """Whether a probe with the function key as bearer token is what the pipeline does, for all that is known."""
    return shows_key(case)[0] in (Shows.BEARER, Shows.UNKNOWN)


def _headers(call: str) -> list[str]:
    """The names of the headers that a call sends."""
    blocks = "\n".join(_HEADERS.findall(call))
    return [*_SHELL_HEADER.findall(call), *_FIELD.findall(blocks)]


def _by_variables(case: Case) -> tuple[Shows, str]:
    file = workflow_file(case)
    step = file.update_step if file else None
    if file is None or step is None or not (step.secrets or step.env or file.job_env or file.env):
        return Shows.UNKNOWN, ""
    named = {*environment_of(file, step), *step.secrets}
    if any(use_of(name) is Use.FUNCTION_KEY for name in named) or _of_untold_use(case, file, step):
        return Shows.UNKNOWN, ""
    return Shows.OTHER_KEY, "without a separate function key"


def _of_untold_use(case: Case, file: WorkflowFile, step: WorkflowStep) -> set[str]:
    """The step's secrets of which neither their own nor the variable's name tells what they are for."""
    held = {
        **environment_of(file, step),
        **{name: f"${{{{ secrets.{name} }}}}" for name in step.secrets},
    }
    told = {
        secret
        for variable, value in held.items()
        for secret in secrets_in(value)
        if any(use_of(one) or _NO_FUNCTIONS_KEY.search(one) for one in (variable, secret))
    }
    own = case.names.secrets.get(Use.FUNCTION_KEY)
    return {secret for value in held.values() for secret in secrets_in(value)} - (told - {own})


def _call(script: str) -> str:
    """The lines of the call of the function: a shell's command, or what follows up to the next call."""
    lines = script.replace("\\\n", " ").splitlines()
    at = next((at for at, line in enumerate(lines) if _CALLS.search(line)), None)
    if at is None:
        return ""
    if re.search(r"\bcurl\b", lines[at]):
        return lines[at]
    rest = lines[at + 1 : at + CALL_LINES]
    end = next((nth for nth, line in enumerate(rest) if _NEXT_CALL.search(line)), len(rest))
    return "\n".join([lines[at], *rest[:end]])
