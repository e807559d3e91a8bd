"""Whatever is in the file: a bundle, or one clear message, in bounded memory and time."""

from __future__ import annotations

import gzip
import json
import time
import tracemalloc
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import to_builtins
from msgspec.structs import replace

from backup_doctor.base.redaction import Redactor
from backup_doctor.evidence.base import Evidence
from backup_doctor.judge.framework import Check
from backup_doctor.judge.registry import LoadedCheck, Registry, load_checks
from backup_doctor.report.render import Format, render
from backup_doctor.run.bundle.model import LONGEST, Bundle, UnusableBundleError
from backup_doctor.run.bundle.reading import read
from backup_doctor.run.bundle.replay import replay
from tests.bundle import samples
from tests.bundle.arbitrary import JSON, bundles

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


REAL = samples.STUCK.read_bytes()


def deep(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


def within(tree: bytes) -> bytes:
    """The real bundle with JSON in a place that takes any: a column of the user's own."""
    return REAL.replace(b'"values": {', b'"values": {"own": ' + tree + b",", 1)


NOT_BUNDLES = {
    "empty": b"",
    "no JSON": b"Then the dog ate it.",
    "another document": b'{"schema_version": 1}',
    "a list": b"[1, 2]",
    "null": b"null",
    "a version that is no number": b'{"backup_doctor_evidence": "one"}',
    "nothing collected": b'{"backup_doctor_evidence": 1}',
    "no UTF-8": b'{"backup_doctor_evidence": 1, "collected": "\xff"}',
    "no number of JSON's": REAL.replace(b"7200.0", b"NaN"),
    "a number of ten thousand digits": REAL.replace(b"7200.0", b"9" * 10_000),
    "a time without a zone": REAL.replace(b'Z",\n   "evidence"', b'",\n   "evidence"'),
    "deeper than Python can follow": deep(100_000),
    "deeper than any bundle": within(deep(150)),
    "a million empty lists": within(b"[" + b"[]," * 1_000_000 + b"0]"),
    "larger than any bundle": REAL + b" " * LONGEST,
    "gzip cut short": gzip.compress(REAL)[:-100],
    "gzip with a flipped byte": gzip.compress(REAL)[:200] + b"\xff" + gzip.compress(REAL)[201:],
    "no gzip after its magic": b"\x1f\x8bBACKUP",
    "a gigabyte of zeros, packed": samples.packed_zeros(1),
}


@pytest.mark.parametrize("content", NOT_BUNDLES.values(), ids=NOT_BUNDLES)
def test_what_is_no_bundle_is_refused_with_one_line_that_names_the_file(
    tmp_path: Path, content: bytes
) -> None:
    file = samples.written(tmp_path, content)

    with pytest.raises(UnusableBundleError) as refused:
        read(file, load_checks())

    message = str(refused.value)
    assert message.startswith(str(file))
    assert "\n" not in message
    assert len(message) < len(str(file)) + 300


@pytest.mark.parametrize("name", ["a gigabyte of zeros, packed", "a million empty lists"])
def test_a_bomb_takes_little_memory_and_time(tmp_path: Path, name: str) -> None:
    file = samples.written(tmp_path, NOT_BUNDLES[name])

    tracemalloc.start()
    started = time.process_time()
    with pytest.raises(UnusableBundleError):
        read(file, load_checks())
    took_s = time.process_time() - started
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 4 * LONGEST
    assert took_s < 3


@pytest.mark.parametrize("name", ["absent.json", "."])
def test_a_file_that_is_not_there_or_is_a_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnusableBundleError, match="cannot be read"):
        read(tmp_path / name, load_checks())


def test_a_wrong_type_is_named_with_its_place(tmp_path: Path) -> None:
    def change(tree: Any) -> None:
        tree["collected"]["case"]["evidence"]["row"]["rows"][0]["size_bytes"] = "many"

    with pytest.raises(UnusableBundleError, match=r"Expected `int \| null`, got `str`.*rows"):
        read(samples.changed(tmp_path, change), load_checks())


def test_a_newer_version_of_the_format_is_refused_and_says_what_wrote_it(tmp_path: Path) -> None:
    def change(tree: Any) -> None:
        tree["backup_doctor_evidence"] = 2
        tree["collected"] = "whatever that version has"

    with pytest.raises(UnusableBundleError, match=r"version 2 of the format, .* reads up to 1\."):
        read(samples.changed(tmp_path, change), load_checks())


def test_a_packed_bundle_is_known_by_its_content_whatever_its_name(tmp_path: Path) -> None:
    file = samples.written(tmp_path, gzip.compress(REAL), "bundle.json")

    assert read(file, load_checks()) == samples.stuck()


def test_a_bundle_of_version_1_is_read_and_judged() -> None:
    report = replay(samples.stuck(), load_checks())

    assert report.root_cause == "function/not-deployed"
    assert report.causes == ("function/not-deployed", "rls/no-grant")
    assert report.errors == ()


def test_unknown_fields_are_left_out_and_missing_ones_have_their_default(tmp_path: Path) -> None:
    def change(tree: Any) -> None:
        case = tree["collected"]["case"]
        case["evidence"]["row"]["of_a_later_version"] = {"a": 1}
        case["from_the_future"] = True
        del case["evidence"]["workflow"]["usual_s"], case["names"]["prefix"], tree["written_by"]

    bundle = read(samples.changed(tmp_path, change), load_checks())

    assert bundle.collected.case.row == samples.stuck().collected.case.row
    assert bundle.collected.case.workflow.usual_s == ()  # type: ignore[union-attr]
    assert bundle.collected.case.names.prefix == "backups/"


def test_evidence_of_a_check_that_is_not_here_is_reported_and_costs_nothing(tmp_path: Path) -> None:
    def change(tree: Any) -> None:
        tree["collected"]["case"]["evidence"]["disk"] = {"is_a": "DiskEvidence", "free": 1}

    report = replay(read(samples.changed(tmp_path, change), load_checks()), load_checks())

    assert report.notes == (
        "The bundle has evidence of the check disk, which is not installed here.",
    )
    assert report.root_cause == "function/not-deployed"


class DiskEvidence(Evidence, frozen=True, kw_only=True):
    """What a check of another package saw."""

    free: int
    checked_at: datetime


def test_evidence_of_a_check_of_another_package_is_read_by_the_model_that_it_declares(
    tmp_path: Path,
) -> None:
    check = Check(name="disk", step=None, title="Disk", evidence=DiskEvidence)
    registry = Registry(
        checks=(*load_checks().checks, LoadedCheck(check=check, origin="disk-doctor"))
    )
    seen = DiskEvidence(free=1, checked_at=datetime(2026, 11, 24, tzinfo=UTC))
    real = samples.stuck()
    case = replace(real.collected.case, evidence={**real.collected.case.evidence, "disk": seen})
    bundle = replace(real, collected=replace(real.collected, case=case))

    again = read(samples.saved(tmp_path, bundle), registry)

    assert again == bundle
    assert [result.check for result in replay(again, registry).results][-1] == "disk"


@pytest.mark.slow
@settings(max_examples=40)
@given(bundles())
def test_every_bundle_is_read_as_it_was_saved(bundle: Bundle) -> None:
    """But for the columns of rows that no setting names."""
    with samples.folder() as folder:
        once = read(samples.saved(folder, bundle), load_checks())
        again = read(samples.saved(folder, once), load_checks())

    assert again == once
    assert without_columns(once) == without_columns(bundle)


def without_columns(value: Any) -> Any:
    """A bundle as JSON without the columns of rows."""
    if isinstance(value, Bundle):
        return without_columns(to_builtins(value, str_keys=True))
    if isinstance(value, (list, tuple)):
        return [without_columns(item) for item in value]
    if not isinstance(value, dict):
        return value
    left_out = {"values", "types"} if value.get("is_a") == "BackupRow" else set()
    return {name: without_columns(item) for name, item in value.items() if name not in left_out}


@given(st.data())
def test_a_bundle_with_anything_in_any_place_is_judged_or_refused(data: st.DataObject) -> None:
    tree = samples.document()
    holder, key = data.draw(st.sampled_from(list(places(tree))))
    holder[key] = data.draw(JSON)

    with samples.folder() as folder:
        file = samples.written(folder, json.dumps(tree).encode())
        try:
            report = replay(read(file, load_checks()), load_checks())
        except UnusableBundleError:
            return

    for form in Format:
        assert render(report, form, Redactor()).endswith("\n")


@given(st.binary(max_size=200))
def test_no_bytes_are_anything_but_refused(content: bytes) -> None:
    with samples.folder() as folder, pytest.raises(UnusableBundleError):
        read(samples.written(folder, content), load_checks())


def places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a JSON document, as its holder and the key or index there."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, value in items:
        yield tree, key
        if isinstance(value, (dict, list)):
            yield from places(value)
