"""Programs in processes of their own: what they see of this one's environment."""

from __future__ import annotations

import os


def bare(**more: str) -> dict[str, str]:
    """An environment with nothing of the developer's own in it.

    `COVERAGE_PROCESS_CONFIG` is how the tests' coverage reaches the programs that they start.
    """
    measured = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    return {"PATH": os.defpath, "LANG": "C.UTF-8", **measured, **more}
