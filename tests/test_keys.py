"""Keys are described and compared without being shown."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backup_doctor.demo.supabase.keys import legacy_key, sign
from backup_doctor.evidence.keys import (
    compare,
    describe_service_key,
    digest,
    fits_header,
    jwt_claims,
)
from backup_doctor.evidence.secrets import KeyKind, KeyMatch

ISSUED = datetime(2026, 1, 1, tzinfo=UTC)
JWT = legacy_key("abcdefghijklmnopqrst", "service_role", "jwt-secret", ISSUED)
# supabase/cli, pkg/config/apikeys.go: the key of every local project.
LOCAL_SECRET = "sb_secret_N7UND0UgjKTVK-Uodkm0Hg_xSvEMPvz"
KEY = "0123456789abcdef"


def test_a_legacy_key_tells_role_project_and_times() -> None:
    key = describe_service_key(f"{JWT}\n", setting="KEY")

    assert (key.kind, key.role, key.ref) == (
        KeyKind.LEGACY_JWT,
        "service_role",
        "abcdefghijklmnopqrst",
    )
    assert key.issued_at == ISSUED
    assert key.expires_at is not None
    assert key.expires_at.year == 2035
    assert key.surrounding_whitespace


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (LOCAL_SECRET, KeyKind.SECRET),
        ("sb_publishable_ACJWlzQHlZjBrEguHvfOxg_3BJgxAaH", KeyKind.PUBLISHABLE),
        ("sbp_" + "0" * 40, KeyKind.MANAGEMENT_TOKEN),
        ("hunter2", KeyKind.UNRECOGNIZED),
        ("a.b.c", KeyKind.UNRECOGNIZED),
    ],
)
def test_a_key_is_known_by_its_shape(key: str, kind: KeyKind) -> None:
    assert describe_service_key(key, setting="KEY").kind is kind


@pytest.mark.parametrize(
    ("key", "flaw"),
    [
        (JWT, ""),
        ("sb_secret_abc", ""),
        (JWT[:-8], "was not copied whole: its signature is cut off"),
        (JWT.rpartition(".")[0], "was not copied whole"),
        (f'"{JWT}"', "has quotation marks around it"),
        (f"'{LOCAL_SECRET}", "has quotation marks around it"),
        (f"Bearer {JWT}", "begins with 'Bearer', which the workflow puts there itself"),
        (f"SUPABASE_SERVICE_ROLE_KEY={JWT}", "begins with a variable's name and '='"),
        ("your-service-role-key", "is not a Supabase key"),
        (sign({"role": "service_role"}, "x").replace("eyJ", "eyK", 1), "is not a Supabase key"),
    ],
)
def test_what_was_copied_wrongly_is_told(key: str, flaw: str) -> None:
    assert describe_service_key(key, setting="KEY").flaw == flaw


@given(st.text() | st.from_regex(r"\A[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\Z"))
def test_no_garbage_makes_it_raise(key: str) -> None:
    assert describe_service_key(key, setting="KEY").setting == "KEY"


@pytest.mark.parametrize("time", [True, "soon", 1e300, -1e300, None, [1]])
def test_a_claim_of_another_type_is_left_out(time: object) -> None:
    token = sign({"role": 7, "ref": None, "exp": time}, "jwt-secret")

    key = describe_service_key(token, setting="KEY")

    assert (key.kind, key.role, key.ref, key.expires_at) == (KeyKind.LEGACY_JWT, None, None, None)


def test_the_description_shows_no_part_of_the_key() -> None:
    described = repr(describe_service_key(JWT, setting="KEY"))

    assert not any(piece in described for piece in JWT.split("."))


def test_claims_are_read_only_from_a_jwt() -> None:
    assert jwt_claims("e30.e30.x") == {}
    assert jwt_claims("W10.e30.x") is None


@pytest.mark.parametrize(
    ("key", "theirs", "match", "surrounded"),
    [
        (KEY, KEY, KeyMatch.EQUAL, False),
        (KEY, f"{KEY}\n", KeyMatch.EQUAL_BUT_FOR_WHITESPACE, True),
        (KEY, f"{KEY}\r\n", KeyMatch.EQUAL_BUT_FOR_WHITESPACE, True),
        (KEY, f"{KEY} ", KeyMatch.EQUAL_BUT_FOR_WHITESPACE, True),
        (KEY, f" {KEY}", KeyMatch.EQUAL_BUT_FOR_WHITESPACE, True),
        (f"{KEY}\n", KEY, KeyMatch.EQUAL_BUT_FOR_WHITESPACE, False),
        (f"{KEY}\n", f"{KEY}\n", KeyMatch.EQUAL, True),
        (f"{KEY}\n", f" {KEY}", KeyMatch.EQUAL_BUT_FOR_WHITESPACE, True),
        (KEY, "another", KeyMatch.DIFFERENT, False),
        (KEY, "", KeyMatch.DIFFERENT, False),
    ],
)
def test_two_keys_are_compared_by_digest(
    key: str, theirs: str, match: KeyMatch, *, surrounded: bool
) -> None:
    assert compare(key, digest(theirs)) == (match, surrounded)


def test_a_header_carries_printable_ascii_only() -> None:
    assert fits_header(LOCAL_SECRET)
    assert not fits_header("two\nlines")
    assert not fits_header("schlüssel")
