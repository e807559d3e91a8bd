"""The calls of the update step, in the wordings of many teams."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from backup_doctor.collect.log.reader import LookFor, read
from backup_doctor.evidence.log import Call, Outcome
from tests.log.logs import DISPATCH, UPDATE, api_step, job, step

OK, REFUSED, NOT_MADE = Outcome.OK, Outcome.REFUSED, Outcome.NOT_MADE
TIMED_OUT, UNREACHABLE, NOT_SAID = Outcome.TIMED_OUT, Outcome.UNREACHABLE, Outcome.NOT_SAID
CURL = """
RESPONSE=$(curl -s -w "\\n%{http_code}" -X POST "$SUPABASE_URL/functions/v1/update-backup" -d "$BODY")
if [ "$HTTP_CODE" != "200" ]; then
  echo "Edge function call failed (HTTP $HTTP_CODE)"
  echo "Falling back to direct Supabase update"
  curl -s -X PATCH "$SUPABASE_URL/rest/v1/backup_history?id=eq.$BACKUP_ID"
  echo "Backup updated successfully"
fi
"""

NOT_DEPLOYED = '{"code":"NOT_FOUND","message":"Requested function was not found"}'
NO_GRANT = (
    '{"code": "42501", "details": null, "hint": null, '
    '"message": "permission denied for table backup_history"}'
)
NO_GRANT_IN_NODE = (
    "{\n  code: '42501',\n  details: null,\n  hint: null,\n"
    "  message: 'permission denied for table backup_history'\n}"
)


def node_dump(status: int) -> str:
    """What `console.error` prints of the error that supabase-js gives for a function's answer."""
    return (
        "FunctionsHttpError: Edge Function returned a non-2xx status code\n"
        "    at FunctionsClient.<anonymous> (file:///home/runner/work/shop/shop/node_modules/"
        "@supabase/functions-js/dist/module/FunctionsClient.js:65:23)\n"
        "    at process.processTicksAndRejections (node:internal/process/task_queues:105:5) {\n"
        f"  context: Response {{\n    status: {status},\n    statusText: 'x',\n"
        "    headers: Headers { date: 'x', 'content-type': 'application/json' },\n"
        "    body: ReadableStream { locked: false, state: 'readable', supportsBYOB: true },\n"
        "    bodyUsed: false,\n    ok: false,\n    url: '***/functions/v1/update-backup'\n  }\n}\n"
    )


@dataclass(frozen=True)
class Example:
    """What a step printed, and what that says: (outcome, status) of each call."""

    name: str
    output: str
    function: tuple[Outcome, int | None] = (NOT_SAID, None)
    fallback: tuple[Outcome, int | None] = (NOT_SAID, None)
    lookup: tuple[Outcome, int | None] = (NOT_SAID, None)
    script: str = CURL
    function_body: str = ""
    fallback_body: str = ""
    rows: int | None = None
    not_found: bool = False


EXAMPLES = (
    Example(
        "a step that the runner ended, whose name speaks of the function",
        "Waiting for the lock\n##[error]The action 'Update backup_history via Edge Function' has "
        "timed out after 1 minutes.",
    ),
    Example(
        "a fallback that is called otherwise, below the function's whole answer",
        'Edge function call failed (HTTP 503)\nResponse: {"code":"BOOT_ERROR","message":"Function '
        'failed to start (please check logs)"}\nplan B ...\n-> HTTP 403\n'
        'Response: {"code":"42501","details":null,"hint":null,"message":"permission denied for table '
        'backup_history"}',
        function=(REFUSED, 503),
        function_body='{"code":"BOOT_ERROR","message":"Function failed to start (please check logs)"}',
        fallback=(REFUSED, 403),
        fallback_body='{"code":"42501","details":null,"hint":null,"message":"permission denied for '
        'table backup_history"}',
    ),
    Example(
        "the guide's wording",
        "Edge function call failed (HTTP 401)\nFalling back to direct Supabase update...\n"
        "Direct update failed (HTTP 403)",
        function=(REFUSED, 401),
        fallback=(REFUSED, 403),
    ),
    Example(
        "both in one line",
        "⚠️ Edge function call failed (HTTP 404), falling back to direct update\n"
        "✅ Direct update succeeded (HTTP 204)",
        function=(REFUSED, 404),
        fallback=(OK, 204),
    ),
    Example(
        "success with the function's answer",
        'Edge function response: {"success":true,"message":"Backup updated successfully",'
        '"backup":{"id":"1","status":"success"}}\nHTTP status: 200',
        function=(OK, 200),
        function_body='{"success":true,"message":"Backup updated successfully",'
        '"backup":{"id":"1","status":"success"}}',
    ),
    Example(
        "the body before its status, as curl -w prints them",
        "Calling edge function update-backup\n"
        '{"code":"NOT_FOUND","message":"Requested function was not found"}\n404',
        function=(REFUSED, 404),
        function_body='{"code":"NOT_FOUND","message":"Requested function was not found"}',
    ),
    Example(
        "a body over several lines",
        'Edge function returned 500\nResponse body:\n{\n  "error": "boom",\n  "hint": {"a": 1}\n}\n'
        "Trying direct update\nHTTP 204",
        function=(REFUSED, 500),
        function_body='{\n"error": "boom",\n"hint": {"a": 1}\n}',
        fallback=(OK, 204),
    ),
    Example(
        "no key",
        "BACKUP_API_KEY not set, using direct Supabase update\nHTTP 204\nContent-Range: */*",
        function=(NOT_MADE, None),
        fallback=(OK, 204),
        rows=0,
    ),
    Example(
        "the function has no key of its own: a call that was answered was made",
        'update-backup returned 500: {"success":false,'
        '"error":"BACKUP_API_KEY is not set in the function\'s secrets"}\n'
        "Trying the REST API instead\nREST API returned 200: []",
        function=(REFUSED, 500),
        function_body='{"success":false,'
        '"error":"BACKUP_API_KEY is not set in the function\'s secrets"}',
        fallback=(OK, 200),
        rows=0,
    ),
    Example(
        "no key, in other words",
        "No API key configured, falling back to direct update\nUpdate successful",
        function=(NOT_MADE, None),
        fallback=(OK, None),
    ),
    Example(
        "curl --fail, unlabelled, one call in the script",
        "curl: (22) The requested URL returned error: 404",
        script='curl --fail -X POST "$SUPABASE_URL/functions/v1/update-backup"',
        function=(REFUSED, 404),
    ),
    Example(
        "curl --fail twice, the script tells the order",
        "curl: (22) The requested URL returned error: 401\n"
        "curl: (22) The requested URL returned error: 403",
        script='curl -f "$URL/functions/v1/update-backup" || curl -f -X PATCH "$URL/rest/v1/backup_history?id=eq.1"',
        function=(REFUSED, 401),
        fallback=(REFUSED, 403),
    ),
    Example(
        "curl --fail, and a look-up too: nobody can tell whose answer it is",
        "curl: (22) The requested URL returned error: 401",
        script='curl -f "$URL/rest/v1/backup_history?dispatch_id=eq.1&select=id"\n'
        'curl -f "$URL/functions/v1/update-backup"',
    ),
    Example(
        "curl's words come before the script's",
        "curl: (22) The requested URL returned error: 500\n"
        "Edge function failed, falling back to direct Supabase update\n"
        "curl: (22) The requested URL returned error: 400",
        script="./scripts/update.sh",
        function=(REFUSED, 500),
        fallback=(REFUSED, 400),
    ),
    Example(
        "the REST API instead",
        'update-backup returned 404: {"code": "NOT_FOUND_FUNCTION_BLOB", "message": "…"}\n'
        "Trying the REST API instead\n"
        'REST API returned 403: {"code":"42501","message":"permission denied"}',
        function=(REFUSED, 404),
        function_body='{"code": "NOT_FOUND_FUNCTION_BLOB", "message": "…"}',
        fallback=(REFUSED, 403),
        fallback_body='{"code":"42501","message":"permission denied"}',
    ),
    Example(
        "a time-out",
        "Calling edge function...\ncurl: (28) Operation timed out after 30001 milliseconds with 0 bytes received\n"
        "Edge function call failed (HTTP 000)\nFalling back to direct update\n"
        "curl: (28) Operation timed out after 30001 milliseconds with 0 bytes received",
        function=(TIMED_OUT, None),
        fallback=(TIMED_OUT, None),
    ),
    Example(
        "no such host",
        "Calling edge function\ncurl: (6) Could not resolve host: abcdefghijklmnopqrst.supabase.co\n"
        "Falling back to direct update\ncurl: (6) Could not resolve host: abcdefghijklmnopqrst.supabase.co",
        function=(UNREACHABLE, None),
        fallback=(UNREACHABLE, None),
    ),
    Example(
        "connection refused and TLS",
        "Edge function: curl: (7) Failed to connect to 127.0.0.1 port 9 after 0 ms: Couldn't connect to server\n"
        "Direct update: curl: (35) OpenSSL SSL_connect: Connection reset by peer",
        function=(UNREACHABLE, None),
        fallback=(UNREACHABLE, None),
    ),
    Example(
        "http_code=000 and curl's own message in the body's place",
        "Edge function call failed (HTTP 000)\n"
        "Response: Operation timed out after 60001 milliseconds with 0 bytes received",
        function=(TIMED_OUT, None),
    ),
    Example(
        "curl --verbose",
        "> POST /functions/v1/update-backup HTTP/2\n> Host: ***\n< HTTP/2 503 \n"
        "< content-type: application/json\n< sb-error-code: BOOT_ERROR\n"
        '{"code":"BOOT_ERROR","message":"Function failed to start (please check logs)"}',
        function=(REFUSED, 503),
        function_body='{"code":"BOOT_ERROR","message":"Function failed to start (please check logs)"}',
    ),
    Example(
        "set -x",
        "+ curl -s -o /tmp/out -w '%{http_code}' -X POST https://x.supabase.co/functions/v1/update-backup\n"
        "+ HTTP_CODE=546\n+ '[' 546 -ge 400 ']'\n+ echo 'Edge function failed'\nEdge function failed",
        function=(REFUSED, 546),
    ),
    Example(
        "set -x, and statuses that are called after their calls",
        "+ curl -s -o /tmp/out -w '%{http_code}' -X POST https://x.supabase.co/functions/v1/update-backup\n"
        "+ FN_HTTP=500\n+ EXIT_CODE=137",
        function=(REFUSED, 500),
    ),
    Example(
        "set -x, and a status that is called code",
        "+ curl -s -o /tmp/out -w '%{http_code}' -X POST https://x.supabase.co/functions/v1/update-backup\n"
        "+ code=000\n+ cat /tmp/out\ncat: /tmp/out: No such file or directory",
        function=(UNREACHABLE, None),
    ),
    Example(
        "Python requests",
        "Updating backup_history through the edge function\nTraceback (most recent call last):\n"
        '  File "/home/runner/work/app/update.py", line 31, in <module>\n    response.raise_for_status()\n'
        "requests.exceptions.HTTPError: 401 Client Error: Unauthorized for url: "
        "https://abcdefghijklmnopqrst.supabase.co/functions/v1/update-backup",
        script="python update.py",
        function=(REFUSED, 401),
    ),
    Example(
        "Python requests, time-out and direct update",
        "WARNING edge function: HTTPSConnectionPool(host='x.supabase.co', port=443): Read timed out. "
        "(read timeout=30)\nrequests.exceptions.ReadTimeout: Read timed out.\n"
        "INFO falling back to PostgREST\nINFO PATCH https://x.supabase.co/rest/v1/backup_history -> status 200\n"
        "INFO Response: []",
        script="python update.py",
        function=(TIMED_OUT, None),
        fallback=(OK, 200),
        fallback_body="[]",
        rows=0,
    ),
    Example(
        "Python urllib",
        "edge function error: HTTP Error 402: Payment Required\nusing the fallback\n"
        "urllib.error.HTTPError: HTTP Error 402: Payment Required",
        script="python3 update.py",
        function=(REFUSED, 402),
        fallback=(REFUSED, 402),
    ),
    Example(
        "github-script",
        "Edge function responded with status 500: "
        '{"error":"new row violates row-level security policy for table \\"backup_history\\""}\n'
        "##[error]Unhandled error: Error: Edge function responded with status 500",
        script="const res = await fetch(`${process.env.SUPABASE_URL}/functions/v1/update-backup`)",
        function=(REFUSED, 500),
        function_body='{"error":"new row violates row-level security policy for table \\"backup_history\\""}',
    ),
    Example(
        "node fetch without a network",
        "Invoking update-backup\nTypeError: fetch failed\n    at node:internal/deps/undici/undici:13510:13\n"
        "  [cause]: Error: getaddrinfo ENOTFOUND abcdefghijklmnopqrst.supabase.co",
        script="node update.js",
        function=(UNREACHABLE, None),
    ),
    Example(
        "axios",
        "AxiosError: Request failed with status code 404\n  url: 'https://x.supabase.co/functions/v1/update-backup'",
        script="node -e \"axios.post(url + '/functions/v1/update-backup')\"",
        function=(REFUSED, 404),
    ),
    Example(
        "supabase-js",
        "FunctionsHttpError: Edge Function returned a non-2xx status code\n    at FunctionsClient.invoke\n"
        "falling back to direct update\n{\n  code: '42501',\n  details: null,\n  hint: null,\n"
        "  message: 'permission denied for table backup_history'\n}",
        script="node update.mjs",
        function=(REFUSED, None),
        fallback=(REFUSED, None),
        fallback_body="{\ncode: '42501',\ndetails: null,\nhint: null,\n"
        "message: 'permission denied for table backup_history'\n}",
    ),
    Example(
        "the answer alone, without any status",
        "Falling back to direct update\n"
        '{"code":"23514","details":null,"hint":null,"message":"new row for relation '
        '\\"backup_history\\" violates check constraint \\"size_positive\\""}',
        fallback=(REFUSED, None),
        fallback_body='{"code":"23514","details":null,"hint":null,"message":"new row for relation '
        '\\"backup_history\\" violates check constraint \\"size_positive\\""}',
    ),
    Example(
        "a look-up that found nothing",
        f"Looking up backup_id for {DISPATCH}\n[]\n##[error]Could not find backup_id\n"
        "##[error]Process completed with exit code 1.",
        lookup=(OK, None),
        not_found=True,
    ),
    Example(
        "a look-up that was refused",
        '##[error]Could not find backup_id (HTTP 401)\nResponse: {"message":"Invalid API key"}',
        lookup=(REFUSED, 401),
        not_found=True,
    ),
    Example(
        "a look-up that was refused, by its address alone",
        f"GET rest/v1/backup_history -> HTTP 403 {NO_GRANT}\n##[error]Could not find backup_id",
        lookup=(REFUSED, 403),
        script="./ci/finish",
        not_found=True,
    ),
    Example(
        "a direct update that failed before somebody else found no backup",
        f"Direct update failed (HTTP 403): {NO_GRANT}\n##[error]Could not find backup_id",
        fallback=(REFUSED, 403),
        script="./ci/finish",
        not_found=True,
    ),
    Example(
        "no backup found, in other words",
        f"##[error]No backup found for dispatch {DISPATCH}",
        not_found=True,
    ),
    Example(
        "an empty backup_id",
        "BACKUP_ID:\nbackup_id is empty, cannot update",
        not_found=True,
    ),
    Example(
        "the function's own 404 is no failed look-up",
        "Found backup_id: 2fef5417-f663-4910-a0d9-336fbc4a710c\nEdge function call failed (HTTP 404)\n"
        'Response: {"error":"backup_id not found"}',
        function=(REFUSED, 404),
        lookup=(OK, None),
        function_body='{"error":"backup_id not found"}',
    ),
    Example(
        "a status that a secret masks",
        "Edge function call failed (HTTP 40***)\nFalling back to direct update\nDirect update failed (HTTP 4***)",
        function=(REFUSED, None),
        fallback=(REFUSED, None),
    ),
    Example(
        "a retry that helped",
        "Attempt 1: edge function returned 503\nAttempt 2: edge function returned 503\n"
        "Attempt 3: edge function returned 200\nBackup updated successfully",
        function=(OK, 200),
    ),
    Example(
        "a 200 that is none",
        'Edge function HTTP 200\n{"success":false,"error":"row not found"}',
        function=(REFUSED, 200),
        function_body='{"success":false,"error":"row not found"}',
    ),
    Example(
        "psql as the fallback",
        "edge function failed: status=500\nfallback: updating the database directly\nUPDATE 0",
        function=(REFUSED, 500),
        fallback=(OK, None),
        rows=0,
    ),
    Example(
        "an HTML page",
        "Edge function call failed (HTTP 530)\nResponse:\n<!DOCTYPE html><title>Origin DNS error</title>error 1016",
        function=(REFUSED, 530),
        function_body="<!DOCTYPE html><title>Origin DNS error</title>error 1016",
    ),
    Example(
        "plans are no events",
        "Will call the edge function; if it fails, falls back to a direct update\n"
        "Edge function call succeeded",
        function=(OK, None),
    ),
    Example(
        "a reason in brackets",
        "Edge function unreachable? got 403 Forbidden\nNo fallback configured",
        function=(REFUSED, 403),
        fallback=(NOT_MADE, None),
    ),
    Example(
        "a log that ends before it says anything", "Updating backup_history via Edge Function..."
    ),
    Example(
        "a JSON answer that breaks off",
        'Edge function call failed (HTTP 500)\nResponse: {"error":"Internal\n'
        "Falling back to direct update\nDirect update failed (HTTP 403)",
        function=(REFUSED, 500),
        function_body='{"error":"Internal',
        fallback=(REFUSED, 403),
    ),
    Example(
        "sizes and exit codes are no statuses",
        "S3_KEY=backups/2026/01/15/backup.zip\nBACKUP_SIZE=404\nedge function next\nexit status 255\n"
        "##[error]Process completed with exit code 22.",
    ),
    Example("a script that only echoes itself says nothing", ""),
    Example(
        "supabase-js dumps its error, then the table's",
        node_dump(404)
        + "trying supabase.from('backup_history').update()\nupdate failed: "
        + NO_GRANT_IN_NODE,
        script="node ops/notify.mjs",
        function=(REFUSED, 404),
        fallback=(REFUSED, None),
        fallback_body=NO_GRANT_IN_NODE.replace("\n  ", "\n"),
    ),
    Example(
        "supabase-js dumps its error, then only the table's name tells what comes",
        node_dump(404) + "backup_history update: " + NO_GRANT_IN_NODE,
        script="./ops/tell.sh",
        function=(REFUSED, 404),
        fallback=(REFUSED, None),
        fallback_body=NO_GRANT_IN_NODE.replace("\n  ", "\n"),
    ),
    Example(
        "supabase-js dumps its error, then changes no row",
        node_dump(404)
        + "trying supabase.from('backup_history').update()\nno error, data: []\n"
        + "##[error]Process completed with exit code 1.",
        script="node ops/notify.mjs",
        function=(REFUSED, 404),
        fallback=(OK, None),
        fallback_body="[]",
        rows=0,
    ),
    Example(
        "the statement that was cancelled was the table's, not the function's",
        node_dump(504)
        + "trying supabase.from('backup_history').update()\nupdate failed: {\n  code: '57014',\n"
        "  message: 'canceling statement due to statement timeout'\n}",
        script="node ops/notify.mjs",
        function=(REFUSED, 504),
        fallback=(REFUSED, None),
        fallback_body="{\ncode: '57014',\n"
        "message: 'canceling statement due to statement timeout'\n}",
    ),
    Example(
        "status and body on lines of their own, the fallback named by its table",
        f"telling update-backup that the dump is done\nHTTP 404\n{NOT_DEPLOYED}\n"
        f"patching backup_history myself\nHTTP 403\n{NO_GRANT}",
        script="./ops/tell.sh",
        function=(REFUSED, 404),
        function_body=NOT_DEPLOYED,
        fallback=(REFUSED, 403),
        fallback_body=NO_GRANT,
    ),
    Example(
        "the same where the function's body is not shown",
        "telling update-backup that the dump is done\nanswer 404\n"
        f"patching backup_history myself\nanswer 403\n{NO_GRANT}",
        script="./ops/tell.sh",
        function=(REFUSED, 404),
        fallback=(REFUSED, 403),
        fallback_body=NO_GRANT,
    ),
    Example(
        "axios prints each address below its error",
        "AxiosError: Request failed with status code 404\n"
        "  url: '***/functions/v1/update-backup',\n"
        "AxiosError: Request failed with status code 403\n"
        "  url: '***/rest/v1/backup_history?id=eq.1',",
        script="./ops/tell.sh",
        function=(REFUSED, 404),
        fallback=(REFUSED, 403),
    ),
    Example(
        "an address above its status is no address of the error before",
        "url: ***/functions/v1/update-backup\nstatus: 404\n"
        "url: ***/rest/v1/backup_history?id=eq.1\nstatus: 403",
        script="./ops/tell.sh",
        function=(REFUSED, 404),
        fallback=(REFUSED, 403),
    ),
    Example(
        "the function lacks its secret, in colours",
        "\x1b[1m→ telling update-backup that the dump is done\x1b[0m\n  answer \x1b[33m500\x1b[0m\n"
        '  {"error":"server misconfigured: BACKUP_API_KEY"}\n'
        "\x1b[33m✗ no luck there, patching backup_history myself\x1b[0m\n"
        f"  PATCH /rest/v1/backup_history answered 403\n  {NO_GRANT}\n"
        "##[error]the row was not updated",
        script="./ops/report.sh",
        function=(REFUSED, 500),
        function_body='{"error":"server misconfigured: BACKUP_API_KEY"}',
        fallback=(REFUSED, 403),
        fallback_body=NO_GRANT,
    ),
    Example(
        "a function that fails at the table, and a script that only sums up",
        "update-backup answered 500\npermission denied for table backup_history\n"
        "##[error]Failed to update backup_history",
        script="./ops/tell.sh",
        function=(REFUSED, 500),
    ),
    Example(
        "the table named before any call is no fallback",
        "Updating backup_history\nHTTP 401",
        script='curl "$SUPABASE_URL/functions/v1/update-backup"',
        function=(REFUSED, 401),
    ),
    Example(
        "a payload that a line shows is no answer",
        'calling update-backup with {"backup_id":"1","status":"success"}\nHTTP 404',
        script="./ops/tell.sh",
        function=(REFUSED, 404),
    ),
    Example(
        "only the answers' bodies, which tell whose they are",
        f"{NOT_DEPLOYED}\n{NO_GRANT}",
        script="./ops/tell.sh",
        function=(REFUSED, None),
        function_body=NOT_DEPLOYED,
        fallback=(REFUSED, None),
        fallback_body=NO_GRANT,
    ),
    Example(
        "curl -i prints no address",
        "HTTP/2 404\nsb-error-code: NOT_FOUND\ncontent-type: application/json\n"
        f"{NOT_DEPLOYED}\nHTTP/2 403\ncontent-type: application/json\n{NO_GRANT}",
        script="./ops/tell.sh",
        function=(REFUSED, 404),
        function_body=NOT_DEPLOYED,
        fallback=(REFUSED, 403),
        fallback_body=NO_GRANT,
    ),
    Example(
        "curl -w prints the status below the body",
        f"{NOT_DEPLOYED}\n404\n{NO_GRANT}\n403",
        script="./ops/tell.sh",
        function=(REFUSED, 404),
        function_body=NOT_DEPLOYED,
        fallback=(REFUSED, 403),
        fallback_body=NO_GRANT,
    ),
    Example(
        "urllib3's debug lines",
        'DEBUG:urllib3.connectionpool:***:443 "POST /functions/v1/update-backup HTTP/1.1" 404 72\n'
        'DEBUG:urllib3.connectionpool:***:443 "PATCH /rest/v1/backup_history?id=eq.77 HTTP/1.1" 403 120',
        script="./ops/tell.sh",
        function=(REFUSED, 404),
        fallback=(REFUSED, 403),
    ),
    Example(
        "a logger that writes JSON",
        '{"level":"warn","msg":"edge function failed","fn":"update-backup","status":404,'
        '"body":{"code":"NOT_FOUND","message":"Requested function was not found"}}\n'
        '{"level":"error","msg":"direct update failed","table":"backup_history","status":403,'
        '"pg":"42501"}',
        script="./ops/tell.sh",
        function=(REFUSED, 404),
        function_body='{"code": "NOT_FOUND", "message": "Requested function was not found"}',
        fallback=(REFUSED, 403),
    ),
    Example(
        "arrows",
        "update-backup => 404\nbackup_history => 403",
        script="./ops/tell.sh",
        function=(REFUSED, 404),
        fallback=(REFUSED, 403),
    ),
    Example(
        "a status right behind the name, in colours",
        "\x1b[1;34m==>\x1b[0m update-backup \x1b[31;1m404\x1b[0m\n"
        "\x1b[1;34m==>\x1b[0m backup_history \x1b[31;1m403\x1b[0m permission denied for table backup_history",
        script="./ops/tell.sh",
        function=(REFUSED, 404),
        fallback=(REFUSED, 403),
    ),
    Example(
        "retries, the second ones of a call that is named once",
        "try 1/3 update-backup: 404\ntry 2/3 update-backup: 404\n"
        "giving up, direct update of backup_history\ntry 1/3: 403\ntry 2/3: 403",
        script="./ops/tell.sh",
        function=(REFUSED, 404),
        fallback=(REFUSED, 403),
    ),
    Example(
        "supabase-js in one line each",
        "function: FunctionsHttpError: Edge Function returned a non-2xx status code\n"
        "table: {   code: '42501',   details: null,   hint: null,"
        "   message: 'permission denied for table backup_history' }",
        script="./ops/tell.sh",
        function=(REFUSED, None),
        fallback=(REFUSED, None),
        fallback_body="{   code: '42501',   details: null,   hint: null,"
        "   message: 'permission denied for table backup_history' }",
    ),
    Example(
        "supabase-py",
        "supabase_functions.errors.FunctionsHttpError: Requested function was not found\n"
        "postgrest.exceptions.APIError: {'message': 'permission denied for table backup_history',"
        " 'code': '42501', 'hint': None, 'details': None}",
        script="./ops/tell.sh",
        function=(REFUSED, None),
        function_body="Requested function was not found",
        fallback=(REFUSED, None),
        fallback_body="{'message': 'permission denied for table backup_history',"
        " 'code': '42501', 'hint': None, 'details': None}",
    ),
    Example(
        "curl fails twice, and between it the script says where it turns",
        "curl: (22) The requested URL returned error: 503\n"
        "edge function failed, trying PostgREST\n"
        "curl: (22) The requested URL returned error: 403",
        script="./ops/tell.sh",
        function=(REFUSED, 503),
        fallback=(REFUSED, 403),
    ),
    Example(
        "Python's logging names the calls by their paths",
        'WARNING:backup:POST /functions/v1/update-backup -> 503: {"code":"BOOT_ERROR"}\n'
        'ERROR:backup:PATCH /rest/v1/backup_history -> 403: {"code":"42501"}',
        script="python ci/finish.py",
        function=(REFUSED, 503),
        function_body='{"code":"BOOT_ERROR"}',
        fallback=(REFUSED, 403),
        fallback_body='{"code":"42501"}',
    ),
    Example(
        "in German",
        'FEHLER: Edge-Funktion antwortete mit HTTP 503: {"code":"BOOT_ERROR"}\n'
        "Versuche direktes Update\n"
        'FEHLER: Direktes Update fehlgeschlagen (HTTP 403): {"code":"42501"}',
        script="./skripte/abschluss.sh",
        function=(REFUSED, 503),
        function_body='{"code":"BOOT_ERROR"}',
        fallback=(REFUSED, 403),
        fallback_body='{"code":"42501"}',
    ),
    Example(
        "in Spanish",
        'Intento 1/1: la función update-backup respondió 503 {"code":"BOOT_ERROR"}\n'
        "Actualización directa de la tabla backup_history...\n"
        'Error en la actualización directa: 403 {"code":"42501"}',
        script="bash scripts/finalizar.sh",
        function=(REFUSED, 503),
        function_body='{"code":"BOOT_ERROR"}',
        fallback=(REFUSED, 403),
        fallback_body='{"code":"42501"}',
    ),
    Example(
        "a measure behind a name is no status",
        "update-backup took about 404\nupdate-backup: size 500, going on",
        script="./ops/tell.sh",
    ),
    Example(
        "what failed before the fallback began was the function's call",
        "httpx.ConnectError: [Errno -2] Name or service not known\n"
        "retrying through the table API\n"
        'HTTP Request: PATCH ***/rest/v1/backup_history?id=eq.1 "HTTP/2 403 Forbidden"',
        script="python -m backup.finish",
        function=(UNREACHABLE, None),
        fallback=(REFUSED, 403),
    ),
    Example(
        "nobody could be reached, and nothing was tried after that",
        "AxiosError: getaddrinfo ENOTFOUND ***\n  code: 'ENOTFOUND',",
        script="node ./tools/report.js",
        function=(UNREACHABLE, None),
    ),
    Example(
        "a client sums up what had timed out",
        "HTTPSConnectionPool(host='***', port=443): Read timed out. (read timeout=30)\n"
        "requests.exceptions.ConnectionError: connection failed",
        script="python ci/finish.py",
        function=(TIMED_OUT, None),
    ),
    Example(
        "Go's client does not find the host",
        '2026/01/01 02:03:04 update-backup: Post "***/functions/v1/update-backup": dial tcp: lookup '
        "***: no such host\n"
        '2026/01/01 02:03:05 fallback: Patch "***/rest/v1/backup_history": context deadline exceeded '
        "(Client.Timeout exceeded while awaiting headers)",
        script="go run ./cmd/finish",
        function=(UNREACHABLE, None),
        fallback=(TIMED_OUT, None),
    ),
    Example(
        "Ruby's logger, and the place in the script",
        "W, [2026-01-01T02:03:04.123456 #2101]  WARN -- : Failed to open TCP connection to ***:443\n"
        "bin/finish:44:in `patch_row': backup_history update failed: 403 (RuntimeError)",
        script="bundle exec ruby bin/finish",
        function=(UNREACHABLE, None),
        fallback=(REFUSED, 403),
    ),
    Example(
        "PowerShell draws a gutter before the answer",
        "Invoke-RestMethod: /home/runner/work/_temp/8d1.ps1:12\n"
        "Line |\n"
        '  12 |  Invoke-RestMethod -Uri "$env:SUPABASE_URL/functions/v1/update-backup"\n'
        '     | {"code":"BOOT_ERROR"}\n'
        "Response status code does not indicate success: 503 (Service Unavailable).",
        script="./finish.ps1",
        function=(REFUSED, 503),
        function_body='{"code":"BOOT_ERROR"}',
    ),
    Example(
        "wget waits for the answer",
        "--2026-01-01 02:03:04--  ***/functions/v1/update-backup\n"
        "HTTP request sent, awaiting response... 546 \n"
        "2026-01-01 02:03:04 ERROR 546: .",
        script="./ops/tell.sh",
        function=(REFUSED, 546),
    ),
    Example(
        "psql is the fallback",
        "Edge function call failed (HTTP 546)\nFalling back to psql\n"
        'ERROR:  new row for relation "backup_history" violates check constraint "ck"\n'
        "DETAIL:  Failing row contains (1).",
        script="./ops/tell.sh",
        function=(REFUSED, 546),
        fallback=(REFUSED, None),
        fallback_body='ERROR:  new row for relation "backup_history" violates check constraint "ck"\n'
        "DETAIL:  Failing row contains (1).",
    ),
    Example(
        "psql does not come in",
        "curl: (22) The requested URL returned error: 546\n"
        'psql: error: connection to server at "db" failed: FATAL:  password authentication failed',
        script="./ops/tell.sh",
        function=(REFUSED, 546),
        fallback=(REFUSED, None),
        fallback_body='psql: error: connection to server at "db" failed: FATAL:  password '
        "authentication failed",
    ),
    Example(
        "the function's success is printed alone",
        '{"success":true,"message":"Backup updated successfully"}',
        script="./ops/tell.sh",
        function=(OK, None),
        function_body='{"success":true,"message":"Backup updated successfully"}',
    ),
    Example(
        "the function's success stands behind words that name nothing",
        'function ok: {"success":true,"message":"Backup updated successfully"}',
        script="npx tsx finish.ts",
        function=(OK, None),
        function_body='{"success":true,"message":"Backup updated successfully"}',
    ),
    Example(
        "the Data API's refusal of a key has no code",
        'HTTP Request: PATCH ***/rest/v1/backup_history "HTTP/2 401 Unauthorized"\n'
        "postgrest.exceptions.APIError: {'message': 'Invalid API key', 'hint': 'Double check'}",
        script="python -m backup.finish",
        fallback=(REFUSED, 401),
        fallback_body="{'message': 'Invalid API key', 'hint': 'Double check'}",
    ),
    Example(
        "curl -i shows the headers of the function, and then another answer",
        "HTTP/2 401 \ncontent-type: application/json\nx-deno-execution-id: 4b1c\n\n"
        '{"error":"Invalid JWT"}\n'
        'HTTP/2 403 \ncontent-type: application/json\n\n{"code":"42501"}',
        script="./ops/tell.sh",
        function=(REFUSED, 401),
        function_body='{"error":"Invalid JWT"}',
        fallback=(REFUSED, 403),
        fallback_body='{"code":"42501"}',
    ),
    Example(
        "in Italian",
        "Chiamata alla funzione update-backup fallita: HTTP 503\n"
        "Aggiornamento diretto della tabella...\n"
        "Aggiornamento diretto fallito: HTTP 403",
        script="./fine.sh",
        function=(REFUSED, 503),
        fallback=(REFUSED, 403),
    ),
    Example(
        "in French",
        "Échec de l'appel à la fonction update-backup (HTTP 503)\n"
        "Mise à jour directe...\n"
        "Échec de la mise à jour directe (HTTP 403)",
        script="./fin.sh",
        function=(REFUSED, 503),
        fallback=(REFUSED, 403),
    ),
    Example(
        "Python prints the answer as an object",
        "update-backup <Response [429]>",
        script="python finish.py",
        function=(REFUSED, 429),
    ),
    Example(
        "a database driver tells what was refused",
        "Edge function call failed (HTTP 546)\nFalling back to the database\n"
        "psycopg2.errors.InsufficientPrivilege: permission denied for table backup_history",
        script="python finish.py",
        function=(REFUSED, 546),
        fallback=(REFUSED, None),
        fallback_body="psycopg2.errors.InsufficientPrivilege: permission denied for table "
        "backup_history",
    ),
    Example(
        "the table's answer beside the function's",
        'update-backup -> 401 {"code":401,"message":"Invalid JWT"}\n'
        'backup_history -> 404 {"code": "PGRST205", "details": null, "hint": null}',
        script="./ops/tell.sh",
        function=(REFUSED, 401),
        function_body='{"code":401,"message":"Invalid JWT"}',
        fallback=(REFUSED, 404),
        fallback_body='{"code": "PGRST205", "details": null, "hint": null}',
    ),
    Example(
        "Python does not trust the certificate",
        "INFO notify: POST ***/functions/v1/update-backup\n"
        "WARNING notify: update-backup said SSLError x: HTTPSConnectionPool(host='***', port=443): "
        "Max retries exceeded with url: /functions/v1/update-backup (Caused by SSLError("
        "SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed')))",
        script="./ops/tell.sh",
        function=(UNREACHABLE, None),
    ),
    Example(
        "times and sizes behind a name are no statuses",
        "update-backup: 200 ms\nupdate-backup 404 bytes\ntry 1/3: 500 ms",
        script="./ops/tell.sh",
    ),
)


def calls(example: Example) -> tuple[Call, Call, Call, str | None]:
    log = job(step(example.script, example.output))
    seen = read("a log", [log], LookFor(steps=(api_step(),), update_step=UPDATE))
    return seen.function_call, seen.fallback_call, seen.lookup_call, seen.backup_id_not_found


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_a_log_says_what_it_says_and_no_more(example: Example) -> None:
    function, fallback, lookup, not_found = calls(example)

    assert (function.outcome, function.status) == example.function
    assert (fallback.outcome, fallback.status) == example.fallback
    assert (lookup.outcome, lookup.status) == example.lookup
    assert bool(not_found) is example.not_found
    assert function.body == example.function_body
    assert fallback.rows == example.rows
    if example.fallback_body:
        assert fallback.body == example.fallback_body


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_windows_line_ends_change_nothing(example: Example) -> None:
    log = job(step(example.script, example.output))
    wanted = LookFor(steps=(api_step(),), update_step=UPDATE)

    plain, windows = (read("a log", [text], wanted) for text in (log, log.replace(b"\n", b"\r\n")))

    assert (plain.function_call, plain.fallback_call) == (
        windows.function_call,
        windows.fallback_call,
    )


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_a_call_quotes_the_lines_that_it_was_read_from(example: Example) -> None:
    for call in calls(example)[:3]:
        assert bool(call.lines) is (call.outcome is not NOT_SAID)


@pytest.mark.parametrize(
    "shown",
    [
        'echo "direct update failed (HTTP $S)"; cat pt.json; echo',
        '[ "$S" = 200 ] && { echo "update-backup ok (HTTP ${S})"; exit 0; }',
        "if (!res.ok) { console.error(`update-backup failed with HTTP 500: ${body}`)",
        'print(f"direct update failed with HTTP 403: {answer}")',
    ],
)
def test_what_a_step_shows_of_its_script_is_nobody_s_answer(shown: str) -> None:
    log = job(step("cat update.sh\nbash update.sh", f"{shown}\nall done"))
    seen = read("a log", [log], LookFor(steps=(api_step(),), update_step=UPDATE))

    assert {seen.function_call.outcome, seen.fallback_call.outcome} == {Outcome.NOT_SAID}
