"""Scripts in several files: what is run, sourced, imported or required is read as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backup_doctor.collect.script.reading import Surroundings, read
from tests.script.test_reading import prints, signature

if TYPE_CHECKING:
    from backup_doctor.collect.script.model import Script

PATCH_SH = 'code=$(curl -s -o /dev/null -w "%{http_code}" -X PATCH "$U/rest/v1/t" -d x)\necho "the file says $code"\n'
PATCH_MJS = "const r = await fetch(`${process.env.U}/rest/v1/t`, { method: 'PATCH' })\nconsole.log('the file says', r.status)\n"
PATCH_PY = "import os, requests\nr = requests.patch(os.environ['U'] + '/rest/v1/t')\nprint('the file says', r.status_code)\n"


def script(text: str, language: str = "bash", **files: str) -> Script:
    named = {name.replace("__", "/").replace("_dot_", "."): told for name, told in files.items()}
    found = read(text, language, Surroundings(resolve=named.get))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("command", "file", "text"),
    [
        ("./ops/update.sh", "ops__update_dot_sh", PATCH_SH),
        ("bash ops/update.sh now", "ops__update_dot_sh", PATCH_SH),
        ('bash "$GITHUB_WORKSPACE/ops/update.sh"', "ops__update_dot_sh", PATCH_SH),
        ("source ./ops/update.sh", "ops__update_dot_sh", PATCH_SH),
        (". ops/update.sh", "ops__update_dot_sh", PATCH_SH),
        ("cd ops && ./update.sh", "ops__update_dot_sh", PATCH_SH),
        ("node ops/update.mjs", "ops__update_dot_mjs", PATCH_MJS),
        ("node --no-warnings ./ops/update.mjs --now", "ops__update_dot_mjs", PATCH_MJS),
        ("npx tsx ops/update.ts", "ops__update_dot_ts", PATCH_MJS),
        ("timeout 60 python3 ops/update.py", "ops__update_dot_py", PATCH_PY),
        ("python -m ops.update", "ops__update_dot_py", PATCH_PY),
        ("uv run ops/update.py", "ops__update_dot_py", PATCH_PY),
    ],
)
def test_a_file_that_is_run_is_read(command: str, file: str, text: str) -> None:
    found = script(command, **{file: text})

    assert [call.target for call in found.calls] == ["t"]
    assert prints(found) == ["the file says <status0>"]
    assert found.prints[0].path == file.replace("__", "/").replace("_dot_", ".")
    assert found.prints[0].line in {2, 3}


def test_a_package_s_script_is_run() -> None:
    found = script(
        "npm run update",
        package_dot_json='{"scripts": {"update": "node scripts/update.mjs"}}',
        scripts__update_dot_mjs=PATCH_MJS,
    )

    assert prints(found) == ["the file says <status0>"]


def test_a_module_s_functions_are_called_where_they_are_used() -> None:
    found = script(
        """
        import { send } from './lib/send.js'
        const ok = await send('t')
        if (!ok) console.log('send was refused')
        """,
        "javascript",
        lib__send_dot_js="""
        export async function send(table) {
          const r = await fetch(`${process.env.U}/rest/v1/${table}`, { method: 'PATCH' })
          return r.ok
        }
        """,
    )

    assert [signature(call) for call in found.calls] == ["table-update fetch PATCH t"]
    assert found.calls[0].path == "lib/send.js"
    assert found.prints[0].branches[-1].failed


def test_a_module_that_is_required_is_read() -> None:
    found = script(
        "const { send } = require('./lib/send')\nsend('t')",
        "javascript",
        lib__send_dot_js="""
        module.exports = { send: (t) => fetch(`${u}/rest/v1/${t}`, { method: 'PATCH' }) }
        """,
    )

    assert [call.target for call in found.calls] == ["t"]


def test_a_python_module_of_the_repository_is_read() -> None:
    found = script(
        "from ops.client import patch\npatch('t')",
        "python",
        ops__client_dot_py="""
import os, requests
def patch(table):
    return requests.patch(f"{os.environ['U']}/rest/v1/{table}")
""",
    )

    assert [call.target for call in found.calls] == ["t"]


def test_a_sourced_library_s_function_is_known() -> None:
    found = script(
        'source "$(dirname "$0")/lib.sh"\npatch t',
        lib_dot_sh='patch() { curl -s -X PATCH "$U/rest/v1/$1" -d x; }',
    )

    assert [call.target for call in found.calls] == ["t"]


def test_a_file_that_cannot_be_had_is_named() -> None:
    found = script("./ops/missing.sh")

    assert found.calls == ()
    assert found.unread == ("./ops/missing.sh",)


def test_files_that_call_each_other_come_to_an_end() -> None:
    found = script("./a.sh", a_dot_sh="./b.sh", b_dot_sh="./a.sh\necho the end of b")

    assert prints(found) == ["the end of b"]


@pytest.mark.parametrize(
    "name", ["'./ci/patch.js'", "`${process.env.GITHUB_WORKSPACE}/ci/patch.js`"]
)
def test_a_module_that_is_a_function_is_called_wherever_it_is_required_from(name: str) -> None:
    found = script(
        f"const patch = require({name})\nawait patch({{ core }})",
        "javascript",
        ci__patch_dot_js="module.exports = async ({ core }) => {\n"
        "  const r = await fetch(`${process.env.U}/rest/v1/t`, { method: 'PATCH' })\n"
        "  core.info(`the file says ${r.status}`)\n}\n",
    )

    assert [signature(one) for one in found.calls] == ["table-update fetch PATCH t"]
    assert prints(found) == ["the file says <status0>"]


def test_what_a_script_sources_from_its_own_folder_is_looked_for_there_first() -> None:
    files = {
        "ops/a.sh": 'source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"\nupdate',
        "ops/lib.sh": f"update() {{\n{PATCH_SH}}}\n",
        "lib.sh": "update() { true; }\n",
    }
    asked: list[str] = []

    def resolve(path: str) -> str | None:
        asked.append(path)
        return files.get(path)

    found = read("./ops/a.sh", "bash", Surroundings(resolve=resolve))

    assert found is not None
    assert len(found.calls) == 1
    assert asked == ["ops/a.sh", "ops/lib.sh"]
