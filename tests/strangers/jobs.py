"""Runs of several jobs: in their order, each leg of a matrix, and those of called workflows."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import count, product
from typing import TYPE_CHECKING, Any

import yaml

from backup_doctor.demo.github.state import Job, Run
from backup_doctor.demo.runner.expressions import interpolate
from backup_doctor.demo.runner.run import run_workflow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from backup_doctor.demo.runner.dispatch import Dispatch

DOCTORS_JOB = "diagnose"
ALWAYS = re.compile(r"always\(\)|failure\(\)")


@dataclass
class _Going:
    """A run while its jobs are carried out."""

    dispatch: Dispatch
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    runs: list[Run] = field(default_factory=list)


def carry_out_all(dispatch: Dispatch) -> Run:
    """Carry out all jobs but the doctor's, and return them as one run."""
    going = _Going(dispatch)
    jobs = _workflow(going, dispatch, "")
    first = going.runs[0]
    document = _document(dispatch)
    first.path, first.name = dispatch["workflow"], document["name"]
    first.title = interpolate(document["run-name"], {"inputs": dispatch["inputs"]})
    first.jobs = jobs
    first.conclusion = "failure" if any(job.conclusion == "failure" for job in jobs) else "success"
    first.updated_at = going.runs[-1].updated_at
    return first


def _workflow(going: _Going, dispatch: Dispatch, prefix: str) -> list[Job]:
    document = _document(dispatch)
    done: dict[str, list[Job]] = {}
    for key, raw in document["jobs"].items():
        if key != DOCTORS_JOB:
            done[key] = list(_job(going, {**dispatch, "job": key}, raw, done, prefix))
    return [job for jobs in done.values() for job in jobs]


def _document(dispatch: Dispatch) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(
        (dispatch["checkout"] / dispatch["workflow"]).read_text()
    )
    return document


def _job(
    going: _Going,
    dispatch: Dispatch,
    raw: Mapping[str, Any],
    done: Mapping[str, list[Job]],
    prefix: str,
) -> Iterator[Job]:
    before = [job for need in _names(raw.get("needs")) for job in done[need]]
    key = dispatch["job"]
    failed = any(job.conclusion != "success" for job in before)
    wanted = str(raw.get("if", ""))
    if failed is not bool(ALWAYS.search(wanted)) and (failed or "failure()" in wanted):
        yield Job(id=_id(going), name=f"{prefix}{key}", conclusion="skipped", runner_name=None)
        return
    needs = {need: done[need][-1].outputs for need in _names(raw.get("needs"))}
    if "uses" in raw:
        yield from _workflow(going, _called(dispatch, raw, needs), f"{prefix}{key} / ")
        return
    for leg in _legs(raw):
        run = run_workflow(**dispatch, needs=needs, matrix=leg)
        going.runs.append(run)
        (job,) = run.jobs
        job.id, job.name = _id(going), f"{prefix}{job.name}"
        yield job


def _called(dispatch: Dispatch, raw: Mapping[str, Any], needs: Mapping[str, Any]) -> Dispatch:
    contexts: dict[str, Any] = {
        "inputs": dispatch["inputs"],
        "secrets": dispatch["secrets"],
        "vars": dispatch["variables"],
        "github": {"run_id": str(dispatch["run_id"])},
        "needs": {need: {"outputs": outputs} for need, outputs in needs.items()},
    }
    given = {name: interpolate(str(text), contexts) for name, text in raw.get("with", {}).items()}
    handed = raw.get("secrets", {})
    secrets = (
        dispatch["secrets"]
        if handed == "inherit"
        else {name: interpolate(text, contexts) for name, text in handed.items()}
    )
    path = raw["uses"].removeprefix("./")
    return {**dispatch, "workflow": path, "inputs": given, "secrets": secrets}


def _legs(raw: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    axes = raw.get("strategy", {}).get("matrix", {})
    for values in product(*axes.values()):
        yield dict(zip(axes, map(str, values), strict=True))


def _id(going: _Going) -> int:
    return going.dispatch["run_id"] * 100 + next(going.numbers)


def _names(raw: object) -> list[str]:
    return [raw] if isinstance(raw, str) else [str(name) for name in raw or ()]  # type: ignore[attr-defined]
