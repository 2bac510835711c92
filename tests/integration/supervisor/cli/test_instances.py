"""Instances that run somewhere else are found, whatever the directory."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from supervisor.cli.bootstrap.instances import FoundInstance, describe_elsewhere
from supervisor.lifecycle.model import ProcessId
from supervisor.processes import process
from tests.support import python_process
from tests.support.supervisor.command_line import PATIENCE_S, Instance


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """Give an instance that runs."""
    one = Instance(tmp_path_factory.mktemp("running") / "shop")
    started = one.run("start")
    assert started.returncode == 0, started.stderr
    yield one
    one.run("stop")
    assert process.kill_descendants(-1, {"STOCKSUP_SOCKET": str(one.socket)}) == []


@pytest.fixture
def clone(tmp_path: Path) -> Instance:
    """Give an instance that does not run."""
    return Instance(tmp_path / "clone")


def listed(where: Instance, config: Path) -> list[dict[str, Any]]:
    rows = json.loads(where.run("ls", "--json").stdout)["instances"]
    return [row for row in rows if row["config"] == str(config)]


def test_ls_lists_a_shop_from_another_directory(shop: Instance, clone: Instance) -> None:
    config = shop.directory / "config.toml"
    (row,) = listed(clone, config)
    bot = shop.programs()["bot"]
    assert row["running"]
    assert row["state_dir"] == str(shop.directory / "state")
    assert [(one["name"], one["pid"], one["life"]) for one in row["programs"]] == [("bot", bot["pid"], bot["life"])]
    assert str(config) in clone.run("ls").stdout


def test_ls_lists_what_is_configured_here_but_does_not_run(clone: Instance) -> None:
    (row,) = listed(clone, clone.directory / "config.toml")
    assert (row["running"], row["supervisor"], row["programs"]) == (False, None, [])


def test_ls_lists_programs_without_a_supervisor(tmp_path: Path, clone: Instance) -> None:
    one = Instance(tmp_path / "orphaned")
    one.run("start")
    (row,) = listed(clone, one.directory / "config.toml")
    os.kill(row["supervisor"]["pid"], signal.SIGKILL)
    try:
        (row,) = listed(clone, one.directory / "config.toml")
        assert (row["running"], [program["name"] for program in row["programs"]]) == (False, ["bot"])
    finally:
        one.run("stop")


@pytest.mark.parametrize("words", [("status",), ("restart",)])
def test_what_does_not_run_here_names_what_runs_elsewhere(
    shop: Instance, clone: Instance, words: tuple[str, ...]
) -> None:
    done = clone.run(*words)
    assert done.returncode == 3
    assert "stocksup ls" in done.stdout + done.stderr


def test_without_a_configuration_init_demo_and_what_runs_are_named(shop: Instance, tmp_path: Path) -> None:
    environ = shop.environ(HOME=str(tmp_path))
    done = python_process.run("supervisor.cli", "status", cwd=tmp_path, env=environ, timeout_s=PATIENCE_S)
    assert done.returncode == 78
    for command in ("stocksup init", "stocksup demo", "stocksup ls"):
        assert command in done.stderr


def test_a_hint_names_few_configurations() -> None:
    supervisor = ProcessId(1, 1, "")
    found = [FoundInstance(Path("/"), Path(f"/{name}.toml"), 0, supervisor, ()) for name in "abcd"]
    assert describe_elsewhere(found[:2]) == "/a.toml, /b.toml"
    assert describe_elsewhere(found) == "/a.toml, /b.toml, /c.toml, …"
    assert describe_elsewhere([found[0]._replace(supervisor=None)]) is None


def test_two_instances_with_one_token_are_named(shop: Instance, clone: Instance) -> None:
    for one in (shop, clone):
        (one.directory / "token").write_text("MTQw.a-token-of.two-shops\n")
        one.configure(extra='[discord]\ntoken_file = "token"\n')
    config = str(shop.directory / "config.toml")
    checks = {one["id"]: one for one in json.loads(clone.run("check", "--json").stdout)["checks"]}
    assert checks["shared"]["level"] == "warning"
    assert config in checks["shared"]["problem"]
    done = clone.run("start")
    clone.run("stop")
    assert done.returncode == 0
    assert config in done.stderr
    assert "MTQw" not in done.stderr
    (clone.directory / "token").write_text("MTQw.another-one.two-shops\n")
    done = clone.run("start")
    clone.run("stop")
    assert (done.returncode, done.stderr) == (0, "")
