"""What a diagnosis would lose with one branch of the log's reader."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from backup_doctor.collect.log.lines import clean
from backup_doctor.collect.log.reader import LookFor, read
from tests.log.logs import UPDATE, api_step, job, stamped, step
from tests.log.test_known import NOT_SAID, OK, REFUSED, of, reading

if TYPE_CHECKING:
    from backup_doctor.evidence.log import LogReading

BOOT = '{\n  "code": "BOOT_ERROR",\n  "message": "Function failed to start"\n}'
NO_GRANT = '{\n  "code": "42501",\n  "message": "permission denied for table backup_history"\n}'


@pytest.mark.parametrize(
    ("raw", "microsecond"),
    [
        ("2026-01-15T02:03:04.1234567Z x", 123456),
        ("2026-01-15T02:03:04.5Z x", 500000),
        ("2026-01-15T02:03:04Z x", 0),
    ],
)
def test_a_line_has_its_time_to_the_fraction_that_is_there(raw: str, microsecond: int) -> None:
    assert clean(raw.encode()).at == datetime(2026, 1, 15, 2, 3, 4, microsecond, tzinfo=UTC)


def test_a_step_that_was_skipped_has_no_part_of_the_log() -> None:
    steps = (api_step("Dump"), api_step("Notify", conclusion="skipped"), api_step())

    seen = read(
        "a log",
        [job(step("pg_dump", ("dumped",)), step("node update.js", ("HTTP 401",)))],
        LookFor(steps=steps, update_step=UPDATE),
    )

    assert seen.update_excerpt == ("HTTP 401",)


def test_what_ran_outside_of_every_steps_time_keeps_no_later_part_from_its_step() -> None:
    hook = stamped("##[group]Run ./hook", -60) + stamped("##[endgroup]", -60)
    steps = (api_step("Dump"), api_step(second=10))

    seen = read(
        "a log",
        [job(hook, step("pg_dump", ("dumped",)), step("node u.js", ("HTTP 401",), second=10))],
        LookFor(steps=steps, update_step=UPDATE),
    )

    assert seen.update_excerpt == ("HTTP 401",)


def test_each_of_two_answers_over_several_lines_is_whole() -> None:
    seen = reading(
        "node b.mjs",
        f"Edge function call failed (HTTP 503)\n{BOOT}\nDirect update failed (HTTP 403)\n{NO_GRANT}",
    )

    assert seen.function_call.body.endswith("}")
    assert seen.fallback_call.body.endswith("}")


SHOWS_ID = """
const r = await fetch(process.env.U + '/rest/v1/backup_history?id=eq.7', { method: 'PATCH',
  body: JSON.stringify({ status: 'success' }) })
const rows = await r.json()
console.log('Nummer', rows[0].id)
console.log('Anzahl', rows.length)
"""


def test_a_number_in_an_answer_is_a_count_of_rows_only_where_the_script_counts() -> None:
    shown = reading("node a.mjs", "Nummer 7", a_dot_mjs=SHOWS_ID)
    counted = reading("node a.mjs", "Anzahl 0", a_dot_mjs=SHOWS_ID)

    assert (shown.fallback_call.rows, counted.fallback_call.rows) == (None, 0)


BY_RPC = """
curl -sf "$U/rest/v1/rpc/get_backup" -d '{}' || echo "nicht gelesen"
curl -sf "$U/rest/v1/rpc/finish_backup" -d '{}' || echo "nicht geschrieben"
"""


def test_a_database_function_that_only_asks_is_no_update() -> None:
    names = [one.name for one in reading(BY_RPC, "nicht gelesen").attempts if one.updates]

    assert names == ["RPC finish_backup"]


def test_a_traced_command_is_of_the_call_that_it_names_first() -> None:
    traced = "+ curl -X POST https://x/functions/v1/update-backup -H 'x-then: fallback'"

    seen = reading("./hidden.sh", f"{traced}\n+ http_code=401")

    assert of(seen.function_call) == (REFUSED, 401)
    assert seen.fallback_call.outcome is NOT_SAID


def unlabelled(*lines: str) -> LogReading:
    script = 'f "$U/functions/v1/update-backup"\ng "$U/rest/v1/backup_history?id=eq.1"'
    printed = step(f"source lib.sh\n{script}", lines)
    return read("a log", [job(printed)], LookFor(steps=(api_step(),), update_step=UPDATE))


def test_of_more_bare_statuses_than_calls_the_last_ones_are_the_last_calls() -> None:
    seen = unlabelled("401", "503", "204")

    assert of(seen.function_call) == (REFUSED, 401)
    assert of(seen.fallback_call) == (OK, 204)


def test_of_two_clients_errors_the_address_below_the_second_tells_whose_it_is() -> None:
    seen = reading(
        "node b.mjs",
        "Edge function call failed (HTTP 503)\n"
        "HTTPError: Request failed with status code 403 {\n"
        "  url: 'https://x.supabase.co/rest/v1/backup_history'\n}",
    )

    assert of(seen.function_call) == (REFUSED, 503)
    assert of(seen.fallback_call) == (REFUSED, 403)


def patch(columns: str) -> str:
    url = '"$U/rest/v1/backup_history?id=eq.$ID"'
    return f"curl -s -o r -w '%{{http_code}}\\n' -X PATCH {url} -d '{columns}'\n"


def test_the_step_that_writes_the_status_is_the_update_and_not_one_that_writes_the_key() -> None:
    steps = (api_step("Record the key"), api_step("Tell", conclusion="failure"))
    log = job(
        step(patch('{"s3_key":"b.zip"}'), ("204",)),
        step(patch('{"status":"success"}'), ("403",)),
    )

    seen = read("a log", [log], LookFor(steps=steps, update_step="Record the key"))

    assert seen.update_step == "Tell"
    assert of(seen.fallback_call) == (REFUSED, 403)
