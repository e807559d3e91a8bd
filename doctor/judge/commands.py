"""The commands that a report prints: each is whole, or is not made at all.

A value that is not known makes no command (None): there is no blank and no placeholder to fill in,
and what remains is advice in words (`backup_doctor.judge.show.by_command`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from backup_doctor.base.immutable import Immutable
from backup_doctor.base.quoting import for_shell
from backup_doctor.evidence.workflow import Run

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.workflow import Job

GITHUB_COM = "github.com"
# What GitHub runs again with `--failed`.
FAILED = frozenset({"failure", "timed_out"})


class Command(Immutable, frozen=True):
    """A shell command that runs as it stands. Only the functions of this module make one."""

    text: str

    def piped(self, *words: str) -> Command:
        """This one, its output read by another."""
        return Command(f"{self.text} | {_joined(words)}")


class Stored(Immutable, frozen=True, kw_only=True):
    """A secret's place on GitHub: `environment` None is the repository."""

    name: str
    environment: str | None = None


def command(*words: str) -> Command:
    """A program and its arguments, each quoted; control characters as bash's escapes."""
    return Command(_joined(words))


def _joined(words: Iterable[str]) -> str:
    return " ".join(map(for_shell, words))


def doctor(case: Case, *words: str) -> Command:
    """The doctor's own command, for the project that was chosen, if any."""
    project = case.names.project
    return command("backup-doctor", *(("--project", project) if project else ()), *words)


# GitHub ------------------------------------------------------------------------------------------


def gh(case: Case, *words: str) -> Command | None:
    """A command of GitHub's CLI about the repository; None where it is not known which."""
    repository = case.names.repository
    if repository is None:
        return None
    host = github_host(case)
    named = repository if host == GITHUB_COM else f"{host}/{repository}"
    return command("gh", *words, "--repo", named)


def github_host(case: Case) -> str:
    """The host of GitHub, as gh names it."""
    return urlsplit(case.names.github_server).netloc or GITHUB_COM


def gh_api(case: Case, path: str, *words: str) -> Command | None:
    """Ask the API about the repository; of another GitHub by its whole address."""
    if case.names.repository is None:
        return None
    host = github_host(case)
    # gh takes no --hostname with a port in it.
    api = "" if host == GITHUB_COM else f"https://{host}/api/v3/"
    return command("gh", "api", f"{api}repos/{case.names.repository}/{path}", *words)


def gh_file(case: Case, path: str, ref: str = "") -> Command | None:
    """Print a file of the repository at a commit; without one, on the default branch."""
    if "@" in path:
        return None  # Another repository's, which `--repo` does not name.
    at = f"?ref={ref}" if ref else ""
    raw = "Accept: application/vnd.github.raw"
    return gh_api(case, f"contents/{path}{at}", "-H", raw)


def gh_log(case: Case) -> Command | None:
    """Print the log of the run; of a later attempt, that of the job that was read."""
    run = case.workflow.run if case.workflow else None
    job = case.workflow.job if case.workflow else None
    if not isinstance(run, Run):
        return None
    if run.attempt > 1 and job is not None:
        # Not every gh knows --attempt; a job is of one attempt.
        return gh_api(case, f"actions/jobs/{job.id}/logs")
    return gh(case, "run", "view", str(run.id), "--log")


def gh_rerun(case: Case, run: Run, jobs: tuple[Job, ...]) -> Command | None:
    """Run it again: its failed jobs, where it has any; else all of it."""
    failed = any(job.conclusion in FAILED for job in jobs)
    return gh(case, "run", "rerun", str(run.id), *(("--failed",) if failed else ()))


def gh_secret_set(case: Case, secret: Stored) -> Command | None:
    """Set a secret; gh asks for its value, or reads it from a pipe."""
    environment = ("--env", secret.environment) if secret.environment else ()
    made = gh(case, "secret", "set", secret.name)
    return made and Command(made.text + (f" {_joined(environment)}" if environment else ""))


def gh_secret_list(case: Case, environment: str | None = None) -> Command | None:
    """List the names of the secrets."""
    return gh(case, "secret", "list", *(("--env", environment) if environment else ()))


# Supabase ----------------------------------------------------------------------------------------


def supabase(case: Case, *words: str) -> Command | None:
    """A command of the Supabase CLI (version 2 or 3) about the project; None where it is not known."""
    ref = case.names.project_ref
    return command("supabase", *words, "--project-ref", ref) if ref else None


def supabase_deploy(case: Case, *, verify_jwt: bool) -> Command | None:
    """Deploy the function from the repository's folder."""
    gate = () if verify_jwt else ("--no-verify-jwt",)
    return supabase(case, "functions", "deploy", case.names.function, *gate, "--yes")


def new_key(case: Case, on_github: Stored, in_function: str) -> Command | None:
    """Make a key and set it on both sides, so that they are the same."""
    caller = gh_secret_set(case, on_github)
    function = supabase(case, "secrets", "set")
    if caller is None or function is None:
        return None
    flag = function.text.removeprefix("supabase secrets set ")
    return Command(
        "K=$(openssl rand -hex 32)\n"
        f'printf %s "$K" | {caller.text}\n'
        f'supabase secrets set {for_shell(in_function)}="$K" {flag} --yes'
    )


# S3 ----------------------------------------------------------------------------------------------


def aws(case: Case, *words: str) -> Command:
    """A command of the AWS CLI, at the store's own endpoint where it has one."""
    endpoint = case.names.s3_endpoint
    return command("aws", *words, *(("--endpoint-url", endpoint) if endpoint else ()))
