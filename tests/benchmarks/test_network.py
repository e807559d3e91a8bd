"""The benchmarks' network: what goes through it arrives, whoever leaves early."""

from __future__ import annotations

import gc
import socket
import time
from typing import TYPE_CHECKING

import pytest

from benchmarks.network import HOST, Network

if TYPE_CHECKING:
    from collections.abc import Iterator

QUESTION = b"GET / HTTP/1.1\r\n\r\n"
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
    port = service.getsockname()[1]
    with Network(0.0) as network:
        entrance = network.before("service", f"{scheme}://{HOST}:{port}").rpartition(":")[2]
        with socket.create_connection((HOST, int(entrance))) as client:
            client.sendall(QUESTION)
            asked, _ = service.accept()
            assert asked.recv(len(QUESTION)) == QUESTION

        time.sleep(0.1)  # for the proxy to see the client leave
        gc.collect()

    asked.close()
    assert [record.getMessage() for record in caplog.records] == []
