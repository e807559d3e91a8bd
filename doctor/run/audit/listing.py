"""The bucket's listing in the order of its keys, several pages at a time where that pays.

S3 gives a page only after the one before it. But where keys lie in folders, the folders can be
asked for at the same time: a folder with more than a few pages is divided into its subfolders, and
the first pages that will be needed are always under way. Nothing else is read ahead, so that the
memory does not depend on the bucket.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from msgspec.structs import replace

from backup_doctor.base.immutable import Immutable
from backup_doctor.base.threads import Pool, result_of
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.run.audit.table import BrokeOffError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backup_doctor.run.audit.model import Stored

# How many pages of a folder are read one after the other before it is divided.
PAGES_IN_A_ROW = 2
# Of how many folders a page may tell for their folder to be divided: fewer keys in each do not pay.
FOLDERS_ON_A_PAGE = 4
# For one page with all its tries, however slowly the bytes drip.
PAGE_LIMIT_S = 120.0
# How many requests may be under way, and pages waiting.
AHEAD = 12


class After(Immutable, frozen=True, kw_only=True, eq=False):
    """What follows a key: by botocore's token, or in a listing of obstore's that is open."""

    key: str
    token: str | None = None
    chunks: Iterator[Any] | None = None


class ListPage(Immutable, frozen=True, kw_only=True):
    """One answer: objects and folders in order, and what tells of what follows; None at the end."""

    objects: list[Stored]
    folders: tuple[str, ...] = ()
    after: str | After | None = None


class Lists(Protocol):
    """What gives pages of a listing. Safe to use from several threads."""

    def page(
        self, prefix: str, *, token: str | After | None, start_after: str | None, by_folder: bool
    ) -> ListPage:
        """One page of the keys under a prefix.

        Raises:
            BrokeOffError: it cannot be read.
        """


class ListingStep(Immutable, frozen=True, kw_only=True):
    """A page to ask for. `pages` counts those of its folder that were read before it.

    `by_folder` asks for the folders at this level instead of for all keys below it.
    """

    prefix: str
    token: str | After | None = None
    start_after: str | None = None
    pages: int = 0
    by_folder: bool = False


@dataclass(eq=False)
class PendingPage:
    """A step, the page that it yields, and whether the steps behind it are known."""

    step: ListingStep
    page: Future[ListPage] = field(default_factory=Future)
    is_asked: bool = False
    is_followed: bool = False


def listing(source: Lists, prefix: str, ahead: int = AHEAD) -> Iterator[list[Stored]]:
    """The objects under the prefix, in the order of their keys.

    Raises:
        BrokeOffError: it could not be read to its end; what came before is whole.
    """
    pool = Pool(ahead)
    try:
        yield from _in_order(
            partial(_ask, source, pool, ahead), PendingPage(ListingStep(prefix=prefix))
        )
    finally:
        pool.close()


def _in_order(
    ask: Callable[[deque[PendingPage]], None], everything: PendingPage
) -> Iterator[list[Stored]]:
    waiting = deque([everything])
    last = ""
    while waiting:
        ask(waiting)
        first = waiting.popleft()
        page = _waited_for(first.page)
        if not first.is_followed:
            waiting.extendleft(reversed(_following(first.step, page)))
            ask(waiting)
        # What a page by folder holds beside the folders comes in its place between them.
        if page.objects and not first.step.by_folder:
            if page.objects[0][0] <= last:
                raise BrokeOffError(OUT_OF_ORDER)
            last = page.objects[-1][0]
            yield page.objects


def _ask(source: Lists, pool: Pool, ahead: int, waiting: deque[PendingPage]) -> None:
    """Ask for the first steps; insert what follows those that have been answered."""
    window = [waiting.popleft() for _ in range(min(ahead, len(waiting)))]
    known: list[PendingPage] = []
    for pending in window:
        known.append(pending)
        if pending.page.done() and not pending.is_followed and pending.page.exception() is None:
            pending.is_followed = True
            known += _following(pending.step, pending.page.result())
    for pending in known[:ahead]:
        if not pending.is_asked:
            pending.is_asked = True
            pending.page = pool.spawn(partial(_page, source, pending.step))
    waiting.extendleft(reversed(known))


def _waited_for(page: Future[ListPage]) -> ListPage:
    try:
        return result_of(page, PAGE_LIMIT_S)
    except TimeoutError:
        raise BrokeOffError(TOO_SLOW) from None


def _page(source: Lists, step: ListingStep) -> ListPage:
    return source.page(
        step.prefix,
        token=step.token,
        start_after=None if step.token else step.start_after,
        by_folder=step.by_folder,
    )


def _following(step: ListingStep, page: ListPage) -> list[PendingPage]:
    """The steps between this page and what was known to come after it."""
    if step.by_folder:
        return _divided(step, page)
    if page.after is None:
        return []
    if step.pages + 1 >= PAGES_IN_A_ROW and _is_worth_dividing(step.prefix, page):
        last = page.objects[-1][0]
        return [PendingPage(replace(step, token=None, start_after=last, by_folder=True, pages=0))]
    return [PendingPage(replace(step, token=page.after, pages=step.pages + 1))]


def _is_worth_dividing(prefix: str, page: ListPage) -> bool:
    """Whether the keys lie in folders, and in few: a request for each must not be one for little."""
    names = {key[len(prefix) :].partition("/")[:2] for key, _, _ in page.objects}
    return 0 < len(names) <= FOLDERS_ON_A_PAGE and all(slash for _, slash in names)


def _divided(step: ListingStep, page: ListPage) -> list[PendingPage]:
    """A step for each folder, and what lies beside the folders, in the order of the keys."""
    begun = step.start_after or ""
    parts: list[PendingPage] = []
    beside = deque(page.objects)
    for folder in page.folders:
        parts += _known(beside, before=folder)
        inside = begun if begun.startswith(folder) else None
        if inside is not None or folder > begun:
            parts.append(PendingPage(ListingStep(prefix=folder, start_after=inside)))
    parts += _known(beside, before=None)
    if page.after is not None:
        parts.append(PendingPage(replace(step, token=page.after)))
    return parts


def _known(objects: deque[Stored], before: str | None) -> list[PendingPage]:
    """The objects up to a folder as a page that needs no asking."""
    found: list[Stored] = []
    while objects and (before is None or objects[0][0] < before):
        found.append(objects.popleft())
    if not found:
        return []
    pending = PendingPage(ListingStep(prefix=found[0][0]), is_asked=True, is_followed=True)
    pending.page.set_result(ListPage(objects=found))
    return [pending]


TOO_SLOW = Unseen(
    why=Why.TIMED_OUT,
    what="S3 did not finish a page of the listing in time.",
    remedy="Check AWS_ENDPOINT_URL_S3, AWS_REGION and the network.",
    dependency="S3",
)
OUT_OF_ORDER = Unseen(
    why=Why.GARBLED,
    what="The bucket's listing is not in the order of the keys, so that it cannot be compared.",
    remedy="Use --inventory with a listing of the bucket, which is sorted first.",
    dependency="S3",
)
