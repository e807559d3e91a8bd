"""Every format of every fixture looks as it did when a person last read it.

`UPDATE_GOLDEN=1 pytest tests/render/test_golden.py` writes the files anew; read the difference.
"""

from __future__ import annotations

import os
from datetime import UTC
from pathlib import Path

import pytest

from backup_doctor.base.redaction import Redactor
from backup_doctor.report.render import ENDINGS, Format, Look, render
from tests.render.fixtures import ALL

GOLDEN = Path(__file__).parent / "golden"
ENDING_OF = {form: ending for ending, form in ENDINGS.items()} | {Format.GITHUB: ".github"}


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize("name", ALL)
def test_the_report_looks_as_it_did(name: str, form: Format) -> None:
    file = GOLDEN / f"{name}{ENDING_OF[form]}"

    text = render(ALL[name], form, Redactor(), Look(zone=UTC))

    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(text, encoding="utf-8", newline="\n")
    assert text == file.read_text(encoding="utf-8")
