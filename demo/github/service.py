"""What the handlers of one request work with, and how they refuse it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import g, request
from nacl.public import PrivateKey

from backup_doctor.demo.github.blobs import BlobStorage
from backup_doctor.demo.github.links import Links
from backup_doctor.demo.github.policy import Policy
from backup_doctor.demo.github.state import Repository, Run, Token

DOCS = "https://docs.github.com/rest"

OnDispatch = Callable[[Run, Mapping[str, Any]], None]
"""Told of a run that `workflow_dispatch` has queued, with its inputs; it may fill the run."""

OnRerun = Callable[[Run], None]
"""Told of a run whose next attempt was queued; it may fill the run."""


@dataclass(frozen=True)
class Service:
    """One stand-in: the repository that it shows, and to whom. `base_path` is "" on github.com."""

    repository: Repository
    tokens: list[Token]
    links: Links
    base_path: str
    blobs: BlobStorage
    policy: Policy
    now: Callable[[], datetime]
    on_dispatch: OnDispatch
    on_rerun: OnRerun
    sealing_key: PrivateKey

    @property
    def enterprise(self) -> bool:
        """Whether this is a GitHub Enterprise Server, which has no rate limits by default."""
        return bool(self.base_path)


@dataclass
class Refusal(Exception):  # noqa: N818 - an answer of the API, not an error of the program
    """An answer other than success, as GitHub words it. `docs` is relative to the REST manual."""

    status: int
    message: str
    docs: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


def not_found() -> Refusal:
    """What is not there, and what the caller may not know to be there."""
    return Refusal(404, "Not Found")


SERVICE = "backup_doctor.github"
"""Where a request's WSGI environment holds the stand-in that serves it."""


def service() -> Service:
    """The stand-in that serves the request at hand."""
    found: Service = request.environ[SERVICE]
    return found


def caller() -> Token | None:
    """Whose request this is; None is anonymous."""
    token: Token | None = g.caller
    return token


def api_version() -> str:
    """The version of the API that this request is answered in."""
    version: str = g.version
    return version
