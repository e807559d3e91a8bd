"""The S3 client: made once, with the settings' credentials or those that botocore finds itself."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from botocore.config import Config
from botocore.exceptions import PartialCredentialsError, ResponseStreamingError
from botocore.session import Session

from backup_doctor import __version__
from backup_doctor.collect.clients.bucket_models import small_models
from backup_doctor.collect.clients.bucket_refusals import region_named

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from botocore.awsrequest import AWSPreparedRequest, AWSResponse
    from botocore.httpsession import URLLib3Session
    from mypy_boto3_s3 import S3Client

    from backup_doctor.collect.deadline import Deadline
    from backup_doctor.evidence.clocks import Clocks
    from backup_doctor.settings.model import Secret, Settings, Storage

CONNECT_LIMIT_S = 3.0
READ_LIMIT_S = 8.0
ATTEMPTS = 2
# A page of 1,000 keys of 1,024 bytes is 6 MB at most, every byte of a key escaped.
BODY_LIMIT = 8 * 1024 * 1024
PIECE = 512 * 1024
REDIRECTS = (301, 302, 307)
AT_ONCE = 10
DEFAULT_REGION = "us-east-1"
# AWS_PROFILE is read by the settings, for which an empty value means "not set", as CI gives it.
PROFILE_VARIABLE = {"profile": (None, ["AWS_DEFAULT_PROFILE"], None, None)}


@dataclass(frozen=True)
class ListingRequest:
    """Where a page of a listing was asked for, and by which signature."""

    url: str
    authorization: str = field(repr=False)


class Connection:
    """A client, and the region that S3 pointed to where the client's own was the wrong one.

    `asked` is the newest request for a listing; `has_own_roots`, that a file names whom TLS trusts.
    """

    def __init__(self, client: S3Client, clocks: Clocks, session: Session) -> None:
        self.client = client
        self.redirected_to: str | None = None
        self.asked: ListingRequest | None = None
        self.has_own_roots = bool(
            session.get_config_variable("ca_bundle") or os.environ.get("REQUESTS_CA_BUNDLE")
        )
        self._session = session
        self._clocks = clocks
        client.meta.events.register("before-send.s3.ListObjectsV2", self._note_request)
        client.meta.events.register("response-received.s3", self._note_time)
        client.meta.events.register("response-received.s3", self._note_region)
        client.meta.events.register_first("needs-retry.s3", _follow_to_a_region_alone)

    @property
    def region(self) -> str:
        """The region that the client was made for."""
        return self.client.meta.region_name

    @property
    def credentials(self) -> Any:  # noqa: ANN401 -- botocore's, which renew themselves
        """What the client signs with."""
        return self._session.get_credentials()

    def _note_request(self, request: AWSPreparedRequest, **_: object) -> None:
        # botocore has made bytes of the header by then, whatever its types say.
        signature: str | bytes = request.headers.get("Authorization", "")
        text = signature.decode() if isinstance(signature, bytes) else signature
        self.asked = ListingRequest(str(request.url), text)

    def _note_time(self, response_dict: Mapping[str, Any] | None, **_: object) -> None:
        if response_dict:
            self._clocks.heard_date("S3", response_dict["headers"].get("date"))

    def _note_region(
        self,
        response_dict: Mapping[str, Any] | None,
        parsed_response: Mapping[str, Any] | None,
        **_: object,
    ) -> None:
        """S3 names the bucket's region in the refusal; botocore then asks again there by itself."""
        if not response_dict or response_dict["status_code"] < 300:  # noqa: PLR2004 -- a success
            return
        region = region_named(response_dict["headers"], parsed_response)
        if region and region != self.region:
            self.redirected_to = str(region)


def _follow_to_a_region_alone(
    request_dict: Mapping[str, Any],
    response: tuple[AWSResponse | None, Mapping[str, Any]] | None,
    **_: object,
) -> None:
    """A redirect that names no region is none of S3's: botocore would ask for it without end."""
    answer, parsed = response or (None, {})
    if answer is None or answer.status_code not in REDIRECTS:
        return
    if region_named(answer.headers, parsed) is None:
        request_dict["context"].setdefault("s3_redirect", {})["redirected"] = True


def connect(settings: Settings, deadline: Deadline, *, at_once: int = AT_ONCE) -> Connection:
    """Make the client (about 0.2 s of CPU) for so many calls at once; nothing is sent.

    Raises:
        BotoCoreError: a profile that does not exist, half a pair of credentials, a broken file.
        ValueError: an endpoint that is no URL.
    """
    storage = settings.storage
    key_id, secret = _value(storage.access_key_id), _value(storage.secret_access_key)
    if bool(key_id) is not bool(secret):
        missing = "secret_access_key" if key_id else "access_key_id"
        raise PartialCredentialsError(provider="settings", cred_var=missing)
    session = Session(session_vars=PROFILE_VARIABLE, profile=None if key_id else storage.profile)
    models = small_models(session.get_config_variable("data_path"))
    session.register_component("data_loader", models)
    if key_id and secret:
        session.set_credentials(key_id, secret, _value(storage.session_token))
    if os.environ.get("AWS_EC2_METADATA_DISABLED", "").lower() != "false":
        # Off a cloud machine the metadata address may hang; "false" says that this is one.
        session.get_component("credential_provider").remove("iam-role")
    # botocore's own parser of times takes most of a listing's CPU.
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=str)
    client = session.create_client(
        "s3",
        region_name=storage.region or session.get_config_variable("region") or DEFAULT_REGION,
        endpoint_url=storage.endpoint,
        config=_config(storage, deadline, at_once),
    )
    # botocore has no public place for it: what is no file, it reads as a whole, however long it is.
    endpoint = cast("Any", client)._endpoint  # noqa: SLF001
    endpoint.http_session = _BoundedSession(endpoint.http_session)
    return Connection(cast("S3Client", client), deadline.clocks, session)


class _BoundedSession:
    """botocore's HTTP session, but an answer that is read as a whole may not be endless."""

    def __init__(self, session: URLLib3Session) -> None:
        self._session = session

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        """The answer, read already unless it is a stream. Raises ResponseStreamingError."""
        if request.stream_output:
            return self._session.send(request)
        request.stream_output = True
        response = self._session.send(request)
        response.raw = _BoundedBody(response.raw)
        _ = response.content  # is read now, where a failure counts as one of the network
        return response

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


class _BoundedBody:
    """A body whose pieces end with an error where it is longer than any listing of S3's."""

    def __init__(self, raw: Any) -> None:  # noqa: ANN401 -- urllib3's response
        self._raw = raw

    def stream(self) -> Iterator[bytes]:
        """The pieces."""
        seen = 0
        for piece in self._raw.stream(PIECE):
            seen += len(piece)
            if seen > BODY_LIMIT:
                self._raw.close()
                raise ResponseStreamingError(error=f"more than {BODY_LIMIT} bytes")
            yield piece


def _value(secret: Secret | None) -> str | None:
    return secret.reveal().strip() or None if secret else None


def _config(storage: Storage, deadline: Deadline, at_once: int) -> Config:
    return Config(
        max_pool_connections=at_once,
        connect_timeout=deadline.limit(CONNECT_LIMIT_S),
        read_timeout=deadline.limit(READ_LIMIT_S),
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        s3={"addressing_style": "path" if storage.endpoint else "auto"},
        signature_version="s3v4",
        # Stores that are not Amazon's stumble over the newer checksums.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        # botocore would put its own together anew, twice for each request.
        user_agent=f"backup-doctor/{__version__}",
    )
