"""Reading TOML that may be anybody's: what a key of very many parts would cost is not spent."""

from __future__ import annotations

import tomllib
from typing import Any

# The parser keeps each beginning of a key: one of 100,000 parts takes minutes, and all memory there is.
MOST_PARTS = 20
MOST_DOTS = 2_000


def read_toml(text: str) -> dict[str, Any]:
    """The document.

    Raises:
        tomllib.TOMLDecodeError: it is none, a key has very many parts, or something is nested very deep.
    """
    if any(map(_may_cost, text.splitlines())):
        raise tomllib.TOMLDecodeError("a key has very many parts")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise tomllib.TOMLDecodeError("it is nested too deep") from None


def _may_cost(line: str) -> bool:
    key = line.partition("#")[0].partition("=")[0]
    return key.count(".") >= MOST_PARTS or line.count(".") > MOST_DOTS
