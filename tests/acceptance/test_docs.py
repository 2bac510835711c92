"""What the documentation tells to type works: every command is one, and every block that can be run is run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from supervisor.cli.root import root
from tests.support import depth
from tests.support.discord.control import DiscordControl, local_discord
from tests.support.python_process import ROOT
from tests.support.shop.shop import PATIENCE_S

PAGES = sorted([*ROOT.glob("README*.md"), ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")])
#: blocks of these kinds are not run here: they want an answer, root, another machine, or an address that is real;
#: those about deposits are run by test_deposits_http.py
NOT_RUN = {"asks", "systemd", "docker", "machine", "alerts", "deposits"}
#: stands in a page that is about a shop which runs
RUNNING = "<!-- the shop runs -->"
#: live channel of the local Discord
CHANNEL = 1400000000000000010


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    language: str
    #: kind of a block of commands, or name of the file that it is
    name: str
    text: str


def blocks(page: Path) -> list[Block]:
    found = re.finditer(r"^( *)```(\w+) ?(\S*)\n(.*?)^\1```$", page.read_text(), re.DOTALL | re.MULTILINE)
    return [Block(one[2], one[3], re.sub(rf"(?m)^{one[1]}", "", one[4])) for one in found]


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def commands(page: Path) -> Iterator[list[str]]:
    """Yield the words of each command `stocksup …` that the page has in a block of its own or within a sentence."""
    text = page.read_text()
    lines = [line for block in blocks(page) if block.language == "sh" for line in _join_lines(block.text)]
    lines += re.findall(r"`(?:sudo )?(stocksup [^`]+)`", re.sub(r"(?ms)^ *```.*?^ *```$", "", text))
    for line in lines:
        words = shlex.split(line, comments=True)
        if "stocksup" in words and not set("[|…") & set("".join(words)) and words[:1] != ["docker"]:
            yield words[words.index("stocksup") + 1 :]


def _join_lines(text: str) -> list[str]:
    """Return the lines of a script; one that ends with a backslash continues in the next."""
    return text.replace("\\\n", " ").splitlines()


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_command_is_one(page: Path) -> None:
    for words in commands(page):
        # its help is shown only when there is such a command, with all these options
        done = CliRunner().invoke(root, [*words, "--help"])
        assert done.exit_code == 0, f"{words}: {done.output}"


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def runnable(page: Path) -> list[Block]:
    return [one for one in blocks(page) if one.language == "sh" and one.name not in NOT_RUN]


@pytest.fixture(scope="module")
def discord() -> Iterator[DiscordControl]:
    with local_discord() as one:
        yield one


def is_tried(page: Path) -> bool:
    """Return whether the page is tried in this run; the same commands in Indonesian are left to a full run."""
    is_translation = page.name.endswith(".id.md")
    return bool(runnable(page)) and (depth.IS_FULL or not is_translation)


@pytest.mark.sampled
@pytest.mark.parametrize("page", [page for page in PAGES if is_tried(page)], ids=_name)
def test_every_block_that_can_be_run_runs(page: Path, tmp_path: Path, discord: DiscordControl) -> None:
    """The page's files are written, then its commands are given one after the other, as a reader would."""
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin" / "stocksup"
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m supervisor.cli "$@"\n')
    script.chmod(0o755)
    config = f"[bot]\nlive_channel_id = {CHANNEL}\n"
    for block in blocks(page):
        if block.name == "config.toml":
            config += block.text
        elif block.language != "sh" and block.name:
            (tmp_path / block.name).write_text(block.text)
    (tmp_path / "config.toml").write_text(config)
    ours = ("STOCKSUP", "DISCORD", "NOTIFY_SOCKET", "INVOCATION_ID")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(ours)} | {
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "DISCORD_TOKEN": "demo-token",
        "STOCKSUP_DISCORD_API": discord.api_base,
        "STOCKSUP_DISCORD_GATEWAY": discord.gateway,
    }
    try:
        if RUNNING in page.read_text():
            subprocess.run([str(script), "start"], cwd=tmp_path, env=environ, capture_output=True, check=True)
        for line in [line for block in runnable(page) for line in block.text.splitlines() if line.strip()]:
            done = subprocess.run(
                ["sh", "-c", line],
                cwd=tmp_path,
                env=environ,
                capture_output=True,
                text=True,
                timeout=PATIENCE_S,
                check=False,
            )
            assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    finally:
        subprocess.run([str(script), "stop"], cwd=tmp_path, env=environ, capture_output=True, check=False)
