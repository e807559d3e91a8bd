"""Asks the process that parses; starts it with the first script, and again if a script was its end."""

from __future__ import annotations

import atexit
import contextlib
import os
import selectors
import subprocess
import sys
import threading
import time
from typing import IO, TYPE_CHECKING, NamedTuple

import msgspec

from backup_doctor.base.models import from_msgpack
from backup_doctor.collect.script.parser import process
from backup_doctor.collect.script.parser.process import (
    LENGTH_BYTES,
    GrammarMissingError,
    ParseReply,
    ParseRequest,
    send,
)
from backup_doctor.collect.script.parser.tree import Node, tree

if TYPE_CHECKING:
    from backup_doctor.collect.script.budget import Budget

# A reply is waited for this long on a machine of whatever load; the process bounds its own time.
PATIENCE_S = 10.0
# After so many scripts that were its end, no more are read.
MOST_ENDS = 3
# Without these some Pythons do not start.
NEEDED = ("LD_LIBRARY_PATH", "SYSTEMROOT")
# Puts the modules that the doctor finds on the path, and nothing of the folder that it is run in.
START = "import runpy, sys; sys.path[:] = sys.argv[2:]; runpy.run_path(sys.argv[1], run_name='__main__')"


class Parsed(NamedTuple):
    """A tree and its text. `whole`: all of the text is in it."""

    root: Node
    source: bytes
    whole: bool


def parse(text: str, language: str, budget: Budget) -> Parsed | None:
    """The tree of a text; None if even a small part of it costs more than the budget has.

    Raises:
        GrammarMissingError: there is no parser for the language here.
    """
    reply = _PARSER.ask(ParseRequest(language=language, text=text, seconds=budget.seconds))
    if reply.missing:
        raise GrammarMissingError(reply.missing)
    budget.seconds = max(0.0, budget.seconds - reply.seconds)
    if not reply.rows:
        return None
    source = text.encode("utf-8", "replace")[: reply.size]
    return Parsed(tree(reply.rows, reply.words), source, reply.whole)


def missing(language: str) -> str | None:
    """Why scripts of a language cannot be read here; None if they can."""
    return _PARSER.ask(ParseRequest(language=language, text="", seconds=1.0)).missing or None


class _Parser:
    """The one process of this one, asked by one thread at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._ends = 0

    def ask(self, request: ParseRequest) -> ParseReply:
        """The reply; one without a tree where the text was the end of the process."""
        with self._lock:
            if self._ends >= MOST_ENDS:
                return ParseReply(missing="the parser ended too often, or cannot be started")
            try:
                return self._exchange(self._running(), request)
            except (OSError, EOFError, msgspec.DecodeError):
                self._ends += 1
                self._stop()
                return ParseReply()

    def close(self) -> None:
        """End it, if it runs; whoever waits for a reply waits no longer."""
        self._ends = MOST_ENDS
        running = self._process
        if running is not None:
            running.kill()
        with self._lock:
            self._stop()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = subprocess.Popen(  # noqa: S603 -- this interpreter, and a file of the package
                [
                    sys.executable,
                    "-I",
                    "-S",
                    "-c",
                    START,
                    process.__file__,
                    *filter(None, sys.path),
                ],
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                # Nothing that may be secret, and no Ctrl-C: it ends with its input.
                env={name: os.environ[name] for name in NEEDED if name in os.environ},
                start_new_session=True,
            )
        return self._process

    def _exchange(self, running: subprocess.Popen[bytes], request: ParseRequest) -> ParseReply:
        assert running.stdin is not None, "a pipe, by its making"
        assert running.stdout is not None, "a pipe, by its making"
        send(running.stdin, request)
        until = time.monotonic() + PATIENCE_S
        size = int.from_bytes(_read(running.stdout, LENGTH_BYTES, until), "big")
        return from_msgpack(_read(running.stdout, size, until), ParseReply)

    def _stop(self) -> None:
        running, self._process = self._process, None
        if running is None:
            return
        running.kill()
        for pipe in (running.stdin, running.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        running.wait()


def _read(pipe: IO[bytes], size: int, until: float) -> bytes:
    """As many bytes.

    Raises:
        EOFError: the process ended, or took too long.
    """
    found = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while len(found) < size:
            ready = selector.select(max(0.0, until - time.monotonic()))
            more = pipe.read(size - len(found)) if ready else b""
            if not more:
                raise EOFError
            found += more
    return bytes(found)


_PARSER = _Parser()
atexit.register(_PARSER.close)
