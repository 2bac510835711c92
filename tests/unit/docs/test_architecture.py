"""ARCHITECTURE.md lists every package with the purpose in its docstring."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def architecture() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_architecture", ROOT / "docs" / "make_architecture.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_current(architecture: ModuleType) -> None:
    assert architecture.PAGE.read_text() == architecture.page(), "run: make docs"


def test_every_package_states_its_purpose(architecture: ModuleType) -> None:
    for top in architecture.TOP_LEVEL:
        for package in architecture.packages(top):
            assert architecture.first_line(package / "__init__.py"), f"{package} has no docstring"
