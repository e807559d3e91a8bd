"""What reading one script may cost, all of its files together: nodes read, steps followed, depth, time."""

from __future__ import annotations

from dataclasses import dataclass

NODES = 20_000
STEPS = 12_000
DEPTH = 90
FILES = 24
PRINTS = 2_000
CALLS = 200


@dataclass
class Budget:
    """What is left. `spent`: something was not read for it."""

    nodes: int = NODES
    steps: int = STEPS
    files: int = FILES
    seconds: float = 0.25
    depth: int = 0
    spent: bool = False

    def step(self) -> bool:
        """Take one step, if there is one left."""
        if self.steps <= 0:
            self.spent = True
            return False
        self.steps -= 1
        return True

    def spend(self, steps: int) -> None:
        """Count what took longer than a step."""
        self.steps -= steps

    def enter(self) -> bool:
        """Follow one level deeper, if that is allowed; whoever was let in leaves again."""
        if self.depth >= DEPTH or not self.step():
            self.spent = True
            return False
        self.depth += 1
        return True

    def descend(self) -> bool:
        """Read one node deeper in a tree, if that is allowed; whoever was let in leaves again."""
        if self.depth >= DEPTH or self.nodes <= 0:
            self.spent = True
            return False
        self.nodes -= 1
        self.depth += 1
        return True

    def leave(self) -> None:
        """Come back up."""
        self.depth -= 1

    def file(self) -> bool:
        """Take one more file or embedded script."""
        if self.files <= 0:
            self.spent = True
            return False
        self.files -= 1
        return True
