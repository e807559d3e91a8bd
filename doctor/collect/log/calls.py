"""The calls of the update step, as the step's own output tells them, in three stages.

`events` takes the output apart, `ownership` gives each event to a call, `draft` sums each call up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.log.events import events
from backup_doctor.collect.log.names import endpoints
from backup_doctor.collect.log.ownership import attribute
from backup_doctor.collect.log.talk import Talk
from backup_doctor.services.log_wording import CallSubject
from backup_doctor.services.single_row import says_several

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from backup_doctor.collect.log.names import CallNames
    from backup_doctor.evidence.log import Call


class Calls(Immutable, frozen=True):
    """What the update step's output says."""

    function: Call
    fallback: Call
    lookup: Call
    not_found: str | None


def read_calls(
    names: CallNames, script: Sequence[str], output: Iterable[str], *, is_update: bool = False
) -> Calls:
    """The calls in a step's output. `script` only tells what an unlabelled answer can be of.

    `is_update`: it is the update step's output, so that a call which nothing names is its own.
    """
    called = endpoints(script)
    talk = Talk(
        names,
        # Which of several calls an unlabelled answer is of can be told only without a look-up.
        expected=[] if CallSubject.LOOKUP in called else called,
        current=called[0] if len(called) == 1 else None,
    )
    attribute(talk, events(output, names))
    if is_update:
        talk.claim_unreached()
    lookup = talk.drafts[CallSubject.LOOKUP]
    several = says_several("\n".join(lookup.body))
    return Calls(
        function=talk.drafts[CallSubject.FUNCTION].call(),
        fallback=talk.drafts[CallSubject.FALLBACK].call(),
        lookup=lookup.call(),
        not_found=None if several else talk.not_found or lookup.line_of_no_row,
    )
