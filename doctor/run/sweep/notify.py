"""One message a sweep, to wherever apprise can send one: Slack, mail, Teams, ..."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from backup_doctor.judge.show import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import ModuleType

LONGEST = 3_000
LONGEST_TITLE = 250
CUT = "\n\nThere is more than fits here: `backup-doctor sweep` shows all of it."
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


def send(addresses: Mapping[int, str], title: str, body: str, *, failing: bool) -> tuple[int, ...]:
    """Send the message, in Markdown, to every address; the places of those that did not take it.

    Raises:
        NotSentError: apprise is missing.
    """
    apprise = _apprise()
    kind = apprise.NotifyType.FAILURE if failing else apprise.NotifyType.SUCCESS

    def taken(address: str) -> bool:
        sender = apprise.Apprise()
        added = sender.add(address)
        return bool(added) and bool(
            sender.notify(
                body=fitting(body),
                title=title[:LONGEST_TITLE],
                notify_type=kind,
                body_format=apprise.NotifyFormat.MARKDOWN,
            )
        )

    return tuple(place for place, address in addresses.items() if not taken(address))


def fitting(body: str) -> str:
    """As many whole lines as fit into a message, and that there are more."""
    if len(body) <= LONGEST:
        return body
    kept = body[: LONGEST - len(CUT)].rpartition("\n")[0] or body[: LONGEST - len(CUT)]
    return f"{kept}{CUT}"


def refused(places: Sequence[int]) -> str:
    """Which addresses did not take a message, without showing them."""
    named = listed([str(one) for one in places])
    which = f"es {named}" if len(places) > 1 else f" {named}"
    return f"the address{which} of --notify did not take the message."


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
