"""A bundle is written whole or not at all, for its owner alone."""

from __future__ import annotations

import gzip
import stat
from typing import TYPE_CHECKING

import msgspec
import pytest

from doctor.bundle.model import LONGEST, UnusableBundleError
from doctor.bundle.reading import read
from doctor.bundle.writing import save, write_privately
from doctor.evidence.base import Evidence
from doctor.registry import load_checks
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


def test_a_file_that_cannot_be_written_stays_as_it_was_and_nothing_is_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = samples.written(tmp_path, b"of yesterday")

    def fail(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        write_privately(file, b"of today")

    assert file.read_bytes() == b"of yesterday"
    assert list(tmp_path.iterdir()) == [file]


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
