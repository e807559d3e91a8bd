"""A bundle judged again: the report that was printed when it was saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from doctor.bundle.model import UnusableBundleError
from doctor.reporting import write

if TYPE_CHECKING:
    from doctor.bundle.model import Bundle
    from doctor.model import Report
    from doctor.registry import Registry
    from doctor.runner import Collected


def replay(
    bundle: Bundle, registry: Registry, *, only: tuple[str, ...] = (), skip: tuple[str, ...] = ()
) -> Report:
    """The report, as these checks judge the evidence; evidence of checks unknown here is named.

    Raises:
        UnusableBundleError: the values are such that nobody can judge them.
    """
    collected = _told(bundle, _chosen(bundle.collected, only, skip))
    try:
        return write(collected, registry)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise UnusableBundleError(f"The evidence cannot be judged ({reason}).") from error


def _chosen(collected: Collected, only: tuple[str, ...], skip: tuple[str, ...]) -> Collected:
    """With the evidence of these checks alone."""
    case = collected.case
    left_out = tuple(name for name in case.evidence if name in skip or (only and name not in only))
    if not left_out:
        return collected
    evidence = {name: item for name, item in case.evidence.items() if name not in left_out}
    chosen = msgspec.structs.replace(case, evidence=evidence, skipped=(*case.skipped, *left_out))
    return msgspec.structs.replace(collected, case=chosen)


def _told(bundle: Bundle, collected: Collected) -> Collected:
    strangers = tuple(
        f"The bundle has evidence of the check {name}, which is not installed here."
        for name in bundle.unknown
    )
    return msgspec.structs.replace(collected, warnings=(*collected.warnings, *strangers))
