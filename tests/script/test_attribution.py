"""Which print made a line, how sure that is, and whose the lines are that no print made."""

from __future__ import annotations

import time

import pytest

from backup_doctor.collect.script.attribution import attribute
from backup_doctor.collect.script.model import Attributed, Certainty, Script, What
from backup_doctor.collect.script.reading import read

TWO_CALLS = """
code=$(curl -s -o /tmp/a -w '%{http_code}' -X POST "$U/functions/v1/f" -d x || true)
if [ "$code" != 200 ]; then
  echo "function refused: $code"
  echo "Response: $(cat /tmp/a)"
  code=$(curl -s -o /tmp/b -w '%{http_code}' -X PATCH "$U/rest/v1/t" -d x || true)
  if [ "$code" != 200 ]; then
    echo "table refused: $code"
    echo "Response: $(cat /tmp/b)"
  fi
fi
"""


def script(text: str, language: str = "bash") -> Script:
    found = read(text, language)
    assert found is not None
    return found


def of(text: str, *lines: str, language: str = "bash") -> tuple[Attributed, ...]:
    return attribute(lines, script(text, language))


def told(one: Attributed) -> tuple[str, str, tuple[int, ...]]:
    return one.certainty.value, one.rule, one.calls


def test_a_line_that_one_print_fits_is_certain() -> None:
    (one,) = of(TWO_CALLS, "function refused: 503")

    assert told(one) == ("certain", "print", (0,))
    assert [(fill.hole.what, fill.text) for fill in one.fills] == [(What.STATUS, "503")]


def test_the_order_decides_between_two_prints_with_the_same_words() -> None:
    lines = of(
        TWO_CALLS,
        "function refused: 503",
        'Response: {"code":"BOOT_ERROR"}',
        "table refused: 403",
        'Response: {"code":"42501"}',
    )

    assert [told(one) for one in lines] == [
        ("certain", "print", (0,)),
        ("likely", "print", (0,)),
        ("certain", "print", (1,)),
        ("likely", "print", (1,)),
    ]


LOOKS_UP = """
body=$(curl -s "$U/rest/v1/t?id=eq.1") || true
if ! [[ $body == *id* ]]; then
  echo "no such row"
  echo "Response: $body"
  exit 1
fi
body=$(curl -s -X POST "$U/functions/v1/f" -d x || true)
echo "Response: $body"
"""


def test_after_a_print_where_the_script_ends_no_print_from_elsewhere_follows() -> None:
    lines = of(LOOKS_UP, "no such row", 'Response: {"code":"42501"}')
    (alone,) = of(LOOKS_UP, 'Response: {"code":"42501"}')

    assert told(lines[1]) == ("likely", "print", (0,))
    assert alone.certainty is Certainty.OPEN


def test_words_of_two_calls_that_nothing_parts_are_given_to_neither() -> None:
    (one,) = of(TWO_CALLS, 'Response: {"code":"42501"}')

    assert one.certainty is Certainty.OPEN
    assert one.calls == ()


def test_a_line_that_the_script_cannot_have_printed_proves_nothing() -> None:
    lines = of(TWO_CALLS, "the function gave HTTP 503", "all is well")

    assert {one.certainty for one in lines} == {Certainty.OPEN}
    assert {one.calls for one in lines} == {()}


def test_a_print_without_words_identifies_nothing() -> None:
    (one,) = of('echo "$X"\ncurl "$U/functions/v1/f"\ncurl "$U/rest/v1/t"', "any line at all")

    assert told(one) == ("open", "none", ())


def test_a_print_of_few_words_is_known_by_its_place() -> None:
    text = """
    a=$(curl -s -o /dev/null -w "%{http_code}" "$U/functions/v1/f")
    echo "it begins here"
    echo "-> $a"
    echo "it ends here"
    """

    lines = of(text, "it begins here", "-> 401", "it ends here")

    assert told(lines[1]) == ("likely", "placed", (0,))
    assert lines[1].fills[0].text == "401"


def test_a_masked_word_may_be_a_secret_s_value() -> None:
    text = 'c=$(curl -s -o /dev/null -w "%{http_code}" "$U/functions/v1/f")\necho "enabled: true, code $c, key $K"'

    (one,) = of(text, "enabled: ***, code 40***, key ***")

    assert told(one) == ("certain", "print", (0,))
    assert [fill.text for fill in one.fills if fill.hole.what is What.STATUS] == ["40***"]


def test_an_answer_goes_on_over_lines_until_the_next_print() -> None:
    lines = of(
        TWO_CALLS,
        "function refused: 500",
        "Response: {",
        '  "error": "it broke"',
        "}",
        "table refused: 403",
    )

    assert [one.rule for one in lines] == ["print", "print", "continues", "continues", "print"]
    assert lines[2].calls == (0,)
    assert lines[2].continues == 1


def test_a_workflow_command_is_no_more_of_an_answer() -> None:
    lines = of(TWO_CALLS, "function refused: 500", "Response: it broke", "##[error]not updated")

    assert lines[2].calls == ()


def test_a_test_that_ends_a_function_says_how_the_function_ended() -> None:
    text = """
    worked() { [[ $code == 2?? ]]; }
    call() { code=$(curl -s -o /dev/null -w '%{http_code}' "$U/functions/v1/f"); worked; }
    if call; then echo "all is done"; exit 0; fi
    echo "going another way"
    """

    (one,) = of(text, "going another way")

    assert told(one) == ("certain", "print", (0,))


def test_curl_s_own_words_are_of_the_call_that_they_lie_before() -> None:
    lines = of(
        TWO_CALLS,
        "function refused: 000",
        "curl: (28) Operation timed out",
        "table refused: 000",
    )

    assert told(lines[1]) == ("certain", "tool", (1,))


def test_an_address_tells_the_call() -> None:
    text = """
import requests
requests.get(u + '/rest/v1/a').raise_for_status()
requests.patch(u + '/rest/v1/b').raise_for_status()
"""
    line = "requests.exceptions.HTTPError: 403 Client Error: Forbidden for url: https://x.supabase.co/rest/v1/b"

    (one,) = of(text, line, language="python")

    assert told(one) == ("certain", "address", (1,))


def test_what_an_interpreter_says_of_the_script_is_no_call_s() -> None:
    text = "const r = await fetch(`${u}/functions/v1/f`)\nconsole.log('it has answered', r.status)"

    lines = of(
        text,
        "const r = await fetch(",
        "SyntaxError: await is only valid in async functions",
        "    at wrapSafe (node:internal/modules)",
        language="javascript",
    )

    assert {one.calls for one in lines} == {()}
    assert lines[1].rule == "interpreter"


def test_a_trace_of_the_shell_is_no_print() -> None:
    lines = of("set -x\necho 'these are words'", "+ echo 'these are words'", "these are words")

    assert [one.print for one in lines] == [None, 0]


def test_lines_between_two_calls_that_both_may_have_printed_stay_open() -> None:
    text = 'echo "both begin"\ncurl "$U/functions/v1/f" -d x\ncurl "$U/rest/v1/t"\necho "both are over"'

    lines = of(text, "both begin", "a loose line", "both are over")

    assert told(lines[1]) == ("open", "none", ())


def test_a_loose_answer_is_of_the_only_call_there() -> None:
    text = 'echo "call begins"\ncurl -s "$U/functions/v1/f" -d x\necho "call is over"'

    lines = of(text, "call begins", '{"success":true}', "call is over")

    assert told(lines[1]) == ("likely", "between", (0,))


def test_the_runner_s_own_line_is_nobody_s() -> None:
    lines = of(TWO_CALLS, "function refused: 401", "##[error]Process completed with exit code 1.")

    assert lines[1].calls == ()


def test_a_logger_s_prefix_is_passed_over() -> None:
    text = """
import logging, requests
r = requests.patch(u + '/rest/v1/t')
logging.error('update refused: %s', r.status_code)
"""

    lines = of(
        text,
        "ERROR:root:update refused: 403",
        "2031-01-02 03:04:05,678 [ERROR] backup - update refused: 403",
        '{"level": "error", "message": "update refused: 403", "logger": "backup"}',
        language="python",
    )

    assert [told(one) for one in lines] == [("certain", "print", (0,))] * 3


def test_a_line_of_the_attempts_of_a_loop_can_come_again() -> None:
    text = (
        'while true; do c=$(curl -s -o /dev/null -w "%{http_code}" "$U/functions/v1/f"); '
        'echo "one more attempt: $c"; done'
    )

    lines = of(text, *["one more attempt: 503"] * 3)

    assert {told(one) for one in lines} == {("certain", "print", (0,))}


@pytest.mark.parametrize(
    "line",
    [
        "a" * 100_000,
        "a b " * 30_000,
        "*** " * 30_000,
        "[" * 100_000,
        "\x00\x1b[0m" * 20_000,
        "{" * 8_000 + "}",
    ],
)
def test_a_hostile_line_costs_little(line: str) -> None:
    text = (
        "\n".join(f'echo "$A a $B b $C c $D d {index} $E"' for index in range(60))
        + "\n"
        + TWO_CALLS
    )
    found = script(text)

    start = time.thread_time()
    attribute([line] * 20, found)

    assert time.thread_time() - start < 6


def test_an_error_of_curl_is_of_no_call_whose_failure_would_have_been_told() -> None:
    text = """
id=$(curl -fsS "$U/rest/v1/t?select=id" | grep -o '[0-9]*')
[ -n "$id" ] || exit 1
if ! curl -fsS -X POST "$U/functions/v1/f" -d x; then
  echo "that did not work"
  curl -fsS -X PATCH "$U/rest/v1/t?id=eq.$id" -d '{"status":"success"}'
fi
"""
    error = "curl: (22) The requested URL returned error: 401"

    (looked_up,) = of(text, error)
    called, _ = of(text, error, "that did not work")

    assert looked_up.calls == (0,)
    assert called.calls == (1,)


@pytest.mark.parametrize(
    ("line", "filled"),
    [("complete: 521", ["521", ""]), ("complete: 521 a web page", ["521", "a web page"])],
)
def test_an_empty_answer_at_the_end_of_a_line_takes_its_blank_away(
    line: str, filled: list[str]
) -> None:
    text = """
import requests, sys
answer = requests.post(U + "/rest/v1/rpc/complete", json={})
sys.exit(f"complete: {answer.status_code} {answer.text}")
"""

    (one,) = of(text, line, language="python")

    assert one.calls == (0,)
    assert [fill.text for fill in one.fills] == filled


FAILED = "curl: (22) The requested URL returned error: "
REFUSED, DENIED = '{"error":"Unauthorized"}', '{"code":"42501","message":"denied"}'
FALLS_BACK = (
    'curl -sSf -o /dev/null "$U/functions/v1/f" -d x || curl -sSf -o /dev/null "$U/rest/v1/t" -d x'
)
ONE_BY_ONE = 'curl -sS "$U/functions/v1/f" -d x\necho\ncurl -sS -X PATCH "$U/rest/v1/t" -d x'
BODIES = ONE_BY_ONE.replace("-sS", "-sS --fail-with-body")
SHOWS_BOTH = """
answer=$(curl -s "$U/functions/v1/f" -d x)
echo "$answer"
answer=$(curl -s -X PATCH "$U/rest/v1/t" -d x)
echo "$answer"
"""


@pytest.mark.parametrize(
    ("text", "lines", "calls"),
    [
        (FALLS_BACK, [f"{FAILED}401", f"{FAILED}403"], [(0,), (1,)]),
        (FALLS_BACK, [f"{FAILED}401"], [(0,)]),
        (FALLS_BACK, ["Warning: Problem: HTTP error. Will retry in 1 s", f"{FAILED}503"], [(), ()]),
        (FALLS_BACK, [f"{FAILED}503"] * 3, [(), (), ()]),
        (ONE_BY_ONE, [REFUSED, DENIED], [(0,), (1,)]),
        (SHOWS_BOTH, [REFUSED, DENIED], [(0,), (1,)]),
        (BODIES, [f"{FAILED}401", REFUSED, f"{FAILED}403", DENIED], [(0,), (0,), (1,), (1,)]),
        # One is silent: what no table answers is the function's; the other may be anybody's.
        (ONE_BY_ONE, [REFUSED], [(0,)]),
        (ONE_BY_ONE, [DENIED], [()]),
        (ONE_BY_ONE, ['{"code":"42501","details":null,"hint":null,"message":"denied"}'], [(1,)]),
        (ONE_BY_ONE, ["[]"], [()]),
        (ONE_BY_ONE, ["{", '"error": "Unauthorized"}', DENIED], [(), (), ()]),
    ],
)
def test_errors_and_answers_without_words_are_of_the_calls_in_their_turn(
    text: str, lines: list[str], calls: list[tuple[int, ...]]
) -> None:
    assert [one.calls for one in of(text, *lines)] == calls
