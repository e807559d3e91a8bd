"""Counts what the house is made of, for docs/how-it-works.md. Run it: `make house`."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections import Counter
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Final

import grimp

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "how-it-works.md"
LONG: Final = 320
PART: Final = re.compile(r"(<!-- numbers -->\n).*?(<!-- end -->)", re.DOTALL)


def product() -> list[Path]:
    """The product's Python files: `doctor/` without its links, and `checks/`."""
    folders = [path for path in (ROOT / "doctor").iterdir() if not path.is_symlink()]
    found = [file for folder in (*folders, ROOT / "checks") for file in folder.rglob("*.py")]
    return sorted({*found, *(ROOT / "doctor").glob("*.py")})


def lines(files: list[Path]) -> int:
    """How many lines they have together."""
    return sum(len(file.read_text(encoding="utf-8").splitlines()) for file in files)


def repeated_classes(files: list[Path]) -> list[str]:
    """The names of classes that stand for more than one thing."""
    names = Counter(
        node.name
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    )
    return sorted(name for name, times in names.items() if times > 1)


def circle() -> list[str]:
    """Modules that import each other in a circle, imports for the type checker included."""
    graph = grimp.build_graph("backup_doctor", cache_dir=None)
    imports = {one: graph.find_modules_directly_imported_by(one) for one in graph.modules}
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def layers() -> int:
    """How many layers the imports go down."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    return next(len(one["layers"]) for one in contracts if one["type"] == "layers")


def rows() -> Iterator[tuple[str, str]]:
    """What is counted, and the figure."""
    files = product()
    longest = max(files, key=lambda file: lines([file]))
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(  # noqa: S603 -- this environment's own
        [linter, "--no-cache"], cwd=ROOT, capture_output=True, check=False
    )
    data = sorted((ROOT / "doctor" / "services").rglob("*.toml"))
    yield "files of the product (`doctor/`, `checks/`)", f"{len(files):,}"
    yield "lines of it", f"{lines(files):,}"
    yield (
        "of these, the reader of scripts (`doctor/collect/script`)",
        f"{lines([file for file in files if 'script' in file.parts]):,}",
    )
    yield "lines of tables (`doctor/services`, TOML)", f"{lines(data):,}"
    yield "lines of `demo/`", f"{lines(sorted((ROOT / 'demo').rglob('*.py'))):,}"
    yield "layers", str(layers())
    yield "imports that go up (`lint-imports`)", "0" if done.returncode == 0 else "some"
    yield "circles of imports", str(len(circle()))
    yield "longest file", f"`{longest.relative_to(ROOT)}`, {lines([longest])} lines"
    yield f"files of more than {LONG} lines", str(sum(lines([file]) > LONG for file in files))
    yield "class names for more than one thing", str(len(repeated_classes(files)))


def main() -> None:
    """Write the part of the page."""
    table = "\n".join(f"| {what} | {figure} |" for what, figure in rows())
    made = f"\n| | |\n| --- | ---: |\n{table}\n\n"
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(PART.sub(lambda part: f"{part[1]}{made}{part[2]}", text), encoding="utf-8")


if __name__ == "__main__":
    main()
