"""What every way of running the bot has alike: a directory, a local Discord of its own, a probe, an environment."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

#: the command of the bot that is measured
BOT: Final = (sys.executable, "-m", "bench.probed_bot")
#: how long an orderly end may take, in seconds
END_TIMEOUT_S: Final = 20.0
_CHANNEL: Final = 1400000000000000010


class CannotMeasure(Exception):
    """Something that is to be measured does not run: one message with what and why."""


@dataclass(frozen=True)
class Stage:
    """One bot's surroundings."""

    directory: Path
    #: where the bot answers probes
    probe: Path
    config: Path
    environ: dict[str, str]


@contextmanager
def stage(directory: Path) -> Iterator[Stage]:
    """Make the surroundings of one bot below `directory`; its local Discord ends with the block."""
    directory.mkdir(mode=0o700)
    with local_discord(directory) as port:
        probe, config = directory / "probe", directory / "config.toml"
        config.write_text(_config(port))
        (directory / "token").write_text("demo-token\n")
        (directory / "token").chmod(0o600)
        environ = clean_environ() | {
            "STOCKSUP_CONFIG": str(config),
            "BENCH_PROBE": str(probe),
            # where a bot that runs without a supervisor has its cache
            "XDG_CACHE_HOME": str(directory / "cache"),
        }
        yield Stage(directory, probe, config, environ)


def clean_environ() -> dict[str, str]:
    """Return our environment without what would change how a bot runs, and with compiled code allowed."""
    unwanted = ("STOCKSUP_", "DISCORD_", "PYTHONDONTWRITEBYTECODE", "NOTIFY_SOCKET", "INVOCATION_ID")
    return {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}


@contextmanager
def local_discord(directory: Path) -> Iterator[int]:
    """Run a local Discord without an IDENTIFY limit; yields its port."""
    command = [sys.executable, "-m", "botapp.local_discord", "--port", "0"]
    with (directory / "discord.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=clean_environ())
        assert process.stdout is not None
        try:
            said = process.stdout.readline()
            if (found := re.search(r":(\d+)/", said)) is None:
                raise CannotMeasure(f"cannot start the local Discord: it said {said!r}")
            yield int(found[1])
        finally:
            end(process)
            process.stdout.close()


def end(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    """End a process of ours, by force if it takes too long."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


def _config(port: int) -> str:
    return f"""
[discord]
token_file = "token"
api_base = "http://127.0.0.1:{port}/api/v10"
gateway = "ws://127.0.0.1:{port}/gateway"

[bot]
live_channel_id = {_CHANNEL}

[programs.bot]
command = ["python", "-m", "bench.probed_bot"]
check = ["python", "-m", "botapp", "--check"]
max_starts_per_day = 0
"""
