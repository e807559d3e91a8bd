"""All attempts of all runs of a dispatch, and which of them is the one to judge. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.workflow.ci import JobSurroundings, is_here, without_doctors
from backup_doctor.collect.workflow.job_choice import JobChoice, choose, is_called
from backup_doctor.collect.workflow.run_search import FoundRun, is_of
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.case import Status
from backup_doctor.evidence.workflow import FoundBy, Job, Run, RunAttempt, WorkflowFile
from backup_doctor.services.writers import handler_is_due, may_still_write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backup_doctor.evidence.case import Names
    from backup_doctor.evidence.row import BackupRow

CLOCKS = timedelta(minutes=5)
DONE = "completed"
LONG_AGO = datetime.min.replace(tzinfo=UTC)


class SeenAttempt(Immutable, frozen=True, kw_only=True):
    """An attempt, with the jobs that it had (the doctor's own aside) and the file that it ran."""

    attempt: RunAttempt
    jobs: tuple[Job, ...] | Unseen
    file: WorkflowFile | Unseen | None

    @property
    def run(self) -> Run:
        """The run, as of this attempt."""
        return self.attempt.run

    @property
    def known_file(self) -> WorkflowFile | None:
        """The workflow's file, where it could be read."""
        return self.file if isinstance(self.file, WorkflowFile) else None

    @property
    def choice(self) -> JobChoice:
        """The job that holds the update step, and the step."""
        return JobChoice(self.attempt.job, self.attempt.update_step)

    @property
    def began(self) -> datetime:
        """When the attempt was started."""
        return self.run.started_at or self.run.created_at or LONG_AGO


class AttemptReader(Immutable, frozen=True, kw_only=True):
    """Reads lists of jobs into attempts."""

    names: Names
    dispatch_id: str | None
    here: JobSurroundings

    def attempts(
        self,
        found: FoundRun,
        listed: tuple[Job, ...] | Unseen,
        file: WorkflowFile | Unseen | None,
    ) -> list[SeenAttempt]:
        """Every attempt of a run of which something is known, the latest first."""
        if isinstance(listed, Unseen):
            goes_on = found.run.status != DONE
            unread = RunAttempt(run=found.run, found_by=found.by, may_write=goes_on)
            return [SeenAttempt(attempt=unread, jobs=listed, file=file)]
        latest = max(found.run.attempt, *(job.attempt for job in listed), 1)
        known = file if isinstance(file, WorkflowFile) else None
        made: list[SeenAttempt] = []
        for number in range(1, latest + 1):
            group = tuple(job for job in listed if job.attempt == number)
            if group or number == latest:
                run = _as_of(found.run, number, latest, group)
                earlier = made[-1].jobs if made else ()
                made.append(self._attempt(FoundRun(run, found.by), group, earlier, known, file))
        return made[::-1]

    def _attempt(
        self,
        found: FoundRun,
        group: tuple[Job, ...],
        earlier: tuple[Job, ...] | Unseen,
        known: WorkflowFile | None,
        file: WorkflowFile | Unseen | None,
    ) -> SeenAttempt:
        """`group` are the attempt's own jobs; of a re-run of some, the others are the earlier ones."""
        run = found.run
        own = without_doctors(group, run, self.here, known, self.names)
        again = {job.name for job in own}
        kept = () if isinstance(earlier, Unseen) or not group else earlier
        jobs = (*own, *(job for job in kept if job.name not in again))
        choice = choose(jobs, self.names, known, self.dispatch_id)
        attempt = RunAttempt(run=run, found_by=found.by, job=choice.job, update_step=choice.step)
        may_write = self._may_write(attempt, group, own, jobs, known)
        attempt = msgspec.structs.replace(
            attempt, may_write=may_write, wrote=_wrote(attempt, may_write=may_write)
        )
        return SeenAttempt(attempt=attempt, jobs=jobs, file=file)

    def _may_write(
        self,
        attempt: RunAttempt,
        group: Sequence[Job],
        own: Sequence[Job],
        jobs: Sequence[Job],
        file: WorkflowFile | None,
    ) -> bool:
        run, job = attempt.run, attempt.job
        if run.status == DONE:
            return False
        if not group:
            # A new attempt, whose jobs are not listed yet.
            return True
        if job is None:
            # A re-run of the doctor alone has no other job.
            return bool(jobs) or run.attempt == 1
        if job.attempt < run.attempt and any(one.status != DONE for one in own):
            # The job may wait for those that are run again.
            return True
        here = is_here(job, run, self.here)
        if may_still_write(
            job, attempt.update_step, file, self.names, doctor_is_here=here
        ) or handler_is_due(jobs, job, file):
            return True
        return attempt.update_step is None and _is_to_come(jobs, file)


def with_choice(
    seen: SeenAttempt, choice: JobChoice, here: JobSurroundings, names: Names
) -> SeenAttempt:
    """The same attempt, once its log told which job and step are this backup's."""
    job = choice.job
    if job is None or (job == seen.attempt.job and choice.step == seen.attempt.update_step):
        return seen
    doctor_is_here = is_here(job, seen.run, here)
    jobs = () if isinstance(seen.jobs, Unseen) else seen.jobs
    may_write = seen.run.status != DONE and (
        may_still_write(job, choice.step, seen.known_file, names, doctor_is_here=doctor_is_here)
        or handler_is_due(jobs, job, seen.known_file)
    )
    attempt = msgspec.structs.replace(
        seen.attempt, job=job, update_step=choice.step, may_write=may_write
    )
    attempt = msgspec.structs.replace(attempt, wrote=_wrote(attempt, may_write=may_write))
    return SeenAttempt(attempt=attempt, jobs=seen.jobs, file=seen.file)


def _is_to_come(jobs: Sequence[Job], file: WorkflowFile | None) -> bool:
    """Whether the job that holds the update step is not listed yet: it waits for another one."""
    if file is None or file.update_step is None:
        return False
    if any(is_called(job, name) for job in jobs for name in (file.job, file.job_name)):
        return False
    return all(job.conclusion in (None, "success") for job in jobs)


def _as_of(run: Run, number: int, latest: int, jobs: Sequence[Job]) -> Run:
    """The run as it was in one of its attempts; GitHub's record is that of the one it knows."""
    if number == run.attempt:
        return run
    began = min((job.created_at for job in jobs if job.created_at), default=None)
    ended = max((job.completed_at for job in jobs if job.completed_at), default=None)
    over = number < latest or all(job.status == DONE for job in jobs)
    return msgspec.structs.replace(
        run,
        attempt=number,
        status=DONE if over else "in_progress",
        conclusion=_conclusion(jobs) if over else None,
        started_at=began,
        updated_at=ended,
    )


def _conclusion(jobs: Sequence[Job]) -> str | None:
    """How an attempt ended whose jobs ended so, as GitHub sums it up."""
    ends = {job.conclusion for job in jobs}
    return next((one for one in ("failure", "timed_out", "cancelled") if one in ends), "success")


def _wrote(attempt: RunAttempt, *, may_write: bool) -> bool | None:
    """Whether the update step ran; False where surely nothing did."""
    run, job, step = attempt.run, attempt.job, attempt.update_step
    if job is None:
        return None if may_write else False
    kept = job.attempt < run.attempt or _ended_before(job, run)
    if kept or job.conclusion == "skipped" or not job.steps:
        return False
    if step is None:
        return None
    ran = step.conclusion not in (None, "skipped") or step.status == "in_progress"
    return True if ran else None


def _ended_before(job: Job, run: Run) -> bool:
    """Whether the job is an earlier attempt's, shown again: it was over when this one began."""
    ended, began = job.completed_at, run.started_at
    return run.attempt > 1 and ended is not None and began is not None and ended < began


# Which one is judged -----------------------------------------------------------------------------


def of_writers(seen: Sequence[SeenAttempt], names: Names) -> list[SeenAttempt]:
    """The attempts of workflows that can write the row, newest first.

    A workflow that only verifies or announces the backup may bear its id too: where the update is
    seen in one workflow, runs of others that are seen to have none are left out.
    """
    ordered = newest_first(seen)
    wanted = names.workflow
    configured = [one for one in ordered if wanted and is_of(one.run, wanted)]
    if configured:
        return configured
    updating = {one.run.path for one in ordered if _updates(one)}
    if not updating:
        return ordered
    return [one for one in ordered if one.run.path in updating or not _surely_none(one)]


def newest_first(seen: Sequence[SeenAttempt]) -> list[SeenAttempt]:
    """By when each began; of one run the later attempt, whatever its times say."""

    def rank(one: SeenAttempt) -> tuple[datetime, int, int]:
        until = (
            other.began
            for other in seen
            if other.run.id == one.run.id and other.run.attempt <= one.run.attempt
        )
        return max(until), one.run.id, one.run.attempt

    return sorted(seen, key=rank, reverse=True)


def _updates(seen: SeenAttempt) -> bool:
    file = seen.known_file
    in_file = file is not None and file.update_step is not None
    return in_file or seen.attempt.update_step is not None


def _surely_none(seen: SeenAttempt) -> bool:
    """Whether both its file and its jobs are seen, and no update in either."""
    file = seen.known_file
    return file is not None and file.problem is None and not isinstance(seen.jobs, Unseen)


def judged(seen: Sequence[SeenAttempt], row: BackupRow | None, names: Names) -> SeenAttempt:
    """The attempt to judge: one that is going, else the newest that left the row as it is.

    Where a run was asked about, the newest of that run.
    """
    going = [one for one in seen if one.attempt.may_write]
    if going:
        begun = (one for one in going if one.attempt.job and one.attempt.job.started_at)
        return next(begun, going[0])
    asked = [one for one in seen if one.attempt.found_by is FoundBy.FLAG]
    ran = [one for one in asked or seen if one.attempt.wrote is not False] or list(asked or seen)
    status = names.status_of(row.status) if row else None
    if status is Status.SUCCESS:
        green = [one for one in ran if _ended(one) == "success"]
        finished = row.finished_at if row else None
        return next((one for one in green if _lasted_at(one, finished)), (green or ran)[0])
    if status is Status.FAILED:
        failed = (one for one in ran if one.attempt.job and one.attempt.job.conclusion != "success")
        return next(failed, ran[0])
    return ran[0]


def _ended(seen: SeenAttempt) -> str | None:
    """How the update step ended; without one, the job."""
    one = seen.attempt.update_step or seen.attempt.job
    return one.conclusion if one else None


def _lasted_at(seen: SeenAttempt, at: datetime | None) -> bool:
    """Whether the attempt was under way at that time, by either clock."""
    job = seen.attempt.job
    if at is None or job is None or job.completed_at is None:
        return False
    return seen.began - CLOCKS <= at <= job.completed_at + CLOCKS
