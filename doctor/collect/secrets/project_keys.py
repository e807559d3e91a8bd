"""The given service key held against the project's own keys, as the Management API lists them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.evidence.base import Unseen, seen
from backup_doctor.evidence.keys import bare, describe_service_key
from backup_doctor.evidence.secrets import KeyKind, ProjectKeys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backup_doctor.collect.clients.management_answers import ListedKey
    from backup_doctor.settings.model import Settings

LISTED_AS = {
    KeyKind.LEGACY_JWT: "legacy",
    KeyKind.SECRET: "secret",
    KeyKind.PUBLISHABLE: "publishable",
}
MASKED = re.compile("[·•*…]")
# `sb_secret_` alone begins every secret key; three characters more begin one in 260,000.
SHORTEST_HEAD = len("sb_secret_") + 3


def project_keys(
    settings: Settings, keys: Sequence[ListedKey] | Unseen, *, legacy_enabled: bool | Unseen
) -> ProjectKeys | Unseen:
    """What the list and the switch of the legacy keys say; the first `Unseen` where both are."""
    if isinstance(keys, Unseen) and isinstance(legacy_enabled, Unseen):
        return keys
    return ProjectKeys(
        legacy_enabled=seen(legacy_enabled),
        service_key_listed=_is_listed(settings, seen(keys) or ()),
    )


def _is_listed(settings: Settings, keys: Sequence[ListedKey]) -> bool | None:
    if settings.service_key is None:
        return None
    given = settings.service_key.reveal()
    kind = LISTED_AS.get(describe_service_key(given, setting="").kind)
    matches = [_matches(bare(given), key.shown) for key in keys if key.kind == kind]
    if True in matches:
        return True
    return False if matches and None not in matches else None


def _matches(given: str, shown: str) -> bool | None:
    """Whether a listed key is the given one, None for no telling. A masked one shows its head."""
    head = MASKED.split(shown)[0]
    if head == shown:
        return given == shown if shown else None
    if len(head) < SHORTEST_HEAD:
        return None
    return given.startswith(head)
