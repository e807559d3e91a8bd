"""Reading untyped values as models: what `msgspec` does, and any thread may ask for it.

msgspec learns a class when it first reads one, and shows what it has learned so far to every other thread,
which then crashes the process. So each model is learned under a lock, before it is used.
"""

from __future__ import annotations

import threading
from typing import Any, TypeVar, overload

import msgspec

T = TypeVar("T")
_LEARNING = threading.Lock()
_LEARNED: set[object] = set()


@overload
def as_model(value: object, kind: type[T]) -> T: ...
@overload
def as_model(value: object, kind: object) -> Any: ...  # noqa: ANN401 -- a union, which has no type of its own
def as_model(value: object, kind: object) -> object:
    """A value of dicts, lists and scalars as a model, or as a union or collection of models.

    Raises:
        msgspec.ValidationError: it has not that shape.
    """
    _learn(kind)
    return msgspec.convert(value, kind)


def from_json(text: str | bytes, kind: type[T]) -> T:
    """A model from its JSON.

    Raises:
        msgspec.DecodeError: it is no JSON, or has not that shape.
    """
    _learn(kind)
    return msgspec.json.decode(text, type=kind)


def from_msgpack(data: bytes, kind: type[T]) -> T:
    """A model from its MessagePack.

    Raises:
        msgspec.DecodeError: it is no MessagePack, or has not that shape.
    """
    _learn(kind)
    return msgspec.msgpack.decode(data, type=kind)


def _learn(kind: object) -> None:
    if kind in _LEARNED:
        return
    with _LEARNING:
        msgspec.json.Decoder(kind)
        _LEARNED.add(kind)
