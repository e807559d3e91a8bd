"""What was told of the last sweeps, kept in a file, so that a message comes when one would act on it.

A cause that is new, gone or otherwise, none good for `max_age`, and what cannot be seen are told at
once. More of a cause that was told already wait, a single blind moment is left out, and what stays
wrong is told once a day.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, NamedTuple

import msgspec

from backup_doctor.base import files
from backup_doctor.base.models import from_json
from backup_doctor.judge.show import listed
from backup_doctor.run.sweep.render.wording import moment, name
from backup_doctor.run.sweep.result import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from backup_doctor.run.sweep.result import Sweep


# One without a zone could not be compared.
Time = Annotated[datetime, msgspec.Meta(tz=True)]
# Of a hundred thousand stuck backups.
LARGEST = 32 * files.MEBIBYTE
# More backups of a cause that was told are told after this time.
MORE_AFTER = timedelta(hours=4)
# What stays wrong is told again. A little less than a day: a daily sweep never starts to the second.
AGAIN_AFTER = timedelta(hours=23, minutes=45)
# So long nobody must have seen before it is told: one sweep that meets a weak network is none.
BLIND_FOR = timedelta(minutes=90)


class SweepState(msgspec.Struct, frozen=True, kw_only=True):
    """What the last message told: the root cause of each stuck backup, by its name, and what else is wrong.

    `late`: none was good for `max_age`. `blind`: not all could be seen. `refused`: the credentials that
    nobody takes. `told_at` is when a message was taken, `seen_at` when a sweep last saw all. `owed` are the
    places of the addresses that did not take it.
    """

    stuck: dict[str, str] = {}
    late: bool = False
    blind: bool = False
    refused: tuple[str, ...] = ()
    told_at: Time | None = None
    seen_at: Time | None = None
    owed: tuple[int, ...] = ()

    @property
    def wrong(self) -> bool:
        """Whether there is anything to act on."""
        return bool(self.stuck or self.refused) or self.late or self.blind


def state_of(sweep: Sweep, before: SweepState) -> SweepState:
    """What there is to tell after a sweep; what it could not tell is as it was before."""
    ok = sweep.freshness.ok
    untold = ok is None and (sweep.freshness.max_age_s is not None or not sweep.complete)
    seen = {name(one): _cause(name(one), one.root_cause, before) for one in sweep.stuck}
    seen_at = sweep.at if sweep.all_seen else before.seen_at
    return SweepState(
        stuck=seen if sweep.complete else {**before.stuck, **seen},
        late=before.late if untold else ok is False,
        blind=not sweep.all_seen and (before.blind or not _within(BLIND_FOR, seen_at, sweep.at)),
        refused=sweep.refused if sweep.complete else before.refused,
        told_at=before.told_at,
        seen_at=seen_at,
        owed=before.owed,
    )


def _cause(backup: str, found: str, before: SweepState) -> str:
    """A cause that was known is not lost to a sweep that could see less."""
    return before.stuck.get(backup, UNKNOWN) if found == UNKNOWN else found


def _within(time: timedelta, then: datetime | None, now: datetime) -> bool:
    """Whether less than this time has passed; by a clock that was set back nothing is known."""
    return then is not None and timedelta() <= now - then < time


def read_state(file: Path) -> SweepState:
    """The state of the last sweep; an empty one where there was none.

    Raises:
        OSError: the file is there and cannot be read.
        msgspec.DecodeError: it holds no state.
    """
    try:
        return from_json(files.read(file, LARGEST), SweepState)
    except FileNotFoundError:
        return SweepState()
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError(str(error)) from None


def write_state(file: Path, state: SweepState) -> None:
    """Replace the file as a whole.

    Raises:
        OSError: it cannot be written; the old one is still there then.
    """
    files.write(file, msgspec.json.encode(state))


class News(NamedTuple):
    """Why a message is due: in a few words, and as a sentence."""

    short: str
    said: str


def news(
    before: SweepState, after: SweepState, now: datetime, endings: Mapping[str, str] | None = None
) -> News | None:
    """What a message would say that the last one did not; None where none is due.

    `endings` are the statuses of backups that are not stuck any more, as far as they were seen.
    """
    changes = _changes(before, after, endings or {})
    if changes and (_is_urgent(before, after) or not _within(MORE_AFTER, before.told_at, now)):
        since = (
            f"the last message ({moment(before.told_at)})" if before.told_at else "the last sweep"
        )
        short = ", ".join(changes)
        return News(short, f"Since {since}: {short}.")
    if after.wrong and before.told_at and not _within(AGAIN_AFTER, before.told_at, now):
        still = f"nothing has changed since the last message ({moment(before.told_at)})"
        return News(still, f"Still so: {still}.")
    return None


def _is_urgent(before: SweepState, after: SweepState) -> bool:
    """Whether another thing is wrong, or right again."""
    causes = set(before.stuck.values()) != set(after.stuck.values())
    others = (before.late, before.blind, before.refused) != (after.late, after.blind, after.refused)
    return causes or others


def _changes(before: SweepState, after: SweepState, endings: Mapping[str, str]) -> tuple[str, ...]:
    new = after.stuck.keys() - before.stuck.keys()
    gone = before.stuck.keys() - after.stuck.keys()
    both = after.stuck.keys() & before.stuck.keys()
    moved = sum(after.stuck[one] != before.stuck[one] for one in both)
    parts = (
        f"{len(new):,} new" if new else "",
        f"{len(gone):,} no longer stuck{_ended(gone, endings)}" if gone else "",
        f"{moved:,} with another cause" if moved else "",
        "no good backup lately" if after.late and not before.late else "",
        "good backups again" if before.late and not after.late else "",
        "not all can be seen" if after.blind and not before.blind else "",
        "all can be seen again" if before.blind and not after.blind else "",
        "a credential is refused" if set(after.refused) - set(before.refused) else "",
        "all credentials are taken again" if before.refused and not after.refused else "",
    )
    return tuple(filter(None, parts))


def _ended(gone: set[str], endings: Mapping[str, str]) -> str:
    """What became of them."""
    words = Counter(endings[one] for one in gone if one in endings)
    counts = [f"{count:,} {word}" for word, count in words.most_common()]
    unseen = len(gone) - words.total()
    if not counts:
        return ""
    if len(counts) == 1 and not unseen:
        return f" (now {next(iter(words))})"
    return f" ({listed((*counts, f'{unseen:,} not seen') if unseen else counts)})"
