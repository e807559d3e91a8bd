"""What a machine gives a process no more of: no service's fault, and none of the doctor's own."""

from __future__ import annotations

import errno

_FILES = (errno.EMFILE, errno.ENFILE)
# What Python says where a thread cannot be started, which has no exception of its own.
_NO_THREAD = "can't start new thread"


def lacking(error: BaseException | None) -> str | None:
    """What there is no more of, in the plural or of the kind that is not counted; None of any other error."""
    if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
        return "memory"
    if isinstance(error, OSError) and error.errno in _FILES:
        return "open files"
    if isinstance(error, RuntimeError) and str(error) == _NO_THREAD:
        return "threads"
    return None
