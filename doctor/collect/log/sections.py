"""From lines to sections: what stands between one `##[group]Run ...` and the next.

Of each section the first and the last lines are kept, and of what lies between those that tell
something, so that a log of any size fits into little memory.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, pairwise
from typing import TYPE_CHECKING

from backup_doctor.collect.log.lines import Line, clean, split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

HEAD_LINES = 400
# A script may be longer than what is kept of any output.
ECHOED_LINES = 4000
TAIL_LINES = 400
TELLING_LINES = 200
COMPLAINTS = 50
COMPLAINT_BYTES = 500
SECTION_BYTES = 256 * 1024
SECTIONS = 400
KEPT_BYTES = 12 * 1024 * 1024

MARK = b"##["
START = "##[group]Run "
ENDED = b"##[endgroup]"
# An action that is handed nothing has an empty head.
_ACTION = re.compile(r"\.{1,2}/|docker://|[\w.-]+/[\w./-]+@")
# What the runner says of the steps of a composite action: their names are no words of anybody's.
_NESTED = ("##[start-action ", "##[end-action ")
# With debug logging it tells between two steps what it evaluates: names, conditions, secrets.
_DEBUG = "##[debug]"
_BETWEEN = tuple(
    f"{_DEBUG}{word}: " for word in ("Finishing", "Starting", "Evaluating condition for step")
)
# How the sections begin that belong to no step of the workflow's author.
_AFTERMATH = (b"Post job cleanup.", b"Cleaning up orphan processes")
_TELLING = re.compile(
    rb"##\[error\]|s3://|S3_KEY|s3_key|BACKUP_SIZE|DISPATCH_ID|backup_id|An error occurred|curl: \("
    rb"|pload (?:failed|complete)|ploaded|dge [Ff]unction|functions/v1|rest/v1|HTTP[ /:]|\*\*\*"
)
_END = "##[endgroup]"
# Words without which no tool tells of an error. A search for one is far cheaper than a pattern's.
_COMPLAINING = (
    b"rror", b"RROR", b"atal", b"FATAL", b"ailed", b"annot", b"denied", b"ot found", b"illed",
    b"o such ", b"o space left", b"ould not", b"nvalid", b"refused", b"nexpected", b"unbound",
    b"ERR", b"exist", b"xpired", b"many", b"ejected",
)  # fmt: skip


@dataclass(eq=False)
class Section:
    """A part of the log that one `Run` line begins; `title` is what follows `Run `.

    The first section has no title (the runner's set-up); nor have those after the last step.
    `echoed` is how many lines of the head echo what the step was told to do; `nested`: the runner says
    that a composite action's own step begins there.
    """

    title: str = ""
    aftermath: bool = False
    nested: bool = False
    head: list[bytes] = field(default_factory=list)
    tail: deque[bytes] = field(default_factory=deque)
    telling: list[bytes] = field(default_factory=list)
    complaints: deque[bytes] = field(default_factory=lambda: deque(maxlen=COMPLAINTS))
    kept: int = 0
    echoed: int | None = None

    def add(self, raw: bytes) -> None:
        """Keep the line while there is room; then the oldest of the tail makes way."""
        echoed = 0 if self.echoed is None else self.echoed
        room = ECHOED_LINES if self.title and self.echoed is None else echoed + HEAD_LINES
        if not self.tail and len(self.head) < room and self.kept < SECTION_BYTES // 2:
            self.head.append(raw)
            self.kept += len(raw)
            if self.echoed is None and ENDED in raw[:64]:
                self.echoed = len(self.head)
            return
        self.tail.append(raw)
        self.kept += len(raw)
        while len(self.tail) > TAIL_LINES or (self.kept > SECTION_BYTES and len(self.tail) > 1):
            self._evict()

    def _evict(self) -> None:
        oldest = self.tail.popleft()
        self.kept -= len(oldest)
        if len(self.telling) < TELLING_LINES and _TELLING.search(oldest):
            self.telling.append(oldest[:1024])
        elif any(word in oldest for word in _COMPLAINING):
            self.complaints.append(oldest[:COMPLAINT_BYTES])

    def forget(self) -> None:
        """Give back the memory of all but the lines that tell something."""
        while self.tail:
            self._evict()
        self.head = self.head[:40]

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The kept lines, in order, clean."""
        return tuple(clean(raw) for raw in (*self.head, *self.telling, *self.tail))

    @cached_property
    def _head_end(self) -> int:
        """Where the head (`Run`, script, shell, env) ends and the output begins."""
        if not self.title:
            return 0
        for index, line in enumerate(self.lines):
            if line.text.startswith(_END):
                return index + 1
            if index and line.text.startswith("##[group]"):
                return index
        return len(self.lines)

    @property
    def header(self) -> tuple[Line, ...]:
        """What the runner prints before it executes the step: nothing in it has happened."""
        return self.lines[: self._head_end]

    @property
    def output(self) -> tuple[Line, ...]:
        """What the step printed."""
        return self.lines[self._head_end :]

    @property
    def texts(self) -> list[str]:
        """The same, as texts."""
        return [line.text for line in self.output]

    @property
    def complaints_and_output(self) -> tuple[Line, ...]:
        """The same with the lines between that may tell of an error, in order."""
        middle = max(self._head_end, len(self.head) + len(self.telling))
        complaints = (clean(raw) for raw in self.complaints)
        return (*self.lines[self._head_end : middle], *complaints, *self.lines[middle:])


@dataclass
class Scan:
    """A log cut into sections. `bytes_read` counts what came; `found`: the wanted text was seen."""

    sections: list[Section] = field(default_factory=lambda: [Section()])
    bytes_read: int = 0
    found: bool = False


def scan(chunks: Iterable[bytes], wanted: Callable[[bytes], bool]) -> Scan:
    """Read the whole stream once. `wanted` is asked of every line until it says yes."""
    result = Scan()
    section = result.sections[0]
    between = nested = False
    for raw, following in pairwise(chain(split(_counted(chunks, result)), (b"",))):
        if not result.found and wanted(raw):
            result.found = True
        if raw.find(MARK, 0, 64) < 0:
            if raw.endswith(_AFTERMATH) or raw.rstrip(b"\r").endswith(_AFTERMATH):
                section = _begin(result, Section(aftermath=True))
            section.add(raw)
            continue
        mark = clean(raw).text
        if mark.startswith(START) and _begins_step(mark.removeprefix(START), clean(following)):
            title = mark.removeprefix(START).strip()
            section = _begin(result, Section(title=title, nested=nested))
            between = nested = False
        between = between or mark.startswith(_BETWEEN)
        if mark.startswith(_NESTED):
            nested = mark.startswith(_NESTED[0])
        elif not (between and mark.startswith(_DEBUG)):
            section.add(raw)
    return result


def _begins_step(title: str, following: Line) -> bool:
    """Whether a group that is called `Run …` is the head of a step, and none that a script made.

    A head goes on with the script, in its colour, or with what the action is handed.
    """
    text = following.text
    if following.script or text in {"with:", "env:"} or text.strip() == title.strip():
        return True
    return text.startswith("##[endgroup]") and _ACTION.match(title) is not None


def _begin(result: Scan, section: Section) -> Section:
    if len(result.sections) >= SECTIONS:
        # Past any real job: keep reading into the last one rather than grow without bound.
        return result.sections[-1]
    result.sections.append(section)
    if sum(one.kept for one in result.sections) > KEPT_BYTES:
        max(result.sections[:-1], key=lambda one: one.kept).forget()
    return section


def _counted(chunks: Iterable[bytes], result: Scan) -> Iterator[bytes]:
    for chunk in chunks:
        result.bytes_read += len(chunk)
        yield chunk
