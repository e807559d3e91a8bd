"""Every dependency has a reason in the documentation, and the locks agree."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = (
    "requirements.lock",
    "requirements-runtime.lock",
    "requirements-demo.lock",
    "requirements-release.lock",
    "requirements-mutants.lock",
)


def declared() -> set[str]:
    """The names of all dependencies, extras in brackets included, as `pyproject.toml` has them."""
    project = PROJECT["project"]
    groups = (project["optional-dependencies"], PROJECT["dependency-groups"])
    lists = (project["dependencies"], *(one for group in groups for one in group.values()))
    return {re.split(r"[<>=;]", one)[0].strip() for entries in lists for one in entries}


def pins(lock: str) -> dict[str, str]:
    text = (ROOT / lock).read_text()
    found = re.findall(r"^([\w.-]+)(?:\[[^\]]*\])?==(\S+)", text, re.MULTILINE)
    return dict(found)


def test_the_documentation_says_of_each_dependency_what_it_is_for() -> None:
    documented = set(re.findall(r"`([^`]+)`", (ROOT / "docs" / "dependencies.md").read_text()))

    assert declared() - documented == set()


@pytest.mark.parametrize("lock", ["requirements-runtime.lock", "requirements-demo.lock"])
def test_what_is_installed_elsewhere_is_what_was_tested(lock: str) -> None:
    assert pins(lock).items() <= pins("requirements.lock").items()


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_with_hashes_and_names_no_place(lock: str) -> None:
    text = (ROOT / lock).read_text()

    assert text.count("==") <= text.count("--hash=sha256:")
    assert not re.search(
        r"https?://|file:|^--(?:extra-)?index-url|--find-links", text, re.MULTILINE
    )
