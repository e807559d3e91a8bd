"""A refusal of S3's in a sentence for a person: by its table, or by the kind of answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.services.answers import Service, by_code, table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.exceptions import ClientError

SET_KEYS = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
TRY_LATER = "Try again in a minute."
ACTION = re.compile(r"not authorized to perform: ([a-z0-9]+:[A-Za-z*]+)")
# S3's older words for it have the former name of a key.
OF_KMS = re.compile(r"kms|customer master key", re.IGNORECASE)
SERVER_ERRORS = range(500, 600)
REDIRECTS = range(300, 400)
NOTHING_TO_SEE = frozenset(
    {Why.BAD_CREDENTIALS, Why.NOT_FOUND, Why.UNREACHABLE, Why.TIMED_OUT, Why.GARBLED}
)
SIGN_IN_OPERATIONS = ("AssumeRole", "GetRoleCredentials", "CreateToken", "GetSessionToken")


class BucketPlace(NamedTuple):
    """Of which bucket something was asked, where, and under which permission.

    `region` is the bucket's own, where S3 told it and it is not the one that was asked.
    """

    bucket: str
    where: str
    needs: str = ""
    region: str | None = None


class BucketRefusal(NamedTuple):
    """What a code means. Both texts may name {bucket}, {where}, {needs} and {code}."""

    why: Why
    what: str
    remedy: str | None = None


NOT_S3 = BucketRefusal(
    Why.GARBLED,
    "What answers at {where} is not S3: a proxy, a sign-in page, or another service.",
    "Check AWS_ENDPOINT_URL_S3 and the proxy settings.",
)
ELSEWHERE = BucketRefusal(
    Why.UNREACHABLE,
    "What answers at {where} redirects S3's requests ({code}), and names no region of the bucket.",
    "Check AWS_ENDPOINT_URL_S3 and the proxy settings.",
)
OWN_PROBLEM = BucketRefusal(
    Why.UNREACHABLE, "S3 ({where}) has an internal problem ({code}).", TRY_LATER
)
NO_SIGN_IN = BucketRefusal(
    Why.BAD_CREDENTIALS,
    "AWS gave no temporary credentials for S3 ({code}).",
    f"{SET_KEYS}, or fix the role's trust policy.",
)
OTHER = BucketRefusal(Why.REFUSED, "S3 ({where}) refused the request ({code}).")


def coded(code: str) -> BucketRefusal | None:
    """What S3's table says of a code."""
    known = by_code(table(Service.S3), code)
    return BucketRefusal(known.why, known.what, known.remedy) if known.why else None


def is_wrong_region(code: str) -> bool:
    """Whether the bucket is in another region than the one that was asked."""
    return "object/wrong-region" in by_code(table(Service.S3), code).means


def refused(error: ClientError, place: BucketPlace) -> Unseen:
    """The refusal as evidence. Of S3's own text only the name of a permission gets into it."""
    code = code_of(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if (
        code.isdecimal()
        and status in REDIRECTS
        and not region_named(headers_of(error), error.response)
    ):
        return unseen(ELSEWHERE, place, status=status)
    refusal = coded(code) or _by_kind(error, code, status)
    if refusal.why is Why.DENIED:
        place = place._replace(needs=_denied_action(error) or place.needs)
        refusal = _of_kms_key(refusal) if place.needs.startswith("kms:") else refusal
    if place.region and is_wrong_region(code):
        refusal = _in_region(refusal, place.region)
    return unseen(refusal, place, status=status, code=code or None)


def unseen(
    refusal: BucketRefusal,
    place: BucketPlace,
    *,
    status: int | None = None,
    code: str | None = None,
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
    known = by_code(table(Service.S3), failure.code)
    refuses_bucket = known.why is Why.REFUSED and "object/archived" not in known.means
    return failure.why in NOTHING_TO_SEE or refuses_bucket


def code_of(error: ClientError) -> str:
    """S3's own error code; empty or a bare status where the answer had none."""
    return str(error.response.get("Error", {}).get("Code") or "")


def headers_of(error: ClientError) -> Mapping[str, Any]:
    """The headers of the refusal, names in lower case."""
    return error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})


def region_named(headers: Mapping[str, Any], parsed: Mapping[str, Any] | None) -> str | None:
    """The bucket's region, if the answer names it."""
    named = headers.get("x-amz-bucket-region") or (parsed or {}).get("Error", {}).get("Region")
    return str(named) if named else None


def _by_kind(error: ClientError, code: str, status: int | None) -> BucketRefusal:
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
    return "kms:Decrypt" if OF_KMS.search(message) else None


def _of_kms_key(refusal: BucketRefusal) -> BucketRefusal:
    """A permission of KMS is one on the key that encrypts the object, and on no bucket."""
    return refusal._replace(
        what="S3 denies the doctor's key {needs} on the KMS key that encrypts the object in bucket {bucket}.",
        remedy="Allow {needs} on that KMS key in the doctor's IAM policy, and in the key's own policy.",
    )


def _in_region(refusal: BucketRefusal, region: str) -> BucketRefusal:
    name = region.replace("{", "").replace("}", "")
    return refusal._replace(
        what=f"Bucket {{bucket}} is in {name}, not where it was asked for ({{where}}).",
        remedy=f"Set AWS_REGION={name}, and AWS_ENDPOINT_URL_S3 to match if it is set.",
    )
