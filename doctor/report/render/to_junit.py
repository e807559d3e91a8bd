"""The report as JUnit XML: one test case for each check.

A check that could not look is an error, not a pass: CI would otherwise count it as good.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.base.quoting import for_xml
from backup_doctor.evidence.findings import ResultStatus
from backup_doctor.report.render.templating import fill

if TYPE_CHECKING:
    from backup_doctor.evidence.findings import Report
    from backup_doctor.report.render.formats import Look


def write(report: Report, look: Look) -> str:
    """The document."""
    counts = dict.fromkeys(ResultStatus, 0)
    for result in report.results:
        counts[result.status] += 1
    text = fill(
        "report.junit.j2",
        report,
        look,
        escape=for_xml,
        filters={"without_zone": _without_zone},
        counts=counts,
    )
    return text.lstrip("\n")


def _without_zone(at: str) -> str:
    """The common XML schema of JUnit takes a time in UTC without saying so."""
    return at.removesuffix("Z")
