"""A finding code is named in the file of its rule. Elsewhere what is special about it is asked of the rule."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from backup_doctor.judge.registry import SEQUENCE, load_checks

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[1]
CODE: Final = re.compile(rf"(?:{'|'.join(SEQUENCE)})/[a-z0-9*-]*")
# Files that name codes of others for what they are, and not for a property of them.
EXCEPTIONS: Final = {
    "doctor/services/meaning.py": "what answers mean in the place in which they came: in codes",
    "doctor/collect/clients/bucket_refusals.py": "asks the table what S3's answer means",
    "doctor/collect/clients/functions.py": "asks the table what the gateway's answer means",
    "doctor/judge/history/roles.py": "asks the table what PostgreSQL's answer means",
    "doctor/judge/mistakes.py": "asks the table what the Data API's answer means",
    "doctor/judge/history/early.py": "one more answer and its meaning, which the case decides",
    "doctor/judge/history/absence.py": "the proof that row/table-missing needs, and the report too",
    "doctor/judge/fix_sql/rows.py": "what an alternative of the fix stands in place of",
}


@dataclass(frozen=True, kw_only=True)
class Literal:
    """A string in a file that is a code, or a pattern of codes."""

    file: str
    line: int
    code: str
    # It relates one rule to another: for a decorator, the argument of a call, or compared with.
    related: bool


def product() -> tuple[Path, ...]:
    """The product's Python files, without the links to the folders beside `doctor/`."""
    folders = [path for path in (ROOT / "doctor").iterdir() if not path.is_symlink()]
    files = [file for folder in (*folders, ROOT / "checks") for file in folder.rglob("*.py")]
    return tuple(sorted((*files, *(ROOT / "doctor").glob("*.py"))))


def literals(file: Path) -> Iterator[Literal]:
    source = file.read_text(encoding="utf-8")
    if not CODE.search(source):
        return
    tree = ast.parse(source)
    related = {id(one) for node in ast.walk(tree) for one in _related(node)}
    related |= {id(one) for one in _constants(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and CODE.fullmatch(str(node.value)):
            yield Literal(
                file=str(file.relative_to(ROOT)),
                line=node.lineno,
                code=str(node.value),
                related=id(node) in related,
            )


def _constants(tree: ast.Module) -> Iterator[ast.AST]:
    """What is kept under a name for the decorators of several rules."""
    decorators = (one for node in ast.walk(tree) for one in _decorators(node))
    names = {one.id for one in decorators if isinstance(one, ast.Name)}
    for node in tree.body:
        if isinstance(node, ast.Assign) and names & {
            getattr(one, "id", "") for one in node.targets
        }:
            yield from ast.walk(node.value)


def _decorators(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.FunctionDef):
        for decorator in node.decorator_list:
            yield from ast.walk(decorator)


def _related(node: ast.AST) -> Iterator[ast.AST]:
    yield from _decorators(node)
    if isinstance(node, ast.Call):
        yield from node.args
    elif isinstance(node, ast.Compare):
        yield from (node.left, *node.comparators)


def owners() -> dict[str, str]:
    """The file of each code's rule."""
    rules = [rule for one in load_checks().checks for rule in one.check.rules]
    return {
        rule.code: str(Path(code.co_filename).resolve().relative_to(ROOT))
        for rule in rules
        if (code := getattr(getattr(rule.judge, "rule", rule.judge), "__code__", None))
    }


@cache
def found() -> tuple[Literal, ...]:
    """Every code that stands in the product."""
    return tuple(one for file in product() for one in literals(file))


def test_a_code_stands_in_the_file_of_its_rule_alone() -> None:
    """But for what relates one rule to another, in the file of one of the two."""
    files = owners()
    strangers = [
        f"{one.file}:{one.line}: {one.code}"
        for one in found()
        if files.get(one.code) != one.file
        and one.file not in EXCEPTIONS
        and not (one.related and one.file in files.values())
    ]

    assert strangers == []


def test_every_rule_has_a_file() -> None:
    assert set(owners()) == set(load_checks().rules)
    assert all(file.startswith("checks/") for file in owners().values())


@pytest.mark.parametrize("file", EXCEPTIONS)
def test_an_exception_is_still_one(file: str) -> None:
    assert any(one.file == file for one in found())


def test_no_template_knows_a_code() -> None:
    files = [file for file in (ROOT / "templates").rglob("*") if file.suffix in (".j2", ".css")]

    assert files
    assert [file.name for file in files if CODE.search(file.read_text(encoding="utf-8"))] == []
