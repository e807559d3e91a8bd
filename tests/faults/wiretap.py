"""A forward proxy that every HTTPS request of a process goes through, and that reads them all.

It ends TLS itself with a certificate for the hosts of interest, which the process is told to trust:
what a host would be sent can be seen without there being such a host.
"""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from tests.faults.proxy import read_request

if TYPE_CHECKING:
    from pathlib import Path

ANSWER = b'{"message":"Not Found"}'
NOT_FOUND = (
    b"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
    b"Connection: close\r\n\r\n%b" % (len(ANSWER), ANSWER)
)


class Wiretap:
    """Listens until `close()`. `heard` holds each host that was connected to, and all it was sent."""

    def __init__(self, directory: Path, hosts: tuple[str, ...]) -> None:
        self.heard: list[tuple[str, str]] = []
        self.certificate = directory / "wiretap.pem"
        names = ",".join(f"DNS:{host}" for host in hosts)
        command = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=wiretap -addext"
        files = ("-keyout", str(directory / "key.pem"), "-out", str(self.certificate))
        subprocess.run(
            [*command.split(), f"subjectAltName={names}", *files], capture_output=True, check=True
        )
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(self.certificate, directory / "key.pem")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def environment(self) -> dict[str, str]:
        """What makes a process use the proxy and trust its certificate."""
        trusted = {"SSL_CERT_FILE": str(self.certificate), "AWS_CA_BUNDLE": str(self.certificate)}
        return {"HTTPS_PROXY": self.url, **trusted}

    def said_to(self, host: str) -> str:
        """All that was sent to a host."""
        return "\n".join(text for name, text in self.heard if name == host)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError), client:
            connect = read_request(client)
            if connect is None:
                return
            host = connect.path.partition(":")[0]
            self.heard.append((host, ""))
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with self._tls.wrap_socket(client, server_side=True) as secured:
                request = read_request(secured)
                if request is not None:
                    self.heard.append((host, request.raw.decode("latin-1")))
                    secured.sendall(NOT_FOUND)
