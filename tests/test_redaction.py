"""No secret leaves, whole or in part, in any way of writing it; nothing else is touched."""

from __future__ import annotations

import base64
import html
import json
import random
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backup_doctor.base.redaction import DEEPEST, FRAGMENT, SHORTEST, Redactor
from backup_doctor.base.redaction.vocabulary import own_words
from backup_doctor.evidence.findings import (
    CheckResult,
    Exhibit,
    Finding,
    Fix,
    FixKind,
    ResultStatus,
    Role,
    Severity,
)
from tests.bundle.arbitrary import JSON
from tests.canaries import KINDS as BEGINNINGS
from tests.canaries import cuts, leaks, readings, ways_of_writing

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[1]
CANARY = "c4n4ry +/pa$$ 'word' \"x\" %41é"
# A password with fewer letters and digits than can be told from other texts without the marks.
MARKS = "p4$$-w!d+~^"
NEEDS_LETTERS = {"characters, dashes", "split by quotes", "split by marks", "backwards", "ROT13"}
JWT = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
    "eyJpc3MiOiJzdXBhYmFzZS1kZW1vIiwicm9sZSI6InNlcnZpY2Vfcm9sZSJ9."
    "EGIM96RAZx35lJzdJsyH-qQwv8Hdp7fsn3W0YpN81IU"
)
KINDS = {
    "a difficult password": CANARY,
    "a JWT": JWT,
    "a new secret key": "sb_secret_N7UND0UgjKTVK-Uodkm0Hg_xSvEMPvz",
    "an access token": "sbp_b3d94c1f7a60e82d5594cf0be17a3d6682f1c05a",
    "a GitHub token": "ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
    "an AWS key id": "AKIAQ3EGRJ7WZ5TN2XKV",
    "an AWS secret": "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",
    "hexadecimal": "0f9c8e7d6b5a4c3b2a19f8e7d6c5b4a39281706f",
    "words": "correct horse battery staple",
    "eight characters": "k3y0fAi8",
}
SECRETS = st.text(st.characters(codec="utf-8"), min_size=SHORTEST, max_size=60).filter(
    lambda text: len(set(text.strip())) > 1 and text.strip().casefold() not in own_words()
)
LOOKS_LIKE_A_SECRET = {
    "jwt": JWT,
    "jwt without its signature": JWT.rsplit(".", 1)[0],
    "supabase secret key": "sb_secret_N7UND0UgjKTVK-Uodkm0Hg_xSvEMPvz",
    "supabase access token": "sbp_" + "0123456789abcdef" * 2 + "01234567",
    "supabase scoped token": "sbp_fc0123456789abcdef0123456789abcdef0123",
    "github classic": "ghp_" + "a1B2" * 9,
    "github server": "ghs_" + "a1B2" * 9,
    "github fine-grained": "github_pat_11ABCDEFG0" + "a1B2" * 15,
    "aws access key id": "AKIAIOSFODNN7EXAMPLE",
    "aws session key id": "ASIAIOSFODNN7EXAMPLE",
    "aws session token": "IQoJb3JpZ2luX2VjEPT//////////wEaCXVzLWVhc3QtMSJHMEUCIQ",
    "aws secret access key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "github oauth": "gho_" + "a1B2" * 9,
    "github user to server": "ghu_" + "a1B2" * 9,
    "github refresh": "ghr_" + "a1B2" * 19,
    "private key": "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG\n-----END PRIVATE KEY-----",
}
CUT_SHORT = [
    "ghp_a1B2c3",
    "sb_secret_N7UND0",
    "sbp_0123ab",
    "github_pat_11ABCD",
    "AKIAIOSFODNN7EXA",
]
LABELLED = [
    ("postgresql://postgres:hunter2@db.example.test:5432/postgres", "hunter2"),
    ("postgresql://postgres.ref:p@ss/w0rd@pooler.example.test:6543/postgres", "p@ss/w0rd"),
    ("Authorization: Bearer abcd", "abcd"),
    ('{"Authorization": "Bearer 0f9c8e7d"}', "0f9c8e7d"),
    ("curl -H 'apikey: 0f9c8e7d6b'", "0f9c8e7d6b"),
    ("sent Bearer 0f9c8e7d6b5a", "0f9c8e7d6b5a"),
    ("AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI"),
    ("https://b.s3.test/k?X-Amz-Signature=fe5f80f77d5fa3&X-Amz-Date=2026", "fe5f80f77d5fa3"),
    ("https://b.s3.test/k?X-Amz-Credential=AKID%2F2026&x=1", "AKID%2F2026"),
    ("https://b.s3.test/k?x=1&X-Amz-Security-Token=IQoJb3JpZ2luX2Vj", "IQoJb3JpZ2luX2Vj"),
    ("https://blob.test/log?sv=1&sig=aB%2Bc%3D", "aB%2Bc%3D"),
    ("to=https%3A%2F%2Fb.test%2Fk%3FX-Amz-Signature%3Dfe5f80f77d5fa3", "fe5f80f77d5fa3"),
    (r'"https://b.test/k?a=1\u0026X-Amz-Signature=fe5f80f77d5fa3"', "fe5f80f77d5fa3"),
    (
        "AWS4-HMAC-SHA256 Credential=x, Signature=fe5f80f77d5fa3beca038a24",
        "fe5f80f77d5fa3beca038a24",
    ),
    ("host=db.example.test user=postgres password=hunter dbname=postgres", "hunter"),
    ("host=db.example.test password='two words' dbname=postgres", "two words"),
    ('{"password": "correct horse battery"}', "correct horse battery"),
    ("Authorization: Basic dXNlcjpodW50ZXIy", "dXNlcjpodW50ZXIy"),
]
FIX_SQL = """\
UPDATE public.backup_history
SET status = 'success', size_bytes = 1048576, finished_at = '2026-11-24T01:02:03Z',
    s3_key = 'backups/2026/11/24/backup-5f0c8f5e.zip'
WHERE id = '3f2a8c1e-5b7d-4e9a-8c6f-0123456789ab' AND status = 'in_progress';
"""
HARMLESS = [
    FIX_SQL,
    "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
    "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "backups/2026/11/24/backup-3f2a8c1e-5b7d-4e9a-8c6f-0123456789ab.zip",
    'supabase secrets set BACKUP_API_KEY="$(openssl rand -hex 32)" --yes',
    "gh secret set VITE_SUPABASE_SERVICE_ROLE_KEY",
    '-H "Authorization: Bearer YOUR_BACKUP_API_KEY"',
    '-H "Authorization: Bearer $BACKUP_API_KEY"',
    "BACKUP_API_KEY: ${{ secrets.BACKUP_API_KEY }}",
    "BACKUP_API_KEY: ***",
    "postgresql://postgres:[YOUR-PASSWORD]@db.example.test:5432/postgres",
    "psql $SUPABASE_DB_URL",
    "https://github.com/acme/shop/actions/runs/123?check_suite_focus=true",
    "missing secret: VITE_SUPABASE_SERVICE_ROLE_KEY",
    "The function wants a Bearer token in its Authorization header.",
    "d41d8cd98f00b204e9800998ecf8427e-12",
    "backups/2026/11/24/Backup-AcmeShopNightly-000001.zip",
    "s3://acme/Backups/2026/11/24/AcmeShopNightly000001.zip",
    "version 3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY2MTRCxf3vjVBH40Nr8X8gdRQBpUMLUo",
    "request id 4442587FB7D0A2F9",
    "SUPABASE_DB_URL=postgresql://postgres:$PASSWORD@db.example.test/postgres",
    "password authentication failed for user postgres",
    "Bearer authentication is required",
    "token_type: bearer",
    'GRANT SELECT, UPDATE ON TABLE "public"."backup_history" TO service_role;',
]


@cache
def redactor_of(secret: str) -> Redactor:
    """To prepare one takes far longer than to use it."""
    return Redactor([secret])


@pytest.mark.parametrize("way", ways_of_writing(CANARY))
@pytest.mark.parametrize("kind", ["a difficult password", "a JWT", "words", "eight characters"])
def test_a_configured_secret_is_removed_however_it_is_written(kind: str, way: str) -> None:
    secret = KINDS[kind]
    text = f"before {ways_of_writing(secret)[way]} after"

    redacted = redactor_of(secret).text(text)

    assert leaks(text, [secret])  # else the search would find nothing anyhow
    assert leaks(redacted, [secret]) == set()
    assert "redacted:" in redacted
    assert redacted.startswith("before ")
    assert redacted.endswith(" after")


PARTS_OF = {
    "its first characters": lambda secret, body: body[:7],
    "its last characters": lambda secret, body: secret[-7:],
    "more of its beginning": lambda secret, body: secret[:16],
    "more of its end": lambda secret, body: secret[-12:],
    "the middle of it": lambda secret, body: secret[7:-7],
}


@pytest.mark.parametrize("part", PARTS_OF.values(), ids=PARTS_OF.keys())
@pytest.mark.parametrize("way", ["as it is", "in capitals", "hex", "hex, colons", "bytes, JSON",
                                 "base64, 0 before, alone", "percent, every character"])  # fmt: skip
@pytest.mark.parametrize("secret", KINDS.values(), ids=KINDS.keys())
def test_a_part_of_it_is_removed_too(
    secret: str, way: str, part: Callable[[str, str], str]
) -> None:
    shown = part(secret, BEGINNINGS.sub("", secret, count=1))

    redacted = redactor_of(secret).text(f"got <{ways_of_writing(shown)[way]}> there")

    assert leaks(redacted, [secret]) == set()


@pytest.mark.parametrize(
    "beginning",
    ["eyJ", "sb_secret_", "sb_publishable_", "ghp_", "gho_", "github_pat_", "sbp_", "AKIA", "ASIA"],
)
def test_how_all_keys_of_a_kind_begin_tells_nothing_and_stays(beginning: str) -> None:
    key = f"{beginning}N7UND0UgjKTVKUodkm0HgxSvEMPvz"
    text = f"It should begin with {beginning}, and not with `{beginning}…` ({beginning[:-1]})"

    redacted = Redactor([key]).text(text)

    assert redacted == text
    assert "N7UND0U" not in Redactor([key]).text(f"begins with {beginning}N7UND0U")


@pytest.mark.parametrize(
    "text",
    [
        "HUNT3R",
        "hunt-3r",
        "h u n t 3 r",
        "68756e743372",
        "aHVudDNy",
        "hunt3rs",
        "xhunt3r",
        "r3tnuh",
    ],
)
def test_a_value_of_less_than_eight_characters_is_one_only_as_it_is(text: str) -> None:
    assert Redactor(["hunt3r"]).text(text) == text


@pytest.mark.parametrize("way", [way for way in ways_of_writing(MARKS) if way not in NEEDS_LETTERS])
def test_a_secret_of_marks_is_removed_too(way: str) -> None:
    text = ways_of_writing(MARKS)[way]

    redacted = Redactor([MARKS]).text(f"<<{text}>>")

    assert "redacted:" in redacted
    assert not any(MARKS in reading.lower() for reading in readings(redacted))


@pytest.mark.parametrize("gap", [" ", "\n", '" "', "', '", "\t", "` `"])
def test_a_secret_of_marks_is_removed_where_it_is_split(gap: str) -> None:
    redacted = Redactor([MARKS]).text(f"<<{gap.join(MARKS)}>>")

    assert redacted.startswith("<<\u2039redacted:")
    assert redacted.endswith("\u203a>>")


@pytest.mark.parametrize("container", [list, tuple, lambda parts: dict(enumerate(parts))])
@pytest.mark.parametrize("size", [1, 3, 6])
def test_a_secret_of_which_each_item_has_a_part_is_removed(
    size: int, container: Callable[[list[str]], object]
) -> None:
    secret = "n0b0dy-should-see-any-part-of-this"
    parts = [secret[at : at + size] for at in range(0, len(secret), size)]

    redacted = redactor_of(secret).value({"lines": container(["first", *parts, "last"])})

    assert leaks(json.dumps(redacted), [secret]) == set()
    assert "first" in str(redacted)
    assert "last" in str(redacted)


def test_a_list_of_its_bytes_is_removed_and_other_numbers_stay() -> None:
    secret = "n0b0dy-should-see-any-part-of-this"
    numbers = [20261124, 7, *secret.encode(), 1, 2, 3]

    redacted = redactor_of(secret).value({"data": numbers, "sizes": [1, 2, 3, 400]})

    assert leaks(json.dumps(redacted), [secret]) == set()
    assert redacted["data"][:2] == [20261124, 7]
    assert redacted["data"][-3:] == [1, 2, 3]
    assert redacted["sizes"] == [1, 2, 3, 400]


def test_text_that_everybody_has_is_left_whole() -> None:
    """Reports, pages, and a megabyte of hexadecimal, base64 and numbers each."""
    redactor = Redactor(KINDS.values())
    chance = random.Random(11)
    noise = chance.randbytes(750_000)
    texts = [
        *(file.read_text() for file in (ROOT / "tests/render/golden").iterdir()),
        *(file.read_text() for file in (ROOT / "docs").glob("*.md")),
        noise.hex(),
        base64.b64encode(noise).decode(),
        base64.b32encode(noise).decode(),
        " ".join(map(str, noise)),
        "\n".join(
            f"2026-11-24T05:{chance.random()}Z job {chance.getrandbits(40)}" for _ in noise[:9999]
        ),
    ]

    wrecked = [text for text in texts if [*redactor._known_in(text)]]

    assert wrecked == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    ["ordinary words and numbers, 2026-11-24\n", "%41%42", "\\u0041", "&#65;", "0x41, ", "41 42 ",
     "eyJhb ", "n0b0dy ", "=", "\\", '"1": ', "a", "é-"],
)  # fmt: skip
def test_two_megabytes_take_bounded_time(text: str) -> None:
    redactor = Redactor(KINDS.values())
    redactor.prepare()
    body = text * (2_000_000 // len(text))
    started = time.process_time()

    redactor.text(body + CANARY)

    # Well under a second on a quiet machine; a busy one has taken 3.8. What grows with the square takes minutes.
    assert time.process_time() - started < 10


@given(SECRETS)
def test_no_configured_secret_survives_whatever_its_characters(secret: str) -> None:
    written = f"{secret}|{quote(secret, safe='')}|{json.dumps(secret)}"

    redacted = redactor_of(secret).text(f"<<{written}>>")

    assert secret not in redacted
    assert "redacted:" in redacted


def test_what_a_cut_left_of_a_secret_is_removed_too() -> None:
    secret = "n0b0dy-should-see-any-part-of-this"

    redacted = redactor_of(secret).text(f"head {secret[:20]}… tail …{secret[-15:]} end")

    assert not any(
        secret[at : at + FRAGMENT] in redacted for at in range(len(secret) - FRAGMENT + 1)
    )
    assert redacted.startswith("head ")
    assert redacted.endswith(" end")


def test_every_line_of_a_secret_with_several_lines_is_one() -> None:
    redacted = Redactor(["first-line\nsecond-line\n"]).text("got second-line")

    assert "second-line" not in redacted


def test_the_password_of_a_configured_url_is_removed_on_its_own() -> None:
    redactor = Redactor(["postgresql://postgres:p%40ss@db.example.test/postgres"])

    redacted = redactor.text("password p@ss or p%40ss on db.example.test")

    assert "p@ss" not in redacted
    assert "p%40ss" not in redacted
    assert "db.example.test" in redacted


@pytest.mark.parametrize(
    "url",
    [
        "jdbc:postgresql://postgres:hunter2hunter@db.example.test/postgres",
        "postgresql+psycopg://postgres:hunter2hunter@db.example.test/postgres",
        "postgresql://postgres:hunter2[hunter@db.example.test/postgres",
        "mysql://postgres:hunter2hunter@db.example.test/postgres",
    ],
)
def test_of_a_databases_url_that_cannot_be_used_the_password_alone_is_secret(url: str) -> None:
    redactor = Redactor([url], words="")
    message = "backup-doctor: SUPABASE_DB_URL is not a PostgreSQL URL: postgres, db.example.test"

    assert redactor.text(message) == message
    assert "hunter2" not in redactor.text("sent hunter2hunter and hunter2[hunter")


def test_of_a_webhooks_url_the_path_is_secret_beside_the_password() -> None:
    redactor = Redactor(["https://user:hunter2hunter@hooks.example.test/T0/x8Kd02mfQp"], words="")

    assert "x8Kd02mfQp" not in redactor.text("posted to T0/x8Kd02mfQp")


@pytest.mark.parametrize("cut", cuts("n0body+should/see=any-part-of-this"))
def test_no_piece_of_a_secret_is_left_by_a_cut(cut: str) -> None:
    secret = "n0body+should/see=any-part-of-this"
    written = f"{cut} {quote(cut)} {base64.b64encode(cut.encode()).decode()}"

    assert leaks(redactor_of(secret).text(written), [secret]) == set()


@pytest.mark.parametrize("cut", CUT_SHORT)
def test_what_a_cut_left_of_something_like_a_secret_is_removed(cut: str) -> None:
    assert cut not in Redactor().text(f"sent {cut}")


@pytest.mark.parametrize("secret", ["row", "1234567", "********", "update-backup", "service_role"])
def test_a_secret_that_is_too_short_or_a_word_of_the_tool_does_not_wreck_the_report(
    secret: str,
) -> None:
    text = f"run 1234567: {secret} of a row; {secret}s, `{secret}`"

    assert redactor_of(secret).text(text) == text


@pytest.mark.parametrize("secret", ["row", "1234", "update-backup"])
def test_even_such_a_secret_is_removed_where_a_secret_stands(secret: str) -> None:
    redacted = redactor_of(secret).text(f"postgresql://postgres:{secret}@db.example.test/postgres")

    assert secret not in redacted


def test_a_short_secret_is_removed_where_it_stands_alone_and_not_inside_of_a_word() -> None:
    redacted = Redactor(["hunt3r"]).text("password hunt3r; hunt3rs, 'hunt3r'")

    assert redacted.count("redacted:") == 2
    assert "hunt3rs" in redacted


def test_a_part_that_a_public_name_has_too_does_not_wreck_the_name() -> None:
    redactor = Redactor(["acme-shop-backups-s3cr3t"], public=["acme-shop-backups"])

    redacted = redactor.text("bucket acme-shop-backups, key acme-shop-backups-s3cr3t")

    assert redacted.startswith("bucket acme-shop-backups, key \u2039redacted:")
    assert "s3cr3t" not in redacted


def test_a_date_in_a_secret_does_not_take_all_dates_with_it() -> None:
    redactor = Redactor(["2026-11-24-t0p-secret-key"])

    assert redactor.text("at 2026-11-24 05:00") == "at 2026-11-24 05:00"


def test_what_encoders_write_between_the_letters_of_a_secret_is_no_part_of_it() -> None:
    redactor = Redactor(['one: "two" & "three"'])
    text = html.escape('{"status": "failed", "next": "none"}')

    assert redactor.text(text) == text


@pytest.mark.parametrize("literal", ["xy", "Acme Ltd.", "update-backup"])
def test_texts_that_the_user_names_are_removed_wherever_they_stand(literal: str) -> None:
    assert literal not in Redactor(literals=[literal]).text(f"a{literal}b {literal}")


@pytest.mark.parametrize("name", ["BACKUP_API_KEY", "apikey", "db_password", "access_token"])
def test_a_value_whose_name_says_that_it_is_a_secret_is_removed(name: str) -> None:
    values = {name: "correcthorse", "note": "correcthorse", f"{name}_source": "environment"}

    redacted = Redactor().value(values)

    assert redacted[name].startswith("\u2039redacted:")
    assert redacted["note"] == "correcthorse"
    assert redacted[f"{name}_source"] == "environment"


@pytest.mark.parametrize("value", ["${{ secrets.BACKUP_API_KEY }}", "$BACKUP_API_KEY", "***", ""])
def test_a_placeholder_under_such_a_name_stays(value: str) -> None:
    assert Redactor().value({"BACKUP_API_KEY": value}) == {"BACKUP_API_KEY": value}


def test_what_is_nested_without_end_is_cut_not_a_crash() -> None:
    tree: list[object] = []
    for _ in range(5_000):
        tree = [tree]

    assert str(Redactor().value(tree)).count("[") == DEEPEST


@pytest.mark.parametrize("secret", LOOKS_LIKE_A_SECRET.values(), ids=LOOKS_LIKE_A_SECRET.keys())
@pytest.mark.parametrize("around", ["{}", "key={}", '"{}"', "({}).", "a {} b"])
def test_what_looks_like_a_secret_is_removed_without_being_configured(
    secret: str, around: str
) -> None:
    redacted = Redactor().text(around.format(secret))

    assert secret not in redacted
    assert secret[-8:] not in redacted
    assert "redacted:" in redacted


@pytest.mark.parametrize(("text", "secret"), LABELLED)
def test_what_stands_where_a_secret_stands_is_removed(text: str, secret: str) -> None:
    redacted = Redactor().text(text)

    assert secret not in redacted
    assert "redacted:" in redacted


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_is_left_as_it_is(text: str) -> None:
    assert Redactor(["a-configured-secret"]).text(text) == text


def test_a_key_that_begins_like_a_known_one_is_removed_to_its_end() -> None:
    other = f"{JWT[:-9]}c0mpl3te1"
    mine = ".".join((*JWT.split(".")[:2], "ZVsEwoXy7a0dM3qR1tU9bN5cK8fH2jL6pW4sG-e_iOk"))

    redacted = Redactor([mine]).text(f"apikey: {other} refused")

    assert redacted.startswith("apikey: \u2039redacted:")
    assert redacted.endswith("\u203a refused")
    assert redacted.count("redacted:") == 1


@pytest.mark.parametrize("text", [text for text, _ in LABELLED] + [JWT])
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    redactor = Redactor([CANARY])

    once = redactor.text(text)

    assert redactor.text(once) == once


def test_a_short_secret_right_behind_another_is_taken_out_as_well() -> None:
    redactor = Redactor([CANARY, "hunt3r"])

    assert "hunt3r" not in redactor.text(f"{CANARY}hunt3r")
    assert "hunt3r" not in redactor.text(f"hunt3r{CANARY}")


PIECES = [
    CANARY,
    CANARY[:14],
    JWT,
    "hunt3r",
    "password=",
    "Bearer ",
    "://u:",
    "@",
    "&sig=",
    " ",
    "x",
]


@given(st.lists(st.sampled_from([*PIECES, *LOOKS_LIKE_A_SECRET.values()]) | st.text(max_size=5)))
def test_redacting_any_mixture_twice_changes_nothing_more(pieces: list[str]) -> None:
    redactor = Redactor([CANARY, "hunt3r", "redacted", "redacted:0"])

    once = redactor.text("".join(pieces))

    assert redactor.text(once) == once
    assert CANARY not in once


@pytest.mark.parametrize(
    "part",
    ["://a:", "-eyJ", "token=", "password='x", "-----BEGIN ", "ghp_", "Bearer ", "&sig=", "passwd"],
)
def test_no_text_takes_long_however_it_was_made(part: str) -> None:
    redactor = Redactor(["n0body-has-this-secret"])
    started = time.process_time()

    redactor.text(part * (200_000 // len(part)))

    assert time.process_time() - started < 5


@given(JSON)
def test_a_tree_without_secrets_stays_as_it_is(tree: object) -> None:
    assert Redactor(["n0body-has-this-secret"]).value(tree) == tree


def test_equal_secrets_stay_equal_and_different_ones_differ() -> None:
    redactor = Redactor(["first-secret", "other-secret"])

    first, again, other = redactor.text(
        f"first-secret {base64.b64encode(b'first-secret').decode()} other-secret"
    ).split()

    assert first == again
    assert first != other


def test_a_token_tells_nothing_to_the_next_run() -> None:
    tokens = {Redactor(["first-secret"]).text("first-secret") for _ in range(20)}

    assert len(tokens) > 1


def test_every_string_of_a_finding_is_redacted_and_the_vocabulary_is_not() -> None:
    secret = "workflow-cause-fail"
    result = CheckResult(
        check="workflow",
        step=1,
        title=secret,
        status=ResultStatus.FAIL,
        duration_s=0.1,
        findings=(
            Finding(
                code="workflow/cancelled",
                severity=Severity.FAIL,
                role=Role.CAUSE,
                summary=f"says {secret}",
                evidence=(
                    Exhibit(label="l", value={"a": [1, {secret: f"x{secret}"}]}, source=secret),
                ),
                fixes=(Fix(kind=FixKind.SQL, title="t", text=f"SELECT '{secret}'"),),
            ),
        ),
        notes=(secret,),
    )

    redacted = Redactor([secret, "workflow", "cause"]).value(result)

    assert secret not in str(redacted)
    assert redacted.check == "workflow"
    assert redacted.findings[0].code == "workflow/cancelled"
    assert redacted.findings[0].role is Role.CAUSE
    assert redacted.findings[0].evidence[0].value["a"][0] == 1


def test_a_secret_in_html_is_removed_before_it_is_escaped() -> None:
    redactor = Redactor([CANARY])

    assert "c4n4ry" not in html.escape(redactor.text(CANARY))
