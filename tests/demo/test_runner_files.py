"""GITHUB_ENV and GITHUB_OUTPUT are read as GitHub reads them."""

from __future__ import annotations

import pytest

from backup_doctor.demo.runner.files import FileCommandError, parse


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", {}),
        (
            "S3_KEY=backups/a.zip\nBACKUP_SIZE=22\n",
            {"S3_KEY": "backups/a.zip", "BACKUP_SIZE": "22"},
        ),
        ("A=b=c\n", {"A": "b=c"}),
        ("A=b<<c\n", {"A": "b<<c"}),
        ("A<<b=c\none\ntwo\nb=c\n", {"A": "one\ntwo"}),
        ("A<<EOF\nEOF\nB=\n", {"A": "", "B": ""}),
        ("A=1\nA=2\n", {"A": "2"}),
    ],
)
def test_values_come_plain_or_as_here_documents(text: str, values: dict[str, str]) -> None:
    assert parse(text) == values


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no value\n", "Invalid format 'no value'"),
        ("=x\n", "Invalid format '=x'"),
        ("A<<\n", "Invalid format 'A<<'"),
        ("A<<EOF\none\n", "Matching delimiter not found 'EOF'"),
    ],
)
def test_a_line_that_is_neither_is_an_error(text: str, message: str) -> None:
    with pytest.raises(FileCommandError, match=message):
        parse(text)
