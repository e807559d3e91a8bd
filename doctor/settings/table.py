"""The table of settings: what each is, where it may be set, and what it is when nobody set it.

Reading, validation, the file that `init` writes and the reference are all made from it.
"""

from __future__ import annotations

from msgspec.structs import replace

from backup_doctor.base.immutable import Immutable
from backup_doctor.evidence.columns import GUIDE_COLUMNS

# What a project's key ends in that names the variable of a credential.
NAMING = "_env"
STEP = "Update backup_history via Edge Function"
HOSTED_EXAMPLE = "https://abcdefghijklmnopqrst.supabase.co"


class Setting(Immutable, frozen=True, kw_only=True):
    """One setting.

    `name` is the doctor's own word for it, `key` its key in the file (dotted inside a table), `env`
    its environment variables, first found wins. `default` is what holds when it is not set.
    `may_be_false`: the pipeline may have none, which `false` says. `many`: it may be a list of words.
    """

    name: str
    key: str
    env: tuple[str, ...] = ()
    about: str
    example: str
    default: str | None = None
    secret: bool = False
    may_be_false: bool = False
    many: bool = False

    @property
    def variables(self) -> tuple[str, ...]:
        """Its environment variables: its own, then `BACKUP_DOCTOR_` and its key."""
        own = f"BACKUP_DOCTOR_{self.key.upper().replace('.', '_')}"
        return tuple(dict.fromkeys((*self.env, own)))

    @property
    def usual_variables(self) -> tuple[str, ...]:
        """The ones that messages name: its own, else the one that every setting has."""
        return self.env or self.variables

    @property
    def keys(self) -> tuple[str, ...]:
        """Its keys in the file: its own, then its environment variables in lower case."""
        return tuple(dict.fromkeys((self.key, *(name.lower() for name in self.env))))


class SettingsGroup(Immutable, frozen=True, kw_only=True):
    """Settings that one service needs, under the heading that the file and the reference show."""

    title: str
    settings: tuple[Setting, ...]


SUPABASE = SettingsGroup(
    title="Supabase",
    settings=(
        Setting(
            name="supabase_url",
            key="supabase_url",
            env=("SUPABASE_URL", "VITE_SUPABASE_URL"),
            about="Supabase project URL",
            example=HOSTED_EXAMPLE,
        ),
        Setting(
            name="service_key",
            key="service_role_key",
            env=("SUPABASE_SERVICE_ROLE_KEY", "VITE_SUPABASE_SERVICE_ROLE_KEY"),
            about="service-role key",
            example="sb_secret_...",
            secret=True,
        ),
        Setting(
            name="function_key",
            key="backup_api_key",
            env=("BACKUP_API_KEY",),
            about="function key",
            example="the value of the GitHub secret BACKUP_API_KEY",
            secret=True,
        ),
        Setting(
            name="access_token",
            key="supabase_access_token",
            env=("SUPABASE_ACCESS_TOKEN",),
            about="Supabase access token (Management API)",
            example="sbp_...",
            secret=True,
        ),
        Setting(
            name="management_url",
            key="management_url",
            env=("SUPABASE_MANAGEMENT_URL",),
            about="Management API base URL",
            example="https://api.supabase.com",
            default="https://api.supabase.com",
        ),
        Setting(
            name="project_ref",
            key="project_ref",
            env=("SUPABASE_PROJECT_REF",),
            about="Supabase project ref (else taken from the host of the project URL)",
            example="abcdefghijklmnopqrst",
        ),
        Setting(
            name="database_url",
            key="database_url",
            env=("SUPABASE_DB_URL", "DATABASE_URL"),
            about="database URL",
            example="postgresql://reader:PASSWORD@db.abcdefghijklmnopqrst.supabase.co:5432/postgres",
            secret=True,
        ),
    ),
)

GITHUB = SettingsGroup(
    title="GitHub",
    settings=(
        Setting(
            name="repository",
            key="repository",
            env=("GITHUB_REPOSITORY",),
            about="GitHub repository",
            example="acme/app",
        ),
        Setting(
            name="github_token",
            key="github_token",
            env=("GITHUB_TOKEN", "GH_TOKEN"),
            about="GitHub token",
            example="github_pat_...",
            secret=True,
        ),
        Setting(
            name="github_url",
            key="github_url",
            env=("GITHUB_API_URL",),
            about="GitHub API base URL",
            example="https://github.example.com/api/v3",
            default="https://api.github.com",
        ),
        Setting(
            name="github_server",
            key="github_server_url",
            env=("GITHUB_SERVER_URL",),
            about="GitHub's own address, for links and printed commands (else taken from the API's)",
            example="https://github.example.com",
        ),
    ),
)

S3 = SettingsGroup(
    title="S3",
    settings=(
        Setting(
            name="bucket",
            key="bucket",
            env=("BACKUP_BUCKET", "S3_BUCKET", "AWS_S3_BUCKET"),
            about="bucket",
            example="acme-backups",
        ),
        Setting(
            name="prefix",
            key="prefix",
            env=("BACKUP_PREFIX",),
            about="key prefix of the backups",
            example="backups/",
            default="backups/",
        ),
        Setting(
            name="endpoint",
            key="aws_endpoint_url_s3",
            env=("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
            about="S3 endpoint URL (only for a store that is not Amazon's)",
            example="https://abcdefghijklmnopqrst.storage.supabase.co/storage/v1/s3",
        ),
        Setting(
            name="region",
            key="aws_region",
            env=("AWS_REGION", "AWS_DEFAULT_REGION"),
            about="S3 region",
            example="eu-central-1",
        ),
        Setting(
            name="profile",
            key="aws_profile",
            env=("AWS_PROFILE",),
            about="AWS profile",
            example="backups-readonly",
        ),
        Setting(
            name="access_key_id",
            key="aws_access_key_id",
            env=("AWS_ACCESS_KEY_ID",),
            about="S3 access key id",
            example="AKIA...",
            secret=True,
        ),
        Setting(
            name="secret_access_key",
            key="aws_secret_access_key",
            env=("AWS_SECRET_ACCESS_KEY",),
            about="S3 secret access key",
            example="the secret that belongs to the access key id",
            secret=True,
        ),
        Setting(
            name="session_token",
            key="aws_session_token",
            env=("AWS_SESSION_TOKEN",),
            about="S3 session token",
            example="the token of temporary credentials",
            secret=True,
        ),
    ),
)


def _pipeline(
    key: str, about: str, default: str | None, example: str = "", *, may_be_false: bool = False
) -> Setting:
    return Setting(
        name=key,
        key=key,
        about=about,
        default=default,
        example=example or default or "",
        may_be_false=may_be_false,
    )


PIPELINE = SettingsGroup(
    title="The pipeline's own names",
    settings=(
        _pipeline("workflow", "file of the workflow; without it, any", None, "backup.yml"),
        _pipeline("job", "job that holds the update step; without it, any", None, "backup"),
        _pipeline("step", "step that updates the row", STEP),
        _pipeline("trigger_step", "step or job that creates the row", "trigger-backup"),
        _pipeline(
            "function",
            "edge function that updates the row; false: none does",
            "update-backup",
            may_be_false=True,
        ),
        _pipeline("table", "table of the backups", "public.backup_history"),
        _pipeline("writer_role", "database role that the pipeline writes with", "service_role"),
        Setting(
            name="stuck_after",
            key="stuck_after",
            env=("BACKUP_STUCK_AFTER",),
            about="time after which a backup in progress is stuck",
            example="2h",
            default="2h",
        ),
        Setting(
            name="max_age",
            key="max_age",
            env=("BACKUP_MAX_AGE",),
            about="age that the last good backup may have, such as 26h (else not checked)",
            example="26h",
        ),
    ),
)


# Without these no row can be found, and none can be judged.
NEEDED_COLUMNS = ("id", "status")

COLUMNS = SettingsGroup(
    title="Your names of the columns; false: the table has none",
    settings=tuple(
        _pipeline(
            f"columns.{name}", f"column {name}", name, may_be_false=name not in NEEDED_COLUMNS
        )
        for name in GUIDE_COLUMNS
    ),
)

STATUS = SettingsGroup(
    title="Your words for the statuses: one, or a list of which the first is written",
    settings=tuple(
        replace(_pipeline(f"status.{name}", f"status {name}", name), many=True)
        for name in ("in_progress", "success", "failed", "cancelled")
    ),
)

# The doctor's own, or none that a pipeline keeps as a secret.
NO_SECRETS = ("management_url", "github_url", "github_server", "repository", "profile")

SECRETS = SettingsGroup(
    title="What your pipeline's own secrets are called, on GitHub and in the function",
    settings=tuple(
        Setting(
            name=f"secrets.{setting.name}",
            key=f"secrets.{setting.key}",
            about=f"the pipeline's secret: {setting.about.partition(' (')[0]}",
            example=setting.env[0],
        )
        for group in (SUPABASE, GITHUB, S3)
        for setting in group.settings
        if setting.name not in NO_SECRETS
    ),
)

GROUPS = (SUPABASE, GITHUB, S3, PIPELINE, COLUMNS, STATUS, SECRETS)
SETTINGS = tuple(setting for group in GROUPS for setting in group.settings)
BY_NAME = {setting.name: setting for setting in SETTINGS}


def key_in_project(setting: Setting) -> str:
    """Its key in a project, where a credential is named by its variable: `service_role_key_env`."""
    return f"{setting.key}{NAMING}" if setting.secret else setting.key
