"""What the pipeline's secrets are called, whether it calls a function, and how it shows its key there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from backup_doctor.collect.workflow.file import read_workflow
from backup_doctor.evidence.base import Shown, Unseen
from backup_doctor.evidence.case import Names
from backup_doctor.evidence.log import NOT_SAID, Attempt
from backup_doctor.evidence.secrets import Level, SecretLevel, StoredSecret
from backup_doctor.judge.commands import Stored
from backup_doctor.judge.history.function_calls import Shows, calls_function, shows_key
from backup_doctor.judge.history.probing import why_not_posted
from backup_doctor.judge.history.secret_names import (
    called,
    function_secret_name,
    opening,
    place_of,
    secret_name,
)
from backup_doctor.services.secret_uses import Use, use_of
from tests.judgement.asking import finding
from tests.judgement.cases import (
    NOT_THERE,
    ahead,
    call,
    case,
    finished_row,
    function,
    log,
    row,
    secrets,
    workflow,
)

if TYPE_CHECKING:
    from backup_doctor.evidence.workflow import WorkflowFile

NOTHING_LISTED = secrets(levels=NOT_THERE, function_key=NOT_THERE)


@pytest.mark.parametrize(
    ("name", "use"),
    [
        ("SUPABASE_SERVICE_ROLE_KEY", Use.SERVICE_KEY),
        ("VITE_SUPABASE_SERVICE_ROLE_KEY", Use.SERVICE_KEY),
        ("SUPABASE_SERVICE_KEY", Use.SERVICE_KEY),
        ("SUPABASE_SECRET_KEY", Use.SERVICE_KEY),
        ("SUPABASE_KEY", Use.SERVICE_KEY),
        ("SUPABASE_ANON_KEY", None),
        ("NEXT_PUBLIC_SUPABASE_URL", Use.URL),
        ("SUPABASE_DB_URL", Use.DATABASE_URL),
        ("DATABASE_URL", Use.DATABASE_URL),
        ("SUPABASE_URI", Use.DATABASE_URL),
        ("BACKUP_API_KEY", Use.FUNCTION_KEY),
        ("BACKUP_KEY", Use.FUNCTION_KEY),
        ("EDGE_FUNCTION_SECRET", Use.FUNCTION_KEY),
        ("BACKUP_ENCRYPTION_KEY", None),
        ("BACKUP_S3_KEY", None),
        ("AWS_ACCESS_KEY_ID", Use.ACCESS_KEY_ID),
        ("R2_SECRET_ACCESS_KEY", Use.SECRET_ACCESS_KEY),
        ("S3_ACCESS_KEY", Use.ACCESS_KEY_ID),
        ("S3_SECRET_KEY", Use.SECRET_ACCESS_KEY),
        ("BACKUP_AWS_KEY", Use.ACCESS_KEY_ID),
        ("BACKUP_AWS_SECRET", Use.SECRET_ACCESS_KEY),
        ("B2_APPLICATION_KEY_ID", Use.ACCESS_KEY_ID),
        ("B2_APPLICATION_KEY", Use.SECRET_ACCESS_KEY),
        ("S3_KEY", None),
        ("NPM_TOKEN", None),
    ],
)
def test_a_name_tells_what_the_secret_is_for(name: str, use: Use | None) -> None:
    assert use_of(name) is use


def read(text: str) -> WorkflowFile:
    """A workflow as the doctor reads it; its update step bears the guide's name."""
    return read_workflow(
        ".github/workflows/backup.yml",
        text.encode(),
        step="Update backup_history via Edge Function",
        function="update-backup",
    )


JOB = """
on: workflow_dispatch
env:
  {wide}: x
jobs:
  backup:
    env: {{{job}}}
    steps:
      - name: Update backup_history via Edge Function
        run: {run}
        env: {{{step}}}
"""


def handing(
    *, wide: str = "A", job: str = "", step: str = "", run: str = "bash u.sh"
) -> WorkflowFile:
    return read(JOB.format(wide=wide, job=job, step=step, run=run))


def named(file: Any, use: Use = Use.SERVICE_KEY, **names: Any) -> str | None:
    one = case(
        NOTHING_LISTED, workflow(None, file=file), names=Names(repository="acme/app", **names)
    )
    return secret_name(one, use)


VITE = "VITE_SUPABASE_SERVICE_ROLE_KEY"
SERVICE = 'SUPABASE_SERVICE_ROLE_KEY: "${{ secrets.PROD }}"'


@pytest.mark.parametrize(
    ("file", "name"),
    [
        (handing(step=SERVICE), "PROD"),
        (handing(job=SERVICE), "PROD"),
        (handing(step='KEY_A: "${{ secrets.SUPABASE_SERVICE_KEY }}"'), "SUPABASE_SERVICE_KEY"),
        (handing(run="'curl -H \"apikey: ${{ secrets.VITE_SUPABASE_SERVICE_ROLE_KEY }}\"'"), VITE),
        (
            handing(step='A: "${{ secrets.SUPABASE_KEY }}", B: "${{ secrets.SERVICE_ROLE_KEY }}"'),
            None,
        ),
        (
            handing(step=f'{SERVICE}, SUPABASE_KEY: "${{{{ secrets.OTHER }}}}"'),
            "PROD",
        ),
        (handing(step='NPM_TOKEN: "${{ secrets.NPM_TOKEN }}"'), None),
        (None, None),
        (replace(handing(step=SERVICE), handed={"PROD": "CALLERS"}), "CALLERS"),
        (replace(handing(step=SERVICE), handed={"PROD": ""}), None),
        (replace(handing(step=SERVICE), handed={}), None),
    ],
)
def test_the_workflow_file_tells_the_name_of_a_secret_by_the_variable_that_holds_it(
    file: Any, name: str | None
) -> None:
    assert named(file) == name


@pytest.mark.parametrize(
    ("keys", "name"),
    [
        (("TOKEN",), "SERVICE_TOKEN"),
        (("SERVICE_TOKEN",), "SERVICE_TOKEN"),  # as `${{ secrets.SERVICE_TOKEN }}` in the script
        (("ANON", "TOKEN"), "SERVICE_TOKEN"),
        (("TOKEN", "OTHER"), None),
        (("SUPABASE_SERVICE_ROLE_KEY",), None),
        (("NOT_HELD",), None),
        ((), None),
    ],
)
def test_the_script_tells_the_name_of_the_key_that_it_shows_to_the_function(
    keys: tuple[str, ...], name: str | None
) -> None:
    held = {"TOKEN": "SERVICE_TOKEN", "ANON": "ANON_KEY", "OTHER": "MORE"}
    held["SUPABASE_SERVICE_ROLE_KEY"] = "PROD"
    file = handing(step=", ".join(f'{at}: "${{{{ secrets.{to} }}}}"' for at, to in held.items()))
    made = Attempt(
        kind="function", name="f", place="line 1", updates=True, call=call(401), keys=keys
    )
    seen = workflow(log(call(401), NOT_SAID, attempts=(made,)), file=file)

    assert secret_name(case(NOTHING_LISTED, seen), Use.FUNCTION_KEY) == name


def test_a_sentence_begins_with_a_capital_where_no_name_is_known() -> None:
    one = case(NOTHING_LISTED, workflow(None, file=NOT_THERE))

    assert opening(one, Use.FUNCTION_KEY) == "The function key"
    assert called(one, Use.FUNCTION_KEY) == "the function key"


def test_a_sentence_calls_a_secret_by_its_name_on_github() -> None:
    assert called(case(), Use.FUNCTION_KEY) == "BACKUP_API_KEY"


def test_a_setting_tells_it_before_anything_else() -> None:
    assert named(handing(step=SERVICE), secrets={"service_key": "SET"}) == "SET"


def at(level: Level, name: str = "PROD") -> StoredSecret:
    return StoredSecret(name=name, level=level)


def levels(*stored: StoredSecret, environment: Any = ()) -> Any:
    repository = tuple(one for one in stored if one.level is not Level.ENVIRONMENT)
    own = tuple(one for one in stored if one.level is Level.ENVIRONMENT)
    known = own if environment == () else environment
    return secrets(
        levels=(
            SecretLevel(level=Level.REPOSITORY, secrets=repository),
            SecretLevel(level=Level.ENVIRONMENT, secrets=known),
        )
    )


@pytest.mark.parametrize(
    ("environment", "seen", "place"),
    [
        (None, levels(at(Level.REPOSITORY)), Stored(name="PROD")),
        (None, levels(at(Level.ORGANIZATION)), Stored(name="PROD")),
        ("live", levels(at(Level.ENVIRONMENT)), Stored(name="PROD", environment="live")),
        ("live", levels(at(Level.REPOSITORY)), Stored(name="PROD")),
        ("live", levels(), Stored(name="PROD")),
        # An environment's own would win, and whether there is one may not be read.
        (
            "live",
            levels(at(Level.REPOSITORY), environment=NOT_THERE),
            Stored(name="PROD", environment="live"),
        ),
        ("${{ inputs.env }}", levels(), None),
    ],
)
def test_a_secret_is_set_where_the_job_reads_it(
    environment: str | None, seen: Any, place: Stored | None
) -> None:
    file = replace(handing(step=SERVICE), environment=environment)

    assert place_of(case(seen, workflow(None, file=file)), "PROD") == place


@pytest.mark.parametrize(
    ("reads", "own", "name"),
    [
        (("SUPABASE_URL", "BACKUP_KEY"), {}, "BACKUP_KEY"),
        (("BACKUP_KEY", "BACKUP_API_KEY"), {}, None),
        ((), {}, "BACKUP_API_KEY"),
        (("BACKUP_KEY",), {"secrets": {"function_key": "OURS"}}, "OURS"),
    ],
)
def test_the_functions_own_name_of_the_key_is_told_by_its_source(
    reads: Any, own: Any, name: str | None
) -> None:
    one = case(function(reads=reads), names=Names(**own))

    assert function_secret_name(one) == name


# Whether the pipeline calls a function -----------------------------------------------------------


def pipeline(file: Any = None, *, reading: Any = None, **names: Any) -> Any:
    return case(NOTHING_LISTED, workflow(reading, file=file), names=Names(**names))


@pytest.mark.parametrize(
    ("one", "shown"),
    [
        (pipeline(handing(run='curl "$URL/functions/v1/x"')), Shown),
        (pipeline(handing(run="node call.mjs update-backup")), Shown),
        (pipeline(handing(run='curl "${FUNCTIONS_URL}/update-backup"')), Shown),
        (pipeline(handing(run="deno run -A update-backup.ts")), Unseen),
        (pipeline(handing(run="scripts/update-backup-history.sh")), Unseen),
        (pipeline(handing(run='"$GITHUB_WORKSPACE"/bin/update-backup')), Unseen),
        (pipeline(handing(step='BACKUP_API_KEY: "${{ secrets.BACKUP_API_KEY }}"')), Shown),
        (pipeline(handing(step=SERVICE)), Unseen),
        (pipeline(), Unseen),
        (pipeline(reading=log(call(500), NOT_SAID, variables=())), Shown),
        (pipeline(reading=log(NOT_SAID, call(403), variables=())), Unseen),
        (pipeline(given=("function",)), Shown),
        (pipeline(handing(run="curl functions/v1/x"), calls_function=False), type(None)),
    ],
)
def test_that_the_pipeline_calls_a_function_is_shown_or_it_is_not_known(
    one: Any, shown: type
) -> None:
    assert isinstance(calls_function(one), shown)


CURL = 'curl -X POST "$URL/functions/v1/update-backup" '


@pytest.mark.parametrize(
    ("script", "shows", "words"),
    [
        (CURL + '-H "Authorization: Bearer $BACKUP_API_KEY"', Shows.BEARER, ""),
        (CURL + '-H "apikey: $ANON" -H "Authorization: Bearer ${BACKUP_KEY}"', Shows.BEARER, ""),
        (CURL + '-H "x-backup-key: $BACKUP_API_KEY"', Shows.OWN_HEADER, "x-backup-key"),
        (
            CURL + '--header "X-Signature: $SIG" -d "{\\"s3_key\\": 1}"',
            Shows.OWN_HEADER,
            "X-Signature",
        ),
        (
            CURL + '-H "Authorization: Bearer $SUPABASE_SERVICE_ROLE_KEY"',
            Shows.OTHER_KEY,
            "SUPABASE_SERVICE_ROLE_KEY",
        ),
        (CURL + '-H "Authorization: Bearer $SUPABASE_ANON_KEY"', Shows.OTHER_KEY, "ANON"),
        (CURL + "--header @<(headers)", Shows.UNKNOWN, ""),
        (CURL + '-H "Authorization: Bearer $token" -d "{\\"s3_key\\": 1}"', Shows.UNKNOWN, ""),
        (
            'curl -H "Authorization: Bearer $SUPABASE_SERVICE_ROLE_KEY" "$URL/rest/v1/x"\n'
            + CURL.strip()
            + ' \\\n  -H "Authorization: Bearer $BACKUP_API_KEY"\n'
            + 'curl -H "Authorization: Bearer $SUPABASE_SERVICE_ROLE_KEY" "$URL/rest/v1/x"',
            Shows.BEARER,
            "",
        ),
        (
            "await client.functions.invoke('update-backup', { body })",
            Shows.OTHER_KEY,
            "Supabase key",
        ),
        (
            (
                "await fetch(`${url}/functions/v1/update-backup`, {\n  method: 'POST',\n  headers: {\n"
                "    'Content-Type': 'application/json',\n"
                "    Authorization: `Bearer ${process.env.BACKUP_API_KEY}`,\n  },\n"
                "  body: JSON.stringify({ s3_key: key }),\n})"
            ),
            Shows.BEARER,
            "",
        ),
        (
            (
                "requests.post(f'{url}/functions/v1/update-backup',\n"
                "  headers={'x-api-key': os.environ['BACKUP_API_KEY']},\n  json={'s3_key': key})"
            ),
            Shows.OWN_HEADER,
            "x-api-key",
        ),
    ],
)
def test_how_the_key_is_shown_is_read_from_the_lines_of_that_very_call(
    script: str, shows: Shows, words: str
) -> None:
    told = log(call(401), NOT_SAID, update_script=tuple(script.splitlines()))
    found, how = shows_key(case(workflow(told)))

    assert found is shows
    assert words in how


def test_a_key_that_is_refused_in_a_header_of_the_steps_own_may_be_right() -> None:
    def told(script: str) -> tuple[str, list[str]]:
        refused = log(call(401, '{"error":"Unauthorized"}'), NOT_SAID, update_script=(script,))
        found = finding(case(workflow(refused), function()), "function/key-rejected").found
        return found.summary, [fix.title for fix in found.fixes]

    compare, new = (
        "Compare what the step shows the function with what it expects",
        "Make one key and set it on both sides",
    )
    summary, fixes = told(CURL + '-H "x-backup-key: $BACKUP_API_KEY"')
    assert " sends (BACKUP_API_KEY, in the header x-backup-key)." in summary
    assert fixes == [compare, new]
    assert told(CURL + '-H "Authorization: Bearer $BACKUP_API_KEY"')[1] == [new]
    assert told(CURL + '-H "Authorization: Bearer $SUPABASE_ANON_KEY"')[1] == [compare]


def test_a_step_that_is_handed_no_function_key_shows_another_one() -> None:
    without = pipeline(handing(step=SERVICE))
    with_one = pipeline(handing(step='BACKUP_API_KEY: "${{ secrets.X }}"'))

    assert shows_key(without)[0] is Shows.OTHER_KEY
    assert shows_key(with_one)[0] is Shows.UNKNOWN
    assert shows_key(pipeline())[0] is Shows.UNKNOWN


@pytest.mark.parametrize(
    ("variable", "shows"),
    [
        ('RUF: "${{ secrets.RUF }}"', Shows.UNKNOWN),
        ('HOOK: "${{ secrets.SLACK_WEBHOOK }}"', Shows.OTHER_KEY),
        ('LEVEL: "${{ vars.LEVEL }}"', Shows.OTHER_KEY),
    ],
)
def test_a_secret_whose_name_tells_nothing_may_be_the_functions_key(
    variable: str, shows: Shows
) -> None:
    assert shows_key(pipeline(handing(step=f"{SERVICE}, {variable}")))[0] is shows


# Whether a call with an empty body would decide anything -----------------------------------------


BARE_401 = workflow(log(call(401), NOT_SAID))


def still_going(seen: Any) -> Any:
    """The same run, whose job has not ended."""
    job = replace(seen.job, status="in_progress", conclusion=None, completed_at=None)
    run = replace(seen.run, status="in_progress", conclusion=None)
    step = replace(seen.update_step, status="queued", conclusion=None, completed_at=None)
    return replace(seen, run=run, job=job, jobs=(job,), update_step=step)


@pytest.mark.parametrize(
    ("one", "posted"),
    [
        (case(BARE_401), True),
        (case(workflow(log(NOT_SAID, NOT_SAID))), True),
        (case(workflow(NOT_THERE)), True),
        (case(workflow(log(call(403, '{"error":"no"}'), NOT_SAID))), True),
        (ahead(), True),
        (case(workflow(log(call(200), NOT_SAID))), False),
        (case(workflow(log(call(401, '{"error":"Invalid key"}'), NOT_SAID))), False),
        (case(workflow(log(call(404, '{"code":"NOT_FOUND"}'), NOT_SAID))), False),
        (case(workflow(log(call(500, "TypeError"), NOT_SAID))), False),
        (case(BARE_401, row(finished_row())), False),
        (case(BARE_401, function(record=None)), False),
        (case(BARE_401, function(key_sent=False)), False),
        (case(BARE_401, names=Names(calls_function=False)), False),
        (case(NOTHING_LISTED, workflow(None)), False),
        (case(still_going(workflow(None))), False),
    ],
)
def test_the_function_is_called_only_where_its_answer_would_decide_what_is_open(
    one: Any, posted: bool
) -> None:
    why = why_not_posted(one)

    assert (why is None) is posted
    assert why is None or why.why == "not-asked"
