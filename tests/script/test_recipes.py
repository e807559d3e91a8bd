"""Recipes that a command runner has in a file of its own are read where a step runs them."""

from __future__ import annotations

import pytest

from backup_doctor.collect.script.model import CallKind
from tests.script.test_files import PATCH_SH, script
from tests.script.test_reading import prints, shown, signature

MAKEFILE = """\
SHELL := /bin/bash
TABLE = t
export BASE := $(U)/rest/v1

.PHONY: all backup update

all: backup update

backup:
\t@pg_dump > dump.sql

# tells the table
update: backup
\t@code=$$(curl -s -o /dev/null -w '%{http_code}' -X PATCH "$(BASE)/$(TABLE)" -d x); \\
\t  echo "make says $$code"
\t-@rm dump.sql
"""
JUSTFILE = """\
base := env_var('U')

# tells the table
update table='t': dump
    @code=$(curl -s -o /dev/null -w '%{http_code}' -X PATCH "{{base}}/rest/v1/{{table}}" -d x); \\
      echo "just says $code"

dump:
    pg_dump > dump.sql
"""
TASKFILE = """\
version: '3'
vars: {TABLE: t}
tasks:
  dump: pg_dump > dump.sql
  update:
    deps: [dump]
    cmds:
      - |
        code=$(curl -s -o /dev/null -w '%{http_code}' -X PATCH "$U/rest/v1/{{.TABLE}}" -d x)
        echo "task says $code"
"""


@pytest.mark.parametrize(
    ("command", "name", "text", "says"),
    [
        ("make update", "Makefile", MAKEFILE, "make says <status1>"),
        ("make", "Makefile", MAKEFILE, "make says <status1>"),
        ("make -C ops update TABLE=t", "ops/Makefile", MAKEFILE, "make says <status1>"),
        ("make -f ops/db.mk update", "ops/db.mk", MAKEFILE, "make says <status1>"),
        ("cd ops && make -s update", "ops/Makefile", MAKEFILE, "make says <status1>"),
        ("just update t", "justfile", JUSTFILE, "just says <status1>"),
        ("task update", "Taskfile.yml", TASKFILE, "task says <status1>"),
    ],
)
def test_a_recipe_is_read_with_those_that_it_needs(
    command: str, name: str, text: str, says: str
) -> None:
    found = script(command, **{name.replace("/", "__").replace(".", "_dot_"): text})

    assert [one.kind for one in found.calls] == [CallKind.OTHER, CallKind.TABLE_UPDATE]
    assert found.calls[1].target == "t"
    assert says in prints(found)
    assert found.calls[1].path == name
    assert not found.unread


def test_what_stands_behind_a_failed_command_is_not_reached() -> None:
    found = script(
        "make update",
        Makefile='update:\n\t@curl -sf -X PATCH "$(U)/rest/v1/t" -d x\n\t@echo told\n',
    )

    told = {shown(one): one.branches for one in found.prints}
    assert [signature(call) for call in found.calls] == ["table-update curl PATCH t"]
    assert told["told"]


def test_what_make_shows_before_it_runs_it_is_no_answer() -> None:
    found = script(
        "make update",
        Makefile='update:\n\tcurl -sf -X PATCH "$(U)/rest/v1/t" -d "{\\"status\\":\\"$$S\\"}"\n',
    )

    assert (
        prints(found)[0] == 'curl -sf -X PATCH "<variable>/rest/v1/t" -d "{\\"status\\":\\"$S\\"}"'
    )


def test_a_recipe_runs_a_file_of_the_repository() -> None:
    found = script("make update", Makefile="update:\n\t@./u.sh\n", u_dot_sh=PATCH_SH)

    assert prints(found) == ["the file says <status0>"]


@pytest.mark.parametrize(
    "text", ["", "update: update\n\t@make update\n", "ifdef X\nupdate:\n\t@curl $(U)\nendif\n"]
)
def test_a_makefile_that_cannot_be_followed_is_unread(text: str) -> None:
    assert script("make update", Makefile=text).unread


@pytest.mark.parametrize(
    "command",
    [
        "npm --prefix web run update",
        "cd web && npm run update",
        "yarn --cwd web update",
        "pnpm -C web run update",
    ],
)
def test_a_package_s_script_is_run_in_its_folder(command: str) -> None:
    found = script(
        command, web__package_dot_json='{"scripts": {"update": "./u.sh"}}', web__u_dot_sh=PATCH_SH
    )

    assert prints(found) == ["the file says <status0>"]


def test_a_package_s_script_gets_the_arguments_behind_it() -> None:
    found = script(
        "npm run update -- t2",
        package_dot_json='{"scripts": {"update": "bash u.sh"}}',
        u_dot_sh=PATCH_SH.replace("v1/t", "v1/$1"),
    )

    assert found.calls[0].target == "t2"


def test_without_a_makefile_nothing_is_known_of_make() -> None:
    assert script("make update").unread == ("Makefile",)
