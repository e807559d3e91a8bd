"""The run that its title gives away: its log is read before the row is known.

Nothing is decided here. What the row then says may be another run, or another spelling of the id: the
log of that one is read as if nobody had looked ahead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.collect.log.mention import mentions
from backup_doctor.collect.workflow.attempts import AttemptReader, SeenAttempt, judged, of_writers
from backup_doctor.collect.workflow.run_search import FoundRun
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.case import dispatch_id_of
from backup_doctor.evidence.workflow import FoundBy
from backup_doctor.services.errors import prepare

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backup_doctor.collect.sources import Sources
    from backup_doctor.collect.workflow.find_run import Listing
    from backup_doctor.collect.workflow.run_facts import RunFacts
    from backup_doctor.evidence.case import Case

# A dispatch has one run, or a few where somebody tried again.
MOST_RUNS = 3


def read_ahead(ask: Sources, case: Case, facts: RunFacts, newest: Listing) -> None:
    """Begin to read what will be asked about, if the newest runs show it."""
    dispatch_id = dispatch_id_of(case.asked, None)
    listed = newest.result()
    if dispatch_id is None or isinstance(listed, Unseen):
        return
    named = [run for run in listed if mentions(run.title, dispatch_id)][:MOST_RUNS]
    facts.begin(named)
    ours = [FoundRun(run, FoundBy.TITLE) for run in named if not facts.is_doctors(run)]
    if ours:
        one = judged(attempts_of(case, ours, facts, dispatch_id), None, case.names)
        ask.hints.run = one.run
        facts.logs(one.run, one.jobs, one.known_file, dispatch_id).begin(one.choice)
        facts.annotations(one.attempt.job)
    facts.workflows()
    prepare()


def attempts_of(
    case: Case, runs: Sequence[FoundRun], facts: RunFacts, dispatch_id: str | None
) -> list[SeenAttempt]:
    """Every attempt of every run of the dispatch that can have written the row, newest first."""
    facts.begin(one.run for one in runs)
    reader = AttemptReader(names=case.names, dispatch_id=dispatch_id, here=facts.here)
    every = [
        attempt
        for one in runs
        for attempt in reader.attempts(one, facts.jobs(one.run), facts.file(one.run))
    ]
    return of_writers(every, case.names)
