"""One message a sweep, to wherever apprise can send one: Slack, mail, Teams, ..."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import ModuleType

LONGEST = 3_000
# A shorter piece of an address is a word such as `hooks`.
SHORTEST_SECRET = 8


class NotSentError(Exception):
    """A message that did not go out; the text says why, without the address."""


def misaddressed(addresses: Sequence[str]) -> int | None:
    """Which of the addresses, from 1 on, is none; None where each may be one.

    Raises:
        NotSentError: apprise is missing.
    """
    apprise = _apprise()
    found = (at for at, one in enumerate(addresses, 1) if not apprise.Apprise().add(one))
    return next(found, None)


def send(addresses: Sequence[str], title: str, body: str, *, failing: bool) -> None:
    """Send the message, in Markdown, to every address.

    Raises:
        NotSentError: apprise is missing, an address is none, or the other side refused.
    """
    apprise = _apprise()
    sender = apprise.Apprise()
    for place, address in enumerate(addresses, start=1):
        if not sender.add(address):
            raise NotSentError(none_such(place))
    kind = apprise.NotifyType.FAILURE if failing else apprise.NotifyType.SUCCESS
    sent = sender.notify(
        body=body[:LONGEST],
        title=title,
        notify_type=kind,
        body_format=apprise.NotifyFormat.MARKDOWN,
    )
    if not sent:
        raise NotSentError("an address of --notify did not take the message.")


def none_such(place: int) -> str:
    """That an address cannot be one, without showing it."""
    return f"the address {place} of --notify is not one that apprise knows."


def _apprise() -> ModuleType:
    try:
        import apprise
    except ModuleNotFoundError:
        raise NotSentError(
            'apprise is missing: pip install ".[notify]" in your copy of backup-doctor.'
        ) from None
    # What it logs may hold the address, and with it a credential.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    module: ModuleType = apprise
    return module


def secrets_in(addresses: Sequence[str]) -> Iterator[str]:
    """Whatever in the addresses may be a credential, for the redactor."""
    for address in addresses:
        yield address
        yield address.partition("://")[2]
        try:
            parts = urlsplit(address)
        except ValueError:
            continue
        for piece in (parts.netloc, *parts.path.split("/"), parts.query):
            if len(piece) >= SHORTEST_SECRET:
                yield piece
                yield unquote(piece)
