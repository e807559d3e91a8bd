"""No text keeps a parser or a quoting busy: a megabyte of the worst takes seconds, not for ever."""

from __future__ import annotations

import signal
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from backup_doctor.base import quoting
from backup_doctor.base.redaction import Redactor
from backup_doctor.collect.clients.answer import Answer
from backup_doctor.collect.clients.retrying import wait_s
from backup_doctor.collect.database.address import parameters
from backup_doctor.collect.log.reader import LookFor, read
from backup_doctor.collect.object import zip_tail
from backup_doctor.collect.workflow.file import read_workflow
from backup_doctor.evidence import keys, sql
from backup_doctor.evidence.log import Call, Outcome
from backup_doctor.services import meaning
from backup_doctor.settings import values
from tests.hostile.shapes import SHAPES, repeated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.slow

PIECE = 64 * 1024
HEAD = (
    b'2024-01-15T02:03:04.1234567Z ##[group]Run curl "$URL/functions/v1/update-backup"\n'
    b"2024-01-15T02:03:04.1234567Z env:\n2024-01-15T02:03:04.1234567Z ##[endgroup]\n"
)
# Those that came nearest to the limit, of all shapes at this length.
WORST = (
    "\n",
    "\u200b",
    "`",
    "[",
    "://a:b",
    "bearer ",
    "a.",
    "2024-01-15T02:03:04.1234567Z ::error::x\n",
)
REDACTOR = Redactor(["canary-secret-0123456789", "p'q\"r\nxyz"])


def log(text: str) -> object:
    raw = HEAD + text.encode("utf-8", "surrogatepass")
    pieces = [raw[at : at + PIECE] for at in range(0, len(raw), PIECE)]
    return read("a log", pieces, LookFor(dispatch_id="d-1234567890"))


def meanings(text: str) -> object:
    call = Call(outcome=Outcome.REFUSED, status=500, body=text)
    return (
        meaning.function_meaning(call),
        meaning.fallback_meaning(call),
        meaning.gateway_meaning(500, text),
    )


def settings(text: str) -> None:
    for rule in values.RULES.values():
        with suppress(ValueError):
            rule(text)


def headers(text: str) -> object:
    return wait_s(Answer(status=429, headers={"retry-after": text}, body=b"", url=""))


READERS: dict[str, Callable[[str], object]] = {
    "log": log,
    "meanings": meanings,
    "settings": settings,
    "retry-after": headers,
    "database url": lambda text: parameters(f"postgresql://{text}"),
    "jwt": lambda text: keys.describe_service_key(f"eyJ{text}.{text}.", setting="KEY"),
    "zip": lambda text: zip_tail.read_tail(text.encode("utf-8", "surrogatepass"), 10**9),
    "workflow": lambda text: read_workflow(
        "w.yml", text.encode("utf-8", "surrogatepass"), step="s", function="f"
    ),
    "redaction": REDACTOR.text,
    "sql literal": sql.literal,
    "sql identifier": sql.identifier,
    **{
        name: getattr(quoting, name)
        for name in (
            "visible", "one_line", "for_terminal", "for_markdown_inline", "markdown_code",
            "markdown_fence", "for_workflow_command", "for_workflow_property", "for_shell",
            "for_xml",
        )
    },
}  # fmt: skip


@contextmanager
def within_cpu_seconds(limit: float) -> Iterator[None]:
    """Break off what uses more of the processor, however busy the machine is."""

    def too_long(*_: object) -> None:
        raise TimeoutError(f"more than {limit} s of CPU")

    before = signal.signal(signal.SIGVTALRM, too_long)
    signal.setitimer(signal.ITIMER_VIRTUAL, limit)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@pytest.mark.parametrize("reader", READERS)
def test_thirty_kilobytes_of_anything_take_no_time(reader: str) -> None:
    for shape in SHAPES:
        with within_cpu_seconds(1):
            READERS[reader](repeated(shape, 30_000))


@pytest.mark.exhaustive
@pytest.mark.parametrize("shape", WORST)
@pytest.mark.parametrize("reader", READERS)
def test_a_megabyte_of_anything_takes_seconds(reader: str, shape: str) -> None:
    started = time.process_time()

    with within_cpu_seconds(15):
        READERS[reader](repeated(shape, 1_000_000))

    assert time.process_time() - started < 15
