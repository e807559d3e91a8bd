"""An answer without a line end, and what comes behind it in the same line."""

from __future__ import annotations

import pytest

from backup_doctor.collect.log.parting import parted
from backup_doctor.evidence.log import Outcome
from tests.log.test_known import NO_GRANT, of, reading

CRASHED = '{"success":false,"error":"Cannot read properties of undefined"}'
NO_COLUMN = (
    '{"code":"PGRST204","message":"Could not find the \'size\' column of \'backup_history\''
    ' in the schema cache"}'
)
SHOWN = """
id=$(curl -sS "$U/rest/v1/backup_history?select=id&dispatch_id=eq.$D" | jq -r '.[0].id')
if ! curl FAIL -sS --retry 1 -X POST "$U/functions/v1/update-backup" -d "{\\"backup_id\\":\\"$id\\"}"; then
  echo "the function did not work, going direct"
  curl --fail-with-body -sS -X PATCH "$U/rest/v1/backup_history?id=eq.$id" -d '{"status":"success"}'
fi
"""
ANSWERS_SHOWN, NO_ANSWER_SHOWN = (SHOWN.replace("FAIL", f) for f in ("--fail-with-body", "-f"))


def test_each_call_gets_its_answer_and_its_status() -> None:
    failed = "curl: (22) The requested URL returned error: 500"
    found = reading(
        ANSWERS_SHOWN,
        f"{failed}\n{CRASHED}{failed}\n{CRASHED}the function did not work, going direct\n"
        f"curl: (22) The requested URL returned error: 400\n{NO_COLUMN}\n",
    )

    assert of(found.function_call) == (Outcome.REFUSED, 500)
    assert found.function_call.body == CRASHED
    assert of(found.fallback_call) == (Outcome.REFUSED, 400)
    assert found.fallback_call.body == NO_COLUMN


def test_an_answer_that_is_no_json_is_told_from_the_script_s_next_words() -> None:
    found = reading(
        ANSWERS_SHOWN,
        "Unauthorizedcurl: (22) The requested URL returned error: 401\n"
        "Unauthorizedthe function did not work, going direct\n"
        f"{NO_GRANT}curl: (22) The requested URL returned error: 403\n",
    )

    assert of(found.function_call) == (Outcome.REFUSED, 401)
    assert of(found.fallback_call) == (Outcome.REFUSED, 403)
    assert found.fallback_call.body == NO_GRANT


def test_a_refusal_that_curl_tells_again_is_of_the_curl_that_tells_it() -> None:
    failed = "curl: (22) The requested URL returned error: 503\n"
    found = reading(NO_ANSWER_SHOWN, f"{failed}{failed}the function did not work, going direct\n")

    assert of(found.function_call) == (Outcome.REFUSED, 503)
    assert found.lookup_call.outcome is Outcome.NOT_SAID


def test_what_postgrest_does_not_find_is_not_the_backup() -> None:
    found = reading("./bin/finish", f"Direct update failed: {NO_COLUMN} (HTTP 400)\n")

    assert found.backup_id_not_found is None
    assert of(found.fallback_call) == (Outcome.REFUSED, 400)


def test_two_answers_in_one_line_are_of_the_two_calls() -> None:
    plain = """
curl -s -X POST "$U/functions/v1/update-backup" -d "{\\"backup_id\\":\\"$id\\"}"
curl -s -X PATCH "$U/rest/v1/backup_history?id=eq.$id" -d '{"status":"success"}'
"""

    found = reading(plain, f"{CRASHED}{NO_GRANT}\n")

    assert found.function_call.body == CRASHED
    assert found.fallback_call.body == NO_GRANT


def test_a_status_that_curl_prints_behind_the_answer_is_the_call_s() -> None:
    found = reading(
        """
        curl -s -w '%{http_code}' -X POST "$U/functions/v1/update-backup" -d x
        curl -s -w '%{http_code}' -X PATCH "$U/rest/v1/backup_history?id=eq.$id" -d '{"status":"success"}'
        """,
        f'{{"error":"Unauthorized"}}401{NO_GRANT}403\n',
    )

    assert of(found.function_call) == (Outcome.REFUSED, 401)
    assert of(found.fallback_call) == (Outcome.REFUSED, 403)


def test_a_status_that_stands_right_before_the_answer_is_told_from_it() -> None:
    found = reading(
        """
        curl -s -o a -w '%{http_code}' -X POST "$U/functions/v1/update-backup" -d x
        cat a
        curl -s -o b -w '%{http_code}' -X PATCH "$U/rest/v1/backup_history?id=eq.$id" -d '{"status":"success"}'
        cat b
        """,
        f"500{CRASHED}403{NO_GRANT}\n",
    )

    assert of(found.function_call) == (Outcome.REFUSED, 500)
    assert found.function_call.body == CRASHED
    assert of(found.fallback_call) == (Outcome.REFUSED, 403)
    assert found.fallback_call.body == NO_GRANT


@pytest.mark.parametrize(
    "line",
    [
        '{"a": 1}',
        "500 {}",
        '5001{"a": 1}',
        '{"a": 1} said 500',
        '{"a": 1}5',
        '[{"id": 1}], and more',
        '{"a": "{"going direct',
        "Response: {} going direct",
        "it is curl: (22) that says so",
        "[update] the function said 500",
        "",
    ],
)
def test_other_lines_stay_whole(line: str) -> None:
    assert parted([line]) == [line]


TRACED = """
set -x
rc=$(curl -s -o out.json -w '%{http_code}' -X POST "$U/functions/v1/update-backup" -d "{}") || rc=0
if test "$rc" -ne 200; then
  cat out.json
  rc=$(curl -s -o out2.json -w '%{http_code}' -X PATCH "$U/rest/v1/backup_history?id=eq.$id" -d '{"status":"success"}')
  cat out2.json
  test "$rc" -eq 200
fi
"""


@pytest.mark.parametrize("script", [TRACED, "./bin/finish"], ids=["script read", "not read"])
def test_a_traced_command_behind_an_answer_is_no_part_of_it(script: str) -> None:
    not_there = '{"code":"NOT_FOUND","message":"Requested function was not found"}'
    found = reading(
        script,
        "++ curl -s -o out.json -w '%{http_code}' -X POST ***/functions/v1/update-backup -d '{}'\n"
        "+ rc=404\n+ test 404 -ne 200\n+ cat out.json\n"
        f"{not_there}++ curl -s -o out2.json -w '%{{http_code}}' -X PATCH "
        "'***/rest/v1/backup_history?id=eq.7' -d '{\"status\":\"success\"}'\n"
        f"+ rc=403\n+ cat out2.json\n{NO_GRANT}+ test 403 -eq 200\n",
    )

    assert found.function_call.body == not_there
    assert found.fallback_call.body == NO_GRANT
    assert of(found.fallback_call)[0] is Outcome.REFUSED


def test_a_workflow_command_behind_an_answer_is_no_part_of_it() -> None:
    crashed = '{"code":"BOOT_ERROR","message":"Function failed to start (please check logs)"}'
    failed = "curl: (22) The requested URL returned error: "
    found = reading(
        """
        curl -sS --fail-with-body --retry 1 --retry-all-errors "$U/functions/v1/update-backup" -d x && exit 0
        echo "::warning::Function did not take it, writing the row ourselves"
        curl -sS --fail-with-body --retry 1 -X PATCH "$U/rest/v1/backup_history?id=eq.$id" -d '{"status":"success"}' \\
          || { echo "::error::Neither worked"; exit 1; }
        """,
        f"{failed}503\n{crashed}{failed}503\n{crashed}::warning::Function did not take it, writing the row ourselves\n"
        f"{failed}403\n{NO_GRANT}{failed}403\n{NO_GRANT}::error::Neither worked\n",
    )

    assert of(found.function_call) == (Outcome.REFUSED, 503)
    assert found.function_call.body == crashed
    assert found.fallback_call.body == NO_GRANT
