"""A service that redirects to another host gets no credential there, nor does the host."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from tests.faults import answers
from tests.faults.catalogue import Fault
from tests.faults.dependencies import DEPENDENCIES, Dependency
from tests.faults.expecting import assert_named, assert_safe
from tests.faults.scene import strike

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.faults.scene import Scene


class Canary:
    """A stranger's host, which keeps all that it is sent."""

    def __init__(self) -> None:
        heard: list[str] = []

        class Listening(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length).decode("latin-1")
                heard.append(f"{self.requestline}\n{self.headers}\n{body}")
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST = do_HEAD = do_OPTIONS = do_PUT = do_DELETE = handle_any

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        self.heard = heard
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Listening)
        # Another host name for the same machine: credentials are bound to the name.
        self.url = f"http://localhost:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def canary() -> Iterator[Canary]:
    listening = Canary()
    yield listening
    listening.close()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("dependency", DEPENDENCIES, ids=lambda dependency: dependency.name)
def test_no_credential_follows_a_redirect(
    scenes: dict[str, Scene], canary: Canary, dependency: Dependency, status: int, tmp_path: Path
) -> None:
    scene = scenes["stuck"]
    fault = Fault(
        name="away", spoil=answers.redirect_to(lambda: canary.url, status), says="redirect|HTTP 30"
    )

    outcome = strike(scene, dependency, fault, tmp_path)

    assert_safe(outcome, scene.truth)
    assert_named(outcome.report, dependency.called)
    heard = "\n".join(canary.heard)
    assert [secret for secret in credentials(scene) if secret in heard] == []
    assert "authorization:" not in heard.lower()
    assert "apikey:" not in heard.lower()


def credentials(scene: Scene) -> list[str]:
    """Every secret that the doctor was given, and the id that names one."""
    environ = scene.world.environment()
    names = (
        "SUPABASE_SERVICE_ROLE_KEY",
        "BACKUP_API_KEY",
        "SUPABASE_ACCESS_TOKEN",
        "SUPABASE_DB_URL",
        "GITHUB_TOKEN",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
    )
    return [environ[name] for name in names]
