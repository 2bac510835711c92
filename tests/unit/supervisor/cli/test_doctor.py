"""The checks of the host and of an instance's files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from supervisor.cli.commands.check import lines
from supervisor.cli.doctor import FAILED, FINE, WARNING, Finding, host, instance, plugins
from supervisor.client import open_socket
from supervisor.config.loading import load
from supervisor.config.paths import InstancePaths


def test_python_version() -> None:
    assert host.python((3, 11)).level == FINE
    old = host.python((3, 10))
    assert old.level == FAILED
    assert "3.11" in str(old.problem)


def test_package_versions() -> None:
    requires = ["click==8.5.1", "discord.py==2.7.1", "aiohttp>=3.9", 'ruff==1.0; extra == "dev"']
    there = {"click": "8.5.1", "discord-py": "2.7.1", "aiohttp": "4.0"}
    fine = host.versions(requires, there)
    assert fine.level == FINE
    assert "discord.py 2.7.1" in fine.name
    wrong = host.versions(requires, {**there, "click": "8.0"} | {"aiohttp": "3.9"})
    assert "click is 8.0, not 8.5.1" in str(wrong.problem)
    assert "aiohttp is missing" in str(host.versions(requires, {"click": "8.5.1", "discord-py": "2.7.1"}).problem)


@pytest.mark.parametrize(
    ("free", "level"),
    [(2 * host.LOW_SPACE_BYTES, FINE), (host.LOW_SPACE_BYTES - 1, WARNING), (host.MIN_SPACE_BYTES - 1, FAILED)],
)
def test_disk(free: int, level: str) -> None:
    assert host.disk(Path("/shop/state"), free).level == level


def test_systemd_unit() -> None:
    none = host.unit(None, under_systemd=True)
    assert none.level == WARNING
    assert "stocksup service install" in str(none.problem)
    assert "--foreground" in str(host.unit(None, under_systemd=False).problem)
    found = host.unit(Path("/etc/systemd/system/stocksup.service"), under_systemd=True)
    assert (found.level, "stocksup.service" in found.name) == (FINE, True)


def test_permissions(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.touch(0o644)
    secrets = ["[alerts] urls"]
    assert instance.permissions(config, secrets=[]).level == FINE
    loose = instance.permissions(config, secrets=secrets)
    assert (loose.level, "chmod 600" in str(loose.problem)) == (WARNING, True)
    config.chmod(0o600)
    assert instance.permissions(config, secrets=secrets).level == FINE
    config.chmod(0o664)
    assert "chmod go-w" in str(instance.permissions(config, secrets=[]).problem)
    state_dir = tmp_path / "state"
    assert instance.state_directory(state_dir).level == FINE
    state_dir.mkdir(0o700)
    assert instance.state_directory(state_dir).level == FINE
    state_dir.chmod(0o755)
    loose = instance.state_directory(state_dir)
    assert (loose.level, "chmod 700" in str(loose.problem)) == (WARNING, True)
    (tmp_path / "file").touch()
    assert "is not a directory" in str(instance.state_directory(tmp_path / "file" / "state").problem)
    state_dir.chmod(0o700)
    (state_dir / "logs").touch()
    assert f"{state_dir}/logs is not a directory" in str(instance.state_directory(state_dir).problem)
    InstancePaths(state_dir).socket.mkdir()
    assert "is a directory" in str(instance.control_socket(InstancePaths(state_dir)).problem)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("[alerts]\nurls = ['tgram://1/2']", ["[alerts] urls"]),
        ("[alerts]\nping_url = 'https://hc-ping.com/1'", ["[alerts] ping_url"]),
        ("[store]\nurl = 'postgresql://shop:half%40SECRET@db/shop'", ["[store] url"]),
        ("[store]\nurl = 'postgresql://db/shop?user=shop&password=SECRET'", ["[store] url"]),
        ("[store]\nurl = 'postgresql://shop@db/shop'", []),
        ("[store.deposits]\nhttp_secret_file = 'key'", []),
        ("[discord]\napi_base = 'https://proxy:SECRET@host/api'\ntoken_file = 'token'", ["[discord] api_base"]),
        ("[programs.bot.env]\nPGPASSWORD = 'x'\nDISCORD_TOKEN = 'y'\nLANG = 'C'",
         ["[programs.bot.env] PGPASSWORD", "[programs.bot.env] DISCORD_TOKEN"]),
    ],
)  # fmt: skip
def test_keys_with_secrets(tmp_path: Path, text: str, keys: list[str]) -> None:
    config = tmp_path / "config.toml"
    config.write_text(text)
    assert instance.secret_keys(load(config)) == keys


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
def test_files_of_another_user(tmp_path: Path) -> None:
    for path in (tmp_path / "config.toml", tmp_path / "state"):
        path.mkdir(0o700)
        os.chown(path, 12345, 12345)
    assert "12345" in str(instance.permissions(tmp_path / "config.toml", secrets=[]).problem)
    assert "12345" in str(instance.state_directory(tmp_path / "state").problem)


def test_control_socket(tmp_path: Path) -> None:
    place = InstancePaths(tmp_path)
    assert instance.control_socket(place).level == FINE
    place.socket.write_text("in the way")
    assert instance.control_socket(place).level in (FINE, FAILED)
    place.socket.unlink()
    with open_socket(place.socket, listen=True) as deaf:
        deaf.close()
        # a socket that a dead supervisor left
        assert instance.control_socket(place).level == FINE


def test_plugins_and_broken_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    def good(config: Path) -> Iterator[dict[str, Any]]:
        yield {"id": "shelf", "name": f"shelf of {config.name}"}
        yield {"id": "till", "name": "till", "problem": "empty", "warning": True, "code": 1, "later": "unknown"}

    def broken(config: Path) -> Iterator[dict[str, Any]]:
        yield {"id": "first", "name": "first"}
        raise RuntimeError("no shelf")

    class Entry(EntryPoint):
        def load(self) -> Any:
            return {"good": good, "broken": broken}[self.name]

    group = plugins.ENTRY_POINTS
    entries: list[EntryPoint] = [Entry("good", "shop:good", group), Entry("broken", "shop:broken", group)]
    entries.append(EntryPoint("missing", "no_such_module_here:look", group))
    monkeypatch.setattr(plugins, "entry_points", lambda **_: entries)
    found = {finding.id: finding for finding in plugins.check(Path("/shop/config.toml"))}
    assert found["shelf"].name == "shelf of config.toml"
    assert found["till"].level == WARNING
    assert found["first"].level == FINE
    assert "RuntimeError: no shelf" in str(found["broken"].problem)
    assert "no_such_module_here" in str(found["missing"].problem)


@pytest.mark.parametrize(
    ("finding", "expected"),
    [
        (Finding("a", "disk"), ["✓ disk"]),
        (Finding("a", "disk", "little", warning=True), ["⚠ disk: little"]),
        (Finding("a", "disk", "full\nfree some space"), ["✗ disk: full", "    free some space"]),
    ],
)
def test_lines(finding: Finding, expected: list[str]) -> None:
    assert [line.replace("FAILED", "✗").replace("ok ", "✓ ") for line in lines(finding)] == expected
