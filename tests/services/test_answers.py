"""Every answer that the stand-ins give, or that the facts name, means the same to all who read it.

The log's reader, the probe or the client, the rules and the sweep: each is asked for itself.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple, Self

import pytest
from botocore.exceptions import ClientError
from werkzeug import Request, Response

from backup_doctor.collect.clients.bucket_refusals import BucketPlace, refused
from backup_doctor.collect.clients.data_api import DataApi
from backup_doctor.collect.clients.functions import Functions
from backup_doctor.collect.database.answers import Refusal
from backup_doctor.collect.deadline import Deadline
from backup_doctor.collect.log.reader import LookFor, read
from backup_doctor.demo.serving import LoopbackServer
from backup_doctor.demo.supabase import platform_errors, rest_errors
from backup_doctor.demo.supabase.platform_errors import PlatformError
from backup_doctor.evidence.base import Evidence, Unseen, Why
from backup_doctor.evidence.collected import FixCheck
from backup_doctor.evidence.function import HttpAnswer
from backup_doctor.evidence.log import Call, Outcome
from backup_doctor.evidence.row import Server
from backup_doctor.judge.history import function_blocked_now
from backup_doctor.judge.registry import codes_with, load_checks
from backup_doctor.judge.traits import Trait
from backup_doctor.run.sweep.judging import Judge
from backup_doctor.services.answers import Service, by_code, by_status, table
from backup_doctor.services.errors import decide
from backup_doctor.services.meaning import (
    Meaning,
    coded_answer,
    database_meaning,
    fallback_meaning,
    function_meaning,
    is_platforms,
    platform_answer,
    seen_answer,
)
from backup_doctor.settings.model import Secret, Settings
from tests.judgement import cases
from tests.judgement.asking import causes, codes, finding
from tests.judgement.cases import (
    NO_BACKUP,
    NOT_THERE,
    NOW,
    a_row,
    call,
    case,
    function,
    log,
    row,
    the_object,
    workflow,
)
from tests.log.logs import UPDATE, api_step, job, step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.log import LogReading

SCRIPT = """
curl "$SUPABASE_URL/functions/v1/update-backup"
curl -X PATCH "$SUPABASE_URL/rest/v1/backup_history?id=eq.1"
"""
REVOKED, WRONG_ROLE = ("secrets/revoked",), ("secrets/wrong-role",)
NO_KEY = ("secrets/missing", "secrets/empty")
GATE, GONE = ("function/jwt-gate",), ("function/not-deployed",)
CRASHED, LATE = ("function/server-error",), ("function/timeout",)
UNREACHED, PAUSED = ("function/unreachable",), ("function/project-paused",)
LIMIT, TOO_MANY = ("function/resource-limit",), ("function/rate-limited",)
BOOT, RESTRICTED = ("function/boot-error",), ("function/project-restricted",)
BAD_URL, BUSY = ("secrets/bad-url",), ("row/api-overloaded",)
NO_TABLE = ("row/table-missing", "row/schema-cache-stale")
NOTHING: tuple[str, ...] = ()
# What fits no code of the tool's: the report quotes it.
QUOTED = ("workflow/fallback-failed",)


class Given(NamedTuple):
    """An answer in one place, and what it means there."""

    name: str
    status: int
    body: str
    means: tuple[str, ...]
    headers: dict[str, str] = {}


def coded(code: str, message: str = "x") -> str:
    return json.dumps({"code": code, "message": message})


# The demo's gateway, by the name of its constant there.
STAND_INS: dict[str, tuple[str, ...]] = {
    "NOT_FOUND": GONE,
    "BUNDLE_GONE": GONE,
    "NO_AUTH_HEADER": GATE,
    "NOT_BEARER": GATE,
    "NOT_A_JWT": GATE,
    "BAD_LEGACY_JWT": GATE,
    "BAD_ASYMMETRIC_JWT": GATE,
    "BOOT_ERROR": BOOT,
    "WORKER_ERROR": CRASHED,
    "RESOURCE_LIMIT": LIMIT,
    "RATE_LIMIT": TOO_MANY,
    "IDLE_TIMEOUT": LATE,
    "NO_API_KEY": NO_KEY,
    "INVALID_API_KEY": REVOKED,
    "INVALID_API_KEY_AT_FUNCTION": REVOKED,
    "ROOT_NEEDS_SERVICE_ROLE": WRONG_ROLE,
    "SECRET_KEY_IN_BROWSER": QUOTED,
    "RESTRICTED": RESTRICTED,
}
ERRORS = {
    **{k: v for k, v in vars(platform_errors).items() if isinstance(v, PlatformError)},
    "unsupported_algorithm": platform_errors.unsupported_algorithm("PS256"),
    "legacy_keys_disabled": platform_errors.legacy_keys_disabled("2025-10-11"),
}
BY_FUNCTIONS = {**STAND_INS, "unsupported_algorithm": GATE, "legacy_keys_disabled": REVOKED}


def stand_in(name: str) -> Given:
    answer = ERRORS[name].response()
    return given(name, answer, BY_FUNCTIONS[name])


def given(name: str, answer: Response, means: tuple[str, ...]) -> Given:
    headers = {key.lower(): value for key, value in answer.headers.items()}
    return Given(name, answer.status_code, answer.get_data(as_text=True), means, headers)


AT_FUNCTION = (
    *map(stand_in, BY_FUNCTIONS),
    given("paused, as documented", platform_errors.paused(540), PAUSED),
    given("paused, as measured", platform_errors.paused(530), PAUSED),
    # facts/supabase.md, 1
    Given("bundle gone, whatever it says", 404, coded("NOT_FOUND_FUNCTION_BLOB"), GONE),
    Given("the older limit", 546, coded("WORKER_LIMIT"), LIMIT),
    Given("the older 401", 401, '{"code":401,"message":"Invalid JWT"}', GATE),
    Given("a local 401", 401, '{"msg":"Invalid JWT"}', GATE),
    Given(
        "a local boot", 503, coded("BOOT_ERROR", "Worker failed to boot (please check logs)"), BOOT
    ),
    Given("undocumented", 400, coded("INVALID_URL"), NOTHING),
    Given("an answer that is none", 500, coded("INVALID_RESPONSE_STATUS_CODE"), CRASHED),
    Given("it could not be loaded", 500, coded("LOAD_FUNCTION_ERROR"), CRASHED),
    Given("a slash too many", 404, '{"error": "requested path is invalid"}', BAD_URL),
    *(Given(f"bare {status}", status, "", RESTRICTED) for status in (402,)),
    *(Given(f"bare {status}", status, "", PAUSED) for status in (530, 540)),
    *(Given(f"bare {status}", status, "", LATE) for status in (408, 504, 524, 544)),
    *(Given(f"bare {status}", status, "", UNREACHED) for status in (502, 520, 521, 522, 523)),
    *(Given(f"bare {status}", status, "", UNREACHED) for status in (525, 526, 527)),
    Given("bare 546", 546, "", LIMIT),
    Given("a proxy's page", 502, "<html><title>502 Bad Gateway</title></html>", UNREACHED),
)

MESSAGES = {
    "PGRST000": (503, "Database connection error.", BUSY),
    "PGRST001": (503, "no connection", BUSY),
    "PGRST002": (503, "Could not query the database for the schema cache. Retrying.", BUSY),
    "PGRST003": (504, "Timed out acquiring connection from connection pool.", BUSY),
    "PGRST106": (406, "Invalid schema: x", NOTHING),
    "PGRST202": (404, "Could not find the function public.done in the schema cache", NOTHING),
    "PGRST204": (
        400,
        "Could not find the 'c' column of 'backup_history' in the schema cache",
        ("row/column-missing", "row/schema-cache-stale"),
    ),
    "PGRST205": (
        404,
        "Could not find the table 'public.backup_history' in the schema cache",
        NO_TABLE,
    ),
    "PGRST301": (401, "No suitable key or wrong key type", REVOKED),
    "PGRST302": (401, "Anonymous access is disabled", NO_KEY),
    "PGRST303": (401, "JWT issued at future", ("secrets/expired",)),
}
# PostgreSQL's SQLSTATEs: facts/supabase.md, 3; facts/s3-and-postgres.md, 4.
STATES = {
    "08006": BUSY,
    "22001": ("row/constraint-rejects",),
    "22003": ("row/size-overflow",),
    "22P02": QUOTED,
    "23502": ("row/constraint-rejects",),
    "23503": ("row/constraint-rejects",),
    "23505": ("row/constraint-rejects",),
    "23514": ("row/constraint-rejects",),
    "25006": ("row/database-read-only",),
    "28P01": NOTHING,
    "3F000": ("row/table-missing",),
    "40P01": ("row/locked",),
    "42501": ("rls/no-grant", "rls/update-blocked"),
    "42703": ("row/column-missing", "row/trigger-interferes"),
    "42883": NOTHING,
    "42P01": ("row/table-missing",),
    "53100": BUSY,
    "53200": BUSY,
    "53300": BUSY,
    "53400": BUSY,
    "55P03": ("row/locked",),
    "57014": ("row/locked", "row/api-overloaded"),
    "57P01": BUSY,
    "57P03": BUSY,
    "P0001": ("row/trigger-interferes",),
}


def rest(code: str, status: int, message: str, means: tuple[str, ...]) -> Given:
    return given(code, rest_errors.ApiError(status, code, message).response(), means)


AT_DATA_API = (
    # Kong 2.8 in front of a project that is hosted by oneself.
    Given("Kong's 401", 401, '{"message":"Invalid authentication credentials"}', REVOKED),
    *(stand_in(name) for name in ("NO_API_KEY", "INVALID_API_KEY", "ROOT_NEEDS_SERVICE_ROLE")),
    *(stand_in(name) for name in ("SECRET_KEY_IN_BROWSER", "legacy_keys_disabled", "RESTRICTED")),
    *(rest(code, *told) for code, told in MESSAGES.items()),
    rest("PGRST301", 401, "Expected 3 parts in JWT; got 1", REVOKED),
    rest("PGRST301", 401, "JWSError JWSInvalidSignature", REVOKED),
    rest("PGRST303", 401, "JWT expired", ("secrets/expired",)),
    *(
        rest(code, rest_errors._status(code, "x", anonymous=False), "x", means)
        for code, means in STATES.items()
    ),
    *(
        one
        for one in AT_FUNCTION
        if one.name.startswith(("paused", "bare 402", "bare 5", "a slash"))
        and one.status not in (504, 546)
    ),
)


def names(answers: tuple[Given, ...]) -> list[str]:
    return [f"{one.name}, HTTP {one.status}" for one in answers]


@pytest.fixture(params=AT_FUNCTION, ids=names(AT_FUNCTION))
def at_function(request: pytest.FixtureRequest) -> Given:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(params=AT_DATA_API, ids=names(AT_DATA_API))
def at_data_api(request: pytest.FixtureRequest) -> Given:
    return request.param  # type: ignore[no-any-return]


def logged(*output: str) -> LogReading:
    """The log of an update step that printed these lines."""
    wanted = LookFor(steps=(api_step(),), update_step=UPDATE)
    return read("job log", [job(step(SCRIPT, output))], wanted)


def told(words: str, one: Given) -> list[str]:
    """How the guide's script prints an answer."""
    return [f"{words} (HTTP {one.status})", *([f"Response: {one.body}"] if one.body else [])]


def test_no_answer_of_the_stand_ins_is_left_out() -> None:
    assert BY_FUNCTIONS.keys() == ERRORS.keys()


def roots(case: Case) -> list[str]:
    """The causes, which the sweep names alike."""
    found = causes(case)
    swept = Judge(registry=load_checks(), tried=lambda *_: FixCheck()).swept(case, closely=True)
    assert swept.report.root_cause == next(iter(found), None)
    return found


@pytest.fixture(scope="module")
def server() -> Iterator[Replying]:
    with Replying() as running:
        yield running


class Replying:
    """A service that gives the answer that it was told to give, whatever it is asked."""

    def __init__(self) -> None:
        self.answer = Given("none", 200, "", NOTHING)
        self._server = LoopbackServer(Request.application(lambda _: self._reply()))
        self.settings = Settings(supabase_url=self._server.url, service_key=Secret("k" * 40))

    def _reply(self) -> Response:
        return Response(self.answer.body, self.answer.status, headers=self.answer.headers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()


# In the place of the function ---------------------------------------------------------------------


def test_the_log_of_the_functions_call_tells_it(at_function: Given) -> None:
    call = logged(*told("Edge function call failed", at_function)).function_call

    assert call.status == at_function.status
    assert function_meaning(call).codes == at_function.means


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_in_the_log_tells_of_the_address(status: int) -> None:
    moved = Given(f"bare {status}", status, "", BAD_URL)
    reading = logged(*told("Edge function call failed", moved))

    assert reading.function_call.status == status
    assert function_meaning(reading.function_call).codes == BAD_URL
    assert fallback_meaning(reading.function_call).codes == BAD_URL


def test_the_probe_of_the_function_tells_it_or_nothing(
    at_function: Given, server: Replying
) -> None:
    server.answer = at_function

    seen = Functions(server.settings, Deadline(20)).options("update-backup")

    if isinstance(seen, Unseen):
        # Without the marks of Supabase it may be anybody's.
        assert seen.why is Why.GARBLED
        assert "sb-error-code" not in at_function.headers
        assert not is_platforms(at_function.status)
        return
    assert seen.from_function is not True
    assert platform_answer(seen.status, seen.body, seen.error_code).means == at_function.means
    if set(at_function.means) & codes_with(Trait.BEFORE_KEY):
        now = case(function(options=seen, empty_post=NO_BACKUP), workflow(NOT_THERE))
        assert at_function.means[0] in codes(now)


def test_the_rules_and_the_sweep_tell_it_of_the_functions_call(at_function: Given) -> None:
    reading = logged(*told("Edge function call failed", at_function), "Direct update: HTTP 204")

    found, *others = roots(case(workflow(reading)))

    assert others in (
        [],
        ["workflow/fallback-failed"],
    )  # It was a success, and the row is unchanged.
    assert found in (*at_function.means, "workflow/edge-call-failed")
    proved = len(at_function.means) == 1 and at_function.means not in (QUOTED, WRONG_ROLE)
    assert (found in at_function.means) is proved


# In the place of the Data API ---------------------------------------------------------------------


def test_the_log_of_the_direct_update_tells_it(at_data_api: Given) -> None:
    lines = ["Edge function call failed (HTTP 429)", "Falling back to direct Supabase update"]
    call = logged(*lines, *told("Direct update failed", at_data_api)).fallback_call

    assert call.status == at_data_api.status
    assert fallback_meaning(call).codes == at_data_api.means


def test_the_client_of_the_data_api_tells_it_or_nothing(
    at_data_api: Given, server: Replying
) -> None:
    server.answer = at_data_api

    seen = DataApi(server.settings, Deadline(20)).look_up("dispatch_id", "x")

    if isinstance(seen, Unseen):
        assert seen.why is Why.GARBLED
        return
    assert seen_answer(seen).means == at_data_api.means
    named = set(causes(case(row(api=seen), workflow(NOT_THERE))))
    assert named <= {*at_data_api.means}


def test_the_rules_and_the_sweep_tell_it_of_the_direct_update(at_data_api: Given) -> None:
    lines = ["Edge function call failed (HTTP 429)", "Falling back to direct Supabase update"]
    reading = logged(*lines, *told("Direct update failed", at_data_api))

    first, *others = roots(case(workflow(reading)))

    assert first == "function/rate-limited"
    assert set(others) <= {*at_data_api.means, "workflow/fallback-failed", "secrets/wrong-role"}


def test_a_function_that_passes_it_on_has_not_refused_the_callers_key(at_data_api: Given) -> None:
    body = json.dumps({"error": at_data_api.body})
    call = logged("Edge function call failed (HTTP 500)", f"Response: {body}").function_call

    assert "function/key-rejected" not in function_meaning(call).codes


@pytest.mark.parametrize("state", STATES)
def test_a_sqlstate_means_the_same_to_whoever_asks_postgresql_itself(state: str) -> None:
    verbose = f"ERROR:  {state}: x"

    assert coded_answer(state).means == database_meaning(verbose) == STATES[state]


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("42501", Why.DENIED),
        ("55P03", Why.TIMED_OUT),
        ("57014", Why.TIMED_OUT),
        ("42P01", Why.NOT_FOUND),
        ("3F000", Why.NOT_FOUND),
        ("25006", Why.REFUSED),
        ("99999", Why.REFUSED),
    ],
)
def test_what_postgresql_refuses_the_doctor_is_in_its_table(state: str, why: Why) -> None:
    assert Refusal(state, "x").unseen().why is why


# The cases in which the readers differed ----------------------------------------------------------


@pytest.mark.parametrize(
    "status", [502, 520, 521, 522, 523, 524, 525, 526, 527, 530, 540, 544, 402]
)
def test_what_the_platform_or_a_proxy_says_twice_is_one_cause(status: int) -> None:
    reading = logged(
        f"Edge function call failed (HTTP {status})",
        "Falling back to direct Supabase update",
        f"Direct update failed (HTTP {status})",
    )

    assert len(roots(case(workflow(reading)))) == 1


BLOCKED = "<!DOCTYPE html><html><title>Attention Required! | Cloudflare</title></html>"


@pytest.mark.parametrize("shown", [BLOCKED, "error code: 1020"])
@pytest.mark.parametrize("status", [401, 403, 409])
def test_a_page_that_refuses_a_request_on_its_way_is_neither_the_functions_nor_the_databases(
    status: int, shown: str
) -> None:
    reading = logged(
        f"Edge function call failed (HTTP {status}): {shown}",
        "Falling back to direct Supabase update",
        f"Direct update failed (HTTP {status}): {shown}",
    )

    assert function_meaning(reading.function_call).codes == ("function/unreachable",)
    assert fallback_meaning(reading.fallback_call).codes == ("function/unreachable",)
    assert roots(case(workflow(reading))) == ["function/unreachable"]


@pytest.mark.parametrize(
    ("status", "body", "means"),
    [
        (404, '{"message":"no Route matched with those values"}', "secrets/bad-url"),
        (503, '{"message":"name resolution failed"}', "function/unreachable"),
        (503, '{"message":"failure to get a peer from the ring-balancer"}', "function/unreachable"),
        (
            502,
            '{"message":"An invalid response was received from the upstream server"}',
            "function/unreachable",
        ),
        (
            503,
            "upstream connect error or disconnect/reset before headers. reset reason: overflow",
            "function/unreachable",
        ),
        (503, "no healthy upstream", "function/unreachable"),
    ],
)
def test_what_the_gateway_says_of_what_is_behind_it_is_nobody_elses_word(
    status: int, body: str, means: str
) -> None:
    reading = logged(
        f"Edge function call failed (HTTP {status})",
        f"Response: {body}",
        "Falling back to direct Supabase update",
        f"Direct update failed (HTTP {status})",
        f"Response: {body}",
    )

    assert function_meaning(reading.function_call) == Meaning(codes=(means,), own_words=False)
    assert fallback_meaning(reading.fallback_call).codes == (means,)
    assert roots(case(workflow(reading))) == [means]


def test_a_page_behind_a_status_is_shown_as_the_answer() -> None:
    reading = logged(f"Edge function call failed (HTTP 403): {BLOCKED}")

    assert reading.function_call.body == BLOCKED


def test_cloudflares_line_for_a_program_tells_a_paused_project() -> None:
    reading = logged("Edge function call failed: error code: 1016")

    assert roots(case(workflow(reading))) == ["function/project-paused"]


def test_a_connection_that_failed_twice_is_one_cause() -> None:
    reading = logged(
        "Edge function call failed: TypeError: fetch failed",
        "Falling back to direct Supabase update",
        "Direct update failed: TypeError: fetch failed",
    )

    assert roots(case(workflow(reading))) == ["function/unreachable"]


def test_a_function_that_answers_502_in_its_own_words_ran() -> None:
    call = logged(
        "Edge function call failed (HTTP 502)", 'Response: {"error":"mail could not be sent"}'
    ).function_call

    assert function_meaning(call) == Meaning(codes=CRASHED, own_words=True)


def test_the_platforms_body_tells_whose_the_unnamed_status_is() -> None:
    body = '{"code":"RATE_LIMIT_EXCEEDED","message":"Rate limit exceeded"}'

    call = logged("HTTP 429", body).function_call

    assert (call.status, function_meaning(call).codes) == (429, TOO_MANY)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (
            [
                "Edge function call failed (HTTP 404)",
                'Response: {"error": "requested path is invalid"}',
            ],
            "path that Supabase does not have",
        ),
        (
            [
                "curl: (3) URL rejected: Malformed input to a URL function",
                "Edge function call failed",
            ],
            "is not a URL",
        ),
        (
            [
                'curl: (1) Protocol "htps" not supported or disabled in libcurl',
                "Edge function call failed",
            ],
            "does not begin with https://",
        ),
        (
            [
                "Edge function failed: TypeError: Failed to parse URL from ***/functions/v1/update-backup",
                "Direct update failed: TypeError: Failed to parse URL from ***/rest/v1/backup_history?id=eq.1",
            ],
            "is not a URL",
        ),
        (
            [
                "Edge function failed: <urlopen error unknown url type: htps>",
                "Direct update failed: <urlopen error unknown url type: htps>",
            ],
            "is not a URL",
        ),
        (
            [
                "Looking up the backup's id",
                "TypeError: Failed to parse URL from ***/rest/v1/backup_history?dispatch_id=eq.x&select=id",
            ],
            "is not a URL",
        ),
        (
            [
                "curl: (1) Protocol htps not supported",
                "Could not find backup_id for dispatch_id: x",
            ],
            "does not begin with https://",
        ),
    ],
)
def test_an_address_that_cannot_be_called_is_the_address_and_says_how(
    lines: list[str], words: str
) -> None:
    one = case(workflow(logged(*lines)))

    assert "secrets/bad-url" in roots(one)
    assert words in finding(one, "secrets/bad-url").found.summary


def test_a_function_that_passes_on_what_the_data_api_refused_has_come_that_far() -> None:
    body = ERRORS["legacy_keys_disabled"].response().get_data(as_text=True)
    passed_on = HttpAnswer(status=500, body=body, from_function=True)
    gateways = HttpAnswer(status=540)

    blocked = [
        function_blocked_now(case(function(empty_post=one))) for one in (passed_on, gateways)
    ]

    assert blocked == [False, True]


def test_a_timeout_of_curl_is_a_timeout() -> None:
    call = logged("Edge function call failed: curl: (28) Operation timed out").function_call

    assert (call.outcome, function_meaning(call).codes[0]) == (Outcome.TIMED_OUT, *LATE)


def test_a_key_that_is_no_jwt_is_not_said_to_be_rotated() -> None:
    answer = cases.call(401, coded("PGRST301", "Expected 3 parts in JWT; got 1"))

    one = case(workflow(log(cases.call(429), answer)))

    assert "not a JWT" in finding(one, "secrets/revoked").found.summary


@pytest.mark.parametrize(
    ("state", "words"),
    [("53100", "disk"), ("53200", "memory"), ("57P03", "shut down or started"), ("08006", "broke")],
)
def test_what_kept_the_database_from_answering_is_named(state: str, words: str) -> None:
    one = case(workflow(log(cases.call(429), cases.call(503, coded(state)))))

    assert words in finding(one, "row/api-overloaded").found.summary


# S3, GitHub, the Management API -------------------------------------------------------------------

# The code, what the rules say of it where the doctor gets it, and what the log of an upload tells.
S3_CODES = (
    ("InvalidAccessKeyId", 403, "object/bad-credentials", "aws/unknown-key"),
    ("SignatureDoesNotMatch", 403, "object/bad-credentials", "aws/bad-signature"),
    ("ExpiredToken", 400, "object/bad-credentials", "aws/expired-token"),
    ("RequestTimeTooSkewed", 403, "object/bad-credentials", "aws/clock"),
    ("AccessDenied", 403, "object/access-denied", "aws/access-denied"),
    ("NoSuchBucket", 404, "object/bucket-missing", "aws/no-such-bucket"),
    ("PermanentRedirect", 301, "object/wrong-region", "aws/wrong-region"),
    ("AuthorizationHeaderMalformed", 400, "object/wrong-region", "aws/wrong-region"),
    ("SlowDown", 503, "object/unreachable", "aws/busy"),
)


@pytest.mark.parametrize(("code", "status", "means", "reason"), S3_CODES)
def test_a_code_of_s3_means_the_same_here_and_in_the_log(
    code: str, status: int, means: str, reason: str
) -> None:
    told = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    seen = refused(ClientError(told, "HeadObject"), BucketPlace("b", "s3.example", "s3:GetObject"))  # type: ignore[arg-type]

    known = decide([f"An error occurred ({code}) when calling the PutObject operation: x"])

    assert by_code(table(Service.S3), seen.code).means == (means,)
    assert known
    assert known.error.id == reason
    if means != "object/bucket-missing":
        assert means in codes(case(the_object(head=seen, bucket=seen)))


@pytest.mark.parametrize(
    ("service", "status", "why"),
    [
        (Service.GITHUB, 401, Why.BAD_CREDENTIALS),
        (Service.GITHUB, 403, Why.DENIED),
        (Service.GITHUB, 404, Why.NOT_FOUND),
        (Service.GITHUB, 410, Why.GONE),
        (Service.MANAGEMENT, 401, Why.BAD_CREDENTIALS),
        (Service.MANAGEMENT, 403, Why.DENIED),
        (Service.MANAGEMENT, 404, Why.NOT_FOUND),
        (Service.MANAGEMENT, 429, Why.RATE_LIMITED),
    ],
)
def test_what_a_status_of_an_api_means_is_in_its_table(
    service: Service, status: int, why: Why
) -> None:
    assert by_status(table(service), status).why is why


def test_every_row_has_a_public_source_and_some_meaning() -> None:
    for row_ in table(*Service):
        assert row_.source.startswith("https://"), row_
        assert row_.code or row_.words or row_.status, row_
        assert row_.means or row_.whose or row_.why, row_


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ('{"error":"Unauthorized"}', ("function/key-rejected",)),
        ('{"success":false,"error":"Invalid API key"}', ("function/key-rejected",)),
        ('{"error":"Backup not found"}', ()),
    ],
)
def test_the_words_of_an_answer_without_a_status_tell_that_a_key_was_refused(
    body: str, codes: tuple[str, ...]
) -> None:
    call = Call(outcome=Outcome.REFUSED, body=body, lines=(body,))

    assert function_meaning(call).codes == codes


NO_PATH = '{"code":"PGRST125","details":null,"hint":null,"message":"Invalid path specified in request URL"}'
NOT_ONE = "Cannot coerce the result to a single JSON object"
NONE_OF = f'{{"code":"PGRST116","details":"The result contains 0 rows","hint":null,"message":"{NOT_ONE}"}}'
SEVERAL = f'{{"code":"PGRST116","details":"The result contains 2 rows","hint":null,"message":"{NOT_ONE}"}}'
DENIED = '{"code":"42501","message":"permission denied for table backup_history"}'


def refused_with(status: int, body: str) -> Call:
    return call(status, body, outcome=Outcome.REFUSED)


def answered_so(function: tuple[int, str], direct: tuple[int, str], *evidence: Evidence) -> Case:
    """A run in which both calls were answered so."""
    return case(workflow(log(refused_with(*function), refused_with(*direct))), *evidence)


@pytest.mark.parametrize(
    ("function", "direct", "expected"),
    [
        # The URL has /rest/v1 in it: PostgREST is asked for the function as well.
        ((404, NO_PATH), (404, NO_PATH), ["secrets/bad-url"]),
        # The path of the one request.
        (
            (500, '{"error":"x"}'),
            (404, NO_PATH),
            ["function/server-error", "workflow/fallback-failed"],
        ),
        # The address of the function's own request.
        ((500, NO_PATH), (500, "{}"), ["function/server-error", "workflow/fallback-failed"]),
        # A status alone: a wrong method, or somebody else's server.
        ((405, ""), (405, ""), ["workflow/edge-call-failed", "workflow/fallback-failed"]),
        ((405, ""), (403, DENIED), ["function/rejected", "rls/no-grant"]),
        (
            (405, '{"error":"Method not allowed"}'),
            (405, ""),
            ["function/rejected", "workflow/fallback-failed"],
        ),
        (
            (200, '{"success":false,"error":"Backup not found"}'),
            (500, "{}"),
            ["function/rejected", "workflow/fallback-failed"],
        ),
        (
            (200, '{"success":false,"error":"Missing required fields"}'),
            (500, "{}"),
            ["function/server-error", "workflow/fallback-failed"],
        ),
        (
            (200, '{"success":false,"error":"connection reset"}'),
            (500, "{}"),
            ["function/server-error", "workflow/fallback-failed"],
        ),
    ],
)
def test_a_path_a_method_or_a_call_that_was_not_taken_is_told_as_that(
    function: tuple[int, str], direct: tuple[int, str], expected: list[str]
) -> None:
    assert roots(answered_so(function, direct)) == expected


def test_a_database_that_is_read_only_now_explains_a_bare_405() -> None:
    server = Server(version="18.4", now=NOW, user="backup_reader", default_read_only=True)

    assert roots(answered_so((500, "{}"), (405, ""), row(server=server))) == [
        "row/database-read-only"
    ]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (NONE_OF, "found none that it may see."),
        (SEVERAL, "found 2 of them."),
        (f'{{"error":"{NOT_ONE}"}}', "found none that it may see, or several."),
        (
            '{"error":"JSON object requested, multiple (or no) rows returned"}',
            "found none that it may see, or several.",
        ),
    ],
)
def test_a_function_that_did_not_find_the_one_row_is_told_as_that(body: str, words: str) -> None:
    found = finding(answered_so((500, body), (500, "{}")), "function/server-error").found

    assert words in found.summary
    assert "whether several rows have that id" in found.fixes[0].text


def test_two_rows_of_the_dispatch_are_why_the_function_did_not_find_the_one() -> None:
    twice = row(a_row(), a_row(id="0b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6e"))

    assert roots(answered_so((500, SEVERAL), (403, DENIED), twice))[0] == "row/duplicate"


def test_a_project_that_is_listed_as_active_and_answers_as_a_paused_one_is_told_as_both() -> None:
    paused = HttpAnswer(status=540)
    one = answered_so((540, ""), (540, ""), function(empty_post=paused, options=paused))

    summary = finding(one, "function/project-paused").found.summary
    assert summary.startswith("The Supabase project is paused: that is what its address answers")
    assert "lists it as ACTIVE_HEALTHY" in summary
