"""README and docs say what the program says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from typer.main import get_command

from backup_doctor.cli.app import app
from backup_doctor.cli.codes import Exit
from backup_doctor.cli.init_job import job_of
from backup_doctor.collect.repository import read_repository
from backup_doctor.settings.first_steps import FIRST_SETTINGS
from backup_doctor.settings.table import BY_NAME
from backup_doctor.settings.trust import ADDRESSES
from scripts.docs import commands, filled, help_of, pages
from tests.docs.pages import README, ROOT, blocks, first_cells, page, section

if TYPE_CHECKING:
    from pathlib import Path

PAGES = [README, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
PIPELINE = ROOT / "demo" / "pipeline" / "README.md"
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)
README_TEXT = README.read_text(encoding="utf-8")


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors(path: Path) -> set[str]:
    """The anchors that GitHub gives a page's headings."""
    titles = HEADING.findall(path.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def flags(command: str) -> list[str]:
    """Every flag of a command, in all its spellings."""
    group = get_command(app)
    of = getattr(group, "commands", {})[command] if command else group
    return [flag for parameter in of.params for flag in parameter.opts if flag.startswith("-")]


@pytest.mark.parametrize("path", pages(), ids=relative)
def test_what_the_program_tells_is_up_to_date(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert filled(text) == text, "run `make docs`"


def test_the_readme_has_the_real_help() -> None:
    assert help_of() in README_TEXT


@pytest.mark.parametrize("command", commands())
def test_every_command_is_documented_with_every_flag(command: str) -> None:
    text = section(page("commands.md"), f"backup-doctor {command}")

    for flag in flags(command):
        assert flag in text


def test_every_flag_of_the_main_job_is_in_the_readme() -> None:
    for flag in flags(""):
        assert flag in section(README_TEXT, "Commands")


@pytest.mark.parametrize("path", [*PAGES, PIPELINE], ids=relative)
def test_internal_links_lead_somewhere(path: Path) -> None:
    for link in LINK.findall(path.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        file, _, anchor = link.partition("#")
        target = path.parent / file if file else path

        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_is_linked_from_the_readme() -> None:
    linked = {(ROOT / link).resolve() for link in LINK.findall(README_TEXT)}

    assert {path for path in PAGES if path != README} <= linked


def test_the_readme_names_the_five_settings_to_set_first() -> None:
    named = first_cells(section(README_TEXT, "On your own pipeline"))

    assert named == [BY_NAME[name].env[0] for name in FIRST_SETTINGS]


def test_the_readme_has_every_exit_code() -> None:
    codes = re.findall(r"^\| ([\d, ]+) \|", README_TEXT, re.MULTILINE)

    assert codes == [*(str(code.value) for code in Exit), "130, 143"]


def test_the_job_in_the_readme_is_the_one_that_init_writes() -> None:
    shown = yaml.safe_load(blocks(section(README_TEXT, "Three uses"), "yaml")[0])["diagnose"]
    job = read_repository(ROOT / "demo" / "pipeline").job
    assert job is not None
    real = yaml.safe_load(f"jobs:\n{job_of(job, {})}")["jobs"]["diagnose"]

    assert shown.items() <= {**real, "steps": shown["steps"]}.items()
    for ours, theirs in zip(shown["steps"], real["steps"], strict=False):
        assert ours["uses"] == theirs["uses"]
        assert ours["with"].items() <= theirs["with"].items()


def test_the_readme_names_only_targets_that_the_makefile_has() -> None:
    targets = TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8"))
    text = "".join(path.read_text(encoding="utf-8") for path in PAGES)

    assert set(re.findall(r"\bmake ([a-z]+)\b(?= |`|$)", code_in(text))) <= set(targets)


def code_in(text: str) -> str:
    """The code of a page, in blocks and in sentences, a line each."""
    return "\n".join([*blocks(text, "console"), *re.findall(r"`([^`\n]+)`", text)])


def test_the_settings_page_tells_of_every_address_that_a_file_may_not_choose() -> None:
    text = section(page("settings.md"), "What a file may not do")

    withheld = {address.name for address in ADDRESSES} | {"endpoint", "database_url"}

    assert {BY_NAME[name].env[0] for name in withheld} == set(first_cells(text))


def test_the_example_of_a_check_works_as_it_stands() -> None:
    module: dict[str, Any] = {}

    exec(blocks(page("how-it-works.md"), "python")[0], module)
    check = module["check"]
    rule = check.rules[0]
    evidence = module["DiskEvidence"]

    assert check.load_collector()(None, None).free_bytes > 0
    assert rule.judge(evidence(free_bytes=0), None).summary == "The disk is full."
    assert rule.judge(evidence(free_bytes=2_000_000), None) is None
