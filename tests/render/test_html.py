"""The HTML report, as its text tells; tests/render/test_browser.py opens it."""

from __future__ import annotations

import base64
import hashlib
from html.parser import HTMLParser

from backup_doctor.report.render import Format
from tests.render.fixtures import HOSTILE, STUCK
from tests.render.rendering import rendered


class _Page(HTMLParser):
    """Which tags there are, and what the style sheet, the script and the policy say."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.policy = ""
        self.scripts = 0
        self.text = {"style": "", "script": ""}
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.scripts += tag == "script"
        self._inside = tag
        if ("http-equiv", "Content-Security-Policy") in attrs:
            self.policy = dict(attrs)["content"] or ""

    def handle_endtag(self, _tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in self.text:
            self.text[self._inside] += data


def test_html_has_no_tag_from_outside_and_nothing_to_fetch() -> None:
    page = _Page(rendered(HOSTILE, Format.HTML))

    assert page.tags.isdisjoint({"img", "link", "iframe", "form"})
    assert page.scripts == 1


def test_html_allows_its_own_style_sheet_and_script_and_nothing_else() -> None:
    page = _Page(rendered(STUCK, Format.HTML))

    for kind in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(page.text[kind].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in page.policy
    assert "default-src 'none'" in page.policy
    assert "unsafe" not in page.policy
