"""Opens HTML in headless Chromium, driven by Playwright, and has it judged by axe-core."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

MODULES = Path(__file__).parents[1] / "real_clients"
SCRIPT = Path(__file__).with_name("browser.mjs")
LOOKS = [f"{theme} {width}" for theme in ("light", "dark") for width in ("narrow", "wide")]


def opened(pages: Mapping[str, str], folder: Path) -> dict[str, Any]:
    """What the browser made of each page, by its name."""
    files = [folder / f"{name}.html" for name in pages]
    for file, text in zip(files, pages.values(), strict=True):
        file.write_text(text, encoding="utf-8")
    told = subprocess.run(
        ["node", SCRIPT, MODULES, chromium(), *files],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert told.returncode == 0, told.stderr
    seen: dict[str, Any] = json.loads(told.stdout)
    return seen


def assert_well_made(looked: Mapping[str, Any]) -> None:
    """Nothing is wrong with a page in one theme and width."""
    assert looked["problems"] == [], "console, dialogs, requests"
    assert looked["violations"] == [], "axe-core: WCAG 2.2 AA and best practice"
    assert looked["overflow"] <= 0, "scrolls sideways"
    assert looked["spilled"] == [], "cells whose text runs into their neighbours"


def chromium() -> str:
    """The browser. Without it nothing here is proved, so that is a failure, not a skip."""
    found = filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))
    browser = next(found, None)
    assert browser, "Chromium is not installed: apt-get install chromium, or make browser"
    return browser
