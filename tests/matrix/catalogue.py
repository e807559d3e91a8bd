"""Which scenes there are: every fault alone, and every pair of what breaks the two ways."""

from __future__ import annotations

from itertools import product

from doctor.demo.faults import SINGLE, Side
from tests.matrix.pipelines import OTHER, PIPELINES, REFERENCE
from tests.matrix.scenes import Scene


def singles() -> list[Scene]:
    """Every fault alone, in every pipeline that it fits."""
    return [
        scene
        for pipeline in PIPELINES
        for fault in SINGLE.values()
        if (scene := Scene((fault,), pipeline)).possible
    ]


def pairs() -> list[Scene]:
    """What breaks the function with what breaks the fallback: every pair, the pipelines in turn."""
    function = [fault for fault in SINGLE.values() if fault.side is Side.FUNCTION]
    fallback = [fault for fault in SINGLE.values() if fault.side in (Side.FALLBACK, Side.BOTH)]
    found = []
    for number, faults in enumerate(product(function, fallback)):
        turns = (REFERENCE, PIPELINES[number % len(PIPELINES)], OTHER, REFERENCE)
        scene = Scene(faults, turns[1])
        found.append(scene if scene.possible else Scene(faults))
    return found
