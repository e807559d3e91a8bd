"""Commands that are printed change what the pipeline reads, and nothing that is well."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from backup_doctor.demo.faults.rewriting import UPLOAD
from backup_doctor.demo.world import WORKFLOW
from tests.harm.situation import FAILING, HEALTHY, Right, Situations
from tests.harm.stage import dispatch

if TYPE_CHECKING:
    from tests.harm.stage import Stage

situations = Situations("commands")

DONE: Final[dict[str, object]] = {"status": "success"}
FAILED: Final[dict[str, object]] = {"status": "failed"}
HOURS = timedelta(hours=5)
USER = "arn:aws:iam::123456789012:user/backup"


def _fails(stage: Stage, *says: str) -> list[str]:
    """A backup whose upload says this and fails; no step records it."""
    lost = stage.fail_in(UPLOAD, *(f"echo '{line}' >&2" for line in says))
    stage.later(HOURS)
    return dispatch(lost)


def _denied(reason: str, action: str = "PutObject") -> str:
    return (
        "upload failed: ./backup.zip to s3://backups/x.zip An error occurred (AccessDenied) when"
        f" calling the {action} operation: User: {USER} is not authorized to perform: {reason}"
    )


@situations.harmful(
    Right(
        row=DONE,
        said=(r"VITE_SUPABASE_SERVICE_ROLE_KEY",),
        never_said=(r"secret set SUPABASE_SERVICE",),
    )
)
def a_secret_with_a_prefix(stage: Stage) -> list[str]:
    """The refused key is the secret VITE_SUPABASE_SERVICE_ROLE_KEY, which the step calls otherwise."""
    stuck = stage.back_up(None, "rotated-key")
    stage.later(HOURS)
    return dispatch(stuck)


@situations.harmful(
    Right(
        row=DONE,
        said=(r"gh secret set VITE_SUPABASE_URL",),
        never_said=(r"secret set SUPABASE_URL",),
    )
)
def an_address_with_a_prefix(stage: Stage) -> list[str]:
    """The project's address is missing, and GitHub calls it VITE_SUPABASE_URL."""
    stuck = stage.back_up(None, "no-url")
    stage.later(HOURS)
    return dispatch(stuck)


@situations.harmful(Right(row=DONE, said=("OWN_KEY",), never_said=(r"secret set BACKUP_API_KEY",)))
def a_function_key_with_another_name(stage: Stage) -> list[str]:
    """GitHub calls the function's key OWN_KEY, and it is not the function's."""
    stage.world.edit(WORKFLOW, "secrets.BACKUP_API_KEY", "secrets.OWN_KEY")
    stage.world.secret_names = {"BACKUP_API_KEY": "OWN_KEY"}
    del stage.world.github_secrets["BACKUP_API_KEY"]
    stage.world.github_secrets["OWN_KEY"] = "0123456789abcdef0123456789abcdef"
    stuck = stage.back_up(None, "no-update-grant")
    stage.later(HOURS)
    return dispatch(stuck)


@situations.harmful(Right(row=DONE, never_said=(r"gh run rerun",), posts=1))
def a_green_run(stage: Stage) -> list[str]:
    """The run is green, and the row stays in progress."""
    stuck = stage.back_up(None, "update-goes-nowhere")
    stage.later(HOURS)
    return dispatch(stuck)


@situations.harmful(
    Right(
        row=FAILED, said=("kms:GenerateDataKey",), never_said=(r"(?:give|grant|allow)\S* s3:Put",)
    )
)
def a_refused_kms_key(stage: Stage) -> list[str]:
    """The upload lacks a right on the bucket's KMS key."""
    return _fails(
        stage,
        _denied(
            "kms:GenerateDataKey on resource: arn:aws:kms:eu-central-1:123456789012:key/4f because"
            " no identity-based policy allows the kms:GenerateDataKey action"
        ),
    )


@situations.harmful(
    Right(row=FAILED, said=("explicit deny",), never_said=(r"(?:give|grant|allow)\S* s3:Put",))
)
def an_explicit_deny(stage: Stage) -> list[str]:
    """A bucket policy denies the upload explicitly."""
    return _fails(
        stage,
        _denied(
            "s3:PutObject on resource: arn:aws:s3:::backups/x.zip with an explicit deny in a"
            " resource-based policy"
        ),
    )


@situations.harmful(Right(row=FAILED, never_said=(r"(?:give|grant|allow)\S* s3:Put",)))
def a_bucket_that_is_not_there(stage: Stage) -> list[str]:
    """The upload was to a bucket that does not exist."""
    stage.back_up()
    lost = stage.back_up(None, "upload-to-no-bucket")
    stage.later(HOURS)
    return dispatch(lost)


@situations.harmful(Right(row=FAILED, never_said=(r"s3:PutObject", r"AccessDenied")))
def an_expired_token(stage: Stage) -> list[str]:
    """The upload's session token had expired."""
    return _fails(
        stage,
        "upload failed: ./backup.zip to s3://backups/x.zip An error occurred (ExpiredToken) when"
        " calling the PutObject operation: The provided token has expired.",
    )


@situations.harmful(Right(row=FAILED, never_said=(r"s3:PutObject",)))
def a_full_disk(stage: Stage) -> list[str]:
    """The runner's disk was full before the upload."""
    return _fails(stage, "zip I/O error: No space left on device")


@situations.harmful(Right(never_said=(r"DROP CONSTRAINT", r"DROP INDEX")))
def a_unique_key_that_another_row_holds(stage: Stage) -> list[str]:
    """Every backup has the same key, and a unique index refuses the second row that has it."""
    stage.world.edit(
        UPLOAD, "$(date -u +%Y/%m/%d)/backup-$DISPATCH_ID-$(date -u +%H%M%S).zip", "latest.zip"
    )
    stage.back_up()
    stage.world.sql("CREATE UNIQUE INDEX one_file ON public.backup_history (s3_key)")
    stuck = stage.back_up()
    stage.later(HOURS)
    return dispatch(stuck)


@situations.harmful(
    Right(verdicts=FAILING, row={"status": "success"}, never_said=(r"upload's own key",))
)
def an_object_that_was_moved(stage: Stage) -> list[str]:
    """The upload used the right key; somebody moved the object later."""
    stage.back_up()
    stage.world.edit(
        UPLOAD, "printf", 'echo "upload: backup.zip to s3://$BACKUP_BUCKET/$S3_KEY"\nprintf'
    )
    moved = stage.back_up(None, "object-moved")
    stage.later(HOURS)
    return dispatch(moved)


@situations.harmful(Right(row=DONE, said=(r"--env production",)))
def a_secret_of_an_environment(stage: Stage) -> list[str]:
    """The refused key is a secret of the job's environment."""
    stage.world.edit(
        WORKFLOW,
        "    name: backup\n",
        "    name: backup\n    environment: production\n",
    )
    stage.back_up()
    values = stage.world.repository.secret_values
    own = "VITE_SUPABASE_SERVICE_ROLE_KEY"
    stage.world.repository.environment_values["production"] = {own: values.pop(own)}
    stage.world.repository.secrets[:] = [
        one for one in stage.world.repository.secrets if one.name != own
    ]
    stuck = stage.back_up(None, "legacy-keys-off")
    stage.later(HOURS)
    return dispatch(stuck)


@situations.harmful(Right(row=DONE, never_said=(r"gh secret set", r"supabase secrets set")))
def nothing_is_wrong_with_keys(stage: Stage) -> list[str]:
    """The function throws and the role has no grant: no key has to be set."""
    stuck = stage.back_up(None, "throws", "no-update-grant")
    stage.later(HOURS)
    return dispatch(stuck)


@situations.harmful(
    Right(verdicts=HEALTHY, never_said=(r"gh secret set", r"gh run rerun", r"GRANT "))
)
def a_good_backup(stage: Stage) -> list[str]:
    """A good backup needs no command at all."""
    return dispatch(stage.back_up())
