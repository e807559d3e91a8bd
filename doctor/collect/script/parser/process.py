"""The process that parses. It is run by its path, without the package: it has to start in milliseconds.

It takes requests on standard input and gives replies on standard output, each four bytes of length
and then MessagePack, until the input ends. tree-sitter goes on after an error, at a price that no
count of its work foretells, so its time is bounded and a text that costs too much is cut.
Source: https://tree-sitter.github.io/tree-sitter/using-parsers/.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from time import thread_time
from typing import IO, TYPE_CHECKING, TypeAlias

import msgspec

from backup_doctor.base.models import from_msgpack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tree_sitter import Language, Node, Parser, TreeCursor

# The numbers of its type and its role among the reply's words, start and end in bytes, first and last
# line, flags (1 named, 2 missing), how many children follow.
Row: TypeAlias = tuple[int, int, int, int, int, int, int, int]

TEXT_LIMIT = 256 * 1024
"""Bytes read of one script; the rest of it is not read."""

CHUNK = 64 * 1024
# More nodes than a reader's budget has.
MOST_ROWS = 40_000
# How often a text is tried that costs more time than is left, and how much less of it each time.
ATTEMPTS = 3
SMALLER = 4
MOST_MEMORY = 1024**3
LENGTH_BYTES = 4

_GRAMMARS = {
    "bash": ("tree_sitter_bash", "language"),
    "javascript": ("tree_sitter_javascript", "language"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
    "python": ("tree_sitter_python", "language"),
    "powershell": ("tree_sitter_powershell", "language"),
}


class ParseRequest(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A text to parse, and the processor time that it may take."""

    language: str
    text: str
    seconds: float


class ParseReply(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """The tree of the first `size` bytes of the text, as rows.

    No rows where even a small part of the text costs more than it may. `whole`: nothing was left out.
    `missing`: why there is no parser for the language here.
    """

    rows: tuple[Row, ...] = ()
    words: tuple[str, ...] = ()
    size: int = 0
    whole: bool = True
    seconds: float = 0.0
    missing: str = ""


class GrammarMissingError(Exception):
    """tree-sitter or a grammar is not installed, or does not fit its other half."""


def answer(request: ParseRequest) -> ParseReply:
    """The reply to one request."""
    begun = thread_time()
    try:
        reply = _parsed(request)
    except GrammarMissingError as error:
        return ParseReply(missing=str(error))
    return msgspec.structs.replace(reply, seconds=thread_time() - begun)


def _parsed(request: ParseRequest) -> ParseReply:
    own = _parser(request.language)
    source = request.text.encode("utf-8", "replace")
    cut = _cut(source, TEXT_LIMIT)
    seconds = request.seconds
    for _ in range(ATTEMPTS):
        begun = thread_time()
        root, reached = _parse(own, cut, seconds * 2 / 3)
        seconds = max(0.0, seconds - (thread_time() - begun))
        if root is not None:
            rows, words = _rows(root)
            whole = len(cut) == len(source) and len(rows) == root.descendant_count
            return ParseReply(rows=rows, words=words, size=len(cut), whole=whole)
        cut = _cut(source, min(reached, len(cut)) // SMALLER)
    return ParseReply(whole=False)


def _cut(source: bytes, limit: int) -> bytes:
    """The whole lines of the first `limit` bytes."""
    if len(source) <= limit:
        return source
    return source[: source.rfind(b"\n", 0, limit) + 1] or source[:limit]


def _parse(own: Parser, source: bytes, seconds: float) -> tuple[Node | None, int]:
    """The root; or None and how far the parser came in this time."""
    reached = 0
    end = thread_time() + seconds

    def stop(offset: int, _: bool) -> bool:
        nonlocal reached
        reached = max(reached, offset)
        return thread_time() > end

    def piece(offset: int, _: object) -> bytes:
        return source[offset : offset + CHUNK]

    try:
        return own.parse(piece, progress_callback=stop).root_node, len(source)
    except ValueError:
        own.reset()
        return None, reached


def _rows(root: Node) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """The nodes from the root on, each before its children, and the words that they use.

    Past the bound whole children of the root are left out, so that each node has all of its own.
    """
    numbers: dict[str, int] = {"": 0}
    rows: list[Row] = []
    whole = 1
    for cursor in _walk(root.walk()):
        if cursor.depth == 1:
            whole = len(rows)
        if len(rows) == MOST_ROWS:
            return tuple(rows[:whole]), tuple(numbers)
        rows.append(_row(cursor, numbers))
    return tuple(rows), tuple(numbers)


def _row(cursor: TreeCursor, numbers: dict[str, int]) -> Row:
    node = cursor.node
    assert node is not None, "a cursor in a tree"
    return (
        numbers.setdefault(node.type, len(numbers)),
        numbers.setdefault(cursor.field_name or "", len(numbers)),
        node.start_byte,
        node.end_byte,
        node.start_point[0],
        node.end_point[0],
        node.is_named + 2 * node.is_missing,
        node.child_count,
    )


def _walk(cursor: TreeCursor) -> Iterator[TreeCursor]:
    """The cursor at each node in its turn."""
    while True:
        yield cursor
        if cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return


def _parser(language: str) -> Parser:
    grammar = _grammar(language)
    from tree_sitter import Parser

    return Parser(grammar)


@cache
def _grammar(language: str) -> Language:
    """The grammar of a language, made once.

    Raises:
        GrammarMissingError: there is none here.
    """
    module, function = _GRAMMARS[language]
    try:
        from tree_sitter import Language

        grammar: Callable[[], object] = getattr(import_module(module), function)
        return Language(grammar())
    except (ImportError, AttributeError, ValueError, TypeError, OSError) as error:
        raise GrammarMissingError(f"{module}: {error}") from error


def send(stream: IO[bytes], message: ParseRequest | ParseReply) -> None:
    """Write one message.

    Raises:
        OSError: the other side is gone.
    """
    body = msgspec.msgpack.encode(message)
    stream.write(len(body).to_bytes(LENGTH_BYTES, "big") + body)
    stream.flush()


def _requests(stream: IO[bytes]) -> Iterator[ParseRequest]:
    while len(head := stream.read(LENGTH_BYTES)) == LENGTH_BYTES:
        body = stream.read(int.from_bytes(head, "big"))
        yield from_msgpack(body, ParseRequest)


def _bound_memory() -> None:
    """A text that takes more is not read; where the system knows no such bound, there is none."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, ValueError, OSError):
        return


def main() -> None:
    """Answer until nobody asks any more."""
    _bound_memory()
    for request in _requests(sys.stdin.buffer):
        send(sys.stdout.buffer, answer(request))


if __name__ == "__main__":
    main()
