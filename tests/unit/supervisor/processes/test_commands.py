"""Whether a command can be executed: what is said before agrees with what the kernel says."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from supervisor.processes import commands

Make = Callable[[Path], Any]


def script(text: str, mode: int = 0o755) -> Make:
    def make(directory: Path) -> None:
        (directory / "run").write_bytes(text.encode())
        (directory / "run").chmod(mode)

    return make


def elf(directory: Path) -> None:
    shutil.copy(sys.executable, directory / "run")


def chain(length: int) -> Make:
    """Make scripts, each of which is the interpreter of the next."""

    def make(directory: Path) -> None:
        inner = "/bin/true"
        for number in range(length):
            path = directory / (f"script-{number}" if number + 1 < length else "run")
            path.write_text(f"#!{inner}\n")
            path.chmod(0o755)
            inner = str(path)

    return make


#: how `run` is made, the command, and the code of its problem
CASES: dict[str, tuple[Make, list[str], str | None]] = {
    "python": (script(""), ["python", "-c", ""], None),
    "python with a script": (script(""), ["python", "run"], None),
    "python without its script": (script(""), ["python", "rum"], "no_script"),
    "from PATH": (script(""), ["true"], None),
    "a typing error": (script(""), ["pyhton", "-c", ""], "no_such_program"),
    "a file that is not there": (script(""), ["./rum"], "no_such_program"),
    "a script": (script("#!/bin/sh\n"), ["./run"], None),
    "a script by env": (script("#!/usr/bin/env sh\n"), ["./run"], None),
    "a script by env with words": (script("#!/usr/bin/env -S A=1 sh -e\n"), ["./run"], None),
    "a script from PATH of a relative directory": (script("#!/bin/sh\n"), ["run"], None),
    "no rights": (script("#!/bin/sh\n", 0o644), ["./run"], "not_executable"),
    "CRLF": (script("#!/bin/sh\r\nexit 0\r\n"), ["./run"], "windows_line_end"),
    "CRLF after env": (script("#!/usr/bin/env sh\r\nexit 0\r\n"), ["./run"], "windows_line_end"),
    "no interpreter": (script("#!/bin/no-such-shell\n"), ["./run"], "no_interpreter"),
    "no interpreter by env": (script("#!/usr/bin/env pyhton\n"), ["./run"], "no_interpreter"),
    "a directory": (lambda directory: (directory / "run").mkdir(), ["./run"], "not_a_program"),
    "a directory from PATH": (lambda directory: (directory / "run").mkdir(), ["run"], "no_such_program"),
    "a named pipe": (lambda directory: os.mkfifo(directory / "run", 0o755), ["./run"], "not_a_program"),
    "text": (script("echo 1\n"), ["./run"], "not_a_program"),
    "nothing": (script(""), ["./run"], "not_a_program"),
    "a program": (elf, ["./run", "-c", ""], None),
    "a link to nowhere": (lambda directory: (directory / "run").symlink_to("x"), ["./run"], "no_such_program"),
    "a link to itself": (lambda directory: (directory / "run").symlink_to("run"), ["./run"], "no_such_program"),
    "scripts of scripts": (chain(3), ["./run"], None),
    "no directory": (script(""), ["true"], "no_directory"),
}


@pytest.mark.parametrize(("make", "command", "code"), CASES.values(), ids=CASES)
def test_what_the_kernel_would_say(tmp_path: Path, make: Make, command: list[str], code: str | None) -> None:
    make(tmp_path)
    cwd = tmp_path / "none" if code == "no_directory" else tmp_path
    environ = {**os.environ, "PATH": f".{os.pathsep}{os.environ['PATH']}"}
    problem = commands.find_problem("bot", command, environ, cwd)
    assert (problem.code if problem else None) == code
    # as a process is started
    try:
        started = subprocess.run(commands.argv(command), env=environ, cwd=cwd, stderr=subprocess.PIPE, check=False)
        works = started.returncode == 0
    except OSError:
        works = False
    assert works == (code is None)


def test_a_directory_that_cannot_be_entered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)
    problem = commands.find_problem("bot", ["true"], os.environ, tmp_path)
    assert problem is not None
    assert problem.code == "cannot_enter"
