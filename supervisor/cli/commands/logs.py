"""`stocksup logs`: show the logs of the programs and of the supervisor."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from typing import Final, NoReturn

import click

from supervisor.cli import exit_codes as exits
from supervisor.cli.errors import CommandError
from supervisor.cli.instance import Instance, complete_program
from supervisor.cli.terminal import formatting
from supervisor.cli.terminal.output import coloured
from supervisor.cli.terminal.params import WholeNumber
from supervisor.configfile import ConfigError
from supervisor.locale import _
from supervisor.logs.lines import LEVELS, LevelFilter, LogRecord, merge
from supervisor.logs.reader import LogFile

#: how often `-f` checks for new lines, in seconds
POLL_S: Final = 0.2
#: name of the supervisor's own log
SUPERVISOR: Final = "supervisor"


@click.command(help=_('Show the logs of all programs, or of PROGRAM.\n\nPROGRAM can also be "supervisor".'))
@click.argument("program", required=False, shell_complete=complete_program)
@click.option("-f", "--follow", is_flag=True, help=_("Keep printing new lines."))
@click.option(
    "-n", "count", type=WholeNumber(0, 10_000), default=50, show_default=True, metavar="N", help=_("Number of lines.")
)
@click.option("--level", type=click.Choice(LEVELS), metavar="LEVEL",
              help=_("Lowest level to show, debug to critical."))  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help=_("Print JSON, one object per line."))
@click.pass_obj
def command(instance: Instance, program: str | None, follow: bool, count: int, level: str | None, as_json: bool) -> int:
    """Show the logs of all programs, or of one."""
    known = [*_program_names(instance), SUPERVISOR]
    if program is not None and program not in known:
        text = _("there is no program '%(name)s' in %(config)s; expected one of: %(names)s")
        raise CommandError(text % {"name": program, "config": instance.found_config, "names": ", ".join(known)})
    files = {name: LogFile(instance.place.log_of(name)) for name in ([program] if program else known)}
    tails = {name: file.read_last(count, unfinished=not follow, level=level) for name, file in files.items()}
    if not follow and count and not any(tails.values()):
        click.echo(_nothing(instance, level), err=True)
    width = 0 if program else max(map(len, known))
    lines = merge(tails)
    _show(lines[max(0, len(lines) - count) :], width, as_json)
    if follow:
        _follow(files, level, width, as_json)
    return exits.FINE


def _program_names(instance: Instance) -> list[str]:
    """Return the names of the programs: with a mistake in the configuration, of those that have a log."""
    try:
        return instance.program_names()
    except ConfigError:
        return instance.place.logged_programs()


def _follow(files: Mapping[str, LogFile], level: str | None, width: int, as_json: bool) -> NoReturn:
    filters = {name: LevelFilter(level) for name in files}
    while True:
        new = {name: file.read_new() for name, file in files.items()}
        _show(merge({name: list(filter(filters[name].matches, lines)) for name, lines in new.items()}), width, as_json)
        if not any(new.values()):
            time.sleep(POLL_S)


def _show(lines: Iterable[tuple[str, LogRecord]], width: int, as_json: bool) -> None:
    for name, line in lines:
        click.echo(_as_object(name, line) if as_json else _as_line(name, line, width))


def _nothing(instance: Instance, level: str | None) -> str:
    directory = instance.place.supervisor_log.parent
    if level is not None:
        text = _("No lines of level %(level)s or higher in %(path)s")
        return text % {"level": level, "path": directory}
    return _("No log lines yet in %(path)s") % {"path": directory}


def _as_object(name: str, line: LogRecord) -> str:
    fields = {"time": line.time, "level": line.level, "message": line.message}
    present = {key: value for key, value in fields.items() if value is not None}
    return json.dumps({"program": name, "line": line.text, **present})


def _as_line(name: str, line: LogRecord, width: int) -> str:
    shown = formatting.translate_marker(line.text) if line.is_marker else line.text
    return f"{coloured(name.ljust(width), 'cyan')} | {shown}" if width else shown
