"""Lines of a script that cannot be seen: an error is of the call that it is of, not of the last named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.log.test_calls import (
    NO_GRANT,
    NO_GRANT_IN_NODE,
    NOT_SAID,
    OK,
    REFUSED,
    TIMED_OUT,
    UNREACHABLE,
    Example,
    calls,
    node_dump,
)

if TYPE_CHECKING:
    from backup_doctor.evidence.log import Outcome

BOOT = '{"code":"BOOT_ERROR","message":"Function failed to start (please check logs)"}'
DONE = (
    '{"success":true,"message":"Backup updated successfully",'
    '"last_error":"HTTP 500","notes":"permission denied, upload failed"}'
)
NO_TABLE = '{"code":"PGRST205","message":"Could not find the table public.backup_history"}'
UNSEEN = "./ops/tell.sh"

EXAMPLES = (
    Example(
        "a line that sums up has the status of both",
        "Nothing worked: edge function HTTP 401, direct update HTTP 403",
        function=(REFUSED, 401),
        fallback=(REFUSED, 403),
    ),
    Example(
        "what is to come is no outcome of it",
        "Edge function failed (HTTP 401), direct update comes next, in 300 ms",
        function=(REFUSED, 401),
    ),
    Example(
        "an unnamed failure above a backup id that was not found is the look-up's",
        "curl: (6) Could not resolve host: x.supabase.co\nCould not find backup_id",
        lookup=(UNREACHABLE, None),
        not_found=True,
    ),
    Example(
        "so is a refusal that curl tells",
        "curl: (22) The requested URL returned error: 401\nCould not find backup_id",
        lookup=(REFUSED, 401),
        not_found=True,
    ),
    Example(
        "what fails behind a direct update that was made is not the update",
        "Edge function call failed (HTTP 500)\nDirect update: HTTP 204\nSending a message\n"
        "curl: (22) The requested URL returned error: 404",
        function=(REFUSED, 500),
        fallback=(OK, 204),
    ),
    Example(
        "a message that could not be sent behind the function's success is not the function's failure",
        f"Edge function responded with 200\n{DONE}\nSending a message\n"
        "curl: (22) The requested URL returned error: 404",
        function=(OK, 200),
        function_body=DONE,
    ),
    Example(
        "what Slack or a mail server answered is of no call, wherever it stands",
        f"Edge Function responded with 503\n[notify] Slack webhook failed with HTTP 404 (ignored)\n{BOOT}\n"
        f"Falling back to PATCH\nemail sent: HTTP 202\nHTTP 403\n{NO_GRANT}\nmetrics pushed: 200 OK",
        function=(REFUSED, 503),
        function_body=BOOT,
        fallback=(REFUSED, 403),
        fallback_body=NO_GRANT,
    ),
    *(
        Example(
            f"what a message is answered that is begun by {said!r} is not the failed update's",
            f"Edge Function responded with 503\n{BOOT}\nFalling back to PATCH\nHTTP 403\n{NO_GRANT}\n"
            f"{said}\nHTTP 200\nok",
            function=(REFUSED, 503),
            function_body=BOOT,
            fallback=(REFUSED, 403),
            fallback_body=NO_GRANT,
        )
        for said in ("Posting to Slack", "Alerting the team", "Sending the failure notification")
    ),
    *(
        Example(
            f"what is answered behind {said!r} may be the update's",
            f"Edge Function responded with 503\n{BOOT}\n{said}\nHTTP 403\n{NO_GRANT}",
            function=(REFUSED, 503),
            function_body=BOOT,
            fallback=(REFUSED, 403),
            fallback_body=NO_GRANT,
        )
        for said in ("Notifying the API", "Posting the result", "Sending the status message")
    ),
    *(
        Example(
            f"how many rows were changed: {said}",
            f"Direct update of backup_history\n{said}",
            fallback=(OK, None),
            rows=rows,
        )
        for said, rows in (
            ("content-range: 2-4/*", 3),
            ("content-range: */0", 0),
            ("no rows were updated", 0),
            ("rows updated: 2", 2),
        )
    ),
    Example(
        "words of success behind a refusal are those of another attempt",
        f"Edge function HTTP 503\n{BOOT}\nEdge function updated the backup successfully",
        function=(OK, None),
    ),
    Example(
        "words of success behind a success change nothing of it",
        f"Edge function HTTP 200\n{DONE}\nEdge function updated the backup successfully",
        function=(OK, 200),
        function_body=DONE,
    ),
    Example(
        "a message to Slack that names a call quotes its outcome",
        "Slack: update-backup failed with HTTP 500",
        function=(REFUSED, 500),
    ),
    Example(
        "a member of an answer that speaks of a key that is not set does not say that nothing was called",
        'Calling update-backup\napp:update: {\napp:update:   "success": false,\n'
        'app:update:   "error": "BACKUP_API_KEY is not set in the secrets"\napp:update: }',
    ),
    Example(
        "what fails in a line of other words behind a success is something else",
        "update-backup: 200 OK\nPurging the CDN's cache ... 403 Forbidden",
        function=(OK, 200),
    ),
    Example(
        "a status that stands alone behind a success is the function's last",
        "update-backup: 200 OK\nHTTP 500",
        function=(REFUSED, 500),
    ),
    Example(
        "an update or a function that fails behind a success in words is the one that was spoken of",
        "Successfully reached the edge function\nUpdate failed: HTTP 500",
        function=(REFUSED, 500),
    ),
    Example(
        "behind a success another try is the function's",
        f"update-backup: 200\n{DONE}\nattempt 2: 503",
        function=(REFUSED, 503),
    ),
    Example(
        "a status alone behind a tick or an arrow is the named call's",
        "❌ Edge Function: 401 Unauthorized\n↪️ Fallback: PATCH backup_history\n✅ 204",
        function=(REFUSED, 401),
        fallback=(OK, 204),
    ),
    Example(
        "a look at the row after the function's success is neither its answer nor an update",
        'Edge function responded with 200\n{"success":true}\nVerifying the row via REST API...\n'
        'HTTP 200: [{"status":"in_progress"}]\nVerification failed: status is still in_progress',
        function=(OK, 200),
        function_body='{"success":true}',
    ),
    Example(
        "what a look at the row is answered is not the answer of the function that failed before it",
        'Edge function call failed (HTTP 500)\nChecking backup_history\n[{"status":"in_progress"}]',
        function=(REFUSED, 500),
    ),
    Example(
        "behind a look at the row a call that is named is read again",
        'Edge function call failed (HTTP 500)\nChecking the row: [{"status":"in_progress"}]\n'
        f"Direct update failed (HTTP 403)\n{NO_GRANT}",
        function=(REFUSED, 500),
        fallback=(REFUSED, 403),
        fallback_body=NO_GRANT,
    ),
    Example(
        "to check again is to call again",
        'Edge function call failed (HTTP 500)\nChecking again in 5 s\nHTTP 200\n{"success":true}',
        function=(OK, 200),
        function_body='{"success":true}',
    ),
    Example(
        "what is verified before any update says nothing of what follows",
        "Calling update-backup\nVerifying secrets\nHTTP 503",
        function=(REFUSED, 503),
    ),
    Example(
        "a status that stands before an answer is its own, whatever the words",
        f"Abgewiesen, 503: {BOOT}\nAuch nicht: 403: {NO_GRANT}",
        function=(REFUSED, 503),
        function_body=BOOT,
        fallback=(REFUSED, 403),
        fallback_body=NO_GRANT,
    ),
    Example(
        "of two answers of which the second is the Data API's the first was the function's",
        f'eins 401: {{"error":"Unauthorized"}}\nzwei 403: {NO_GRANT}',
        function=(REFUSED, 401),
        function_body='{"error":"Unauthorized"}',
        fallback=(REFUSED, 403),
        fallback_body=NO_GRANT,
    ),
    Example(
        "curl's own line tells more than the status 000 below it, which tells whose it is",
        "curl: (28) Operation timed out after 30001 milliseconds with 0 bytes received\n"
        "Edge function failed, status 000.",
        function=(TIMED_OUT, None),
    ),
    Example(
        "the function's name may end a sentence",
        f"Calling update-backup...\nHTTP: 503\n{BOOT}",
        function=(REFUSED, 503),
        function_body=BOOT,
    ),
    Example(
        "what an answer is called may be of any language",
        f"Llamando a la función update-backup...\nRespuesta HTTP: 503\nCuerpo: {BOOT}",
        function=(REFUSED, 503),
        function_body=BOOT,
    ),
    Example(
        "what is sent is no answer, whatever it is called",
        'Calling update-backup...\nHTTP: 503\nEnviando: {"status":"success","error_text":null}',
        function=(REFUSED, 503),
    ),
    Example(
        "an update that fails below a function whose failure was shown whole is the direct one",
        f"Edge function error: {node_dump(546)}Update error: {NO_GRANT_IN_NODE}",
        function=(REFUSED, 546),
        fallback=(REFUSED, None),
        fallback_body=NO_GRANT_IN_NODE.replace("\n  ", "\n"),
    ),
    Example(
        "the fields of an error that nothing tells of are no answers",
        f"Edge function error: {node_dump(546)}Unexpected: {NO_GRANT_IN_NODE}",
        function=(REFUSED, 546),
    ),
    Example(
        "the client's own object is no answer",
        "FunctionsHttpError: Edge Function returned a non-2xx status code {\n"
        "  context: Response { status: 546, url: 'x/functions/v1/update-backup' }\n}",
        function=(REFUSED, 546),
    ),
    Example(
        "after a function that failed, the call that a line names last is the one that comes",
        "Calling update-backup...\ncurl: (7) Failed to connect to x.supabase.co port 443\n"
        f"edge function unreachable, patching backup_history directly\nHTTP 403\n{NO_GRANT}",
        function=(UNREACHABLE, None),
        fallback=(REFUSED, 403),
        fallback_body=NO_GRANT,
    ),
    Example(
        "a procedure is called by the Data API",
        f"RPC finish_backup -> 403\n{NO_GRANT}",
        fallback=(REFUSED, 403),
        fallback_body=NO_GRANT,
    ),
    Example(
        "a request for columns is the look-up",
        "requests.exceptions.HTTPError: 521 Server Error: UNKNOWN for url: "
        "***/rest/v1/backup_history?dispatch_id=eq.1&select=id",
        lookup=(REFUSED, 521),
    ),
    Example(
        "variables name their call",
        f"edge_status=503\nedge_body={BOOT}\nfallback_status=403\nfallback_body={NO_GRANT}",
        function=(REFUSED, 503),
        function_body=BOOT,
        fallback=(REFUSED, 403),
        fallback_body=NO_GRANT,
    ),
    Example(
        "a status may stand before the call that it is of",
        f"503 from edge function: {BOOT}\n403 from direct update: {NO_GRANT}",
        function=(REFUSED, 503),
        function_body=BOOT,
        fallback=(REFUSED, 403),
        fallback_body=NO_GRANT,
    ),
    Example(
        "the Data API is also called REST",
        "Method 1 (Edge Function): FAILED 500\nMethod 2 (Supabase REST): FAILED 403",
        function=(REFUSED, 500),
        fallback=(REFUSED, 403),
    ),
    Example(
        "a function that did not answer has not passed on what PostgREST said",
        "curl: (28) Operation timed out after 30001 milliseconds with 0 bytes received\n"
        f"Edge function failed, status 000. Now the table.\n{NO_GRANT}\nDirect update failed: HTTP 403",
        function=(TIMED_OUT, None),
        fallback=(REFUSED, 403),
        fallback_body=NO_GRANT,
    ),
    Example(
        "the answer stands behind the status of a call that nothing names",
        f"Edge function call failed (HTTP 503)\nResponse: {BOOT}\nplan B ...\n-> HTTP 403 {NO_GRANT}",
        function=(REFUSED, 503),
        function_body=BOOT,
        fallback=(REFUSED, 403),
        fallback_body=NO_GRANT,
    ),
    Example(
        "axios' error is the table's, as the address below it says",
        "update-backup: AxiosError: Request failed with status code 404\n"
        "Uncaught AxiosError: Request failed with status code 403\n    at settle (x.js:1:1)\n"
        "  config: {\n    url: 'https://x.supabase.co/rest/v1/backup_history?id=eq.1'\n  }",
        function=(REFUSED, 404),
        fallback=(REFUSED, 403),
    ),
    Example(
        "a second error of the same client without an address is the current call's",
        "update-backup: AxiosError: Request failed with status code 404\n"
        "AxiosError: Request failed with status code 503",
        function=(REFUSED, 503),
    ),
    Example(
        "PostgREST's client names its own errors",
        "FunctionsHttpError: Edge Function returned a non-2xx status code\n  context: Response {\n"
        "    status: 404,\n    url: 'x/functions/v1/update-backup'\n  }\n}\n"
        "PostgrestError: permission denied for table backup_history\n  code: '42501',\n"
        "  details: null,\n  hint: null",
        function=(REFUSED, 404),
        fallback=(REFUSED, None),
        fallback_body="PostgrestError: permission denied for table backup_history",
    ),
    Example(
        "what another part of the script reports is not the update's",
        f"[update] Edge function call failed (HTTP 503)\n[update] {BOOT}\n"
        "[notify] edge function alert failed: HTTP 500 (ignored)",
        function=(REFUSED, 503),
        function_body=BOOT,
    ),
    Example(
        "nor is it where it names nothing",
        f"[update] Edge function call failed (HTTP 503)\n[update] {BOOT}\n[notify] HTTP 200, sent",
        function=(REFUSED, 503),
        function_body=BOOT,
    ),
    Example(
        "attempts with numbers are of one part",
        "[try 1] update-backup: HTTP 503\n[try 2] update-backup: HTTP 200",
        function=(OK, 200),
    ),
    Example(
        "a bar behind the part's name",
        f"update | Edge function call failed (HTTP 503)\nupdate | Response: {BOOT}",
        function=(REFUSED, 503),
        function_body=BOOT,
    ),
    Example(
        "what an answer of success quotes did not happen here",
        f"update-backup said {DONE}",
        function=(OK, None),
        function_body=DONE,
    ),
    Example(
        "a refusal that an answer of success follows is over",
        f"POST functions/v1/update-backup -> 401\nrefreshing the token\n-> 200 {DONE}",
        function=(OK, None),
        function_body=DONE,
    ),
    Example(
        "a refusal that a 200 follows is over",
        f"update-backup: HTTP 401 Unauthorized\nrefreshing the token\nHTTP 200\n{DONE}",
        function=(OK, 200),
        function_body=DONE,
    ),
    Example(
        "a secret of one character masks braces",
        'update-backup\nHTTP 503\n***"code":"BOOT_ERROR","message":"x"***\n'
        'patching backup_history\nHTTP 403\n***"code":"42501","message":"y"***\nover',
        function=(REFUSED, 503),
        function_body='***"code":"BOOT_ERROR","message":"x"***',
        fallback=(REFUSED, 403),
        fallback_body='***"code":"42501","message":"y"***',
    ),
    Example(
        "the look-up's answer stands above the line that says what came of it",
        f"Response: {NO_TABLE}\nCould not find backup_id",
        lookup=(REFUSED, None),
        not_found=True,
    ),
    Example(
        "so it does where jq complains of it",
        f"jq: error (at <stdin>:1): Cannot index object with number\n{NO_TABLE}\n"
        "Could not find backup_id",
        lookup=(REFUSED, None),
        not_found=True,
    ),
    Example(
        "an answer that says nothing of a refusal is not the look-up's for standing above it",
        '{"files": 3}\nCould not find backup_id',
        lookup=(NOT_SAID, None),
        not_found=True,
    ),
    Example(
        "a status in a name of the team's own",
        "REGISTER_FUNCTION_HTTP_500",
        function=(REFUSED, 500),
    ),
    Example("the bare word function", "function said 500", function=(REFUSED, 500)),
    Example("a function of the database is none", "Database function said 500"),
    Example(
        "the answer that a logger keeps beside the bare word function",
        '{"status":500,"body":"{\\"error\\":\\"x\\"}","event":"function.response","level":"info"}\n'
        '{"status":200,"body":"[]","event":"patch.response","level":"info"}',
        function=(REFUSED, 500),
        function_body='{"error":"x"}',
        fallback=(OK, 200),
        fallback_body="[]",
        rows=0,
    ),
    Example(
        "answers that a logger writes as pairs of keys and values",
        'level=WARN msg="update-backup answered" status=500 body="{\\"error\\":\\"x\\"}"\n'
        'level=ERROR msg="direct update failed" status=403 body="{\\"code\\":\\"42501\\"}"',
        function=(REFUSED, 500),
        function_body='{"error":"x"}',
        fallback=(REFUSED, 403),
        fallback_body='{"code":"42501"}',
    ),
    Example(
        "an answer that a logger for people puts behind the words",
        '2026-01-15T02:03:04Z WRN update-backup answered status=500 body="{\\"error\\":\\"x\\"}" try=1',
        function=(REFUSED, 500),
        function_body='{"error":"x"}',
    ),
    Example(
        "a refusal that a logger keeps as the error",
        '{"level":50,"err":{"code":"42501","message":"permission denied"},"status":403,'
        '"msg":"direct update failed"}',
        fallback=(REFUSED, 403),
        fallback_body='{"code": "42501", "message": "permission denied"}',
    ),
    Example(
        "a failure that a logger keeps beside the status 200",
        '{"status":200,"body":"{\\"success\\":false}","event":"function.response","level":"info"}',
        function=(REFUSED, 200),
        function_body='{"success":false}',
    ),
    Example(
        "an update that changed nothing is no look-up that failed",
        "PATCH backup_history\nHTTP 200\n[]\nnot updated: no row for 77",
        fallback=(OK, 200),
        fallback_body="[]",
        rows=0,
    ),
)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_a_line_tells_of_its_own_call(example: Example) -> None:
    example = Example(**{**vars(example), "script": UNSEEN})

    function, fallback, lookup, not_found = calls(example)

    assert (function.outcome, function.status) == example.function
    assert function.body == example.function_body
    assert (fallback.outcome, fallback.status) == example.fallback
    assert fallback.body == example.fallback_body
    assert fallback.rows == example.rows
    assert (lookup.outcome, lookup.status) == example.lookup
    assert bool(not_found) is example.not_found


@pytest.mark.parametrize(
    "lines",
    [
        (
            '{"level":"WARN","fields":{"message":"edge function refused","status":503,"body":'
            '"{\\"code\\":\\"BOOT_ERROR\\"}"}}\n{"level":"ERROR","fields":{"message":"direct update refused",'
            '"status":403,"body":"{\\"code\\":\\"42501\\"}"}}'
        ),
        (
            '2026-11-20 02:09:59 [warning  ] edge_function_failed  body=\'{"code":"BOOT_ERROR"}\' status=503\n'
            '2026-11-20 02:10:00 [error    ] direct_update_failed  body=\'{"code":"42501"}\' status=403'
        ),
        (
            '{"LogLevel":"Warning","Message":"edge function answered 503 {\\"code\\":\\"BOOT_ERROR\\"}"}\n'
            '{"LogLevel":"Error","Message":"direct update answered 403 {\\"code\\":\\"42501\\"}"}'
        ),
    ],
)
def test_each_record_of_a_logger_is_of_the_call_that_it_names(lines: str) -> None:
    example = Example("records", lines, script=UNSEEN)
    function, fallback, *_ = calls(example)

    assert (function.status, fallback.status) == (503, 403)
    assert "BOOT_ERROR" in function.body
    assert "42501" in fallback.body


@pytest.mark.parametrize(
    ("line", "outcome"),
    [
        (
            "update-backup: tls: failed to verify certificate: x509: certificate signed by unknown authority",
            UNREACHABLE,
        ),
        ("update-backup: cURL error 6: Could not resolve host: x.supabase.co", UNREACHABLE),
        (
            "update-backup: javax.net.ssl.SSLHandshakeException: PKIX path building failed",
            UNREACHABLE,
        ),
        (
            "update-backup: The SSL connection could not be established, see inner exception.",
            UNREACHABLE,
        ),
        (
            "update-backup: error trying to connect: dns error: failed to lookup address",
            UNREACHABLE,
        ),
        ("update-backup: cURL error 28: Operation timed out", TIMED_OUT),
        ("update-backup: java.net.http.HttpTimeoutException: request timed out", TIMED_OUT),
        ("update-backup: Net::ReadTimeout", TIMED_OUT),
    ],
)
def test_a_connection_that_failed_is_known_in_every_language(line: str, outcome: Outcome) -> None:
    function, *_ = calls(Example("failed", line, script=UNSEEN))

    assert function.outcome is outcome


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("function  404  not found", 404),
        ("[1/2] edge function ........ FAIL (404: not found)", 404),
        ("function 150 ms", None),
        ("update 200 rows", None),
    ],
)
def test_a_status_stands_right_behind_the_call(line: str, status: int | None) -> None:
    function, fallback, *_ = calls(
        Example("status", f"Calling update-backup\n{line}", script=UNSEEN)
    )

    assert function.status == status
    assert fallback.status is None


PAGE = """<!DOCTYPE html>
<html lang="en-US">
<head>
<title>abcdefgh.supabase.co | 502: Bad gateway</title>
</head>
<body>
<h1>Bad gateway <span>Error code 502</span></h1>

<p>Visit <a href="https://www.cloudflare.com/5xx-error-landing">cloudflare.com</a></p>
</body>
</html>"""


@pytest.mark.parametrize(
    "output",
    [
        f"POST update-backup -> 502 {PAGE}\nPATCH backup_history -> 502 {PAGE}\nPOST slack -> 200 ok",
        f"edge function: HTTP 502\n{PAGE}\n\nfalling back\nHTTP 502\n{PAGE}",
    ],
)
def test_a_web_page_is_one_answer_from_its_beginning_to_its_end(output: str) -> None:
    function, fallback, *_ = calls(Example("page", output, script=UNSEEN))

    for call in (function, fallback):
        assert (call.outcome, call.status) == (REFUSED, 502)
        assert call.body.startswith("<!DOCTYPE html>")
        assert call.body.endswith("</html>")


@pytest.mark.parametrize(
    ("output", "function", "fallback"),
    [
        (f"edge function -> 546\ntable -> 403\n{NO_GRANT}", 546, 403),
        (f"function: HTTP 413 too large\ndirect: HTTP 403 {NO_GRANT}", 413, 403),
        (f"function : 404\ndatabase : 403\n{NO_GRANT}", 404, 403),
        (f"[02:03:04] function: 500\n[02:03:04] db | 403\n{NO_GRANT}", 500, 403),
    ],
)
def test_a_status_behind_a_word_for_the_table_is_the_direct_updates(
    output: str, function: int, fallback: int
) -> None:
    told, direct, *_ = calls(Example("labels", output, script=UNSEEN))

    assert (told.status, told.body) == (function, "")
    assert (direct.status, direct.body) == (fallback, NO_GRANT)


def test_a_status_of_000_behind_a_name_is_no_answer() -> None:
    function, *_ = calls(Example("000", "POST update-backup -> 000", script=UNSEEN))

    assert (function.outcome, function.status) == (UNREACHABLE, None)


def test_cloudflares_line_for_a_program_has_the_status() -> None:
    function, *_ = calls(
        Example("line", "update-backup: unexpected answer\nerror code: 524", script=UNSEEN)
    )

    assert (function.outcome, function.status) == (REFUSED, 524)


@pytest.mark.parametrize(
    "line",
    [
        "GET /rest/v1/backup_history 502",
        'FetchError: [GET] "https://x.supabase.co/rest/v1/backup_history": 502 Bad Gateway',
    ],
)
def test_a_get_of_the_table_is_the_look_up(line: str) -> None:
    _, fallback, lookup, *_ = calls(Example("get", line, script=UNSEEN))

    assert fallback.outcome is NOT_SAID
    assert (lookup.outcome, lookup.status) == (REFUSED, 502)


def test_a_status_that_curl_was_told_to_print_is_read_by_any_name_in_a_trace() -> None:
    traced = (
        "++ curl -s -o out.json -w '%{http_code}' -X POST ***/functions/v1/update-backup -d '{}'\n"
        "+ rc=000\n+ rc=0\n+ test 0 -ne 200\n"
        "++ curl -s -o out2.json -w '%{http_code}' -X PATCH '***/rest/v1/backup_history?id=eq.7'\n"
        "+ rc=403\n+ cat out2.json\n"
        f"{NO_GRANT}"
    )
    function, fallback, *_ = calls(Example("traced", traced, script=UNSEEN))

    assert (function.outcome, function.status) == (UNREACHABLE, None)
    assert (fallback.outcome, fallback.status) == (REFUSED, 403)


def test_a_page_without_line_feeds_keeps_what_stands_before_it() -> None:
    page = "<html>\r<head><title>413</title></head>\r<body>too large</body>\r</html>"
    output = f"function: HTTP 413 {page}\r\ndirect: HTTP 403 {NO_GRANT}"
    function, fallback, *_ = calls(Example("page", output, script=UNSEEN))

    assert (function.outcome, function.status) == (REFUSED, 413)
    assert (fallback.outcome, fallback.status) == (REFUSED, 403)


def test_a_clients_get_of_the_table_is_no_direct_update() -> None:
    script = """
    python3 - <<'PY'
    r = requests.get(f"{u}/rest/v1/backup_history", params=by_dispatch, headers=h)
    print(r)
    r = requests.post(f"{u}/functions/v1/update-backup", json=facts)
    print(r)
    PY
    """
    _, fallback, *_ = calls(Example("get", "<Response [200]>\n<Response [200]>", script=script))

    assert fallback.outcome is NOT_SAID


def test_a_bare_success_below_a_call_that_failed_by_name_is_not_its_own() -> None:
    output = (
        'Edge function call failed (HTTP 401)\n{"code":401,"message":"Invalid JWT"}\n200\n'
        f"Falling back to direct update\nFallback update HTTP Code: 403\n{NO_GRANT}\n200"
    )
    function, fallback, *_ = calls(Example("slack", output, script=UNSEEN))

    assert (function.outcome, function.status) == (REFUSED, 401)
    assert (fallback.outcome, fallback.status) == (REFUSED, 403)


@pytest.mark.parametrize(
    "output",
    [
        "Edge function call failed (HTTP 503)\nretrying in 5 s\n200",
        "Calling update-backup\n503\n200",
    ],
)
def test_a_bare_success_of_a_call_that_is_made_again_is_its_own(output: str) -> None:
    function, *_ = calls(Example("again", output, script=UNSEEN))

    assert (function.outcome, function.status) == (OK, 200)
