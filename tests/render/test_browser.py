"""The HTML report in a real browser: headless Chromium, driven by Playwright, judged by axe-core.

`SCREENSHOTS=folder pytest tests/render/test_browser.py` leaves pictures of every theme and width.
"""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest

from backup_doctor.base.redaction import Redactor
from backup_doctor.report.render import Format, Look, render
from tests.render.browser import LOOKS, assert_well_made, opened
from tests.render.fixtures import ALL

PAGES = ("real", "hostile")


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    pages = {name: render(ALL[name], Format.HTML, Redactor(), Look(zone=UTC)) for name in PAGES}
    return opened(pages, tmp_path_factory.mktemp("pages"))


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wrong_in_any_theme_and_width(
    seen: dict[str, Any], name: str, look: str
) -> None:
    assert_well_made(seen[name]["looks"][look])


def test_each_fix_is_copied_by_keyboard_exactly_as_it_is(seen: dict[str, Any]) -> None:
    copied = seen["real"]["copied"]

    assert ALL["real"].fix_sql in copied
    assert any(text.startswith("supabase functions deploy") for text in copied)
    assert seen["real"]["announced"] == ["Copied to the clipboard."]


def test_a_report_is_printed_on_one_page(seen: dict[str, Any]) -> None:
    assert seen["real"]["printed"] == 1
