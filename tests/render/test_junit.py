"""The JUnit report is what every CI system can read."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest
import xmlschema

from doctor.redaction import Redactor
from doctor.render import Format, Look, render
from tests.render.fixtures import ALL, report

SCHEMA = xmlschema.XMLSchema(Path(__file__).with_name("junit.xsd"))


@pytest.mark.parametrize("name", ALL)
def test_it_has_the_shape_that_all_ci_systems_have_in_common(name: str) -> None:
    SCHEMA.validate(render(ALL[name], Format.JUNIT, Redactor(), Look(zone=UTC)))


def test_it_has_it_with_no_check_at_all() -> None:
    SCHEMA.validate(render(report(results=()), Format.JUNIT, Redactor(), Look(zone=UTC)))
