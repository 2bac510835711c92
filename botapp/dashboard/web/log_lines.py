"""The log lines of all programs: `stocksup logs --json` reads them, which follows rotated files and limits patterns."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from supervisor.client import mask_secrets

#: lines that are shown at first
LINES: Final = 200
#: longest line of the command, in bytes
_MAX_LINE_BYTES: Final = 256 * 1024
#: longest text to search for, in characters
MAX_TEXT_CHARS: Final = 100
LEVELS: Final = ("debug", "info", "warning", "error", "critical")
_PROGRAM: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}")
#: how long a command that does not follow may take, in seconds
_TIMEOUT_S: Final = 10.0

Line = dict[str, Any]


class InvalidFilter(ValueError):
    """A filter that no page sends."""


class LogFilter(Struct, frozen=True):
    """Which lines to show."""

    #: empty: all
    program: str = ""
    #: lowest level; empty: every line
    level: str = ""
    #: what the line contains, in upper or lower case
    text: str = ""


def parse_filter(program: str, level: str, text: str) -> LogFilter:
    """Return the filter. Raises InvalidFilter. Pure."""
    if (program and not _PROGRAM.fullmatch(program)) or (level and level not in LEVELS):
        raise InvalidFilter
    if len(text) > MAX_TEXT_CHARS or not (text.isprintable()):
        raise InvalidFilter
    return LogFilter(program, level, text)


def build_command(config: Path, wanted: LogFilter, count: int, *, follow: bool) -> Sequence[str]:
    """Return the command that prints the lines. Pure."""
    words = [sys.executable, "-P", "-m", "supervisor.cli", "--config", str(config), "logs", "--json", "-n", str(count)]
    words += ["--follow"] if follow else []
    words += [f"--level={wanted.level}"] if wanted.level else []
    words += [f"--grep=(?i){re.escape(wanted.text)}"] if wanted.text else []
    return [*words, "--", wanted.program] if wanted.program else words


async def follow_lines(config: Path, wanted: LogFilter) -> AsyncGenerator[Line, None]:
    """Yield the last lines and then new ones, until the caller stops."""
    process = await _start(build_command(config, wanted, LINES, follow=True))
    assert process.stdout is not None
    try:
        while line := await process.stdout.readline():
            yield read_line(line)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def last_lines(config: Path, wanted: LogFilter, count: int) -> list[Line]:
    """Return the last lines. Raises TimeoutError."""
    process = await _start(build_command(config, wanted, count, follow=False))
    try:
        output, _errors = await asyncio.wait_for(process.communicate(), _TIMEOUT_S)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return [read_line(line) for line in output.splitlines()]


def read_line(data: bytes) -> Line:
    """Return a line of the command with secrets masked. Pure."""
    try:
        line: Line = msgspec.json.decode(data, type=Line)
    except msgspec.DecodeError:
        line = {"line": data.decode(errors="replace")}
    return {name: mask_secrets(value) if isinstance(value, str) else value for name, value in line.items()}


async def _start(command: Sequence[str]) -> asyncio.subprocess.Process:
    environ = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "PYTHONPATH", "TZ")}
    return await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=_MAX_LINE_BYTES,
        env=environ,
    )
