"""The workflow's file, as teams write it, and as an attacker would."""

from __future__ import annotations

import time
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest

from backup_doctor.collect.workflow.file import read_workflow

if TYPE_CHECKING:
    from backup_doctor.evidence.workflow import WorkflowFile

STEP = "Update backup_history via Edge Function"
PATH = ".github/workflows/backup.yml"
FILE = f"""
name: Backup
run-name: "Backup ${{{{ inputs.dispatch_id }}}}"
on: {{workflow_dispatch: {{inputs: {{dispatch_id: {{required: true}}}}}}}}
env:
  VITE_SUPABASE_SERVICE_ROLE_KEY: ${{{{ secrets.VITE_SUPABASE_SERVICE_ROLE_KEY }}}}
jobs:
  build: {{steps: [{{run: npm run build}}]}}
  backup:
    name: Make the backup
    timeout-minutes: 30
    environment: {{name: production, url: https://example.org}}
    steps:
      - uses: actions/checkout@v5
      - name: {STEP}
        if: ${{{{ success() }}}}
        continue-on-error: true
        timeout-minutes: 2.5
        env:
          KEY: ${{{{ secrets.BACKUP_API_KEY || secrets['OTHER_KEY'] }}}}
          FLAG: yes
        run: curl "$SUPABASE_URL/functions/v1/update-backup"
  diagnose:
    steps: [{{run: 'backup-doctor --dispatch-id "$ID"'}}]
"""


def parsed(text: str | bytes) -> WorkflowFile:
    content = text if isinstance(text, bytes) else text.encode()
    return read_workflow(PATH, content, step=STEP, function="update-backup")


def test_the_update_step_and_all_that_the_diagnosis_uses_of_it_are_read() -> None:
    file = parsed(FILE)

    assert file.problem is None
    assert (file.job, file.job_name, file.environment) == (
        "backup",
        "Make the backup",
        "production",
    )
    assert file.job_timeout_minutes == 30
    assert file.run_name == "Backup ${{ inputs.dispatch_id }}"
    assert file.env_secrets == ("VITE_SUPABASE_SERVICE_ROLE_KEY",)
    assert set(file.secrets) == {"VITE_SUPABASE_SERVICE_ROLE_KEY", "BACKUP_API_KEY", "OTHER_KEY"}
    assert file.doctor_jobs == ("diagnose",)
    step = file.update_step
    assert step is not None
    assert (step.condition, step.continue_on_error, step.timeout_minutes) == (
        "${{ success() }}",
        True,
        2.5,
    )
    assert step.secrets == ("BACKUP_API_KEY", "OTHER_KEY")
    assert step.env["FLAG"] == "yes"


def test_the_shipped_workflow_is_understood() -> None:
    shipped = files("backup_doctor.demo") / "pipeline" / PATH

    file = parsed(shipped.read_bytes())

    assert (file.job, file.job_timeout_minutes, file.doctor_jobs) == ("backup", 30, ("diagnose",))
    assert file.update_step is not None
    assert "VITE_SUPABASE_SERVICE_ROLE_KEY" in file.update_step.secrets
    assert "SUPABASE_ACCESS_TOKEN" not in file.secrets


def test_a_step_of_another_name_is_found_by_what_it_calls() -> None:
    file = parsed(FILE.replace(STEP, "Report"))

    assert file.update_step is not None
    assert file.update_step.name == "Report"


SHIP = "{name: Ship, run: aws s3api put-object}"
FINISH = "{name: Finish, run: npm run finish, env: {SUPABASE_URL: x, SERVICE_ROLE: y}}"
EXPORT = "{name: Export, run: ./export, env: {SUPABASE_URL: x}}"
ALL = "{name: All, run: ./all, env: {SUPABASE_URL: x, AWS_ACCESS_KEY_ID: y}}"
KEEP = "{name: Keep, uses: actions/upload-artifact@v4}"


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((SHIP, FINISH), "Finish"),
        ((FINISH, SHIP), None),
        ((KEEP, FINISH), None),
        ((EXPORT, SHIP, FINISH), None),
        ((SHIP, ALL), None),
    ],
)
def test_the_one_step_behind_the_upload_that_is_given_supabases_keys_is_the_update(
    steps: tuple[str, ...], expected: str | None
) -> None:
    file = parsed(f"jobs: {{b: {{steps: [{', '.join(steps)}]}}}}")

    assert (file.update_step.name if file.update_step else None) == expected


def test_a_called_workflow_is_named() -> None:
    file = parsed("jobs: {a: {uses: ./.github/workflows/b.yml}, c: {uses: acme/x/y.yml@v1}}")

    assert file.called == (".github/workflows/b.yml",)


@pytest.mark.parametrize(
    ("secrets", "passed"),
    [
        ("inherit", None),
        (
            "{key: '${{ secrets.PROD_KEY }}', url: '${{ vars.URL }}'}",
            {"key": "PROD_KEY", "url": ""},
        ),
        ("{key: '${{ secrets.A || secrets.B }}'}", {"key": ""}),
        ("[]", {}),
    ],
)
def test_what_a_caller_passes_to_the_workflow_that_it_calls_is_told_by_name(
    secrets: str, passed: Any
) -> None:
    file = parsed(f"jobs: {{a: {{uses: ./.github/workflows/b.yml, secrets: {secrets}}}}}")

    assert file.passed == {".github/workflows/b.yml": passed}


@pytest.mark.parametrize(
    ("uses", "optional"),
    [
        ("A: '${{ secrets.X || secrets.Y }}'", ("X", "Y")),
        ("A: '${{ secrets.X || github.token }}'", ("X",)),
        ("A: \"${{ secrets.X != '' }}\"", ("X",)),
        ("A: '${{ secrets.X }}'", ()),
        ("A: '${{ secrets.X }}', B: '${{ secrets.X || 1 }}'", ()),
        ("A: \"${{ format('k={0}', secrets.X) }}\"", ()),
    ],
)
def test_a_secret_with_a_default_is_one_that_the_job_can_do_without(
    uses: str, optional: tuple[str, ...]
) -> None:
    assert parsed(f"jobs: {{a: {{steps: [{{run: x, env: {{{uses}}}}}]}}}}").optional == optional


def test_the_variables_of_workflow_and_job_are_kept_as_they_are_written() -> None:
    file = parsed(
        "{env: {A: '${{ secrets.X }}'}, jobs: {a: {env: {B: 1}, environment: '${{ inputs.e }}', "
        "steps: [{run: x}]}}}"
    )

    assert (file.env, file.job_env) == ({"A": "${{ secrets.X }}"}, {"B": "1"})
    assert file.environment == "${{ inputs.e }}"


def test_a_secret_outside_of_an_expression_is_none() -> None:
    assert parsed("jobs: {a: {steps: [{run: echo secrets.NOT_ONE}]}}").secrets == ()


BOMBS = {
    "nothing": b"",
    "a list": b"- a\n- b",
    "no jobs": b"name: x",
    "a tab": b"jobs:\n\ta: b",
    "a deep nest": b"a: " + b"[" * 5000 + b"]" * 5000,
    "a deep mapping": b"".join(b" " * depth + b"a:\n" for depth in range(500)),
    "too large": b"# x\n" * 200_000,
    "too many nodes": b"jobs: [" + b"1," * 60_000 + b"]",
    "an object of Python": b"jobs: !!python/object/apply:os.system ['true']",
    "an unknown anchor": b"jobs: *nobody",
    "two documents": b"jobs: {}\n---\njobs: {}",
    "control characters": b"jobs: \x00\x01",
    "no text": b"\xff\xfe\x00\x80",
}


@pytest.mark.parametrize("content", BOMBS.values(), ids=BOMBS)
def test_what_is_no_workflow_has_a_problem_and_not_a_traceback(content: bytes) -> None:
    began = time.process_time()

    file = parsed(content)

    assert file.problem
    assert len(file.problem) < 200
    assert time.process_time() - began < 5


def test_anchors_that_multiply_cost_nothing() -> None:
    laughs = "a0: &a0 ['${{ secrets.X }}']\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30)
    )

    file = parsed(f"{laughs}env: {{x: *a29}}\njobs: {{a: {{steps: [{{run: x}}]}}}}")

    assert file.env_secrets == ("X",)


def test_merge_keys_that_multiply_are_plain_keys() -> None:
    merges = "a0: &a0 {k: v}\n" + "".join(
        f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 30)
    )

    assert parsed(f"{merges}jobs: {{a: {{steps: [{{run: x}}]}}}}").problem is None


def test_an_anchor_that_holds_itself_ends() -> None:
    assert parsed("jobs: {a: &a {env: *a, steps: [{run: x}]}}").secrets == ()


@pytest.mark.parametrize(
    "text",
    [
        "jobs: {a: {steps: 3}}",
        "jobs: {a: {steps: [1, null, [x]]}}",
        "jobs: {1: {steps: [{name: [x], run: {a: b}}]}}",
        "jobs: {a: {timeout-minutes: soon, environment: [x], steps: [{env: 3, with: 4}]}}",
        "jobs: {a: {timeout-minutes: .nan, steps: [{timeout-minutes: .inf}]}}",
        "jobs: {a: 3}\nenv: 7\nrun-name: [1]",
    ],
)
def test_wrong_types_are_as_good_as_absent(text: str) -> None:
    file = parsed(text)

    assert file.update_step is None
    assert file.job_timeout_minutes is None
    assert file.run_name is None


@pytest.mark.parametrize(
    ("on", "events", "types"),
    [
        ("on: push", ("push",), ()),
        ("on: [push, workflow_dispatch]", ("push", "workflow_dispatch"), ()),
        (
            "on: {repository_dispatch: {types: [backup, nightly]}}",
            ("repository_dispatch",),
            ("backup", "nightly"),
        ),
        ("on: {repository_dispatch: {types: backup}}", ("repository_dispatch",), ("backup",)),
        ("on: {repository_dispatch: null}", ("repository_dispatch",), ()),
        (
            "on: {workflow_dispatch: {inputs: {}}, schedule: []}",
            ("workflow_dispatch", "schedule"),
            (),
        ),
        ("on: 7", (), ()),
        ("name: x", (), ()),
    ],
)
def test_what_starts_the_workflow_is_read(
    on: str, events: tuple[str, ...], types: tuple[str, ...]
) -> None:
    file = parsed(f"{on}\njobs: {{backup: {{steps: [{{run: x}}]}}}}".encode())

    assert (file.events, file.dispatch_types) == (events, types)


DOCTORS = "{steps: [{uses: actions/checkout@v4}, {run: pipx install backup-doctor}, {run: backup-doctor sweep}]}"


@pytest.mark.parametrize(
    ("jobs", "only"),
    [
        (f"{{sweep: {DOCTORS}}}", True),
        (f"{{sweep: {DOCTORS}, audit: {DOCTORS}}}", True),
        ("{diagnose: {uses: acme/backup-doctor/.github/workflows/diagnose.yml@v1}}", True),
        (f"{{sweep: {DOCTORS}, lint: {{steps: [{{run: lint}}]}}}}", False),
        ("{backup: {steps: [{run: pg_dump x}, {run: make tell}, {run: backup-doctor}]}}", False),
        (f"{{backup: {{steps: [{{name: {STEP}, run: x}}, {{run: backup-doctor}}]}}}}", False),
        ("{}", False),
    ],
)
def test_a_workflow_that_only_runs_the_doctor_is_known(jobs: str, only: bool) -> None:
    assert parsed(f"jobs: {jobs}".encode()).only_doctor is only


def test_a_job_that_makes_the_backup_is_none_of_the_doctors_though_the_doctor_is_a_step_of_it() -> (
    None
):
    file = parsed(
        f"jobs: {{backup: {{steps: [{{name: {STEP}, run: x}}, {{run: backup-doctor}}]}}, look: {DOCTORS}}}".encode()
    )

    assert file.doctor_jobs == ("look",)


# What a called workflow is handed -----------------------------------------------------------------


CALLED = """
on: {workflow_call: {inputs: {bucket: {type: string}, keep: {type: number, default: 7}}}}
jobs:
  a:
    env: {BUCKET: "${{ inputs.bucket }}", KEEP: "${{ inputs.keep }}", OTHER: "${{ inputs.other }}"}
    steps:
      - name: update backup_history
        run: curl "$URL/functions/v1/${{ inputs.bucket }}"
        env:
          KEY: "${{ secrets[inputs.bucket] }}"
          BOTH: "${{ format('{0}-{1}', inputs.bucket, inputs['keep']) }}"
"""


def called(**given: str) -> Any:
    return read_workflow("w.yml", CALLED.encode(), step="x", function="update-backup", given=given)


def test_an_input_stands_for_what_the_caller_wrote_or_for_its_default() -> None:
    file = called(bucket="${{ vars.BUCKET }}")

    assert file.job_env == {
        "BUCKET": "${{ vars.BUCKET }}",
        "KEEP": "7",
        "OTHER": "${{ inputs.other }}",
    }
    assert file.update_step.env["BOTH"] == "${{ format('{0}-{1}', vars.BUCKET, '7') }}"


def test_an_input_may_name_a_secret() -> None:
    file = called(bucket="PROD_KEY")

    assert file.update_step.secrets == ("PROD_KEY",)
    assert file.update_step.script.endswith('functions/v1/PROD_KEY"')


@pytest.mark.parametrize("given", ["x" * 501, "${{ inputs.bucket }} and ${{ inputs.keep }}"])
def test_what_is_too_long_or_no_single_expression_is_not_put_into_another(given: str) -> None:
    assert called(bucket=given).update_step.env["KEY"] == "${{ secrets[inputs.bucket] }}"


def test_a_quote_in_an_input_does_not_end_the_text_that_it_becomes() -> None:
    file = called(bucket="a'] || secrets.OTHER || secrets['b")

    assert "OTHER" not in file.update_step.secrets
