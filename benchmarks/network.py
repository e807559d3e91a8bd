"""A network between the doctor and the services: proxies on loopback that take their time.

Each direction is delayed by half a round trip. Connecting costs a whole one, charged to what the
client sends first: the kernel completes a handshake on loopback before anyone could delay it.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import urlsplit

from benchmarks.http_relay import answer, relay

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    Carry = Callable[
        ["Connection", int, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]
    ]

T = TypeVar("T")
HOST = "127.0.0.1"
CHUNK = 256 * 1024


@dataclass(frozen=True)
class Turn:
    """One question and its answer, as the client saw them: seconds of `time.monotonic()`."""

    service: str
    started: float
    ended: float
    round_trips: int
    """1, or 2 where the connection was opened for it."""

    @property
    def seconds(self) -> float:
        """From the first byte of the question to the last byte of the answer."""
        return self.ended - self.started


class Connection:
    """Takes down the turns of one connection, the last one for as long as its answer goes on."""

    def __init__(self, service: str) -> None:
        self.opened = time.monotonic()
        self.turns: list[Turn] = []
        self._service = service
        self._question = self.opened
        self._is_answered = False

    def asked(self) -> None:
        """The client sent something; after an answer this is the next question."""
        if self._is_answered:
            self._question = time.monotonic()
            self._is_answered = False

    def answered(self) -> None:
        """The client was given something: an answer, or more of it."""
        if self._is_answered:
            self.turns.pop()
        round_trips = 1 if self.turns else 2
        self.turns.append(Turn(self._service, self._question, time.monotonic(), round_trips))
        self._is_answered = True


class Network:
    """Proxies with one round-trip time, and what went through them."""

    def __init__(self, round_trip_s: float) -> None:
        self.round_trip_s = round_trip_s
        self._connections: list[Connection] = []
        self._servers: list[asyncio.Server] = []
        # asyncio drops its own reference when the client leaves, answered or not.
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def before(self, service: str, url: str) -> str:
        """The URL under which the service at `url` (on loopback) is reached over this network."""
        port = urlsplit(url).port
        if port is None:
            raise ValueError(f"the URL of {service} names no port")
        carry = self._relay if url.startswith("http:") else self._carry
        entrance = self._wait(self._listen(service, port, carry))
        return url.replace(f"{HOST}:{port}", f"{HOST}:{entrance}", 1)

    def turns(self, since: float) -> list[Turn]:
        """The answered questions of every connection opened since then (`time.monotonic()`)."""
        recent = [line for line in self._connections if line.opened >= since]
        return [turn for line in recent for turn in line.turns]

    def close(self) -> None:
        """Close every connection and port."""
        self._wait(self._cancel())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _wait(self, task: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(task, self._loop).result()

    async def _listen(self, service: str, port: int, carry: Carry) -> int:
        async def serve(client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
            line = Connection(service)
            self._connections.append(line)
            with suppress(OSError, asyncio.CancelledError):
                await carry(line, port, client, to_client)
            to_client.close()

        def served(client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
            task = self._loop.create_task(serve(client, to_client))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        server = await asyncio.start_server(served, HOST, 0, limit=CHUNK)
        self._servers.append(server)
        listening: int = server.sockets[0].getsockname()[1]
        return listening

    async def _relay(
        self,
        line: Connection,
        port: int,
        client: asyncio.StreamReader,
        to_client: asyncio.StreamWriter,
    ) -> None:
        """HTTP: one question after the other, each with its answer."""
        connected = line.opened + self.round_trip_s

        async def ask(question: bytes) -> bytes:
            line.asked()
            await asyncio.sleep(max(0.0, connected - time.monotonic()) + self.round_trip_s / 2)
            said = await answer(HOST, port, question)
            await asyncio.sleep(self.round_trip_s / 2)
            line.answered()
            return said

        await relay(client, to_client, ask)

    async def _carry(
        self,
        line: Connection,
        port: int,
        client: asyncio.StreamReader,
        to_client: asyncio.StreamWriter,
    ) -> None:
        """Anything else: bytes, in both directions."""
        server, to_server = await asyncio.open_connection(HOST, port, limit=CHUNK)
        there = _Direction(self.round_trip_s / 2, not_before=line.opened + self.round_trip_s)
        back = _Direction(self.round_trip_s / 2, not_before=line.opened)
        try:
            await asyncio.gather(
                there.carry(client, to_server, on_arrival=line.asked),
                back.carry(server, to_client, on_delivery=line.answered),
            )
        finally:
            to_server.close()

    async def _cancel(self) -> None:
        for server in self._servers:
            server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _nothing() -> None:
    pass


@dataclass
class _Direction:
    """One direction of a connection, in order: what comes in at t goes out at t + `delay_s`."""

    delay_s: float
    not_before: float

    async def carry(
        self,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        *,
        on_arrival: Callable[[], None] = _nothing,
        on_delivery: Callable[[], None] = _nothing,
    ) -> None:
        """Pass on everything up to the end of the stream, and the end itself."""
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def arrive() -> None:
            while True:
                data = await source.read(CHUNK)
                if data:
                    on_arrival()
                sent = max(time.monotonic(), self.not_before)
                under_way.put_nowait((sent + self.delay_s, data))
                if not data:
                    return

        async def deliver() -> None:
            while True:
                due, data = await under_way.get()
                await asyncio.sleep(due - time.monotonic())
                if not data:
                    target.write_eof()
                    return
                target.write(data)
                on_delivery()
                await target.drain()

        await asyncio.gather(arrive(), deliver())
