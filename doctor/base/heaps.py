"""How many heaps the C library keeps."""

from __future__ import annotations

import ctypes

# `M_ARENA_MAX` of glibc's <malloc.h>.
ARENA_MAX = -8
HEAPS = 2


def keep_few_heaps() -> None:
    """Let all threads share a few heaps, where the C library is one that can be told so.

    glibc gives every thread a heap of its own, up to eight for each core, and gives little of it back:
    with dozens of threads that is tens of megabytes that nobody uses.
    """
    try:
        ctypes.CDLL(None).mallopt(ARENA_MAX, HEAPS)
    except (OSError, AttributeError, TypeError):  # musl, macOS, Windows
        return
