"""Endpoints: workflows, their runs, and the dispatch of a new run."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

import yaml
from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from backup_doctor.demo.github import resources
from backup_doctor.demo.github.endpoint import Audience, endpoint
from backup_doctor.demo.github.listing import list_runs, listing
from backup_doctor.demo.github.resources import Json
from backup_doctor.demo.github.runs import show_run
from backup_doctor.demo.github.service import Refusal, api_version, not_found, service
from backup_doctor.demo.github.state import Run, Workflow

DOCS = "actions/workflows"
INPUT_LIMIT = 25
ALWAYS_WITH_DETAILS = "2026-03-10"
"""Since this version of the API a dispatch always answers with the new run's id."""


def find_workflow(key: str) -> Workflow:
    """Find a workflow by its id or by its file's name.

    Raises:
        Refusal: 404.
    """
    for workflow in service().repository.workflows:
        if key in {str(workflow.id), PurePosixPath(workflow.path).name}:
            return workflow
    raise not_found()


def show_workflow(workflow: Workflow) -> Json:
    """Show a workflow."""
    return resources.workflow(service().links, service().repository, workflow)


@endpoint("/actions/workflows", needs="actions:read", docs=f"{DOCS}#list-repository-workflows")
def workflows() -> Response:
    """List the workflows."""
    return listing("workflows", service().repository.workflows, show_workflow)


@endpoint("/actions/workflows/<key>", needs="actions:read", docs=f"{DOCS}#get-a-workflow")
def workflow(key: str) -> Json:
    """Show a workflow."""
    return show_workflow(find_workflow(key))


@endpoint(
    "/actions/workflows/<key>/runs",
    needs="actions:read",
    docs="actions/workflow-runs#list-workflow-runs-for-a-workflow",
)
def workflow_runs(key: str) -> Response:
    """List the runs of a workflow."""
    found = find_workflow(key)
    mine = [run for run in service().repository.runs if run.workflow_id == found.id]
    return list_runs(mine, show_run)


@endpoint(
    "/actions/workflows/<key>/dispatches",
    needs="actions:write",
    docs=f"{DOCS}#create-a-workflow-dispatch-event",
    audience=Audience.PERMITTED,
    method="POST",
)
def dispatch(key: str) -> ResponseReturnValue:
    """Queue a run, and tell the stand-in's owner of it."""
    found = find_workflow(key)
    body = request.get_json(silent=True) or {}
    inputs = body.get("inputs") or {}
    check_dispatch(found, body.get("ref"), inputs)
    run = queue(found, body["ref"], service().now())
    service().on_dispatch(run, inputs)
    if api_version() != ALWAYS_WITH_DETAILS and not body.get("return_run_details"):
        return Response(status=204)
    links = service().links
    return jsonify(
        workflow_run_id=run.id,
        run_url=links.run(run.id),
        html_url=f"{links.page}/actions/runs/{run.id}",
    )


def check_dispatch(workflow: Workflow, ref: str | None, inputs: Mapping[str, Any]) -> None:
    """Hold a dispatch against the workflow's state and its declared inputs.

    Raises:
        Refusal: 422 with what does not fit.
    """
    repository = service().repository
    if workflow.state != "active":
        raise Refusal(422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow")
    if ref is None:
        raise Refusal(422, 'Invalid request.\n\n"ref" wasn\'t supplied.')
    if ref not in {repository.default_branch, f"refs/heads/{repository.default_branch}"}:
        raise Refusal(422, f"No ref found for: {ref}")
    if len(inputs) > INPUT_LIMIT:
        raise Refusal(
            422, f"you may only define up to {INPUT_LIMIT} inputs for a 'workflow_dispatch' event"
        )
    declared = declared_inputs(repository.files.get(workflow.path, b""))
    if declared is None:
        raise Refusal(422, "Workflow does not have 'workflow_dispatch' trigger")
    unexpected = ", ".join(f'"{name}"' for name in inputs if name not in declared)
    if unexpected:
        raise Refusal(422, f"Unexpected inputs provided: [{unexpected}]")


def declared_inputs(workflow_file: bytes) -> frozenset[str] | None:
    """Read which inputs a workflow declares; None if it cannot be dispatched."""
    parsed = yaml.safe_load(workflow_file) or {}
    # YAML 1.1 takes the key `on` for the boolean.
    triggers = parsed.get("on", parsed.get(True))
    if isinstance(triggers, dict) and "workflow_dispatch" in triggers:
        return frozenset((triggers["workflow_dispatch"] or {}).get("inputs") or {})
    named = triggers if isinstance(triggers, list) else [triggers]
    return frozenset() if "workflow_dispatch" in named else None


def queue(workflow: Workflow, ref: str, now: datetime) -> Run:
    """Add a queued run to the repository."""
    known = service().repository.runs
    run = Run(
        id=max((run.id for run in known), default=0) + 1,
        workflow_id=workflow.id,
        path=workflow.path,
        name=workflow.name,
        title=workflow.name,
        status="queued",
        conclusion=None,
        created_at=now,
        run_started_at=now,
        updated_at=now,
        head_branch=ref.removeprefix("refs/heads/"),
    )
    known.append(run)
    return run
