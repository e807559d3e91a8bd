"""What of the bucket the doctor may not see. It says nothing of the pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.checks.object.view import refusal
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.object import ObjectEvidence, StoredObject
from backup_doctor.evidence.object_keys import places
from backup_doctor.judge.framework import Found, Rules
from backup_doctor.judge.history.bucket import differences
from backup_doctor.judge.show import listed, setting
from backup_doctor.judge.traits import Trait
from backup_doctor.services.answers import Service, by_code, table

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Fix


rules = Rules[ObjectEvidence]()


def _access(seen: ObjectEvidence, code: str, *kinds: Why) -> Unseen | None:
    """What S3's table gives this code, or what could not be seen for one of these reasons."""
    refused = refusal(seen)
    if refused is None:
        return None
    means = by_code(table(Service.S3), refused.code).means
    return refused if code in means or (not means and refused.why in kinds) else None


def _note(refused: Unseen | None, seen: ObjectEvidence, case: Case) -> Found | None:
    """What the doctor's own access lacks. It says nothing about the pipeline.

    No access is asked for to a place that is not the pipeline's.
    """
    if refused is None:
        return None
    access = (setting("Give the doctor access", refused.remedy),) if refused.remedy else ()
    own = _to_pipelines_own(seen, case)
    is_needed = refused.why is Why.BAD_CREDENTIALS or not own
    return Found(summary=refused.what, fixes=(*own, *(access if is_needed else ())))


def _to_pipelines_own(seen: ObjectEvidence, case: Case) -> tuple[Fix, ...]:
    """The settings that lead the doctor to the bucket and the endpoint that the run's log shows."""
    return tuple(
        setting("Give the doctor the pipeline's own", f"{one.setting}={one.named}")
        for one in differences(seen, case)
    )


@rules.context("object/access-denied", traits=(Trait.KEEPS_FROM_FILE,))
def access_denied(seen: ObjectEvidence, case: Case) -> Found | None:
    """S3 does not let the doctor look.

    Detected: 403 AccessDenied; without s3:ListBucket an absent key is a 403 too.
    Cause: the doctor's own credentials lack s3:GetObject or s3:ListBucket.
    Fix: give them the read-only policy of the documentation.
    By hand: the same aws command with the same credentials.
    Source: S3, HeadObject permissions.
    """
    return _note(_access(seen, "object/access-denied", Why.DENIED), seen, case)


@rules.context("object/other-bucket")
def other_bucket(seen: ObjectEvidence, case: Case) -> Found | None:
    """The pipeline uses another bucket, or another S3 endpoint, than the doctor was given.

    Detected: the row or the run's own upload names another bucket, in which the file was looked at;
    or the row names one, and its key is in the given bucket; or the run's log shows another bucket or
    endpoint in a step's `env:`.
    Cause: the doctor's BACKUP_BUCKET or AWS_ENDPOINT_URL_S3 is not the pipeline's.
    Fix: give the doctor the pipeline's; `audit` and `preflight` look into the given one.
    By hand: the `s3://` address in the log of the upload, and the `env:` block of its step.
    Source: guide, step 6.
    """
    given = case.names.bucket
    if given and isinstance(seen.bucket, str) and seen.bucket != given:
        return Found(
            summary=f"The file was looked at in the bucket {seen.bucket}, which the pipeline names; "
            f"the doctor was given {given}.",
            fixes=(
                setting("Give the doctor the pipeline's bucket", f"BACKUP_BUCKET={seen.bucket}"),
            ),
        )
    differing = differences(seen, case)
    if not differing:
        return _named_by_row(seen, case)
    told = listed(f"{one.named} (the doctor: {one.given})" for one in differing)
    return Found(
        summary=f"The run's log shows that the pipeline uses {told}.",
        fixes=_to_pipelines_own(seen, case),
    )


def _named_by_row(seen: ObjectEvidence, case: Case) -> Found | None:
    """The row's key bears the name of another bucket than the one in which it was found."""
    key = (case.backup.s3_key if case.backup else None) or ""
    named = next((one.bucket for one in places(key, case.names.bucket)), None)
    if named in (None, seen.bucket) or not isinstance(seen.head, StoredObject):
        return None
    return Found(
        summary=f"The row names the bucket {named}; its file was found in {seen.bucket}.",
        fixes=(
            setting(
                "Check which bucket is the pipeline's",
                f"If the file is in {named} too, BACKUP_BUCKET={named}; else let the update step send "
                "the bucket to which the file was uploaded.",
            ),
        ),
    )


@rules.context("object/wrong-region", traits=(Trait.KEEPS_FROM_FILE,))
def wrong_region(seen: ObjectEvidence, case: Case) -> Found | None:
    """The bucket lies in another region than the doctor asked.

    Detected: PermanentRedirect, or AuthorizationHeaderMalformed that names another region.
    Cause: AWS_REGION is another one.
    Fix: set AWS_REGION to the bucket's.
    By hand: `aws s3api get-bucket-location --bucket your-bucket`
    Source: S3 error codes.
    """
    return _note(_access(seen, "object/wrong-region"), seen, case)


@rules.context("object/bad-credentials", traits=(Trait.KEEPS_FROM_FILE,))
def bad_credentials(seen: ObjectEvidence, case: Case) -> Found | None:
    """The doctor's AWS credentials are missing, expired or wrong.

    Detected: no credentials found, ExpiredToken, InvalidAccessKeyId, SignatureDoesNotMatch.
    Cause: the doctor's own environment.
    Fix: set credentials that may read the bucket.
    By hand: `aws sts get-caller-identity`
    Source: S3 error codes.
    """
    return _note(_access(seen, "object/bad-credentials", Why.BAD_CREDENTIALS), seen, case)


@rules.context("object/unreachable", traits=(Trait.KEEPS_FROM_FILE,))
def unreachable(seen: ObjectEvidence, case: Case) -> Found | None:
    """S3 could not be asked, or what answered is not S3.

    Detected: no connection, no answer in time, or an answer without ETag and Last-Modified.
    Cause: a network problem, a wrong endpoint, a captive portal.
    Fix: check the endpoint and the network.
    By hand: the same aws command.
    Source: boto3's connection errors.
    """
    kinds = (Why.UNREACHABLE, Why.TIMED_OUT, Why.GARBLED, Why.RATE_LIMITED, Why.REFUSED)
    return _note(_access(seen, "object/unreachable", *kinds), seen, case)
