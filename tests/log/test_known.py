"""What the step's own script tells: its lines are its calls', whatever they are worded like."""

from __future__ import annotations

import textwrap
import time
from types import SimpleNamespace

import pytest

from backup_doctor.collect.log.reader import LookFor, read
from backup_doctor.collect.log.step_script import RepositoryFiles
from backup_doctor.collect.script.parser import client
from backup_doctor.collect.script.parser.process import ParseReply
from backup_doctor.evidence.log import Call, LogReading, Outcome, SilentExit
from tests.log.logs import UPDATE, api_step, job, step

OK, REFUSED, NOT_SAID = Outcome.OK, Outcome.REFUSED, Outcome.NOT_SAID
TIMED_OUT, UNREACHABLE = Outcome.TIMED_OUT, Outcome.UNREACHABLE
BOOT = '{"code":"BOOT_ERROR","message":"Function failed to start (please check logs)"}'
NO_GRANT = '{"code":"42501","message":"permission denied for table backup_history"}'

SPANISH = """
codigo=$(curl -s -o /tmp/r -w '%{http_code}' -X POST "$BASE/functions/v1/update-backup" -d "$D" || true)
if [ "$codigo" != 200 ]; then
  echo "No hubo suerte: $codigo"
  echo "Detalle: $(cat /tmp/r)"
  codigo=$(curl -s -o /tmp/r -w '%{http_code}' -X PATCH \\
    "$BASE/rest/v1/backup_history?id=eq.$ID" -d '{"status":"success"}' || true)
  echo "Segundo intento: $codigo"
  echo "Detalle: $(cat /tmp/r)"
  [ "$codigo" = 204 ] || exit 1
fi
echo "Listo"
"""

THREE_WAYS = """
import { createClient } from '@supabase/supabase-js'
const db = createClient(process.env.SUPABASE_URL, process.env.SUPABASE_SERVICE_ROLE_KEY)
const { error } = await db.rpc('update_backup_history', { p_id: process.env.ID, p_status: 'success' })
if (error) {
  console.error('Database function update failed:', error.message)
  console.error('Error code:', error.code)
  const { error: second } = await db.from('backup_history')
    .update({ status: 'success', s3_key: process.env.S3_KEY }).eq('id', process.env.ID)
  if (second) {
    console.error('Supabase client update also failed:', second.message)
    const res = await fetch(`${process.env.SUPABASE_URL}/rest/v1/backup_history?id=eq.${process.env.ID}`,
      { method: 'PATCH', body: JSON.stringify({ status: 'success' }) })
    console.log('REST API status:', res.status)
    console.log('REST API response:', await res.text())
    if (!res.ok) { console.error('All update methods failed'); process.exit(1) }
  }
}
"""


def reading(script: str, output: str, shell: str = "bash -e {0}", **files: str) -> LogReading:
    by_path = {path.replace("__", "/").replace("_dot_", "."): text for path, text in files.items()}
    log = job(step(textwrap.dedent(script), textwrap.dedent(output).strip("\n")))
    log = log.replace(b"/usr/bin/bash -e {0}", f"/usr/bin/{shell}".encode())
    wanted = LookFor(steps=(api_step(),), update_step=UPDATE, files=RepositoryFiles(by_path.get))
    return read("a log", [log], wanted)


def of(call: Call) -> tuple[Outcome, int | None]:
    return call.outcome, call.status


ONE_FUNCTION = """
import os, psycopg2, boto3
def note(status, key):
    try:
        cur = psycopg2.connect(os.environ["DB"]).cursor()
        cur.execute("UPDATE backup_history SET status = %s, s3_key = %s WHERE id = %s", (status, key, "1"))
        print(f"row now says {status}")
    except Exception as error:
        print(f"no luck with the row: {error}")
def put(name):
    try:
        boto3.client("s3").upload_file("b.zip", "bucket", f"backups/{name}.zip")
        print("the file is there")
        return f"backups/{name}.zip"
    except Exception as error:
        print(f"no luck with the file: {error}")
        return None
if os.system("zip -qr b.zip data"):
    note("failed", None)
    raise SystemExit(1)
key = put(os.environ["NAME"])
if key:
    note("success", key)
else:
    note("failed", None)
"""
REFUSED_ROW = (
    'no luck with the row: new row for relation "backup_history" violates check constraint "c"'
)


def test_a_line_is_of_the_call_that_the_lines_before_it_leave() -> None:
    said = reading(ONE_FUNCTION, f"the file is there\n{REFUSED_ROW}", shell="python3 {0}")
    call = said.fallback_call

    assert of(call) == (REFUSED, None)
    assert "violates check constraint" in call.body


def test_a_failure_that_was_not_recorded_is_no_update_that_failed() -> None:
    output = f"no luck with the file: AccessDenied\n{REFUSED_ROW}"

    assert reading(ONE_FUNCTION, output, shell="python3 {0}").fallback_call.outcome is NOT_SAID


CODE = """
import subprocess, os
code = subprocess.call(["curl", "-sf", "-X", "PATCH", os.environ["BASE"] + "/rest/v1/backup_history?id=eq.1",
    "-d", '{{"status": "success"}}'])
if {test}:
    print("that is how it went: one way")
else:
    print("that is how it went: the other")
"""
ONE_WAY, OTHER = "that is how it went: one way", "that is how it went: the other"


@pytest.mark.parametrize(
    ("test", "line", "outcome"),
    [
        ("code", ONE_WAY, REFUSED),
        ("code", OTHER, OK),
        ("not code", ONE_WAY, OK),
        ("code != 0", ONE_WAY, REFUSED),
        ("code == 0", ONE_WAY, OK),
        ("code == 0", OTHER, REFUSED),
    ],
)
def test_a_programs_code_is_zero_where_it_ended_well(
    test: str, line: str, outcome: Outcome
) -> None:
    said = reading(CODE.format(test=test), line, shell="python3 {0}")

    assert said.fallback_call.outcome is outcome


ASKS_FOR_A_COMPLAINT = """
GREEN='\\033[0;32m'; NC='\\033[0m'
R=$(curl -s -X {call} -d '{{"status":"success"}}')
E=$(echo "$R" | jq -r '{part}' 2>/dev/null)
if [ -n "$E" ]; then
  echo "  no luck with it: $E"
else
  echo "  it is written"
fi
echo -e "${{GREEN}}All is done!${{NC}}"
"""
TABLE = 'PATCH "$BASE/rest/v1/backup_history?id=eq.$ID"'
FUNCTION = 'POST "$BASE/functions/v1/update-backup"'


@pytest.mark.parametrize(
    ("call", "part", "refused"),
    [
        (TABLE, ".message // empty", True),
        (TABLE, ".code // empty", True),
        (FUNCTION, ".error // empty", True),
        (FUNCTION, ".message // empty", False),  # a function that succeeds may say so
    ],
)
def test_a_complaint_that_jq_finds_is_a_refusal(call: str, part: str, *, refused: bool) -> None:
    said = reading(
        ASKS_FOR_A_COMPLAINT.format(call=call, part=part),
        "  no luck with it: Legacy API keys are disabled\n\x1b[0;32mAll is done!\x1b[0m",
    )
    made = said.attempts[0].call

    assert (made.outcome is REFUSED) is refused
    assert made.lines == ("no luck with it: Legacy API keys are disabled",)


def test_a_script_that_paints_what_it_prints_is_known_by_it() -> None:
    said = reading(
        ASKS_FOR_A_COMPLAINT.format(call=TABLE, part=".message // empty"),
        "  it is written\n\x1b[0;32mAll is done!\x1b[0m",
    )

    assert said.fallback_call.outcome is not REFUSED


ONLY_WAY = """
zip -qr backup.zip data
{pack}
rclone copyto backup.zip "r2:$BUCKET/backup.zip"
aws s3 rm "s3://$BUCKET/old.zip"
curl -sf -X POST "$BASE/functions/v1/update-backup" -H "Authorization: Bearer $TOKEN" -d "$D"
"""


@pytest.mark.parametrize(
    ("pack", "whole"), [("tar czf b.tgz data", True), ("docker run --rm backup:latest", False)]
)
def test_a_program_that_packs_or_stores_files_calls_no_function(pack: str, *, whole: bool) -> None:
    said = reading(ONLY_WAY.format(pack=pack), "")

    assert said.whole_script is whole
    assert [(one.kind, one.keys) for one in said.attempts] == [("function", ("TOKEN",))]


def test_words_of_no_known_language_are_told_by_the_script() -> None:
    seen = reading(
        SPANISH,
        f"No hubo suerte: 503\nDetalle: {BOOT}\nSegundo intento: 403\nDetalle: {NO_GRANT}",
    )

    assert of(seen.function_call) == (REFUSED, 503)
    assert seen.function_call.body == BOOT
    assert of(seen.fallback_call) == (REFUSED, 403)
    assert seen.fallback_call.body == NO_GRANT


def test_a_call_says_where_the_script_prints_of_it() -> None:
    seen = reading(SPANISH, f"No hubo suerte: 503\nDetalle: {BOOT}\nSegundo intento: 403")

    assert seen.function_call.known == (
        "line 3 of the step's script prints this after the call of the function update-backup"
    )


def test_what_a_file_of_the_repository_prints_names_the_file() -> None:
    seen = reading(
        "bash ops/fin.sh",
        "No hubo suerte: 503\nSegundo intento: 204\nListo",
        ops__fin_dot_sh=SPANISH,
    )

    assert of(seen.function_call) == (REFUSED, 503)
    assert of(seen.fallback_call) == (OK, 204)
    assert seen.fallback_call.known == "ops/fin.sh:8 prints this after the update of backup_history"


def test_a_success_that_the_script_words_in_its_own_way_is_one() -> None:
    seen = reading(SPANISH, "Listo")

    assert seen.function_call.outcome is NOT_SAID


def test_each_of_three_ways_is_an_attempt_of_its_own() -> None:
    seen = reading(
        f"node --input-type=module -e '{THREE_WAYS.replace(chr(39), chr(34))}'",
        f"""
        Database function update failed: Could not find the function public.update_backup_history in the schema cache
        Error code: PGRST202
        Supabase client update also failed: permission denied for table backup_history
        REST API status: 403
        REST API response: {NO_GRANT}
        All update methods failed
        """,
    )

    told = [(one.name, one.call.outcome, one.call.status) for one in seen.attempts if one.updates]
    assert told == [
        ("RPC update_backup_history", REFUSED, None),
        ("direct update of backup_history", REFUSED, None),
        ("direct update of backup_history", REFUSED, 403),
    ]
    assert "PGRST202" in seen.attempts[0].call.body
    assert seen.function_call.outcome is NOT_SAID
    assert of(seen.fallback_call) == (REFUSED, 403)
    assert "42501" in seen.fallback_call.body


# An error is its own call's, not that of the call that was named last.

NODE_CLIENT = """
import axios from 'axios'
const call = (path, options) => axios({ url: process.env.BASE + path, ...options })
try {
  await call('/functions/v1/update-backup', { method: 'post', data: {} })
} catch (error) {
  console.log('no luck there', error.response?.status)
  try {
    await call('/rest/v1/backup_history?id=eq.1', { method: 'patch', data: { status: 'success' } })
  } catch (again) {
    console.log('nor here', again.response?.status, JSON.stringify(again.response?.data))
    process.exit(1)
  }
}
"""


def test_a_client_behind_a_helper_is_followed() -> None:
    seen = reading(
        "node ops/fin.mjs",
        f"no luck there 404\nnor here 403 {NO_GRANT}",
        ops__fin_dot_mjs=NODE_CLIENT,
    )

    assert of(seen.function_call) == (REFUSED, 404)
    assert of(seen.fallback_call) == (REFUSED, 403)


def test_an_error_s_message_has_the_status_and_the_answer() -> None:
    script = """
    async function ask(path, options) {
      const res = await fetch(process.env.BASE + path, options)
      const text = await res.text()
      if (!res.ok) throw new Error(`${res.status}: ${text}`)
    }
    try {
      await ask('/functions/v1/update-backup', { method: 'POST' })
    } catch (error) {
      console.log(`no luck (${error.message})`)
    }
    """

    seen = reading("node ops/fin.mjs", f"no luck (503: {BOOT})", ops__fin_dot_mjs=script)

    assert of(seen.function_call) == (REFUSED, 503)
    assert seen.function_call.body == BOOT


def test_a_notification_that_failed_is_no_call_s_of_the_backup() -> None:
    seen = reading(
        """
        code=$(curl -s -o /tmp/r -w '%{http_code}' -X POST "$BASE/functions/v1/update-backup" -d x || true)
        echo "[update] Edge function call failed (HTTP $code)"
        echo "[update] $(cat /tmp/r)"
        n=$(curl -s -o /dev/null -w '%{http_code}' -X POST "$SLACK_HOOK" -d x || true)
        echo "[notify] edge function alert: HTTP $n (ignored)"
        """,
        f"[update] Edge function call failed (HTTP 503)\n[update] {BOOT}\n"
        "[notify] edge function alert: HTTP 500 (ignored)",
    )

    assert of(seen.function_call) == (REFUSED, 503)
    assert seen.function_call.body == BOOT


def test_what_a_success_answer_quotes_is_no_failure() -> None:
    answer = '{"success":true,"last_error":"HTTP 500","notes":"permission denied for table x"}'
    seen = reading(
        """
        code=$(curl -s -o /tmp/r -w '%{http_code}' -X POST "$BASE/functions/v1/update-backup" -d x || true)
        echo "it answered $code with $(cat /tmp/r)"
        """,
        f"it answered 200 with {answer}",
    )

    assert of(seen.function_call) == (OK, 200)


LOOK_UP = """
resp=$(curl -s "$BASE/rest/v1/backup_history?dispatch_id=eq.$DISPATCH_ID&select=id" -H "apikey: $KEY")
id=$(echo "$resp" | jq -r '.[0].id // empty')
if [ -z "$id" ]; then
  echo "$resp"
  echo "sin fila"
  exit 1
fi
"""


def test_the_answer_of_a_look_up_needs_no_line_that_announces_it() -> None:
    answer = '{"code":"PGRST205","message":"Could not find the table public.backup_history"}'
    seen = reading(LOOK_UP, f"{answer}\nsin fila")

    assert seen.lookup_call.outcome is REFUSED
    assert "PGRST205" in seen.lookup_call.body
    assert seen.backup_id_not_found == "sin fila"


def test_an_answer_that_may_be_of_two_calls_is_that_of_the_one_whose_status_stands_above() -> None:
    seen = reading(
        """
        ask() { code=$(curl -s -o /tmp/r -w '%{http_code}' -X "$1" "$BASE$2" -d x) || true; }
        ask GET "/rest/v1/backup_history?select=id&dispatch_id=eq.1"
        if [[ $(cat /tmp/r) != *id* ]]; then
          echo "::error::Could not find backup_id (HTTP $code)"
          echo "Response: $(cat /tmp/r)"
          exit 1
        fi
        ask POST /functions/v1/update-backup
        echo "it gave $code"
        echo "Response: $(cat /tmp/r)"
        """,
        f"##[error]Could not find backup_id (HTTP 504)\nResponse: {NO_GRANT}",
    )

    assert of(seen.lookup_call) == (REFUSED, 504)
    assert seen.lookup_call.body == NO_GRANT


def test_a_script_of_many_lines_is_read_to_its_end() -> None:
    filling = "\n".join(f": line {number}" for number in range(900))

    seen = reading(filling + SPANISH, "No hubo suerte: 503")

    assert of(seen.function_call) == (REFUSED, 503)


def test_books_that_are_kept_early_are_no_update() -> None:
    seen = reading(
        """
        c=$(curl -s -o /dev/null -w '%{http_code}' -X PATCH "$U/rest/v1/backup_history?id=eq.1" -d '{"workflow_run_id":"1"}')
        echo "run id stored: $c"
        """,
        "run id stored: 204",
    )

    assert seen.fallback_call.outcome is NOT_SAID


def test_a_failure_handler_is_no_update() -> None:
    seen = reading(
        """
        c=$(curl -s -o /dev/null -w '%{http_code}' -X PATCH "$U/rest/v1/backup_history?id=eq.1" -d '{"status":"failed"}')
        echo "direct update to failed: HTTP $c"
        """,
        "direct update to failed: HTTP 204",
    )

    assert seen.fallback_call.outcome is NOT_SAID
    assert [(one.kind, one.updates, of(one.call)) for one in seen.attempts] == [
        ("marks-failed", False, (OK, 204))
    ]


def test_a_look_up_before_a_time_out_does_not_make_it_an_address_at_which_nothing_answers() -> None:
    script = """
      echo "Looking up backup entry for dispatch_id: $D"
      ID=$(curl -s "$BASE/rest/v1/backup_history?dispatch_id=eq.$D&select=id" | jq -r '.[0].id // empty')
      echo "Found backup_id: $ID"
      CODE=$(curl -sS -m 30 -o /tmp/r -w '%{http_code}' -X POST "$BASE/functions/v1/update-backup" -d "$B")
      [ "$CODE" = 200 ] || echo "Edge function call failed (HTTP $CODE)"
    """
    output = """
      Looking up backup entry for dispatch_id: nightly-1
      Found backup_id: 7c9e6679-7425-40de-944b-e07fc1f90ae7
      curl: (28) Operation timed out after 30001 milliseconds with 0 bytes received
      Edge function call failed (HTTP 000)
    """

    assert of(reading(script, textwrap.dedent(output)).function_call) == (TIMED_OUT, None)


HANDS_OVER = """
  import json, os, urllib.request
  def send(method, path, body):
      urllib.request.urlopen(urllib.request.Request(
          os.environ["BASE"] + path, method=method, data=json.dumps(body).encode()))
  try:
      send("POST", "/functions/v1/update-backup", {"s3_key": os.environ["KEY"], "size_bytes": int(os.environ["BYTES"])})
  except Exception as error:
      print("no function:", error)
      send("PATCH", "/rest/v1/backup_history?id=eq.1", {"status": "success", "s3_key": SECOND})
"""


@pytest.mark.parametrize(
    ("second", "assigned"),
    [
        ('os.environ["KEY"]', {"S3_KEY": "backups/18-04.zip", "BACKUP_SIZE": "3296"}),
        ('"latest.zip"', {"BACKUP_SIZE": "3296"}),
    ],
)
def test_the_file_is_the_one_that_the_script_hands_over_from_a_variable_of_any_name(
    second: str, assigned: dict[str, str]
) -> None:
    script = textwrap.dedent(HANDS_OVER).replace("SECOND", second)
    env = {"BASE": "***", "KEY": "backups/18-04.zip", "BYTES": "3296"}
    log = job(step(script, "no function: HTTP Error 503", env)).replace(b"bash -e", b"python")

    seen = read("a log", [log], LookFor(steps=(api_step(),), update_step=UPDATE))

    assert seen.assignments == assigned


def test_psql_s_refusal_is_the_update_s() -> None:
    seen = reading(
        """psql "$DATABASE_URL" -c "UPDATE backup_history SET status='success' WHERE id=1" || echo 'mal asunto'""",
        "ERROR:  permission denied for table backup_history\nmal asunto",
    )

    assert seen.fallback_call.outcome is REFUSED
    assert "permission denied" in seen.fallback_call.body


def test_a_line_that_the_script_cannot_have_printed_proves_no_more_than_its_words() -> None:
    seen = reading(SPANISH, "Edge function call failed (HTTP 401)")

    assert of(seen.function_call) == (REFUSED, 401)
    assert seen.function_call.known == ""


def test_without_the_parser_words_decide_and_the_reading_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    no_parser = ParseReply(missing="no parser for bash")
    monkeypatch.setattr(client, "_PARSER", SimpleNamespace(ask=lambda _: no_parser))
    seen = reading(SPANISH, "Edge function call failed (HTTP 401)")

    assert of(seen.function_call) == (REFUSED, 401)
    assert seen.unread_script is not None
    assert "no parser for bash" in seen.unread_script.what
    assert reading(SPANISH, "Listo").unread_script is not None


def test_many_costly_scripts_cost_a_bounded_time() -> None:
    costly = "\n".join(
        f'if [ "$A" = {n} ]; then curl "$U/{n}" && echo "$B {n}"; fi' for n in range(300)
    )
    log = job(*(step(costly, ["a line 1 of it"] * 50) for _ in range(20)))

    start = time.thread_time()
    read("a log", [log], LookFor())

    assert time.thread_time() - start < 15


def test_the_script_of_a_github_script_is_read() -> None:
    script = """
const res = await fetch(`${process.env.U}/functions/v1/update-backup`, { method: 'POST' })
core.info(`es kam ${res.status} zurück`)
"""
    body = script.strip("\n").split("\n")
    stamp = "2026-01-15T02:03:04.0000000Z "
    log = "\n".join(
        [
            f"{stamp}##[group]Run actions/github-script@v7",
            f"{stamp}with:",
            f"{stamp}  script: {body[0]}",
            *body[1:],
            "",
            f"{stamp}  debug: false",
            f"{stamp}##[endgroup]",
            f"{stamp}es kam 503 zurück",
            "",
        ]
    )

    seen = read("a log", [log.encode()], LookFor(steps=(api_step(),), update_step=UPDATE))

    assert of(seen.function_call) == (REFUSED, 503)


def test_the_script_of_a_local_action_is_read() -> None:
    stamp = "2026-01-15T02:03:04.0000000Z "
    log = "\n".join(
        f"{stamp}{line}"
        for line in (
            "##[group]Run ./tools/report",
            "with:",
            "  token: ***",
            "##[endgroup]",
            "##[error]es kam 503 zurück",
        )
    )
    files = {
        "tools/report/action.yml": "runs: {using: node20, main: main.js}",
        "tools/report/main.js": "const core = require('@actions/core')\n"
        "fetch(`${process.env.U}/functions/v1/update-backup`, { method: 'POST' })\n"
        "  .then((res) => { if (!res.ok) core.setFailed(`es kam ${res.status} zurück`) })\n",
    }
    wanted = LookFor(steps=(api_step(),), update_step=UPDATE, files=RepositoryFiles(files.get))

    seen = read("a log", [log.encode()], wanted)

    assert of(seen.function_call) == (REFUSED, 503)
    assert seen.function_call.known.startswith("tools/report/main.js:3 prints this")


def test_the_scripts_of_a_composite_action_s_steps_are_all_read() -> None:
    first = """
    code=$(curl -s -o /tmp/r -w '%{http_code}' -X POST "$U/functions/v1/update-backup" -d x || true)
    echo "eins gab $code"
    """
    second = """
    code=$(curl -s -o /tmp/r -w '%{http_code}' -X PATCH "$U/rest/v1/backup_history?id=eq.1" -d '{"status":"success"}')
    echo "zwei gab $code"
    """
    log = job(
        step(textwrap.dedent(first), "eins gab 503"), step(textwrap.dedent(second), "zwei gab 204")
    )

    seen = read("a log", [log], LookFor(steps=(api_step(),), update_step=UPDATE))

    assert of(seen.function_call) == (REFUSED, 503)
    assert of(seen.fallback_call) == (OK, 204)


def test_powershell_is_read() -> None:
    seen = reading(
        """
        try {
          Invoke-RestMethod -Method Post -Uri "$env:U/functions/v1/update-backup" -Body $body
        } catch {
          Write-Host "daneben: $($_.Exception.Response.StatusCode.value__)"
        }
        """,
        "daneben: 503",
        shell="pwsh -command \". '{0}'\"",
    )

    assert of(seen.function_call) == (REFUSED, 503)


def test_an_answer_that_a_logger_wrote_into_json_is_read() -> None:
    script = """
    const note = (msg, more) => console.log(JSON.stringify({ at: new Date(), msg, ...more }))
    const r = await fetch(`${process.env.U}/functions/v1/update-backup`, { method: 'POST', body: '{}' })
    if (!r.ok) note('no luck', { code: r.status, said: await r.text() })
    """
    quoted = BOOT.replace('"', '\\"')

    seen = reading(
        script,
        f'{{"at":"2026-01-15T02:03:04.000Z","msg":"no luck","code":503,"said":"{quoted}"}}',
        shell="node {0}",
    )

    assert of(seen.function_call) == (REFUSED, 503)
    assert seen.function_call.body == BOOT


UNCAUGHT = """
import os, requests
api, row = os.environ["SUPABASE_URL"], os.environ["DISPATCH_ID"]
found = requests.get(f"{api}/rest/v1/backup_history", params={"dispatch_id": f"eq.{row}"})
found.raise_for_status()
told = requests.post(f"{api}/functions/v1/update-backup", json={"backup_id": found.json()[0]["id"]})
if not told.ok:
    done = requests.patch(
        f"{api}/rest/v1/backup_history",
        params={"id": f"eq.{found.json()[0]['id']}"},
        json={"status": "success"},
    )
    done.raise_for_status()
"""
REFUSES = "requests.exceptions.HTTPError: 401 Client Error: Unauthorized for url: ***/rest/v1/backup_history"


def test_of_two_calls_of_one_table_an_error_is_that_one_s_which_asks_so() -> None:
    looked_up = reading(UNCAUGHT, f"{REFUSES}?dispatch_id=eq.d-1", shell="python {0}")
    updated = reading(UNCAUGHT, f"{REFUSES}?id=eq.7", shell="python {0}")

    assert of(looked_up.lookup_call) == (REFUSED, 401)
    assert looked_up.fallback_call.outcome is NOT_SAID
    assert of(updated.fallback_call) == (REFUSED, 401)


def test_the_update_step_is_found_by_what_its_file_does() -> None:
    log = job(
        step("bash ops/fin.sh", "No hubo suerte: 503\nSegundo intento: 204\nListo", second=1),
        step("bash ops/tidy.sh", "tidied", second=2),
    )
    files = {"ops/fin.sh": SPANISH, "ops/tidy.sh": "rm -rf /tmp/r"}
    wanted = LookFor(
        steps=(api_step("Fin", 1), api_step("Tidy", 2)), files=RepositoryFiles(files.get)
    )

    seen = read("a log", [log], wanted)

    assert seen.update_step == "Fin"
    assert of(seen.function_call) == (REFUSED, 503)


def test_an_answer_that_jq_writes_over_lines_is_one() -> None:
    script = """
    code=$(curl -s -o r.json -w '%{http_code}' "$U/functions/v1/update-backup" -d x) || true
    jq . r.json || cat r.json
    [ "$code" = 200 ] || echo "::warning::gave $code"
    """
    answer = '{\n  "code": "NOT_FOUND",\n  "message": "Requested function was not found"\n}'

    seen = reading(script, f"{answer}\n##[warning]gave 404")

    assert of(seen.function_call) == (REFUSED, 404)
    assert '"code": "NOT_FOUND"' in seen.function_call.body


def test_the_answer_that_follows_curl_s_own_words_in_one_variable_is_read() -> None:
    script = """
    log() { echo "$KIND > $*"; }
    if ! out=$(curl -sS --fail-with-body "$U/functions/v1/update-backup" -d x 2>&1); then
      log "not by the function: $out"
      out=$(curl -sS --fail-with-body -X PATCH "$U/rest/v1/backup_history?id=eq.1" -d '{"status":"success"}' 2>&1) ||
        log "not by hand: $out"
    fi
    """
    curl = "curl: (22) The requested URL returned error:"

    seen = reading(
        script,
        f"full > not by the function: {curl} 503\n{BOOT}\nfull > not by hand: {curl} 403\n{NO_GRANT}",
    )

    assert of(seen.function_call) == (REFUSED, 503)
    assert seen.function_call.body == BOOT
    assert of(seen.fallback_call) == (REFUSED, 403)
    assert seen.fallback_call.body == NO_GRANT


@pytest.mark.parametrize(("said", "rows"), [("UPDATE 0", 0), ("UPDATE 1", 1)])
def test_psql_s_own_count_of_rows_is_the_update_s(said: str, rows: int) -> None:
    seen = reading(
        """
        psql "$DB" <<SQL
        UPDATE backup_history SET status = 'success', s3_key = '$S3_KEY' WHERE dispatch_id = '$D';
        SQL
        """,
        said,
    )

    assert (seen.fallback_call.outcome, seen.fallback_call.rows) == (OK, rows)


@pytest.mark.parametrize(
    ("options", "end", "outcome"),
    [("-s", "", NOT_SAID), ("-sf", "", OK), ("-sf", "|| true", NOT_SAID)],
)
def test_a_success_that_the_script_prints_in_any_case_proves_none(
    options: str, end: str, outcome: Outcome
) -> None:
    seen = reading(
        f"""
        curl {options} -o /dev/null -X POST "$U/functions/v1/update-backup" -d x {end}
        echo "Edge function updated backup_history successfully"
        """,
        "Edge function updated backup_history successfully",
    )

    assert seen.function_call.outcome is outcome


FINISH_PS1 = """
$rest = "$env:SUPABASE_URL/rest/v1/backup_history"
$headers = @{ apikey = $env:KEY; Prefer = 'return=representation' }
try {
  $answer = Invoke-RestMethod -Method Post -Uri "$env:SUPABASE_URL/functions/v1/update-backup" -Body $body
  exit 0
} catch {
  Write-Warning "function: $($_.Exception.Message)"
}
$done = Invoke-RestMethod -Method Patch -Uri "$($rest)?id=eq.$id" -Headers $headers -Body '{"status":"success"}'
if (-not $done) { throw "Record $id was not changed" }
"""
NOT_CHANGED = """
WARNING: function: Response status code does not indicate success: 401 (Unauthorized).
Exception: D:\\a\\app\\app\\ci\\Finish.ps1:11
Line |
  11 |  if (-not $done) { throw "Record $id was not changed" }
     |                    ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
     | Record 42 was not changed
"""


def test_a_powershell_script_that_the_step_runs_throws_where_no_row_came_back() -> None:
    seen = reading(
        "./ci/Finish.ps1 -Id 42",
        NOT_CHANGED,
        "pwsh -command \". '{0}'\"",
        ci__Finish_dot_ps1=FINISH_PS1,
    )

    assert of(seen.function_call) == (REFUSED, 401)
    assert of(seen.fallback_call) == (OK, None)
    assert seen.fallback_call.rows == 0


MAKEFILE = """
update:
\t@code=$$(curl -s -o /tmp/o -w '%{http_code}' -X POST "$(SUPABASE_URL)/functions/v1/update-backup" -d x); \\
\tif [ "$$code" != 200 ]; then echo "erste: $$code $$(cat /tmp/o)"; \\
\t  code=$$(curl -s -o /tmp/o -w '%{http_code}' -X PATCH "$(SUPABASE_URL)/rest/v1/backup_history" -d '{"status":"success"}'); \\
\t  [ "$$code" = 204 ] || { echo "zweite: $$code $$(cat /tmp/o)"; exit 1; }; fi
"""


def test_the_lines_of_a_recipe_are_of_the_calls_that_the_makefile_makes() -> None:
    denied = '{"code":"42501","message":"permission denied for table backup_history"}'
    seen = reading(
        "make update",
        f"""
        erste: 404 {{"code":"NOT_FOUND"}}
        zweite: 403 {denied}
        make: *** [Makefile:3: update] Error 1
        """,
        Makefile=MAKEFILE,
    )

    assert of(seen.function_call) == (REFUSED, 404)
    assert of(seen.fallback_call) == (REFUSED, 403)
    assert seen.fallback_call.body == denied


SILENT_FUNCTION = 'curl -sf -X POST "$SUPABASE_URL/functions/v1/update-backup" -d "$BODY"'
SILENT_PATCH = (
    """curl -sf -X PATCH "$SUPABASE_URL/rest/v1/backup_history?id=eq.1" -d '{"status":"success"}'"""
)
CALLS = ("function update-backup", "direct update of backup_history")


@pytest.mark.parametrize(
    ("script", "output", "code", "calls"),
    [
        (f"{SILENT_FUNCTION} || {SILENT_PATCH}", "", 22, CALLS),
        (f"if ! {SILENT_FUNCTION}; then {SILENT_PATCH}; fi", "", 6, CALLS),
        (SILENT_PATCH, "", 28, CALLS[1:]),
        # Either can have ended the step.
        (f"{SILENT_FUNCTION}\n{SILENT_PATCH}", "", 22, None),
        (f"{SILENT_FUNCTION} || {SILENT_PATCH}", "retrying", 22, None),
        (f"{SILENT_FUNCTION} || {SILENT_PATCH}", "", 1, None),
        (f"{SILENT_FUNCTION} || {SILENT_PATCH.replace('-sf', '-s')}", "", 22, None),
        (f"{SILENT_FUNCTION} || ./other.sh", "", 22, None),
    ],
)
def test_a_step_that_prints_nothing_tells_by_its_exit_code_how_the_last_call_ended(
    script: str, output: str, code: int, calls: tuple[str, ...] | None
) -> None:
    seen = reading(script, f"{output}\n##[error]Process completed with exit code {code}.")

    if calls is None:
        assert seen.silent is None
    else:
        assert seen.silent == SilentExit(code=code, calls=calls)


def test_an_answer_that_is_shown_once_is_of_one_call() -> None:
    found = reading(
        """
        code=$(curl -s -o o -w '%{http_code}' "$U/functions/v1/update-backup" -d "{}")
        echo "edge function -> $code"
        if [ "$code" -ge 300 ]; then
          code=$(curl -s -o o -w '%{http_code}' -X PATCH "$U/rest/v1/backup_history?id=eq.$D" -d '{"status":"success"}')
          echo "table -> $code"
          if [ "$code" -ge 300 ]; then cat o; exit 1; fi
        fi
        """,
        f"edge function -> 546\ntable -> 403\n{NO_GRANT}",
    )

    assert (found.function_call.status, found.function_call.body) == (546, "")
    assert (found.fallback_call.status, found.fallback_call.body) == (403, NO_GRANT)


def test_a_line_that_a_print_has_word_for_word_is_that_prints() -> None:
    found = reading(
        """
        trap 'echo "[exit $?] done"' EXIT
        code=$(curl -s -o o -w '%{http_code}' "$U/functions/v1/update-backup" -d "{}")
        if [ "$code" = 200 ]; then echo "function: HTTP 200"; exit 0; fi
        echo "function: HTTP $code $(cat o)"
        exit 1
        """,
        "function: HTTP 200\n[exit 0] done",
    )

    assert of(found.function_call) == (Outcome.OK, 200)


def test_a_size_that_curl_prints_beside_the_status_is_no_status() -> None:
    found = reading(
        """
        curl -s -o out.json -w 'code %{http_code}, %{size_download} bytes\\n' -X POST "$U/functions/v1/update-backup" -d "{}"
        cat out.json
        """,
        'code 401, 214 bytes\n{"error":"Invalid API key"}',
    )

    assert of(found.function_call) == (Outcome.REFUSED, 401)
