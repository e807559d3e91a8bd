"""What the program's own values are made of."""

from __future__ import annotations

import msgspec


class Immutable(msgspec.Struct, frozen=True):
    """A value that is never changed.

    Python takes most of a millisecond to make a dataclass, and a run has hundreds of classes.
    """
