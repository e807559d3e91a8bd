"""What the pipeline is handed: the doctor's job gets the same by the same names. Pure.

Only an expression that is one secret or one variable is taken over, or a literal that the setting
takes: a text of a workflow file never becomes an expression of another one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.collect.script.model import CallKind, Scheme
from backup_doctor.services.secret_uses import PUBLIC_KEY, UPLOAD_KEYS, Use, use_of
from backup_doctor.settings import values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from backup_doctor.collect.repository.workflows import Workflow
    from backup_doctor.collect.script.model import ScriptCall

_EXPRESSION = re.compile(r"\$\{\{\s*(secrets|vars)\.([A-Za-z_]\w*)\s*\}\}")
_IN_COMMANDS = re.compile(r"(s3://)?\$\{\{\s*(?:secrets|vars)\.([A-Za-z_]\w*)\s*\}\}")
_BASE = re.compile(r"<(\w+)>(?:/|$)")
_OF_TABLE = frozenset(
    {CallKind.TABLE_UPDATE, CallKind.UPSERT, CallKind.RPC, CallKind.LOOK_UP, CallKind.VERIFICATION}
)
_BUCKET = re.compile(r"^(?!.*SOURCE)(?:\w*_)?BUCKET(?:_NAME)?$", re.IGNORECASE)
_REGION = re.compile(r"^aws[_-](?:default[_-])?region$", re.IGNORECASE)
_ENDPOINT = re.compile(r"^(?:AWS|S3|R2)_ENDPOINT(?:_URL)?(?:_S3)?$", re.IGNORECASE)
# The settings that the doctor's job is handed, by their names.
HANDED = (
    "supabase_url",
    "service_key",
    "function_key",
    "database_url",
    "bucket",
    "region",
    "endpoint",
)


def handed(workflows: tuple[Workflow, ...], step: str | None) -> dict[str, tuple[str, ...]]:
    """By setting, what the pipeline takes it from; what the update step itself is handed comes alone.

    The first of the workflows calls the others.
    """
    found = _handed(workflows, step)
    for setting, by_value in _handed(workflows, step, by_scripts=True).items():
        found.setdefault(setting, by_value)
    return {setting: _best(by_value) for setting, by_value in found.items()}


def _handed(
    workflows: tuple[Workflow, ...], step: str | None, *, by_scripts: bool = False
) -> dict[str, dict[str, bool]]:
    """By setting, each value and whether the update step is handed it.

    What a setting is taken from is told by its name, or by what the scripts do with it.
    """
    found: dict[str, dict[str, bool]] = {}
    for at, workflow in enumerate(workflows):
        passed = workflows[0].shown.passed.get(workflow.path) if at else None
        uses = _uses(workflow) if by_scripts else {}
        texts = (*workflow.variables(), *_in_commands(workflow)) if by_scripts else ()
        for of_step, variable, text in texts or workflow.variables():
            told = _as_callers(text, passed) if at else text
            setting = (_setting_of(variable, told) or uses.get(variable)) if told else None
            value = _safe(setting, told) if setting and told else None
            if setting and value:
                by_value = found.setdefault(setting, {})
                by_value[value] = by_value.get(value, False) or of_step == step
    return found


def _in_commands(workflow: Workflow) -> Iterator[tuple[str, str, str]]:
    """What GitHub fills into a script itself, as a variable of that name; behind `s3://` is a bucket."""
    for step, text in workflow.commands():
        for found in _IN_COMMANDS.finditer(text):
            yield step, "BUCKET" if found[1] else found[2], found[0].removeprefix("s3://")


def _uses(workflow: Workflow) -> Mapping[str, str]:
    """What the scripts use a variable for: the address that they call, the key that they show."""
    found: dict[str, str] = {}
    for step in workflow.scripts:
        for call in step.script.calls if step.script else ():
            if call.kind is CallKind.FUNCTION or call.kind in _OF_TABLE:
                found |= {name: use for name, use in _uses_in(call) if not PUBLIC_KEY.search(name)}
    return found


def _uses_in(call: ScriptCall) -> Iterator[tuple[str, str]]:
    base = _BASE.match(call.url)
    if base:
        yield base[1], Use.URL
    for one in call.auth:
        is_function_s = call.kind is CallKind.FUNCTION and one.scheme is not Scheme.CLIENT_KEY
        is_key = one.scheme in (Scheme.CLIENT_KEY, Scheme.BEARER, Scheme.HEADER)
        for name in filter(None, (one.variable, one.secret)) if is_key else ():
            if not (is_function_s and one.header == "apikey"):
                yield name, Use.FUNCTION_KEY if is_function_s else Use.SERVICE_KEY


def _best(by_value: dict[str, bool]) -> tuple[str, ...]:
    return tuple(one for one, is_steps in by_value.items() if is_steps) or tuple(by_value)


def secret_in(value: str) -> str | None:
    """The secret's name, where the value is one."""
    found = _EXPRESSION.fullmatch(value)
    return found[2] if found and found[1] == "secrets" else None


def is_expression(value: str) -> bool:
    """Whether GitHub fills it in."""
    return _EXPRESSION.fullmatch(value) is not None


def _as_callers(text: str, passed: dict[str, str] | None) -> str | None:
    """The text with the caller's name of a secret; None where the caller hands on no secret."""
    found = _EXPRESSION.fullmatch(text.strip())
    if found is None or found[1] != "secrets" or passed is None:
        return text
    name = passed.get(found[2])
    return f"${{{{ secrets.{name} }}}}" if name else None


def _setting_of(variable: str, text: str) -> str | None:
    for name, pattern in (("bucket", _BUCKET), ("region", _REGION), ("endpoint", _ENDPOINT)):
        if pattern.match(variable):
            return name
    secret = _EXPRESSION.fullmatch(text.strip())
    use = use_of(variable) or (use_of(secret[2]) if secret else None)
    is_http = (
        use is Use.DATABASE_URL and "API" in f"{variable}{secret[2] if secret else ''}".upper()
    )
    return str(use) if use and not is_http else None


def _safe(setting: str, text: str) -> str | None:
    """The value as it may stand in the job: an expression as we write it, or a literal that fits."""
    found = _EXPRESSION.fullmatch(text.strip())
    if found:
        return f"${{{{ {found[1]}.{found[2]} }}}}"
    is_public = setting in ("bucket", "region", "endpoint", Use.URL)
    if "${{" in text or "$" in text or not is_public:
        return None
    try:
        values.check(setting, text.strip())
    except ValueError:
        return None
    return text.strip()


def upload_keys(found: dict[str, tuple[str, ...]]) -> bool:
    """Whether the pipeline has AWS keys as secrets."""
    return any(use in found for use in UPLOAD_KEYS)


def literals(found: dict[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    """The settings that a file says in so many words."""
    for setting, told in found.items():
        for value in told:
            if setting in HANDED and not is_expression(value):
                yield setting, value
