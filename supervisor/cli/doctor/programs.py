"""Run the programs' own check commands, as a restart does."""

from __future__ import annotations

import os
import select
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from supervisor.cli import exit_codes as exits
from supervisor.cli.doctor import Finding
from supervisor.cli.errors import CommandError
from supervisor.cli.instance import ANSWER_TIMEOUT_S, Instance
from supervisor.cli.terminal import formatting
from supervisor.client import ControlError
from supervisor.locale import _, format_number, reasons
from supervisor.locale.third_party import os_error_text
from supervisor.logs.masking import mask_secrets
from supervisor.processes import commands, environment

if TYPE_CHECKING:
    from supervisor.config.settings import Program, Settings

#: lines of a failed check's output that are shown
MAX_LINES: Final = 15
#: bytes of the output that are kept, and that are read at a time
KEPT_BYTES: Final = 64 * 1024
READ_BYTES: Final = 64 * 1024


def check(config: Path, settings: Settings) -> Iterator[Finding]:
    """Yield a finding about each enabled program."""
    for name, program in settings.programs.items():
        if program.enabled:
            try:
                yield _check_program(config, name, program)
            except OSError as error:
                text = _("cannot run its check (%(path)s): %(why)s; correct [programs.%(name)s] or the permissions")
                params = {"path": error.filename, "why": os_error_text(error), "name": name}
                yield Finding(f"program.{name}", name, text % params)


def check_running(instance: Instance) -> Iterator[Finding]:
    """Yield what is wrong with the programs of a running supervisor; nothing without one."""
    try:
        with instance.connect() as client:
            view = reasons.localize(client.request("status", timeout_s=ANSWER_TIMEOUT_S))
    except (ControlError, CommandError):
        return  # `status` says why
    for program in view["programs"]:
        id, name = f"running.{program['name']}", _("state of %(program)s") % {"program": program["name"]}
        if (problem := formatting.problem(program)) is not None:
            # a running program may be as its owner wants it: a new shop has no channel yet
            is_running = program["state"] == "RUNNING"
            yield Finding(id, name, f"{program['state']}: {problem}", warning=is_running)
        elif program.get("files_changed"):
            text = _("its files have changed since it started; run: stocksup restart %(program)s")
            yield Finding(id, name, text % {"program": program["name"]}, warning=True)
        elif program["desired"] == "up":
            yield Finding(id, name)


def _check_program(config: Path, name: str, program: Program) -> Finding:
    id = f"program.{name}"
    cwd = config.parent / program.cwd
    environ = environment.of_program(name, program, config, os.environ)
    for command in filter(None, (program.command, program.check, program.on_failed)):
        if (problem := commands.find_problem(name, command, environ, cwd)) is not None:
            return Finding(id, name, reasons.describe(problem))
    if not program.check:
        return Finding(id, _("%(name)s (no check command)") % {"name": name})
    return _run_check(name, program, environ, cwd)


def _run_check(name: str, program: Program, environ: Mapping[str, str], cwd: Path) -> Finding:
    id, command = f"program.{name}", commands.argv(program.check)
    try:
        code, output = _run(command, environ, cwd, program.start_timeout_s)
    except subprocess.TimeoutExpired:
        text = _("its check did not finish within %(time_s)s s: %(command)s")
        time_s = format_number(program.start_timeout_s)
        return Finding(id, name, text % {"time_s": time_s, "command": " ".join(command)})
    if code == 0:
        return Finding(id, name)
    text = mask_secrets(output.decode(errors="replace"))
    lines = [line for line in text.splitlines() if line.strip()][-MAX_LINES:]
    silent = _("its check exited with %(code)d and no output: %(command)s")
    problem = "\n".join(lines) or silent % {"code": code, "command": " ".join(command)}
    return Finding(id, name, problem, code=exits.BAD_CONFIG if code == exits.BAD_CONFIG else exits.FAILED)


def _run(command: Sequence[str], environ: Mapping[str, str], cwd: Path, timeout_s: float) -> tuple[int, bytes]:
    """Run a command; return its exit code and the end of its output. Raises OSError, subprocess.TimeoutExpired."""
    deadline_s, output = time.monotonic() + timeout_s, b""
    with subprocess.Popen(
        command, cwd=cwd, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        try:
            while select.select([process.stdout], [], [], max(0.0, deadline_s - time.monotonic()))[0]:
                if not (data := os.read(process.stdout.fileno(), READ_BYTES)):
                    return process.wait(max(0.0, deadline_s - time.monotonic())), output
                output = (output + data)[-KEPT_BYTES:]
                if time.monotonic() > deadline_s:
                    break
            raise subprocess.TimeoutExpired(command, timeout_s)
        except BaseException:
            process.kill()
            raise
