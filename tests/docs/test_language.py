"""`make lint` refuses the words that people have to read twice."""

from __future__ import annotations

import pytest

from scripts.language import files, found_in, sentences, slips


@pytest.mark.parametrize(
    ("text", "say"),
    [
        ("Mend the cause", "fix"),
        ("Guide step 3: the row", "a link to docs/guide.md"),
        ("as the guide's curl", "a link to docs/guide.md"),
        ("It is no valid TOML.", "is not a …"),
        ("deleted 1 objects", "the singular"),
        ("s3:/\u200b/bucket", "no zero-width character"),
        ("in a job of its own", "its own"),
        ("hold its report against the other", "compare"),
        ("Where no script can be read, the words decide.", "if"),
    ],
)
def test_a_word_that_is_out_is_found_with_what_to_say(text: str, say: str) -> None:
    (slip,) = slips("page.md", f"First line.\n{text}\n")

    assert (slip.place, slip.say) == ("page.md:2", say)


def test_plain_words_are_left_alone() -> None:
    text = "Amendments recommend 11 objects; in place of its owner; instead of its own."

    assert list(slips("page.md", text)) == []


def test_of_a_module_the_strings_are_read_and_the_docstrings_are_not() -> None:
    source = '"""Mend it."""\n\nNAME = "mend"\nSAID = f"Mend {NAME} now."\n'

    assert [said for _, said in sentences(source)] == ["Mend ", " now."]


def test_nothing_that_people_read_has_such_a_word() -> None:
    assert [str(slip) for path in files() for slip in found_in(path)] == []
