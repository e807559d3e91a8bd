"""By what a public key may write the table, past its row-level security."""

from __future__ import annotations

from backup_doctor.evidence.base import Fact


class OpenFunction(Fact, frozen=True, kw_only=True):
    """A SECURITY DEFINER function that speaks of the table and that anon may call.

    `name` is its signature, quoted and qualified; `source` its body.
    """

    name: str
    source: str = ""


class OpenView(Fact, frozen=True, kw_only=True):
    """A view, updatable with its owner's rights, that public roles may write.

    `source` is its query; the owner is one from whom row-level security hides nothing of the table.
    """

    schema: str
    name: str
    roles: tuple[str, ...]
    source: str = ""
