"""What a step's script does with errors, told by its words."""

from __future__ import annotations

import pytest

from backup_doctor.base.shell_script import deaf_curl, swallowed


@pytest.mark.parametrize(
    "script",
    [
        'curl -s -X POST "$URL"',
        'curl \\\n  --silent \\\n  --request POST "$URL"\necho done',
        "set -e\ncurl -sS https://example.org/f -o /dev/null; echo done",
        "TOKEN=x curl -s https://example.org",
        "curl -s -d '{\"a\": \"it''s --fail\"}' https://example.org",
        "# don't use --fail here\ncurl -s https://example.org",
    ],
)
def test_a_curl_that_takes_a_refusal_for_success_is_deaf(script: str) -> None:
    assert deaf_curl(script)


@pytest.mark.parametrize(
    "script",
    [
        'curl --fail -s "$URL"',
        'curl --fail-with-body -s "$URL"',
        'curl -fsS "$URL"',
        'curl -sSf \\\n -X POST "$URL"',
        "curl -s -w '%{http_code}' \"$URL\"",
        'curl -s --write-out="%{http_code}" "$URL"',
        'ANSWER=$(curl -s "$URL")',
        'ANSWER="$(curl -s "$URL")"',
        'curl -s "$URL" | jq --exit-status .success',
        'curl -s "$URL" |& grep success',
        "bash scripts/update-backup-history.sh",
        "echo 'curl -s is not called here'",
        "pip install pycurl",
        "curl -s 'a quote that is never closed",
        "",
    ],
)
def test_a_curl_that_fails_or_whose_answer_is_looked_at_is_not(script: str) -> None:
    assert not deaf_curl(script)


@pytest.mark.parametrize(
    ("script", "commands"),
    [
        ("curl -s https://example.org || true", ("curl",)),
        ("bash update.sh || exit 0", ("bash",)),
        ("bash update.sh ||\n true", ("bash",)),
        ("python update.py || :\ncurl x || true\ncurl y || true", ("python", "curl")),
        ("bash update.sh || exit 1", ()),
        ("bash update.sh || echo failed", ()),
        ("bash update.sh || bash again.sh", ()),
        ("test -f x && true", ()),
        ("echo 'a || true'", ()),
    ],
)
def test_a_failure_that_becomes_a_success_is_named_by_its_command(
    script: str, commands: tuple[str, ...]
) -> None:
    assert swallowed(script) == commands
