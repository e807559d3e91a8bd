"""What the services are sent of a message: by the real apprise, its HTTP and SMTP calls taken down."""

from __future__ import annotations

import json
import smtplib
from email import message_from_string
from typing import TYPE_CHECKING, Any

import pytest
import requests

from backup_doctor.run.sweep.notify import LONGEST, send
from backup_doctor.run.sweep.render.message import message, title
from tests.sweep.results import NO_GRANT, sweep, swept

if TYPE_CHECKING:
    from email.message import Message

    from backup_doctor.run.sweep.result import Sweep

# Of Python itself, which apprise imports.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")
SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#ops"
TEAMS = (
    "workflows://prod-1.westus.logic.azure.com:443/643e69f83c8944438d68119179a10a64/sigabcdefghij/"
)
DISCORD = "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js"
MAIL = "mailto://user:pass@example.com?to=ops@example.com"
EVIL = "<!channel> @everyone <script>x</script> R&D &lt; [a](javascript:b)"


def many(count: int = 8) -> Sweep:
    """As many causes as a message has, each with a long explanation."""
    backups = (
        swept(f"row/cause-{at}", name=f"d-{at}", says="It is long. " * 40) for at in range(count)
    )
    return sweep(*backups, project="shop")


def hostile() -> Sweep:
    return sweep(swept(NO_GRANT, says=EVIL), project="shop\nBcc: all@example.com")


@pytest.fixture
def posted(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The JSON of every POST; each is taken."""
    seen: list[dict[str, Any]] = []

    def post(_: str, data: str | bytes, **__: object) -> requests.Response:
        seen.append(json.loads(data))
        answer = requests.Response()
        answer.status_code, answer._content = 200, b"ok"
        return answer

    monkeypatch.setattr(requests, "post", post)
    monkeypatch.setattr(requests, "request", lambda _, url, **more: post(url, **more))
    return seen


@pytest.fixture
def mailed(monkeypatch: pytest.MonkeyPatch) -> list[Message]:
    """Every mail; each is taken."""
    seen: list[Message] = []

    class Server:
        def __init__(self, *_: object, **__: object) -> None:
            """A connection."""

        def sendmail(self, _: str, __: object, text: str) -> None:
            seen.append(message_from_string(text))

        def __getattr__(self, _: str) -> Any:
            return lambda *_, **__: None

    monkeypatch.setattr(smtplib, "SMTP", Server)
    monkeypatch.setattr(smtplib, "SMTP_SSL", Server)
    return seen


def sent(address: str, of: Sweep) -> None:
    assert send({1: address}, title(of), message(of, "Since then: 1 new."), failing=True) == ()


def test_slack_gets_no_mention_and_no_entity_that_it_would_show(
    posted: list[dict[str, Any]],
) -> None:
    sent(SLACK, hostile())

    (attachment,) = posted[0]["attachments"]
    assert "<!" not in attachment["text"]
    assert "&amp;lt;" not in attachment["text"]
    assert "*rls/no-grant*" in attachment["text"]
    assert attachment["footer"] == "backup-doctor"
    assert "caronc" not in json.dumps(posted), "no picture that others serve"


def test_a_long_message_ends_within_what_slack_shows(posted: list[dict[str, Any]]) -> None:
    sent(SLACK, many())

    (attachment,) = posted[0]["attachments"]
    assert len(attachment["text"]) <= LONGEST
    assert "There is more than fits here" in attachment["text"]


def test_a_card_of_teams_is_not_cut_to_what_apprise_thinks_it_holds(
    posted: list[dict[str, Any]],
) -> None:
    sent(TEAMS, many(3))

    (attachment,) = posted[0]["attachments"]
    *_, text = attachment["content"]["body"]
    assert "row/cause-2" in text["text"]
    assert len(json.dumps(posted[0])) < 28_000


def test_what_has_less_room_gets_whole_lines_and_that_there_are_more(
    posted: list[dict[str, Any]],
) -> None:
    sent(DISCORD, many())

    assert len(posted) == 1
    assert len(posted[0]["content"]) <= 2_000
    assert "There is more than fits here" in posted[0]["content"]
    assert posted[0]["content"].startswith("shop: 8 stuck backups: ")


def test_a_mail_has_one_subject_no_other_reader_and_no_tag_from_outside(
    mailed: list[Message],
) -> None:
    sent(MAIL, hostile())

    (mail,) = mailed
    parts = {
        part.get_content_type(): part.get_payload(decode=True)
        for part in mail.walk()
        if not part.is_multipart()
    }
    page = bytes(parts["text/html"]).decode()
    assert mail["Bcc"] is None
    assert mail["To"] == "ops@example.com"
    assert str(mail["From"]).startswith("backup-doctor <")
    assert "<script" not in page
    assert 'href="javascript' not in page
    assert "<strong>rls/no-grant</strong>" in page
