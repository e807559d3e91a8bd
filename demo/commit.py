"""What a run was made of, kept for its next attempt."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Commit:
    """A run's dispatch id, and the repository's files when it was dispatched."""

    dispatch_id: str
    files: Mapping[str, bytes]

    def check_out(self, folder: Path) -> Path:
        """Write the files into a folder, and return it."""
        for path, content in self.files.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        return folder
