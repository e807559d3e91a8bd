"""The download of logs: a redirect to a storage that must not see GitHub's credentials, streamed.

GitHub answers 302 to a signed address. The storage refuses requests that bring an Authorization
header along, and says BlobNotFound for a log that is not there yet, or never will be. Other servers
that speak GitHub's API serve the log themselves.
"""

from __future__ import annotations

import re
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import IO, TYPE_CHECKING, TypeVar
from urllib.parse import urljoin, urlsplit

import httpx

from backup_doctor.collect.clients import redirects
from backup_doctor.collect.clients.answer import Answer
from backup_doctor.collect.clients.http import Http
from backup_doctor.collect.clients.network_problems import NO_CONNECTION, proxy_for
from backup_doctor.collect.clients.unpacking import pieces
from backup_doctor.evidence.base import Unseen, Why

if TYPE_CHECKING:
    from backup_doctor.collect.deadline import Deadline

T = TypeVar("T")
Refused = Callable[[Answer], Unseen]
STORAGE = "GitHub's log storage"
REDIRECTS = frozenset({301, 302, 303, 307, 308})
HOPS = 3
OK = 200
# A page or an answer in the log's place.
NO_LOG = re.compile(r"text/html|application/json", re.IGNORECASE)
CHUNK = 256 * 1024
DOWNLOAD_LIMIT_S = 30.0
SPOOLED_IN_MEMORY = 8 * 1024 * 1024
ZIP_LIMIT = 2 * 1024**3
TEXT_LIMIT = 4 * 1024**3
JOB_NAME_UNITS = 90


class Log:
    """A log as it arrives. `broken_off` says afterwards that the end of it never came."""

    def __init__(self, chunks: Iterable[bytes], clock: Callable[[], bool]) -> None:
        self._chunks = chunks
        self._expired = clock
        self.broken_off = False

    def __iter__(self) -> Iterator[bytes]:
        seen = 0
        try:
            for chunk in self._chunks:
                yield chunk
                seen += len(chunk)
                if seen > TEXT_LIMIT or self._expired():
                    self.broken_off = True
                    return
        except (httpx.HTTPError, httpx.StreamError, OSError, zipfile.BadZipFile, zlib.error):
            self.broken_off = True


class Downloads:
    """Follows GitHub's redirect to a log and reads it, a piece at a time."""

    def __init__(self, api: Http, deadline: Deadline) -> None:
        self._api = api
        self._deadline = deadline

    def text(self, path: str, read: Callable[[Log], T], refused: Refused) -> T | Unseen:
        """A log that is plain text."""
        return self._download(path, lambda chunks: read(Log(chunks, self._timer())), refused)

    def from_zip(
        self, path: str, job: str, read: Callable[[Log], T], refused: Refused
    ) -> T | Unseen:
        """One job's log out of a run's zip, which is kept on disk beyond 8 MB."""

        def unpack(chunks: Iterable[bytes]) -> T | Unseen:
            expired = self._timer()
            with tempfile.SpooledTemporaryFile(max_size=SPOOLED_IN_MEMORY) as spool:
                for chunk in chunks:
                    spool.write(chunk)
                    if spool.tell() > ZIP_LIMIT or expired():
                        return _unseen(Why.TIMED_OUT, "did not send the run's logs in time")
                return _from_archive(spool, job, read, expired)

        return self._download(path, unpack, refused)

    def _download(
        self, path: str, use: Callable[[Iterable[bytes]], T | Unseen], refused: Refused
    ) -> T | Unseen:
        answer = self._api.get(path)
        if isinstance(answer, Unseen):
            return answer
        if answer.status == OK and not NO_LOG.match(answer.headers.get("content-type", "")):
            return use([answer.body])
        target = _target(answer)
        return refused(answer) if target is None else self._followed(target, use)

    def _followed(self, target: str, use: Callable[[Iterable[bytes]], T | Unseen]) -> T | Unseen:
        named_by = self._api.base_url
        for _ in range(HOPS):
            by_proxy = proxy_for(target) is not None
            storage = Http(STORAGE, _origin(target), self._deadline, by_proxy=by_proxy)
            try:
                redirects.check(target, self._api.base_url, named_by)
                with ExitStack() as stack:
                    response = self._opened(stack, storage, target, by_proxy=by_proxy)
                    if response.status_code not in REDIRECTS:
                        ok = response.status_code == OK
                        return use(pieces(response)) if ok else _absent(response)
                    onward = urljoin(target, response.headers.get("location", ""))
                    named_by, target = target, onward
            except redirects.NotFollowedError as error:
                return _not_followed(target, str(error))
            except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError) as error:
                return storage.explain(error)
            finally:
                storage.close()
        return _unseen(Why.GARBLED, "redirects without end")

    def _opened(
        self, stack: ExitStack, storage: Http, target: str, *, by_proxy: bool
    ) -> httpx.Response:
        """The answer of the first of the target's addresses that can be connected to."""
        limit_s = self._deadline.limit(DOWNLOAD_LIMIT_S)
        refused: Exception = httpx.ConnectError("no address can be resolved")
        for place in redirects.places(target, self._api.base_url, limit_s, by_proxy=by_proxy):
            try:
                return stack.enter_context(
                    storage.stream(
                        place.url, headers=place.headers, limit_s=limit_s, name=place.name
                    )
                )
            except NO_CONNECTION as error:
                refused = error
        raise refused

    def _timer(self) -> Callable[[], bool]:
        until = time.monotonic() + self._deadline.limit(DOWNLOAD_LIMIT_S)
        return lambda: time.monotonic() > until


def _target(answer: Answer) -> str | None:
    if answer.status not in REDIRECTS:
        return None
    try:
        target = urljoin(answer.url, answer.headers.get("location", ""))
        return target if urlsplit(target).scheme in ("http", "https") else None
    except ValueError:
        return None


def _not_followed(target: str, where: str) -> Unseen:
    """Sent on to a place where no log of GitHub's is."""
    host = urlsplit(target).netloc.rpartition("@")[2]
    return Unseen(
        why=Why.GARBLED,
        what=f"The redirect to the log was not followed: it leads to {where} ({host}).",
        remedy="Read the log in the browser, or ask GitHub at another address (GITHUB_API_URL).",
        dependency="GitHub",
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _absent(response: httpx.Response) -> Unseen:
    """The storage's refusal. Its XML holds the code; a log that is not there is BlobNotFound."""
    status = response.status_code
    code = response.headers.get("x-ms-error-code")
    if code is None:
        head = next(pieces(response), b"")[:4096].decode("utf-8", "replace")
        found = re.search(r"<Code>(\w+)</Code>", head)
        code = found[1] if found else None
    if status == 404:  # noqa: PLR2004 -- HTTP
        return _unseen(Why.NOT_FOUND, "has no log of this job", status, code)
    if status == 410:  # noqa: PLR2004 -- HTTP
        return _unseen(Why.GONE, "no longer has the log", status, code)
    said = f"answered HTTP {status}" + (f" ({code})" if code else "")
    return _unseen(Why.REFUSED, said, status, code)


def _from_archive(
    spool: IO[bytes], job: str, read: Callable[[Log], T], expired: Callable[[], bool]
) -> T | Unseen:
    try:
        with zipfile.ZipFile(spool) as archive:
            names = entries_of(job, archive.namelist())
            if not names:
                return _unseen(Why.NOT_FOUND, f"has no log of the job {job!r} in the run's zip")
            return read(Log(_unpacked(archive, names), expired))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, OSError):
        return _unseen(Why.GARBLED, "sent logs that are no zip archive")


def entries_of(job: str, names: Iterable[str]) -> list[str]:
    """The entries of one job: its whole text `<n>_<job>.txt`, else its steps' files in order.

    The ordinal says nothing about the job; the name loses `/` and `:` and is cut to 90 UTF-16
    units (cli/cli, pkg/cmd/run/view/logs.go).
    """
    units = job.replace("/", "").replace(":", "").encode("utf-16-le")[: JOB_NAME_UNITS * 2]
    shown = units.decode("utf-16-le", "ignore").strip()
    known = list(names)
    for name in known:
        if re.fullmatch(rf"-?\d+_{re.escape(shown)}\.txt", name):
            return [name]
    numbered = (
        re.fullmatch(rf"{re.escape(shown)}/(\d+)_.*\.txt", name, re.DOTALL) for name in known
    )
    return [found[0] for found in sorted(filter(None, numbered), key=lambda one: int(one[1]))]


def _unpacked(archive: zipfile.ZipFile, names: Iterable[str]) -> Iterator[bytes]:
    for name in names:
        with archive.open(name) as entry:
            while chunk := entry.read(CHUNK):
                yield chunk


def _unseen(why: Why, said: str, status: int | None = None, code: str | None = None) -> Unseen:
    return Unseen(why=why, what=f"{STORAGE} {said}.", dependency="GitHub", status=status, code=code)
