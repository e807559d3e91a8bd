"""Which lines of a failed step a good run printed as well."""

from __future__ import annotations

from backup_doctor.collect.log.usual import also_in, masked
from tests.log.logs import job, step

MISS = "ERROR: cache miss 4711 of 7c9e6679-7425-40de-944b-e07fc1f90ae7 after 12.5 s"


def test_numbers_ids_and_times_do_not_count() -> None:
    good = job(step("./dump.sh", [MISS, "##[error]no cache in /tmp/tmp.Ab12Cd34"]))
    again = "ERROR: cache miss 815 of 11111111-2222-4333-8444-555555555555 after 3.1 s"
    temporary = "no cache in /tmp/tmp.Zz98Yy76"

    assert also_in([good], [again, temporary, "ERROR: the moon"]) == (again, temporary)


def test_words_count() -> None:
    assert also_in([job(step("./dump.sh", [MISS]))], ["ERROR: cache hit 4711"]) == ()
    assert masked("##[error] exit 12 ") == masked("exit 3")


def test_nothing_stands_in_an_empty_log() -> None:
    assert also_in([], [MISS]) == ()
