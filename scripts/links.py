"""The symbolic links that make one package, `backup_doctor`, of the folders at the top.

Git without symbolic links (its default on Windows), and some ways to unpack or copy a checkout, leave
a small file with the link's target in its place. The build puts the links back, for a wheel as for
`pip install --editable`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LINKS: Final = {
    "backup_doctor": "doctor",
    "doctor/checks": "../checks",
    "doctor/demo": "../demo",
    "doctor/templates": "../templates",
}


class Links(BuildHookInterface):  # type: ignore[type-arg]
    """Run by hatchling before it looks for files."""

    PLUGIN_NAME = "links"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 -- hatchling's
        """Put back what is missing."""
        restore(Path(self.root))


def restore(root: Path) -> None:
    """Make each link that is not there; in the sdist the folders themselves are.

    Raises:
        OSError: a link cannot be made (on Windows it takes developer mode).
    """
    for place, target in LINKS.items():
        link = root / place
        if link.is_dir() or not link.parent.is_dir():
            continue
        link.unlink(missing_ok=True)
        link.symlink_to(target, target_is_directory=True)
