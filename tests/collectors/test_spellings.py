"""In which notations an id is looked for, and what no database can hold."""

from __future__ import annotations

import unicodedata

import pytest

from backup_doctor.collect.database.rows import spellings
from backup_doctor.evidence.object import StoredObject
from backup_doctor.evidence.sql import can_be_stored
from backup_doctor.judge.fix_sql.statement import NOT_STORED
from tests.judgement.cases import CREATED, DISPATCH, case, the_object, workflow
from tests.judgement.test_repair import BOTH_FAILED, reason

UUID = "5f0c1d2e-1111-4222-8333-444455556666"
BARE = UUID.replace("-", "")


@pytest.mark.parametrize(
    "given",
    [
        UUID,
        UUID.upper(),
        BARE,
        BARE.upper(),
        f"{{{UUID.upper()}}}",
        f"urn:uuid:{UUID}",
        f"'{UUID}'",
    ],
)
def test_a_uuid_is_looked_for_in_its_usual_notation_too(given: str) -> None:
    assert spellings(given)[0] == given
    assert UUID in spellings(given)


@pytest.mark.parametrize("given", ["nightly-1", "42", "{x}", f"{UUID}-2", "{" + "0" * 31 + "}"])
def test_what_is_no_uuid_has_no_other_notation(given: str) -> None:
    assert spellings(given) == (given,)


def test_an_id_in_parts_of_letters_is_looked_for_as_one_writes_it() -> None:
    composed = unicodedata.normalize("NFC", "täglich")
    parted = unicodedata.normalize("NFD", composed)

    assert spellings(parted) == (parted, composed)
    assert spellings(composed) == (composed,)


def test_a_key_that_no_database_can_hold_gets_no_sql() -> None:
    here = StoredObject(key=f"backups/{DISPATCH}\0.zip", size=1_024_000, modified_at=CREATED)

    assert not can_be_stored(here.key)
    assert not can_be_stored("\ud800")
    assert can_be_stored("täglich \t\u200b")
    assert NOT_STORED in reason(case(the_object(head=here), workflow(BOTH_FAILED)))
