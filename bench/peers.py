"""The peers, in a virtual environment of their own: PyPI's supervisord is a package `supervisor` too."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

from bench.stage import CannotMeasure, clean_environ

#: what is measured beside stocksup
PEERS: Final = ("supervisor==4.3.0", "circus==0.19.0")
_VENV: Final = Path(__file__).resolve().parent / ".venv-peers"


def peer_bin() -> Path:
    """Return the directory with the peers' commands; installs them, compiled, when they are missing.

    Raises CannotMeasure.
    """
    made = _VENV / ".made"
    if not made.exists() or made.read_text() != " ".join(PEERS):
        python = str(_VENV / "bin" / "python")
        _run(sys.executable, "-m", "venv", "--clear", str(_VENV))
        _run(python, "-m", "pip", "--disable-pip-version-check", "--quiet", "install", *PEERS)
        _run(python, "-m", "compileall", "-q", str(_VENV / "lib"))
        made.write_text(" ".join(PEERS))
    return _VENV / "bin"


def _run(*command: str) -> None:
    done = subprocess.run(command, env=clean_environ(), capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise CannotMeasure(f"cannot install {' and '.join(PEERS)} beside stocksup: {' '.join(last)}")
