"""Prometheus' text exposition, for node_exporter's textfile collector.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from doctor.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from doctor.render.formats import Look
    from doctor.sweep.result import Sweep

PREFIX = "backup_doctor_"


def write(sweep: Sweep, look: Look) -> str:  # noqa: ARG001 -- metrics look the same to everybody
    """All metrics of the sweep; names and labels are the tool's own vocabulary."""
    return "\n".join(_lines(sweep)) + "\n"


def _lines(sweep: Sweep) -> Iterator[str]:
    counts = sweep.counts
    verdicts = (Verdict.FAILING, Verdict.UNKNOWN, Verdict.RUNNING)
    yield from _gauge(
        "backups_in_progress",
        "Backups in progress for longer than allowed, by verdict.",
        {f'verdict="{verdict}"': counts[verdict] for verdict in verdicts},
    )
    yield from _gauge(
        "stuck_backups",
        "Backups that are stuck, by root cause.",
        {f'root_cause="{code}"': count for code, count in sweep.by_root_cause.items()},
    )
    begun = [one.created_at for one in sweep.stuck if one.created_at]
    oldest = (sweep.at - min(begun)).total_seconds() if begun else 0.0
    yield from _gauge("oldest_stuck_backup_age_seconds", "Age of the oldest.", {"": round(oldest)})
    yield from _gauge(
        "sweep_complete", "1 if every stuck backup was found and judged.", {"": int(sweep.complete)}
    )
    yield from _gauge("sweep_duration_seconds", "How long it took.", {"": sweep.duration_s})
    yield from _gauge(
        "sweep_timestamp_seconds", "When it began.", {"": round(sweep.at.timestamp())}
    )


def _gauge(name: str, about: str, values: Mapping[str, float]) -> Iterator[str]:
    yield f"# HELP {PREFIX}{name} {about}"
    yield f"# TYPE {PREFIX}{name} gauge"
    for labels, value in values.items():
        braced = f"{{{labels}}}" if labels else ""
        yield f"{PREFIX}{name}{braced} {value}"
