"""One issue for each root cause: opened once, then brought up to date, by a tool that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from backup_doctor.base.redaction import Redactor
from backup_doctor.cli.issue import ticket
from backup_doctor.cli.issue.client import LABEL, IssueError, Issues
from backup_doctor.cli.issue.publish import keep
from backup_doctor.evidence.findings import Subject
from backup_doctor.report.render import Format, render
from tests.issue.github_issues import PATH, TOKEN, IssueServer
from tests.render.fixtures import HOSTILE, STUCK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backup_doctor.evidence.findings import Report


@pytest.fixture
def github() -> Iterator[IssueServer]:
    with IssueServer() as server:
        yield server


def kept(github: IssueServer, report: Report = STUCK, token: str = TOKEN) -> str:
    with Issues(github.url, "acme/app", token) as issues:
        return keep(issues, report, render(report, Format.MARKDOWN, Redactor()))


def another(dispatch_id: str, **values: Any) -> Report:
    """Another backup that broke in the same way."""
    subject = Subject(dispatch_id=dispatch_id)
    return msgspec.structs.replace(STUCK, subject=subject, **values)


def test_a_new_cause_gets_an_issue_with_its_report(github: IssueServer) -> None:
    said = kept(github)

    (issue,) = github.issues
    assert issue["title"] == f"Backups fail: function/not-deployed ({STUCK.fingerprint})"
    assert issue["labels"] == [{"name": LABEL}]
    assert "Seen once" in issue["body"]
    assert "## ❌ FAILING: `function/not-deployed`" in issue["body"]
    assert said == f"Opened an issue for this cause: {issue['html_url']}"


def test_the_same_cause_does_not_open_a_second_one(github: IssueServer) -> None:
    kept(github, another("d-1"))

    said = kept(github, another("d-2", generated_at="2026-11-24T05:00:00Z"))

    (issue,) = github.issues
    assert "Seen 2 times" in issue["body"]
    assert issue["body"].index("dispatch `d-2`") < issue["body"].index("dispatch `d-1`")
    assert "has an issue already" in said


def test_the_same_backup_is_not_counted_twice(github: IssueServer) -> None:
    kept(github, another("d-1"))

    kept(github, another("d-1", generated_at="2026-11-24T05:00:00Z"))

    assert "Seen once" in github.issues[0]["body"]
    assert "2026-11-24T05:00:00Z" in github.issues[0]["body"]


def test_another_cause_opens_another_one(github: IssueServer) -> None:
    kept(github)

    kept(github, another("d-2", fingerprint="bd-ffffffffff", root_cause="rls/no-grant"))

    assert len(github.issues) == 2


def test_a_closed_issue_is_left_alone_and_the_cause_opens_a_new_one(github: IssueServer) -> None:
    kept(github)
    github.issues[0]["state"] = "closed"
    before = dict(github.issues[0])

    kept(github)

    assert github.issues[0] == before
    assert github.issues[1]["state"] == "open"


def test_a_strangers_issue_without_the_label_is_not_taken_for_ours(github: IssueServer) -> None:
    github.add(title="gotcha", body=ticket.body(STUCK, ""), labels=[])

    kept(github)

    assert github.issues[0]["title"] == "gotcha"
    assert len(github.issues) == 2


def test_an_issue_behind_a_hundred_others_is_found(github: IssueServer) -> None:
    for at in range(120):
        github.add(
            title=str(at), body=f"<!-- backup-doctor bd-{at:010x} seen 1 -->", labels=[LABEL]
        )
    kept(github)

    kept(github)

    assert len(github.issues) == 121


def test_of_two_that_were_opened_at_once_the_later_is_closed(github: IssueServer) -> None:
    body = ticket.body(STUCK, "")
    listed = github.listed

    def hidden_once(query: dict[str, list[str]]) -> list[dict[str, Any]]:
        github.listed = listed  # type: ignore[method-assign] # from the second time on, it is seen
        return []

    github.add(title="theirs", body=body, labels=[LABEL])
    github.listed = hidden_once  # type: ignore[method-assign] # theirs is not there yet

    said = kept(github)

    assert [issue["state"] for issue in github.issues] == ["open", "closed"]
    assert github.issues[0]["html_url"] in said


@pytest.mark.parametrize(
    ("status", "said"),
    [(403, "issues: write"), (404, "issues: write"), (410, "turned off"), (500, "HTTP 500")],
)
def test_a_refusal_says_what_is_needed(github: IssueServer, status: int, said: str) -> None:
    github.refuse_with = status

    with pytest.raises(IssueError, match=said):
        kept(github)

    assert github.calls == [("GET", PATH)]


def test_a_token_never_stands_in_an_error(github: IssueServer) -> None:
    with pytest.raises(IssueError) as error:
        kept(github, token="ghs_wrong0123456789abcdef")

    assert "not valid" in str(error.value)
    assert "ghs_" not in str(error.value)


def test_a_service_that_is_not_there_is_one_sentence() -> None:
    with (
        Issues("http://127.0.0.1:9", "acme/app", TOKEN) as issues,
        pytest.raises(IssueError, match="did not answer"),
    ):
        keep(issues, STUCK, "")


def test_the_body_never_grows_longer_than_github_takes() -> None:
    body = ""
    for at in range(60):
        body = ticket.body(another(f"{at}-" + "x" * 900), "word " * 20_000, body)

    assert len(body) <= ticket.LONGEST
    assert "Seen 60 times" in body


def test_a_hostile_id_stays_within_its_code_span() -> None:
    report = msgspec.structs.replace(HOSTILE, fingerprint=STUCK.fingerprint)

    lines = ticket.body(report, "").splitlines()

    assert lines[0] == f"<!-- backup-doctor {STUCK.fingerprint} seen 1 -->"
    assert len([line for line in lines if "<script>" in line]) == 1
    assert ticket.belongs("\n".join(lines), STUCK.fingerprint)
