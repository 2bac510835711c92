"""`stocksup check`: whether configuration, files and programs are as they should be. Starts nothing that stays."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from supervisor.cli import exits
from supervisor.cli.instance import Instance
from supervisor.cli.progress import Progress
from supervisor.locale import _
from supervisor.masking import masked
from supervisor.paths import ConfigError

if TYPE_CHECKING:
    from supervisor.config import Program, Settings

#: lines of a failed check's output that are told
MAX_LINES = 15


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    #: what it is
    name: str
    #: what is wrong and what to do about it; None: nothing
    problem: str | None = None
    #: the exit code that the problem calls for
    code: int = exits.FAILED

    @property
    def ok(self) -> bool:
        """Whether it is as it should be."""
        return self.problem is None


@click.command(
    help=_(
        "Look whether all is as it should be.\n\n"
        "That is: the configuration, the files, and what each program's own check says. Nothing is started or changed."
    )
)
@click.option("--json", "as_json", is_flag=True, help=_("For programs."))
@click.pass_obj
def command(instance: Instance, as_json: bool) -> int:
    """Look whether all is as it should be."""
    with Progress(_("checking")):
        findings = list(look(instance))
    if as_json:
        checks = [{key: value for key, value in asdict(one).items() if key != "code"} for one in findings]
        click.echo(json.dumps({"ok": all(one.ok for one in findings), "checks": checks}))
    else:
        click.echo("\n".join(line for one in findings for line in lines(one)))
    return next((one.code for one in findings if not one.ok), exits.FINE)


def lines(finding: Finding) -> list[str]:
    """Return the lines about a finding. Pure."""
    if finding.problem is None:
        return [f"{_mark('✓', 'ok')} {finding.name}"]
    first, *rest = finding.problem.splitlines()
    return [f"{_mark('✗', _('FAILED'))} {finding.name}: {first}", *(f"    {line}" for line in rest)]


def _mark(sign: str, word: str) -> str:
    try:
        sign.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return word
    return sign


def look(instance: Instance) -> Iterator[Finding]:
    """Yield what is found; without a configuration there is no more to look at than that."""
    from supervisor.config import load

    try:
        settings = load(instance.config)
    except ConfigError as error:
        yield Finding(_("configuration"), str(error), exits.BAD_CONFIG)
        return
    yield Finding(_("configuration %(path)s") % {"path": instance.config})
    yield _look_at_directory(instance.place.state_dir)
    yield from (_look_at_program(instance.config, name, one) for name, one in _enabled(settings))


def _enabled(settings: Settings) -> list[tuple[str, Program]]:
    return [(name, program) for name, program in settings.programs.items() if program.enabled]


def _look_at_directory(state_dir: Path) -> Finding:
    """Tell whether the supervisor can keep its files; it makes the directory when it starts."""
    name = _("state directory %(path)s") % {"path": state_dir}
    nearest = state_dir
    while not nearest.exists() and nearest != nearest.parent:
        nearest = nearest.parent
    if not nearest.is_dir():
        text = _("%(path)s is no directory; move it away, or change [supervisor] state_dir")
        return Finding(name, text % {"path": nearest})
    if not os.access(nearest, os.W_OK | os.X_OK):
        text = _("cannot write in %(path)s; mend its permissions, or change [supervisor] state_dir")
        return Finding(name, text % {"path": nearest})
    return Finding(name)


def _look_at_program(config: Path, name: str, program: Program) -> Finding:
    command = _argv(program.check or program.command)
    place = config.parent / program.cwd
    if not place.is_dir():
        text = _("there is no directory %(path)s; correct [programs.%(name)s] cwd")
        return Finding(name, text % {"path": place, "name": name})
    if shutil.which(command[0], path=program.env.get("PATH")) is None and not (place / command[0]).exists():
        text = _("cannot find the program %(program)s; install it, or correct [programs.%(name)s]")
        return Finding(name, text % {"program": command[0], "name": name})
    if not program.check:
        return Finding(_("%(name)s (has no check of its own)") % {"name": name})
    return _run_check(config, name, program, command, place)


def _run_check(config: Path, name: str, program: Program, command: list[str], place: Path) -> Finding:
    environ = {**os.environ, "STOCKSUP_CONFIG": str(config), **program.env}
    try:
        done = subprocess.run(
            command,
            cwd=place,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=program.start_timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        text = _("its check did not end within %(time_s)g s: %(command)s")
        return Finding(name, text % {"time_s": program.start_timeout_s, "command": " ".join(command)})
    if done.returncode == 0:
        return Finding(name)
    said = [line for line in masked(done.stdout.decode(errors="replace")).splitlines() if line.strip()][-MAX_LINES:]
    silent = _("its check ended with %(code)d and said nothing: %(command)s")
    problem = "\n".join(said) or silent % {"code": done.returncode, "command": " ".join(command)}
    return Finding(name, problem, exits.BAD_CONFIG if done.returncode == exits.BAD_CONFIG else exits.FAILED)


def _argv(words: tuple[str, ...]) -> list[str]:
    first, *rest = words
    return [sys.executable if first == "python" else first, *rest]
