"""The JUnit report is what every CI system can read."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import xmlschema

from backup_doctor.report.render import Format
from tests.render.fixtures import ALL, UNKNOWN, report
from tests.render.rendering import rendered

if TYPE_CHECKING:
    from backup_doctor.evidence.findings import Report

SCHEMA = xmlschema.XMLSchema(Path(__file__).with_name("junit.xsd"))


@pytest.mark.parametrize("name", ALL)
def test_it_has_the_shape_that_all_ci_systems_have_in_common(name: str) -> None:
    SCHEMA.validate(rendered(ALL[name], Format.JUNIT))


def test_it_has_it_with_no_check_at_all() -> None:
    SCHEMA.validate(rendered(report(results=()), Format.JUNIT))


def junit(which: Report) -> ET.Element:
    """The one suite of the document."""
    (suite,) = ET.fromstring(rendered(which, Format.JUNIT)).findall("testsuite")
    return suite


@pytest.mark.parametrize("name", ALL)
def test_junit_has_one_case_for_each_check_and_counts_them(name: str) -> None:
    suite = junit(ALL[name])

    cases = suite.findall("testcase")
    assert len(cases) == int(suite.attrib["tests"]) == len(ALL[name].results)
    for counter, element in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(suite.attrib[counter]) == len(suite.findall(f"testcase/{element}"))


def test_a_check_that_could_not_look_is_no_pass_in_junit() -> None:
    suite = junit(UNKNOWN)

    assert [case.attrib["name"][:6] for case in suite.findall("testcase[error]")] == ["object"]
    assert [case.attrib["name"][:4] for case in suite.findall("testcase[skipped]")] == ["row:"]
