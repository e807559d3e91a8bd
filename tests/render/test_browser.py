"""The HTML report in a real browser: headless Chromium, driven by Playwright, judged by axe-core.

`SCREENSHOTS=folder pytest tests/render/test_browser.py` leaves pictures of every theme and width.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from doctor.redaction import Redactor
from doctor.render import Format, Look, render
from tests.render.fixtures import ALL

MODULES = Path(__file__).parents[1] / "real_clients"
SCRIPT = Path(__file__).with_name("browser.mjs")
PAGES = ("real", "hostile")
LOOKS = [f"{theme} {width}" for theme in ("light", "dark") for width in ("narrow", "wide")]


def chromium() -> str:
    """The browser. Without it nothing here is proved, so that is a failure, not a skip."""
    found = filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))
    browser = next(found, None)
    assert browser, "Chromium is not installed: apt-get install chromium, or make browser"
    return browser


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("pages")
    for name in PAGES:
        text = render(ALL[name], Format.HTML, Redactor(), Look(zone=UTC))
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    told = subprocess.run(
        ["node", SCRIPT, MODULES, chromium(), *(folder / f"{name}.html" for name in PAGES)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert told.returncode == 0, told.stderr
    pages: dict[str, Any] = json.loads(told.stdout)
    return pages


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wrong_in_any_theme_and_width(
    seen: dict[str, Any], name: str, look: str
) -> None:
    looked = seen[name]["looks"][look]

    assert looked["problems"] == [], "console, dialogs, requests"
    assert looked["violations"] == [], "axe-core: WCAG 2.2 AA and best practice"
    assert looked["overflow"] <= 0, "scrolls sideways"


def test_each_fix_is_copied_by_keyboard_exactly_as_it_is(seen: dict[str, Any]) -> None:
    copied = seen["real"]["copied"]

    assert ALL["real"].fix_sql in copied
    assert any(text.startswith("supabase functions deploy") for text in copied)
    assert seen["real"]["announced"] == "Copied to the clipboard."


def test_a_report_is_printed_on_one_page(seen: dict[str, Any]) -> None:
    assert seen["real"]["printed"] == 1
