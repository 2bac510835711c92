"""The diagrams in README and docs are what the machine is now."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from supervisor.lifecycle.model import State

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def diagram() -> ModuleType:
    spec = importlib.util.spec_from_file_location("machine_diagram", ROOT / "docs" / "machine_diagram.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_diagram_is_up_to_date(diagram: ModuleType) -> None:
    for path in diagram.FILES:
        assert diagram.with_diagram(path.read_text()) == path.read_text(), (
            f"run: python docs/machine_diagram.py ({path})"
        )


def test_every_state_can_be_reached_and_left(diagram: ModuleType) -> None:
    transitions = diagram.transitions()
    assert {before for before, _, _ in transitions} == set(State)
    assert {after for _, _, after in transitions} == set(State)
