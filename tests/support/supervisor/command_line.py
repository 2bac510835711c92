"""The commands of one instance, as a person or a script runs them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support import python_process
from tests.support.python_process import Process

#: nothing here takes long; what takes this long hangs
PATIENCE_S = 30.0

#: a program that stays until it is told to end
STAYS = """
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
print("serving", flush=True)
signal.sigwait({signal.SIGTERM})
"""


class Instance:
    """One configuration in a directory of its own, and its commands."""

    def __init__(self, directory: Path, language: str = "en") -> None:
        """Write the configuration; `language` is its language, and without it the terminal's."""
        self.directory = directory
        self.language = language
        directory.mkdir(parents=True, exist_ok=True)
        self.socket = directory / "state" / "stocksup.sock"
        (directory / "stays.py").write_text(STAYS)
        self.configure()

    def configure(
        self, command: str = '["python", "stays.py"]', check: str = "[]", ready: str = "0", extra: str = ""
    ) -> None:
        """Write a configuration with one program."""
        text = f'language = "{self.language}"\n'
        text += f"[programs.bot]\ncommand = {command}\ncheck = {check}\nready = {ready}\ndrain = false\n{extra}"
        (self.directory / "config.toml").write_text(text)

    def environ(self, **added: str) -> dict[str, str]:
        """Return the environment that commands run in."""
        ours = ("STOCKSUP", "NOTIFY_SOCKET", "INVOCATION_ID", "LC_", "LANG")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        return {**inherited, "LANG": {"en": "en_US.UTF-8", "id": "id_ID.UTF-8"}[self.language], **added}

    def run(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the directory of the configuration."""
        environment = self.environ(**environ)
        return python_process.run("supervisor.cli", *words, cwd=self.directory, env=environment, timeout_s=PATIENCE_S)

    def start(self, *words: str, environ: Mapping[str, str] | None = None, **options: Any) -> Process:
        """Start a command in the directory of the configuration; `options` are those of `python_process.start`."""
        environment = self.environ(**(environ or {}))
        return python_process.start("supervisor.cli", *words, cwd=self.directory, env=environment, **options)

    def await_line(self, line: bytes) -> None:
        """Follow the bot's log until it says `line`."""
        with self.start("logs", "-f", "bot", stdout=subprocess.PIPE) as follower:
            assert follower.stdout is not None
            while (said := follower.stdout.readline()) != line + b"\n":
                assert said, "the log is not followed any more"
            follower.terminate()

    def programs(self) -> dict[str, Any]:
        """Return the programs of `status --json`, by name."""
        return {one["name"]: one for one in json.loads(self.run("status", "--json").stdout)["programs"]}
