"""`explain` tells of a code what its rule's docstring says, and helps who mistypes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from backup_doctor.cli import listing
from backup_doctor.evidence.base import Evidence
from backup_doctor.evidence.chain import Link
from backup_doctor.judge import explanation
from backup_doctor.judge.framework import Check, Found
from backup_doctor.judge.registry import LoadedCheck, Registry, load_checks
from backup_doctor.report.explain import UnknownTopicError, explain
from backup_doctor.report.render.to_text import to_terminal
from backup_doctor.services.errors import KnownError, known_errors

CODES = Path(__file__).with_name("contract_codes.txt").read_text().split()


class Nothing(Evidence, frozen=True, kw_only=True):
    """No evidence."""


def registry() -> Registry:
    """A registry with one check of two rules."""
    check = Check(name="function", step=5, title="Edge function", evidence=Nothing)
    check.doc = "Whether [the] function runs."

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


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> None:
    """The documentation lies somewhere: the package's metadata name it."""
    monkeypatch.setattr(explanation, "pages_url", lambda: "https://docs.example/")


def test_a_code_is_explained_section_by_section(published: None) -> None:
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
        "https://docs.example/findings.md#functionnot-deployed\n"
        "https://docs.example/guide.md#step-1-the-workflow-run\n"
    )


def test_without_published_documentation_no_address_is_made_up() -> None:
    page = shown("function/not-deployed")

    assert "http" not in page
    assert page.endswith("docs/guide.md#step-1-the-workflow-run\n")


def test_a_section_that_nobody_wrote_is_left_out() -> None:
    page = shown("function/slow")

    assert "a warning: worth fixing" in page
    assert "Cause" not in page


def test_a_check_is_explained_with_all_that_it_finds() -> None:
    page = shown("function")

    assert "Whether [the] function runs." in page
    assert page.endswith("docs/guide.md#step-5-the-function\n")
    assert "function/not-deployed  The function is not [deployed]." in page
    assert "function/slow          The function is slow." in page


@pytest.mark.parametrize(
    ("topic", "said"),
    [
        ("function/not-deployd", "Did you mean function/not-deployed"),
        ("slow", "Did you mean function/slow?"),
        ("version-mismach", "Did you mean pg-dump/version-mismatch"),
        ("unbound-variable", "Did you mean bash/unbound-variable?"),
        ("gzip", "Did you mean gzip/exists or gzip/broken?"),
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


def test_a_reason_is_explained(published: None) -> None:
    page = to_terminal(explain("memory/killed", load_checks()), width=80, colour=False)

    assert page == (
        "memory/killed  a reason of workflow/failed-before-update,\nworkflow/fallback-failed\n"
        "\n"
        "A step failed: the system killed the program, as it does where memory runs out.\n"
        "\n"
        "How it looks\n"
        "  Process completed with exit code 137.\n"
        "  /home/runner/work/_temp/4f.sh: line 3:  2113 Killed                  node export.mjs\n"
        "\n"
        "Fix\n"
        "  Let the program hold less at once: stream the dump, compress with fewer\n"
        "  threads.\n"
        "\n"
        "Or\n"
        "  Run the job on a runner with more memory.\n"
        "\n"
        "How sure it is\n"
        "  It is what these words usually mean.\n"
        "\n"
        "Source\n"
        "  https://www.gnu.org/software/bash/manual/html_node/Exit-Status.html\n"
        "\n"
        "https://docs.example/reasons.md#memorykilled\n"
    )


@pytest.mark.parametrize("error", known_errors(), ids=lambda error: error.id)
def test_every_reason_is_explained(error: KnownError) -> None:
    page = shown(error.id)

    assert page.startswith(f"{error.id}  ")
    assert error.source in page
    assert "{" not in page.partition("\nFix\n")[2].replace("${{", "")


def test_a_page_of_another_package_cannot_steer_the_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hostile = "[bold]x/y[/]\n\nIt is late.\x1b]0;owned\x07 \u202egnp.exe"
    monkeypatch.setattr(listing, "page_of", lambda *_: hostile)

    shown = listing.explain("x/y")

    assert shown == "x/y\n\nIt is late.\\x1b]0;owned\\x07 \\u202egnp.exe\n"
