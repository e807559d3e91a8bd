"""A bundle judged again: the report that was printed when it was saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from backup_doctor.evidence.case import Names
from backup_doctor.report.compose import write
from backup_doctor.run.bundle.model import UnusableBundleError
from backup_doctor.run.bundle.strangers import cautious, sound

if TYPE_CHECKING:
    from backup_doctor.evidence.collected import Collected
    from backup_doctor.evidence.findings import Report
    from backup_doctor.judge.registry import Registry
    from backup_doctor.run.bundle.model import Bundle


def replay(
    bundle: Bundle,
    registry: Registry,
    *,
    only: tuple[str, ...] = (),
    skip: tuple[str, ...] = (),
    file: str = "a bundle",
    own_table: str = "",
) -> Report:
    """The report, as these checks judge the evidence; evidence of checks unknown here is named.

    What is to be run says that it comes from `file`. SQL is for `own_table` alone, else the guide's.

    Raises:
        UnusableBundleError: the values are such that nobody can judge them.
    """
    collected = _told(bundle, _chosen(bundle.collected, only, skip))
    case = msgspec.structs.replace(collected.case, names=sound(collected.case.names))
    collected = msgspec.structs.replace(collected, case=case, read_from=file)
    try:
        report = write(collected, registry)
        return cautious(report, case.names, file, own_table or Names().table)
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
