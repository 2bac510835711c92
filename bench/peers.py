"""The peers, in virtual environments of their own: PyPI's supervisord is a package `supervisor` too."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

from bench.stage import CannotMeasure, clean_environ

#: supervisors that stocksup is measured beside
PEERS: Final = ("supervisor==4.3.0", "circus==0.19.0")
#: what is measured beside the bot's cache
CACHES: Final = ("diskcache==5.6.3", "diskcache-community==5.8.1", "cashews==7.6.0")
_VENVS: Final = Path(__file__).resolve().parent / ".venv-peers"


def peer_bin() -> Path:
    """Return the directory with the other supervisors' commands; installs them when they are missing.

    Raises CannotMeasure.
    """
    return _venv("supervisors", *PEERS)


def cache_python() -> Path:
    """Return the Python that has the other caches; installs them when they are missing. Raises CannotMeasure."""
    return _venv("caches", *CACHES) / "python"


def _venv(name: str, *wanted: str) -> Path:
    """Return the directory of commands of an environment with what is wanted, compiled."""
    place = _VENVS / name
    made = place / ".made"
    if not made.exists() or made.read_text() != " ".join(wanted):
        python = str(place / "bin" / "python")
        _run(wanted, sys.executable, "-m", "venv", "--clear", str(place))
        _run(wanted, python, "-m", "pip", "--disable-pip-version-check", "--quiet", "install", *wanted)
        _run(wanted, python, "-m", "compileall", "-q", str(place / "lib"))
        made.write_text(" ".join(wanted))
    return place / "bin"


def _run(wanted: tuple[str, ...], *command: str) -> None:
    done = subprocess.run(command, env=clean_environ(), capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise CannotMeasure(f"cannot install {', '.join(wanted)} beside stocksup: {' '.join(last)}")
