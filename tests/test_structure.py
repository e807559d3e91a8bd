"""The house keeps its plan: no circle of imports, no class name twice, no long file."""

from __future__ import annotations

import re
from importlib import import_module

import pytest

from scripts.house import LONG, ROOT, circle, lines, product, repeated_classes

NAMED = re.compile(r'"(backup_doctor\.[\w.]+):(\w+)"')
NAMED_TARGETS = {found for file in product() for found in NAMED.findall(file.read_text("utf-8"))}


def test_no_module_imports_another_in_a_circle() -> None:
    assert circle() == []


def test_a_class_name_stands_for_one_thing() -> None:
    assert repeated_classes(product()) == []


def test_no_file_is_long() -> None:
    long = {str(file.relative_to(ROOT)) for file in product() if lines([file]) > LONG}

    assert long == set()


@pytest.mark.parametrize(("module", "name"), sorted(NAMED_TARGETS))
def test_what_a_string_names_is_there(module: str, name: str) -> None:
    assert hasattr(import_module(module), name)
