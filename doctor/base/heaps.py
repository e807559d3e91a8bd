"""How many heaps the C library keeps."""

from __future__ import annotations

import threading

# `M_ARENA_MAX` of glibc's <malloc.h>.
ARENA_MAX = -8
HEAPS = 2
# Of a thread: a quarter of what Linux gives it, and enough for the deepest call that Python allows.
STACK_BYTES = 2 * 1024 * 1024


def fit_bounded_memory() -> None:
    """Take little address space if that is bounded (`ulimit -v`), before the first thread is started.

    Each thread reserves 8 MB for its stack and 128 MB for its heap, used or not. Where that is refused,
    Python can hang: a thread that ends for want of memory is waited for as one that still starts.
    """
    try:
        import resource

        bounded = resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY
    except (ImportError, OSError, ValueError, AttributeError):  # Windows
        return
    if bounded:
        keep_few_heaps()
        threading.stack_size(STACK_BYTES)


def keep_few_heaps() -> None:
    """Let all threads share a few heaps, where the C library is one that can be told so.

    glibc gives every thread a heap of its own, up to eight for each core, and gives little of it back:
    with dozens of threads that is tens of megabytes that nobody uses.
    """
    try:
        import ctypes

        ctypes.CDLL(None).mallopt(ARENA_MAX, HEAPS)
    except (ImportError, OSError, AttributeError, TypeError):  # musl, macOS, Windows
        return
