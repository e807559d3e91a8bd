"""Prometheus' text exposition, for node_exporter's textfile collector.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from backup_doctor.evidence.findings import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from backup_doctor.judge.freshness import Freshness
    from backup_doctor.report.render.formats import Look
    from backup_doctor.run.sweep.result import Sweep

PREFIX = "backup_doctor_"
Samples: TypeAlias = "list[tuple[dict[str, str], float]]"


def write(sweep: Sweep, look: Look) -> str:  # noqa: ARG001 -- metrics look the same to everybody
    """All metrics of the sweep, each with the place that it is of."""
    return "\n".join(_lines(sweep)) + "\n"


def _lines(sweep: Sweep) -> Iterator[str]:
    counts, gauge = sweep.counts, partial(_gauge, sweep.place)
    verdicts = (Verdict.FAILING, Verdict.UNKNOWN, Verdict.RUNNING)
    yield from gauge(
        "backups_in_progress",
        "Backups in progress for longer than allowed, by verdict.",
        [({"verdict": str(verdict)}, counts[verdict]) for verdict in verdicts],
    )
    yield from gauge(
        "stuck_backups",
        "Backups that are stuck, by root cause.",
        [({"root_cause": code}, count) for code, count in sweep.by_root_cause.items()],
    )
    begun = [one.created_at for one in sweep.stuck if one.created_at]
    oldest = (sweep.at - min(begun)).total_seconds() if begun else 0.0
    yield from gauge("oldest_stuck_backup_age_seconds", "Age of the oldest.", _one(round(oldest)))
    yield from _freshness(sweep.freshness, gauge)
    yield from gauge(
        "sweep_complete", "1 if every stuck backup was found and judged.", _one(int(sweep.complete))
    )
    yield from gauge("sweep_duration_seconds", "How long it took.", _one(sweep.duration_s))
    yield from gauge("sweep_timestamp_seconds", "When it began.", _one(round(sweep.at.timestamp())))


def _freshness(fresh: Freshness, gauge: Callable[..., Iterator[str]]) -> Iterator[str]:
    """The last good backup; what is not known has no sample."""
    at, last = fresh.last_good_at, fresh.last_good
    yield from gauge(
        "last_good_timestamp_seconds",
        "When the last good backup was made.",
        _one(round(at.timestamp()) if at else None),
    )
    yield from gauge("last_good_size_bytes", "Its size.", _one(last.size_bytes if last else None))
    yield from gauge(
        "fresh",
        "1 if it is no older than max_age.",
        _one(None if fresh.ok is None else int(fresh.ok)),
    )


def _one(value: float | None) -> Samples:
    return [] if value is None else [({}, value)]


def _gauge(place: Mapping[str, str], name: str, about: str, samples: Samples) -> Iterator[str]:
    yield f"# HELP {PREFIX}{name} {about}"
    yield f"# TYPE {PREFIX}{name} gauge"
    for labels, value in samples:
        both = ",".join(
            f'{key}="{_escaped(text)}"' for key, text in (*place.items(), *labels.items())
        )
        yield f"{PREFIX}{name}{{{both}}} {value}" if both else f"{PREFIX}{name} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
