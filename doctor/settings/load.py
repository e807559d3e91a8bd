"""Settings from flags, the environment, `.env` and the file, in this order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from backup_doctor.base.immutable import Immutable
from backup_doctor.evidence.case import Names
from backup_doctor.evidence.columns import GUIDE_COLUMNS
from backup_doctor.settings import one_project, projects, reading, strangers, trust
from backup_doctor.settings.errors import SettingsError, shown, wrong_value
from backup_doctor.settings.files import named
from backup_doctor.settings.first_steps import LETS_A_CHECK_LOOK
from backup_doctor.settings.model import Origin, Secret, Settings, Storage
from backup_doctor.settings.reading import Source
from backup_doctor.settings.resolving import ResolvedSettings, resolve
from backup_doctor.settings.table import BY_NAME, SECRETS, STATUS
from backup_doctor.settings.values import (
    base_url,
    database_url,
    duration_s,
    github_server,
    hosted_ref,
    is_none,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from backup_doctor.evidence.base import Unseen
    from backup_doctor.settings.projects import Chosen

__all__ = ["Flags", "SettingsError", "all_projects", "load"]

# What makes boto3 find credentials in the environment; a file's own then come second.
AWS_CREDENTIALS_IN_ENVIRONMENT = (
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
# An update writes these; a row is found by those beside them.
WRITTEN_COLUMNS = ("s3_key", "status", "size_bytes", "finished_at", "error_text")
ALONE = (*WRITTEN_COLUMNS, "id", "dispatch_id")


class Flags(Immutable, frozen=True, kw_only=True):
    """What the command line says of the settings. `stuck_after` is a duration such as `2h`.

    Of several files of one kind in `config`, a later one comes before.
    """

    config: tuple[Path, ...] = ()
    trust_config: bool = False
    probe_function: bool = False
    no_probe: bool = False
    stuck_after: str | None = None
    project: str | None = None


def load(flags: Flags, *, environ: Mapping[str, str], cwd: Path) -> Settings:
    """The settings, resolved.

    Raises:
        SettingsError: a file cannot be read, has an unknown key, or a value cannot be right; there is
            no project of the name; or there are projects, and nothing says what to look at.
    """
    files, passed_over = _files(flags, environ, cwd)
    flag = Source(place="a flag", values=_flag_values(flags), by_key=True)
    environment = reading.environment(environ)
    chosen = projects.choose(flags.project, environment, files, passed_over)
    resolved = resolve([flag, *chosen.sources, environment, *files])
    resolved = replace(resolved, warnings=(*passed_over, *resolved.warnings))
    names = projects.known(files)
    if names and chosen.name is None and not _says_where_to_look(resolved, environ):
        raise SettingsError(projects.which(names))
    resolved, withheld = projects.apart(resolved, chosen)
    resolved = _with_project_ref(_whole_aws_credentials(resolved, environ))
    resolved, other = one_project.withhold_other(resolved)
    if not flags.trust_config:
        resolved, untrusted = trust.apply(resolved)
        withheld = {**withheld, **untrusted}
    withheld = {**withheld, **other}
    return _settings(resolved, flags, chosen, withheld)


def all_projects(flags: Flags, *, environ: Mapping[str, str], cwd: Path) -> tuple[str, ...]:
    """The names of the projects in the files that are read.

    Raises:
        SettingsError: a file cannot be read, has an unknown key, or none has any project.
    """
    files, passed_over = _files(flags, environ, cwd)
    names = projects.known(files)
    if not names:
        raise SettingsError("\n".join([projects.NONE_THERE, *passed_over, projects.EXAMPLE]))
    return names


def _files(
    flags: Flags, environ: Mapping[str, str], cwd: Path
) -> tuple[list[Source], tuple[str, ...]]:
    """The files in the order of precedence, and why those that were found were passed over."""
    named = reading.named(cwd, flags.config)
    found, passed_over = _found(flags, environ, cwd)
    return sorted((*named, *found), key=lambda source: source.by_key), passed_over


def _says_where_to_look(resolved: ResolvedSettings, environ: Mapping[str, str]) -> bool:
    """Whether anything does, but for the repository that every job of GitHub Actions names."""
    in_job = environ.get("GITHUB_ACTIONS") == "true"
    return any(
        not (in_job and name == "repository" and not resolved.values[name].source.is_file)
        for name in LETS_A_CHECK_LOOK
        if name in resolved.values
    )


def _found(
    flags: Flags, environ: Mapping[str, str], cwd: Path
) -> tuple[list[Source], tuple[str, ...]]:
    """The files that nobody named, and why they were passed over instead."""
    paths = reading.find(cwd, without=flags.config)
    names = [named(path, cwd) for path in paths]
    stranger = strangers.stranger_in(environ)
    if stranger is None:
        found = not flags.trust_config
        pairs = zip(paths, names, strict=True)
        return [reading.read(path, name, found=found) for path, name in pairs], ()
    return [], tuple(
        f"{name} was not read: this job runs for a change from {stranger}. Give --config {name} if "
        "it is yours."
        for name in names
    )


def _flag_values(flags: Flags) -> Mapping[str, str]:
    return {"stuck_after": flags.stuck_after} if flags.stuck_after else {}


def _whole_aws_credentials(
    resolved: ResolvedSettings, environ: Mapping[str, str]
) -> ResolvedSettings:
    """Take AWS credentials from one source as a whole; the environment's are left to boto3.

    Those of a chosen project come before them.
    """
    values = dict(resolved.values)
    found = {name: values.pop(name, None) for name in trust.S3_CREDENTIALS}
    profile = found["profile"]
    own = next((value for value in found.values() if value and value.source.outranks), None)
    if own is None and any(
        environ.get(name, "").strip() for name in AWS_CREDENTIALS_IN_ENVIRONMENT
    ):
        # boto3 reads all of them itself, except a profile, of which CI may make an empty one.
        if profile and not profile.source.is_file and not environ.get("AWS_ACCESS_KEY_ID"):
            values["profile"] = profile
        return replace(resolved, values=values)
    leader = own or found["access_key_id"] or profile
    if leader is not None:
        values |= {
            name: value for name, value in found.items() if value and value.source is leader.source
        }
    return replace(resolved, values=values)


def _with_project_ref(resolved: ResolvedSettings) -> ResolvedSettings:
    """The host of a hosted project's URL tells its ref, where that is not set."""
    url = resolved.values.get("supabase_url")
    ref = hosted_ref(url.bare) if url else None
    if url is None or ref is None or "project_ref" in resolved.values:
        return resolved
    return replace(resolved, values={**resolved.values, "project_ref": replace(url, text=ref)})


def _settings(
    resolved: ResolvedSettings, flags: Flags, chosen: Chosen, withheld: Mapping[str, Unseen]
) -> Settings:
    url = resolved.values.get("supabase_url")
    supabase_url = base_url(url.bare) if url else None
    database = resolved.text("database_url")
    project_ref = resolved.text("project_ref")
    return Settings(
        names=_names(
            resolved, supabase_url=supabase_url, project_ref=project_ref, project=chosen.name
        ),
        supabase_url=supabase_url,
        supabase_url_given=url.text if url else None,
        service_key=resolved.secret("service_key"),
        function_key=resolved.secret("function_key"),
        access_token=resolved.secret("access_token"),
        management_url=base_url(_text(resolved, "management_url")),
        project_ref=project_ref,
        database_url=Secret(database_url(database)) if database else None,
        repository=resolved.text("repository"),
        github_token=resolved.secret("github_token"),
        github_url=base_url(_text(resolved, "github_url")),
        storage=_storage(resolved),
        writer_role=_text(resolved, "writer_role"),
        probe_function=flags.probe_function,
        no_probe=flags.no_probe,
        origins=_origins(resolved),
        withheld=dict(withheld),
        warnings=resolved.warnings,
        named_secrets=tuple(Secret(value) for value in chosen.named),
    )


def _names(
    resolved: ResolvedSettings,
    *,
    supabase_url: str | None,
    project_ref: str | None,
    project: str | None,
) -> Names:
    function = _text(resolved, "function")
    said = _status_words(resolved)
    return Names(
        table=_text(resolved, "table"),
        columns=_columns(resolved),
        in_progress=said["in_progress"][0],
        success=said["success"][0],
        failed=said["failed"][0],
        cancelled=said["cancelled"][0],
        more_words={state: every[1:] for state, every in said.items() if len(every) > 1},
        function=(BY_NAME["function"].default or "") if is_none(function) else function,
        calls_function=not is_none(function),
        secrets={
            name.partition(".")[2]: value.bare
            for name, value in resolved.values.items()
            if BY_NAME[name] in SECRETS.settings
        },
        workflow=resolved.text("workflow"),
        job=resolved.text("job"),
        step=_text(resolved, "step"),
        trigger_step=_text(resolved, "trigger_step"),
        repository=resolved.text("repository"),
        bucket=resolved.text("bucket"),
        prefix=_text(resolved, "prefix"),
        project_ref=project_ref,
        supabase_url=supabase_url,
        stuck_after_s=duration_s(_text(resolved, "stuck_after")),
        max_age_s=duration_s(max_age) if (max_age := resolved.text("max_age")) else None,
        given=tuple(name for name in resolved.values if not BY_NAME[name].secret),
        writer_role=_text(resolved, "writer_role"),
        github_server=github_server(_text(resolved, "github_url"), resolved.text("github_server")),
        s3_endpoint=resolved.text("endpoint"),
        project=project,
    )


def _columns(resolved: ResolvedSettings) -> dict[str, str]:
    """The user's name of each of the guide's columns; empty for one that the table does not have."""
    texts = {name: _text(resolved, f"columns.{name}") for name in GUIDE_COLUMNS}
    columns = {name: "" if is_none(text) else text for name, text in texts.items()}
    for name in WRITTEN_COLUMNS:
        twin = next((one for one in ALONE if one != name and columns[one] == columns[name]), None)
        if twin is not None and columns[name]:
            raise _same_twice(resolved, f"columns.{name}", f"columns.{twin}", columns[name])
    return columns


def _status_words(resolved: ResolvedSettings) -> dict[str, tuple[str, ...]]:
    """The words of each state. No word may mean two of them."""
    said = {
        setting.name.partition(".")[2]: words(_text(resolved, setting.name))
        for setting in STATUS.settings
    }
    meaning: dict[str, str] = {}
    for state, of_state in said.items():
        for word in of_state:
            if meaning.setdefault(word, state) != state:
                raise _same_twice(resolved, f"status.{state}", f"status.{meaning[word]}", word)
    return said


def _same_twice(resolved: ResolvedSettings, name: str, other: str, value: str) -> SettingsError:
    name, other = sorted((name, other), key=lambda one: one not in resolved.values)
    value_of = resolved.values.get(name)
    given_as = str(value_of.origin) if value_of else name
    problem = f"and {other} are both {shown(value)}; each must be another."
    return wrong_value(BY_NAME[name], given_as=given_as, problem=problem)


def _storage(resolved: ResolvedSettings) -> Storage:
    endpoint = resolved.text("endpoint")
    return Storage(
        endpoint=base_url(endpoint) if endpoint else None,
        region=resolved.text("region"),
        access_key_id=resolved.secret("access_key_id"),
        secret_access_key=resolved.secret("secret_access_key"),
        session_token=resolved.secret("session_token"),
        profile=resolved.text("profile"),
    )


def _text(resolved: ResolvedSettings, name: str) -> str:
    """The value of a setting that has a default."""
    return resolved.text(name) or BY_NAME[name].default or ""


def _origins(resolved: ResolvedSettings) -> dict[str, Origin]:
    defaults = {
        name: Origin(name=setting.key, place="the default")
        for name, setting in BY_NAME.items()
        if setting.default is not None
    }
    return defaults | {name: value.origin for name, value in resolved.values.items()}
