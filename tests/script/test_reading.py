"""The calls and the prints of scripts in many languages and shapes."""

from __future__ import annotations

import pytest

from backup_doctor.collect.script.model import Hole, Output, Print, Scheme, Script, ScriptCall
from backup_doctor.collect.script.reading import Surroundings, environment_of, language_of, read
from tests.script.samples import SAMPLES, Sample


def script(text: str, language: str = "bash", surroundings: Surroundings | None = None) -> Script:
    found = read(text, language, surroundings or Surroundings())
    assert found is not None
    return found


def signature(call: ScriptCall) -> str:
    return f"{call.kind.value} {call.client} {call.method} {call.target}"


def shown(one: Print) -> str:
    """A pattern with `<what of call>` where its holes are."""
    return "".join(
        part if isinstance(part, str) else f"<{part.what.value}{''.join(map(str, part.calls))}>"
        for part in one.pattern
    )


def prints(found: Script) -> list[str]:
    return [shown(one) for one in found.prints]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_the_calls_of_a_script_come_out_in_order(sample: Sample) -> None:
    found = script(sample.text, sample.language)

    assert tuple(signature(call) for call in found.calls) == sample.calls
    assert not found.partial


@pytest.mark.parametrize(
    ("told", "language"),
    [
        ("/usr/bin/bash -e {0}", "bash"),
        ("/usr/bin/bash --noprofile --norc -e -o pipefail {0}", "bash"),
        ("sh -e {0}", "bash"),
        ("/usr/bin/pwsh -command \". '{0}'\"", "powershell"),
        ("python {0}", "python"),
        ("github-script", "javascript"),
        ("node {0}", "javascript"),
        ("perl {0}", None),
    ],
)
def test_the_language_is_told_by_the_step_s_shell(told: str, language: str | None) -> None:
    assert language_of(told) == language


def test_a_language_that_is_none_of_ours_is_not_read() -> None:
    assert read("print 1", "perl") is None


def test_a_status_that_is_asked_for_beside_the_answer_is_known_by_its_variable() -> None:
    found = script(
        """
        r=$(curl -s -w '\\n%{http_code}' "$U/functions/v1/f" -d x)
        code=$(tail -n1 <<< "$r")
        body=$(sed '$d' <<< "$r")
        echo "the status was $code"
        echo "the answer was $body"
        """
    )

    assert found.calls[0].status_in == ("code",)
    assert found.calls[0].answer_in == ("body",)
    assert prints(found) == ["the status was <status0>", "the answer was <answer0>"]


@pytest.mark.parametrize(
    "cut",
    [
        "${r: -3}",
        "${r##*$'\\n'}",
        '$(echo "$r" | tail -1)',
        '$(echo "$r" | tail -n 1)',
        "$(printf '%s' \"$r\" | awk 'END{print}')",
        '$(tail -c 4 <<< "$r")',
    ],
)
def test_a_status_is_cut_off_in_many_ways(cut: str) -> None:
    found = script(
        f"""r=$(curl -s -w '\\n%{{http_code}}' -X PATCH "$U/rest/v1/t" -d x)
code={cut}
echo "status $code"
"""
    )

    assert prints(found) == ["status <status0>"]


def test_a_failure_s_branch_is_told_from_a_success_s() -> None:
    found = script(
        """
        code=$(curl -s -o /dev/null -w '%{http_code}' -X PATCH "$U/rest/v1/t" -d x)
        if [ "$code" -ge 200 ] && [ "$code" -lt 300 ]; then echo "fine"; else echo "not fine"; fi
        """
    )

    well, ill = found.prints
    assert well.branches[-1].worked
    assert ill.branches[-1].failed


def test_what_stands_behind_an_early_exit_is_reached_after_a_success_alone() -> None:
    found = script(
        """
        const { error } = await supabase.from('t').update({ status: 'success' }).eq('id', 1)
        if (error) process.exit(1)
        console.log('behind the exit')
        """,
        "javascript",
    )

    assert found.prints[0].branches[-1].worked


def test_a_function_s_value_tells_how_its_call_ended() -> None:
    found = script(
        """
        call() { curl -sf -o /dev/null -X PATCH "$U/rest/v1/t" -d x; }
        if call; then echo "it has worked"; else echo "it has failed"; fi
        """
    )

    assert [one.branches[-1].worked for one in found.prints] == [True, False]


@pytest.mark.parametrize("end", ["|| true", "|| echo 'neither worked'", ""])
def test_what_follows_a_list_of_programs_that_fail_tells_of_none_of_them(end: str) -> None:
    found = script(
        f"""
        set +e
        curl -sf -X POST "$U/functions/v1/f" -d x >/dev/null ||
          curl -sf -X PATCH "$U/rest/v1/t" -d x >/dev/null {end}
        echo "Backup recorded"
        """
    )

    assert found.prints[-1].branches == ()


@pytest.mark.parametrize(
    ("pattern", "tells"),
    [("success", False), ('"success"', False), ('"success":true', True), ("successfully", True)],
)
def test_the_name_of_a_field_that_a_failure_has_too_tells_no_success(
    pattern: str, *, tells: bool
) -> None:
    found = script(
        f"""
        out=$(curl -s -X POST "$U/functions/v1/f" -d x)
        if echo "$out" | grep -q '{pattern}'; then echo "all is well"; fi
        """
    )

    assert any(one.worked for one in found.prints[0].branches) is tells


@pytest.mark.parametrize("options", ["", "-I{} ", "-I {} ", "-0 -n 1 -P 4 "])
def test_what_xargs_runs_is_a_call_of_the_script(options: str) -> None:
    found = script(f'echo "$ID" | xargs {options}curl -sf -X POST "$U/functions/v1/f" -d x')

    assert [(one.kind.value, one.target) for one in found.calls] == [("function", "f")]


def test_a_variable_that_is_set_on_one_way_tells_the_way() -> None:
    found = script(
        """
        done=no
        code=$(curl -s -o /dev/null -w '%{http_code}' -X PATCH "$U/rest/v1/t" -d x)
        if [ "$code" = 204 ]; then done=yes; fi
        if [ "$done" = yes ]; then echo "row is done"; else echo "row is not done"; fi
        """
    )

    assert [one.branches[-1].worked for one in found.prints] == [True, False]


@pytest.mark.parametrize(
    ("redirect", "output"),
    [
        ("", Output.SHOWN),
        (" > /dev/null", Output.DISCARDED),
        (" -o /dev/null", Output.DISCARDED),
        (" > answer.json", Output.FILED),
        (" -o answer.json", Output.FILED),
    ],
)
def test_where_the_answer_goes_is_known(redirect: str, output: Output) -> None:
    found = script(f'curl -s "$U/functions/v1/f" -d x{redirect}')

    assert found.calls[0].output is output


def test_an_answer_in_a_variable_is_captured() -> None:
    assert script('x=$(curl -s "$U/functions/v1/f")').calls[0].output is Output.CAPTURED


@pytest.mark.parametrize(
    ("option", "scheme", "header"),
    [
        ('-H "Authorization: Bearer $KEY"', Scheme.BEARER, "authorization"),
        ('-H "apikey: $KEY"', Scheme.HEADER, "apikey"),
        ('-H "X-Backup-Token: $KEY"', Scheme.HEADER, "x-backup-token"),
        ('--oauth2-bearer "$KEY"', Scheme.BEARER, "authorization"),
        ('-u "me:$KEY"', Scheme.BASIC, "authorization"),
        (
            '-H "X-Signature: $(printf x | openssl dgst -sha256 -hmac "$KEY")"',
            Scheme.SIGNATURE,
            "x-signature",
        ),
    ],
)
def test_which_variable_goes_into_which_header(option: str, scheme: Scheme, header: str) -> None:
    (auth,) = script(f'curl -s "$U/functions/v1/f" {option} -d x').calls[0].auth

    assert (auth.scheme, auth.header, auth.variable) == (scheme, header, "KEY")


def test_a_call_without_a_key_has_none() -> None:
    assert script('curl -s "$U/functions/v1/f" -d x').calls[0].auth == ()


def test_a_variable_of_the_step_leads_to_its_secret() -> None:
    env = environment_of({"TOKEN": "${{ secrets.VITE_SERVICE_ROLE_KEY }}"})
    found = script(
        'curl "$U/rest/v1/t" -H "apikey: $TOKEN"', surroundings=Surroundings(environment=env)
    )

    (auth,) = found.calls[0].auth
    assert (auth.variable, auth.secret) == ("TOKEN", "VITE_SERVICE_ROLE_KEY")


def test_a_variable_that_holds_another_leads_to_it() -> None:
    found = script(
        "const key = process.env.BACKUP_API_KEY\n"
        "await fetch(`${u}/functions/v1/f`, { headers: { Authorization: `Bearer ${key}` } })",
        "javascript",
    )

    assert found.calls[0].auth[0].variable == "BACKUP_API_KEY"


@pytest.mark.parametrize(
    ("body", "column", "value"),
    [
        ("""-d '{"status":"success"}'""", "status", "success"),
        ('''-d "{\\"status\\": \\"completed\\"}"''', "status", "completed"),
        ('''-d "$(jq -n '{status: "partial"}')"''', "status", "partial"),
        ("""--data @payload.json""", "status", "done"),
        ("""--json '{"status":"ok"}'""", "status", "ok"),
    ],
)
def test_the_status_word_that_is_written(body: str, column: str, value: str) -> None:
    found = script(
        f"""
        cat > payload.json <<EOF
        {{"status": "done", "id": "$ID"}}
EOF
        curl -s -X PATCH "$U/rest/v1/t" {body}
        """
    )

    assert found.calls[0].written(column) == value


def test_a_status_word_comes_through_a_variable() -> None:
    found = script(
        "STATUS = 'success'\nimport requests\nrequests.patch(u + '/rest/v1/t', json={'status': STATUS})",
        "python",
    )

    assert found.calls[0].written("status") == "success"


@pytest.mark.parametrize(
    ("statement", "language"),
    [
        ('echo "the key is $S3_KEY, $BACKUP_SIZE bytes for $DISPATCH_ID"', "bash"),
        (
            'printf "the key is %s, %d bytes for %s\\n" "$S3_KEY" "$BACKUP_SIZE" "$DISPATCH_ID"',
            "bash",
        ),
        (
            """
            const { S3_KEY, BACKUP_SIZE, DISPATCH_ID } = process.env
            console.log(`the key is ${S3_KEY}, ${BACKUP_SIZE} bytes for ${DISPATCH_ID}`)
            """,
            "javascript",
        ),
        (
            """
            const env = process.env
            console.log('the key is %s, %d bytes for %s', env.S3_KEY, env.BACKUP_SIZE, env.DISPATCH_ID)
            """,
            "javascript",
        ),
        (
            """
from os import environ as e
print('the key is {}, {} bytes for {}'.format(e['S3_KEY'], e['BACKUP_SIZE'], e['DISPATCH_ID']))
            """,
            "python",
        ),
        (
            """
from os import environ as e
print('the key is %s, %s bytes for %s' % (e['S3_KEY'], e['BACKUP_SIZE'], e.get('DISPATCH_ID')))
            """,
            "python",
        ),
        (
            'Write-Host "the key is $env:S3_KEY, $($env:BACKUP_SIZE) bytes for $env:DISPATCH_ID"',
            "powershell",
        ),
        (
            'Write-Output ("the key is {0}, {1} bytes for {2}" -f $env:S3_KEY, $env:BACKUP_SIZE, $env:DISPATCH_ID)',
            "powershell",
        ),
    ],
)
def test_what_fills_a_hole_is_told_by_its_variable(statement: str, language: str) -> None:
    assert prints(script(statement, language)) == [
        "the key is <key>, <size> bytes for <dispatch-id>"
    ]


@pytest.mark.parametrize(
    ("statement", "language", "pattern"),
    [
        ('echo "::error file=a.sh,line=3::it broke"', "bash", "##[error]it broke"),
        ('echo "::warning::careful $X"', "bash", "##[warning]careful <variable>"),
        ("core.setFailed('it broke')", "javascript", "##[error]it broke"),
        ("console.log('::error::it broke')", "javascript", "##[error]it broke"),
        ("core.warning('careful')", "javascript", "##[warning]careful"),
        ('Write-Warning "careful"', "powershell", "WARNING: careful"),
    ],
)
def test_a_workflow_command_is_known_as_the_log_shows_it(
    statement: str, language: str, pattern: str
) -> None:
    assert prints(script(statement, language)) == [pattern]


@pytest.mark.parametrize(
    "statement",
    [
        'echo "hidden" > /dev/null',
        'echo "key=value" >> "$GITHUB_OUTPUT"',
        '{ echo "a long text"; echo more; } >> $GITHUB_STEP_SUMMARY',
        'echo "::add-mask::$SECRET"',
        'x=$(echo "only a value")',
        'echo "never read" > some.file',
    ],
)
def test_what_never_comes_into_the_log_is_no_print(statement: str) -> None:
    assert prints(script(statement)) == []


def test_a_here_document_s_lines_have_their_own_numbers() -> None:
    found = script("cat <<EOF\nfirst line\nsecond $X\nEOF\n")

    assert [(shown(one), one.line) for one in found.prints] == [
        ("first line", 2),
        ("second <variable>", 3),
    ]


def test_a_print_through_a_helper_stands_where_its_words_do() -> None:
    found = script('log() {\n  echo "[step] $1"\n}\nlog "words of line four"\n')

    assert found.prints[0].line == 4


def test_a_script_in_double_quotes_is_unescaped_first() -> None:
    found = script(
        "node -e \"\nconst r = await fetch(\\`\\${process.env.U}/rest/v1/t\\`, { method: 'PATCH' })\n"
        'console.log(\\"the code is \\" + r.status)\n"\n'
    )

    assert signature(found.calls[0]) == "table-update fetch PATCH t"
    assert [(shown(one), one.line) for one in found.prints] == [("the code is <status0>", 3)]


def test_a_shell_s_variable_inside_an_embedded_script_is_known() -> None:
    found = script(
        'FN=update-backup\npython3 -c "\nimport requests\n'
        "r = requests.post('$BASE/functions/v1/$FN')\nprint('code', r.status_code)\n\"\n"
    )

    assert found.calls[0].target == "update-backup"
    assert found.calls[0].url == "<BASE>/functions/v1/update-backup"


def test_a_hole_knows_which_part_of_the_error_it_is() -> None:
    found = script(
        "const { error } = await db.rpc('f', {})\n"
        "if (error) console.error('rpc is broken', error.code, error.details, error.hint)",
        "javascript",
    )

    holes = [part for part in found.prints[0].pattern if isinstance(part, Hole)]
    assert [(hole.what.value, hole.part, hole.calls) for hole in holes] == [
        ("error", "code", (0,)),
        ("error", "details", (0,)),
        ("error", "hint", (0,)),
    ]


def test_a_logger_writes_before_its_words() -> None:
    found = script(
        "import logging\nlog = logging.getLogger('x')\nlog.error('call failed: %s', code)", "python"
    )

    assert found.prints[0].prefixed
    assert prints(found) == ["call failed: <unknown>"]


def test_a_loop_over_things_is_followed_for_each_of_them() -> None:
    found = script(
        """
        for table in first second; do
          curl -s -X PATCH "$U/rest/v1/$table" -d x
        done
        """
    )

    assert [call.target for call in found.calls] == ["first", "second"]


def test_a_loop_of_attempts_is_one_call_that_is_repeated() -> None:
    found = script('for i in 1 2 3; do curl -s "$U/functions/v1/f" -d x && break; done')

    assert [call.repeated for call in found.calls] == [True]


CLIENTS = [
    ("bash", 'curl -XPOST "$U/functions/v1/f" -d x', "function curl POST f"),
    ("bash", 'curl --request=PATCH --url "$U/rest/v1/t" --data-raw x', "table-update curl PATCH t"),
    ("bash", 'curl -sSfX PATCH -H "a: b" -dx "$U/rest/v1/t"', "table-update curl PATCH t"),
    ("bash", 'curl -G "$U/rest/v1/t" -d select=id', "look-up curl GET t"),
    ("bash", 'curl -I "$U/rest/v1/t"', "look-up curl HEAD t"),
    ("bash", 'curl -T a.zip "$U/storage/v1/object/b/a.zip"', "upload curl PUT b/a.zip"),
    (
        "bash",
        'curl -H "Prefer: resolution=merge-duplicates" -d x "$U/rest/v1/t"',
        "upsert curl POST t",
    ),
    ("bash", 'curl "https://$REF.functions.supabase.co/f" -d x', "function curl POST f"),
    ("bash", 'curl "$UPDATE_FUNCTION_URL" -d x', "function curl POST None"),
    (
        "bash",
        'curl "$U/rest/v1/t" -d \'{"status":"failed"}\' -X PATCH',
        "marks-failed curl PATCH t",
    ),
    ("bash", 'C="curl -s"; $C "$U/functions/v1/f" -d x', "function curl POST f"),
    ("bash", 'timeout 30 curl "$U/functions/v1/f" -d x', "function curl POST f"),
    ("bash", 'retry() { "$@"; }; retry curl "$U/functions/v1/f" -d x', "function curl POST f"),
    ("bash", 'bash -c "curl $U/functions/v1/f -d x"', "function curl POST f"),
    ("bash", 'wget -q --post-data=x -O - "$U/functions/v1/f"', "function wget POST f"),
    ("bash", 'http PATCH "$U/rest/v1/t" status=done', "table-update httpie PATCH t"),
    ("bash", "psql -c 'SELECT finish_backup(1)'", "rpc psql SELECT finish_backup"),
    ("bash", 'psql -tAc "select id from t where a = 1"', "look-up psql SELECT t"),
    (
        "bash",
        "supabase db query --yes \"UPDATE t SET status = 'success'\"",
        "sql supabase UPDATE t",
    ),
    ("bash", "psql -c \"INSERT INTO t (status) VALUES ('success')\"", "sql psql INSERT t"),
    ("bash", 'aws s3 cp a.zip "s3://$B/a.zip" --only-show-errors', "upload aws cp s3://<B>/a.zip"),
    (
        "bash",
        'aws s3 cp a.zip "s3://$B/a.zip" --cli-read-timeout 60 --checksum-algorithm CRC32',
        "upload aws cp s3://<B>/a.zip",
    ),
    ("bash", 'aws --endpoint-url "$E" s3 cp a.zip "s3://$B/a.zip"', "upload aws cp s3://<B>/a.zip"),
    ("bash", "gh api -X POST repos/a/b/dispatches", "other gh POST repos/a/b/dispatches"),
    ("javascript", "await axios.post(`${u}/functions/v1/f`, {})", "function axios POST f"),
    (
        "javascript",
        "await axios.request({ method: 'PATCH', url: u + '/rest/v1/t' })",
        "table-update axios PATCH t",
    ),
    (
        "javascript",
        "import got from 'got'\nawait got.post(u + '/functions/v1/f', { json: {} })",
        "function got POST f",
    ),
    (
        "javascript",
        "import ky from 'ky'\nawait ky.patch('rest/v1/t', { prefixUrl: u })",
        "table-update ky PATCH t",
    ),
    (
        "javascript",
        "import { request } from 'undici'\nawait request(u + '/functions/v1/f', { method: 'POST' })",
        "function undici POST f",
    ),
    (
        "javascript",
        "const f = require('node-fetch')\nawait f(`${u}/rest/v1/rpc/p`, { method: 'POST' })",
        "rpc fetch POST p",
    ),
    (
        "javascript",
        "await supabase.storage.from('b').upload('k', file)",
        "upload supabase-js POST b/k",
    ),
    ("javascript", "await supabase.schema('x').from('t').insert({})", "insert supabase-js POST t"),
    (
        "javascript",
        "await this.db.from('t').update({ status: 'success' })",
        "table-update supabase-js PATCH t",
    ),
    ("javascript", "await pool.query('UPDATE t SET a = 1')", "sql database UPDATE t"),
    (
        "javascript",
        "const { execSync } = require('child_process')\nexecSync(`curl ${u}/functions/v1/f -d x`)",
        "function curl POST f",
    ),
    (
        "javascript",
        "await exec.exec('curl', ['-X', 'PATCH', `${u}/rest/v1/t`])",
        "table-update curl PATCH t",
    ),
    (
        "typescript",
        "const r: Response = await fetch(`${u}/rest/v1/t` as string, <RequestInit>{ method: 'PATCH' })",
        "table-update fetch PATCH t",
    ),
    (
        "python",
        "import requests\nrequests.request('PATCH', f'{u}/rest/v1/t')",
        "table-update requests PATCH t",
    ),
    (
        "python",
        "from requests import post\npost(u + '/functions/v1/f')",
        "function requests POST f",
    ),
    (
        "python",
        "import httpx\nwith httpx.Client(base_url=u) as c:\n    c.post('/functions/v1/f')",
        "function httpx POST f",
    ),
    (
        "python",
        "import aiohttp\nasync with aiohttp.ClientSession() as s:\n    async with s.patch(u + '/rest/v1/t') as r:\n        pass",
        "table-update aiohttp PATCH t",
    ),
    (
        "python",
        "import urllib3\nurllib3.PoolManager().request('POST', u + '/functions/v1/f')",
        "function urllib3 POST f",
    ),
    (
        "python",
        "from urllib.request import urlopen\nurlopen(u + '/functions/v1/f', data=b'x')",
        "function urllib POST f",
    ),
    ("python", "db.rpc('p', {}).execute()", "rpc supabase-py POST p"),
    (
        "python",
        "db.functions.invoke('f', invoke_options={'body': {}})",
        "function supabase-py POST f",
    ),
    ("python", "cur.execute('UPDATE t SET a = %s', (1,))", "sql database UPDATE t"),
    (
        "python",
        "import subprocess\nsubprocess.run(['curl', '-d', 'x', f'{u}/functions/v1/f'])",
        "function curl POST f",
    ),
    ("python", "import os\nos.system('aws s3 cp a s3://b/a')", "upload aws cp s3://b/a"),
    ("powershell", 'irm "$u/functions/v1/f" -Method Post', "function Invoke-RestMethod POST f"),
    ("powershell", 'curl.exe -X PATCH "$env:U/rest/v1/t"', "table-update curl PATCH t"),
]


@pytest.mark.parametrize(("language", "text", "expected"), CLIENTS)
def test_a_client_is_known_in_many_forms(language: str, text: str, expected: str) -> None:
    assert [signature(call) for call in script(text, language).calls] == [expected]


def test_the_rest_of_an_object_that_is_taken_apart_keeps_its_fields() -> None:
    found = script(
        "const call = (url, { token, ...options }) =>\n"
        "  fetch(url, { ...options, headers: { apikey: token } })\n"
        "await call('https://x/rest/v1/t?id=eq.1',"
        " { token: 'a', method: 'PATCH', body: JSON.stringify({ status: 'success' }) })",
        "javascript",
    )

    assert [signature(one) for one in found.calls] == ["table-update fetch PATCH t"]
    assert found.calls[0].written("status") == "success"


@pytest.mark.parametrize(
    ("statement", "language", "pattern"),
    [
        (
            "console.log(JSON.stringify({ level: 'warn', n: 2, status: r.status, body: await r.text() }))",
            "javascript",
            '{"level":"warn","n":"2","status":<status0>,"body":<answer0>}',
        ),
        (
            "print(json.dumps({'level': 'warn', 'text': f'it gave {r.status_code}', 'body': r.text}))",
            "python",
            '{"level": "warn", "text": "it gave <status0>", "body": <answer0>}',
        ),
        ("console.log(JSON.stringify({ r: await r.json() }, null, 2))", "javascript", "<answer0>"),
    ],
)
def test_what_is_printed_as_json_is_known_by_its_fields(
    statement: str, language: str, pattern: str
) -> None:
    call = {
        "javascript": "const r = await fetch('https://x/functions/v1/f', { method: 'POST' })\n",
        "python": "import json, requests\nr = requests.post('https://x/functions/v1/f')\n",
    }

    assert prints(script(call[language] + statement, language)) == [pattern]


@pytest.mark.parametrize(
    "statement",
    [
        "requests.get('https://x/rest/v1/t', params={'id': 'eq.1', 'select': 'id'})",
        "httpx.Client(base_url='https://x').get('/rest/v1/t', params={'id': 'eq.1', 'select': 'id'})",
        "requests.get('https://x/rest/v1/t?id=eq.1', params={'select': 'id'})",
    ],
)
def test_a_query_that_stands_beside_the_address_is_part_of_it(statement: str) -> None:
    found = script(f"import requests, httpx\n{statement}", "python")

    assert found.calls[0].url == "https://x/rest/v1/t?id=eq.1&select=id"


def test_several_variables_are_set_in_one_line() -> None:
    found = script(
        'send() {\n  method=$1 where=$2\n  shift 2\n  curl -X "$method" "$U$where" "$@"\n}\n'
        "send POST /functions/v1/f -d x"
    )

    assert [signature(one) for one in found.calls] == ["function curl POST f"]


def test_variables_that_are_set_for_one_command_are_its_own() -> None:
    found = script('method=PATCH \\\n  send "$U/rest/v1/t"\ncurl -X "$method" "$U/rest/v1/t"')

    assert [one.method for one in found.calls] == ["<METHOD>"]
