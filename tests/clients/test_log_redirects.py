"""A redirect to a log leads to https on a public address, or back to the API; nowhere else."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from flask import Flask, Response, redirect, request

from backup_doctor.collect.clients import http, redirects
from backup_doctor.demo.github.local_server import LocalServer, Request
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.workflow import Job
from tests.clients.github_stand_in import TOKEN, client

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

JOB = Job(id=1, name="backup", status="completed")
LOG = b"the log\n"
API = "https://api.github.com"
ENTERPRISE = "https://github.acme.test/api/v3"
BLOB = "https://productionresultssa1.blob.core.windows.net/x?sig=1"
FOLLOWED = [
    (BLOB, API, API),
    ("https://storage.acme.test/log", ENTERPRISE, ENTERPRISE),
    ("https://storage.acme.test/log", API, API),
    ("https://storage.acme.test/again", ENTERPRISE, "https://storage.acme.test/log"),
    ("https://storage.acme.test:8443/again", ENTERPRISE, "https://storage.acme.test/log"),
    (BLOB, ENTERPRISE, "https://storage.acme.test/log"),
    ("https://api.acme.ghe.com/x", API, BLOB),
    ("http://127.0.0.1:8000/log", "http://127.0.0.1:8000", "http://127.0.0.1:8000"),
    ("http://127.0.0.1:8000/log", "http://127.0.0.1:8000/api/v3", BLOB),
    ("http://127.0.0.1:8001/log", "http://127.0.0.1:8000", "http://127.0.0.1:8000"),
    ("http://localhost:8001/log", "http://127.0.0.1:8000", "http://localhost:8001"),
    ("https://github.acme.test:443/log", ENTERPRISE, ENTERPRISE),
]
NOT_FOLLOWED = [
    ("http://productionresultssa1.blob.core.windows.net/x", API, API),
    ("http://api.github.com/x", API, API),
    ("http://storage.acme.test/log", "http://127.0.0.1:8000", "http://127.0.0.1:8000"),
    ("http://127.0.0.1:8001/log", ENTERPRISE, ENTERPRISE),
    ("http://127.0.0.1:8001/log", "http://127.0.0.1:8000", BLOB),
    ("http://127.0.0.2:8001/log", "http://127.0.0.1:8000", "http://127.0.0.1:8000"),
    ("http://10.1.2.3:8000/log", "http://127.0.0.1:8000", "http://127.0.0.1:8000"),
    ("http://github.acme.test:443/log", ENTERPRISE, ENTERPRISE),
    ("https://evil.test/log", API, BLOB),
    ("https://blob.core.windows.net.evil.test/log", API, BLOB),
    ("https://evil-github.com/log", API, BLOB),
    ("ftp://github.com/log", API, API),
]
PRIVATE = [
    *("127.0.0.1", "127.9.9.9", "10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.169.254"),
    *("100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fd00::1"),
    *("::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1"),
]
PUBLIC = ["20.60.1.1", "8.8.8.8", "2001:4860:4860::8888", "64:ff9b::808:808", "::ffff:8.8.8.8"]


@pytest.mark.parametrize(("target", "api", "named_by"), FOLLOWED)
def test_a_redirect_as_github_gives_it_is_followed(target: str, api: str, named_by: str) -> None:
    redirects.check(target, api, named_by)


@pytest.mark.parametrize(("target", "api", "named_by"), NOT_FOLLOWED)
def test_any_other_is_not(target: str, api: str, named_by: str) -> None:
    with pytest.raises(redirects.NotFollowedError):
        redirects.check(target, api, named_by)


@pytest.mark.parametrize("address", PRIVATE)
@pytest.mark.parametrize("by_proxy", [False, True])
def test_an_address_that_is_not_of_the_internet_is_not_asked(address: str, by_proxy: bool) -> None:
    host = f"[{address}]" if ":" in address else address

    with pytest.raises(redirects.NotFollowedError, match="a private address"):
        redirects.places(f"https://{host}/log", API, 5, by_proxy=by_proxy)


@pytest.mark.parametrize("name", ["localhost", "x.localhost"])
def test_nor_is_this_machine_by_its_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, ["127.0.0.1"])

    with pytest.raises(redirects.NotFollowedError):
        redirects.places(f"https://{name}/log", API, 5, by_proxy=True)


@pytest.mark.parametrize("private", PRIVATE)
@pytest.mark.parametrize("public", PUBLIC)
def test_nor_is_a_name_of_which_one_address_is_such(
    private: str, public: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(monkeypatch, [public, private])

    with pytest.raises(redirects.NotFollowedError):
        redirects.places(BLOB, API, 5, by_proxy=False)


@pytest.mark.parametrize("public", PUBLIC)
def test_what_was_checked_is_what_is_asked_under_the_names_certificate(
    public: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(monkeypatch, [public])

    place = redirects.places("https://user:pass@logs.test:444/x?y", API, 5, by_proxy=False)[0]

    host = f"[{public}]" if ":" in public else public
    assert place.url == f"https://{host}:444/x?y"
    assert place.headers == {"Host": "logs.test:444"}
    assert place.name == "logs.test"


def test_a_name_that_is_not_resolved_in_time_is_unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: done.wait(5))

    with pytest.raises(httpx.ConnectTimeout):
        redirects.places(BLOB, API, 0.1, by_proxy=False)
    done.set()


REACHED = "the canary"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"])
def test_a_service_of_this_machine_hears_nothing_of_it(
    status: int, scheme: str, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(monkeypatch, ["127.0.0.1"])

    with listening() as (port, heard):
        target = f"{scheme}://{host}:{port}/latest/meta-data"
        with api(lambda _path: redirect(target, status)) as (url, _):
            gap = client(url.replace("127.0.0.1", "github.acme.test")).job_log(JOB, whole)

    assert isinstance(gap, Unseen)
    assert gap.why is Why.GARBLED
    assert "was not followed" in gap.what
    assert heard == []


def test_nor_from_a_storage_that_was_followed(tls: Storage) -> None:
    with listening() as (port, heard):
        tls.answers = lambda _path: redirect(f"https://evil.test:{port}/")
        with api(lambda _path: redirect(tls.url)) as (url, _):
            gap = client(url).job_log(JOB, whole)

    assert isinstance(gap, Unseen)
    assert "a host that is none of GitHub's" in gap.what
    assert heard == []


def test_a_log_on_another_host_is_read_without_the_token(tls: Storage) -> None:
    with api(lambda _path: redirect(tls.url)) as (url, _):
        assert client(url).job_log(JOB, whole) == LOG

    assert tls.hosts == [tls.url.split("/")[2]]
    assert TOKEN not in tls.heard


def test_a_storage_without_the_names_certificate_is_not_believed(tls: Storage) -> None:
    with api(lambda _path: redirect(tls.url.replace("logs.test", "other.test"))) as (url, _):
        gap = client(url).job_log(JOB, whole)

    assert isinstance(gap, Unseen)
    assert "TLS" in gap.what


def test_the_next_address_of_a_name_is_asked_where_one_cannot_be_reached(
    tls: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(monkeypatch, ["127.0.0.77", "127.0.0.1"])

    with api(lambda _path: redirect(tls.url)) as (url, _):
        assert client(url).job_log(JOB, whole) == LOG


def test_of_an_api_on_this_machine_a_log_on_another_port_is_read_without_the_token() -> None:
    def stored(_path: str) -> Response:
        return Response(status=400) if "Authorization" in request.headers else Response(LOG)

    with (
        api(stored) as (storage, _),
        api(lambda _path: redirect(f"{storage}/blob?sig=1")) as (url, _),
    ):
        assert client(url).job_log(JOB, whole) == LOG


def test_a_redirect_back_to_the_api_is_followed_without_the_token() -> None:
    def answer(path: str) -> Response:
        return redirect("/blob") if path.endswith("logs") else Response(LOG)  # type: ignore[return-value]

    with api(answer) as (url, requests):
        assert client(url).job_log(JOB, whole) == LOG

    assert [one.path for one in requests][-1] == "/blob"


class Storage:
    """A storage of logs over TLS, whose name resolves to this machine."""

    def __init__(self, folder: Path) -> None:
        self.hosts: list[str] = []
        self.heard = ""
        self.answers: Any = lambda _path: Response(LOG)
        app = Flask("storage")
        app.add_url_rule("/<path:path>", view_func=self._serve)
        self.certificate = certificate(folder, "logs.test")
        self._server = LocalServer(app, [])
        inner = self._server._server
        inner.socket = tls_context(folder).wrap_socket(inner.socket, server_side=True)
        self.url = f"https://logs.test:{inner.port}/log"

    def _serve(self, path: str) -> Response:
        self.hosts.append(request.host)
        self.heard += str(request.headers)
        answer: Response = self.answers(path)
        return answer

    def close(self) -> None:
        """Stop serving."""
        self._server.close()


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    storage = Storage(tmp_path)
    known(monkeypatch, ["127.0.0.1"])
    monkeypatch.setattr(redirects, "is_public", lambda address: address.startswith("127."))
    trusting = ssl.create_default_context(cafile=str(storage.certificate))
    monkeypatch.setattr(http, "certificates", lambda: trusting)
    yield storage
    storage.close()


def certificate(folder: Path, name: str) -> Path:
    """A certificate of that name, signed by nobody else, beside its key."""
    made = folder / "certificate.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=logs -addext"
    files = ("-keyout", str(folder / "key.pem"), "-out", str(made))
    subprocess.run(
        [*command.split(), f"subjectAltName=DNS:{name}", *files], capture_output=True, check=True
    )
    return made


def tls_context(folder: Path) -> ssl.SSLContext:
    """What a server needs to speak for it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context


def known(monkeypatch: pytest.MonkeyPatch, addresses: list[str]) -> None:
    """Let every name that is not this machine's resolve to these addresses."""
    real = socket.getaddrinfo

    def resolve(host: Any, port: Any, *arguments: Any, **options: Any) -> Any:
        if host in ("127.0.0.1", "127.0.0.77"):
            return real(host, port, *arguments, **options)
        return [part for one in addresses for part in real(one, port, *arguments, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


@contextmanager
def api(answer: Any) -> Iterator[tuple[str, list[Request]]]:
    """GitHub's API, which gives that answer."""
    app = Flask("api")
    app.add_url_rule("/<path:path>", view_func=lambda path: answer(path))  # noqa: PLW0108 -- by name
    requests: list[Request] = []
    server = LocalServer(app, requests)
    try:
        yield server.url, requests
    finally:
        server.close()


@contextmanager
def listening() -> Iterator[tuple[int, list[str]]]:
    """A service of this machine, which notes every connection."""
    heard: list[str] = []
    listener = socket.create_server(("", 0))

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                heard.append(REACHED)
                connection.close()

    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()[1], heard
    listener.close()


def whole(log: Iterable[bytes]) -> bytes:
    """All of a log."""
    return b"".join(log)
