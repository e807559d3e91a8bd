"""The scripts of a workflow's steps, of local actions, and of workflows that it calls."""

from __future__ import annotations

from backup_doctor.collect.script.workflow import StepScript, read_workflow
from tests.script.test_reading import prints, signature

RUN = """
jobs:
  backup:
    runs-on: ubuntu-latest
    env:
      KEY: ${{ secrets.VITE_SERVICE_ROLE_KEY }}
    steps:
      - uses: actions/checkout@v4
      - name: Upload to S3
        run: aws s3 cp a.zip "s3://$BUCKET/$S3_KEY"
      - name: Update the row
        env:
          URL: ${{ secrets.SUPABASE_URL }}
        run: |
          curl -s -X PATCH "$URL/rest/v1/backups?id=eq.${{ inputs.backup_id }}" -H "apikey: $KEY" -d '{"status":"success"}'
      - name: Mark failure
        if: failure()
        run: |
          curl -s -X PATCH "${{ secrets.SUPABASE_URL }}/rest/v1/backups" -H "apikey: $KEY" -d '{"status":"failed"}'
"""


def steps(text: str, **files: str) -> tuple[StepScript, ...]:
    named = {name.replace("__", "/").replace("_dot_", "."): told for name, told in files.items()}
    return read_workflow(text, named.get, path=".github/workflows/backup.yml")


def calls(step: StepScript) -> list[str]:
    return [signature(call) for call in step.script.calls] if step.script else []


def test_each_step_has_its_calls() -> None:
    found = steps(RUN)

    assert [(one.name, calls(one)) for one in found] == [
        ("Run actions/checkout@v4", []),
        ("Upload to S3", ["upload aws cp s3://<BUCKET>/<S3_KEY>"]),
        ("Update the row", ["table-update curl PATCH backups"]),
        ("Mark failure", ["marks-failed curl PATCH backups"]),
    ]
    assert found[-1].condition == "failure()"


def test_a_key_leads_to_the_secret_that_the_job_hands_on() -> None:
    (auth,) = steps(RUN)[2].script.calls[0].auth  # type: ignore[union-attr]

    assert (auth.header, auth.variable, auth.secret) == ("apikey", "KEY", "VITE_SERVICE_ROLE_KEY")


def test_a_called_workflow_s_secret_has_the_caller_s_name() -> None:
    found = steps(
        """
jobs:
  nightly:
    uses: ./.github/workflows/called.yml
    with:
      function: finish-backup
    secrets:
      fn_key: ${{ secrets.BACKUP_API_KEY }}
""",
        _dot_github__workflows__called_dot_yml="""
on:
  workflow_call:
    inputs:
      function: { type: string }
      table: { type: string, default: backup_history }
    secrets:
      fn_key: { required: true }
jobs:
  run:
    runs-on: ubuntu-latest
    steps:
      - name: Tell
        env:
          FN: ${{ inputs.function }}
        run: |
          curl -s -X POST "$BASE/functions/v1/$FN" -H "Authorization: Bearer ${{ secrets.fn_key }}" -d x
          curl -s -X PATCH "$BASE/rest/v1/${{ inputs.table }}" -d x
""",
    )

    (step,) = found
    assert step.job == "nightly / run"
    assert calls(step) == [
        "function curl POST finish-backup",
        "table-update curl PATCH backup_history",
    ]
    assert step.script is not None
    assert step.script.calls[0].auth[0].secret == "BACKUP_API_KEY"


def test_a_composite_action_s_steps_are_those_of_the_step_that_uses_it() -> None:
    found = steps(
        """
jobs:
  backup:
    steps:
      - name: Finish
        uses: ./.github/actions/finish
        with:
          key: ${{ secrets.SERVICE_KEY }}
          url: ${{ secrets.SUPABASE_URL }}
""",
        _dot_github__actions__finish__action_dot_yml="""
inputs:
  key: { required: true }
  url: { required: true }
  table: { default: backup_history }
runs:
  using: composite
  steps:
    - name: Patch
      shell: bash
      env:
        KEY: ${{ inputs.key }}
      run: |
        code=$(curl -s -o /dev/null -w '%{http_code}' -X PATCH \\
          "${{ inputs.url }}/rest/v1/${{ inputs.table }}" -H "apikey: $KEY" -d '{"status":"success"}')
        echo "the action got $code"
    - shell: python
      run: print("the action is over")
""",
    )

    assert [(one.step, one.name) for one in found] == [
        ("Finish", "Patch"),
        ("Finish", 'Run print("the action is over")'),
    ]
    first = found[0].script
    assert first is not None
    assert calls(found[0]) == ["table-update curl PATCH backup_history"]
    assert (first.calls[0].auth[0].variable, first.calls[0].auth[0].secret) == (
        "KEY",
        "SERVICE_KEY",
    )
    assert prints(first) == ["the action got <status0>"]


def test_a_javascript_action_is_read_by_its_main() -> None:
    (found,) = steps(
        """
jobs:
  backup:
    steps:
      - uses: ./tools/report
        with: { token: "${{ secrets.FN_KEY }}" }
""",
        tools__report__action_dot_yml="""
inputs: { token: { required: true } }
runs: { using: node20, main: dist/index.js }
""",
        tools__report__dist__index_dot_js="""
const core = require('@actions/core')
const run = async () => {
  const headers = { Authorization: `Bearer ${core.getInput('token')}` }
  const res = await fetch(`${process.env.BASE}/functions/v1/update-backup`, { method: 'POST', headers })
  if (!res.ok) core.setFailed(`report was refused with ${res.status}`)
}
run()
""",
    )

    assert calls(found) == ["function fetch POST update-backup"]
    assert found.script is not None
    assert found.script.calls[0].auth[0].secret == "FN_KEY"
    assert found.script.prints[0].path == "tools/report/dist/index.js"


def test_a_github_script_is_javascript() -> None:
    (found,) = steps(
        """
jobs:
  backup:
    steps:
      - uses: actions/github-script@v7
        with:
          script: |
            const r = await fetch(`${process.env.U}/functions/v1/f`, { method: 'POST' })
            core.info(`answered ${r.status}`)
"""
    )

    assert calls(found) == ["function fetch POST f"]


def test_windows_runs_powershell_unless_told_otherwise() -> None:
    (found,) = steps(
        """
jobs:
  a:
    runs-on: windows-latest
    steps:
      - run: Invoke-RestMethod -Method Patch -Uri "$env:U/rest/v1/t"
"""
    )

    assert calls(found) == ["table-update Invoke-RestMethod PATCH t"]


def test_a_workflow_that_calls_itself_comes_to_an_end() -> None:
    text = "on: {workflow_call: {}}\njobs:\n  again:\n    uses: ./.github/workflows/self.yml\n"

    assert [one.uses for one in steps(text, _dot_github__workflows__self_dot_yml=text)]


def test_what_is_no_workflow_has_no_steps() -> None:
    assert steps("[") == ()
    assert steps("- a\n- b") == ()
    assert steps("jobs: 3") == ()
    assert steps("jobs: {a: {steps: [1, {run: [a, b]}]}}") != ()
