"""Two keys that a person may take for one, and a row's key with something around it."""

from __future__ import annotations

import unicodedata

import pytest

from backup_doctor.checks.object.keys import difference
from backup_doctor.evidence.findings import Severity, Verdict
from backup_doctor.evidence.log import NOT_SAID
from backup_doctor.evidence.object import FileEnd, KeySource, Search
from tests.judgement.asking import codes, diagnosed, finding
from tests.judgement.cases import (
    KEY,
    ROW_ID,
    call,
    case,
    finished_row,
    log,
    row,
    stored,
    the_object,
    workflow,
)

COMPOSED = unicodedata.normalize("NFC", "backups/täglich/a.zip")
RIGHT = workflow(log(call(200), NOT_SAID), update="success")
CODE = "object/found-elsewhere"


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (unicodedata.normalize("NFD", COMPOSED), "forms of Unicode"),
        ("backups/täglich/a\u200b.zip", "nobody sees"),
        ("backups/täglich/a.zip ", "nobody sees"),
        ('"backups/täglich/a.zip"', "quotes"),
        ("backups/t%C3%A4glich/a.zip", "percent-encoded"),
        ("Backups/täglich/a.zip", "upper and lower case"),
        ("backups/täglich/b.zip", ""),
    ],
)
def test_how_two_keys_differ_that_are_nearly_the_same_is_told(one: str, said: str) -> None:
    for told in (difference(one, COMPOSED), difference(COMPOSED, one)):
        assert said in told
        assert bool(said) is bool(told)


def test_a_plus_sign_in_the_place_of_a_blank_is_told() -> None:
    assert "plus sign" in difference("a+b.zip", "a b.zip")


def test_a_file_found_elsewhere_says_how_the_keys_differ() -> None:
    hit = stored(key=KEY.upper())
    search = Search(prefixes=("",), listed=1, complete=True, hits=(hit,))
    seen = the_object(head=None, tail=None, search=search, found_tail=FileEnd(whole=True))
    found = finding(case(seen, row(finished_row()), RIGHT), CODE).found

    assert "They differ only in upper and lower case." in found.summary


@pytest.mark.parametrize("front", ["/", "nightly/", "a/b/"])
def test_what_the_rows_key_lacks_at_its_beginning_is_told_and_where_it_may_come_from(
    front: str,
) -> None:
    hit = stored(key=f"{front}{KEY}")
    search = Search(prefixes=("",), listed=1, complete=True, hits=(hit,))
    seen = the_object(head=None, tail=None, search=search, found_tail=FileEnd(whole=True))
    ran = workflow(
        log(call(200), NOT_SAID, uploaded=(f"s3://team-backups/{front}{KEY}",)), update="success"
    )
    found = finding(case(seen, row(finished_row()), ran), CODE).found

    assert f"lacks its beginning, '{front}'." in found.summary
    assert f"puts '{front}' before the key" in found.fixes[0].text
    assert "computing it again" not in found.fixes[0].text


def test_a_longer_name_is_not_the_same_key_with_something_before_it() -> None:
    assert not difference("x.zip", "other-x.zip")


@pytest.mark.parametrize("end", ["\n", "\r", " "])
def test_a_rows_key_with_something_around_it_is_a_warning(end: str) -> None:
    seen = the_object(key_source=KeySource.ROW)
    one = case(row(finished_row(s3_key=f"{KEY}{end}")), seen, RIGHT)
    found = finding(one, CODE).found

    assert diagnosed(one).verdict is Verdict.HEALTHY
    assert found.severity is Severity.WARN
    assert f"SET s3_key = '{KEY}'" in found.fixes[0].text
    assert f"id = '{ROW_ID}'" in found.fixes[0].text


def test_a_rows_key_as_it_is_or_that_the_log_names_is_no_warning() -> None:
    padded = row(finished_row(s3_key=f"{KEY}\n"))

    assert CODE not in codes(case(row(finished_row()), the_object(), RIGHT))
    assert CODE not in codes(case(padded, the_object(key_source=KeySource.LOG), RIGHT))
    unseen = the_object(key_source=KeySource.ROW, head=None, tail=None)
    assert CODE not in codes(case(padded, unseen, RIGHT))


def test_a_search_of_the_whole_bucket_is_called_so() -> None:
    search = Search(prefixes=("backups/", ""), listed=9, complete=True)
    seen = the_object(head=None, tail=None, search=search)
    shown = finding(case(seen, row(finished_row()), RIGHT), "object/missing").found.evidence

    assert any(str(one.value).endswith("under backups/ and the whole bucket") for one in shown)
