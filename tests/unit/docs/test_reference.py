"""The reference of commands and keys is what the code is now."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_reference", ROOT / "docs" / "make_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_page_is_fresh(reference: ModuleType) -> None:
    for path, text in reference.pages().items():
        assert path.read_text() == text, "run: python docs/make_reference.py"


def test_every_key_is_explained(reference: ModuleType) -> None:
    assert not [line for line in reference.configuration().splitlines() if line.endswith("|  |")]
