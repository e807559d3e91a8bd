"""The person who follows a report: what they know, and what they do when they are told so.

A command is pasted as it stands. What is prose is done only if its words name what is to be done: the
table below is by fault, and holds the words that somebody has to have read before they would do it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backup_doctor.demo.faults.backup import DATABASE_URL
from backup_doctor.demo.faults.changes import (
    SCRIPT,
    SOURCE,
    edit,
    platform,
    platform_sql,
    sql,
    together,
)
from backup_doctor.demo.faults.rewriting import CREATE, LIMIT, UPDATE, UPLOAD, run_again
from backup_doctor.demo.storage import WRITE_ACTIONS, allow
from backup_doctor.demo.supabase.state import Function
from backup_doctor.demo.world import FUNCTION, WORKFLOW

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backup_doctor.demo.faults.fault import Change
    from backup_doctor.demo.world import World

URL: Final = "VITE_SUPABASE_URL"
KEY: Final = "VITE_SUPABASE_SERVICE_ROLE_KEY"


@dataclass(frozen=True)
class Act:
    """What a person does who has read `words` (a pattern) in a fix that is prose."""

    words: str
    do: Change

    def is_told(self, text: str) -> bool:
        """Whether this text tells them to."""
        return re.search(self.words, " ".join(text.split()), re.IGNORECASE) is not None


def answers(world: World) -> Mapping[str, str]:
    """What the person can look up of what `gh secret set NAME` may ask them for.

    The project's address and its present secret key stand in Supabase's dashboard, the pipeline's
    own key pair was handed out by AWS. No service shows a BACKUP_API_KEY again.
    """
    pair = world.bucket.pipeline
    url, key = world.gateway.url, world.project.keys.secret
    own = world.secret_names.get
    return {
        **dict.fromkeys((URL, "SUPABASE_URL", own(URL, URL)), url),
        **dict.fromkeys((KEY, "SUPABASE_SERVICE_ROLE_KEY", own(KEY, KEY)), key),
        "AWS_ACCESS_KEY_ID": pair.access_key_id,
        "AWS_SECRET_ACCESS_KEY": pair.secret_access_key,
    }


def restore(*paths: str) -> Change:
    """Write the file as it has to be."""

    def change(world: World) -> None:
        for path in paths:
            world.restore(path)

    return change


def deploy(world: World) -> None:
    """Deploy the function from the checkout, with the entry in config.toml."""
    source = world.checkout / "supabase/functions" / FUNCTION / "index.ts"
    world.project.functions[FUNCTION] = Function(FUNCTION, source, verify_jwt=False)


def set_url(world: World) -> None:
    """Set the secret to the project's own address, on GitHub's page."""
    world.github_secrets[URL] = world.gateway.url


def set_key_pair(world: World) -> None:
    """Set the pipeline's own key pair, on GitHub's page."""
    world.github_secrets["AWS_ACCESS_KEY_ID"] = world.bucket.pipeline.access_key_id
    world.github_secrets["AWS_SECRET_ACCESS_KEY"] = world.bucket.pipeline.secret_access_key


def set_database_url(world: World) -> None:
    """Set the connection string with the present password, on GitHub's page."""
    world.github_secrets[DATABASE_URL] = world.owner_uri


def name_bucket(world: World) -> None:
    """Set the workflow's variable to the bucket that there is."""
    world.github_variables["BACKUP_BUCKET"] = world.bucket.name


def create_bucket(world: World) -> None:
    """Create the bucket again, empty."""
    world.servers.storage.s3.create_bucket(
        Bucket=world.bucket.name,
        CreateBucketConfiguration={"LocationConstraint": world.bucket.region},  # type: ignore[typeddict-item]
    )


def give_runner(world: World) -> None:
    """Let runs be carried out, and the one that waits at once."""
    run_again(world)
    for run in [*world.repository.runs]:
        if run.status in {"queued", "waiting"}:
            world.carry_out(run)


def legacy_keys_on(world: World) -> None:
    """Turn the legacy keys on again, in the dashboard."""
    world.project.legacy_keys_enabled = True


def writable(world: World) -> None:
    """Enlarge the disk; the platform then lets the database be written to again."""
    name = world.database_uri.rsplit("/", 1)[1]
    world.sql_as_superuser(
        f"BEGIN READ WRITE; ALTER DATABASE {name} RESET default_transaction_read_only; COMMIT"
    )


def restore_project(world: World) -> None:
    """Press "Restore project", and wait."""
    world.project.status = "ACTIVE_HEALTHY"
    world.project.faults.paused = None
    world.doctor_database_uri = world.reader_uri


def migrate(world: World) -> None:
    """Create the table with the project's migration."""
    for migration in sorted((world.checkout / "supabase/migrations").glob("*.sql")):
        world.sql(migration.read_text())


_LOG = r"function's own log"
_STEP = r"what the step says|quoted error"
_CORRECTED = together(restore(SOURCE), deploy)
_FUNCTION_CODE = Act(_LOG, _CORRECTED)
_RAISE_LIMIT = Act(r"raise `timeout-minutes`", edit(WORKFLOW, LIMIT, "timeout-minutes: 30\n"))

ACTS: Final[Mapping[str, tuple[Act, ...]]] = {
    # The app that inserts the row and dispatches the run: outside the repository.
    "no-run": (Act(r"the answer to the dispatch", run_again),),
    # GitHub.
    "workflow-invalid": (Act(r"workflow file.*names the line", restore(WORKFLOW)),),
    "no-runner": (Act(r"a runner with the job's labels online", give_runner),),
    "no-approval": (Act(r"approve the deployment", give_runner),),
    "no-payment": (Act(r"settle the account's minutes", run_again),),
    "dump-refused": (Act(r"secret that holds the database's password", set_database_url),),
    "nothing-to-pack": (
        Act(r"correct the path", lambda world: world.github_variables.pop("BACKUP_SOURCE")),
    ),
    "step-timed-out": (_RAISE_LIMIT,),
    "job-timed-out": (_RAISE_LIMIT,),
    "update-timed-out": (_RAISE_LIMIT,),
    "update-step-missing": (Act(r"add the step", restore(WORKFLOW)),),
    "update-step-off": (Act(r"the `if:` of the step", restore(WORKFLOW)),),
    "update-step-waits": (Act(r"the `if:` of the step", restore(WORKFLOW)),),
    "other-id-looked-up": (Act(r"the step's own look-up", restore(UPDATE)),),
    "update-dies-and-continues": (
        Act(r"no continue-on-error and no `\|\| true`", restore(WORKFLOW, UPDATE)),
    ),
    "update-dies-silently": (
        Act(r"no continue-on-error and no `\|\| true`", restore(WORKFLOW, UPDATE)),
    ),
    "update-goes-nowhere": (Act(r"fail on an empty answer", restore(UPDATE)),),
    # The upload, and the bucket.
    "upload-denied": (
        Act(
            r"s3:PutObject", lambda world: allow(world.bucket, world.bucket.pipeline, WRITE_ACTIONS)
        ),
    ),
    "upload-denied-quietly": (
        Act(
            r"s3:PutObject", lambda world: allow(world.bucket, world.bucket.pipeline, WRITE_ACTIONS)
        ),
    ),
    "upload-to-no-bucket": (Act(rf"{_STEP}|bucket", name_bucket),),
    "upload-signature-refused": (Act(r"set the secret access key again", set_key_pair),),
    "upload-key-unknown": (Act(r"set both halves again", set_key_pair),),
    "upload-unfinished": (Act(r"find out why", restore(UPLOAD)),),
    "archive-cut": (Act(r"find out why", restore(CREATE)),),
    "bucket-deleted": (Act(r"bucket", create_bucket),),
    # The function, its keys and its code.
    "other-function-name": (
        Act(r"name .* behind /functions/v1/", edit(SCRIPT, "v1/update_backup", "v1/update-backup")),
    ),
    "function-throttled": (Act(r"retry", deploy),),
    "rate-limited": (Act(r"retry on 429", platform(function_rate_limit=False)),),
    "own-rate-limit": (Act(r"retry on 429", _CORRECTED),),
    "resource-limit": (Act(_LOG, platform(function_limit=False)),),
    "idle-timeout": (Act(_LOG, platform(function_idle=False)),),
    "function-unreachable": (Act(r"check the URL", restore(SCRIPT)),),
    "other-secret-name": (Act(r"secret that the function (reads|compares)", _CORRECTED),),
    "wants-another-field": (Act(r"what the function expects", _CORRECTED),),
    "rejects-with-403": (_FUNCTION_CODE,),
    "rejects-with-404": (_FUNCTION_CODE,),
    "crashes-at-start": (_FUNCTION_CODE,),
    "syntax-error": (_FUNCTION_CODE,),
    "import-missing": (_FUNCTION_CODE,),
    "throws": (_FUNCTION_CODE,),
    "answers-500": (_FUNCTION_CODE,),
    "process-ends": (_FUNCTION_CODE,),
    "too-slow": (_FUNCTION_CODE,),
    "false-success": (Act(r"function see what it changed.*return=representation", _CORRECTED),),
    "function-uses-dead-key": (
        Act(r"SUPABASE_SECRET_KEYS in the function", _CORRECTED),
        Act(r"^enable the legacy API keys", legacy_keys_on),
    ),
    "legacy-keys-off": (Act(r"^enable the legacy API keys", legacy_keys_on),),
    # The project and its database.
    "api-url": (Act(rf"{URL}.*https://<project-ref>", set_url),),
    "dashboard-url": (Act(rf"{URL}.*https://<project-ref>", set_url),),
    "misspelt-url": (Act(rf"{URL}.*https://<project-ref>", set_url),),
    "view-owner-bound": (
        Act(
            r"policies of the table below",
            sql("CREATE POLICY updates ON public.backups FOR UPDATE TO authenticated USING (true)"),
        ),
    ),
    "table-missing": (Act(r"project's migration", migrate),),
    "table-in-other-schema": (Act(r"project's migration", migrate),),
    "read-only": (Act(r"enlarge the disk", writable),),
    "pool-exhausted": (Act(r"raise the pool size", platform(pool_exhausted=False)),),
    "too-many-connections": (
        Act(r"open connections", platform_sql("ALTER ROLE authenticator CONNECTION LIMIT -1")),
    ),
    "schema-cache-lost": (Act(r"relieve the database", platform(schema_cache_lost=False)),),
    "project-paused": (Act(r"restore project", restore_project),),
    "project-restricted": (Act(r"billing and usage", platform(restricted=False)),),
}
