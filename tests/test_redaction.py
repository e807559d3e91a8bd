"""No secret leaves, whole or in part, in any way of writing it; nothing else is touched."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctor.model import CheckResult, Exhibit, Finding, Fix, FixKind, Role, Severity, Status
from doctor.redaction import FRAGMENT, SHORTEST, Redactor
from doctor.redaction.vocabulary import own_words

CANARY = "c4n4ry +/pa$$ 'word' \"x\" %41é"
JWT = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
    "eyJpc3MiOiJzdXBhYmFzZS1kZW1vIiwicm9sZSI6InNlcnZpY2Vfcm9sZSJ9."
    "EGIM96RAZx35lJzdJsyH-qQwv8Hdp7fsn3W0YpN81IU"
)
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
}
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
    'GRANT SELECT, UPDATE ON TABLE "public"."backup_history" TO service_role;',
]


def ways_of_writing(secret: str) -> list[str]:
    """The secret as logs, URLs, headers and exceptions would hold it."""
    raw = secret.encode()
    return [
        secret,
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret),
        json.dumps(secret, ensure_ascii=False),
        f"'{secret.replace(chr(39), chr(39) * 2)}'",
        *(base64.b64encode(b"user:"[:n] + raw + b":end").decode() for n in range(3, 6)),
        *(base64.urlsafe_b64encode(b"user:"[:n] + raw).decode() for n in range(3, 6)),
    ]


@pytest.mark.parametrize("written", ways_of_writing(CANARY))
def test_a_configured_secret_is_removed_however_it_is_written(written: str) -> None:
    redacted = Redactor([CANARY]).text(f"before {written} after")

    assert "redacted:" in redacted
    assert "c4n4ry" not in redacted
    assert written.strip("'\"")[8:20] not in redacted
    assert redacted.startswith("before ")
    assert redacted.endswith(" after")


@given(SECRETS)
def test_no_configured_secret_survives_whatever_its_characters(secret: str) -> None:
    written = f"{secret}|{quote(secret, safe='')}|{json.dumps(secret)}"

    redacted = Redactor([secret]).text(f"<<{written}>>")

    assert secret not in redacted
    assert "redacted:" in redacted


def test_what_a_cut_left_of_a_secret_is_removed_too() -> None:
    secret = "n0b0dy-should-see-any-part-of-this"

    redacted = Redactor([secret]).text(f"head {secret[:20]}… tail …{secret[-15:]} end")

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


def test_a_very_short_secret_does_not_take_words_with_it() -> None:
    assert Redactor(["row"]).text("the row is stuck") == "the row is stuck"


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


@pytest.mark.parametrize("text", [text for text, _ in LABELLED] + [JWT])
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    redactor = Redactor([CANARY])

    once = redactor.text(text)

    assert redactor.text(once) == once


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
        status=Status.FAIL,
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
