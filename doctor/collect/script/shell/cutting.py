r"""What commands do to a text: the last line, a field, a part of JSON.

A script that asks for the answer and the status in one text takes them apart again, in many ways:
`tail -n1`, `sed '$d'`, `${X##*$'\n'}`, `grep -o`, `cut`. Where it cannot be told which part is left,
the only part that is not literal is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.collect.script.composing import joined, to_text
from backup_doctor.collect.script.model import Hole, What
from backup_doctor.collect.script.texts import (
    lines_of,
    literal,
    mapped,
    of_part,
    sliced,
    without_end,
)
from backup_doctor.collect.script.values import (
    Alt,
    Const,
    Fields,
    Lit,
    Text,
    Unknown,
    holes,
    only_hole,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.collect.script.values import Value

    Change = Callable[[Text, list[Value]], Text]

STATUS_LENGTH = 3


_PLAIN_CUT = re.compile(r"^s([/|#,!])(.*)\1(.*)\1[gp]*$", re.DOTALL)


_LAST_LINE = ("$d", "$ d")


def words_of(args: list[Value]) -> list[str]:
    """The arguments as texts; what is not known is empty."""
    return [literal(one) or "" for one in args]


def _pass(text: Text, _: list[Value]) -> Text:
    return text


def _tail(text: Text, args: list[Value]) -> Text:
    told = " ".join(words_of(args))
    if re.search(r"-c\s*\+?\d", told):
        count = re.search(r"-c\s*(\d+)", told)
        return _end(text, int(count[1]) if count else 0)
    count = re.search(r"(?:-n\s*|^-)(\d+)", told)
    lines = _lines(text)
    return lines[-1] if count and count[1] == "1" else _together(lines)


def _head(text: Text, args: list[Value]) -> Text:
    told = " ".join(words_of(args))
    if re.search(r"-n\s*-1\b", told):
        return _together(_lines(text)[:-1])
    if re.search(r"-c\s*-\d+", told):
        return _start(text)
    if re.search(r"(?:-n\s*|^-)1\b", told):
        return _lines(text)[0]
    return text


def _lines(text: Text) -> list[Text]:
    """Lines, the last of them not empty."""
    lines = lines_of(text)
    while len(lines) > 1 and not lines[-1].parts:
        lines.pop()
    return lines


def _together(lines: list[Text]) -> Text:
    return joined(lines, "\n")


def _end(text: Text, count: int) -> Text:
    """The last characters: the status, if the text ends with one."""
    last = text.parts[-1] if text.parts else None
    is_status = isinstance(last, Hole) and last.what is What.STATUS
    return Text((last,)) if is_status and count <= STATUS_LENGTH + 1 and last is not None else text


def _start(text: Text) -> Text:
    """All but the last characters: what stands before the status."""
    last = text.parts[-1] if text.parts else None
    if isinstance(last, Hole) and last.what is What.STATUS:
        return without_end(Text(text.parts[:-1]))
    return text


def _core(text: Text) -> Text:
    """The only part that is not literal; else the text as it is."""
    inner = [part for part in text.parts if not isinstance(part, Lit)]
    return Text((inner[0],)) if len(inner) == 1 else text


def _sed(text: Text, args: list[Value]) -> Text:
    """The scripts that part an answer from its status, and what puts words before each line."""
    words = [one for one in words_of(args) if one not in {"-e", "-E", "-r", "-n", "-u", "--"}]
    for script in words:
        if script in _LAST_LINE:
            text = _together(_lines(text)[:-1])
        elif re.fullmatch(r"\$!\s*d|\$p", script):
            text = _lines(text)[-1]
        else:
            substitution = _PLAIN_CUT.match(script)
            text = _substituted(text, substitution[2], substitution[3]) if substitution else text
    return text


def _substituted(text: Text, pattern: str, new: str) -> Text:
    if pattern == "^":
        return _together([Text((Lit(new), *line.parts)) for line in _lines(text)])
    if pattern == "$":
        return _together([Text((*line.parts, Lit(new))) for line in _lines(text)])
    if not new or new.startswith("\\"):
        before = re.fullmatch(r"\^?\.\*(.{2,}?)", pattern)
        behind = re.fullmatch(r"(.{2,}?)\.\*\$?", pattern)
        if before and not new:
            return _after(text, _unescaped(before[1]))
        if behind and not new:
            return _before(text, _unescaped(behind[1]))
        found = re.search(r"([\w-]{3,}[:=]? ?)\\?\(", pattern)
        return _core(_after(text, found[1])) if found else _core(text)
    return text if literal(text) is None else mapped(text, lambda part: part)


def _unescaped(pattern: str) -> str:
    return re.sub(r"\\(.)", r"\1", pattern).replace("[0-9]", "").rstrip("*+{3}()")


def _after(text: Text, mark: str, *, last: bool = True) -> Text:
    """What stands behind a mark."""
    found = _place(text, mark, last=last)
    if found is None:
        return text
    index, part, at = found
    return Text((*sliced(part, at + len(mark)), *text.parts[index + 1 :]))


def _before(text: Text, mark: str, *, last: bool = False) -> Text:
    """What stands before a mark."""
    found = _place(text, mark, last=last)
    if found is None:
        return text
    index, part, at = found
    return Text((*text.parts[:index], *sliced(part, 0, at)))


def _place(text: Text, mark: str, *, last: bool) -> tuple[int, Lit, int] | None:
    """The first or last place of a mark: the part's number, the part, and where it stands in that."""
    parts = list(enumerate(text.parts))
    for index, part in reversed(parts) if last else parts:
        if isinstance(part, Lit) and mark in part.text:
            return index, part, part.text.rindex(mark) if last else part.text.index(mark)
    return None


def grep(text: Text, args: list[Value]) -> Text:
    """The lines that have the words in them, as far as they are known; with `-o`, the part that fits."""
    options = "".join(one for one in words_of(args) if one.startswith("-"))
    pattern = next((one for one in words_of(args) if one and not one.startswith("-")), "")
    if "v" in options:
        return text
    plain_words = re.findall(r"[\w:=]{3,}", pattern)
    for line in _lines(text):
        shown = "".join(part.text for part in line.parts if isinstance(part, Lit))
        if any(word in shown for word in plain_words):
            return _core(line) if "o" in options else line
    one = only_hole(_core(text))
    if "o" in options and one is not None and one.what is What.ANSWER:
        name = re.search(r"[\"']?(\w{2,})[\"']?\s*(?:\\s\*)?:", pattern)
        return Text((of_part(one, f"{name[1] if name else 'found'} // empty"),))
    statuses = [part for part in holes(text) if part.what is What.STATUS]
    if statuses and re.search(r"\\d|\[0-9\]", pattern):
        return Text((statuses[-1],))
    return text


def _cut(text: Text, _: list[Value]) -> Text:
    lines = _lines(text)
    return _core(lines[-1]) if len(lines) == 1 or _core(lines[-1]) != lines[-1] else text


def _awk(text: Text, args: list[Value]) -> Text:
    script = next((one for one in words_of(args) if not one.startswith("-")), "")
    if re.search(r"END\s*\{\s*print", script):
        return _core(_lines(text)[-1])
    prefix = re.search(r"print\s+\"([^\"]+)\"\s*\$0", script)
    if prefix:
        return _together([Text((Lit(prefix[1]), *line.parts)) for line in _lines(text)])
    return _core(text)


def _jq(text: Text, args: list[Value]) -> Text:
    words = [
        one
        for one in words_of(args)
        if one
        not in {
            "-r",
            "-e",
            "-c",
            "-M",
            "-S",
            "--raw-output",
            "-er",
            "-re",
            "--compact-output",
            "-rc",
        }
    ]
    path = next((one for one in words if one and not one.startswith("-")), ".")
    one = only_hole(text)
    if one is None or path in {".", ""}:
        return text
    part = re.sub(r"^\.(?=\w|$)", "", path).replace(".[", "[").replace("|.", ".").strip()
    return Text((of_part(one, part),))


CHANGES: dict[str, Change] = {
    "tail": _tail,
    "head": _head,
    "sed": _sed,
    "grep": grep,
    "egrep": grep,
    "cut": _cut,
    "awk": _awk,
    "gawk": _awk,
    "jq": _jq,
    "yq": _jq,
    "tr": _pass,
    "sort": _pass,
    "uniq": _pass,
    "fold": _pass,
    "xargs": _pass,
    "column": _pass,
    "nl": _pass,
    "rev": _pass,
    "ts": _pass,
    "base64": _pass,
    "xxd": _pass,
    "iconv": _pass,
    "python3-json": _pass,
}


def parameter(value: Value, operator: str, pattern: str) -> Value:
    """`${X##*/}` and its like: on a text of answer and status, one of the two."""
    if isinstance(value, Fields | Const):
        return value
    if operator == "#" and not pattern:
        return Unknown("length")
    text = to_text(value)
    if len(text.parts) == 1 and isinstance(text.parts[0], Alt):
        options = tuple(to_text(parameter(one, operator, pattern)) for one in text.parts[0].options)
        return Text((Alt(options),))
    if operator in {"##", "#"} and pattern.startswith("*"):
        return _after(text, pattern[1:], last=operator == "##")
    if operator in {"%", "%%"} and pattern.endswith("*"):
        return _before(text, pattern[:-1], last=operator == "%")
    if operator == "%" and pattern == "?" * len(pattern):
        return _start(text)
    if operator == ":":
        return _sliced(text, pattern)
    if operator in {"//", "/"}:
        return text
    if operator in {"#", "##", "%", "%%"}:
        return _affix(text, operator, pattern)
    return text


def _sliced(text: Text, pattern: str) -> Value:
    if re.match(r"^\s*-\s*\d+$", pattern):
        return _end(text, int(pattern.replace("-", "").strip()))
    if re.match(r"^\s*0?\s*:\s*(?:-|\$\{#)", pattern):
        return _start(text)
    one = only_hole(text)
    if one is not None and one.what is What.STATUS and re.match(r"^\s*0\s*:\s*1$", pattern):
        return Text((of_part(one, "[0]"),))
    return text


def _affix(text: Text, operator: str, pattern: str) -> Text:
    """A literal prefix or suffix that is taken off."""
    if not text.parts:
        return text
    index = 0 if operator.startswith("#") else -1
    part = text.parts[index]
    if not isinstance(part, Lit):
        return text
    if index == 0 and part.text.startswith(pattern):
        return Text((*sliced(part, len(pattern)), *text.parts[1:]))
    if index == -1 and part.text.endswith(pattern):
        return Text((*text.parts[:-1], *sliced(part, 0, len(part.text) - len(pattern))))
    return text
