"""The stand-in for GitHub's REST API: one repository on 127.0.0.1, as true callers meet it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Self

from flask import Flask, jsonify
from flask.json.provider import DefaultJSONProvider
from flask.typing import ResponseReturnValue
from nacl.public import PrivateKey
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from backup_doctor.demo.github import contents, control, runs, sealed, workflows
from backup_doctor.demo.github.blobs import PLACE, BlobStorage
from backup_doctor.demo.github.endpoint import repository_endpoints
from backup_doctor.demo.github.gate import install
from backup_doctor.demo.github.links import Links
from backup_doctor.demo.github.local_server import LocalServer, Request
from backup_doctor.demo.github.policy import Policy
from backup_doctor.demo.github.service import (
    SERVICE,
    OnDispatch,
    OnRerun,
    Refusal,
    Service,
    api_version,
    caller,
    service,
)
from backup_doctor.demo.github.state import Repository, Run, Token

if TYPE_CHECKING:
    from ssl import SSLContext

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__all__ = ["GitHub", "Request"]

ENDPOINT_MODULES = (contents, control, runs, sealed, workflows)
"""Imported for the endpoints that they declare."""


def utc_now() -> datetime:
    """Tell the time."""
    return datetime.now(UTC)


def leave_queued(run: Run, inputs: Mapping[str, Any]) -> None:
    """Do nothing for a dispatched run: it stays queued, as without a runner."""


def leave_again(run: Run) -> None:
    """Do nothing for another attempt: it stays queued."""


class GitHub:
    """Serves `repository` to the holders of `tokens`, from the constructor until `close`.

    `url` is the API's base, with `base_path` (`/api/v3` makes it a GitHub Enterprise Server), by
    https with `tls`.
    `repository`, `tokens` and `policy` may be changed at any time. `requests` holds every request to the
    API and to the storage of logs, in the order of arrival.
    """

    def __init__(
        self,
        repository: Repository,
        tokens: Sequence[Token],
        *,
        base_path: str = "",
        now: Callable[[], datetime] = utc_now,
        on_dispatch: OnDispatch = leave_queued,
        on_rerun: OnRerun = leave_again,
        tls: "SSLContext | None" = None,
    ) -> None:
        self.repository = repository
        self.tokens = list(tokens)
        self.policy = Policy(now)
        self.requests: list[Request] = []
        # Before anybody asks: Python 3.11 cannot make it in two threads at once.
        self._application = application(base_path)
        blobs = BlobStorage(now)
        whole = DispatcherMiddleware(self._answer, {PLACE: blobs.app})
        self._server = LocalServer(whole, self.requests, tls)
        self.url = self._server.url + base_path
        self._service = Service(
            repository=repository,
            tokens=self.tokens,
            links=Links(self.url, self._server.url, repository.full_name),
            base_path=base_path,
            blobs=blobs,
            policy=self.policy,
            now=now,
            on_dispatch=on_dispatch,
            on_rerun=on_rerun,
            sealing_key=PrivateKey.generate(),
        )

    def _answer(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> "Iterable[bytes]":
        environ[SERVICE] = self._service
        return self._application(environ, start_response)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the API and the storage."""
        self._server.close()


@cache
def application(base_path: str) -> Flask:
    """Make the API's addresses, once: for each stand-in that a test opens it would take long."""
    app = Flask(__name__, static_folder=None)
    app.json = ordered_json(app)
    route(app, base_path)
    return app


def ordered_json(app: Flask) -> DefaultJSONProvider:
    """Write the fields in the order of the description, not of the alphabet."""
    provider = DefaultJSONProvider(app)
    provider.sort_keys = False
    return provider


def route(app: Flask, base_path: str) -> None:
    """Give `app` every address of the API."""
    app.url_map.merge_slashes = False
    install(app)
    app.add_url_rule(f"{base_path}/rate_limit", view_func=rate_limit)
    app.register_blueprint(repository_endpoints, url_prefix=f"{base_path}/repos/<owner>/<name>")
    app.register_blueprint(
        repository_endpoints,
        name="repository_by_id",
        url_prefix=f"{base_path}/repositories/<int:repository_id>",
    )


def rate_limit() -> ResponseReturnValue:
    """Show the caller's quota; an Enterprise Server has none by default."""
    if service().enterprise:
        raise Refusal(404, "Rate limiting is not enabled.", docs="rate-limit/rate-limit")
    core = service().policy.quota(caller()).overview()
    search = core | {"limit": 30, "used": 0, "remaining": 30}
    overview: dict[str, Any] = {"resources": {"core": core, "search": search}}
    if api_version() == "2022-11-28":
        overview["rate"] = core
    return jsonify(overview)
