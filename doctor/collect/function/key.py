"""The function key held against the function's own, without either being shown.

The Management API lists a secret's digest, most likely SHA-256 of its value, which is nowhere
documented. It is taken for that only where a secret of known value in the same list agrees.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.evidence.base import Unseen, Why, seen
from backup_doctor.evidence.keys import bare, compare, is_digest_of
from backup_doctor.evidence.secrets import FunctionKey, FunctionSecret, KeyMatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backup_doctor.collect.clients.management_answers import ListedKey, ListedSecret
    from backup_doctor.settings.model import Settings

GUIDES_NAME = "BACKUP_API_KEY"
JWT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]*")
DEPENDENCY = "Supabase's Management API"


def function_secrets(
    listed: Sequence[ListedSecret] | Unseen,
    settings: Settings,
    keys: Sequence[ListedKey] | Unseen,
) -> tuple[FunctionSecret, ...] | Unseen:
    """The function's secrets by name, and whether each is empty, where that can be told."""
    if isinstance(listed, Unseen):
        return listed
    not_empty = False if _is_calibrated(listed, settings, keys) else None
    return tuple(
        FunctionSecret(
            name=secret.name,
            updated_at=secret.updated_at,
            empty=True if is_digest_of(secret.digest, ("",)) else not_empty,
        )
        for secret in listed
    )


def function_key(
    listed: Sequence[ListedSecret] | Unseen,
    settings: Settings,
    keys: Sequence[ListedKey] | Unseen,
) -> FunctionKey | Unseen:
    """The function key that the doctor was given, and how it compares."""
    if settings.function_key is None:
        return settings.absent("function_key")
    key = settings.function_key.reveal()
    name = settings.names.secrets.get("function_key", GUIDES_NAME)
    calibrated = _is_calibrated(listed, settings, keys)
    match, surrounded = _match(key, name, listed, calibrated=calibrated)
    return FunctionKey(
        setting=settings.origin("function_key"),
        surrounding_whitespace=bare(key) != key,
        match=match,
        function_side_whitespace=surrounded,
        is_jwt=JWT.fullmatch(bare(key)) is not None,
        equal_to=tuple(one.name for one in seen(listed) or () if is_digest_of(one.digest, (key,))),
    )


def _match(
    key: str, name: str, listed: Sequence[ListedSecret] | Unseen, *, calibrated: bool
) -> tuple[KeyMatch | Unseen, bool]:
    if isinstance(listed, Unseen):
        return listed, False
    own = next((secret for secret in listed if secret.name == name), None)
    if own is None:
        return _not_compared(Why.NOT_FOUND, f"The function has no {name} to compare with."), False
    match, surrounded = compare(key, own.digest)
    if match is KeyMatch.DIFFERENT and not calibrated:
        what = (
            f"{name} could not be compared with the function's: no secret of known value in the"
            " list has the digest that SHA-256 would give."
        )
        return _not_compared(Why.GARBLED, what), False
    return match, surrounded


def _not_compared(why: Why, what: str) -> Unseen:
    return Unseen(why=why, what=what, dependency=DEPENDENCY)


def _is_calibrated(
    listed: Sequence[ListedSecret] | Unseen,
    settings: Settings,
    keys: Sequence[ListedKey] | Unseen,
) -> bool:
    """Whether a secret whose value is known is listed with its SHA-256."""
    known = _known_values(settings, seen(keys) or ())
    return any(
        is_digest_of(secret.digest, known.get(secret.name, ())) for secret in seen(listed) or ()
    )


def _known_values(settings: Settings, keys: Sequence[ListedKey]) -> dict[str, list[str]]:
    """What the platform's own variables of a function most likely hold."""
    urls = [url for url in (settings.supabase_url, settings.supabase_url_given) if url]
    if settings.project_ref:
        urls.append(f"https://{settings.project_ref}.supabase.co")
    legacy = {key.name: key.shown for key in keys if key.kind == "legacy"}
    service_keys = [legacy.get("service_role", "")]
    if settings.service_key:
        service_keys.append(bare(settings.service_key.reveal()))
    return {
        "SUPABASE_URL": urls,
        "SUPABASE_ANON_KEY": [key for key in (legacy.get("anon"),) if key],
        "SUPABASE_SERVICE_ROLE_KEY": [key for key in service_keys if key],
    }
