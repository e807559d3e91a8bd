"""Ways to spoil one HTTP exchange: each takes the place of a service's answer to one request."""

from __future__ import annotations

import json
import socket
import struct
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.proxy import Proxy, Request

    Spoil = Callable[[socket.socket, Request, Proxy], None]

GIGABYTE = 1024**3
MEGABYTE = bytes(1024 * 1024)
DRIP_S = 0.1
HTML = b"<!DOCTYPE html><html><body><h1>Sign in to the guest network</h1></body></html>"


def silent(_client: socket.socket, _request: Request, proxy: Proxy) -> None:
    """Read the request and never say a word."""
    proxy.closed.wait()


def drip_head(client: socket.socket, _request: Request, proxy: Proxy) -> None:
    """Send the headers byte by byte, without end: no single read ever times out."""
    _drip(client, b"HTTP/1.1 200 OK\r\nX-Filler: ", proxy)


def drip_body(client: socket.socket, _request: Request, proxy: Proxy) -> None:
    """Send the headers at once and the body byte by byte."""
    client.sendall(_head(200, 1_000_000, b"application/json"))
    _drip(client, b"", proxy)


def _drip(client: socket.socket, start: bytes, proxy: Proxy) -> None:
    client.sendall(start)
    while not proxy.closed.wait(DRIP_S):
        client.sendall(b" ")


def of_body(spoil: Spoil) -> Spoil:
    """Spoil only what has a body: the answer to a HEAD passes through."""

    def spoil_body(client: socket.socket, request: Request, proxy: Proxy) -> None:
        if request.method == "HEAD":
            client.sendall(proxy.ask(request))
        else:
            spoil(client, request, proxy)

    return spoil_body


def reset(client: socket.socket, request: Request, proxy: Proxy) -> None:
    """Send half of the real answer, then reset the connection."""
    answer = proxy.ask(request)
    client.sendall(answer[: len(answer) // 2])
    time.sleep(0.05)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@of_body
def too_short(client: socket.socket, request: Request, proxy: Proxy) -> None:
    """Promise 1,000 bytes more than there are, and close."""
    head, body = _parts(proxy.ask(request))
    client.sendall(_with_length(head, len(body) + 1000) + body)


@of_body
def too_long(client: socket.socket, request: Request, proxy: Proxy) -> None:
    """Promise half of what is sent."""
    head, body = _parts(proxy.ask(request))
    client.sendall(_with_length(head, len(body) // 2) + body)


@of_body
def truncated(client: socket.socket, request: Request, proxy: Proxy) -> None:
    """Send half of the body as if it were whole."""
    head, body = _parts(proxy.ask(request))
    half = body[: len(body) // 2]
    client.sendall(_with_length(head, len(half)) + half)


def huge(client: socket.socket, _request: Request, _proxy: Proxy) -> None:
    """Send a gigabyte of zeros."""
    client.sendall(_head(200, GIGABYTE, b"application/json"))
    with suppress(OSError):
        for _ in range(GIGABYTE // len(MEGABYTE)):
            client.sendall(MEGABYTE)


def body(content: bytes, media_type: bytes, status: int = 200, headers: bytes = b"") -> Spoil:
    """Answer every request with the same content."""

    def spoil(client: socket.socket, request: Request, _proxy: Proxy) -> None:
        shown = b"" if request.method == "HEAD" else content
        client.sendall(_head(status, len(content), media_type, headers) + shown)

    return spoil


def html_page(status: int) -> Spoil:
    """A proxy's or a portal's page."""
    return body(HTML, b"text/html; charset=utf-8", status, _retry_after(status))


def json_message(status: int) -> Spoil:
    """A JSON error such as any API gateway sends."""
    said = json.dumps({"message": f"the upstream said {status}"}).encode()
    return body(said, b"application/json", status, _retry_after(status))


def _retry_after(status: int) -> bytes:
    return b"Retry-After: 1\r\n" if status == 429 else b""


def reshaped(change: Callable[[Any], Any]) -> Spoil:
    """The real answer with its JSON changed; what is no JSON passes through."""

    @of_body
    def spoil(client: socket.socket, request: Request, proxy: Proxy) -> None:
        head, content = _parts(proxy.ask(request))
        with suppress(ValueError):
            content = json.dumps(change(json.loads(content))).encode()
        client.sendall(_with_length(head, len(content)) + content)

    return spoil


def other_container(value: object) -> object:
    """A list for an object, an object for a list."""
    return {"items": value} if isinstance(value, list) else [value]


def null(_value: object) -> None:
    """JSON's null."""


def stringly(value: Any) -> Any:
    """Every number and boolean as a string."""
    if isinstance(value, dict):
        return {name: stringly(one) for name, one in value.items()}
    if isinstance(value, list):
        return [stringly(one) for one in value]
    return json.dumps(value) if isinstance(value, bool | int | float) else value


def bereft(value: Any) -> Any:
    """Every object without the fields that it had."""
    if isinstance(value, dict):
        return {name: bereft(one) for name, one in value.items() if isinstance(one, dict | list)}
    if isinstance(value, list):
        return [bereft(one) for one in value]
    return value


def redirect_to_itself(client: socket.socket, request: Request, proxy: Proxy) -> None:
    """Redirect to the same address, for ever."""
    _redirect(client, f"http://127.0.0.1:{proxy.port}{request.path}")


def redirect_to(host: Callable[[], str], status: int) -> Spoil:
    """Redirect to another host, which `host` names when asked."""

    def spoil(client: socket.socket, request: Request, _proxy: Proxy) -> None:
        _redirect(client, f"{host()}{request.path}", status)

    return spoil


def _redirect(client: socket.socket, target: str, status: int = 307) -> None:
    where = b"Location: " + target.encode("latin-1") + b"\r\n"
    client.sendall(_head(status, 0, b"text/plain", where))


def _head(status: int, length: int, media_type: bytes, headers: bytes = b"") -> bytes:
    return (
        b"HTTP/1.1 %d Spoiled\r\nContent-Type: %b\r\nContent-Length: %d\r\n%bConnection: close\r\n\r\n"
        % (status, media_type, length, headers)
    )


def _parts(answer: bytes) -> tuple[bytes, bytes]:
    """The head, and the body with chunks put together."""
    head, _, content = answer.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" in head.lower():
        content = _unchunked(content)
    return head, content


def _unchunked(content: bytes) -> bytes:
    whole = b""
    while content:
        size, _, rest = content.partition(b"\r\n")
        length = int(size.split(b";")[0], 16)
        whole += rest[:length]
        content = rest[length + 2 :] if length else b""
    return whole


def _with_length(head: bytes, length: int) -> bytes:
    kept = [
        line
        for line in head.split(b"\r\n")
        if not line.lower().startswith((b"content-length:", b"transfer-encoding:"))
    ]
    return b"\r\n".join([*kept, b"Content-Length: %d" % length]) + b"\r\n\r\n"


def xml_bomb() -> bytes:
    """Ten entities, each ten of the one before: ten billion words when expanded."""
    entities = [b'<!ENTITY e0 "lol">']
    entities += [b'<!ENTITY e%d "%b">' % (n, b"&e%d;" % (n - 1) * 10) for n in range(1, 11)]
    return b'<?xml version="1.0"?><!DOCTYPE x [%b]><x>&e10;</x>' % b"".join(entities)
