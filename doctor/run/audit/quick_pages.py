"""Pages of a listing by obstore, which reads them in Rust; only of what goes well and is plain.

It asks where botocore was answered, as botocore asked, with botocore's credentials. Whatever fails is
botocore's to ask again: what it then says is the failure, and no text of obstore's gets anywhere.

obstore follows redirects: to another host without the signature, but with a session token. So it is given
one for Amazon's own hosts alone. Nor has it a limit for an answer but of time.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from backup_doctor import __version__
from backup_doctor.collect.clients.bucket_session import CONNECT_LIMIT_S, READ_LIMIT_S
from backup_doctor.run.audit.listing import After, ListPage
from backup_doctor.settings.trust import AMAZON_S3

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from obstore.store import S3Store

    from backup_doctor.collect.clients.bucket_session import Connection
    from backup_doctor.run.audit.model import Stored

PAGE_KEYS = 1000
PAGE_LIMIT_S = 30.0
# So often in a row, and it is asked no more: a proxy or a store that it does not get along with.
MOST_FAILURES = 3
# botocore renews credentials before the last ten minutes of their life.
CREDENTIALS_FOR = timedelta(minutes=5)
# obstore writes other names in its own way, and takes a slash from the end of each.
PLAIN = re.compile(r"(?:(?!\.{1,2}(?:/|$))[\w.=+-]+(?:/|$))+", re.ASCII)
OF_A_SESSION = ";x-amz-security-token"
SIGNED = re.compile(r"AWS4-HMAC-SHA256 Credential=[^/]+/\d+/([^/]+)/s3/")


class QuickPages:
    """A bucket listed by obstore. Safe to use from several threads."""

    def __init__(self, store: S3Store) -> None:
        self._store = store
        self._failures = 0

    def page(self, prefix: str, after: After | None) -> ListPage | None:
        """The next page under a prefix; None where botocore is to read it."""
        is_plain = PLAIN.fullmatch(prefix) and prefix.endswith("/")
        if self._failures >= MOST_FAILURES or not is_plain:
            return None
        if after is not None and not (PLAIN.fullmatch(after.key) and not after.key.endswith("/")):
            return None
        is_open = after is not None and after.chunks is not None
        chunks = after.chunks if after and after.chunks else self._open(prefix, after)
        try:
            found = _objects(next(chunks, None))
        except Exception:  # noqa: BLE001 -- botocore asks again, and says what it was
            self._failures += 1
            return None
        if not _is_sure(found, prefix, after.key if after else "") and (found or not is_open):
            return None
        self._failures = 0
        is_full = len(found) == PAGE_KEYS
        return ListPage(
            objects=found, after=After(key=found[-1][0], chunks=chunks) if is_full else None
        )

    def _open(self, prefix: str, after: After | None) -> Iterator[Any]:
        import obstore

        offset = after.key if after else None
        return iter(
            obstore.list(
                self._store, prefix, offset=offset, chunk_size=PAGE_KEYS, return_arrow=True
            )
        )


def quick_pages(connection: Connection, bucket: str) -> QuickPages | None:
    """The same bucket for obstore; None without the extra, or for what obstore would do otherwise.

    To be asked when botocore was answered.
    """
    try:
        import arro3.core  # noqa: F401 -- obstore's Arrow is read with it
        from obstore.store import S3Store
    except ImportError:
        return None
    asked = connection.asked
    signed = SIGNED.match(asked.authorization) if asked else None
    if asked is None or signed is None:
        return None
    url = urlsplit(asked.url)
    if connection.has_own_roots and url.scheme != "http":
        return None
    is_amazon = url.scheme == "https" and AMAZON_S3.fullmatch(url.hostname or "")
    if OF_A_SESSION in asked.authorization and not is_amazon:
        return None
    is_virtual = url.path.strip("/") == ""
    if not is_virtual and url.path.strip("/") != quote(bucket):
        return None
    store = S3Store(
        bucket,
        # What is not said here, obstore would take from the environment.
        config={
            "endpoint": f"{url.scheme}://{url.netloc}",
            "aws_endpoint_url_s3": f"{url.scheme}://{url.netloc}",
            "virtual_hosted_style_request": is_virtual,
            "region": signed[1],
            "skip_signature": False,
            "s3_express": False,
            "request_payer": False,
        },
        client_options={
            "allow_http": url.scheme == "http",
            "allow_invalid_certificates": False,
            "connect_timeout": timedelta(seconds=CONNECT_LIMIT_S),
            "read_timeout": timedelta(seconds=READ_LIMIT_S),
            "timeout": timedelta(seconds=PAGE_LIMIT_S),
            "user_agent": f"backup-doctor/{__version__}",
        },
        retry_config={"max_retries": 0},
        credential_provider=lambda: _credentials(connection),
    )
    return QuickPages(store)


def _credentials(connection: Connection) -> Any:  # noqa: ANN401 -- obstore's S3Credential
    """As obstore's own provider for boto3, which would import all of boto3 for it."""
    frozen = connection.credentials.get_frozen_credentials()
    return {
        "access_key_id": frozen.access_key,
        "secret_access_key": frozen.secret_key,
        "token": frozen.token,
        "expires_at": datetime.now(UTC) + CREDENTIALS_FOR,
    }


def _objects(chunk: Any) -> list[Stored]:  # noqa: ANN401 -- an Arrow batch; None at the end
    if chunk is None:
        return []
    from arro3.core import DataType

    texts = (chunk[name].cast(DataType.string()) for name in ("path", "size", "last_modified"))
    return list(zip(*(column.to_pylist() for column in texts), strict=True))


def _is_sure(found: Sequence[Stored], prefix: str, after: str) -> bool:
    """Whether these are the keys as they are written, and the next ones under the prefix.

    obstore takes the slash from the end of a key. It stands at the end of a folder's own object: one
    that is empty, or whose keys follow.
    """
    if not found or not after < found[0][0] or not found[-1][0].startswith(prefix):
        return False
    keys = [*map(itemgetter(0), found)]
    is_folder = map(str.startswith, keys[1:], [f"{key}/" for key in keys])
    return (
        keys[0].startswith(prefix) and "0" not in map(itemgetter(1), found) and not any(is_folder)
    )
