"""The services that the doctor asks over HTTP, and which faults each of them can have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.faults import answers
from tests.faults.catalogue import (
    GARBLED,
    IN_TIME,
    NOT_THEIRS,
    REFUSED,
    RESHAPED,
    UNREACHABLE,
    Fault,
)

if TYPE_CHECKING:
    from tests.faults.proxy import Request

COMMON = (*UNREACHABLE, *GARBLED, *REFUSED)
DATABASE = "SUPABASE_DB_URL"
TOKEN = "SUPABASE_ACCESS_TOKEN"


@dataclass(frozen=True, kw_only=True)
class Dependency:
    """A service, and what must be said of it.

    `setting` is the environment variable of its address; `paths` what of that host belongs to it;
    `called` a pattern of its name in a report. `without` are settings taken away, so that the
    doctor has no other way. `needed_by` are the checks that cannot pass when it does not answer.
    `believable` are faults whose answers the service could have meant: nobody can tell them apart.
    """

    name: str
    setting: str
    called: str
    paths: str = "/"
    without: tuple[str, ...] = ()
    needed_by: tuple[str, ...] = ()
    believable: frozenset[str] = frozenset()
    faults: tuple[Fault, ...] = (*COMMON, *RESHAPED)

    def is_asked_by(self, request: Request) -> bool:
        """Whether a request to the host is one to this service."""
        return request.path.startswith(self.paths)


# A function's answer is its author's own: any status, any body.
OWN_ANSWERS = frozenset(
    {"too-long", "truncated", "empty", *(fault.name for fault in RESHAPED)}
    | {f"{status}-json" for status in (401, 403, 404, 409, 500, 546)}
)
# All that is read of these answers is text anyway.
TEXT_ONLY = frozenset({"stringly"})
NOT_XML = (
    Fault(
        name="other-root",
        spoil=answers.body(b'<?xml version="1.0"?><Hello/>', b"application/xml"),
        says=NOT_THEIRS,
    ),
    Fault(
        name="bomb",
        spoil=answers.body(answers.xml_bomb(), b"application/xml"),
        says=f"{NOT_THEIRS}|{IN_TIME}",
    ),
)

DEPENDENCIES = (
    Dependency(
        name="github",
        setting="GITHUB_API_URL",
        called="GitHub",
        needed_by=("workflow",),
    ),
    Dependency(
        name="management",
        setting="SUPABASE_MANAGEMENT_URL",
        called="Management API",
        believable=TEXT_ONLY,
    ),
    Dependency(
        name="management-as-the-only-way-to-sql",
        setting="SUPABASE_MANAGEMENT_URL",
        called="Management API",
        without=(DATABASE,),
        needed_by=("rls",),
        believable=TEXT_ONLY,
    ),
    Dependency(
        name="functions",
        setting="SUPABASE_URL",
        paths="/functions/",
        called="functions gateway",
        believable=OWN_ANSWERS,
    ),
    Dependency(
        name="data-api",
        setting="SUPABASE_URL",
        paths="/rest/",
        called="Data API",
        believable=TEXT_ONLY,
    ),
    Dependency(
        name="data-api-as-the-only-way-to-the-row",
        setting="SUPABASE_URL",
        paths="/rest/",
        called="Data API",
        without=(DATABASE, TOKEN),
        needed_by=("row", "rls"),
        believable=TEXT_ONLY,
    ),
    Dependency(
        name="s3",
        setting="AWS_ENDPOINT_URL_S3",
        called="S3",
        needed_by=("object",),
        faults=(*COMMON, *NOT_XML),
    ),
)
