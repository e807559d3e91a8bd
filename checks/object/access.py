"""What of the bucket the doctor may not see. It says nothing of the pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checks.object.view import (
    refusal,
)
from doctor.evidence.base import Unseen, Why
from doctor.evidence.object import (
    NO_SUCH_BUCKET,
    ObjectEvidence,
)
from doctor.framework import Found, Rules
from doctor.show import setting

if TYPE_CHECKING:
    from doctor.case import Case


rules = Rules[ObjectEvidence]()


REGION_CODES = frozenset(
    {
        "PermanentRedirect",
        "TemporaryRedirect",
        "AuthorizationHeaderMalformed",
        "IllegalLocationConstraintException",
        "301",
    }
)
# Other rules speak of these.
SPOKEN_OF = frozenset({NO_SUCH_BUCKET, "InvalidObjectState"})


def _access(seen: ObjectEvidence, *kinds: Why) -> Unseen | None:
    """What could not be seen for one of these reasons, in the right region."""
    refused = refusal(seen)
    if refused is None or refused.code in SPOKEN_OF | REGION_CODES:
        return None
    return refused if refused.why in kinds else None


def _note(refused: Unseen | None) -> Found | None:
    """What the doctor's own access lacks. It says nothing about the pipeline."""
    if refused is None:
        return None
    return Found(
        summary=refused.what,
        fixes=(setting("Give the doctor access", refused.remedy),) if refused.remedy else (),
    )


@rules.context("object/access-denied")
def access_denied(seen: ObjectEvidence, case: Case) -> Found | None:
    """S3 does not let the doctor look.

    Detected: 403 AccessDenied; without s3:ListBucket an absent key is a 403 too.
    Cause: the doctor's own credentials lack s3:GetObject or s3:ListBucket.
    Fix: give them the read-only policy of the documentation.
    By hand: the same aws command with the same credentials.
    Source: S3, HeadObject permissions.
    """
    return _note(_access(seen, Why.DENIED))


@rules.warning("object/other-bucket")
def other_bucket(seen: ObjectEvidence, case: Case) -> Found | None:
    """The pipeline's file is in another bucket than the doctor was given.

    Detected: the key is not in the given bucket, and the row or the run's own upload names another
    one; it was looked at there.
    Cause: the doctor's BACKUP_BUCKET is not the pipeline's.
    Fix: give the doctor the pipeline's bucket; `audit` and `preflight` look into the given one.
    By hand: the `s3://` address in the log of the upload.
    Source: guide, step 6.
    """
    given = case.names.bucket
    if not given or not isinstance(seen.bucket, str) or seen.bucket == given:
        return None
    return Found(
        summary=f"The file was looked at in the bucket {seen.bucket}, which the pipeline names; the "
        f"doctor was given {given}.",
        fixes=(setting("Give the doctor the pipeline's bucket", f"BACKUP_BUCKET={seen.bucket}"),),
    )


@rules.context("object/wrong-region")
def wrong_region(seen: ObjectEvidence, case: Case) -> Found | None:
    """The bucket lies in another region than the doctor asked.

    Detected: PermanentRedirect, or AuthorizationHeaderMalformed that names another region.
    Cause: AWS_REGION is another one.
    Fix: set AWS_REGION to the bucket's.
    By hand: `aws s3api get-bucket-location --bucket your-bucket`
    Source: S3 error codes.
    """
    refused = refusal(seen)
    return _note(refused) if refused and refused.code in REGION_CODES else None


@rules.context("object/bad-credentials")
def bad_credentials(seen: ObjectEvidence, case: Case) -> Found | None:
    """The doctor's AWS credentials are missing, expired or wrong.

    Detected: no credentials found, ExpiredToken, InvalidAccessKeyId, SignatureDoesNotMatch.
    Cause: the doctor's own environment.
    Fix: set credentials that may read the bucket.
    By hand: `aws sts get-caller-identity`
    Source: S3 error codes.
    """
    return _note(_access(seen, Why.BAD_CREDENTIALS))


@rules.context("object/unreachable")
def unreachable(seen: ObjectEvidence, case: Case) -> Found | None:
    """S3 could not be asked, or what answered is not S3.

    Detected: no connection, no answer in time, or an answer without ETag and Last-Modified.
    Cause: a network problem, a wrong endpoint, a captive portal.
    Fix: check the endpoint and the network.
    By hand: the same aws command.
    Source: boto3's connection errors.
    """
    kinds = (Why.UNREACHABLE, Why.TIMED_OUT, Why.GARBLED, Why.RATE_LIMITED, Why.REFUSED)
    return _note(_access(seen, *kinds))
