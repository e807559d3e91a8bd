"""Lists as GitHub gives them out: filtered, newest first, page by page, with a Link header."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from urllib.parse import urlencode

from flask import Response, jsonify, request

from backup_doctor.demo.github.repositories import REPOSITORY_ID
from backup_doctor.demo.github.resources import ACTOR, Json
from backup_doctor.demo.github.service import Refusal, service
from backup_doctor.demo.github.state import Run

FILTERED_LIMIT = 1000
"""A filtered list of runs ends here, whatever `total_count` says."""

STATUSES = frozenset(
    [
        "completed",
        "action_required",
        "cancelled",
        "failure",
        "neutral",
        "skipped",
        "stale",
        "success",
        "timed_out",
        "in_progress",
        "queued",
        "requested",
        "waiting",
        "pending",
    ]
)
RUN_FILTERS = frozenset(("event", "status", "branch", "head_sha", "actor", "created"))

Item = TypeVar("Item")


def listing(name: str, items: Sequence[Item], show: Callable[[Item], Json]) -> Response:
    """Answer with one page of `items` under `name`, and how many there are in all."""
    shown, links = page(items)
    response = jsonify({"total_count": len(items), name: [show(item) for item in shown]})
    response.headers.update(links)
    return response


def page(items: Sequence[Item], end: int | None = None) -> tuple[Sequence[Item], dict[str, str]]:
    """Cut out the page asked for; the headers hold `Link` where there is more than one."""
    reachable = items[:end]
    size = min(positive("per_page", 30), 100)
    number = positive("page", 1)
    last = max(1, -(-len(reachable) // size))
    relations = {"prev": number - 1, "next": number + 1, "last": last, "first": 1}
    if number >= last:
        del relations["next"], relations["last"]
    if number <= 1:
        del relations["prev"], relations["first"]
    links = [f'<{page_url(target)}>; rel="{name}"' for name, target in relations.items()]
    headers = {"Link": ", ".join(links)} if links else {}
    return reachable[(number - 1) * size : number * size], headers


def positive(name: str, default: int) -> int:
    """Read a count from the query; what is no positive number is as good as absent."""
    text = request.args.get(name, "")
    return int(text) if text.isdecimal() and int(text) > 0 else default


def page_url(number: int) -> str:
    """Address a page of this list, with the repository by its id, as GitHub does."""
    parts = request.path.removeprefix(service().base_path).split("/")
    resource = parts[4:] if parts[1] == "repos" else parts[3:]
    query = urlencode({**request.args, "page": number})
    return f"{service().links.api}/repositories/{REPOSITORY_ID}/{'/'.join(resource)}?{query}"


def list_runs(runs: Iterable[Run], show: Callable[[Run], Json]) -> Response:
    """Answer with the runs that the query's filters let through, newest first."""
    newest_first = sorted(runs, key=lambda run: (run.created_at, run.id), reverse=True)
    wanted = [run for run in newest_first if matches(run)]
    filtered = not RUN_FILTERS.isdisjoint(request.args)
    shown, links = page(wanted, FILTERED_LIMIT if filtered else None)
    response = jsonify(total_count=len(wanted), workflow_runs=[show(run) for run in shown])
    response.headers.update(links)
    return response


def matches(run: Run) -> bool:
    """Tell whether a run passes all filters of the query.

    Raises:
        Refusal: 422 for a filter that GitHub does not understand.
    """
    wanted = request.args
    status = wanted.get("status")
    if status and status not in STATUSES:
        raise Refusal(422, f"Validation Failed: {status} is not a status")
    since, until = created_range(wanted["created"]) if wanted.get("created") else (None, None)
    return (
        wanted.get("event") in {None, "", run.event}
        and status in {None, "", run.status, run.conclusion}
        and wanted.get("branch") in {None, "", run.head_branch}
        and wanted.get("head_sha") in {None, "", run.head_sha}
        and wanted.get("actor") in {None, "", ACTOR}
        and (since is None or since <= run.created_at)
        and (until is None or run.created_at < until)
    )


Bound = datetime | None


def created_range(text: str) -> tuple[Bound, Bound]:
    """Read GitHub's search syntax for dates as a half-open range; None is unbounded.

    Knows `A..B` with `*` for an open end, `>=A`, `>A`, `<=A`, `<A`, and `A` alone.

    Raises:
        Refusal: 422 for anything else.
    """
    if ".." in text:
        low, _, high = text.partition("..")
        return (None if low == "*" else start(low)), (None if high == "*" else end(high))
    for sign, bounds in COMPARISONS.items():
        if text.startswith(sign):
            return bounds(text.removeprefix(sign))
    return start(text), end(text)


def start(text: str) -> datetime:
    """The first moment of a date, or the moment of a time."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(422, f"Validation Failed: {text} is not a date") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def end(text: str) -> datetime:
    """The first moment after a date, or after the second of a time."""
    date_only = "T" not in text
    return start(text) + (timedelta(days=1) if date_only else timedelta(seconds=1))


# The longer sign comes first: ">=" begins with ">".
COMPARISONS: dict[str, Callable[[str], tuple[Bound, Bound]]] = {
    ">=": lambda text: (start(text), None),
    ">": lambda text: (end(text), None),
    "<=": lambda text: (None, end(text)),
    "<": lambda text: (None, start(text)),
}
