"""Workflows, runs, jobs, secrets and files as GitHub's REST API shows them.

Each function is one schema of GitHub's OpenAPI description; the tests hold them against it.
"""

import base64
import hashlib
from pathlib import PurePosixPath
from textwrap import wrap
from typing import Any
from urllib.parse import quote

from backup_doctor.demo.github.links import Links, optional_timestamp, timestamp
from backup_doctor.demo.github.repositories import minimal_repository, user
from backup_doctor.demo.github.state import (
    EPOCH,
    Job,
    PendingDeployment,
    Repository,
    Run,
    SecretRecord,
    Step,
    Workflow,
)

ACTOR = "octocat"
Json = dict[str, Any]


def workflow(links: Links, repository: Repository, item: Workflow) -> Json:
    """Schema `workflow`."""
    return {
        "id": item.id,
        "node_id": f"W_{item.id}",
        "name": item.name,
        "path": item.path,
        "state": item.state,
        "created_at": timestamp(EPOCH),
        "updated_at": timestamp(EPOCH),
        "url": f"{links.repository}/actions/workflows/{item.id}",
        "html_url": f"{links.page}/blob/{repository.default_branch}/{item.path}",
        "badge_url": f"{links.page}/workflows/{quote(item.name)}/badge.svg",
    }


def run(links: Links, repository: Repository, item: Run) -> Json:
    """Schema `workflow-run`. It has neither the inputs nor the payload of the dispatch."""
    url = links.run(item.id)
    embedded = minimal_repository(links, repository)
    account = user(links, ACTOR)
    person = {"name": ACTOR, "email": f"{ACTOR}@example.com"}
    previous = f"{url}/attempts/{item.attempt - 1}" if item.attempt > 1 else None
    suite_url = f"{links.repository}/check-suites/{item.id}"
    return {
        "id": item.id,
        "name": item.name,
        "node_id": f"WFR_{item.id}",
        "head_branch": item.head_branch,
        "head_sha": item.head_sha,
        "path": item.path,
        "display_title": item.title,
        "run_number": run_number(repository, item),
        "event": item.event,
        "status": item.status,
        "conclusion": item.conclusion,
        "workflow_id": item.workflow_id,
        "check_suite_id": item.id,
        "check_suite_node_id": f"CS_{item.id}",
        "url": url,
        "html_url": f"{links.page}/actions/runs/{item.id}",
        "pull_requests": [],
        "created_at": timestamp(item.created_at),
        "updated_at": timestamp(item.updated_at),
        "actor": account,
        "run_attempt": item.attempt,
        "referenced_workflows": [],
        "run_started_at": timestamp(item.run_started_at),
        "triggering_actor": account,
        "jobs_url": f"{url}/jobs",
        "logs_url": f"{url}/logs",
        "check_suite_url": suite_url,
        "artifacts_url": f"{url}/artifacts",
        "cancel_url": f"{url}/cancel",
        "rerun_url": f"{url}/rerun",
        "previous_attempt_url": previous,
        "workflow_url": f"{links.repository}/actions/workflows/{item.workflow_id}",
        "head_commit": {
            "id": item.head_sha,
            "tree_id": item.head_sha,
            "message": "Back up every night",
            "timestamp": timestamp(item.created_at),
            "author": person,
            "committer": person,
        },
        "repository": embedded,
        "head_repository": embedded,
    }


def run_number(repository: Repository, item: Run) -> int:
    """Count the runs of the same workflow up to this one."""
    same = [other for other in repository.runs if other.workflow_id == item.workflow_id]
    return sum((other.created_at, other.id) <= (item.created_at, item.id) for other in same) or 1


def pending_deployment(links: Links, item: PendingDeployment) -> Json:
    """Schema `pending-deployment`."""
    return {
        "environment": {
            "id": 1,
            "node_id": f"EN_{item.environment}",
            "name": item.environment,
            "url": f"{links.repository}/environments/{quote(item.environment, safe='')}",
            "html_url": f"{links.page}/deployments/activity_log",
        },
        "wait_timer": item.wait_timer,
        "wait_timer_started_at": optional_timestamp(item.wait_timer_started_at),
        "current_user_can_approve": False,
        "reviewers": [{"type": "User", "reviewer": user(links, name)} for name in item.reviewers],
    }


def job(links: Links, attempt: Run, item: Job) -> Json:
    """Schema `job`. A job without a runner has no runner fields, and still a `started_at`."""
    hosted = item.runner_name is not None
    return {
        "id": item.id,
        "run_id": attempt.id,
        "workflow_name": attempt.name,
        "head_branch": attempt.head_branch,
        "run_url": links.run(attempt.id),
        "run_attempt": attempt.attempt,
        "node_id": f"CR_{item.id}",
        "head_sha": attempt.head_sha,
        "url": f"{links.repository}/actions/jobs/{item.id}",
        "html_url": f"{links.page}/actions/runs/{attempt.id}/job/{item.id}",
        "status": item.status,
        "conclusion": item.conclusion,
        "created_at": timestamp(item.created_at),
        "started_at": timestamp(item.started_at or item.created_at),
        "completed_at": optional_timestamp(item.completed_at),
        "name": item.name,
        "steps": [step(each) for each in item.steps],
        "check_run_url": f"{links.repository}/check-runs/{item.id}",
        "labels": item.labels,
        "runner_id": 1 if hosted else None,
        "runner_name": item.runner_name,
        "runner_group_id": 0 if hosted else None,
        "runner_group_name": "GitHub Actions" if hosted else None,
    }


def step(item: Step) -> Json:
    """One element of a job's `steps`."""
    return {
        "name": item.name,
        "status": item.status,
        "conclusion": item.conclusion,
        "number": item.number,
        "started_at": optional_timestamp(item.started_at),
        "completed_at": optional_timestamp(item.completed_at),
    }


def annotation(links: Links, attempt: Run, message: str) -> Json:
    """Schema `check-annotation`, as the runner writes one for a failure without a place."""
    return {
        "path": ".github",
        "blob_href": f"{links.page}/blob/{attempt.head_sha}/.github",
        "start_line": 1,
        "start_column": None,
        "end_line": 1,
        "end_column": None,
        "annotation_level": "failure",
        "title": "",
        "message": message,
        "raw_details": "",
    }


def secret(item: SecretRecord) -> Json:
    """Schema `actions-secret`: never a value."""
    return {
        "name": item.name,
        "created_at": timestamp(item.created_at),
        "updated_at": timestamp(item.updated_at),
    }


def variable(name: str, value: str) -> Json:
    """Schema `actions-variable`."""
    return {
        "name": name,
        "value": value,
        "created_at": timestamp(EPOCH),
        "updated_at": timestamp(EPOCH),
    }


def environment(links: Links, name: str, number: int) -> Json:
    """Schema `environment`, without protection rules."""
    return {
        "id": number,
        "node_id": f"EN_{number}",
        "name": name,
        "url": f"{links.repository}/environments/{quote(name, safe='')}",
        "html_url": f"{links.page}/deployments/activity_log?environments_filter={quote(name)}",
        "created_at": timestamp(EPOCH),
        "updated_at": timestamp(EPOCH),
        "protection_rules": [],
        "deployment_branch_policy": None,
    }


def file(links: Links, ref: str, path: str, content: bytes) -> Json:
    """Schema `content-file`: base64 in lines of 60 characters."""
    encoded = "".join(line + "\n" for line in wrap(base64.b64encode(content).decode(), 60))
    sha = git_sha("blob", content)
    return entry(links, ref, path, "file", sha) | {
        "size": len(content),
        "content": encoded,
        "encoding": "base64",
    }


def directory(links: Links, ref: str, path: str, files: dict[str, bytes]) -> list[Json]:
    """Schema `content-directory`: the entries right below `path` ("" is the root)."""
    parent = PurePosixPath(path)
    below = {PurePosixPath(name): content for name, content in files.items()}
    entries: dict[str, Json] = {}
    for name, content in sorted(below.items()):
        if parent not in name.parents:
            continue
        child = parent / name.relative_to(parent).parts[0]
        if child == name:
            shown = entry(links, ref, str(child), "file", git_sha("blob", content))
            entries[str(child)] = shown | {"size": len(content)}
        else:
            entries[str(child)] = entry(links, ref, str(child), "dir", git_sha("tree", b""))
    return list(entries.values())


def entry(links: Links, ref: str, path: str, kind: str, sha: str) -> Json:
    """Show what files and directories have in common; `kind` is `file` or `dir`."""
    place = quote(path)
    url = f"{links.repository}/contents/{place}?ref={quote(ref)}"
    section, objects = ("blob", "blobs") if kind == "file" else ("tree", "trees")
    html_url = f"{links.page}/{section}/{quote(ref)}/{place}"
    git_url = f"{links.repository}/git/{objects}/{sha}"
    raw_url = f"{links.page}/raw/{quote(ref)}/{place}" if kind == "file" else None
    return {
        "name": PurePosixPath(path).name,
        "path": path,
        "sha": sha,
        "size": 0,
        "url": url,
        "html_url": html_url,
        "git_url": git_url,
        "download_url": raw_url,
        "type": kind,
        "_links": {"self": url, "git": git_url, "html": html_url},
    }


def git_sha(kind: str, content: bytes) -> str:
    """Name content as git does."""
    # SHA-1 is git's naming of objects, not a protection.
    return hashlib.sha1(
        b"%s %d\0" % (kind.encode(), len(content)) + content, usedforsecurity=False
    ).hexdigest()
