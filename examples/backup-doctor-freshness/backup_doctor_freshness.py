"""How long ago the last backup succeeded, whatever became of the one that was asked about."""

from datetime import datetime, timedelta

from backup_doctor import api

TOO_OLD = timedelta(hours=26)


class FreshnessEvidence(api.Evidence, frozen=True, kw_only=True):
    """`newest` is when the newest successful backup finished; None where there is none."""

    newest: datetime | api.Unseen | None

    def gaps(self) -> tuple[api.Unseen, ...]:
        """Without the database nothing is known."""
        return api.unseen(self.newest)


check = api.Check(
    name="freshness",
    step=None,
    title="Newest backup",
    evidence=FreshnessEvidence,
    shared=True,
    doc=__doc__,
)


@check.collector
def look(ask: api.Sources, case: api.Case) -> FreshnessEvidence:
    """One SELECT, by whatever way to the database is configured."""
    finished, status = (api.identifier(case.names.column(x)) for x in ("finished_at", "status"))
    good = ", ".join(api.literal(word) for word in case.names.words(api.Status.SUCCESS))
    rows = ask.database.query(
        f"SELECT to_char(max({finished}) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS at "
        f"FROM {api.table(case)} WHERE {status} IN ({good})"
    )
    if isinstance(rows, api.Unseen):
        return FreshnessEvidence(newest=rows)
    at = rows[0]["at"]
    return FreshnessEvidence(newest=datetime.fromisoformat(at) if at else None)


@check.warning("freshness/stale")
def stale(seen: FreshnessEvidence, case: api.Case) -> api.Found | None:
    """No backup has succeeded for more than a day.

    Detected: the newest row that says success finished more than 26 hours ago, or there is none.
    Cause: backups fail one after the other, or are not started any more.
    Fix: diagnose the newest ones: `backup-doctor sweep`.
    By hand: `SELECT max(finished_at) FROM backup_history WHERE status = 'success';`
    Source: the team's own rule: a backup a day.
    """
    if isinstance(seen.newest, api.Unseen):
        return None
    if seen.newest is None:
        return api.Found(summary="No backup has ever succeeded.")
    age = case.now - seen.newest
    if age <= TOO_OLD:
        return None
    return api.Found(
        summary=f"The last backup that succeeded finished {api.duration(age)} ago.",
        evidence=(api.exhibit("newest success", seen.newest, "database"),),
    )
