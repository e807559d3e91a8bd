"""Runs the demo in a terminal of 80 columns and keeps its report for the README: `make picture`.

The picture is the beginning of what really came out, colours and all; the text is its first screen.
"""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from io import StringIO
from typing import Final

from rich.console import Console
from rich.text import Text

from scripts.docs import ROOT, code

README: Final = ROOT / "README.md"
PICTURE: Final = ROOT / "docs" / "report.svg"
BEGIN, END = "<!-- report -->\n", "<!-- /report -->"
COLUMNS: Final = 80
CUT_BEFORE: Final = "Second cause: "
FIRST_SCREEN: Final = "Where it stopped"
CHUNK: Final = 65_536
# rich's own frame loads a font from elsewhere; a page of documentation should load nothing.
FRAME: Final = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<title>The report of backup-doctor on a stuck backup</title>
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def run_in_terminal(command: list[str]) -> str:
    """What a command prints on a terminal; its standard error is left out.

    Raises:
        CalledProcessError: the command failed.
    """
    master, slave = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(COLUMNS), "TERM": "xterm-256color"}
    with subprocess.Popen(  # noqa: S603 -- the project's own command
        command, stdout=slave, stderr=subprocess.DEVNULL, env=environment
    ) as process:
        os.close(slave)
        printed = read_to_the_end(master)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return printed.decode().replace("\r\n", "\n")


def read_to_the_end(terminal: int) -> bytes:
    """Everything up to the end, which a terminal tells by an error."""
    pieces = []
    while True:
        try:
            piece = os.read(terminal, CHUNK)
        except OSError:
            break
        if not piece:
            break
        pieces.append(piece)
    os.close(terminal)
    return b"".join(pieces)


def beginning(lines: list[Text], before: str) -> list[Text]:
    """The lines of the report up to the one that begins so."""
    cut = next(at for at, line in enumerate(lines) if line.plain.startswith(before))
    return [*lines[:cut], Text("…")]


def picture(lines: list[Text]) -> str:
    """The lines as they look in a terminal, as SVG."""
    console = Console(record=True, width=COLUMNS, file=StringIO(), force_terminal=True)
    for line in lines:
        console.print(line)
    return console.export_svg(title="make demo", code_format=FRAME, unique_id="report")


def main() -> int:
    """Write the picture, and the text into the README."""
    report = run_in_terminal([sys.executable, "-m", "backup_doctor", "demo"])
    lines = [Text.from_ansi(line) for line in report.splitlines()]
    PICTURE.write_text(picture(beginning(lines, CUT_BEFORE)), encoding="utf-8")
    readme = README.read_text(encoding="utf-8")
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    text = "\n".join(line.plain.rstrip() for line in beginning(lines, FIRST_SCREEN))
    README.write_text(f"{before}{BEGIN}\n{code(text)}\n{END}{after}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
