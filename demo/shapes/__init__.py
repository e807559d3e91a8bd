"""Pipelines that are well and look different: none of them may raise an alarm.

A new shape is one entry in `SHAPES` of the file of its theme.
"""

from __future__ import annotations

from typing import Final

from backup_doctor.demo.shapes import doctors, runs, stores, tables, ways
from backup_doctor.demo.shapes.shape import Shape

__all__ = ["SHAPES", "Shape"]

SHAPES: Final = {
    shape.name: shape for file in (ways, runs, tables, stores, doctors) for shape in file.SHAPES
}
