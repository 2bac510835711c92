"""What every benchmark needs to start processes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
#: how long an orderly end may take, in seconds
TERMINATE_TIMEOUT_S: Final = 20.0


class CannotMeasure(Exception):
    """Something to be measured does not run; the message says what and why."""


def clean_environ() -> dict[str, str]:
    """Return the environment without the variables that would change how a bot runs."""
    unwanted = ("STOCKSUP_", "DISCORD_", "PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "NOTIFY_SOCKET", "INVOCATION_ID")
    return {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}


def terminate(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    """End a process, by force if it takes too long."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(TERMINATE_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()
