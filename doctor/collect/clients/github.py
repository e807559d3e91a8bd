"""GitHub's REST API, as far as a diagnosis reads it; everything below one repository."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

import msgspec
from msgspec.structs import replace

from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.clients import github_records as records
from backup_doctor.collect.clients.answer import Answer
from backup_doctor.collect.clients.github_logs import Downloads, Log
from backup_doctor.collect.clients.github_refusals import NAME, OK, Permission, refusal, wrong_shape
from backup_doctor.collect.clients.http import Http
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.secrets import Level, StoredSecret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from backup_doctor.collect.clients.opening import Openings
    from backup_doctor.collect.deadline import Deadline
    from backup_doctor.evidence.workflow import Approval, Job, Run, WorkflowState
    from backup_doctor.settings.model import Settings

T = TypeVar("T")
API_VERSION = "2022-11-28"
JSON_TYPE = "application/vnd.github+json"
RAW_TYPE = "application/vnd.github.raw+json"
PAGE_SIZE = 100
PAGE_LIMIT = 10
MOVED = frozenset({301, 307, 308})
BY_ID = re.compile(r"repositories/\d+(?=/)")
SECRETS_PATHS = {
    Level.REPOSITORY: "actions/secrets",
    Level.ORGANIZATION: "actions/organization-secrets",
}


class Question(Immutable, frozen=True, kw_only=True):
    """A GET below the repository, or below another one. `what` completes "GitHub has no ..."."""

    path: str
    what: str
    params: Mapping[str, str] = msgspec.field(default_factory=dict)
    permission: Permission = Permission.ACTIONS
    accept: str = JSON_TYPE
    repository: str = ""


class GitHub:
    """One repository's Actions. Answers are evidence or `Unseen`; nothing is raised."""

    def __init__(
        self, settings: Settings, deadline: Deadline, openings: Openings | None = None
    ) -> None:
        self._settings = settings
        self._repository = settings.repository or settings.names.repository
        # Where everything is asked for; another place once GitHub says that the repository moved.
        self._home = f"repos/{self._repository}"
        token = settings.github_token.reveal().strip() if settings.github_token else ""
        self._with_token = bool(token)
        headers = {"Accept": JSON_TYPE, "X-GitHub-Api-Version": API_VERSION}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._http = Http(NAME, settings.github_url, deadline, headers, openings=openings)
        self._downloads = Downloads(self._http, deadline)

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Answer | Unseen:
        """GET below the repository (`actions/runs`). An answer is always a 200."""
        return self._ask(Question(path=path, what=f"answer to {path}", params=params or {}))

    def run(self, run_id: str | int, attempt: int | None = None) -> Run | Unseen:
        """One run: its latest attempt, or the one asked for."""
        path = f"actions/runs/{quote(str(run_id), safe='')}"
        if attempt is not None:
            path += f"/attempts/{attempt}"
        return self._one(Question(path=path, what=f"run {run_id}"), records.run)

    def jobs(self, run: Run) -> tuple[Job, ...] | Unseen:
        """Every job of every attempt of the run."""
        question = Question(
            path=f"actions/runs/{run.id}/jobs",
            what=f"jobs of run {run.id}",
            params={"filter": "all"},
        )
        return self._all(question, records.jobs)

    def approvals(self, run: Run) -> tuple[Approval, ...] | Unseen:
        """What a run whose status is `waiting` waits for."""
        path = f"actions/runs/{run.id}/pending_deployments"
        question = Question(path=path, what=f"pending deployments of run {run.id}")
        return self._one(question, records.approvals)

    def runs_between(
        self, since: datetime, until: datetime, *, pages: int = 5
    ) -> tuple[Run, ...] | Unseen:
        """The runs created in that window, of every workflow; at most `pages` times 100."""
        created = {"created": f"{_second(since)}..{_second(until)}"}
        question = Question(path="actions/runs", what="workflow runs", params=created)
        return self._all(question, records.runs, pages=pages)

    def latest_runs(self) -> tuple[Run, ...] | Unseen:
        """The newest hundred runs of every workflow."""
        question = Question(path="actions/runs", what="workflow runs")
        return self._all(question, records.runs, pages=1)

    def workflow_runs(
        self, workflow_id: int, *, status: str, count: int
    ) -> tuple[Run, ...] | Unseen:
        """The newest runs of one workflow with that status or conclusion; `count` at most 100."""
        question = Question(
            path=f"actions/workflows/{workflow_id}/runs",
            what="runs of the workflow",
            params={"status": status, "per_page": str(count)},
        )
        return self._one(question, records.runs)

    def workflow_runs_since(self, workflow_id: int, since: datetime) -> tuple[Run, ...] | Unseen:
        """The newest hundred runs of one workflow that were created since then."""
        question = Question(
            path=f"actions/workflows/{workflow_id}/runs",
            what="runs of the workflow",
            params={"created": f">={_second(since)}", "per_page": str(PAGE_SIZE)},
        )
        return self._one(question, records.runs)

    def workflows(self) -> tuple[WorkflowState, ...] | Unseen:
        """The repository's workflows, disabled ones included."""
        return self._all(Question(path="actions/workflows", what="workflows"), records.workflows)

    def annotations(self, job: Job) -> tuple[str, ...] | Unseen:
        """What GitHub itself says of a job: a job's id is that of its check run."""
        question = Question(
            path=f"check-runs/{job.id}/annotations",
            what=f"annotations of job {job.name!r}",
            params={"per_page": "50"},
            permission=Permission.CHECKS,
        )
        return self._one(question, records.messages)

    def secrets_of(
        self, level: Level, environment: str | None = None
    ) -> tuple[StoredSecret, ...] | Unseen:
        """The names of one level's secrets; `environment` names it where the level is that."""
        path, permission = SECRETS_PATHS.get(level), Permission.SECRETS
        if path is None:
            path = f"environments/{quote(environment or '', safe='')}/secrets"
            permission = Permission.ENVIRONMENTS
        question = Question(path=path, what=f"secrets of the {level}", permission=permission)
        return self._all(question, records.secrets(level))

    def file(self, path: str, ref: str = "", repository: str = "") -> bytes | Unseen | None:
        """A file of the repository, or of another one, at a commit; None where GitHub has none."""
        question = Question(
            path=f"contents/{quote(path)}",
            what=f"file {path}",
            params={"ref": ref} if ref else {},
            permission=Permission.CONTENTS,
            accept=RAW_TYPE,
            repository=repository,
        )
        answer = self._ask(question)
        if isinstance(answer, Answer):
            return records.content(answer)
        return None if answer.why is Why.NOT_FOUND else answer

    def job_log(self, job: Job, read: Callable[[Log], T]) -> T | Unseen:
        """The log of one finished job, handed to `read` piece by piece."""
        question = Question(path=f"actions/jobs/{job.id}/logs", what=f"log of job {job.name!r}")
        if not self._repository:
            return self._settings.absent("repository")
        return self._downloads.text(
            self._path(question), read, lambda answer: self._refused(answer, question)
        )

    def run_log(self, run: Run, job: Job, read: Callable[[Log], T]) -> T | Unseen:
        """The same log out of the zip of the whole run, which exists once the run is over."""
        path = f"actions/runs/{run.id}/attempts/{run.attempt}/logs"
        question = Question(path=path, what=f"logs of run {run.id}")
        if not self._repository:
            return self._settings.absent("repository")
        return self._downloads.from_zip(
            self._path(question), job.name, read, lambda answer: self._refused(answer, question)
        )

    def _ask(self, question: Question) -> Answer | Unseen:
        if not self._repository:
            return self._settings.absent("repository")
        answer = self._get(question)
        if isinstance(answer, Answer) and not question.repository and self._has_moved(answer):
            answer = self._get(question)
        if isinstance(answer, Answer) and answer.status != OK:
            return self._refused(answer, question)
        return answer

    def _get(self, question: Question) -> Answer | Unseen:
        return self._http.get(
            self._path(question), params=question.params, headers={"Accept": question.accept}
        )

    def _has_moved(self, answer: Answer) -> bool:
        """Whether GitHub redirects from a former name: the repository's id, at the very same API."""
        if answer.status not in MOVED:
            return False
        location = answer.headers.get("location", "")
        match = BY_ID.match(location.removeprefix(f"{self._http.base_url}/"))
        if match is None or not location.startswith(self._http.base_url):
            return False
        self._home = match[0]
        return True

    def _one(self, question: Question, decode: Callable[[object], T]) -> T | Unseen:
        answer = self._ask(question)
        if isinstance(answer, Unseen):
            return answer
        try:
            return decode(answer.json())
        except (msgspec.ValidationError, OverflowError):
            return wrong_shape(answer, question.what)

    def _all(
        self,
        question: Question,
        decode: Callable[[object], tuple[T, ...]],
        pages: int = PAGE_LIMIT,
    ) -> tuple[T, ...] | Unseen:
        """The pages of a list, one after the other, until one is not full."""
        found: list[T] = []
        for page in range(1, pages + 1):
            size = {"per_page": str(PAGE_SIZE), "page": str(page)}
            part = self._one(replace(question, params={**question.params, **size}), decode)
            if isinstance(part, Unseen):
                return part
            found += part
            if len(part) < PAGE_SIZE:
                break
        return tuple(found)

    def _path(self, question: Question) -> str:
        home = f"repos/{question.repository}" if question.repository else self._home
        return f"{home}/{question.path}"

    def _refused(self, answer: Answer, question: Question) -> Unseen:
        seen = refusal(answer, question.permission, what=question.what, with_token=self._with_token)
        withheld = self._settings.withheld.get("github_token")
        if self._with_token and seen.remedy:
            # One project of several may have its token in a variable of its own.
            named = f"Set {self._settings.origin('github_token')} "
            seen = msgspec.structs.replace(
                seen, remedy=seen.remedy.replace("Set GITHUB_TOKEN ", named, 1)
            )
        if withheld is None or self._with_token or not seen.remedy:
            return seen
        # The token is there and was not sent: more permissions for it would not help.
        return msgspec.structs.replace(seen, remedy=withheld.remedy)


def _second(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
