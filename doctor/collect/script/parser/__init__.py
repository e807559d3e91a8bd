"""From text to a syntax tree, in bounded time and memory: tree-sitter, in a process of its own.

The parsers are C, and a script is anybody's text: one on which a parser crashes, hangs or takes all
memory costs that process, and the script counts as one that cannot be read. Nothing of tree-sitter is
in the doctor's own process.
"""

from __future__ import annotations

from backup_doctor.collect.script.parser.client import Parsed, missing, parse
from backup_doctor.collect.script.parser.process import TEXT_LIMIT, GrammarMissingError
from backup_doctor.collect.script.parser.tree import Node

__all__ = ["TEXT_LIMIT", "GrammarMissingError", "Node", "Parsed", "missing", "parse"]
