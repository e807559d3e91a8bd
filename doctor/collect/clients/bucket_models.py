"""What botocore reads of its own data files, without what nobody asks of it here.

It would keep all of it for as long as the client lives: twelve megabytes, of which two thirds are prose
and the endpoints of other services. And it would read each object of them as a list of pairs first.
"""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from botocore.loaders import JSONFileLoader, Loader, create_loader

# S3 itself, and those that credentials may come from.
SERVICES = frozenset({"s3", "sts", "sso", "oidc", "portal.sso"})
PROSE = "documentation"


@cache
def small_models(search_path: str | None) -> Loader:
    """What reads them, for all clients of this process: botocore keeps what it has read."""
    loader = create_loader(search_path)
    loader.file_loader = SmallModels()
    return loader


class SmallModels(JSONFileLoader):
    """Loads a file of botocore's data."""

    def load_file(self, file_path: str) -> Any:  # noqa: ANN401 -- whatever the file holds
        """What the file holds that is needed; None where there is no such file."""
        found = _read(Path(f"{file_path}.json"))
        if isinstance(found, dict):
            if Path(file_path).name == "endpoints":
                _drop_other_services(found)
            _drop_prose(found)
        return found


def _read(file: Path) -> Any:  # noqa: ANN401
    """As it stands, or packed; None where it is there in neither form."""
    packed = file.with_name(f"{file.name}.gz")
    if file.is_file():
        return msgspec.json.decode(file.read_bytes())
    return msgspec.json.decode(gzip.decompress(packed.read_bytes())) if packed.is_file() else None


def _drop_other_services(endpoints: dict[str, Any]) -> None:
    for partition in endpoints.get("partitions", ()):
        known = partition.get("services", {})
        partition["services"] = {name: known[name] for name in SERVICES & known.keys()}


def _drop_prose(model: dict[str, Any]) -> None:
    """Of text alone, and not the key: botocore asks for some of them, and a member may have this name."""
    waiting: list[Any] = [model]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if isinstance(one.get(PROSE), str):
                one[PROSE] = ""
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
