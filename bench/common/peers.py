"""The peers, in virtual environments of their own: supervisord's package is called `supervisor` too."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

from bench.common.environment import ROOT, CannotMeasure, clean_environ

#: supervisors that stocksup is measured beside
SUPERVISORS: Final = ("supervisor==4.3.0", "circus==0.19.0")
#: caches that `CacheManager` is measured beside
CACHES: Final = ("diskcache==5.6.3",)
_VENVS: Final = ROOT / "bench" / ".venv-peers"


def install(name: str, packages: tuple[str, ...]) -> str:
    """Return the directory of commands of a virtual environment with `packages`, which is created if it is missing.

    Raises CannotMeasure.
    """
    venv = _VENVS / name
    marker = venv / ".made"
    if not marker.exists() or marker.read_text() != " ".join(packages):
        python = str(venv / "bin" / "python")
        _run(packages, sys.executable, "-m", "venv", "--clear", str(venv))
        _run(packages, python, "-m", "pip", "--disable-pip-version-check", "--quiet", "install", *packages)
        _run(packages, python, "-m", "compileall", "-q", str(venv / "lib"))
        marker.write_text(" ".join(packages))
    return str(venv / "bin")


def _run(packages: tuple[str, ...], *command: str) -> None:
    done = subprocess.run(command, env=clean_environ(), capture_output=True, text=True, check=False)
    if done.returncode:
        last_line = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise CannotMeasure(f"cannot install {', '.join(packages)}: {' '.join(last_line)}")
