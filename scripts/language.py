"""Looks for words that people have to read twice, in all that they are shown: part of `make lint`.

What is shown: README, CHANGELOG and docs, the action, the templates, and the strings of the program.
Docstrings of commands and rules are in docs already, where `make docs` writes them.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[1]
PAGES: Final = ("README.md", "CHANGELOG.md", "action.yml", "docs/*.md", "templates/*.j2")
PROGRAM: Final = ("doctor/*.py", "checks/*.py", "demo/*.py")
# docs/mutants.md quotes code. The others have such words as data.
QUOTED: Final = (
    "docs/mutants.md",
    "demo/github/blobs.py",
    "demo/faults/step.py",
    "doctor/evidence/keys.py",
)
# What is out, as a pattern, and what to say.
OUT: Final = {
    r"\bmend(s|ed|ing)?\b": "fix",
    r"^Besides\b|\bbesides:|needs besides": "also",
    r"\bAnd then: ": "Second cause: ",
    r"\bWhat came of it\b": "Consequences",
    r"\bWhat happened when\b": "Timeline",
    r"(?<!scripts )(?<!was )\bnot seen: ": "could not check:",
    r"\bMore of this:": "Learn more:",
    r"\bhow far the backup came\b": "where it stopped",
    r"\bCannot tell: ": "Could not determine: ",
    r"\bits types fit\b": "types match",
    r"\b(it )?aims at\b": "affects",
    r"\bmay not plan\b": "not dry-run",
    r"\bbears?\b": "has",
    r"\bit is waiting for\b": "it has been waiting for",
    r"\bhas expired on\b": "expired on",
    r"\bis locked since\b": "has been locked for",
    r"\bof this backup to look at\b": "backup file to inspect",
    r"\bwhole zip\b": "complete zip",
    r"\bSay it\.|\bName the faults\b": "Show …, List …",
    r"\bh(o|e)ld\b[^.;]*\bagainst\b": "compare",
    r"\bTake more out\b": "Redact more",
    r"\bcarr(y|ies) (it|them) out\b": "apply",
    r"(?<!there )\bis no (?!longer\b|such\b)\w+": "is not a …",
    r"\bhas not (the|this|a)\b": "does not have",
    r"\bNothing is known of\b|\bNobody can be asked\b": "Unknown …; Not a terminal",
    r"\bbegun\b": "started",
    r"\bnone then\b": "null",
    r"\bLeft out, as\b": "Skipped",
    r"\buntil Ctrl-C\b": "press Ctrl-C to stop",
    r"\bguide step\b|\bthe guide's\b|\bSource: (contract|design)\b": "a link to docs/guide.md",
    r"(?<!instead )\bof its own\b": "its own",
    r"\bwhatever\b": "anything that; whichever",
    r"\bin vain\b": "without success",
    r"\bfor ever\b": "forever",
    r"\ball that was\b": "everything that was",
    r"\bas a rule\b": "usually",
    r"\bwhere (there|nothing|nobody|none|no)\b": "if",
    r"\b(cannot|could not|can) be told\b": "unknown",
    r"\bat sight\b": "on sight",
    r"\b1 (objects|files|rows|backups|steps|runs|causes|columns)\b": "the singular",
    "[\u200b\u200c\u200d\u2060\ufeff]": "no zero-width character",
}
FLAGS: Final = re.MULTILINE | re.IGNORECASE
PATTERNS: Final = {re.compile(pattern, FLAGS): say for pattern, say in OUT.items()}


class Slip(NamedTuple):
    """A word that is out."""

    place: str
    said: str
    say: str

    def __str__(self) -> str:
        return f"{self.place}: {self.said!r}: say {self.say!r}"


def slips(place: str, text: str, line: int = 1) -> Iterator[Slip]:
    """The words in a text that are out. `line` is that of its beginning."""
    for pattern, say in PATTERNS.items():
        for found in pattern.finditer(text):
            at = line + text.count("\n", 0, found.start())
            yield Slip(f"{place}:{at}", found[0], say)


def sentences(source: str) -> Iterator[tuple[int, str]]:
    """The strings of a module that may be sentences, with their lines; no docstring."""
    tree = ast.parse(source)
    aside = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in aside
            and " " in node.value
        ):
            yield node.lineno, node.value


def found_in(path: Path) -> Iterator[Slip]:
    """The words in a file that are out."""
    place, text = str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        yield from slips(place, text)
        return
    for line, said in sentences(text):
        yield from slips(place, said, line)


def files() -> list[Path]:
    """The files of the repository that have text for people."""
    listed = subprocess.run(  # noqa: S603 -- the project's own files
        ["git", "ls-files", *PAGES, *PROGRAM],  # noqa: S607
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [ROOT / name for name in listed.stdout.splitlines() if name not in QUOTED]


def main() -> int:
    """Print what is out; 1 if anything is."""
    out = [slip for path in files() for slip in found_in(path)]
    print(*out, sep="\n", end="\n" if out else "")  # noqa: T201
    return 1 if out else 0


if __name__ == "__main__":
    sys.exit(main())
