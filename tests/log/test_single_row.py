"""A client asked for exactly one row (`.single()`), and PostgREST says how many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.log.test_known import OK, REFUSED, of, reading

if TYPE_CHECKING:
    from backup_doctor.evidence.log import LogReading

SINGLE_JS = """
import { createClient } from '@supabase/supabase-js'
const db = createClient(process.env.U, process.env.K)
const { data, error } = await db.from('backup_history').select('id').eq('dispatch_id', process.env.D).single()
if (error) { console.error('Aua', error); process.exit(1) }
const { error: e2 } = await db.from('backup_history').update({ status: 'success' }).eq('id', data.id).select().single()
if (e2) { console.error('Doppel-Aua', e2); process.exit(1) }
console.log('Fein')
"""
IN_WORDS = "Looking up backup_id ...\nHTTP 406\n{}\nCould not find backup_id"


def not_one(rows: int) -> str:
    return (
        f'{{"code":"PGRST116","details":"The result contains {rows} rows","hint":null,'
        '"message":"Cannot coerce the result to a single JSON object"}'
    )


def by_script(begin: str, rows: int) -> LogReading:
    said = f"""
    {begin} {{
      code: 'PGRST116',
      details: 'The result contains {rows} rows',
      hint: null,
      message: 'Cannot coerce the result to a single JSON object'
    }}
    """
    return reading("node a.mjs", said, a_dot_mjs=SINGLE_JS)


@pytest.mark.parametrize(
    "seen", [by_script("Aua", 0), reading("node b.mjs", IN_WORDS.format(not_one(0)))]
)
def test_a_look_up_of_the_one_row_that_is_not_there_was_answered_and_found_none(
    seen: LogReading,
) -> None:
    assert seen.backup_id_not_found
    assert (seen.lookup_call.outcome, seen.lookup_call.rows) == (OK, 0)


@pytest.mark.parametrize(
    "seen", [by_script("Aua", 2), reading("node b.mjs", IN_WORDS.format(not_one(2)))]
)
def test_a_look_up_that_found_several_rows_is_refused_and_did_find_them(seen: LogReading) -> None:
    assert seen.backup_id_not_found is None
    assert (seen.lookup_call.outcome, seen.lookup_call.rows) == (REFUSED, 2)


def test_a_look_up_in_words_alone_that_names_no_missing_id_found_none() -> None:
    said = f"Fetching the backup_id failed: {not_one(0)}"

    seen = reading("node b.mjs", said)

    assert seen.backup_id_not_found == said
    assert seen.lookup_call.rows == 0


@pytest.mark.parametrize(
    "seen",
    [
        by_script("Doppel-Aua", 0),
        reading("node b.mjs", f"Direct update failed (HTTP 406): {not_one(0)}"),
    ],
)
def test_an_update_of_the_one_row_that_matches_none_changed_nothing(seen: LogReading) -> None:
    assert (seen.fallback_call.outcome, seen.fallback_call.rows) == (OK, 0)


def test_what_a_function_passes_on_of_it_is_its_own_failure() -> None:
    seen = reading("node b.mjs", f"Edge function call failed (HTTP 500): {not_one(0)}")

    assert of(seen.function_call) == (REFUSED, 500)
    assert seen.function_call.rows is None


def test_what_supabase_js_says_of_several_rows_by_itself_is_understood() -> None:
    said = (
        "Fetching the backup_id failed: {'code': 'PGRST116', 'details': 'Results contain 3 rows, "
        "application/vnd.pgrst.object+json requires 1 row', 'message': 'JSON object requested, "
        "multiple (or no) rows returned'}"
    )

    assert reading("node b.mjs", said).lookup_call.rows == 3
