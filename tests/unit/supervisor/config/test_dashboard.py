"""The program that `[dashboard] enabled` adds."""

from __future__ import annotations

from pathlib import Path

import pytest

from supervisor.config.loading import load
from supervisor.config.settings import DASHBOARD, Program
from supervisor.configfile import ConfigError


def programs(tmp_path: Path, text: str) -> dict[str, Program]:
    """Return the programs of a configuration."""
    path = tmp_path / "config.toml"
    path.write_text(text)
    return load(path).programs


@pytest.mark.parametrize("text", ["", "[dashboard]\nenabled = false", "[dashboard]\nenabled = 1", "[dashboard]"])
def test_without_the_switch_there_is_none(tmp_path: Path, text: str) -> None:
    assert list(programs(tmp_path, text)) == ["bot"]


def test_it_is_added_as_the_last_program(tmp_path: Path) -> None:
    found = programs(tmp_path, "[dashboard]\nenabled = true\n[programs.relay]\ncommand = ['relay']")
    assert list(found) == ["bot", "relay", "dashboard"]
    assert found["dashboard"] == DASHBOARD


def test_its_table_changes_how_it_runs(tmp_path: Path) -> None:
    text = "[dashboard]\nenabled = %s\n[programs.dashboard]\nmemory_max = 5"
    found = programs(tmp_path, text % "true")["dashboard"]
    assert (found.command, found.drain, found.memory_max) == (DASHBOARD.command, False, 5)
    assert not programs(tmp_path, text % "false")["dashboard"].enabled


def test_a_program_of_that_name_stays_what_it_is(tmp_path: Path) -> None:
    for switch in ("", "[dashboard]\nenabled = true\n"):
        found = programs(tmp_path, f"{switch}[programs.dashboard]\ncommand = ['grafana']")
        assert found["dashboard"] == Program(command=("grafana",), handover=False)


def test_other_programs_need_a_command(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        programs(tmp_path, "[programs.relay]\nmemory_max = 5")
