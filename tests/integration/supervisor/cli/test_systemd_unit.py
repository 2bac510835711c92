"""That systemd itself understands the units we make, and finds them secure. No service manager is started."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from supervisor.cli.systemd import unit
from tests.unit.supervisor.cli.test_unit import FACTS, ODD

#: odd names for a program: systemd takes none with quotes or backslashes in its path
ODD_PROGRAM = "my tokó 100%n 店 $HOME"

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is missing: apt-get install systemd"
)


def made(directory: Path, odd: str = "plain") -> unit.UnitFields:
    """Return facts about files that are there, since systemd looks for what is to be executed."""
    place = directory / odd
    place.mkdir()
    script = directory / (ODD_PROGRAM if odd == ODD else odd) / "stocksup"
    script.parent.mkdir(exist_ok=True)
    script.symlink_to(sys.executable)
    return replace(
        FACTS,
        config=place / "config.toml",
        stocksup=(str(script),),
        kill=shutil.which("kill") or "/bin/kill",
        state_dir=place / "state",
        user="daemon",
        credentials={"discord_token": place / "token"},
    )


def analyze(directory: Path, text: str, *words: str) -> subprocess.CompletedProcess[str]:
    path = directory / "toko.service"
    path.write_text(text, encoding="utf-8")
    return subprocess.run(
        ["systemd-analyze", *words, str(path)], capture_output=True, text=True, encoding="utf-8", check=False
    )


@pytest.mark.parametrize("odd", ["plain", ODD])
@pytest.mark.parametrize(
    "changed",
    [{}, {"credentials": {}}, {"name": "toko-2"}, {"stop_timeout_s": 86_400}, {"user": "root"}],
    ids=["token", "no-token", "named", "slow", "root"],
)
def test_systemd_has_nothing_to_say_about_a_service_of_the_system(
    tmp_path: Path, odd: str, changed: dict[str, Any]
) -> None:
    text = unit.text(replace(made(tmp_path, odd), **changed))
    verified = analyze(tmp_path, text, "verify")
    assert (verified.returncode, verified.stderr, verified.stdout) == (0, "", "")
    secure = analyze(tmp_path, text, "security", "--offline=true", "--threshold=20")
    assert secure.returncode == 0, secure.stdout


@pytest.mark.parametrize("odd", ["plain", ODD])
def test_systemd_has_nothing_to_say_about_a_service_of_a_user(
    tmp_path: Path, odd: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    text = unit.text(replace(made(tmp_path, odd), user=None, credentials={}))
    verified = analyze(tmp_path, text, "--user", "verify")
    assert (verified.returncode, verified.stderr, verified.stdout) == (0, "", "")


def test_systemd_reads_every_path_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYSTEMD_LOG_LEVEL", "debug")
    facts = made(tmp_path, ODD)
    read = analyze(tmp_path, unit.text(facts), "verify").stdout
    assert f"ReadWritePaths: {facts.state_dir}\n" in read
    line = re.search(r"Command Line: (.*--config.*)", read)
    assert line is not None
    # systemd shows a word as one would have to write it for a shell
    words = [re.sub(r"\\(.)", r"\1", word) for word in re.findall(r'"((?:[^"\\]|\\.)*)"', line[1])]
    assert words == [facts.stocksup[0], str(facts.config)]
    # of a credential it only shows one that it does not take
    relative = replace(facts, credentials={"discord_token": Path(f"{ODD}/token")})
    assert f'Credential source "{ODD}/token" not valid' in analyze(tmp_path, unit.text(relative), "verify").stderr


def test_systemd_would_have_something_to_say(tmp_path: Path) -> None:
    text = unit.text(made(tmp_path, ODD))
    assert analyze(tmp_path, text.replace("%%n", "%n"), "verify").stderr
    assert analyze(tmp_path, f"{text}\n[Service]\nNonsense=1\n", "verify").stderr
    lax = text.replace("CapabilityBoundingSet=\n", "").replace("NoNewPrivileges=yes\n", "")
    assert analyze(tmp_path, lax, "security", "--offline=true", "--threshold=20").returncode != 0
