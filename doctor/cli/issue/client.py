"""The few calls to GitHub's issues that keep one of them for each cause.

Source: GitHub REST API, "Issues". A redirect is not followed: the token stays with its host.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, TypeVar

import httpx
import msgspec

from backup_doctor import __version__
from backup_doctor.base.models import from_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

T = TypeVar("T")
LABEL = "backup-doctor"
TIMEOUT_S = 15.0
PAGE = 100
MOST_PAGES = 10
MEANINGS = {
    401: "the token is not valid",
    403: "the token may not; it needs `issues: write`",
    404: "there is no such repository for this token; it needs `issues: write`",
    410: "the repository has its issues turned off",
}


class IssueError(Exception):
    """GitHub would not; the message says what was asked and why not."""


class Issue(msgspec.Struct, frozen=True):
    """An issue, as far as it matters here."""

    number: int
    html_url: str = ""
    body: str | None = None


class Issues:
    """The issues of one repository that carry this tool's label.

    Only people who may triage can set a label, so a stranger's issue is never taken for one of these.

    Raises:
        IssueError: the environment's proxy cannot be used.
    """

    def __init__(self, base_url: str, repository: str, token: str) -> None:
        self._path = f"/repos/{repository}/issues"
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/vnd.github+json",
            "User-Agent": f"backup-doctor/{__version__}",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        try:
            self._client = httpx.Client(
                base_url=base_url, timeout=TIMEOUT_S, follow_redirects=False, headers=headers
            )
        except (ImportError, ValueError) as error:
            message = "The environment names a proxy of a kind that is not spoken here."
            raise IssueError(message) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def open_ones(self) -> Iterator[Issue]:
        """The open ones, oldest first.

        Raises:
            IssueError: they may not or could not be read.
        """
        wanted = {"state": "open", "labels": LABEL, "sort": "created", "direction": "asc"}
        for page in range(1, MOST_PAGES + 1):
            answer = self._call(
                "GET", self._path, params=wanted | {"per_page": str(PAGE), "page": str(page)}
            )
            found = _decoded(answer, list[Issue])
            yield from found
            if len(found) < PAGE:
                return

    def create(self, title: str, body: str) -> Issue:
        """Open an issue with the label.

        Raises:
            IssueError: GitHub would not.
        """
        answer = self._call(
            "POST", self._path, json={"title": title, "body": body, "labels": [LABEL]}
        )
        return _decoded(answer, Issue)

    def rewrite(self, number: int, body: str) -> Issue:
        """Give an issue another body, which notifies nobody.

        Raises:
            IssueError: GitHub would not.
        """
        return _decoded(self._call("PATCH", f"{self._path}/{number}", json={"body": body}), Issue)

    def close_as_duplicate(self, number: int) -> None:
        """Close an issue that another run opened at the same moment.

        Raises:
            IssueError: GitHub would not.
        """
        closed = {"state": "closed", "state_reason": "not_planned"}
        self._call("PATCH", f"{self._path}/{number}", json=closed)

    def _call(self, method: str, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401 -- httpx's own
        try:
            answer = self._client.request(method, path, **options)
        except httpx.HTTPError as error:
            raise IssueError(f"GitHub did not answer: {type(error).__name__}.") from None
        if not answer.is_success:
            meaning = MEANINGS.get(answer.status_code, "")
            raise IssueError(f"GitHub answered HTTP {answer.status_code}: {meaning or 'refused'}.")
        return answer


def _decoded(answer: httpx.Response, kind: type[T]) -> T:
    try:
        return from_json(answer.content, kind)
    except msgspec.MsgspecError:
        raise IssueError("GitHub's answer could not be read.") from None
