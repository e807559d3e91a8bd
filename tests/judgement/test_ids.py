"""An id is the row's own once a row is found; what was typed is cleaned of what surrounds it."""

import pytest

from backup_doctor.evidence.case import Asked, bare_id, dispatch_id_of
from backup_doctor.evidence.ids import mentions
from backup_doctor.evidence.row import BackupRow


@pytest.mark.parametrize(
    "typed",
    [
        "nightly-42",
        " nightly-42",
        "nightly-42\n",
        "'nightly-42'",
        '"nightly-42" ',
        "\u201cnightly-42\u201d",
    ],
)
def test_blanks_and_quotes_around_an_id_are_none_of_it(typed: str) -> None:
    assert bare_id(typed) == "nightly-42"


@pytest.mark.parametrize("typed", ["it's", "a b", " ", "''", "x'y", "'; DROP", "\"a'", "'"])
def test_what_is_within_an_id_stays(typed: str) -> None:
    assert bare_id(typed) == typed


@pytest.mark.parametrize(
    ("asked", "row", "own"),
    [
        (Asked(dispatch_id="ABC "), BackupRow(dispatch_id="abc"), "abc"),
        (Asked(dispatch_id="row-id"), BackupRow(id="row-id", dispatch_id="abc"), "abc"),
        (Asked(dispatch_id="row-id"), BackupRow(id="row-id"), "row-id"),
        (Asked(backup_id="row-id"), BackupRow(id="row-id", dispatch_id="abc"), "abc"),
        (Asked(run_id="7"), BackupRow(dispatch_id="abc"), "abc"),
        (Asked(dispatch_id=" abc"), None, "abc"),
        (Asked(backup_id="row-id"), None, None),
    ],
)
def test_the_rows_own_id_comes_before_what_was_asked(
    asked: Asked, row: BackupRow | None, own: str | None
) -> None:
    assert dispatch_id_of(asked, row) == own


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ('{"message":"Backup updated","backup":{"error_text":null}}', False),
        ("backup null", False),
        ("DISPATCH_ID=null", True),
        ('"dispatch_id": "null"', True),
        ("dispatch-id null", True),
        ("dispatch_id=nullable", False),
    ],
)
def test_an_id_that_is_a_value_of_any_program_is_named_only_behind_its_name(
    line: str, named: bool
) -> None:
    assert mentions(line, "null") is named
    assert mentions(line.encode(), "null") is named
