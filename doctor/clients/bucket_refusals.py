"""What S3's own error codes mean, in a sentence for a person.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from doctor.evidence.base import Unseen, Why

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.exceptions import ClientError

SET_KEYS = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
SIGN_IN = "Sign in again, or set a fresh AWS_SESSION_TOKEN with its AWS_ACCESS_KEY_ID."
MEND_CLOCK = "Set this machine's clock (NTP): S3 allows 15 minutes of difference."
TRY_LATER = "Try again in a minute."
ACTION = re.compile(r"not authorized to perform: ([a-z0-9]+:[A-Za-z*]+)")
SERVER_ERRORS = range(500, 600)
NOTHING_TO_SEE = frozenset(
    {Why.BAD_CREDENTIALS, Why.NOT_FOUND, Why.UNREACHABLE, Why.TIMED_OUT, Why.GARBLED}
)
SIGN_IN_OPERATIONS = ("AssumeRole", "GetRoleCredentials", "CreateToken", "GetSessionToken")


class Place(NamedTuple):
    """Of which bucket something was asked, where, and under which permission.

    `region` is the bucket's own, where S3 told it and it is not the one that was asked.
    """

    bucket: str
    where: str
    needs: str = ""
    region: str | None = None


class Refusal(NamedTuple):
    """What a code means. Both texts may name {bucket}, {where}, {needs} and {code}."""

    why: Why
    what: str
    remedy: str | None = None


CLOCK = Refusal(
    Why.BAD_CREDENTIALS,
    "S3 refused the request because this machine's clock is wrong ({code}).",
    MEND_CLOCK,
)
EXPIRED = Refusal(
    Why.BAD_CREDENTIALS, "S3 says that the session token has expired ({code}).", SIGN_IN
)
DENIED = Refusal(
    Why.DENIED,
    "S3 denies the doctor's key {needs} on bucket {bucket}.",
    "Allow {needs} on the bucket and its objects in the doctor's IAM policy.",
)
SLOWER = Refusal(Why.RATE_LIMITED, "S3 ({where}) asks for fewer requests ({code}).", TRY_LATER)
WRONG_REGION = Refusal(
    Why.REFUSED,
    "Bucket {bucket} is in another region than the one asked ({where}).",
    "Set AWS_REGION to the bucket's region.",
)
BAD_NAME = Refusal(
    Why.REFUSED,
    "{bucket} cannot be the name of a bucket.",
    "Set BACKUP_BUCKET to the bucket's bare name.",
)
NOT_S3 = Refusal(
    Why.GARBLED,
    "What answers at {where} is not S3: a proxy, a sign-in page, or another service.",
    "Check AWS_ENDPOINT_URL_S3 and the proxy settings.",
)
OWN_PROBLEM = Refusal(Why.UNREACHABLE, "S3 ({where}) has a problem of its own ({code}).", TRY_LATER)
NO_SIGN_IN = Refusal(
    Why.BAD_CREDENTIALS,
    "AWS gave no temporary credentials for S3 ({code}).",
    f"{SET_KEYS}, or mend the role's trust policy.",
)
OTHER = Refusal(Why.REFUSED, "S3 ({where}) refused the request ({code}).")

REFUSALS: dict[str, Refusal] = {
    "InvalidAccessKeyId": Refusal(
        Why.BAD_CREDENTIALS,
        "S3 does not know the access key id ({code}).",
        f"{SET_KEYS}, to a key that is active.",
    ),
    "SignatureDoesNotMatch": Refusal(
        Why.BAD_CREDENTIALS,
        "S3 refused the signature: the secret key does not belong to the access key id ({code}).",
        "Set AWS_SECRET_ACCESS_KEY to the secret that was issued with AWS_ACCESS_KEY_ID.",
    ),
    "InvalidToken": Refusal(
        Why.BAD_CREDENTIALS,
        "S3 refused the session token ({code}).",
        "Set AWS_SESSION_TOKEN to the one issued with the key; unset it for a long-term key.",
    ),
    "InvalidSecurity": Refusal(
        Why.BAD_CREDENTIALS, "S3 refused the credentials ({code}).", f"{SET_KEYS}."
    ),
    "ExpiredToken": EXPIRED,
    "ExpiredTokenException": EXPIRED,
    "TokenRefreshRequired": EXPIRED,
    "RequestTimeTooSkewed": CLOCK,
    "RequestExpired": CLOCK,
    "AccessDenied": DENIED,
    "AccessDeniedException": DENIED,
    "AllAccessDisabled": DENIED,
    "NoSuchBucket": Refusal(
        Why.NOT_FOUND,
        "There is no bucket {bucket} at {where}.",
        "Set BACKUP_BUCKET to the bucket's name.",
    ),
    "InvalidBucketName": BAD_NAME,
    "ParamValidationError": BAD_NAME,
    "InvalidObjectState": Refusal(
        Why.REFUSED,
        "The object is archived: S3 tells its size, not its content, until it is restored.",
    ),
    "PermanentRedirect": WRONG_REGION,
    "TemporaryRedirect": WRONG_REGION,
    "AuthorizationHeaderMalformed": WRONG_REGION,
    "IllegalLocationConstraintException": WRONG_REGION,
    "301": WRONG_REGION,
    "SlowDown": SLOWER,
    "Throttling": SLOWER,
    "ThrottlingException": SLOWER,
    "TooManyRequests": SLOWER,
}


def refused(error: ClientError, place: Place) -> Unseen:
    """The refusal as evidence. Of S3's own text only the name of a permission gets into it."""
    code = code_of(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    refusal = REFUSALS.get(code) or _by_kind(error, code, status)
    if refusal is DENIED:
        place = place._replace(needs=_denied_action(error) or place.needs)
    if refusal is WRONG_REGION and place.region:
        refusal = _in_region(place.region)
    return unseen(refusal, place, status=status, code=code or None)


def unseen(
    refusal: Refusal, place: Place, *, status: int | None = None, code: str | None = None
) -> Unseen:
    """The evidence for a meaning, with the names of this case in it."""
    names = {
        "bucket": repr(place.bucket),
        "where": place.where,
        "needs": place.needs,
        "code": code or f"HTTP {status}",
    }
    return Unseen(
        why=refusal.why,
        what=refusal.what.format_map(names),
        remedy=refusal.remedy and refusal.remedy.format_map(names),
        dependency="S3",
        status=status,
        code=code,
    )


def is_of_whole_bucket(failure: Unseen) -> bool:
    """Whether no other call to the bucket can succeed either, after one that ended so."""
    refusal = REFUSALS.get(failure.code or "")
    return failure.why in NOTHING_TO_SEE or refusal in (WRONG_REGION, BAD_NAME)


def code_of(error: ClientError) -> str:
    """S3's own error code; empty or a bare status where the answer had none."""
    return str(error.response.get("Error", {}).get("Code") or "")


def headers_of(error: ClientError) -> Mapping[str, Any]:
    """The headers of the refusal, names in lower case."""
    return error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})


def _by_kind(error: ClientError, code: str, status: int | None) -> Refusal:
    if error.operation_name.startswith(SIGN_IN_OPERATIONS):
        return NO_SIGN_IN
    if not code or code.isdecimal():
        return NOT_S3
    unable = status in SERVER_ERRORS and code != "NotImplemented"
    return OWN_PROBLEM if unable else OTHER


def _denied_action(error: ClientError) -> str | None:
    """The permission that the refusal names, as AWS does for most callers."""
    message = str(error.response.get("Error", {}).get("Message", ""))
    named = ACTION.search(message)
    if named:
        return named[1]
    return "kms:Decrypt" if "kms" in message.lower() else None


def _in_region(region: str) -> Refusal:
    name = region.replace("{", "").replace("}", "")
    return WRONG_REGION._replace(
        what=f"Bucket {{bucket}} is in {name}, not where it was asked for ({{where}}).",
        remedy=f"Set AWS_REGION={name}, and AWS_ENDPOINT_URL_S3 to match where it is set.",
    )
