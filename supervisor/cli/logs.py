"""`stocksup logs`: what the programs and the supervisor have written."""

from __future__ import annotations

import json
import time
from typing import Final

import click

from supervisor.cli import exits
from supervisor.cli.errors import Failure
from supervisor.cli.instance import Instance, complete_program
from supervisor.cli.logfile import LogFile, merged
from supervisor.locale import _

#: how long `-f` rests between looks, in seconds
POLL_S: Final = 0.2
#: the supervisor's own log goes by this name
SUPERVISOR: Final = "supervisor"


@click.command(help=_('Show the logs of all programs, or of PROGRAM.\n\n"supervisor" is one too.'))
@click.argument("program", required=False, shell_complete=complete_program)
@click.option("-f", "--follow", is_flag=True, help=_("Go on with what is written from now on."))
@click.option(
    "-n", "count", type=click.IntRange(0, 10_000), default=50, show_default=True, metavar="N", help=_("How many lines.")
)
@click.option("--json", "as_json", is_flag=True, help=_("For programs: an object a line."))
@click.pass_obj
def command(instance: Instance, program: str | None, follow: bool, count: int, as_json: bool) -> int:
    """Show the logs of all programs, or of one."""
    known = [*instance.program_names(), SUPERVISOR]
    if program is not None and program not in known:
        text = _("there is no program '%(name)s' in %(config)s; there are: %(names)s")
        raise Failure(text % {"name": program, "config": instance.config, "names": ", ".join(known)})
    files = {name: LogFile(instance.place.log_of(name)) for name in ([program] if program else known)}
    tails = {name: file.last(count, unfinished=not follow) for name, file in files.items()}
    if not follow and count and not any(tails.values()):
        text = _("Nothing has been written yet below %(path)s")
        click.echo(text % {"path": instance.place.supervisor_log.parent}, err=True)
    width = 0 if program else max(map(len, known))
    lines = merged(tails)
    for name, line in lines[max(0, len(lines) - count) :]:
        click.echo(_as_object(name, line) if as_json else _as_line(name, line, width))
    while follow:
        time.sleep(POLL_S)
        for name, line in merged({name: file.new() for name, file in files.items()}):
            click.echo(_as_object(name, line) if as_json else _as_line(name, line, width))
    return exits.FINE


def _as_object(name: str, line: str) -> str:
    return json.dumps({"program": name, "line": line})


def _as_line(name: str, line: str, width: int) -> str:
    return f"{click.style(name.ljust(width), fg='cyan')} | {line}" if width else line
