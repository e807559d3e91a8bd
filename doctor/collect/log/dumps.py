"""Takes a client's error that was printed as an object for what it tells: its words, its address, its answer.

`console.error(error)` shows hundreds of lines: the request that was sent, sockets, buffers. What the
service answered is `data` of its `response`, and no other `data` in it. Ky's and got's errors have the
status in their words, and hold the request as axios' do, with numbers that are no status (`408, 413, 429`).
"""

from __future__ import annotations

import json
import re
from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

HEAD_LINES = 40
DUMP_LINES = 1_500
DATA_LINES = 40

_AXIOS = re.compile(r"\bAxiosError: ")
_ERROR = re.compile(rf"{_AXIOS.pattern}|\b\w*Error: .{{0,80}}\bcode [1-5]\d\d\b")
_REQUEST = re.compile(r"^  \[?(?:response|request|options)\]?: ")
_URL = re.compile(r"^    url: ")
_RESPONSE = re.compile(r"^  (?:\[?response\]?): ")
_DATA = re.compile(r"^    data: ")
_STRING = re.compile(r"'((?:[^'\\]|\\.)*+)'")
_KEY = re.compile(r"([{,]\s*)([A-Za-z_]\w*):")
_DEEPER = re.compile(r"^(?:     |    [}\]'])")


def condensed(lines: Sequence[str]) -> list[str]:
    """The lines, each such object as one of them."""
    found: list[str] = []
    at = 0
    while at < len(lines):
        end = _end(lines, at) if _ERROR.search(lines[at]) else 0
        found.extend(_told(lines[at:end]) if end else (lines[at],))
        at = end or at + 1
    return found


def _end(lines: Sequence[str], at: int) -> int:
    """Where the object ends that the error's words begin; 0 where none is shown."""
    head = lines[at : at + HEAD_LINES]
    opened = next((nth for nth, line in enumerate(head) if line.rstrip().endswith("{")), None)
    if opened is None or any(not one.startswith("    at ") for one in head[1 : opened + 1]):
        return 0
    inside = lines[at + opened + 1 : at + DUMP_LINES]
    closed = next((nth for nth, line in enumerate(inside) if line.rstrip() == "}"), None)
    held = _AXIOS.search(lines[at]) or any(_REQUEST.match(one) for one in inside[:closed])
    return 0 if closed is None or not held else at + opened + closed + 2


def _told(dump: Sequence[str]) -> tuple[str, ...]:
    """One line, so that whoever reads it sees whose answer it is."""
    address = next((one.strip().rstrip(",") for one in dump if _URL.match(one)), "")
    return (" ".join(one for one in (dump[0].rstrip(" {"), address, _answer(dump)) if one),)


def _answer(dump: Sequence[str]) -> str:
    """What the service answered; empty where no answer came."""
    answered = next((nth for nth, one in enumerate(dump) if _RESPONSE.match(one)), len(dump))
    data = next((nth for nth in range(answered, len(dump)) if _DATA.match(dump[nth])), None)
    if data is None:
        return ""
    rest = dump[data + 1 : data + DATA_LINES]
    deeper = takewhile(_DEEPER.match, rest)
    shown = " ".join(one.strip() for one in (dump[data], *deeper))
    return _as_json(shown.removeprefix("data: ").removesuffix(","))


def _as_json(text: str) -> str:
    """The answer as it came, where node's way of showing it tells that."""
    quoted = _STRING.sub(lambda match: json.dumps(match[1]), text)
    made = _KEY.sub(r'\1"\2":', quoted)
    try:
        answer = json.loads(made)
    except (ValueError, RecursionError):
        return text
    return answer if isinstance(answer, str) else json.dumps(answer)
