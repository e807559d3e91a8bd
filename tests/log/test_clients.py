"""What clients print of their errors, attributed by the script that prints them."""

from __future__ import annotations

import pytest

from tests.log.test_known import NOT_SAID, OK, REFUSED, UNREACHABLE, of, reading

HTTPX = """
import os, httpx
base = os.environ["SUPABASE_URL"]
def send(method, path, **kw):
    r = httpx.request(method, base + path, timeout=30, **kw)
    r.raise_for_status()
    return r.json()
try:
    send("POST", "/functions/v1/update-backup", json={"backup_id": "1"})
    print("erledigt")
except httpx.HTTPStatusError as e:
    print(f"ging nicht: {e.response.status_code} {e.response.text}")
    try:
        send("PATCH", "/rest/v1/backup_history?id=eq.1", json={"status": "success"})
    except httpx.HTTPError as e2:
        print("auch nicht:", e2)
        raise SystemExit(1)
except httpx.TransportError as e:
    print("keiner da:", e)
"""
SUPABASE_JS = """
import { createClient } from '@supabase/supabase-js'
const db = createClient(process.env.U, process.env.K)
const { data, error } = await db.functions.invoke('update-backup', { body: { backup_id: '1' } })
if (error) {
  console.error('Aua', error)
  const { error: e2 } = await db.from('backup_history').update({ status: 'success' }).eq('id', '1')
  if (e2) { console.error('Doppel-Aua', e2); process.exit(1) }
}
console.log('Fein')
"""
SUPABASE_PY = """
import os
from supabase import create_client
from postgrest.exceptions import APIError
db = create_client(os.environ["U"], os.environ["K"])
try:
    db.rpc("finish_backup", {"p_id": "1", "p_status": "success"}).execute()
except APIError as e:
    print("nix da", e.code, e.message)
    try:
        db.table("backup_history").update({"status": "success"}).eq("id", "1").execute()
    except APIError as e:
        print("nix da 2", e)
        raise
"""
PSYCOPG = """
import os, psycopg
with psycopg.connect(os.environ["DATABASE_URL"]) as c:
    try:
        cur = c.execute("UPDATE backup_history SET status = 'success' WHERE id = %s", (os.environ["D"],))
        print("Zeilen:", cur.rowcount)
    except psycopg.Error as e:
        print("DB sagt:", e)
        raise SystemExit(1)
"""
PSQL = """
n=$(psql "$DATABASE_URL" -tAc "WITH u AS (UPDATE backup_history SET status='success' RETURNING 1) SELECT count(*) FROM u")
echo "changed in all: $n"
"""


def test_httpx() -> None:
    seen = reading(
        "python3 a.py",
        'ging nicht: 503 {"code":"BOOT_ERROR"}\n'
        "auch nicht: Client error '403 Forbidden' for url 'https://x.supabase.co/rest/v1/backup_history'",
        a_dot_py=HTTPX,
    )

    assert of(seen.function_call) == (REFUSED, 503)
    assert seen.function_call.body == '{"code":"BOOT_ERROR"}'
    assert of(seen.fallback_call) == (REFUSED, 403)


def test_httpx_without_a_network() -> None:
    seen = reading(
        "python3 a.py", "keiner da: [Errno -2] Name or service not known", a_dot_py=HTTPX
    )

    assert seen.function_call.outcome is UNREACHABLE
    assert seen.fallback_call.outcome is NOT_SAID


def test_supabase_js_dumps_its_errors() -> None:
    seen = reading(
        "node a.mjs",
        """
        Aua FunctionsHttpError: Edge Function returned a non-2xx status code
            at FunctionsClient.<anonymous> (file:///x/FunctionsClient.js:65:23) {
          context: Response {
            status: 404,
            url: '***/functions/v1/update-backup'
          }
        }
        Doppel-Aua {
          code: '42501',
          message: 'permission denied for table backup_history'
        }
        """,
        a_dot_mjs=SUPABASE_JS,
    )

    assert of(seen.function_call) == (REFUSED, 404)
    assert seen.function_call.body == ""
    assert seen.fallback_call.outcome is REFUSED
    assert "42501" in seen.fallback_call.body


def test_supabase_py_names_each_way() -> None:
    seen = reading(
        "python3 a.py",
        "nix da PGRST202 Could not find the function public.finish_backup\n"
        "nix da 2 {'message': 'permission denied for table backup_history', 'code': '42501'}",
        a_dot_py=SUPABASE_PY,
    )

    assert [(one.name, one.call.outcome) for one in seen.attempts] == [
        ("RPC finish_backup", REFUSED),
        ("direct update of backup_history", REFUSED),
    ]
    assert "PGRST202" in seen.attempts[0].call.body
    assert seen.function_call.outcome is NOT_SAID


def test_a_driver_s_refusal() -> None:
    said = "DB sagt: permission denied for table backup_history"

    assert reading("python3 a.py", said, a_dot_py=PSYCOPG).fallback_call.outcome is REFUSED


def test_a_driver_counts_the_rows() -> None:
    call = reading("python3 a.py", "Zeilen: 0", a_dot_py=PSYCOPG).fallback_call

    assert (call.outcome, call.rows) == (OK, 0)


def test_psql_counts_the_rows() -> None:
    call = reading(PSQL, "changed in all: 0").fallback_call

    assert (call.outcome, call.rows) == (OK, 0)


def test_what_cannot_be_reached_is_a_call_that_the_script_makes() -> None:
    seen = reading(
        "python3 a.py",
        "psycopg.OperationalError: connection failed: Network is unreachable",
        a_dot_py=PSYCOPG,
    )

    assert seen.function_call.outcome is NOT_SAID
    assert seen.fallback_call.outcome is UNREACHABLE


INVOKED = """
import { createClient } from '@supabase/supabase-js'
const db = createClient(process.env.U, process.env.K)
const fn = await db.functions.invoke('update-backup', { body: { backup_id: '1' } })
if (fn.error) {
  console.warn('Ausfall', fn.error.name, fn.error.message)
  process.exit(1)
}
"""


def test_what_supabase_js_says_of_a_function_part_by_part_is_not_its_answer() -> None:
    said = "Ausfall FunctionsHttpError Edge Function returned a non-2xx status code"

    seen = reading("node a.mjs", said, a_dot_mjs=INVOKED)

    assert seen.function_call.outcome is REFUSED
    assert seen.function_call.body == ""


TRACED = """
import os, traceback, requests
def function(u): r = requests.post(f"{u}/functions/v1/update-backup", json={"backup_id": "1"}); r.raise_for_status()
def table(u): r = requests.patch(f"{u}/rest/v1/backup_history", json={"status": "success"}); r.raise_for_status()
for way in (function, table):
    try:
        way(os.environ["U"])
        break
    except Exception:
        traceback.print_exc()
"""


def test_what_a_traceback_quotes_of_the_source_is_nobody_s_answer() -> None:
    frames = "\n".join(
        f"""Traceback (most recent call last):
  File "/w/a.py", line {line}, in {name}
    def {name}(u): r = requests.{verb}(f"{{u}}{path}", json={{"backup_id": "1"}}); r.raise_for_status()
                                                                                   ^^^^^^^^^^^^^^^^^^^^
requests.exceptions.HTTPError: {status} Client Error: X for url: ***{path}"""
        for line, name, verb, status, path in (
            (3, "function", "post", 404, "/functions/v1/update-backup"),
            (4, "table", "patch", 403, "/rest/v1/backup_history"),
        )
    )

    seen = reading("python3 a.py", frames, a_dot_py=TRACED)

    assert of(seen.function_call) == (REFUSED, 404)
    assert of(seen.fallback_call) == (REFUSED, 403)
    assert (seen.function_call.body, seen.fallback_call.body) == ("", "")


PIPED = """
if ! curl -s -X POST "$U/functions/v1/update-backup" -d x | tee fn.json | jq -e '.success == true' >/dev/null; then
  echo "fn said:"; cat fn.json
  curl -s -X PATCH "$U/rest/v1/backup_history?id=eq.1" -d '{"status":"success"}' | tee db.json \\
    | jq -e 'length == 1' >/dev/null || { echo "db said:"; cat db.json; exit 1; }
fi
"""


def test_what_stands_before_a_whole_pipeline_turns_all_of_it_round() -> None:
    parted = reading(PIPED, 'fn said:\n{"code": "NOT_FOUND"}\ndb said:\n{"code": "42501"}')
    joined = reading(PIPED, 'fn said:\n{"code": "NOT_FOUND"}db said:\n{"code": "42501"}')

    assert (parted.function_call.outcome, parted.fallback_call.outcome) == (REFUSED, REFUSED)
    assert joined.function_call.outcome is not OK


POSTGREST = "{ code: '42501', details: null, hint: null, message: 'permission denied' }"
DUMPED = """\
FunctionsHttpError: Edge Function returned a non-2xx status code
    at FunctionsClient.invoke (file:///app/node_modules/@supabase/functions-js/x.js:90:27) {
  context: Response {
    status: 404,
    headers: Headers { 'content-type': 'application/json' },
    url: 'https://***/functions/v1/update-backup'
  }
}
"""


@pytest.mark.parametrize(
    ("failed", "status"), [(DUMPED, 404), (DUMPED.splitlines()[0] + "\n", None)]
)
@pytest.mark.parametrize("script", ["node ci/update.mjs", SUPABASE_JS.replace("'Aua', ", "")])
def test_an_object_behind_supabase_js_error_is_what_the_table_answered(
    script: str, failed: str, status: int | None
) -> None:
    seen = reading(script, f"{failed}{POSTGREST}\n")

    assert of(seen.function_call) == (REFUSED, status)
    assert seen.function_call.body == ""
    assert of(seen.fallback_call) == (REFUSED, None)
    assert "42501" in seen.fallback_call.body


RAISED_AFTERWARDS = """
import os, sys, httpx
base = os.environ["SUPABASE_URL"]
try:
    r = httpx.patch(f"{base}/rest/v1/backup_history?id=eq.1", json={"status": "success"})
    print("es kam", r.status_code, r.text)
    r.raise_for_status()
except httpx.HTTPError as e:
    sys.exit(f"zu Ende: {e!r}")
"""


def test_an_error_that_is_raised_for_the_status_does_not_take_the_answers_place() -> None:
    body = '{"code":"23514","message":"violates check constraint"}'
    seen = reading(
        "python3 a.py",
        f"es kam 400 {body}\n"
        "zu Ende: HTTPStatusError(\"Client error '400 Bad Request' for url 'https://x.supabase.co/rest/v1/t'\")",
        a_dot_py=RAISED_AFTERWARDS,
    )

    assert of(seen.fallback_call) == (REFUSED, 400)
    assert seen.fallback_call.body == body
