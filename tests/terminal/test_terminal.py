"""The terminal runs what is typed as it stands, by programs that are known, and counts them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.terminal import MISSING, Login, Terminal

if TYPE_CHECKING:
    from backup_doctor.demo.world import World

pytestmark = pytest.mark.skipif(
    bool(MISSING), reason=f"not installed: {', '.join(MISSING)} (make programs)"
)


def test_a_program_that_nobody_promised_is_not_there(terminal: Terminal) -> None:
    ended = terminal.shell("jq --version")

    assert (ended.code, "command not found" in ended.said) == (127, True)


def test_a_value_that_is_left_to_the_reader_ends_the_command(terminal: Terminal) -> None:
    ended = terminal.shell('printf %s "$BACKUP_API_KEY"')

    assert (ended.code, "unbound variable" in ended.said) == (1, True)


def test_the_first_line_that_fails_ends_the_rest(terminal: Terminal) -> None:
    ended = terminal.shell("printf %s one | grep two\nprintf three")

    assert (ended.code, ended.said) == (1, "")


def test_each_program_that_ran_is_counted(terminal: Terminal, world: World) -> None:
    terminal.shell("openssl rand -hex 4 | grep .")
    terminal.shell(f"gh secret list --repo {terminal.host}/acme/app")
    for path in ("actions/runs", "actions/workflows"):
        terminal.shell(f"gh api https://{terminal.host}/api/v3/repos/acme/app/{path}")
    terminal.sql("SELECT 1")

    assert terminal.used == {
        "gh api": 2,
        "gh secret list": 1,
        "grep": 1,
        "openssl": 1,
        "psql": 1,
    }


def test_a_reader_changes_nothing(terminal: Terminal, world: World) -> None:
    key = world.objects()[0]
    bucket = f"--bucket {world.bucket.name} --endpoint-url {world.bucket.endpoint}"
    refused = [
        terminal.sql("UPDATE public.backup_history SET status = 'failed'", Login.READER),
        terminal.shell(f"printf x | gh secret set X --repo {terminal.host}/acme/app", Login.READER),
        terminal.shell(
            f"supabase secrets set A=b --project-ref {world.project.ref} --yes", Login.READER
        ),
        terminal.shell(f"aws s3api delete-object --key {key} {bucket}", Login.READER),
    ]

    assert [ended.code != 0 for ended in refused] == [True] * 4
    assert world.objects() == [key]


def test_aws_has_to_be_told_of_an_endpoint_of_its_own(terminal: Terminal, world: World) -> None:
    listing = f"aws s3 ls s3://{world.bucket.name}"

    assert "Could not connect" in terminal.shell(listing).said
    assert terminal.shell(f"{listing} --endpoint-url {world.bucket.endpoint}").code == 0


def test_the_supabase_cli_finds_the_worlds_project(terminal: Terminal, world: World) -> None:
    set_it = f"supabase secrets set BACKUP_API_KEY=n3w --project-ref {world.project.ref} --yes"

    assert terminal.shell(set_it).code == 0
    assert world.project.function_secrets["BACKUP_API_KEY"].value == "n3w"
