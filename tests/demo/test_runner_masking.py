"""A log hides secrets exactly as far as GitHub's does."""

from __future__ import annotations

import base64

import pytest

from backup_doctor.demo.runner.masking import Masker


@pytest.mark.parametrize(
    ("secret", "text", "masked"),
    [
        ("s3cret", "key=s3cret!", "key=***!"),
        ("s3cret", "S3CRET", "S3CRET"),
        ("s3cret\n", "  KEY: s3cret\n", "  KEY: ***\n"),
        ("1", "HTTP 401", "HTTP 40***"),
        ("one\n two ", "two, then one", "***, then ***"),
        ("a b", "a%20b", "***"),
        ('say "x"', r"say \"x\"", "***"),
        ("a&b", "a&amp;b", "***"),
        ("ab", "abab", "***"),
        ("aba", "ababa", "***"),
        ("", "nothing", "nothing"),
        (" \n", "a b\n", "a b\n"),
    ],
)
def test_a_secret_is_masked_in_each_of_its_forms(secret: str, text: str, masked: str) -> None:
    assert Masker([secret]).mask(text) == masked


@pytest.mark.parametrize("before", ["", "x", "xy"])
def test_base64_is_masked_at_any_offset(before: str) -> None:
    encoded = base64.b64encode(f"{before}a-long-secret-value".encode()).decode()

    assert "***" in Masker(["a-long-secret-value"]).mask(encoded)


def test_finds_of_different_secrets_that_touch_become_one() -> None:
    assert Masker(["abc", "cde", "fg"]).mask("-abcdefg-") == "-***-"
