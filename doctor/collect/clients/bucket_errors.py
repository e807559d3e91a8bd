"""What kept S3 from answering, in a sentence for a person. No failure of botocore gets past."""

from __future__ import annotations

from botocore import exceptions as boto
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError, NameResolutionError

from backup_doctor.collect.clients.bucket_refusals import (
    SET_KEYS,
    BucketPlace,
    BucketRefusal,
    coded,
    refused,
    unseen,
)
from backup_doctor.evidence.base import Unseen, Why

FAILURES = (
    boto.BotoCoreError,
    boto.ClientError,
    ResponseParserError,
    HTTPError,
    OSError,
    RecursionError,
    ValueError,
)
CHECK_NETWORK = "Check AWS_ENDPOINT_URL_S3, AWS_REGION and the network."
UNREACHABLE = BucketRefusal(
    Why.UNREACHABLE, "S3 ({where}) could not be connected to ({code}).", CHECK_NETWORK
)
NO_NAME = BucketRefusal(
    Why.UNREACHABLE, "S3 ({where}) has no DNS name that can be resolved.", CHECK_NETWORK
)
REFUSED = BucketRefusal(Why.UNREACHABLE, "S3 ({where}) refused the connection.", CHECK_NETWORK)
# The first that fits; narrow kinds stand before the wide ones that they belong to.
NO_ANSWER: tuple[tuple[tuple[type[BaseException], ...], BucketRefusal], ...] = (
    (
        (boto.ProfileNotFound,),
        BucketRefusal(
            Why.BAD_CREDENTIALS,
            "The AWS profile that is set does not exist on this machine.",
            "Set AWS_PROFILE to a profile of ~/.aws/config, or unset it.",
        ),
    ),
    (
        (boto.PartialCredentialsError,),
        BucketRefusal(
            Why.BAD_CREDENTIALS, "Only half of the credentials for S3 is set.", f"{SET_KEYS}."
        ),
    ),
    (
        (boto.NoCredentialsError,),
        BucketRefusal(Why.BAD_CREDENTIALS, "There are no credentials for S3.", f"{SET_KEYS}."),
    ),
    (
        (
            boto.CredentialRetrievalError,
            boto.TokenRetrievalError,
            boto.SSOError,
            boto.InfiniteLoopConfigError,
            boto.InvalidConfigError,
            boto.ConfigParseError,
            boto.ConfigNotFound,
        ),
        BucketRefusal(
            Why.BAD_CREDENTIALS,
            "The AWS configuration of this machine yields no credentials for S3 ({code}).",
            "Sign in again (aws sso login), or fix the profile in ~/.aws/config.",
        ),
    ),
    (
        (boto.ConnectTimeoutError, boto.ReadTimeoutError, TimeoutError),
        BucketRefusal(Why.TIMED_OUT, "S3 ({where}) did not answer in time.", CHECK_NETWORK),
    ),
    (
        (boto.SSLError,),
        BucketRefusal(
            Why.UNREACHABLE, "S3 ({where}) did not complete a TLS handshake.", CHECK_NETWORK
        ),
    ),
    (
        (boto.ProxyConnectionError, boto.InvalidProxiesConfigError),
        BucketRefusal(
            Why.UNREACHABLE,
            "The proxy before S3 ({where}) could not be connected to.",
            "Check HTTPS_PROXY and NO_PROXY; boto3 does not speak SOCKS.",
        ),
    ),
    (
        (RecursionError,),
        BucketRefusal(
            Why.UNREACHABLE, "What answers at {where} redirects in a circle.", CHECK_NETWORK
        ),
    ),
    (
        (
            ResponseParserError,
            boto.ConnectionClosedError,
            boto.ResponseStreamingError,
            boto.IncompleteReadError,
            HTTPError,
        ),
        BucketRefusal(Why.GARBLED, "S3 ({where}) broke off or garbled its answer.", CHECK_NETWORK),
    ),
    ((boto.HTTPClientError, boto.ConnectionError, OSError), UNREACHABLE),
    (
        (ValueError,),
        BucketRefusal(
            Why.GARBLED,
            "S3 ({where}) sent what cannot be read, or a setting cannot be sent to it.",
            "Check AWS_ENDPOINT_URL_S3, AWS_REGION and the AWS keys for stray characters.",
        ),
    ),
)


def explain(error: BaseException, place: BucketPlace) -> Unseen:
    """The failure as evidence; nothing of its own text, which may hold a URL or a key."""
    if isinstance(error, boto.ClientError):
        return refused(error, place)
    kinds = (refusal for kinds, refusal in NO_ANSWER if isinstance(error, kinds))
    meaning = coded(type(error).__name__) or next(kinds, UNREACHABLE)
    if isinstance(error, boto.EndpointConnectionError):
        meaning = _not_connected(error)
    return unseen(meaning, place, code=type(error).__name__)


def _not_connected(error: boto.EndpointConnectionError) -> BucketRefusal:
    """Which step to a connection failed, by what urllib3 raised inside."""
    inner = error.kwargs.get("error")
    if isinstance(inner, NameResolutionError):
        return NO_NAME
    return REFUSED if "refused" in str(inner) else UNREACHABLE
