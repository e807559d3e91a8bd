"""A syntax tree as the parsing process sends it: nodes in their order, each with its number of children."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backup_doctor.collect.script.parser.process import Row


@dataclass(slots=True, eq=False)
class Node:
    """One node. Places are in bytes, rows from 0; `role` is the grammar's name of what it is to its parent."""

    type: str
    role: str | None
    start_byte: int
    end_byte: int
    row: int
    end_row: int
    is_named: bool
    is_missing: bool
    children: list[Node] = field(default_factory=list)

    @property
    def named_children(self) -> list[Node]:
        """Its children that are no mere signs."""
        return [one for one in self.children if one.is_named]

    @property
    def named_child_count(self) -> int:
        """How many they are."""
        return sum(one.is_named for one in self.children)

    def child_by_field_name(self, role: str) -> Node | None:
        """The first child with a role."""
        return next((one for one in self.children if one.role == role), None)

    def children_by_field_name(self, role: str) -> list[Node]:
        """All children with a role."""
        return [one for one in self.children if one.role == role]


def tree(rows: Sequence[Row], words: Sequence[str]) -> Node:
    """The root. Of a tree that was cut the root has fewer children than it names."""
    root, *others = (_node(row, words) for row in rows)
    waiting = [(root, rows[0][-1])]
    for node, row in zip(others, rows[1:], strict=True):
        while waiting[-1][1] == 0:
            waiting.pop()
        parent, left = waiting[-1]
        parent.children.append(node)
        waiting[-1] = (parent, left - 1)
        waiting.append((node, row[-1]))
    return root


def _node(row: Row, words: Sequence[str]) -> Node:
    kind, role, start, end, line, last, flags, _ = row
    return Node(
        type=words[kind],
        role=words[role] or None,
        start_byte=start,
        end_byte=end,
        row=line,
        end_row=last,
        is_named=bool(flags & 1),
        is_missing=bool(flags & 2),
    )
