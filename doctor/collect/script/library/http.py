"""HTTP clients: fetch, axios, got, ky, undici, node's http; requests, httpx, aiohttp, urllib."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.collect.script.composing import joined, lit, plain, to_text
from backup_doctor.collect.script.library.sending import SentRequest, header_pairs, send
from backup_doctor.collect.script.model import Auth, Scheme
from backup_doctor.collect.script.texts import literal, rendered
from backup_doctor.collect.script.values import (
    EMPTY,
    UNKNOWN,
    Api,
    Closure,
    Fields,
    Items,
    Lit,
    Native,
    Response,
    Text,
    holes,
)

if TYPE_CHECKING:
    from backup_doctor.collect.script.following import Following
    from backup_doctor.collect.script.values import Value

_VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options"})
# What they are called, and whether they fail on a refusal.
_FETCHES = {
    "fetch": "fetch",
    "node-fetch": "fetch",
    "cross-fetch": "fetch",
    "isomorphic-fetch": "fetch",
    "node-fetch-native": "fetch",
    "undici.fetch": "fetch",
    "globalThis.fetch": "fetch",
}
_OBJECTS = {"axios": True, "got": True, "ky": True, "phin": False, "undici": False, "needle": False}
_PYTHON = frozenset({"requests", "httpx", "aiohttp", "urllib3", "niquests", "curl_cffi.requests"})
_SESSIONS = frozenset(
    {"Session", "Client", "AsyncClient", "ClientSession", "PoolManager", "session"}
)
_NODE = frozenset({"http.request", "https.request", "http.get", "https.get"})


def call_http(
    trace: Following, api: Api, args: list[Value], named: Fields, line: int
) -> Value | None:
    """The call that a client's function makes; None if it is no client's."""
    if api.path in _FETCHES:
        return _fetch(trace, _FETCHES[api.path], args, line)
    if api.path in {"SentRequest", "Headers", "urllib.request.Request", "Request()"}:
        return Api(
            f"{api.path}()",
            Fields(
                {
                    **named.fields,
                    "given": args[0] if args else UNKNOWN,
                    "options": args[1] if len(args) > 1 else UNKNOWN,
                }
            ),
        )
    if api.path in _NODE:
        return _node(trace, api, args, line)
    if api.path in {"urllib.request.urlopen", "urlopen"}:
        return _urlopen(trace, args, named, line)
    head, _, last = api.path.rpartition(".")
    base = head.removesuffix("()").split(".", maxsplit=1)[0] if head else api.path
    if base in _OBJECTS:
        return _object(trace, api, base, last, args, line)
    if base in _PYTHON:
        return _python(trace, api, base, last, args, named, line)
    if base in {"github", "octokit", "Octokit"} or head.startswith("@octokit"):
        return _octokit(trace, api, args, line)
    return None


def _option(fields: dict[str, Value], *names: str) -> Value:
    return next((fields[name] for name in names if name in fields), UNKNOWN)


def _fields(value: Value) -> dict[str, Value]:
    inner = plain(value)
    return inner.fields if isinstance(inner, Fields) else {}


def _fetch(trace: Following, client: str, args: list[Value], line: int) -> Value:
    url, options = args[0] if args else UNKNOWN, _fields(args[1] if len(args) > 1 else UNKNOWN)
    request = plain(url)
    if isinstance(request, Api) and request.path == "Request()":
        options = {**_fields(request.config.fields["options"]), **options}
        url = request.config.fields["given"]
    number = send(
        trace,
        SentRequest(
            client=client,
            method=_method(_option(options, "method")),
            url=url,
            headers=header_pairs(_option(options, "headers")),
            body=_option(options, "body"),
            line=line,
        ),
    )
    return Response((number,), client)


def _method(value: Value, default: str = "GET") -> str:
    told = literal(plain(value))
    return told.upper() if told else default


def _object(
    trace: Following, api: Api, client: str, last: str, args: list[Value], line: int
) -> Value:
    """axios, got, ky, undici: called themselves, or by a verb, or by an instance of theirs."""
    if last in {"create", "extend", "defaults"}:
        return Api(
            f"{client}()", Fields({**api.config.fields, **_fields(args[0] if args else UNKNOWN)})
        )
    verb = last.lower() if last.lower() in _VERBS else ""
    if last and not verb and last not in {"request", client, "default"} and last != f"{client}()":
        return UNKNOWN
    first = args[0] if args else UNKNOWN
    takes_body = client == "axios" and verb in {"post", "put", "patch"}
    rest = args[1:]
    body = rest.pop(0) if takes_body and rest else UNKNOWN
    given = _fields(rest[0] if rest else UNKNOWN)
    if isinstance(plain(first), Fields):
        given, first = _fields(first), _option(_fields(first), "url")
    options = {**api.config.fields, **given}
    headers = [
        *header_pairs(_option(api.config.fields, "headers")),
        *header_pairs(_option(given, "headers")),
    ]
    checks = _option(options, "validateStatus", "throwHttpErrors")
    fails = _OBJECTS[client] and not (
        isinstance(plain(checks), Closure) or literal(checks) == "false"
    )
    number = send(
        trace,
        SentRequest(
            client=client,
            method=verb.upper() or _method(_option(options, "method")),
            url=_asking(
                _under(_option(options, "baseURL", "prefixUrl", "base_url"), first),
                _option(options, "params", "searchParams"),
            ),
            headers=headers,
            body=body if body != UNKNOWN else _option(options, "data", "json", "body"),
            auth=_basic(_option(options, "auth")),
            fails_on_status=fails,
            line=line,
        ),
    )
    return Response((number,), client)


def _under(base: Value, url: Value) -> Value:
    """An address under a base, unless it is a whole one."""
    if base == UNKNOWN or (literal(url) or "").startswith("http"):
        return url
    between = "" if rendered(url).startswith("/") or rendered(base).endswith("/") else "/"
    return joined([base, lit(between), url])


def _asking(url: Value, query: Value) -> Value:
    """An address with the query that is handed over beside it."""
    given = _fields(query)
    if not given:
        return url
    first = "&" if "?" in rendered(url) else "?"
    parts: list[Value] = [url]
    for name, value in given.items():
        parts += [lit(f"{first}{name}="), value]
        first = "&"
    return joined(parts)


def _basic(value: Value) -> tuple[Auth, ...]:
    if value == UNKNOWN:
        return ()
    inner = plain(value)
    given = inner.items[-1] if isinstance(inner, Items) and inner.items else inner
    secret = given.fields.get("password", UNKNOWN) if isinstance(given, Fields) else given
    held = next(iter(holes(to_text(secret))), None)
    return (Auth(scheme=Scheme.BASIC, header="authorization", variable=held.name if held else ""),)


def _python(
    trace: Following, api: Api, client: str, last: str, args: list[Value], named: Fields, line: int
) -> Value:
    if last in _SESSIONS:
        return Api(f"{api.path}()", Fields({**api.config.fields, **named.fields}))
    fields = {**named.fields}
    verb = last.lower()
    if verb in {"request", "stream"}:
        method, rest = _method(args[0] if args else _option(fields, "method")), args[1:]
    elif verb in _VERBS:
        method, rest = verb.upper(), args
    else:
        return UNKNOWN
    url = rest[0] if rest else _option(fields, "url")
    data = rest[1] if len(rest) > 1 and verb in {"post", "put", "patch"} else UNKNOWN
    own = _option(api.config.fields, "headers")
    number = send(
        trace,
        SentRequest(
            client="requests" if client == "requests" else client,
            method=method,
            url=_asking(
                _under(_option(api.config.fields, "base_url"), url), _option(fields, "params")
            ),
            headers=[*header_pairs(own), *header_pairs(_option(fields, "headers"))],
            body=_option(fields, "json", "data", "content", "body") if data == UNKNOWN else data,
            auth=_basic(_option(fields, "auth")),
            line=line,
        ),
    )
    return Response((number,), client)


def _urlopen(trace: Following, args: list[Value], named: Fields, line: int) -> Value:
    first = plain(args[0]) if args else UNKNOWN
    fields = first.config.fields if isinstance(first, Api) else {}
    given = fields.get("given", UNKNOWN)
    url = _option(fields, "url", "full_url") if given == UNKNOWN else given
    body = (
        _option(fields, "data", "options")
        if fields
        else (args[1] if len(args) > 1 else _option(named.fields, "data"))
    )
    number = send(
        trace,
        SentRequest(
            client="urllib",
            method=_method(_option(fields, "method"), "POST" if body != UNKNOWN else "GET"),
            url=url if fields else (args[0] if args else UNKNOWN),
            headers=[
                *header_pairs(_option(fields, "headers")),
                *header_pairs(_option(fields, "added")),
            ],
            body=body,
            fails_on_status=True,
            line=line,
        ),
    )
    return Response((number,), "urllib")


def _node(trace: Following, api: Api, args: list[Value], line: int) -> Value:
    """`https.request(url, options, callback)`."""
    options: dict[str, Value] = {}
    url: Value = UNKNOWN
    callback: Value = UNKNOWN
    for one in args:
        inner = plain(one)
        if isinstance(inner, Closure | Native):
            callback = inner
        elif isinstance(inner, Fields):
            options.update(inner.fields)
        else:
            url = one
    if url == UNKNOWN:
        host = _option(options, "hostname", "host")
        url = joined([lit("https://"), host, _option(options, "path")])
    number = send(
        trace,
        SentRequest(
            client=api.path.partition(".")[0],
            method=_method(_option(options, "method")),
            url=url,
            headers=header_pairs(_option(options, "headers")),
            line=line,
        ),
    )
    answer = Response((number,), "https")
    trace.call_back(callback, [answer])
    return answer


def _octokit(trace: Following, api: Api, args: list[Value], line: int) -> Value | None:
    path = api.path.removeprefix("github.")
    if path in {"getOctokit", "context"} or "()" in path:
        return None
    address = rendered(args[0]) if path == "request" and args else path
    url = Text((Lit(f"https://api.github.com/{address}"),)) if address else EMPTY
    number = send(
        trace, SentRequest(client="octokit", method="", url=url, fails_on_status=True, line=line)
    )
    return Response((number,), "octokit")
