"""One pipeline over its versions: the ways change, and the words with them."""

from __future__ import annotations

from tests.log.test_known import NOT_SAID, OK, REFUSED, UNREACHABLE, of, reading

CLIENT_ALONE = r"""
cat > /tmp/finish.mjs <<'EOF'
import { createClient } from '@supabase/supabase-js'
const supabase = createClient(process.env.SUPABASE_URL, process.env.SUPABASE_SERVICE_ROLE_KEY)
const { data, error } = await supabase.from('backup_history')
  .update({ status: 'partial', s3_key: process.env.S3_KEY })
  .eq('dispatch_id', process.env.DISPATCH_ID).select()
if (error) {
  console.error('The history could not be brought up to date')
  console.error('Error code:', error.code)
  console.error('Error message:', error.message)
  console.error('Error details:', error.details)
  process.exit(1)
}
console.log('The history is up to date')
EOF
node /tmp/finish.mjs
"""

FUNCTION_THEN_PATCH = r"""
ROWS=$(curl -s -w "\n%{http_code}" "$SUPABASE_URL/rest/v1/backup_history?dispatch_id=eq.$DISPATCH_ID&select=id")
CODE=$(echo "$ROWS" | tail -n1)
ROWS=$(echo "$ROWS" | sed '$d')
ID=$(echo "$ROWS" | jq -r '.[0].id // empty')
if [ -z "$ID" ]; then
  echo "No id for this dispatch, code $CODE"
  echo "$ROWS"
  exit 1
fi
OUT=$(curl -s -w "\n%{http_code}" -X POST "$SUPABASE_URL/functions/v1/update-backup" -d "{\"backup_id\":\"$ID\"}")
CODE=$(echo "$OUT" | tail -n1)
BODY=$(echo "$OUT" | sed '$d')
echo "First way, code: $CODE"
if [ "$CODE" -lt 200 ] || [ "$CODE" -ge 300 ]; then
  echo "First way said: $BODY"
  OUT=$(curl -s -w "\n%{http_code}" -X PATCH "$SUPABASE_URL/rest/v1/backup_history?id=eq.$ID" \
    -H 'Prefer: return=minimal' -d "{\"status\":\"success\",\"s3_key\":\"$S3_KEY\"}")
  CODE=$(echo "$OUT" | tail -n1)
  BODY=$(echo "$OUT" | sed '$d')
  echo "Second way, code: $CODE"
  if [ "$CODE" -ge 300 ]; then echo "Second way said: $BODY"; exit 1; fi
fi
"""

LOST_OUTPUT = r"""
set +e
OUTPUT=$(node --input-type=module -e "
  const r = await fetch(process.env.SUPABASE_URL + '/rest/v1/backup_history?id=eq.1', {
    method: 'PATCH', body: JSON.stringify({ status: 'success' }) })
  if (!r.ok) { console.error('turned down', r.status); process.exit(1) }
")
RC=$?
set -e
if [ $RC -ne 0 ]; then
  echo "The script ended with $RC"
  exit 1
fi
"""

PRINTED_LATER = r"""
cat > /tmp/u.mjs <<'JS'
const r = await fetch(process.env.SUPABASE_URL + '/rest/v1/backup_history?id=eq.1', {
  method: 'PATCH', body: JSON.stringify({ status: 'success' }) })
console.log('it came back with', r.status)
console.log('saying', await r.text())
if (!r.ok) process.exit(1)
JS
node /tmp/u.mjs > /tmp/out.txt 2>&1 || FAILED=1
echo "----- begin"
cat /tmp/out.txt
echo "----- end"
[ -z "${FAILED:-}" ]
"""

VERIFIED = r"""
CODE=$(curl -s -o /tmp/b -w '%{http_code}' -X PATCH "$U/rest/v1/backup_history?id=eq.1" -d '{"status":"success"}')
echo "written, code $CODE"
NOW=$(curl -s "$U/rest/v1/backup_history?id=eq.1&select=status")
if [[ "$NOW" != *success* ]]; then
  echo "it did not stick: $NOW"
fi
"""


def test_a_client_s_refusal_in_lines_of_their_own() -> None:
    seen = reading(
        CLIENT_ALONE,
        """
        The history could not be brought up to date
        Error code: 23514
        Error message: new row for relation "backup_history" violates check constraint "status_check"
        Error details: null
        """,
    )

    assert seen.function_call.outcome is NOT_SAID
    assert seen.fallback_call.outcome is REFUSED
    assert "23514" in seen.fallback_call.body
    assert "status_check" in seen.fallback_call.body
    assert [one.writes.get("status") for one in seen.attempts] == ["partial"]


def test_a_client_s_success() -> None:
    assert reading(CLIENT_ALONE, "The history is up to date").fallback_call.outcome is OK


def test_the_function_and_then_the_table() -> None:
    denied = '{"code":"42501","message":"permission denied for table backup_history"}'
    seen = reading(
        FUNCTION_THEN_PATCH,
        f"""
        First way, code: 401
        First way said: {{"error":"Invalid API key"}}
        Second way, code: 403
        Second way said: {denied}
        """,
    )

    assert of(seen.function_call) == (REFUSED, 401)
    assert seen.function_call.body == '{"error":"Invalid API key"}'
    assert of(seen.fallback_call) == (REFUSED, 403)
    assert seen.fallback_call.body == denied


def test_a_look_up_that_is_refused_is_known_as_that() -> None:
    seen = reading(
        FUNCTION_THEN_PATCH, 'No id for this dispatch, code 401\n{"message":"Invalid API key"}'
    )

    assert of(seen.lookup_call) == (REFUSED, 401)
    assert seen.lookup_call.body == '{"message":"Invalid API key"}'
    assert seen.backup_id_not_found == "No id for this dispatch, code 401"
    assert seen.function_call.outcome is NOT_SAID


def test_nobody_answers() -> None:
    seen = reading(
        FUNCTION_THEN_PATCH, "First way, code: 000\nFirst way said:\nSecond way, code: 204"
    )

    assert seen.function_call.outcome is UNREACHABLE
    assert of(seen.fallback_call) == (OK, 204)


def test_output_that_is_lost_still_shows_that_it_failed() -> None:
    seen = reading(LOST_OUTPUT, "turned down 403\nThe script ended with 1")

    assert of(seen.fallback_call) == (REFUSED, 403)
    assert reading(LOST_OUTPUT, "The script ended with 1").fallback_call.outcome is REFUSED


def test_output_that_is_printed_later() -> None:
    seen = reading(
        PRINTED_LATER,
        '----- begin\nit came back with 403\nsaying {"code":"42501"}\n----- end',
    )

    assert of(seen.fallback_call) == (REFUSED, 403)
    assert seen.fallback_call.body == '{"code":"42501"}'


def test_a_verification_is_no_look_up_and_no_update() -> None:
    seen = reading(VERIFIED, 'written, code 204\nit did not stick: [{"status":"in_progress"}]')

    assert of(seen.fallback_call) == (OK, 204)
    assert seen.lookup_call.outcome is NOT_SAID
    assert [one.kind for one in seen.attempts] == ["table-update", "verification"]
    assert "in_progress" in seen.attempts[1].call.body
