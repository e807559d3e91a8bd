"""What a sweep says in its headline, of each cause, and how sure it is of it."""

from __future__ import annotations

import re
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import msgspec
import pytest
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from backup_doctor.base.redaction import Redactor
from backup_doctor.cli.sweep_word import Word
from backup_doctor.evidence.case import Names
from backup_doctor.evidence.findings import Fix, FixKind, PlanStep, Risk, Verdict
from backup_doctor.evidence.row import BackupRow
from backup_doctor.judge.fix_sql.statement import VERIFY_TITLE, WILL_FAIL
from backup_doctor.judge.freshness import Freshness
from backup_doctor.report.render.formats import Look
from backup_doctor.run.sweep import notify
from backup_doctor.run.sweep.formats import SweepFormat
from backup_doctor.run.sweep.likeness import presume
from backup_doctor.run.sweep.render import rendered
from backup_doctor.run.sweep.render.message import message, title
from backup_doctor.run.sweep.render.wording import headline, name
from backup_doctor.run.sweep.result import Sweep, Swept
from backup_doctor.run.sweep.script import Entry, Mendable, script
from backup_doctor.run.sweep.withheld import CONTESTED, contested
from tests.render.fixtures import STUCK
from tests.sweep.results import AT, NO_GRANT, NOT_DEPLOYED, sweep, swept

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backup_doctor.cli.sweep_request import SweepRequest

FAILED_STEP = "workflow/failed-before-update"


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (sweep(), "No stuck backups (none in progress for more than 2 h)."),
        (sweep(swept(None, verdict=Verdict.RUNNING)), "No stuck backups (all still going)."),
        (sweep(complete=False), "Could not determine whether backups are stuck."),
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


OLD = Freshness(
    last_good=BackupRow(dispatch_id="d-0`"),
    last_good_at=AT - timedelta(days=3),
    age=timedelta(days=3),
    max_age_s=93_600,
    ok=False,
)
UNTOLD = Freshness(max_age_s=93_600)
NONE_FOR = "No backup has succeeded for 3 d; there should be one at least every 1 d 2 h (max_age)."


def test_that_no_backup_was_good_lately_is_in_the_headline() -> None:
    alone, beside = sweep(freshness=OLD), sweep(swept(), freshness=OLD)

    assert headline(alone).startswith(f"{NONE_FOR} No stuck backups")
    assert headline(beside).startswith("1 backup, one cause")
    assert headline(beside).endswith(NONE_FOR)
    assert "**row/none-lately**" in message(alone, None)
    assert "- Last good backup: `` d-0` ``, 2026-01-12 02:03 UTC" in message(alone, None)
    assert "`backup-doctor list`" in message(alone, None)
    assert text_of(alone, SweepFormat.MARKDOWN).startswith("## ❌ ")


def test_where_nobody_can_tell_it_is_no_all_clear() -> None:
    made = sweep(freshness=UNTOLD)

    assert (made.all_seen, made.late) == (False, False)
    assert text_of(made, SweepFormat.MARKDOWN).startswith("## ❔ ")


def test_labels_hold_whatever_a_name_holds() -> None:
    place = {"project": "", "repository": "a/b", "table": 'public."x\\y'}

    text = text_of(sweep(place=place), SweepFormat.PROMETHEUS)

    families = {one.name: one for one in text_string_to_metric_families(text)}
    (complete,) = families["backup_doctor_sweep_complete"].samples
    assert complete.labels == place


def text_of(made: Sweep, form: SweepFormat = SweepFormat.TEXT) -> str:
    return "".join(rendered(made, form, Redactor(), Look(width=120)))


def test_it_is_said_how_many_of_a_group_were_read_judged_and_presumed() -> None:
    backups = (swept(), swept(closely=False), swept(closely=False, presumed=True))

    for form in (SweepFormat.TEXT, SweepFormat.MARKDOWN):
        text = text_of(sweep(*backups), form)
        assert "Known 1 by their own run, 1 by what can be seen without it, 1 presumed" in text


def test_backups_that_broke_in_different_ways_are_told_of_apart() -> None:
    upload = swept(FAILED_STEP, "d-1", reason="s3/access-denied", says="S3 refused it.")
    dump = swept(FAILED_STEP, "d-2", reason="pg-dump/version-mismatch", says="pg_dump is too old.")
    alike = swept(FAILED_STEP, "d-3", reason="s3/access-denied", says="S3 refused it.")
    unread = swept(FAILED_STEP, "d-4", closely=False, says="A step failed.")

    found = sweep(upload, dump, alike, unread)

    assert [[name(one) for one in group.backups] for group in found.groups] == [
        ["d-1", "d-3", "d-4"],
        ["d-2"],
    ]
    assert headline(found) == "4 backups, 2 causes."
    assert found.by_root_cause == {FAILED_STEP: 4}


def test_backups_of_one_root_cause_of_which_some_have_another_too_are_told_of_apart() -> None:
    both = swept()
    report = msgspec.structs.replace(both.report, causes=(NOT_DEPLOYED, NO_GRANT))
    both = replace(both, report=report)

    found = sweep(swept(), swept(), both)

    assert [len(group.backups) for group in found.groups] == [2, 1]
    assert headline(found).startswith(f"3 backups, one cause: {NOT_DEPLOYED}")


def test_a_row_whose_sql_would_be_refused_is_not_said_to_be_fixable_now() -> None:
    blocked = swept()
    sql = f"{WILL_FAIL} row/column-missing is fixed\nBEGIN;"
    blocked = replace(blocked, report=msgspec.structs.replace(blocked.report, fix_sql=sql))

    text = text_of(sweep(blocked, swept(name="d-2")), SweepFormat.MARKDOWN)

    assert "- `d-1`: its row can be fixed, once the other steps of its report are done\n" in text
    assert "- `d-2`: its row can be fixed\n" in text


def test_of_a_group_without_a_cause_it_is_said_how_many_runs_were_not_read() -> None:
    assert "The runs of 1 of them were not read." in text_of(
        sweep(swept(None), swept(None, closely=False))
    )


def test_backups_that_are_still_going_are_counted_and_not_called_stuck() -> None:
    made = sweep(swept(None, verdict=Verdict.RUNNING))

    assert "1 backup in progress for as long, and still going." in text_of(made)
    assert made.stuck == ()


def planned(*steps: Fix | tuple[Fix, ...], causes: tuple[str, ...] = (NOT_DEPLOYED,)) -> Swept:
    """A backup of these causes with a step for each."""
    one = swept()
    each = [step if isinstance(step, tuple) else (step,) for step in steps]
    plan = tuple(
        PlanStep(title=one_of[0].title, why=code, one_of=one_of)
        for code, one_of in zip(causes, each, strict=True)
    )
    return replace(one, report=msgspec.structs.replace(one.report, causes=causes, plan=plan))


@pytest.mark.parametrize("form", [SweepFormat.TEXT, SweepFormat.MARKDOWN, SweepFormat.HTML])
def test_what_ends_each_cause_of_a_group_is_told_and_no_rows_own_sql(form: SweepFormat) -> None:
    deploy = Fix(kind=FixKind.SHELL, title="Deploy it", text="deploy.sh", risk=Risk.LOW)
    grant = Fix(kind=FixKind.SQL, title="Grant it", text="GRANT ALL;", risk=Risk.LOW)
    other = Fix(kind=FixKind.MANUAL, title="Ask", text="By hand.", risk=Risk.LOW, alternative=True)
    row_sql = f"BEGIN; UPDATE b; COMMIT;\n{VERIFY_TITLE}\nSELECT 1;"
    of_row = Fix(
        kind=FixKind.SQL, title="Give it up", text=row_sql, risk=Risk.HIGH, alternative=True
    )
    one = planned(deploy, (grant, other, of_row), causes=(NOT_DEPLOYED, NO_GRANT))

    text = text_of(sweep(one, one), form)

    for told in ("Deploy it", "deploy.sh", "Grant it", "GRANT ALL;", "Ask", "By hand."):
        assert told in text, told
    assert "UPDATE b" not in text


@pytest.mark.parametrize("form", [SweepFormat.TEXT, SweepFormat.MARKDOWN])
def test_gaps_warnings_and_a_high_risk_are_told(form: SweepFormat) -> None:
    fix = Fix(kind=FixKind.SQL, title="Drop it", text="DROP TABLE x;", risk=Risk.HIGH)
    made = sweep(planned(fix), gaps=("The bucket.",), warnings=("A check was left out.",))

    text = text_of(made, form)

    assert "Could not check: The bucket." in text
    assert "Warning: A check was left out." in text
    assert " (high risk)\n" in text


def test_many_backups_of_one_cause_are_named_in_part() -> None:
    backups = [swept(name=f"d-{at}") for at in range(60)]

    assert "d-4 and 55 more" in text_of(sweep(*backups))
    assert "- … 10 more" in text_of(sweep(*backups), SweepFormat.MARKDOWN)
    assert re.search(
        r"- Backups: \[d-0\]\S+, \[d-1\]\S+ and 58 more\n", message(sweep(*backups), None)
    )


def test_a_row_without_a_dispatch_is_asked_for_by_its_own_id() -> None:
    one = swept()
    subject = msgspec.structs.replace(one.report.subject, dispatch_id=None)
    report = msgspec.structs.replace(one.report, subject=subject)

    text = text_of(sweep(Swept(report=report, created_at=None, closely=True)))

    assert "backup-doctor --backup-id b-1" in text
    assert "started at an unknown time" in text


def test_a_messages_title_says_whose_backups_are_stuck_how_many_and_why() -> None:
    many = sweep(swept(), swept("rls/no-grant"), swept(None), complete=False, project="shop")
    late = sweep(swept(), freshness=OLD)

    assert title(many) == (
        "shop: at least 3 stuck backups: function/not-deployed, rls/no-grant, unknown"
    )
    late_too = "no good backup for 3 d; 1 stuck backup: function/not-deployed"
    assert title(late) == late_too
    assert title(sweep(freshness=OLD, place={"repository": "acme/app"})) == (
        "acme/app: no good backup for 3 d"
    )
    assert title(sweep(freshness=OLD, complete=False)).endswith("; not all could be seen")
    assert "\n" not in title(sweep(project="shop\nBcc: all@example.com"))
    assert title(sweep()).startswith("No stuck backups")


def test_a_message_links_the_run_and_says_what_to_do_first() -> None:
    one = swept()
    subject = msgspec.structs.replace(one.report.subject, run_url="https://example.com/runs/1")
    linked = replace(one, report=msgspec.structs.replace(one.report, subject=subject))
    evil = msgspec.structs.replace(subject, run_url="https://example.com/x) [y](javascript:z")
    plain = replace(one, report=msgspec.structs.replace(one.report, subject=evil))

    text = message(sweep(linked), None)

    assert "- Backup: [d-1](https://example.com/runs/1)\n" in text
    assert "- First: Deploy the function: `supabase functions deploy update-backup" in text
    assert "- Then its row: `backup-doctor fix --dispatch-id d-1`" in text
    assert text.endswith("All of it: `backup-doctor sweep`")
    assert "javascript" not in message(sweep(plain), None)


def test_what_comes_from_outside_is_no_markup_and_no_mention_in_any_service() -> None:
    """Slack escapes `&` itself, a card shows entities as they stand, a mail's HTML takes all tags."""
    evil = swept(says="<!channel> <script>x</script> [a](javascript:b) @everyone &lt; R&D *b*")
    named = swept(name="<!here> [x](javascript:y)")

    said = message(sweep(evil), None)

    assert "<" not in said.replace("\\<", "")
    assert "&lt;" not in said
    assert "\\[a\\](javascript" in said
    assert "R\uff06D" in said
    assert "@everyone" not in said
    assert "- Backup: `<!here> [x](javascript:y)`" in message(sweep(named), None)


def test_of_several_rows_the_script_is_named_and_of_none_the_report() -> None:
    two = message(sweep(swept(), swept(name="d-2"), project="my shop"), None)
    none = swept()
    none = replace(none, report=msgspec.structs.replace(none.report, fix_sql=None))

    assert (
        "- Then their rows: `backup-doctor sweep --project 'my shop' --fix-script fix.sql`" in two
    )
    assert "- Report: `backup-doctor --dispatch-id d-1`" in message(sweep(none), None)


def test_no_message_holds_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []

    def send(_: object, title: str, body: str, **__: object) -> tuple[int, ...]:
        sent.extend((title, body))
        return ()

    monkeypatch.setattr(notify, "send", send)
    asked = cast("SweepRequest", SimpleNamespace(notify=("json://x",), state=None, ping=None))

    Word(asked, Redactor(["canary-secret-value"])).end(
        sweep(swept(says="It said canary-secret-value."), project="canary-secret-value"), 1
    )

    assert len(sent) == 2
    assert "canary" not in "".join(sent)


def test_a_message_of_nothing_says_so() -> None:
    assert message(sweep(), None).startswith("No stuck backups")
    assert "determine" in message(sweep(complete=False), None)
    assert title(sweep(project="shop"), "1 no longer stuck") == "shop: 1 no longer stuck"


def test_a_refused_credential_is_in_the_title_where_nothing_else_is_wrong() -> None:
    blind = sweep(
        refused=("GitHub does not accept the token. Check GITHUB_TOKEN.",), project="shop"
    )

    assert title(blind) == "shop: a credential is refused"
    assert "Refused: GitHub does not accept the token. Check GITHUB_TOKEN." in message(blind, None)


def of_script(text: str, prefix: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(prefix)]


def test_the_script_names_in_a_comment_what_it_leaves_out() -> None:
    refused = "it would fail until row/locked is fixed"
    secret = "UPDATE t SET a = 'canary-secret-value'"
    made = [
        Entry(name="d-1", mendable=Mendable(backup_id="1", statement="UPDATE t SET a = 1")),
        Entry(name="d-2", mendable=Mendable(backup_id="2", statement="UPDATE t", refused=refused)),
        Entry(name="d-3", mendable=Mendable(backup_id="3", statement=secret)),
        Entry(name="d-4"),
    ]

    text = script(Names(), made, Redactor(["canary-secret-value"]))

    assert "the rows of 1 of 4 stuck backups" in text
    assert of_script(text, "-- Left out: ") == [
        "-- Left out: 'd-2': it would fail until row/locked is fixed.",
        "-- Left out: 'd-3': it would show what looks like a secret.",
        "-- Left out: 'd-4': no sure fix; the sweep says why.",
    ]
    assert "canary" not in text
    assert text.count("UPDATE") == 1


@pytest.mark.parametrize(
    "name", ["x\n\\! touch hacked", "x\r\nDROP TABLE t;", "a'; DROP TABLE t; --", "\u2028\\q"]
)
def test_an_id_in_a_comment_ends_no_line(name: str) -> None:
    text = script(Names(), [Entry(name=name)], Redactor())

    assert len(text.splitlines()) == 5
    assert all(line.startswith("--") for line in text.splitlines())


def test_two_backups_that_would_take_one_file_both_get_no_sql() -> None:
    row = Mendable(backup_id="1", statement="UPDATE t")
    first, second, other = (
        swept(name=name, whole=True, takes=key, mendable=row)
        for name, key in (("d-1", "a.zip"), ("d-2", "a.zip"), ("d-3", "b.zip"))
    )

    found = contested([first, second, other])

    for one in found[:2]:
        assert one.report.fix_sql is None
        assert one.mendable is None
        assert CONTESTED in one.report.fix_notes
        assert not any(STUCK.fix_sql == fix.text for step in one.report.plan for fix in step.one_of)
    assert found[2] == other
    assert other.report.fix_sql == STUCK.fix_sql


def presumed(backups: Sequence[Swept]) -> list[Swept]:
    return list(presume(backups, [tuple(range(len(backups)))]))


def test_an_unread_backup_between_two_of_one_cause_is_presumed_to_share_it() -> None:
    unread = swept(NO_GRANT, closely=False, whole=True)

    found = presumed([swept(), unread, swept()])[1]

    assert (found.root_cause, found.presumed) == (NOT_DEPLOYED, True)
    assert found.report.fix_sql == unread.report.fix_sql, "its file is whole, whatever the cause"
    assert f"By what holds now alone it would be {NO_GRANT}." in found.report.notes[-1]


def test_between_two_that_broke_in_different_ways_nothing_is_presumed() -> None:
    denied, old = (swept(FAILED_STEP, reason=one) for one in ("s3/access-denied", "script/no-file"))
    unread = swept(NO_GRANT, closely=False)

    one, same = presumed([denied, unread, old])[1], presumed([denied, unread, denied])[1]

    assert (one.root_cause, one.presumed) == ("unknown", False)
    assert (same.root_cause, same.reason) == (FAILED_STEP, "s3/access-denied")


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
    assert found.report.summary.endswith("Without its run's log the cause is unknown.")
    assert "Not decided" in found.report.notes[-1]


def test_an_unread_backup_that_came_to_the_same_by_itself_is_left_as_it_is() -> None:
    unread = swept(closely=False)

    assert presumed([swept(), unread, swept()])[1] is unread
    assert presumed([unread])[0] is unread
