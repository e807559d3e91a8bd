"""What is special about a finding code: said at its rule, looked up through the registry.

    @check.cause("disk/full", breaks=Link.BACKUP_MADE, traits=(Trait.ENDS_JOB,))

So a check in another package says it of its codes as the built-in ones do of theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeAlias

from backup_doctor.base.immutable import Immutable

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case


class Trait(Enum):
    """A property of all findings with a code. The value says what is true of them."""

    # In the chain.
    ENDS_JOB = "the job ends where it breaks the chain: later links were never reached"
    BREAKS_OFF = "it ends the job midway: the file may be missing or broken off"
    GENERAL = "what any other check finds at the same link explains it"
    DUPLICATES_ROW = "the backup has a row too many, and not none"
    SPOILS_SUCCESS = "a row that says success is wrong for it"
    OF_ONE_RUN = "it happened to one run, and need not happen to the next"
    PAST_ONLY = "it says nothing of the next backup"
    # In what the run's log tells.
    FROM_BELOW = "the function says so too where something below it fails"
    AFTER_KEY = "who answers so has accepted the caller's service key"
    REFUSES_KEY = "the function may mean the key that it was shown"
    KEY_NOT_SHOWN = "the call showed no key"
    OF_ADDRESS = "a wrong address looks like this"
    OF_TABLE = "it is said of one table, which must be the backups'"
    CONFLICTS = "the Data API answers it with a conflict (409)"
    OUT_OF_TIME = "who says so has waited for something, and was refused nothing"
    MAKES_WAIT = "who meets it may wait until the time is out"
    CUTS_OFF = "a connection to the database may not come about for it"
    HIDES_ROW = "the function finds no row for it, or may not touch it"
    FAILS_LOOK_UP = "a look-up fails or finds nothing for it, without a word"
    HIDES_TABLE = "nobody can see the row while it lasts"
    NAMED_BY_STEP = "the own error of a step before the update may name it"
    # In the answer of the function now.
    BEFORE_KEY = "it stands before the check of any key, so that OPTIONS meets it too"
    # In the report.
    KEEPS_FROM_FILE = "the doctor cannot read the file while it lasts"
    HAS_REASONS = "its findings name the known error of a tool as their reason"


# Whether the evidence shows that these values (by the guide's column names) would be refused.
ShowsRefusal: TypeAlias = Callable[["Case", Mapping[str, Any]], bool]


class SqlRefusal(Immutable, frozen=True, kw_only=True):
    """How a condition refuses the very statement that is printed for the row.

    `shown`: the evidence shows it, where the database was not asked or its answer leaves it open.
    `sqlstates`: what its refusals begin with. `seen_by_plan`: EXPLAIN refuses as the write would, so
    that a plan shows that it is over. `by_constraint`: the constraints that were evaluated on the
    statement's own values decide; `left_open`: the same as `shown` for what cannot be evaluated.
    `adds_column`: what mends it adds a column that the statement needs.
    """

    shown: ShowsRefusal
    sqlstates: tuple[str, ...] = ()
    seen_by_plan: bool = False
    by_constraint: bool = False
    left_open: ShowsRefusal | None = None
    adds_column: bool = False
