"""Finds out whether a command can be executed, without executing it.

A restart asks before it ends the process that serves: the kernel's own answer would come too late.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from supervisor.lifecycle.model import Reason

#: bytes of a program that are read; the kernel reads as many for the first line of a script
_HEAD_BYTES: Final = 256
#: scripts whose interpreter is a script; the kernel gives up after as many
_MAX_SCRIPTS: Final = 4
_ELF: Final = b"\x7fELF"
#: formats of programs that an administrator has added to those of Linux
_MORE_FORMATS: Final = Path("/proc/sys/fs/binfmt_misc")


def argv(command: Sequence[str]) -> list[str]:
    """Return the arguments to execute; "python" as the first word stands for the running interpreter."""
    return [sys.executable if command[0] == "python" else command[0], *command[1:]]


def find_problem(name: str, command: Sequence[str], environ: Mapping[str, str], cwd: Path) -> Reason | None:
    """Return why the program `name` could not be started with `command`, or None.

    Args:
        name: the name of the program.
        command: the words of its command.
        environ: the environment that it would get.
        cwd: the directory that it would run in.
    """
    params = {"program": name, "command": command[0], "path": str(cwd)}
    if not os.path.isdir(cwd):
        return Reason("no_directory", params)
    if not os.access(cwd, os.X_OK):
        return Reason("cannot_enter", params)
    word = argv(command)[0]
    for _script in range(_MAX_SCRIPTS + 1):
        path = _find(word, environ, cwd)
        if path is None:
            return _not_found(params, word)
        params["path"] = str(path)
        if not os.path.isfile(path):
            return Reason("not_a_program", params)
        if not os.access(path, os.X_OK):
            return Reason("not_executable", params)
        line = _first_line(path)
        if line is None or line.startswith(_ELF):
            # the file may be one that we cannot read; the rest only the kernel knows
            return _find_script_problem(params, command, cwd)
        if not line.startswith(b"#!"):
            return None if _has_more_formats() else Reason("not_a_program", params)
        if line.endswith(b"\r"):
            return Reason("windows_line_end", params)
        word = _interpreter(line)
    return Reason("not_a_program", params)


def _find(word: str, environ: Mapping[str, str], cwd: Path) -> Path | None:
    """Return the file that a word stands for; one that cannot be executed only if there is no other."""
    if "/" in word:
        return cwd / word if os.path.exists(cwd / word) else None
    directories = os.get_exec_path(dict(environ)) if word else []
    there = [path for directory in directories if os.path.isfile(path := cwd / directory / word)]
    return next((path for path in there if os.access(path, os.X_OK)), next(iter(there), None))


def _find_script_problem(params: dict[str, str], command: Sequence[str], cwd: Path) -> Reason | None:
    """Return a problem if the script that Python is to run does not exist."""
    script = command[1] if command[0] == "python" and len(command) > 1 else "-"
    if script.startswith("-") or os.path.exists(cwd / script):
        return None
    params["path"] = str(cwd / script)
    return Reason("no_script", params)


def _not_found(params: dict[str, str], word: str) -> Reason:
    """Return why there is no such file: it is the command itself, or what a script names as its interpreter."""
    if word == argv([params["command"]])[0]:
        return Reason("no_such_program", params)
    params["interpreter"] = word
    return Reason("no_interpreter", params)


def _first_line(path: Path) -> bytes | None:
    """Return the start of the file, up to the end of the first line; None if it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(_HEAD_BYTES).partition(b"\n")[0]
    except OSError:
        return None


def _interpreter(line: bytes) -> str:
    """Return the program that runs a script, as its first line names it; `env` starts another one."""
    path, _space, argument = os.fsdecode(line[2:].strip()).partition(" ")
    if os.path.basename(path) != "env":
        return path
    words = [word for word in argument.removeprefix("-S").split() if "=" not in word]
    return words[0] if words and not words[0].startswith("-") else path


def _has_more_formats() -> bool:
    """Return whether the kernel may execute other formats than ELF and scripts."""
    if sys.platform != "linux":
        return True
    try:
        return any(path.name not in ("register", "status") for path in _MORE_FORMATS.iterdir())
    except OSError:
        return False
