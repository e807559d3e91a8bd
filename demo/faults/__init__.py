"""The ways in which the demo can break a pipeline, each named, each made for real.

A new fault is one entry in `FAULTS` of the file of its side; a new file is one name in `_FILES`.
"""

from __future__ import annotations

from typing import Final

from backup_doctor.demo.faults import (
    availability,
    backup,
    function,
    function_code,
    function_key,
    named,
    objects,
    permissions,
    row,
    run,
    service_key,
    step,
    table,
    upload,
)
from backup_doctor.demo.faults.defect import Side
from backup_doctor.demo.faults.expectation import Expectation, expected
from backup_doctor.demo.faults.fault import Fault, compose

__all__ = ["FAULTS", "SINGLE", "STORIES", "Expectation", "Fault", "Side", "compose", "expected"]

_FILES = (
    row,
    run,
    backup,
    upload,
    step,
    function,
    function_code,
    function_key,
    service_key,
    permissions,
    table,
    availability,
    objects,
)

SINGLE: Final = {fault.name: fault for file in _FILES for fault in file.FAULTS}
STORIES: Final = {fault.name: fault for fault in named.stories(SINGLE)}
FAULTS: Final = STORIES | SINGLE
