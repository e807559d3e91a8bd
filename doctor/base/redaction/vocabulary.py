"""The tool's own words: what stands in every report cannot be a secret of anybody's."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from backup_doctor import templates

if TYPE_CHECKING:
    from collections.abc import Iterator


@cache
def own_words() -> str:
    """All that the tool itself says, case folded: templates, settings, checks and their codes."""
    return "\n".join(_texts()).casefold()


def _texts() -> Iterator[str]:
    from backup_doctor.evidence import case
    from backup_doctor.evidence import findings as model
    from backup_doctor.judge.registry import load_checks
    from backup_doctor.settings.table import BY_NAME

    folder = Path(templates.__file__).parent
    yield from (file.read_text("utf-8") for file in sorted(folder.iterdir()) if file.is_file())
    for setting in BY_NAME.values():
        yield from (setting.key, setting.about, setting.default or "", *setting.usual_variables)
    for kind in (model.Report, model.CheckResult, model.Finding, model.Exhibit, case.Names):
        yield from kind.__struct_fields__
    for loaded in load_checks().checks:
        check = loaded.check
        yield from (check.name, check.title, check.doc, *check.evidence.__struct_fields__)
        yield from (part for rule in check.rules for part in (rule.code, rule.doc))
