"""Which scenes there are: every fault alone, and every pair of what breaks the two ways."""

from __future__ import annotations

from dataclasses import replace
from itertools import count, cycle, product
from typing import TYPE_CHECKING

from backup_doctor.demo.faults import SINGLE, Fault, Side
from backup_doctor.evidence.findings import Verdict
from tests.matrix.pipelines import ENVIRONMENT, OWN_SECRETS, PIPELINES, REFERENCE
from tests.matrix.scenes import Scene

if TYPE_CHECKING:
    from collections.abc import Iterator

FUNCTION = tuple(fault for fault in SINGLE.values() if fault.side is Side.FUNCTION)
DATABASE = tuple(fault for fault in SINGLE.values() if fault.side in (Side.FALLBACK, Side.BOTH))
UPLOAD = tuple(fault for fault in SINGLE.values() if fault.side is Side.UPLOAD)


def singles() -> list[Scene]:
    """Every fault alone; what breaks one of the two ways also in the other pipelines."""
    reference = [Scene((fault,)) for fault in SINGLE.values()]
    scenes = (
        Scene((fault,), pipeline) for pipeline in PIPELINES[1:] for fault in (*FUNCTION, *DATABASE)
    )
    return [*reference, *(scene for scene in scenes if scene.possible)]


def pairs() -> list[Scene]:
    """Every cause at the function with every cause at the fallback, and with every one before both.

    A cause that several faults make is played by each of them in turn, in each pipeline in turn.
    """
    turns = _in_turn((*FUNCTION, *DATABASE, *UPLOAD))
    number = count()
    before_the_update = product(_codes(UPLOAD), (*_codes(FUNCTION), *_codes(DATABASE)))
    codes = (*product(_codes(FUNCTION), _codes(DATABASE)), *before_the_update)
    return [_fitting((next(turns[a]), next(turns[b])), next(number)) for a, b in codes]


def every_pair() -> list[Scene]:
    """Every fault at the function with every fault at the fallback, the pipelines in turn."""
    return [_fitting(pair, number) for number, pair in enumerate(product(FUNCTION, DATABASE))]


def _fitting(faults: tuple[Fault, ...], number: int) -> Scene:
    start = number % len(PIPELINES)
    pipelines = (*PIPELINES[start:], *PIPELINES[:start])
    return next(scene for pipeline in pipelines if (scene := Scene(faults, pipeline)).possible)


def _codes(faults: tuple[Fault, ...]) -> tuple[tuple[Side, str | None], ...]:
    return tuple(dict.fromkeys((fault.side, fault.code) for fault in faults))


def _in_turn(faults: tuple[Fault, ...]) -> dict[tuple[Side, str | None], Iterator[Fault]]:
    return {
        key: cycle([fault for fault in faults if (fault.side, fault.code) == key])
        for key in _codes(faults)
    }


SECRETS = ("no-service-key", "expired-key", "url-newline", "other-caller-key", "upload-key-not-set")


def loops() -> list[Scene]:
    """The scenes whose reports are followed to the letter: every fault of the catalogue.

    Where the fallback saves the backup, it is broken too, or there was nothing to do. What is wrong
    with secrets is played where they are kept elsewhere, or called otherwise, too.
    """
    elsewhere = [
        Scene((SINGLE[name],), pipeline)
        for pipeline in (ENVIRONMENT, OWN_SECRETS)
        for name in SECRETS
    ]
    reference = [scene for scene in singles() if scene.pipeline is REFERENCE]
    return [_failing(scene) for scene in (*reference, *elsewhere)]


def _failing(scene: Scene) -> Scene:
    saved = scene.expected.verdict is Verdict.HEALTHY
    denied = SINGLE["no-update-grant"]
    return replace(scene, faults=(*scene.faults, denied)) if saved else scene


def some_pairs() -> list[Scene]:
    """One pair of four: what every change is held against, beside the loops."""
    return pairs()[::4]


CATALOGUES = {
    "singles": singles,
    "pairs": pairs,
    "every_pair": every_pair,
    "loops": loops,
    "some_pairs": some_pairs,
}
