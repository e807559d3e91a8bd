"""`explain` tells of a code what its rule's docstring says, and helps who mistypes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from doctor.chain import Link
from doctor.evidence.base import Evidence
from doctor.explain import UnknownTopicError, explain
from doctor.framework import Check, Found
from doctor.registry import LoadedCheck, Registry, load_checks
from doctor.render.to_text import to_terminal

CODES = Path(__file__).with_name("contract_codes.txt").read_text().split()


class Nothing(Evidence, frozen=True, kw_only=True):
    """No evidence."""


def registry() -> Registry:
    """A registry with one check of two rules."""
    check = Check(name="function", step=5, title="Edge function", evidence=Nothing)
    check.doc = "Guide step 5: [the] function."

    @check.cause("function/not-deployed", breaks=Link.FUNCTION_UPDATES)
    def not_deployed(seen: Nothing, case: object) -> Found | None:
        """The function is not [deployed].

        Detected: the gateway answers 404,
            with its own code.
        Cause: nobody deployed it.
        Fix: deploy it with `supabase functions deploy update-backup --yes`, or by CI.
        By hand: supabase_list
        Source: guide, step 1.
        """

    @check.warning("function/slow")
    def slow(seen: Nothing, case: object) -> Found | None:
        """The function is slow."""

    return Registry(checks=(LoadedCheck(check=check, origin="built in"),))


def shown(topic: str) -> str:
    return to_terminal(explain(topic, registry()), width=80, colour=False)


def test_a_code_is_explained_section_by_section() -> None:
    assert shown("function/not-deployed") == (
        "function/not-deployed  a cause: it can be why a row is stuck or wrong\n"
        "\n"
        "The function is not [deployed].\n"
        "\n"
        "How it is detected\n"
        "  The gateway answers 404, with its own code.\n"
        "\n"
        "Cause\n"
        "  Nobody deployed it.\n"
        "\n"
        "Fix\n"
        "  Deploy it with\n"
        "    supabase functions deploy update-backup --yes\n"
        "  or by CI\n"
        "\n"
        "How to see it by hand\n"
        "  supabase_list\n"
        "\n"
        "Source\n"
        "  Guide, step 1.\n"
        "\n"
        "Link of the pipeline that it breaks\n"
        "  the function updates the row\n"
        "\n"
        "https://github.com/backup-doctor/backup-doctor/blob/main/docs/"
        "findings.md#functionnot-deployed\n"
    )


def test_a_section_that_nobody_wrote_is_left_out() -> None:
    page = shown("function/slow")

    assert "a warning: worth mending" in page
    assert "Cause" not in page


def test_a_check_is_explained_with_all_that_it_finds() -> None:
    page = shown("function")

    assert "Guide step 5: [the] function." in page
    assert "function/not-deployed  The function is not [deployed]." in page
    assert "function/slow          The function is slow." in page


@pytest.mark.parametrize(
    ("topic", "said"),
    [
        ("function/not-deployd", "Did you mean function/not-deployed"),
        ("slow", "Did you mean function/slow?"),
        ("xyz", "Checks: function."),
        ("\x1b[2J", "\\\\x1b[2J"),
    ],
)
def test_an_unknown_name_gets_the_nearest_ones(topic: str, said: str) -> None:
    with pytest.raises(UnknownTopicError) as error:
        explain(topic, registry())

    assert said in str(error.value)


@pytest.mark.parametrize("code", CODES)
def test_every_code_of_the_contract_is_explained(code: str) -> None:
    page = to_terminal(explain(code, load_checks()), width=80, colour=False)

    assert page.startswith(f"{code}  ")
    for section in ("How it is detected", "Cause", "Source"):
        assert section in page, section
