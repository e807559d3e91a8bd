"""The numbers of docs/reliability.md are those of the cases that `make faults` runs."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULES = {
    "HTTP service": ("faults/test_matrix",),
    "PostgreSQL": ("faults/test_postgres", "faults/test_postgres_kinds"),
    "redirects": ("faults/test_redirects",),
    "files": ("faults/test_strangers_checkout",),
    "read-only": ("faults/test_read_only",),
    "parser": ("hostile/test_time",),
}
FAST = "test_thirty_kilobytes"


def test_the_page_has_the_numbers_of_the_tests() -> None:
    collect = [
        sys.executable,
        "-m",
        "pytest",
        "--collect-only",
        "-q",
        "-m",
        "exhaustive or not exhaustive",
    ]
    listed = subprocess.run(
        [*collect, "tests/faults", "tests/hostile"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    counted = Counter(
        line.partition("::")[0].removeprefix("tests/").removesuffix(".py")
        for line in listed
        if "::" in line and FAST not in line
    )

    page = (ROOT / "docs/reliability.md").read_text().partition("\n## ")[0]
    shown = {
        what.split()[0].rstrip(":,"): (int(cases), int(survived))
        for what, cases, survived in re.findall(
            r"^\| ([^|]+) \| (\d+) \| (\d+) \|", page, re.MULTILINE
        )
    }

    for what, modules in MODULES.items():
        cases = sum(counted[module] for module in modules)
        assert shown[what.split()[0]] == (cases, cases), what
