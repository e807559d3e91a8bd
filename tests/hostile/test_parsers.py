"""Whatever comes from outside, a parser returns evidence or `Unseen`, or says what is wrong."""

from __future__ import annotations

import json
import tracemalloc
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backup_doctor.collect.clients import github_records as records
from backup_doctor.collect.clients import management_answers as management
from backup_doctor.collect.clients.answer import Answer
from backup_doctor.collect.clients.data_api import DataApi
from backup_doctor.collect.clients.github_refusals import Permission, refusal
from backup_doctor.collect.clients.retrying import LONGEST_WAIT_S, PAUSE_S, wait_s
from backup_doctor.collect.database.address import parameters
from backup_doctor.collect.database.connecting import connect_failure
from backup_doctor.collect.database.rows import read_rows
from backup_doctor.collect.deadline import Deadline
from backup_doctor.collect.log.reader import LookFor, read
from backup_doctor.collect.object import zip_tail
from backup_doctor.collect.workflow.file import read_workflow
from backup_doctor.evidence import keys
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.case import Names
from backup_doctor.evidence.log import Call, LogReading, Outcome
from backup_doctor.evidence.row import ApiAnswer
from backup_doctor.evidence.secrets import Level
from backup_doctor.services import meaning
from backup_doctor.settings.load import Flags, SettingsError, load
from backup_doctor.settings.model import Secret, Settings
from tests.hostile.shapes import SHAPES
from tests.log.logs import DISPATCH, UPDATE, job, step

if TYPE_CHECKING:
    from collections.abc import Callable

MEGABYTE = 1024 * 1024
TEXT = st.text(max_size=200) | st.lists(st.sampled_from(SHAPES), max_size=20).map("".join)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
STATUS = st.sampled_from([200, 201, 204, 302, 400, 401, 403, 404, 409, 429, 500, 503, 546, 999])


def answers(bodies: st.SearchStrategy[Any]) -> st.SearchStrategy[Answer]:
    return st.builds(
        Answer,
        status=STATUS,
        headers=st.dictionaries(
            st.sampled_from(["retry-after", "x-ratelimit-remaining", "x-ratelimit-reset",
                             "sb-error-code", "content-type", "x-deno-execution-id"]),
            TEXT | st.sampled_from(["0", "9" * 30, "-1", "Wed, 21 Oct 2015 07:28:00 GMT"]),
        ),
        body=st.binary(max_size=200) | bodies.map(lambda body: json.dumps(body).encode()),
        url=st.just("https://x.example/"),
    )  # fmt: skip


ANSWERS = answers(JSON)


@given(st.lists(TEXT, max_size=30), st.sampled_from(["", DISPATCH, "x' OR '1'='1", "%", "\\"]))
def test_a_log_of_anything_is_read(lines: list[str], dispatch_id: str) -> None:
    wanted = LookFor(dispatch_id=dispatch_id or None, update_step=UPDATE)
    raw = job(
        step(
            'curl "$URL/functions/v1/update-backup"',
            "\n".join(lines).encode("utf-8", "replace").decode(),
        )
    )

    for cut in (1, 7, len(raw)):
        pieces = [raw[at : at + cut] for at in range(0, len(raw), cut)]
        assert isinstance(read("a log", pieces, wanted), LogReading)


@given(st.binary(max_size=2000))
def test_bytes_that_are_no_log_are_read_too(raw: bytes) -> None:
    assert isinstance(read("a log", [raw], LookFor(dispatch_id=DISPATCH)), LogReading)


@pytest.mark.exhaustive
def test_a_log_of_a_hundred_megabytes_does_not_fill_the_memory() -> None:
    line = b"2024-01-15T02:03:04.1234567Z " + b"x" * 200 + b"\n"
    tracemalloc.start()
    try:
        read("a log", (line * 4000 for _ in range(120)), LookFor(dispatch_id=DISPATCH))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 40 * MEGABYTE


@given(TEXT, TEXT, TEXT)
def test_a_key_of_anything_is_described(first: str, second: str, third: str) -> None:
    described = keys.describe_service_key(f"{first}.{second}.{third}", setting="KEY")

    assert described.setting == "KEY"


@given(JSON, JSON)
def test_a_jwt_with_any_claims_is_described(header: object, claims: object) -> None:
    import base64

    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in (header, claims)
    ]

    keys.describe_service_key(".".join([*parts, "c2ln"]), setting="KEY")


@given(
    st.binary(max_size=200)
    | st.lists(
        st.sampled_from(
            [b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"PK\x01\x02", b"\xff" * 4, b"\0" * 8]
        )
    ).map(b"".join),
    st.integers(0, 2**63),
)
def test_the_end_of_anything_is_judged(tail: bytes, more: int) -> None:
    judged = zip_tail.read_tail(tail, len(tail) + more)

    assert judged.whole or judged.problem


@given(ANSWERS)
def test_any_answer_has_a_wait_that_a_person_can_bear(answer: Answer) -> None:
    wait = wait_s(answer)

    assert wait is None or 0 < wait <= LONGEST_WAIT_S + 1.5 * PAUSE_S


PARSERS: dict[str, Callable[[Any], object]] = {
    name: getattr(management, name)
    for name in ("project", "functions", "function", "secrets", "api_keys", "rows")
}


@pytest.mark.parametrize("name", PARSERS)
@given(answer=ANSWERS)
def test_the_management_api_may_answer_anything(name: str, answer: Answer) -> None:
    management.understood(answer, PARSERS[name])
    management.message(answer)


@given(ANSWERS)
def test_github_may_answer_anything(answer: Answer) -> None:
    assert isinstance(refusal(answer, Permission.ACTIONS, what="runs", with_token=True), Unseen)


@pytest.mark.parametrize(
    "decode",
    [
        records.run,
        records.runs,
        records.jobs,
        records.workflows,
        records.secrets(Level.REPOSITORY),
        records.messages,
    ],
)
@given(
    body=JSON
    | st.builds(lambda v: {"workflow_runs": v, "jobs": v, "workflows": v, "secrets": v}, JSON)
)
def test_githubs_records_are_decoded_or_refused(
    decode: Callable[[object], object], body: object
) -> None:
    with suppress(msgspec.ValidationError, OverflowError):  # which the client turns into `Unseen`
        decode(body)


@given(ANSWERS)
def test_postgrest_may_answer_anything(answer: Answer) -> None:
    api = DataApi(Settings(supabase_url="https://x.example", service_key=Secret("k")), Deadline(5))

    read_as = api._read(answer)

    assert isinstance(read_as, ApiAnswer)
    assert len(read_as.message) <= 500


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(
                ["id", "dispatch_id", "s3_key", "status", "size_bytes", "finished_at", "created_at"]
            ),
            JSON,
        ),
        max_size=4,
    )
)
def test_rows_of_anything_are_read(found: list[dict[str, Any]]) -> None:
    assert len(read_rows(found, Names())) == len(found)


@given(TEXT | JSON.map(json.dumps), st.sampled_from([None, 200, 401, 403, 404, 500]))
def test_any_body_means_something_or_nothing(body: str, status: int | None) -> None:
    call = Call(outcome=Outcome.REFUSED, status=status, body=body)

    meaning.function_meaning(call)
    meaning.fallback_meaning(call)
    meaning.gateway_meaning(status or 500, body)


@given(TEXT)
def test_any_database_url_is_taken_apart_or_refused_without_its_password(text: str) -> None:
    found = parameters(f"postgresql://me:hunter2hunter2@{text}")

    assert isinstance(found, dict) or "hunter2" not in found.what


@given(TEXT)
def test_any_failure_to_connect_is_one_sentence(text: str) -> None:
    failure = connect_failure(f"hunter2hunter2 {text}", "db.example")

    assert "hunter2" not in failure.what
    assert len(failure.what) < 300


@given(st.binary(max_size=300) | TEXT.map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_are_a_workflow_or_a_problem(content: bytes) -> None:
    read_workflow("w.yml", content, step=UPDATE, function="update-backup")


@given(JSON)
def test_any_tree_is_a_workflow_or_a_problem(tree: object) -> None:
    for shape in (
        tree,
        {"jobs": tree},
        {"jobs": {"a": tree}},
        {"jobs": {"a": {"steps": tree}}},
        {"jobs": {"a": {"steps": [tree]}}},
    ):
        read_workflow("w.yml", json.dumps(shape).encode(), step=UPDATE, function="update-backup")


BOMBS = {
    "aliases": "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(12)
    ) + "jobs: {a: {steps: *m}}\n",
    "merge keys": "a: &a {x: 1}\n" + "".join(f"k{n}: &k{n} {{<<: [*a, *a], y: *a}}\n" for n in range(500)),
    "itself": "jobs: &j\n  a: *j\n  b: {steps: *j, env: *j}\n",
    "deep flow": "[" * 100_000,
    "deep block": "".join(" " * n + "a:\n" for n in range(1500)),
    "long scalar": 'a: "' + "x" * 5_000_000,
    "many keys": "".join(f"k{n}: {n}\n" for n in range(400_000)),
    "python tag": "jobs: !!python/object/apply:os.system ['touch /tmp/executed']",
    "huge number": "timeout-minutes: " + "9" * 100_000,
    "sexagesimal": "a: " + ":".join(["59"] * 50_000),
}  # fmt: skip


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_yaml_bomb_is_refused_in_seconds_and_little_memory(bomb: str) -> None:
    from tests.hostile.test_time import within_cpu_seconds

    with within_cpu_seconds(20):
        read_workflow("w.yml", BOMBS[bomb].encode(), step=UPDATE, function="update-backup")

    assert not Path("/tmp/executed").exists()


def complaint_of(environ: dict[str, str], directory: Path) -> str:
    """What is wrong with the settings; nothing where they can be used."""
    try:
        load(Flags(), environ=environ, cwd=directory)
    except SettingsError as error:
        return str(error)
    return ""


@settings(max_examples=60)
@given(st.sampled_from([".env", "backup-doctor.toml", "pyproject.toml"]), TEXT, TEXT)
def test_any_configuration_file_is_read_or_refused_in_one_message(
    name: str, key: str, value: str
) -> None:
    with TemporaryDirectory() as directory:
        for text in (
            key,
            f"{key}={value}",
            f'SUPABASE_URL="{value}"',
            f'table = "{value}"\n',
            f"[tool.backup-doctor]\n{key}={value}",
        ):
            (Path(directory) / name).write_bytes(text.encode("utf-8", "surrogatepass"))
            complaint = complaint_of({}, Path(directory))
            assert len(complaint) < 1000
            assert "\x1b" not in complaint


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "SUPABASE_URL",
                "SUPABASE_DB_URL",
                "GITHUB_API_URL",
                "GITHUB_REPOSITORY",
                "BACKUP_BUCKET",
                "BACKUP_STUCK_AFTER",
                "SUPABASE_SERVICE_ROLE_KEY",
                "AWS_ENDPOINT_URL_S3",
            ]
        ),
        TEXT,
    )
)
def test_any_environment_is_read_or_refused_in_one_message(environ: dict[str, str]) -> None:
    with TemporaryDirectory() as directory:
        complaint = complaint_of(environ, Path(directory))

    assert len(complaint) < 1000
    assert "\x1b" not in complaint
