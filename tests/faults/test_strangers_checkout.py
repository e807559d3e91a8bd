"""The files of a stranger's checkout send no credential of the user's anywhere.

Every request of the doctor is read on its way by a wiretap. The controls show that it hears.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.faults.wiretap import Wiretap

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
STRANGER = "attacker.example"
EVIL = f"https://{STRANGER}"
OTHER_PROJECT = "zzzzzzzzzzzzzzzzzzzz.supabase.co"
LOOKALIKES = (
    f"api.github.com.{STRANGER}",
    f"s3.amazonaws.com.{STRANGER}",
    # Anybody can have a machine or a load balancer with such a name.
    "ec2-203-0-113-7.compute-1.amazonaws.com",
    "s3-1234567890.us-east-1.elb.amazonaws.com",
)
PUBLIC = ("api.github.com", "api.supabase.com", "s3.amazonaws.com", "s3.us-east-1.amazonaws.com")
STRANGERS = (STRANGER, OTHER_PROJECT, *LOOKALIKES)
HOSTS = (*STRANGERS, *PUBLIC)
CREDENTIALS = {
    "SUPABASE_SERVICE_ROLE_KEY": "sb_secret_canary-service-key-0001",
    "BACKUP_API_KEY": "canary-function-key-0002",
    "SUPABASE_ACCESS_TOKEN": "sbp_" + "c0ffee03" * 5,
    "GITHUB_TOKEN": "ghp_canarygithubtoken0000000000000000004",
    "AWS_ACCESS_KEY_ID": "AKIACANARY0000000005",
    "AWS_SECRET_ACCESS_KEY": "canary-aws-secret-0006",
    "AWS_SESSION_TOKEN": "canary-aws-session-token-0007",
    "PGPASSWORD": "canary-pg-password-0008",
}
ENVIRONMENT = {
    **CREDENTIALS,
    "PATH": os.defpath,
    "PYTHONPATH": str(ROOT),
    "GITHUB_REPOSITORY": "acme/app",
    "SUPABASE_PROJECT_REF": "abcdefghijklmnopqrst",
    "BACKUP_BUCKET": "acme-backups",
}
ADDRESSES = (
    ("SUPABASE_URL", EVIL),
    ("VITE_SUPABASE_URL", EVIL),
    ("SUPABASE_URL", f"https://{OTHER_PROJECT}"),
    ("SUPABASE_MANAGEMENT_URL", EVIL),
    ("GITHUB_API_URL", EVIL),
    ("GITHUB_API_URL", f"https://api.github.com.{STRANGER}"),
    ("AWS_ENDPOINT_URL_S3", EVIL),
    ("AWS_ENDPOINT_URL", EVIL),
    *(("AWS_ENDPOINT_URL_S3", f"https://{host}") for host in LOOKALIKES[1:]),
)
FILES = {
    ".env": "{name}={value}\n",
    "backup-doctor.toml": '{key} = "{value}"\n',
    "pyproject.toml": '[tool.backup-doctor]\n{key} = "{value}"\n',
}


@pytest.fixture(scope="module")
def wiretap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiretap]:
    with Wiretap(tmp_path_factory.mktemp("wiretap"), HOSTS) as listening:
        yield listening


def doctor(
    checkout: Path, environ: dict[str, str], *flags: str
) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "backup_doctor",
        "--dispatch-id",
        "d-1",
        "--budget",
        "8",
        *flags,
    ]
    return subprocess.run(
        command,
        cwd=checkout,
        env=environ | {"HOME": str(checkout / "home")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def strangers_file(checkout: Path, file: str, name: str, value: str) -> None:
    text = FILES[file].format(name=name, key=name.lower(), value=value)
    (checkout / file).write_text(text)


def leaked(text: str) -> list[str]:
    """The credentials in a text."""
    return [name for name, value in CREDENTIALS.items() if value in text]


@pytest.mark.parametrize(
    "file",
    [".env", *(pytest.param(name, marks=pytest.mark.exhaustive) for name in list(FILES)[1:])],
)
@pytest.mark.parametrize(("name", "value"), ADDRESSES)
def test_an_address_in_a_file_is_not_called_with_or_without_a_credential(
    wiretap: Wiretap, tmp_path: Path, name: str, value: str, file: str
) -> None:
    wiretap.heard.clear()
    strangers_file(tmp_path, file, name, value)

    done = doctor(tmp_path, ENVIRONMENT | wiretap.environment())

    assert [host for host, _ in wiretap.heard if host in STRANGERS] == []
    assert "Traceback" not in done.stdout + done.stderr
    assert leaked(done.stdout + done.stderr) == []
    assert "--trust-config" in done.stdout, "the reader is not told why"


@pytest.mark.parametrize(
    ("name", "credentials"),
    [
        ("SUPABASE_URL", {"SUPABASE_SERVICE_ROLE_KEY", "BACKUP_API_KEY"}),
        ("SUPABASE_MANAGEMENT_URL", {"SUPABASE_ACCESS_TOKEN"}),
        ("GITHUB_API_URL", {"GITHUB_TOKEN"}),
        ("AWS_ENDPOINT_URL_S3", {"AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN"}),
    ],
)
def test_the_wiretap_hears_what_a_trusted_file_lets_through(
    wiretap: Wiretap, tmp_path: Path, name: str, credentials: set[str]
) -> None:
    wiretap.heard.clear()
    strangers_file(tmp_path, ".env", name, EVIL)

    doctor(tmp_path, ENVIRONMENT | wiretap.environment(), "--trust-config")

    assert set(leaked(wiretap.said_to(STRANGER))) == credentials


@pytest.mark.parametrize("prefix", ["HTTPS", "https", "ALL", "HTTP"])
def test_a_proxy_in_a_file_is_not_used(wiretap: Wiretap, tmp_path: Path, prefix: str) -> None:
    wiretap.heard.clear()
    environ = {name: value for name, value in ENVIRONMENT.items() if name != "BACKUP_BUCKET"}
    (tmp_path / ".env").write_text(f"{prefix}_PROXY={wiretap.url}\n")
    closed = "http://127.0.0.1:9"

    doctor(tmp_path, environ | {"HTTPS_PROXY": closed})

    assert wiretap.heard == []


def test_an_aws_configuration_of_the_checkout_is_not_read(wiretap: Wiretap, tmp_path: Path) -> None:
    wiretap.heard.clear()
    (tmp_path / "aws").write_text(
        f"[default]\nendpoint_url = {EVIL}\n[profile evil]\nendpoint_url = {EVIL}\n"
        f"credential_process = touch {tmp_path}/executed\n"
    )
    (tmp_path / ".env").write_text(
        "AWS_CONFIG_FILE=aws\nAWS_SHARED_CREDENTIALS_FILE=aws\nAWS_PROFILE=evil\n"
        f"AWS_CA_BUNDLE={tmp_path}/ca.pem\nSSL_CERT_FILE={tmp_path}/ca.pem\nPGSERVICEFILE=aws\n"
    )
    environ = {k: v for k, v in ENVIRONMENT.items() if not k.startswith("AWS_")}

    for given in (ENVIRONMENT, environ):
        doctor(tmp_path, given | wiretap.environment())

    assert wiretap.said_to(STRANGER) == ""
    assert not (tmp_path / "executed").exists()


class PasswordTrap:
    """A PostgreSQL server that asks for the password in clear text, on an address of the network."""

    def __init__(self, address: str) -> None:
        self.heard = b""
        self._listener = socket.create_server((address, 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                with client:
                    start = client.recv(4096)
                    if len(start) == 8:  # may we speak TLS (or GSS)? No.
                        client.sendall(b"N")
                        start = client.recv(4096)
                    client.sendall(b"R\x00\x00\x00\x08\x00\x00\x00\x03")
                    self.heard += start + client.recv(4096)

    def close(self) -> None:
        """Stop listening."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def trap() -> Iterator[PasswordTrap]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: it only chooses an address
            address = probe.getsockname()[0]
        except OSError:
            pytest.skip("this machine has no address but loopback")
    listening = PasswordTrap(address)
    listening.address = address  # type: ignore[attr-defined]
    yield listening
    listening.close()


@pytest.mark.parametrize(
    ("query", "flags", "heard"),
    [
        ("", (), False),
        ("?password=", (), False),
        ("?sslmode=disable", (), False),
        ("", ("--trust-config",), False),
        ("?sslmode=disable&require_auth=password", ("--trust-config",), True),
    ],
)
@pytest.mark.parametrize("name", ["SUPABASE_DB_URL", "DATABASE_URL"])
def test_a_database_in_a_file_is_sent_no_password_of_the_environment(
    trap: PasswordTrap,
    tmp_path: Path,
    name: str,
    query: str,
    flags: tuple[str, ...],
    *,
    heard: bool,
) -> None:
    url = f"postgresql://me@{trap.address}:{trap.port}/db{query}"  # type: ignore[attr-defined]
    strangers_file(tmp_path, ".env", name, url)
    environ = ENVIRONMENT | {"HTTPS_PROXY": "http://127.0.0.1:9"}

    doctor(tmp_path, environ, *flags)

    assert (CREDENTIALS["PGPASSWORD"].encode() in trap.heard) is heard
