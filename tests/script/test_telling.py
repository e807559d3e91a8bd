"""What the lines of a log say of each call, and where they are printed."""

from __future__ import annotations

from backup_doctor.collect.script.attribution import attribute
from backup_doctor.collect.script.model import CallEnd
from backup_doctor.collect.script.reading import Surroundings, read
from backup_doctor.collect.script.telling import Told, tell, where

OPS = {
    "ops/update.sh": """#!/bin/bash
request() { curl -s -w '\\n%{http_code}' -X "$1" "$BASE/$2" -d "$3"; }
answer=$(request POST functions/v1/update-backup '{"status":"success"}' || true)
code=$(tail -n1 <<< "$answer")
if [ "$code" != 200 ]; then
  echo "the function answered $code"
  echo "with $(sed '$d' <<< "$answer")"
  answer=$(request PATCH rest/v1/backup_history '{"status":"success"}' || true)
  echo "the table answered $(tail -n1 <<< "$answer")"
fi
"""
}
LINES = [
    "the function answered 503",
    'with {"code":"BOOT_ERROR",',
    ' "message":"Function failed to start"}',
    "the table answered 403",
]


def told() -> tuple[Told, ...]:
    script = read("bash ops/update.sh", "bash", Surroundings(resolve=OPS.get))
    assert script is not None
    return tell(LINES, attribute(LINES, script), script)


def test_each_call_has_its_status_and_its_answer() -> None:
    function, table = told()

    assert function.statuses == (503,)
    assert function.answer == '{"code":"BOOT_ERROR",\n "message":"Function failed to start"}'
    assert function.outcomes == (CallEnd.REFUSED, CallEnd.SILENT)
    assert table.statuses == (403,)


def test_a_line_s_place_is_said() -> None:
    script = read("bash ops/update.sh", "bash", Surroundings(resolve=OPS.get))
    assert script is not None

    assert [where(one, script) for one in script.prints] == [
        "line 6 of ops/update.sh prints this after the call of the function update-backup",
        "line 7 of ops/update.sh prints this after the call of the function update-backup",
        "line 9 of ops/update.sh prints this after the update of backup_history",
    ]


def test_a_line_before_any_call_says_so() -> None:
    script = read("echo 'this is the beginning'")
    assert script is not None

    assert (
        where(script.prints[0], script) == "line 1 of the step's script prints this before any call"
    )


def test_no_answer_is_told_from_a_refusal() -> None:
    script = read(
        'c=$(curl -s -o /dev/null -w \'%{http_code}\' "$U/functions/v1/f" || true)\necho "the code is $c"'
    )
    assert script is not None
    lines = ["the code is 000"]

    (function,) = tell(lines, attribute(lines, script), script)

    assert not function.answered
    assert function.statuses == ()
