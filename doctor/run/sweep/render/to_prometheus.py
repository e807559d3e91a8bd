"""Prometheus' text exposition, for node_exporter's textfile collector.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from backup_doctor.evidence.findings import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from backup_doctor.judge.freshness import Freshness
    from backup_doctor.report.render.formats import Look
    from backup_doctor.run.sweep.result import Sweep

PREFIX = "backup_doctor_"
Samples: TypeAlias = "list[tuple[dict[str, str], float]]"


class Metric(NamedTuple):
    """A gauge: what it is of, and its values with their labels."""

    short: str
    about: str
    samples: Samples

    @property
    def name(self) -> str:
        """Its full name."""
        return f"{PREFIX}{self.short}"


def write(sweep: Sweep, look: Look) -> str:
    """All metrics of the sweep, each with the place that it is of."""
    return write_all([("", sweep)], look)


def write_all(sweeps: Sequence[tuple[str, Sweep]], look: Look) -> str:  # noqa: ARG001 -- they look the same to everybody
    """All metrics of the sweeps: each metric stands once, with the samples of all projects.

    A project that nobody could place has its name in the file as its label.
    """
    about: dict[str, str] = {}
    samples: dict[str, list[str]] = {}
    for name, sweep in sweeps:
        unplaced = {"project": name, "repository": "", "table": ""} if name else {}
        place = sweep.place or unplaced
        for metric in _metrics(sweep):
            about[metric.name] = metric.about
            samples.setdefault(metric.name, []).extend(_samples(place, metric))
    lines = (
        line
        for name, of in samples.items()
        for line in (f"# HELP {name} {about[name]}", f"# TYPE {name} gauge", *of)
    )
    return "\n".join(lines) + "\n"


def _metrics(sweep: Sweep) -> Iterator[Metric]:
    counts = sweep.counts
    verdicts = (Verdict.FAILING, Verdict.UNKNOWN, Verdict.RUNNING)
    yield Metric(
        "backups_in_progress",
        "Backups in progress for longer than allowed, by verdict.",
        [({"verdict": str(verdict)}, counts[verdict]) for verdict in verdicts],
    )
    yield Metric(
        "stuck_backups",
        "Backups that are stuck, by root cause.",
        [({"root_cause": code}, count) for code, count in sweep.by_root_cause.items()],
    )
    begun = [one.created_at for one in sweep.stuck if one.created_at]
    oldest = (sweep.at - min(begun)).total_seconds() if begun else 0.0
    yield Metric("oldest_stuck_backup_age_seconds", "Age of the oldest.", _one(round(oldest)))
    yield from _freshness(sweep.freshness)
    yield Metric(
        "sweep_complete", "1 if every stuck backup was found and judged.", _one(int(sweep.complete))
    )
    yield Metric(
        "refused_credentials", "Credentials that a service refuses.", _one(len(sweep.refused))
    )
    yield Metric("sweep_duration_seconds", "How long it took.", _one(sweep.duration_s))
    yield Metric("sweep_timestamp_seconds", "When it began.", _one(round(sweep.at.timestamp())))


def _freshness(fresh: Freshness) -> Iterator[Metric]:
    """The last good backup; what is not known has no sample."""
    at, last = fresh.last_good_at, fresh.last_good
    yield Metric(
        "last_good_timestamp_seconds",
        "When the last good backup was made.",
        _one(round(at.timestamp()) if at else None),
    )
    yield Metric("last_good_size_bytes", "Its size.", _one(last.size_bytes if last else None))
    yield Metric(
        "fresh",
        "1 if it is not older than max_age.",
        _one(None if fresh.ok is None else int(fresh.ok)),
    )


def _one(value: float | None) -> Samples:
    return [] if value is None else [({}, value)]


def _samples(place: Mapping[str, str], metric: Metric) -> Iterator[str]:
    for labels, value in metric.samples:
        both = ",".join(
            f'{key}="{_escaped(text)}"' for key, text in (*place.items(), *labels.items())
        )
        yield f"{metric.name}{{{both}}} {value}" if both else f"{metric.name} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
