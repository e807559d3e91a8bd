"""Shell scripts that count their failures, and decide by the count."""

from __future__ import annotations

import pytest

from backup_doctor.collect.script.model import CallEnd, Script
from tests.script.test_files import script
from tests.script.test_reading import shown

CALLS = """
ERRORS=0
code=$(curl -s -o /dev/null -w '%{http_code}' -X POST "$U/functions/v1/f" -d x)
if [ "$code" -ne 200 ]; then
  COUNT
  code=$(curl -s -o /dev/null -w '%{http_code}' -X PATCH "$U/rest/v1/t" -d x)
  if [ "$code" -ne 204 ]; then COUNT; fi
fi
"""
DECIDES = """
if [ $ERRORS -gt 1 ]; then echo both; exit 1; fi
if (( ERRORS == 0 )); then echo none; else echo one; fi
"""


def ends(found: Script, words: str, call: int) -> set[CallEnd]:
    """How a call can have ended where these words are printed; all ways if nothing is known."""
    known = [
        set(branch.outcomes)
        for one in found.prints
        if shown(one) == words
        for branch in one.branches
        if branch.calls == (call,)
    ]
    return set.intersection(set(CallEnd), *known)


@pytest.mark.parametrize(
    "count",
    [
        "ERRORS=$((ERRORS + 1))",
        "ERRORS=$(($ERRORS+1))",
        "((ERRORS++)) || true",
        "((++ERRORS))",
        "(( ERRORS += 1 ))",
        "let ERRORS++ || true",
        'let "ERRORS = ERRORS + 1"',
    ],
)
def test_what_is_printed_by_the_count_tells_how_each_call_ended(count: str) -> None:
    found = script(CALLS.replace("COUNT", count) + DECIDES)

    assert not ends(found, "both", 1) & {CallEnd.OK, CallEnd.EMPTY}
    assert CallEnd.REFUSED not in ends(found, "none", 0)
    assert ends(found, "one", 0) <= {CallEnd.REFUSED, CallEnd.SILENT}
    # Here the update was made, and worked.
    assert CallEnd.OK in ends(found, "one", 1)


@pytest.mark.parametrize("count", ["((ERRORS <<= 1, ERRORS |= 1))", "((X[ERRORS]++, ERRORS++))"])
def test_a_count_that_is_not_understood_tells_nothing(count: str) -> None:
    found = script(CALLS.replace("COUNT", count) + DECIDES)

    assert ends(found, "one", 1) >= {CallEnd.OK, CallEnd.REFUSED}


def test_in_a_loop_nothing_is_counted() -> None:
    found = script(
        """
        n=0
        while [ $n -lt 3 ]; do
          curl -sf -X PATCH "$U/rest/v1/t" -d x && break
          n=$((n + 1))
        done
        if [ $n -eq 3 ]; then echo "three times in vain"; exit 1; fi
        echo done
        """
    )

    assert "three times in vain" in [shown(one) for one in found.prints]
