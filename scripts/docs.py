"""Fills the generated parts of the documentation from the program. Run it: `make docs`.

A part stands between `<!-- generated: NAME -->` and `<!-- end -->`.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from typer.main import get_command
from typer.testing import CliRunner

from backup_doctor.cli.app import app
from backup_doctor.cli.listing import checks
from backup_doctor.settings.init import reference
from scripts.findings import findings
from scripts.reasons import reasons

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT: Final = Path(__file__).parents[1]
PROGRAM: Final = "backup-doctor"
COLUMNS: Final = "80"
PART: Final = re.compile(
    r"(?P<begin><!-- generated: (?P<name>\w+) -->\n).*?(?P<end><!-- end -->)", re.DOTALL
)


def filled(text: str) -> str:
    """The page with every generated part made anew.

    Raises:
        KeyError: a part has a name that nothing makes.
    """
    return PART.sub(lambda part: f"{part['begin']}\n{PARTS[part['name']]()}\n{part['end']}", text)


def pages() -> list[Path]:
    """The pages that have a generated part."""
    every = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [page for page in every if PART.search(page.read_text(encoding="utf-8"))]


def commands() -> list[str]:
    """The names of the commands."""
    group = get_command(app)
    return sorted(getattr(group, "commands", ()))


def help_of(*command: str) -> str:
    """What `--help` prints on a terminal of 80 columns."""
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = COLUMNS
    try:
        answer = CliRunner().invoke(app, [*command, "--help"], prog_name=PROGRAM)
    finally:
        os.environ.pop("COLUMNS")
        if before is not None:
            os.environ["COLUMNS"] = before
    return answer.output.strip()


def code(text: str, language: str = "text") -> str:
    """A code block."""
    return f"```{language}\n{text.rstrip()}\n```\n"


def _main_help() -> str:
    return code(help_of())


def _every_help() -> str:
    return "\n".join(f"## {PROGRAM} {name}\n\n{code(help_of(name))}" for name in commands())


def _checks() -> str:
    return code(checks())


PARTS: Final[dict[str, Callable[[], str]]] = {
    "help": _main_help,
    "commands": _every_help,
    "checks": _checks,
    "settings": reference,
    "findings": findings,
    "reasons": reasons,
}


def main() -> int:
    """Write the pages."""
    for page in pages():
        page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
