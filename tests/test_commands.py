"""The commands that are printed: whole, quoted, and for the world that the report is about."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from backup_doctor import checks
from backup_doctor.base.quoting import visible
from backup_doctor.evidence.case import Names
from backup_doctor.evidence.findings import FixKind
from backup_doctor.evidence.workflow import Job, Run
from backup_doctor.judge.commands import (
    Stored,
    aws,
    command,
    doctor,
    gh,
    gh_file,
    gh_log,
    gh_rerun,
    gh_secret_set,
    new_key,
    supabase,
    supabase_deploy,
)
from backup_doctor.judge.show import by_command, either, manual
from backup_doctor.settings.values import github_server
from tests.judgement.cases import case, workflow

REF = "abcdefghijklmnopqrst"
NAMES = Names(repository="acme/app", project_ref=REF)
NOWHERE = Names()
ENTERPRISE = Names(repository="acme/app", github_server="https://git.example.com:8443")


def said(made: Any) -> str:
    assert made is not None
    return str(made.text)


def of(names: Names) -> Any:
    return case(names=names)


def test_every_word_is_an_argument_of_its_own() -> None:
    made = said(command("aws", "--key", "a b'; rm -rf / # $(x)"))

    assert shlex.split(made) == ["aws", "--key", "a b'; rm -rf / # $(x)"]


def test_what_is_shown_of_a_command_is_what_is_pasted() -> None:
    odd = "a\x1b[2J\n'b\u202e\u3164"
    made = command("printf", "%s", odd).piped("grep", "-F", "--", odd)

    pasted = subprocess.run(
        ["bash", "-c", said(command("printf", "%s", odd))], capture_output=True, check=True
    )

    assert said(made) == visible(said(made))
    assert pasted.stdout.decode() == odd


def test_gh_names_the_repository_and_a_server_of_its_own_with_its_host() -> None:
    assert said(gh(of(NAMES), "run", "list")) == "gh run list --repo acme/app"
    assert said(gh(of(ENTERPRISE), "run", "list")) == (
        "gh run list --repo git.example.com:8443/acme/app"
    )
    assert said(gh_file(of(NAMES), "a.yml", "abc")) == (
        "gh api 'repos/acme/app/contents/a.yml?ref=abc' -H 'Accept: application/vnd.github.raw'"
    )
    assert "gh api https://git.example.com:8443/api/v3/repos/acme/app/contents/a.yml" in said(
        gh_file(of(ENTERPRISE), "a.yml")
    )


@pytest.mark.parametrize(
    ("api", "given", "server"),
    [
        ("https://api.github.com", None, "https://github.com"),
        ("https://git.example.com/api/v3", None, "https://git.example.com"),
        ("https://api.acme.ghe.com", None, "https://acme.ghe.com"),
        ("https://api.git.example.com/api/v3", None, "https://api.git.example.com"),
        ("http://127.0.0.1:8080", None, "http://127.0.0.1:8080"),
        ("https://api.github.com", "https://git.example.com", "https://git.example.com"),
        ("https://api.github.com", "https://git.example.com/", "https://git.example.com"),
        ("https://api.github.com", "not an address", "https://github.com"),
    ],
)
def test_the_server_is_the_one_given_else_that_of_the_api(
    api: str, given: str | None, server: str
) -> None:
    assert github_server(api, given) == server


@pytest.mark.parametrize(
    "made",
    [
        gh(of(NOWHERE), "run", "list"),
        gh_file(of(NOWHERE), "a.yml"),
        gh_log(of(NOWHERE)),
        gh_secret_set(of(NOWHERE), Stored(name="X")),
        supabase(of(NOWHERE), "secrets", "list"),
        supabase_deploy(of(NOWHERE), verify_jwt=True),
        new_key(of(NOWHERE), Stored(name="X"), "X"),
        new_key(of(Names(project_ref=REF)), Stored(name="X"), "X"),
        new_key(of(Names(repository="acme/app")), Stored(name="X"), "X"),
    ],
)
def test_a_command_of_which_a_value_is_not_known_is_not_made(made: Any) -> None:
    assert made is None


def test_what_is_no_command_is_advice_in_words() -> None:
    whole = by_command("Set X", gh_secret_set(of(NAMES), Stored(name="X")), in_words="On GitHub.")
    words = by_command("Set X", None, in_words="On GitHub.")

    assert (whole.kind, whole.text) == (FixKind.SHELL, "gh secret set X --repo acme/app")
    assert (words.kind, words.text) == (FixKind.MANUAL, "On GitHub.")


def test_the_second_of_two_ways_is_marked_as_an_alternative() -> None:
    first, second = either(manual("One", "x"), manual("Other", "y"))

    assert (first.alternative, second.alternative) == (False, True)
    assert either(manual("One", "x")) == (manual("One", "x"),)


def test_a_secret_of_an_environment_is_set_there() -> None:
    placed = Stored(name="KEY", environment="prod eu")

    assert said(gh_secret_set(of(NAMES), placed)) == (
        "gh secret set KEY --repo acme/app --env 'prod eu'"
    )


def test_a_new_key_is_made_in_the_command_and_goes_to_both_sides() -> None:
    lines = said(new_key(of(NAMES), Stored(name="CALLERS", environment="prod"), "OWN")).splitlines()

    assert lines == [
        "K=$(openssl rand -hex 32)",
        'printf %s "$K" | gh secret set CALLERS --repo acme/app --env prod',
        f'supabase secrets set OWN="$K" --project-ref {REF} --yes',
    ]


def test_a_function_is_deployed_with_or_without_the_platforms_check() -> None:
    gated = said(supabase_deploy(of(NAMES), verify_jwt=True))
    open_ = said(supabase_deploy(of(NAMES), verify_jwt=False))

    assert gated == f"supabase functions deploy update-backup --yes --project-ref {REF}"
    assert "--no-verify-jwt" in open_


def test_the_store_is_asked_where_it_is() -> None:
    elsewhere = Names(s3_endpoint="https://store.example.com:9000")

    assert said(aws(of(NAMES), "s3", "ls")) == "aws s3 ls"
    assert said(aws(of(elsewhere), "s3", "ls")) == (
        "aws s3 ls --endpoint-url https://store.example.com:9000"
    )
    assert said(aws(of(NAMES), "s3", "ls").piped("grep", "-F", "--", "-a b")) == (
        "aws s3 ls | grep -F -- '-a b'"
    )


@pytest.mark.parametrize(
    ("conclusions", "failed"),
    [
        (("failure",), True),
        (("success", "timed_out"), True),
        (("cancelled",), False),
        (("success",), False),
        ((), False),
    ],
)
def test_only_a_run_with_failed_jobs_is_run_again_for_those(
    conclusions: tuple[str, ...], failed: bool
) -> None:
    jobs = tuple(
        Job(id=n, name="backup", status="completed", conclusion=one)
        for n, one in enumerate(conclusions)
    )
    made = said(gh_rerun(of(NAMES), Run(id=42), jobs))

    assert ("--failed" in made) is failed


def test_the_log_is_that_of_the_attempt_that_was_read() -> None:
    first, third = workflow(None), workflow(None, run=Run(id=42, attempt=3))

    assert said(gh_log(case(first, names=NAMES))) == "gh run view 42 --log --repo acme/app"
    assert said(gh_log(case(third, names=NAMES))) == "gh api repos/acme/app/actions/jobs/7/logs"


PROGRAMS = re.compile(r"(?:gh|aws|supabase|openssl) [a-z]")
CHECKS = Path(checks.__file__).parent


@pytest.mark.parametrize("path", sorted(CHECKS.rglob("*.py")), ids=lambda one: one.stem)
def test_no_rule_writes_a_command_as_a_text(path: Path) -> None:
    parts = ast.walk(ast.parse(path.read_text()))
    texts = [one.value for one in parts if isinstance(one, ast.Constant)]

    assert [one for one in texts if isinstance(one, str) and PROGRAMS.match(one)] == []


def test_the_doctors_own_command_is_for_the_project_that_was_chosen() -> None:
    chosen = case(names=Names(project="my shop"))

    assert said(doctor(chosen, "--run-id", "1")) == ("backup-doctor --project 'my shop' --run-id 1")
    assert said(doctor(case(), "--run-id", "1")) == "backup-doctor --run-id 1"
