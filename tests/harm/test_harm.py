"""One situation of each kind; `make harm` plays them all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import servers
from tests.harm.catalogue import KINDS
from tests.harm.playing import play

if TYPE_CHECKING:
    from backup_doctor.demo.world import Servers
    from tests.harm.situation import Situation

__all__ = ["servers"]

FIRSTS = [
    (kind.kind, next(one for one in kind.all if one.is_near_miss is wanted))
    for kind in KINDS
    for wanted in (False, True)
    if any(one.is_near_miss is wanted for one in kind.all)
]


@pytest.mark.parametrize(
    ("kind", "situation"), FIRSTS, ids=[f"{kind}: {one.name}" for kind, one in FIRSTS]
)
def test_no_harm_is_done(servers: Servers, kind: str, situation: Situation) -> None:
    assert play(servers, kind, situation).problems == ()


def test_every_situation_has_a_name_of_its_own() -> None:
    names = [one.name for kind in KINDS for one in kind.all]

    assert all(names)
    assert len(set(names)) == len(names)
