"""The benchmarks' network: what goes through it arrives, whoever leaves early."""

from __future__ import annotations

import gc
import socket
import ssl
import time
from typing import TYPE_CHECKING

import pytest

from benchmarks.network import Network
from benchmarks.tls import HOST, SSL_AGREED, SSL_REQUEST, Handshake

if TYPE_CHECKING:
    from collections.abc import Iterator

QUESTION = b"GET / HTTP/1.1\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
WAIT_S = 10.0


@pytest.fixture
def service() -> Iterator[socket.socket]:
    """A service that accepts connections, and says nothing by itself."""
    with socket.create_server((HOST, 0)) as listening:
        listening.settimeout(WAIT_S)
        yield listening


@pytest.mark.parametrize("scheme", ["http", "postgresql"])
def test_a_client_that_leaves_before_the_answer_leaves_nothing_behind_that_breaks(
    service: socket.socket, scheme: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The proxy's task then hangs on nothing but itself, and Python would throw it away half done."""
    with Network(0.0) as network:
        with _connected(network, service, scheme) as client:
            client.sendall(QUESTION)
            asked, _ = service.accept()
            assert asked.recv(len(QUESTION)) == QUESTION

        time.sleep(0.1)  # for the proxy to see the client leave
        gc.collect()

    asked.close()
    assert [record.getMessage() for record in caplog.records] == []


@pytest.mark.parametrize(("scheme", "round_trips"), [("http", [2, 1]), ("postgresql", [2, 1, 1])])
def test_the_handshake_is_counted_and_so_is_the_first_question(
    service: socket.socket, scheme: str, round_trips: list[int]
) -> None:
    """Connecting and the first bytes of TLS, PostgreSQL's one more, then the question alone."""
    with Network(0.02) as network:
        since = time.monotonic()
        with _connected(network, service, scheme) as client:
            time.sleep(0.1)  # what TLS is ended with waits for nothing, so this is nobody's wait
            client.sendall(QUESTION)
            asked, _ = service.accept()
            asked.recv(len(QUESTION))
            asked.sendall(ANSWER)
            asked.close()
            client.recv(len(ANSWER))
        turns = network.turns(since)

    assert [turn.round_trips for turn in turns] == round_trips
    assert [turn.is_handshake for turn in turns] == [True] * (len(turns) - 1) + [False]
    assert turns[-1].seconds < 0.1


def test_a_question_that_comes_with_the_end_of_the_handshake_is_one() -> None:
    hello, finished, question = b"\x16\x03\x01\0\1h", b"\x17\x03\x03\0\1f", b"\x17\x03\x03\0\1q"

    handshake = Handshake()

    assert handshake.asks(hello)
    assert not handshake.asks(finished[:3])
    assert handshake.asks(finished[3:] + question)


def _connected(network: Network, service: socket.socket, scheme: str) -> ssl.SSLSocket:
    port = service.getsockname()[1]
    reached = network.before("service", f"{scheme}://{HOST}:{port}")
    entrance = int(reached.partition("?")[0].rpartition(":")[2])
    client = socket.create_connection((HOST, entrance))
    if scheme == "postgresql":
        client.sendall(SSL_REQUEST)
        assert client.recv(1) == SSL_AGREED
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    return trusting.wrap_socket(client)
