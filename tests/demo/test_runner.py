"""A job runs, ends and is logged as on GitHub."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backup_doctor.demo.runner import WorkflowError, run_workflow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backup_doctor.demo.github.state import Job, Run

PATH = ".github/workflows/test.yml"
NOON = datetime(2026, 1, 15, 12, 0, 0, 123456, tzinfo=UTC)
STAMP = re.compile(r"^\ufeff?2026-01-15T12:00:00\.1234560Z ")
ESC = "\x1b"


def run(
    folder: Path,
    steps: str,
    *,
    head: str = "",
    secrets: Mapping[str, str] | None = None,
    seconds_per_minute: float = 60,
) -> Run:
    """Run job `test` with these steps; `head` is the job's other keys."""
    file = folder / PATH
    file.parent.mkdir(parents=True, exist_ok=True)
    keys = textwrap.indent(textwrap.dedent(head), "    ")
    body = textwrap.indent(textwrap.dedent(steps), "      ")
    title = 'run-name: "Backup ${{ inputs.dispatch_id }}"'
    file.write_text(f"name: Test\n{title}\njobs:\n  test:\n{keys}\n    steps:\n{body}\n")
    return run_workflow(
        folder,
        PATH,
        job="test",
        secrets=secrets or {},
        inputs={"dispatch_id": "d-1"},
        env={"FROM_MACHINE": "machine"},
        run_id=4711,
        repository="acme/shop",
        now=lambda: NOON,
        seconds_per_minute=seconds_per_minute,
    )


def run_job(folder: Path, steps: str, **options: object) -> Job:
    return run(folder, steps, **options).jobs[0]  # type: ignore[arg-type]  # passed on as given


def conclusions(job: Job) -> dict[str, str | None]:
    return {step.name: step.conclusion for step in job.steps}


def lines(job: Job) -> list[str]:
    """The log without time stamps, from the first step on."""
    assert job.log is not None
    texts = [STAMP.sub("", line) for line in job.log.splitlines()]
    return texts[texts.index("Complete job name: test") + 1 :]


def test_the_run_carries_its_title_and_its_job(tmp_path: Path) -> None:
    made = run(tmp_path, "- run: 'true'")

    assert (made.id, made.title, made.name, made.path) == (4711, "Backup d-1", "Test", PATH)
    assert (made.status, made.conclusion) == ("completed", "success")
    assert made.jobs[0].status == "completed"


def test_a_log_starts_with_a_byte_order_mark_and_stamps_every_line(tmp_path: Path) -> None:
    log = run_job(tmp_path, "- run: echo hello").log

    assert log is not None
    assert log.startswith("\ufeff2026-01-15T12:00:00.1234560Z Current runner version: '")
    assert log.endswith("Z Cleaning up orphan processes\n")
    assert all(STAMP.match(line) for line in log.splitlines())


def test_a_steps_head_shows_its_script_its_shell_and_its_environment(tmp_path: Path) -> None:
    job = run_job(
        tmp_path,
        """
        - name: Greet
          run: |
            echo "hello $NAME"
            exit 3
          env:
            NAME: ${{ inputs.dispatch_id }}
            KEY: ${{ secrets.KEY }}
            NONE: ${{ secrets.NONE }}
        """,
        head="env: {LEVEL: job}",
        secrets={"KEY": "s3cret"},
    )

    assert lines(job) == [
        '##[group]Run echo "hello $NAME"',
        f'{ESC}[36;1mecho "hello $NAME"{ESC}[0m',
        f"{ESC}[36;1mexit 3{ESC}[0m",
        "shell: /usr/bin/bash -e {0}",
        "env:",
        "  LEVEL: job",
        "  NAME: d-1",
        "  KEY: ***",
        "  NONE: ",
        "##[endgroup]",
        "hello d-1",
        "##[error]Process completed with exit code 3.",
        "Cleaning up orphan processes",
    ]
    assert job.annotations == ["Process completed with exit code 3."]


def test_a_secret_with_a_trailing_newline_leaves_an_unstamped_line(tmp_path: Path) -> None:
    job = run_job(
        tmp_path,
        "- {run: echo done, env: {KEY: '${{ secrets.KEY }}', NEXT: x}}",
        secrets={"KEY": "s3cret\n"},
    )

    assert job.log is not None
    stamp = "2026-01-15T12:00:00.1234560Z"
    assert f"{stamp}   KEY: ***\n\n{stamp}   NEXT: x\n" in job.log


def test_values_of_every_yaml_type_become_text(tmp_path: Path) -> None:
    job = run_job(
        tmp_path,
        """
        - run: echo "$A $B [$C]"
          env: {A: 1, B: true, C: null}
        """,
        head="runs-on: [self-hosted, linux]\nneeds: [build]",
    )

    assert "1 true []" in lines(job)
    assert job.labels == ["self-hosted", "linux"]


def test_the_steps_share_variables_but_not_their_own(tmp_path: Path) -> None:
    job = run_job(
        tmp_path,
        """
        - run: echo "SHARED=one" >>"$GITHUB_ENV"
          env: {OWN: mine}
        - run: echo "$SHARED ${OWN:-none} $FROM_MACHINE"
        """,
    )

    assert "one none machine" in lines(job)
    assert "  FROM_MACHINE: machine" not in lines(job)


def test_outputs_reach_later_steps(tmp_path: Path) -> None:
    job = run_job(
        tmp_path,
        """
        - {id: first, run: echo "key=value" >>"$GITHUB_OUTPUT"}
        - run: echo "got ${{ steps.first.outputs.key }}"
        """,
    )

    assert "got value" in lines(job)


def test_a_file_command_that_makes_no_sense_fails_the_step(tmp_path: Path) -> None:
    job = run_job(tmp_path, '- {name: Write, run: echo nonsense >>"$GITHUB_ENV"}')

    assert conclusions(job)["Write"] == "failure"
    assert "##[error]Unable to process file command 'env' successfully." in lines(job)
    assert "##[error]Invalid format 'nonsense'" in lines(job)


def test_nothing_of_the_callers_environment_reaches_a_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")

    assert "[]" in lines(run_job(tmp_path, '- run: echo "[$AWS_PROFILE]"'))


def test_after_a_failure_only_steps_that_ask_for_it_run(tmp_path: Path) -> None:
    job = run_job(
        tmp_path,
        """
        - {name: Break, id: break, run: exit 1}
        - {name: Next, run: 'true'}
        - {name: On failure, if: failure(), run: 'true'}
        - {name: On this failure, if: "failure() && steps.break.outcome == 'success'", run: 'true'}
        - {name: Always, if: always(), run: 'true'}
        """,
    )

    assert job.conclusion == "failure"
    assert conclusions(job) == {
        "Set up job": "success",
        "Break": "failure",
        "Next": "skipped",
        "On failure": "success",
        "On this failure": "skipped",
        "Always": "success",
        "Complete job": "success",
    }


def test_a_forgiven_failure_is_green_and_shows_in_the_log_alone(tmp_path: Path) -> None:
    job = run_job(
        tmp_path,
        """
        - {name: Forgiven, id: it, run: exit 22, continue-on-error: true}
        - run: echo "${{ steps.it.outcome }} ${{ steps.it.conclusion }}"
        """,
    )

    assert job.conclusion == "success"
    assert conclusions(job)["Forgiven"] == "success"
    assert "##[error]Process completed with exit code 22." in lines(job)
    assert "failure success" in lines(job)


def test_a_steps_timeout_is_its_failure(tmp_path: Path) -> None:
    job = run_job(
        tmp_path,
        """
        - {name: Slow, run: sleep 60, timeout-minutes: 2}
        - {name: Report, if: failure(), run: 'true'}
        """,
        seconds_per_minute=0.1,
    )

    assert job.conclusion == "failure"
    assert conclusions(job)["Slow"] == "failure"
    assert conclusions(job)["Report"] == "success"
    assert "##[error]The action 'Slow' has timed out after 2 minutes." in lines(job)


def test_a_jobs_timeout_cancels_it(tmp_path: Path) -> None:
    job = run_job(
        tmp_path,
        """
        - {name: Slow, run: sleep 60}
        - {name: On failure, if: failure(), run: 'true'}
        - {name: On cancel, if: cancelled(), run: 'true'}
        """,
        head="timeout-minutes: 3",
        seconds_per_minute=0.1,
    )

    assert job.conclusion == "cancelled"
    assert conclusions(job)["Slow"] == "cancelled"
    assert conclusions(job)["On failure"] == "skipped"
    assert conclusions(job)["On cancel"] == "success"
    assert job.annotations == [
        (
            "The job running on runner GitHub Actions 1 has exceeded the maximum execution time"
            " of 3 minutes."
        ),
        "The operation was canceled.",
    ]


def test_a_process_that_ignores_signals_is_killed(tmp_path: Path) -> None:
    started = time.monotonic()

    job = run_job(
        tmp_path,
        "- {name: Stubborn, run: \"trap '' INT TERM; sleep 60\", timeout-minutes: 1}",
        seconds_per_minute=0.2,
    )

    assert conclusions(job)["Stubborn"] == "failure"
    assert time.monotonic() - started < 10


def test_a_background_process_does_not_outlive_its_step(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"

    job = run_job(tmp_path, f"- run: sleep 60 & echo $! >{pid_file}")

    assert job.conclusion == "success"
    with pytest.raises(ProcessLookupError):
        _wait_until_gone(int(pid_file.read_text()))


def _wait_until_gone(pid: int) -> None:
    """Raise ProcessLookupError as soon as there is no such process; a zombie is none."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        os.kill(pid, 0)
        stat = Path(f"/proc/{pid}/stat")
        if stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z":
            raise ProcessLookupError
        time.sleep(0.02)


def _interrupt(process: subprocess.Popen[bytes]) -> None:
    """Press Ctrl-C; Python loses an interrupt that comes while it runs a finalizer: press again."""
    for _ in range(3):
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=20)
            return
    process.kill()
    process.wait()
    pytest.fail("the runner does not end on Ctrl-C")


def test_an_interrupt_leaves_no_process_and_no_folder(tmp_path: Path) -> None:
    """The runner is interrupted in the middle of a step, as by Ctrl-C."""
    (tmp_path / PATH).parent.mkdir(parents=True)
    steps = "[{run: 'echo $$ >$STARTED.new && mv $STARTED.new $STARTED && sleep 60'}]"
    (tmp_path / PATH).write_text(f"jobs: {{test: {{steps: {steps}}}}}")
    started = tmp_path / "started"
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    program = (
        "import signal\n"
        "from pathlib import Path\n"
        "from backup_doctor.demo.runner import run_workflow\n"
        # What a shell starts in the background ignores Ctrl-C, and so does what that starts.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"run_workflow(Path({str(tmp_path)!r}), {PATH!r}, job='test', secrets={{}}, inputs={{}},\n"
        f"    env={{'STARTED': {str(started)!r}}}, run_id=1, repository='acme/shop')\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, "TMPDIR": str(temporary)},
        stderr=subprocess.DEVNULL,
    )
    while not started.exists():
        assert process.poll() is None
        time.sleep(0.02)

    _interrupt(process)

    with pytest.raises(ProcessLookupError):
        _wait_until_gone(int(started.read_text()))
    assert list(temporary.iterdir()) == []


def test_checkout_copies_the_repository_and_has_a_post_step(tmp_path: Path) -> None:
    (tmp_path / "hello.txt").write_text("from the repository\n")

    job = run_job(
        tmp_path,
        """
        - {name: Checkout, uses: actions/checkout@v5}
        - run: cat hello.txt
        """,
    )

    assert "from the repository" in lines(job)
    assert "  token: ***" in lines(job)
    assert [(step.number, step.name) for step in job.steps] == [
        (1, "Set up job"),
        (2, "Checkout"),
        (3, "Run cat hello.txt"),
        (6, "Post Checkout"),
        (7, "Complete job"),
    ]


def test_workflow_commands_are_obeyed(tmp_path: Path) -> None:
    job = run_job(
        tmp_path,
        """
        - run: |
            echo "::add-mask::hidden-value"
            echo "::error file=a.sh,line=1::it broke%0Atwice"
            echo "::warning::careful"
            echo "::debug::unseen"
            echo "the hidden-value is hidden"
        """,
    )

    printed = lines(job)[lines(job).index("##[endgroup]") + 1 :]
    assert printed == [
        "::add-mask::***",
        "##[error]it broke",
        "twice",
        "##[warning]careful",
        "the *** is hidden",
        "Cleaning up orphan processes",
    ]
    assert job.annotations == ["it broke\ntwice"]


def test_output_is_kept_whatever_it_is(tmp_path: Path) -> None:
    job = run_job(tmp_path, r"- run: printf 'caf\xc3\xa9 \xff\r\nerr\n' >&2; printf 'no newline'")

    assert {"café \ufffd", "err", "no newline"} <= set(lines(job))


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ("- uses: docker://alpine", "this runner has only actions/checkout@"),
        ("- {run: 'true', shell: pwsh}", "this runner has only bash, sh, python, not pwsh"),
        ("- {run: 'true', background: true}", "does not support background"),
        ("- {name: Empty}", "needs either `run` or `uses`"),
        ("- {run: 'true', uses: actions/checkout@v5}", "needs either `run` or `uses`"),
    ],
)
def test_what_the_runner_cannot_do_it_refuses_before_anything_runs(
    tmp_path: Path, steps: str, message: str
) -> None:
    ran = tmp_path / "ran"

    with pytest.raises(WorkflowError, match=message):
        run(tmp_path, f"- run: touch {ran}\n{steps}")

    assert not ran.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("jobs: {other: {steps: []}}", "no job 'test'; it has other"),
        ("jobs: [", "while parsing"),
        ("name: x", "it has no jobs"),
        ("jobs: {test: {services: {}, steps: []}}", "does not support services"),
        ("jobs: {test: {env: text, steps: []}}", "expected names with values, not 'text'"),
        ("jobs: {test: {needs: 1, steps: []}}", "expected a name or a list of names, not 1"),
    ],
)
def test_a_file_that_is_no_such_workflow_is_named(
    tmp_path: Path, content: str, message: str
) -> None:
    (tmp_path / PATH).parent.mkdir(parents=True)
    (tmp_path / PATH).write_text(content)

    with pytest.raises(WorkflowError, match=re.escape(message)):
        run_workflow(
            tmp_path, PATH, job="test", secrets={}, inputs={}, env={}, run_id=1, repository="a/b"
        )


COMPOSITE = """
name: Greet
inputs:
  who: {description: whom, default: nobody}
runs:
  using: composite
  steps:
    - shell: bash
      run: echo "hello $WHO" && echo "word=moin" >>"$GITHUB_OUTPUT"
      id: first
      env: {WHO: "${{ inputs.who }}"}
    - shell: bash
      run: echo "again ${{ steps.first.outputs.word }}"; exit 4
    - shell: bash
      run: echo never
"""


def test_the_steps_of_a_composite_action_are_parts_of_one_step(tmp_path: Path) -> None:
    action = tmp_path / ".github/actions/greet/action.yml"
    action.parent.mkdir(parents=True)
    action.write_text(COMPOSITE)

    job = run_job(
        tmp_path,
        """
        - uses: actions/checkout@v5
        - name: Greet
          uses: ./.github/actions/greet
          with: {who: "${{ inputs.dispatch_id }}"}
        """,
    )

    assert conclusions(job)["Greet"] == "failure"
    shown = lines(job)
    assert {"##[group]Run ./.github/actions/greet", "hello d-1", "again moin"} <= set(shown)
    assert "never" not in shown


def test_a_github_script_runs_in_node_with_the_toolkits_core(tmp_path: Path) -> None:
    job = run_job(
        tmp_path,
        """
        - name: Tell
          uses: actions/github-script@v7
          with:
            script: |
              core.info(`run ${context.runId}`)
              core.setOutput('word', 'moin')
              core.setFailed('that is all')
        """,
    )

    assert conclusions(job)["Tell"] == "failure"
    assert {"run 4711", "##[error]that is all"} <= set(lines(job))
    assert not any("exit code" in line for line in lines(job))


def test_a_script_in_python_is_run_by_python(tmp_path: Path) -> None:
    job = run_job(tmp_path, "- {run: 'print(6 * 7)', shell: python}")

    assert "42" in lines(job)


def test_a_job_of_a_matrix_bears_its_values_and_hands_on_its_outputs(tmp_path: Path) -> None:
    file = tmp_path / PATH
    file.parent.mkdir(parents=True)
    file.write_text("""
name: Test
jobs:
  test:
    needs: before
    outputs: {word: "${{ steps.say.outputs.word }}"}
    steps:
      - name: Say ${{ matrix.kind }}
        id: say
        run: echo "word=${{ needs.before.outputs.word }}-${{ matrix.kind }}" >>"$GITHUB_OUTPUT"
""")

    made = run_workflow(
        tmp_path,
        PATH,
        job="test",
        secrets={},
        inputs={},
        env={},
        run_id=4711,
        repository="acme/shop",
        needs={"before": {"word": "moin"}},
        matrix={"kind": "full", "region": "eu"},
    )

    (job,) = made.jobs
    assert job.name == "test (full, eu)"
    assert "Say full" in conclusions(job)
    assert job.outputs == {"word": "moin-full"}
