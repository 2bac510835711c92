"""The surroundings of one bot: a directory, a local Discord, a configuration, environment variables."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.common.environment import CannotMeasure, clean_environ, terminate

_CHANNEL_ID: Final = 1400000000000000010


@dataclass(frozen=True)
class BotEnvironment:
    """What a bot needs to run."""

    directory: Path
    #: port of its local Discord
    port: int
    #: the command that runs the bot without a supervisor
    command: tuple[str, ...]
    config: Path
    environ: dict[str, str]


@contextmanager
def bot_environment(directory: Path, module: str, **environ: str) -> Iterator[BotEnvironment]:
    """Create the surroundings of the bot `module` in `directory`; its local Discord ends with the block."""
    directory.mkdir(mode=0o700)
    with _local_discord(directory / "discord.log") as port:
        config = directory / "config.toml"
        config.write_text(_config(port, module))
        (directory / "token").write_text("demo-token\n")
        (directory / "token").chmod(0o600)
        environ = clean_environ() | environ
        environ["STOCKSUP_CONFIG"] = str(config)
        environ["XDG_CACHE_HOME"] = str(directory / "cache")  # for a bot without a supervisor
        yield BotEnvironment(directory, port, (sys.executable, "-m", module), config, environ)


@contextmanager
def _local_discord(log_file: Path) -> Iterator[int]:
    """Run a local Discord without an IDENTIFY limit; yields its port."""
    command = [sys.executable, "-m", "botapp.local_discord", "--port", "0"]
    with log_file.open("wb") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=clean_environ())
    assert process.stdout is not None
    try:
        if (found := re.search(r":(\d+)/", process.stdout.readline())) is None:
            raise CannotMeasure("the local Discord did not start")
        yield int(found[1])
    finally:
        terminate(process)
        process.stdout.close()


def _config(port: int, module: str) -> str:
    return f"""
[discord]
token_file = "token"
api_base = "http://127.0.0.1:{port}/api/v10"
gateway = "ws://127.0.0.1:{port}/gateway"

[bot]
live_channel_id = {_CHANNEL_ID}

[programs.bot]
command = ["python", "-m", "{module}"]
check = ["python", "-m", "botapp", "--check"]
max_starts_per_day = 0
max_crashes = 0
crash_window_s = 1
"""
