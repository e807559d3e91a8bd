"""A bundle is written whole or not at all, for its owner alone."""

from __future__ import annotations

import gzip
import re
import stat
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from backup_doctor.evidence.base import Evidence
from backup_doctor.evidence.row import BackupRow
from backup_doctor.judge.registry import load_checks
from backup_doctor.run.bundle.model import LONGEST, Bundle, UnusableBundleError
from backup_doctor.run.bundle.reading import read
from backup_doctor.run.bundle.writing import save
from tests.bundle import samples

if TYPE_CHECKING:
    from pathlib import Path


class OddEvidence(Evidence, frozen=True, kw_only=True):
    """Evidence of a careless third-party check: an object is no data."""

    thing: object


@pytest.mark.parametrize("name", ["bundle.json", "bundle.json.gz", "BUNDLE.JSON.GZ"])
def test_only_its_owner_may_read_it_and_the_ending_says_how_it_is_written(
    tmp_path: Path, name: str
) -> None:
    file = samples.saved(tmp_path, samples.stuck(), name)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (file.read_bytes()[:2] == b"\x1f\x8b") is name.lower().endswith("gz")
    assert read(file, load_checks()) == samples.stuck()


@pytest.mark.parametrize("name", ["bundle.json", "bundle.json.gz"])
def test_the_same_bundle_makes_the_same_bytes(tmp_path: Path, name: str) -> None:
    once = samples.saved(tmp_path, samples.stuck(), name).read_bytes()

    again = samples.saved(tmp_path, samples.stuck(), name).read_bytes()

    assert again == once


CUSTOMERS = {
    "email": "jane@customer.example",
    "notes": {"iban": "DE02120300000000202051"},
    "tags": ["vip"],
    "seats": 12345,
    "paid": True,
    "left_at": None,
}


@pytest.mark.parametrize("where", ["rows", "near"])
@pytest.mark.parametrize("columns", [{}, {"s3_key": "archive", "finished_at": ""}])
def test_of_a_row_only_the_columns_that_the_settings_name_are_saved(
    tmp_path: Path, where: str, columns: dict[str, str]
) -> None:
    own = {"id": "b-1", "dispatch_id": "d-1", "s3_key": "k", "archive": "a", "status": "success"}
    bundle = with_row(BackupRow(id="b-1", values={**own, **CUSTOMERS}), where, columns)

    file = samples.saved(tmp_path, bundle)

    (kept,) = getattr(read(file, load_checks()).collected.case.evidence["row"], where)
    other = "s3_key" if columns else "archive"
    assert kept.values == {name: value for name, value in own.items() if name != other}
    assert kept.types == {
        other: "text",
        "email": "text",
        "notes": "object",
        "tags": "list",
        "seats": "number",
        "paid": "boolean",
        "left_at": "null",
    }
    assert not re.search("jane|DE0212|vip|12345", file.read_text())


def test_an_older_bundle_loses_them_when_it_is_saved_again(tmp_path: Path) -> None:
    """As `redact` does."""
    old = samples.changed(tmp_path, lambda tree: row_of(tree)["values"].update(CUSTOMERS))
    first = samples.saved(tmp_path, read(old, load_checks()), "first.json")

    again = samples.saved(tmp_path, read(first, load_checks()), "again.json")

    assert "jane" in old.read_text()
    assert "jane" not in first.read_text()
    assert again.read_bytes() == first.read_bytes()


def row_of(tree: Any) -> Any:
    """The row in a bundle's JSON."""
    return tree["collected"]["case"]["evidence"]["row"]["rows"][0]


def with_row(row: BackupRow, where: str, columns: dict[str, str]) -> Bundle:
    """The real bundle with this row, in a table whose columns have these names."""
    bundle = samples.stuck()
    case = bundle.collected.case
    evidence = msgspec.structs.replace(case.evidence["row"], **{"rows": (), where: (row,)})
    changed = msgspec.structs.replace(
        case,
        names=msgspec.structs.replace(case.names, columns=columns),
        evidence={**case.evidence, "row": evidence},
    )
    collected = msgspec.structs.replace(bundle.collected, case=changed)
    return msgspec.structs.replace(bundle, collected=collected)


def test_evidence_that_is_no_data_is_refused(tmp_path: Path) -> None:
    bundle = samples.stuck()
    case = msgspec.structs.replace(
        bundle.collected.case, evidence={"odd": OddEvidence(thing=object())}
    )
    odd = msgspec.structs.replace(
        bundle, collected=msgspec.structs.replace(bundle.collected, case=case)
    )

    with pytest.raises(UnusableBundleError, match="cannot be written as JSON"):
        save(odd, tmp_path / "bundle.json")

    assert list(tmp_path.iterdir()) == []


def test_more_than_could_be_read_again_is_not_written(tmp_path: Path) -> None:
    large = msgspec.structs.replace(samples.stuck(), unknown={"large": "x" * LONGEST})

    with pytest.raises(UnusableBundleError, match="holds at most"):
        save(large, tmp_path / "bundle.json.gz")


def test_a_packed_bundle_is_plain_gzip(tmp_path: Path) -> None:
    plain = samples.saved(tmp_path, samples.stuck(), "bundle.json")
    packed = samples.saved(tmp_path, samples.stuck(), "bundle.json.gz")

    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()
