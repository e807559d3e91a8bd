"""Executes the steps of one job, one after the other, and keeps its books."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING
from uuid import uuid4

from backup_doctor.demo.github.state import Step
from backup_doctor.demo.runner.actions import DEFAULTS, github_script
from backup_doctor.demo.runner.expressions import condition, interpolate
from backup_doctor.demo.runner.files import FileCommandError, parse
from backup_doctor.demo.runner.machine import RUNNER_NAME
from backup_doctor.demo.runner.process import TimedOutError, execute
from backup_doctor.demo.runner.workflow import (
    CHECKOUT,
    GITHUB_SCRIPT,
    SHELLS,
    WorkflowError,
    load_action,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from backup_doctor.demo.runner.expressions import Value
    from backup_doctor.demo.runner.log import JobLog
    from backup_doctor.demo.runner.machine import Machine
    from backup_doctor.demo.runner.workflow import StepSpec, WorkflowSpec

# How long steps with `if: always()` may still take once the job was cancelled.
CANCELLATION_MINUTES = 5.0

CHECKOUT_INPUTS = {
    "ssh-strict": "true",
    "ssh-user": "git",
    "persist-credentials": "true",
    "clean": "true",
    "sparse-checkout-cone-mode": "true",
    "fetch-depth": "1",
    "fetch-tags": "false",
    "show-progress": "true",
    "lfs": "false",
    "submodules": "false",
    "set-safe-directory": "true",
}


class JobRun:
    """One job while it runs. `status` is success, failure or cancelled, and its conclusion."""

    def __init__(
        self,
        spec: WorkflowSpec,
        machine: Machine,
        log: JobLog,
        now: Callable[[], datetime],
        seconds_per_minute: float,
        cancel_after: float | None = None,
    ) -> None:
        self.spec = spec.job
        self.machine = machine
        self.log = log
        self.now = now
        self.seconds_per_minute = seconds_per_minute
        self.status = "success"
        self.steps: list[Step] = []
        self.deadline = self._in_minutes(self.spec.timeout_minutes)
        self.cancelled_at = (
            float("inf") if cancel_after is None else time.monotonic() + cancel_after
        )
        self.env: dict[str, str] = {}
        self._outputs: dict[str, str] = {}
        self._outcomes: dict[str, Value] = {}
        self._contexts: dict[str, Value] = {
            "github": {**machine.request.github(), "job": self.spec.key, "workflow": spec.name},
            "inputs": machine.request.inputs,
            "vars": machine.request.variables,
            "needs": {
                need: {"result": "success", "outputs": machine.request.needs.get(need, {})}
                for need in self.spec.needs
            },
            "matrix": machine.request.matrix,
            "runner": {"os": "Linux", "temp": str(machine.temp), "name": RUNNER_NAME},
        }
        for values in (spec.env, self.spec.env):
            self.env |= self._interpolated(values)

    def run(self) -> None:
        """Execute every step."""
        self._set_up()
        for number, spec in enumerate(self.spec.steps, start=2):
            self._step(number, spec)
        self._complete()

    def outputs(self) -> dict[str, str]:
        """Return what the job hands to those that need it."""
        return self._interpolated(self.spec.outputs)

    def _set_up(self) -> None:
        started = self.now()
        used = (spec.uses for spec in self.spec.steps if spec.uses)
        actions = dict.fromkeys(uses for uses in used if not uses.startswith("./"))
        self.log.job_set_up(self.spec.name, self.spec.permissions, [*actions])
        self.machine.create_folders()
        self._record("Set up job", 1, "success", started)

    def _step(self, number: int, spec: StepSpec) -> None:
        started = self.now()
        self._outputs = {}
        outcome = self._perform(spec, self.env) if self._is_due(spec) else "skipped"
        forgiven = outcome == "failure" and spec.continue_on_error
        conclusion = "success" if forgiven else outcome
        if conclusion in {"failure", "cancelled"} and self.status != "cancelled":
            self.status = conclusion
        if spec.id:
            outputs: Value = self._outputs
            self._outcomes[spec.id] = {
                "outcome": outcome,
                "conclusion": conclusion,
                "outputs": outputs,
            }
        name = interpolate(spec.name, self._visible(self.env))
        self._record(name, number, conclusion, started)

    def _complete(self) -> None:
        """Write the job's end. Post steps count backwards from twice the steps: hence the gaps."""
        last = 2 * (1 + len(self.spec.steps))
        for number, spec in reversed([*enumerate(self.spec.steps, start=2)]):
            cleans_up = spec.uses and not spec.uses.startswith(("./", GITHUB_SCRIPT))
            if cleans_up and self.steps[number - 1].conclusion == "success":
                started = self.now()
                self.log.write("Post job cleanup.")
                self._record(f"Post {spec.name}", last + 2 - number, "success", started)
        started = self.now()
        self.log.write("Cleaning up orphan processes")
        self._record("Complete job", last + 1, "success", started)

    def _is_due(self, spec: StepSpec) -> bool:
        functions = {
            "success": lambda: self.status == "success",
            "failure": lambda: self.status == "failure",
            "cancelled": lambda: self.status == "cancelled",
            "always": lambda: True,
        }
        return condition(spec.if_, self._visible(self.env), functions)

    def _perform(self, spec: StepSpec, outer: Mapping[str, str]) -> str:
        env = {**outer, **self._interpolated(spec.env)}
        if spec.uses and spec.uses.startswith("./"):
            return self._composite(spec, env)
        if spec.uses and not spec.uses.startswith(GITHUB_SCRIPT):
            self._action(spec, env)
            return "success"
        allowed = spec.timeout_minutes
        own_deadline = float("inf") if allowed is None else self._in_minutes(allowed)
        limit = min(own_deadline, self.deadline, self.cancelled_at)
        try:
            return self._script(spec, env, limit)
        except TimedOutError:
            if limit == own_deadline:
                self.log.report_error(
                    f"The action '{spec.name}' has timed out after {allowed:g} minutes."
                )
                return "failure"
            return self._cancel(by_user=limit == self.cancelled_at)

    def _composite(self, spec: StepSpec, env: Mapping[str, str]) -> str:
        """Run the steps of an action of the repository, as parts of the step that uses it."""
        uses = str(spec.uses)
        file = self.machine.workspace / uses / "action.yml"
        if not file.exists():
            raise WorkflowError(f"{uses}: no such action; was the repository checked out?")
        action = load_action(file, uses)
        inputs = {**action.defaults, **self._interpolated(spec.inputs)}
        self.log.action(uses, inputs, env)
        before = self._contexts["inputs"], self._outcomes
        self._contexts["inputs"], self._outcomes = inputs, {}
        outcome = "success"
        for step in action.steps:
            self._outputs = {}
            outcome = self._perform(step, env)
            if outcome != "success" and not step.continue_on_error:
                break
            outcome = "success"
            if step.id:
                outputs: Value = self._outputs
                self._outcomes[step.id] = {"outcome": outcome, "outputs": outputs}
        self._contexts["inputs"], self._outcomes = before
        return outcome

    def _cancel(self, *, by_user: bool) -> str:
        if not by_user:
            self.log.annotations.append(
                f"The job running on runner {RUNNER_NAME} has exceeded the maximum execution time "
                f"of {self.spec.timeout_minutes:g} minutes."
            )
        self.log.report_error("The operation was canceled.")
        self.deadline = self._in_minutes(CANCELLATION_MINUTES)
        self.cancelled_at = float("inf")
        return "cancelled"

    def _action(self, spec: StepSpec, env: Mapping[str, str]) -> None:
        uses, given = str(spec.uses), self._interpolated(spec.inputs)
        if not uses.startswith(CHECKOUT):
            self.log.action(uses, given, env)
            return
        request = self.machine.request
        inputs = {"repository": request.repository, "token": request.secrets["GITHUB_TOKEN"]}
        self.log.action(uses, {**inputs, **CHECKOUT_INPUTS, **given}, env)
        self.log.write(f"Syncing repository: {request.repository}")
        shutil.copytree(request.checkout, self.machine.workspace, symlinks=True, dirs_exist_ok=True)
        self.log.write("[command]/usr/bin/git log -1 --format=%H")
        self.log.write(request.head_sha)

    def _script(self, spec: StepSpec, env: Mapping[str, str], deadline: float) -> str:
        command = self._announce(spec, env)
        commands = {name: self._command_file() for name in ("ENV", "OUTPUT", "STEP_SUMMARY")}
        code = execute(
            command,
            cwd=self.machine.workspace / spec.working_directory,
            env={
                **self.machine.environment(self.spec.key),
                **env,
                **{f"GITHUB_{name}": str(path) for name, path in commands.items()},
            },
            on_line=self.log.output,
            deadline=deadline,
            seconds_per_minute=self.seconds_per_minute,
        )
        if code and not spec.uses:
            self.log.report_error(f"Process completed with exit code {code}.")
        files_read = [
            self._take_in(commands["ENV"], "env", self.env),
            self._take_in(commands["OUTPUT"], "output", self._outputs),
        ]
        return "success" if code == 0 and all(files_read) else "failure"

    def _announce(self, spec: StepSpec, env: Mapping[str, str]) -> list[str]:
        """Write the step's head into the log and its script into a file; return the command."""
        contexts = {**self._visible(env), **self._secrets()}
        if spec.uses:
            inputs = {name: interpolate(text, contexts) for name, text in spec.inputs.items()}
            token = self.machine.request.secrets["GITHUB_TOKEN"]
            self.log.action(spec.uses, {**inputs, "github-token": token, **DEFAULTS}, env)
            file = self.machine.temp / f"{uuid4()}.cjs"
            file.write_text(github_script(inputs["script"]))
            return ["node", str(file)]
        script = interpolate(str(spec.run), contexts)
        program, *options = SHELLS[spec.shell]
        self.log.script(script, " ".join([f"/usr/bin/{program}", *options, "{0}"]), env)
        file = self.machine.temp / f"{uuid4()}.sh"
        file.write_text(script)
        return [program, *options, str(file)]

    def _take_in(self, file: Path, command: str, values: dict[str, str]) -> bool:
        try:
            values |= parse(file.read_text())
        except FileCommandError as error:
            self.log.report_error(f"Unable to process file command '{command}' successfully.")
            self.log.report_error(str(error))
            return False
        return True

    def _command_file(self) -> Path:
        file = self.machine.temp / f"command_{uuid4()}"
        file.touch()
        return file

    def _interpolated(self, values: Mapping[str, str]) -> dict[str, str]:
        contexts = {**self._visible(self.env), **self._secrets()}
        return {name: interpolate(value, contexts) for name, value in values.items()}

    def _visible(self, env: Mapping[str, str]) -> dict[str, Value]:
        """Return the contexts that an `if:` may use: all but `secrets`."""
        status: Value = {"status": self.status}
        return {**self._contexts, "env": env, "steps": self._outcomes, "job": status}

    def _secrets(self) -> dict[str, Value]:
        return {"secrets": self.machine.request.secrets}

    def _in_minutes(self, minutes: float) -> float:
        return time.monotonic() + minutes * self.seconds_per_minute

    def _record(self, name: str, number: int, conclusion: str, started: datetime) -> None:
        completed = started if conclusion == "skipped" else self.now()
        self.steps.append(Step(name, number, "completed", conclusion, started, completed))
