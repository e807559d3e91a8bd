"""`schema` prints what every report satisfies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import jsonschema
import msgspec

from tests.cli.command import doctor
from tests.render.fixtures import STUCK

if TYPE_CHECKING:
    from pathlib import Path


def test_a_report_satisfies_the_printed_schema_and_a_wrong_one_does_not(tmp_path: Path) -> None:
    schema = json.loads(doctor("schema", cwd=tmp_path).stdout)

    report = json.loads(msgspec.json.encode(STUCK))
    validator = jsonschema.Draft202012Validator(schema)
    assert validator.is_valid(report)
    assert not validator.is_valid(report | {"verdict": "perhaps"})
