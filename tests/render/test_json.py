"""The JSON report is what the contract promises."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import msgspec
import pytest

from backup_doctor.evidence.findings import Report
from backup_doctor.report.render import Format
from tests.render.fixtures import ALL, HOSTILE, report
from tests.render.rendering import rendered

CONTRACT = json.loads(Path(__file__).with_name("contract.schema.json").read_text())


@pytest.mark.parametrize("name", ALL)
def test_json_satisfies_the_contract(name: str) -> None:
    document = json.loads(rendered(ALL[name], Format.JSON))

    jsonschema.validate(document, CONTRACT)


@pytest.mark.parametrize("name", ALL)
def test_json_satisfies_the_schema_that_is_printed(name: str) -> None:
    document = json.loads(rendered(ALL[name], Format.JSON))

    jsonschema.validate(document, msgspec.json.schema(Report))


def test_json_reads_back_as_the_same_report() -> None:
    assert msgspec.json.decode(rendered(HOSTILE, Format.JSON), type=Report) == HOSTILE


def test_json_can_hold_what_is_no_unicode() -> None:
    document = json.loads(rendered(report(summary="bytes \udcff"), Format.JSON))

    assert document["summary"] == "bytes \udcff"
