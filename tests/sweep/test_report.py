"""What a sweep says in its headline, of each cause, and how sure it is of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from doctor.case import Names
from doctor.model import Fix, FixKind, Risk, Verdict
from doctor.redaction import Redactor
from doctor.render.formats import Look
from doctor.sweep.formats import SweepFormat
from doctor.sweep.likeness import presume
from doctor.sweep.render import rendered
from doctor.sweep.render.message import message
from doctor.sweep.render.wording import headline
from doctor.sweep.result import Sweep, Swept
from doctor.sweep.script import Mendable, script
from tests.render.fixtures import STUCK

if TYPE_CHECKING:
    from collections.abc import Sequence

AT = datetime(2026, 1, 15, 2, 3, tzinfo=UTC)
NOT_DEPLOYED, NO_GRANT = "function/not-deployed", "rls/no-grant"


def swept(cause: str | None = NOT_DEPLOYED, name: str = "d-1", **fields: Any) -> Swept:
    """A stuck backup of this cause."""
    report = msgspec.structs.replace(
        STUCK,
        subject=msgspec.structs.replace(STUCK.subject, dispatch_id=name, backup_id="b-1"),
        root_cause=cause,
        causes=(cause,) if cause else (),
        verdict=fields.pop("verdict", Verdict.FAILING if cause else Verdict.UNKNOWN),
    )
    given: dict[str, Any] = {"created_at": AT, "closely": True, "says": "It is so.", **fields}
    return Swept(report=report, **given)


def sweep(*backups: Swept, complete: bool = True, **fields: Any) -> Sweep:
    return Sweep(
        backups=backups,
        found=len(backups),
        complete=complete,
        at=AT + timedelta(hours=1),
        older_than_s=7200,
        **fields,
    )


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (sweep(), "No backup is stuck: none is overdue of those in progress for over 2 h 0 min."),
        (
            sweep(complete=False),
            "No backup is stuck: none is overdue of those in progress for over 2 h 0 min, as far as",
        ),
        (sweep(swept()), f"1 backup, one cause: {NOT_DEPLOYED} since 2026-01-15 02:03 UTC."),
        (sweep(swept(created_at=None)), f"1 backup, one cause: {NOT_DEPLOYED}."),
        (sweep(swept(None)), "1 backup, cause unknown since 2026-01-15 02:03 UTC."),
        (sweep(swept(), swept(), complete=False), f"At least 2 backups, one cause: {NOT_DEPLOYED}"),
        (sweep(swept(), swept(NO_GRANT)), "2 backups, 2 causes."),
        (sweep(swept(), swept(None)), "2 backups, 1 cause and some unknown."),
    ],
)
def test_the_headline_says_how_many_and_why(made: Sweep, says: str) -> None:
    assert headline(made).startswith(says)


def text_of(made: Sweep, form: SweepFormat = SweepFormat.TEXT) -> str:
    return "".join(rendered(made, form, Redactor(), Look(width=120)))


def test_it_is_said_how_many_of_a_group_were_read_judged_and_presumed() -> None:
    backups = (swept(), swept(closely=False), swept(closely=False, presumed=True))

    for form in (SweepFormat.TEXT, SweepFormat.MARKDOWN):
        text = text_of(sweep(*backups), form)
        assert "Known 1 by their own run, 1 by what can be seen without it, 1 presumed" in text


def test_of_a_group_without_a_cause_it_is_said_how_many_runs_were_not_read() -> None:
    assert "The runs of 1 of them were not read." in text_of(
        sweep(swept(None), swept(None, closely=False))
    )


def test_backups_that_are_still_going_are_counted_and_not_called_stuck() -> None:
    made = sweep(swept(None, verdict=Verdict.RUNNING))

    assert "1 backup in progress for as long, and still going." in text_of(made)
    assert made.stuck == ()


@pytest.mark.parametrize("form", [SweepFormat.TEXT, SweepFormat.MARKDOWN])
def test_gaps_warnings_and_a_high_risk_are_told(form: SweepFormat) -> None:
    fix = Fix(kind=FixKind.SQL, title="Drop it", text="DROP TABLE x;", risk=Risk.HIGH)
    made = sweep(swept(fixes=(fix,)), gaps=("The bucket.",), warnings=("A check was left out.",))

    text = text_of(made, form)

    assert "Not seen: The bucket." in text
    assert "Warning: A check was left out." in text
    assert " (high risk)\n" in text


def test_many_backups_of_one_cause_are_named_in_part() -> None:
    backups = [swept(name=f"d-{at}") for at in range(60)]

    assert "d-4 and 55 more" in text_of(sweep(*backups))
    assert "- … 10 more" in text_of(sweep(*backups), SweepFormat.MARKDOWN)
    assert "(`d-0`, `d-1`, …)" in message(sweep(*backups), None)


def test_a_row_without_a_dispatch_is_asked_for_by_its_own_id() -> None:
    one = swept()
    subject = msgspec.structs.replace(one.report.subject, dispatch_id=None)
    report = msgspec.structs.replace(one.report, subject=subject)

    text = text_of(sweep(Swept(report=report, created_at=None, closely=True)))

    assert "backup-doctor --backup-id b-1" in text
    assert "begun an unknown time" in text


def test_a_message_of_nothing_says_so() -> None:
    assert message(sweep(), None) == "No backup is stuck any more."


def test_the_script_leaves_out_what_is_refused_secret_or_unsure_and_counts_it() -> None:
    made = [
        Mendable(backup_id="1", statement="UPDATE t SET a = 1 WHERE id = '1'"),
        Mendable(backup_id="2", statement="UPDATE t", refused_by=("row/locked",)),
        Mendable(backup_id="3", statement="UPDATE t SET a = 'canary-secret-value'"),
    ]

    text = script(Names(), made, 5, AT, Redactor(["canary-secret-value"]))

    assert "the rows of 1 of 5 stuck backups" in text
    assert "Left out: 1 that row/locked would refuse. Mend that first." in text
    assert "Left out: 1 that would show what looks like a secret." in text
    assert "Without a sure repair: 2. See the sweep." in text
    assert "canary" not in text
    assert text.count("UPDATE") == 1


def presumed(backups: Sequence[Swept]) -> list[Swept]:
    return list(presume(backups, [tuple(range(len(backups)))]))


def test_an_unread_backup_between_two_of_one_cause_is_presumed_to_share_it() -> None:
    unread = swept(NO_GRANT, closely=False, whole=True)

    found = presumed([swept(), unread, swept()])[1]

    assert (found.root_cause, found.presumed) == (NOT_DEPLOYED, True)
    assert found.report.fix_sql == unread.report.fix_sql, "its file is whole, whatever the cause"
    assert f"By what holds now alone it would be {NO_GRANT}." in found.report.notes[-1]


def test_the_repair_of_a_presumed_backup_without_a_whole_file_is_held_back() -> None:
    found = presumed([swept(), swept(NO_GRANT, closely=False), swept()])[1]

    assert found.presumed
    assert found.report.fix_sql is None
    assert found.mendable is None


@pytest.mark.parametrize("after", [swept(NO_GRANT), None])
def test_an_unread_backup_whose_neighbours_differ_or_are_one_sided_is_not_decided(
    after: Swept | None,
) -> None:
    unread = swept("row/locked", closely=False)

    found = presumed([swept(), unread, *([after] if after else [])])[1]

    assert (found.root_cause, found.presumed) == ("unknown", False)
    assert found.report.summary.endswith("Without its run's log the cause cannot be told.")
    assert "Not decided" in found.report.notes[-1]


def test_an_unread_backup_that_came_to_the_same_by_itself_is_left_as_it_is() -> None:
    unread = swept(closely=False)

    assert presumed([swept(), unread, swept()])[1] is unread
    assert presumed([unread])[0] is unread
