"""Write every mutant as a line of JSON: `python -m scripts.mutants.making`, with Cosmic Ray alone.

Cosmic Ray changes the code; its own runner would start the tests anew for each of the mutants, which
takes hours, so `scripts.mutants.trying` runs them.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator

if TYPE_CHECKING:
    from collections.abc import Iterator

# What judges: the checks, the story that they share, the diagnosis, the repair; and what they believe:
# the meaning of services' answers and the reader of logs.
SCOPE = (
    "checks",
    "doctor/collect/log",
    "doctor/judge/diagnosis.py",
    "doctor/judge/fix_sql",
    "doctor/judge/history",
    "doctor/services",
)
# A condition turned round, a boundary moved, a part left out. Cosmic Ray's others replace `==` and
# `is` by an order, or `+` by a shift: on statuses and times they are errors, or mean the same.
OPERATORS = (
    "AddNot",
    "ReplaceUnaryOperator_Delete_Not",
    "ReplaceAndWithOr",
    "ReplaceOrWithAnd",
    "ReplaceTrueWithFalse",
    "ReplaceFalseWithTrue",
    "ReplaceComparisonOperator_Eq_NotEq",
    "ReplaceComparisonOperator_NotEq_Eq",
    "ReplaceComparisonOperator_Is_IsNot",
    "ReplaceComparisonOperator_IsNot_Is",
    "ReplaceComparisonOperator_Lt_LtE",
    "ReplaceComparisonOperator_Lt_GtE",
    "ReplaceComparisonOperator_LtE_Lt",
    "ReplaceComparisonOperator_LtE_Gt",
    "ReplaceComparisonOperator_Gt_GtE",
    "ReplaceComparisonOperator_Gt_LtE",
    "ReplaceComparisonOperator_GtE_Gt",
    "ReplaceComparisonOperator_GtE_Lt",
    "ReplaceBinaryOperator_Add_Sub",
    "ReplaceBinaryOperator_Sub_Add",
    "ReplaceBinaryOperator_Mul_Div",
    "ReplaceBinaryOperator_BitAnd_BitOr",
    "NumberReplacer",
    "RemoveDecorator",
    "ExceptionReplacer",
    "ReplaceBreakWithContinue",
    "ReplaceContinueWithBreak",
    "ZeroIterationForLoop",
)
# What only the type checker or a programmer's mistake would notice, and a `*` that multiplies nothing.
INERT = re.compile(r"if TYPE_CHECKING:|@dataclass\(|.*\*,")


def main() -> None:
    """Write the mutants of every file in scope."""
    for place in SCOPE:
        root = Path(place)
        for path in sorted(root.rglob("*.py")) if root.is_dir() else [root]:
            for mutant in mutants(path):
                sys.stdout.write(f"{json.dumps(mutant)}\n")


def mutants(path: Path) -> Iterator[dict[str, str | int]]:
    """The mutants of one file: where, what was changed, and the whole text with the change."""
    text = path.read_text()
    lines = text.splitlines()
    nodes = list(ast_nodes(get_ast(text)))
    for name in OPERATORS:
        operator = get_operator(f"core/{name}")()
        places = [place for node in nodes for place in operator.mutation_positions(node)]
        for occurrence, ((line, _), _) in enumerate(places):
            if not INERT.match(lines[line - 1]):
                changed = mutate_code(text, operator, occurrence)
                yield {"path": str(path), "line": line, "operator": name, "text": changed}


if __name__ == "__main__":
    main()
