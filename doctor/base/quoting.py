r"""Text from outside, made safe for the place where it is shown. Pure functions, no exceptions.

Invisible characters (C0, C1, DEL, bidirectional and zero-width ones, fillers, lone surrogates) are shown as
escapes (`\x1b`, `\u202e`): what the reader sees is all that there is.
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ZERO_WIDTH = "\u200b"
# Categories that move the cursor, reorder the line or show nothing: control, format, surrogate,
# private use, line and paragraph separator.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
# Letters, marks and symbols of which nothing is seen: fillers, joiners, a blank pattern of Braille.
_BLANK = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
) | frozenset(map(chr, range(0xE0100, 0xE01F0)))
# They choose how the symbol before them is drawn; behind anything else they are not seen.
_SELECTORS = re.compile(r"[\ufe00-\ufe0f]")
_MARKDOWN = re.compile(r"[\\`*\[\]{}<>|~$]|(?<![^\W_])_|_(?![^\W_])")
_LINE_START = re.compile(r"^(\s*(?:\d+(?=[.)](?:\s|$)))?)([#+\-=]|(?<=\d)[.)])")
# What GitHub and GitLab link or notify without any markup: @name, #1, !1, GH-1, www., scheme://
# No one makes a link of `s3://`.
_AUTOLINK = re.compile(
    r"@(?=\w)|[#!](?=\d)|(?<=\bGH)-(?=\d)|(?<=\bwww)\.|:(?=//)(?<!\bs3:)", re.IGNORECASE
)
_CODE_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_COMMAND = re.compile(r"(^|\s)::(?=[A-Za-z])", re.MULTILINE)


def visible(text: str, *, keep: str = "") -> str:
    """The text with every invisible character but those in `keep` shown as an escape."""
    if text.isascii() and text.isprintable():
        return text
    shown = "".join(_shown(char) if char not in keep else char for char in text)
    return _SELECTORS.sub(_selected, shown)


def _selected(found: re.Match[str]) -> str:
    before = found.string[: found.start()][-1:]
    drawn = before and unicodedata.category(before) == "So"
    return found[0] if drawn else f"\\u{ord(found[0]):04x}"


def _shown(char: str) -> str:
    if unicodedata.category(char) not in _INVISIBLE and char not in _BLANK:
        return char
    if char in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[char]
    code = ord(char)
    if code <= 0xFF:  # noqa: PLR2004 -- the last code point that \xNN can write
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 -- \uNNNN's


def one_line(text: str) -> str:
    """The text on one line, invisible characters shown and runs of blanks folded."""
    return visible(" ".join(text.split()))


def for_terminal(text: str) -> str:
    r"""Text for a terminal: line breaks and tabs stay, escape sequences are shown, not obeyed.

    A CI runner reads commands (`::error::`, `##[error]`) from any output; they are broken up with a
    zero-width space.
    """
    lines = text.replace("\r\n", "\n").expandtabs(4)
    return without_commands(visible(lines, keep="\n"))


def without_commands(text: str) -> str:
    """The text with a CI runner's commands broken up, and otherwise as it was."""
    return _COMMAND.sub(rf"\1:{ZERO_WIDTH}:", text).replace("##[", f"##{ZERO_WIDTH}[")


def for_markdown_inline(text: str) -> str:
    """Text for a sentence or a table cell: no markup, HTML, link or mention comes of it."""
    plain = one_line(text).replace("&", "&amp;")
    escaped = _MARKDOWN.sub(lambda found: _MARKDOWN_ENTITIES.get(found[0], "\\" + found[0]), plain)
    at_start = _LINE_START.sub(r"\1\\\2", escaped)
    return without_commands(_AUTOLINK.sub(lambda found: found[0] + ZERO_WIDTH, at_start))


_MARKDOWN_ENTITIES = {"<": "&lt;", ">": "&gt;"}


def with_code(text: str, plain: Callable[[str], str], code: Callable[[str], str]) -> str:
    """A sentence of ours: what stands between backticks made `code`, and the rest `plain`."""
    pieces = _CODE_SPAN.split(text)
    return "".join(
        code(piece) if at % 2 else _padded(piece, plain(piece)) for at, piece in enumerate(pieces)
    )


def _padded(piece: str, shown: str) -> str:
    """What is shown of a piece, with the blanks that part it from its neighbours."""
    head, tail = piece[:1].isspace(), piece[-1:].isspace()
    return f"{' ' if head else ''}{shown.strip()}{' ' if tail and piece.strip() else ''}"


def markdown_code_in_cell(text: str) -> str:
    r"""Text as an inline code span in a table, where alone `\|` is read as a pipe."""
    return markdown_code(text).replace("|", "\\|")


def markdown_code(text: str) -> str:
    """Text as an inline code span, which no run of backticks inside can end; not for a table."""
    plain = without_commands(one_line(text))
    if not plain:
        return ""
    ticks = "`" * (_longest_run(plain) + 1)
    pad = " " if plain[0] == "`" or plain[-1] == "`" else ""
    return f"{ticks}{pad}{plain}{pad}{ticks}"


def markdown_fence(text: str, language: str = "") -> str:
    """Text as a fenced code block, the fence longer than any run of backticks inside."""
    plain = visible(text.replace("\r\n", "\n"), keep="\n\t").strip("\n")
    ticks = "`" * max(3, _longest_run(plain) + 1)
    return f"{ticks}{language}\n{plain}\n{ticks}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)


def for_workflow_command(text: str) -> str:
    """Text for the message of a workflow command (`::error::TEXT`), as GitHub's toolkit escapes it.

    Source: actions/toolkit, packages/core/src/command.ts, `escapeData`.
    """
    plain = without_commands(visible(text.replace("\r\n", "\n"), keep="\n"))
    return plain.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def for_workflow_property(text: str) -> str:
    """Text for a property of a workflow command (`::error title=TEXT::`), on one line."""
    return for_workflow_command(one_line(text)).replace(":", "%3A").replace(",", "%2C")


def for_shell(text: str) -> str:
    r"""Text as one word of a POSIX shell; as bash's `$'…'` if the way to the reader would change it.

    On that way control characters are shown, runs of blanks folded, and a CI runner's commands
    broken up.
    """
    quoted = f"'{text}'"
    if quoted == without_commands(one_line(quoted)):
        return shlex.quote(text)
    word = "".join(_in_bash_quotes(char) for char in text)
    spaced = re.sub(" {2,}", lambda run: r"\x20" * len(run[0]), word)
    unread = _COMMAND.sub(r"\1\\x3a:", spaced).replace("##[", r"##\x5b")
    return f"$'{unread}'"


def _in_bash_quotes(char: str) -> str:
    if char in "\\'":
        return f"\\{char}"
    if char.isspace() and char not in " \t\n\r":
        return f"\\u{ord(char):04x}"
    # In bash `\xad` is a byte, which alone is no character; below 0x80 it is the same as in Python.
    return f"\\u{ord(char):04x}" if "\x80" <= char <= "\xff" else _shown(char)


def for_xml(text: str) -> str:
    """Text for XML 1.0 and HTML, in an element or in a quoted attribute. Newlines stay.

    A CI runner's commands are written with character references, which read the same.
    """
    plain = visible(text.replace("\r\n", "\n"), keep="\n\t")
    for char, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        plain = plain.replace(char, entity)
    plain = plain.replace("'", "&#39;").replace("##[", "##&#91;")
    return _COMMAND.sub(r"\1&#58;:", plain)
