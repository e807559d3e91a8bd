"""One message a sweep, to wherever apprise can send one: Slack, mail, Teams, ..."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from backup_doctor.base.threads import result_of, spawn
from backup_doctor.judge.show import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import ModuleType

# A mail server takes its time; whoever answers byte by byte would take for ever.
LIMIT_S = 30.0
LONGEST = 3_000
LONGEST_TITLE = 250
SENDER = "backup-doctor"
NEW_LINE = "\n"
BETWEEN = "\r\n"
# A card may have 28 kB; apprise says 1,000 characters, and holds itself to no limit.
TEAMS = frozenset({"MSTeams", "Power Automate / Workflows (for MSTeams)"})
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
    # Without this, messages come from "Apprise", with a picture that others serve.
    asset = apprise.AppriseAsset(
        app_id=SENDER, app_desc=SENDER, app_url="", image_url_mask="", image_url_logo=""
    )

    def taken(address: str) -> bool:
        service = apprise.Apprise.instantiate(address, asset=asset)
        if not service:
            return False
        return bool(
            apprise.Apprise(service).notify(
                body=fitting(body, min(LONGEST, _room(service, title))),
                title=title[:LONGEST_TITLE],
                notify_type=kind,
                body_format=apprise.NotifyFormat.MARKDOWN,
            )
        )

    def in_time(address: str) -> bool:
        try:
            return result_of(spawn(partial(taken, address)), LIMIT_S)
        except Exception:  # noqa: BLE001 -- one that hangs or fails costs no other its message
            return False

    return tuple(place for place, address in addresses.items() if not in_time(address))


def _room(service: Any, title: str) -> int:  # noqa: ANN401 -- one of apprise's hundred classes
    """How long the text may be."""
    if service.service_name in TEAMS:
        return LONGEST
    # Where a service has no titles, apprise puts it before the text.
    beside = 0 if service.title_maxlen else len(title) + len(BETWEEN)
    return int(service.body_maxlen) - beside


def fitting(body: str, most: int = LONGEST) -> str:
    """As many whole lines as fit into a message, and that there are more."""
    if len(body) <= most:
        return body
    if most <= len(CUT):
        return ""
    return f"{body[: most - len(CUT)].rpartition(NEW_LINE)[0]}{CUT}".strip()


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
