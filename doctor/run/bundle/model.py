"""What stands in a bundle.

The file is JSON, perhaps compressed with gzip:

    {"backup_doctor_evidence": 1, "written_by": {...}, "collected": {...}}

Reading is tolerant of what older and newer versions of the tool wrote: unknown fields are left out,
missing ones get their default. So a new field of an evidence model needs a default; `VERSION` goes
up, and reading learns what the old one meant, only where that is not enough.
"""

from __future__ import annotations

import platform
import re
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Any

import msgspec

from backup_doctor import __version__
from backup_doctor.evidence.collected import Collected
from backup_doctor.judge.registry import PACKAGE

VERSION = 1
VERSION_KEY = "backup_doctor_evidence"
# More than a hundred times what the evidence of a bad day takes.
LONGEST = 8 * 1024 * 1024


class UnusableBundleError(Exception):
    """The file cannot be used as a bundle; the message names it and says why, in one sentence."""


class BundleWriter(msgspec.Struct, frozen=True, kw_only=True):
    """What wrote the bundle: the tool, the Python and its platform, and the packages beneath."""

    tool: str = ""
    python: str = ""
    platform: str = ""
    packages: dict[str, str] = {}

    @classmethod
    def here(cls) -> BundleWriter:
        """This very installation."""
        needed = (re.split(r"[^\w.-]", name, maxsplit=1)[0] for name in _requirements())
        return cls(
            tool=__version__,
            python=platform.python_version(),
            platform=platform.system(),
            packages={name: version(name) for name in sorted(needed)},
        )


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """All evidence of one run. `unknown` is that of checks that are not installed here, as JSON."""

    written_by: BundleWriter
    collected: Collected
    unknown: dict[str, Any] = {}


def _requirements() -> list[str]:
    try:
        return [line for line in requires(PACKAGE) or () if "extra ==" not in line]
    except PackageNotFoundError:
        return []
