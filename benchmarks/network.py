"""A network between the doctor and the services: proxies on loopback that take their time.

Each direction is delayed by half a round trip. Connecting costs a whole one, charged to what the
client sends first: the kernel completes a handshake on loopback before anyone could delay it. All of
it is encrypted; behind the delay TLS ends, and the service is asked without any.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import urlsplit

from benchmarks.http_relay import STORAGE, answer, path_of, relay
from benchmarks.tls import HOST, Handshake, Identity, agree

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

T = TypeVar("T")
CHUNK = 256 * 1024
LOG_STORAGE = "GitHub's log storage"


@dataclass(frozen=True)
class Turn:
    """One question and its answer, as the client saw them: seconds of `time.monotonic()`."""

    service: str
    started: float
    ended: float
    round_trips: int
    """1, or 2 where the connection was opened for it."""
    is_handshake: bool = False
    question: str = ""
    """The path that was asked for, where it is HTTP."""

    @property
    def seconds(self) -> float:
        """From the first byte of the question to the last byte of the answer."""
        return self.ended - self.started

    @property
    def what(self) -> str:
        """What the client did."""
        if not self.is_handshake:
            return f"{self.service}: {self.question}" if self.question else self.service
        return f"{self.service}: {'connecting and TLS' if self.round_trips > 1 else 'TLS'}"


class Connection:
    """Takes down the turns of one connection, the last one for as long as its answer goes on."""

    def __init__(self, service: str) -> None:
        self.opened = time.monotonic()
        self.service = service
        self.questions: list[str] = []
        self._turns: list[Turn] = []
        self._handshake = Handshake()
        self._question = self.opened
        self._is_answered = False

    @property
    def turns(self) -> list[Turn]:
        """The turns, under the service's name as it is known by now, and with what was asked."""
        asked = iter(self.questions)
        return [
            replace(
                turn,
                service=self.service,
                question="" if turn.is_handshake else next(asked, ""),
            )
            for turn in self._turns
        ]

    def sent(self, data: bytes) -> None:
        """The client sent something; after an answer this is the next question."""
        if self._handshake.asks(data) and (self._is_answered or not self._turns):
            self._question = time.monotonic()
            self._is_answered = False

    def answered(self) -> None:
        """The client was given something: an answer, or more of it."""
        if self._is_answered:
            self._turns.pop()
        self._turns.append(
            Turn(
                self.service,
                self._question,
                time.monotonic(),
                round_trips=1 if self._turns else 2,
                is_handshake=not self._handshake.is_over,
            )
        )
        self._is_answered = True


class Network:
    """Proxies with one round-trip time, and what went through them."""

    def __init__(self, round_trip_s: float) -> None:
        self.round_trip_s = round_trip_s
        self.identity = Identity()
        self._connections: list[Connection] = []
        # The connections by the port from which their tunnels' ends are reached.
        self._by_port: dict[int, Connection] = {}
        self._servers: list[asyncio.Server] = []
        # asyncio drops its own reference when the client leaves, answered or not.
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def without_tls(self, url: str) -> str:
        """The URL under which a service is reached over this network by who cannot speak TLS."""
        port = _port(url)
        entrance = self._wait(self._listen(partial(self._delay, "without TLS", port)))
        return url.replace(f"{HOST}:{port}", f"{HOST}:{entrance}", 1)

    def before(self, service: str, url: str) -> str:
        """The URL under which the service at `url` (on loopback) is reached over this network."""
        port = _port(url)
        entrance = self._wait(self._entrance(service, port, is_http=url.startswith("http:")))
        reached = url.replace(f"{HOST}:{port}", f"{HOST}:{entrance}", 1)
        if url.startswith("http:"):
            return reached.replace("http:", "https:", 1)
        return f"{reached}{'&' if '?' in reached else '?'}sslmode=require"

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

    async def _entrance(self, service: str, port: int, *, is_http: bool) -> int:
        """The port at which the service is reached by TLS and with the delay."""
        if is_http:
            end = await self._listen(partial(self._relay, port), tls=True)
        else:
            end = await self._listen(partial(self._carry, port))
        return await self._listen(partial(self._delay, service, end))

    async def _listen(self, serve: Serve, *, tls: bool = False) -> int:
        async def until_left(client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await serve(client, to_client)
            to_client.close()

        def served(client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
            task = self._loop.create_task(until_left(client, to_client))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        context = self.identity.context if tls else None
        server = await asyncio.start_server(served, HOST, 0, limit=CHUNK, ssl=context)
        self._servers.append(server)
        listening: int = server.sockets[0].getsockname()[1]
        return listening

    async def _delay(
        self,
        service: str,
        end: int,
        client: asyncio.StreamReader,
        to_client: asyncio.StreamWriter,
    ) -> None:
        """What the client is connected to: bytes, late, in both directions."""
        line = Connection(service)
        self._connections.append(line)
        server, to_server = await asyncio.open_connection(HOST, end, limit=CHUNK)
        self._by_port[to_server.get_extra_info("sockname")[1]] = line
        there = _Direction(self.round_trip_s / 2, not_before=line.opened + self.round_trip_s)
        back = _Direction(self.round_trip_s / 2, not_before=line.opened)
        try:
            await asyncio.gather(
                there.carry(client, to_server, on_arrival=line.sent),
                back.carry(server, to_client, on_delivery=line.answered),
            )
        finally:
            to_server.close()

    async def _relay(
        self, port: int, client: asyncio.StreamReader, to_client: asyncio.StreamWriter
    ) -> None:
        """HTTP: one question after the other, each with its answer."""
        line = self._by_port[to_client.get_extra_info("peername")[1]]

        async def ask(question: bytes) -> bytes:
            line.questions.append(path_of(question))
            if line.questions[-1].startswith(STORAGE):
                line.service = LOG_STORAGE
            return await answer(HOST, port, question)

        await relay(client, to_client, ask)

    async def _carry(
        self, port: int, client: asyncio.StreamReader, to_client: asyncio.StreamWriter
    ) -> None:
        """PostgreSQL: its way into TLS, then bytes in both directions."""
        await agree(client, to_client, self.identity)
        server, to_server = await asyncio.open_connection(HOST, port, limit=CHUNK)
        there, back = _Direction(0.0, not_before=0.0), _Direction(0.0, not_before=0.0)
        try:
            await asyncio.gather(there.carry(client, to_server), back.carry(server, to_client))
        finally:
            to_server.close()

    async def _cancel(self) -> None:
        for server in self._servers:
            server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _port(url: str) -> int:
    port = urlsplit(url).port
    if port is None:
        raise ValueError("the URL names no port")
    return port


def _ignore(_: bytes) -> None:
    pass


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
        on_arrival: Callable[[bytes], None] = _ignore,
        on_delivery: Callable[[], None] = _nothing,
    ) -> None:
        """Pass on everything up to the end of the stream, and the end itself."""
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def arrive() -> None:
            while True:
                data = await source.read(CHUNK)
                if data:
                    on_arrival(data)
                sent = max(time.monotonic(), self.not_before)
                under_way.put_nowait((sent + self.delay_s, data))
                if not data:
                    return

        async def deliver() -> None:
            while True:
                due, data = await under_way.get()
                await asyncio.sleep(due - time.monotonic())
                if not data:
                    if target.can_write_eof():  # not within TLS
                        target.write_eof()
                    return
                on_delivery()
                target.write(data)
                await target.drain()

        await asyncio.gather(arrive(), deliver())
