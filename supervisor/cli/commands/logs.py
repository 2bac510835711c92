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
from supervisor.cli.terminal.output import coloured, verbatim
from supervisor.cli.terminal.params import WholeNumber
from supervisor.config import timezone
from supervisor.configfile import ConfigError
from supervisor.locale import _
from supervisor.logs.lines import LEVELS, LogRecord, merge
from supervisor.logs.reader import MAX_BACK_BYTES, LogFile
from supervisor.logs.selection import (
    PATTERN_TIMEOUT_S,
    InvalidPattern,
    NewLines,
    Pattern,
    Selection,
    SlowPattern,
    parse_moment,
)

#: how often `-f` checks for new lines, in seconds
POLL_S: Final = 0.2
#: name of the supervisor's own log
SUPERVISOR: Final = "supervisor"


#: lines that are shown, unless lines are selected
LINES: Final = 50
#: lines that are shown at most when lines are selected
MAX_LINES: Final = 10_000


@click.command(help=_('Show the logs of all programs, or of PROGRAM.\n\nPROGRAM can also be "supervisor".'))
@click.argument("program", required=False, shell_complete=complete_program)
@click.option("-f", "--follow", is_flag=True, help=_("Keep printing new lines."))
@click.option(
    "-n",
    "count",
    type=WholeNumber(0, MAX_LINES),
    metavar="N",
    help=_("Number of lines; 50, or with --since, --until or --grep 10000."),
)
@click.option("--since", metavar="WHEN", help=_('Only lines since WHEN: "2h" ago (s, m, h, d, w), or a date.'))
@click.option("--until", metavar="WHEN", help=_("Only lines until WHEN; a date includes that day."))
@click.option("--grep", metavar="REGEX", help=_("Only lines that match the regular expression; (?i) ignores case."))
@click.option("--level", type=click.Choice(LEVELS), metavar="LEVEL",
              help=_("Lowest level to show, debug to critical."))  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help=_("Print JSON, one object per line."))
@click.pass_obj
def command(
    instance: Instance,
    program: str | None,
    follow: bool,
    count: int | None,
    since: str | None,
    until: str | None,
    grep: str | None,
    level: str | None,
    as_json: bool,
) -> int:
    """Show the logs of all programs, or of one."""
    if follow and until is not None:
        raise click.UsageError(_("--follow has no end; leave out --until"))
    known = [*_program_names(instance), SUPERVISOR]
    if program is not None and program not in known:
        text = _("there is no program '%(name)s' in %(config)s; expected one of: %(names)s")
        params = {"name": program, "config": instance.found_config, "names": ", ".join(known)}
        raise CommandError(text % params, exits.USAGE)
    wanted = _selection(instance, since, until, grep, level)
    most = count if count is not None else LINES if wanted == Selection(level) else MAX_LINES
    files = {name: LogFile(instance.place.log_of(name)) for name in ([program] if program else known)}
    try:
        found = _show_last(instance, files, wanted, most, follow=follow, as_json=as_json)
        if count is None and found >= MAX_LINES:
            click.echo(_("Only the newest %(count)d lines are shown.") % {"count": MAX_LINES}, err=True)
        if follow:
            _follow(files, wanted, _width(files), as_json)
    except SlowPattern as error:
        text = _("--grep: the pattern takes more than %(time)s; simplify it")
        raise CommandError(text % {"time": formatting.duration(PATTERN_TIMEOUT_S)}, exits.TIMED_OUT) from error
    return exits.FINE


def _show_last(
    instance: Instance, files: Mapping[str, LogFile], wanted: Selection, count: int, *, follow: bool, as_json: bool
) -> int:
    """Print the last lines, and on stderr what was not searched; return how many lines were found."""
    tails = {name: file.read_last(count, unfinished=not follow, wanted=wanted) for name, file in files.items()}
    if not follow and count and not any(tails.values()):
        click.echo(_nothing(instance, wanted), err=True)
    lines = merge(tails)
    _show(lines[max(0, len(lines) - count) :], _width(files), as_json)
    for name in (name for name, file in files.items() if file.is_cut):
        size = formatting.size(MAX_BACK_BYTES)
        click.echo(_("Only the newest %(size)s of %(name)s were searched.") % {"size": size, "name": name}, err=True)
    return len(lines)


def _selection(
    instance: Instance, since: str | None, until: str | None, grep: str | None, level: str | None
) -> Selection:
    """Return what to select. Raises click.BadParameter."""
    # what the owner types is in the time zone of the shop; lines without a zone are in the host's
    instance.use_timezone()
    since_s, until_s = _moment("--since", since, is_end=False), _moment("--until", until, is_end=True)
    timezone.use_inherited()
    try:
        pattern = Pattern(grep) if grep is not None else None
    except InvalidPattern as error:
        text = _("not a regular expression: %(problem)s") % {"problem": error}
        raise click.BadParameter(text, param_hint="'--grep'") from error
    return Selection(level, since_s, until_s, pattern)


def _moment(option: str, text: str | None, *, is_end: bool) -> float | None:
    if text is None:
        return None
    if (moment_s := parse_moment(text, time.time(), is_end=is_end)) is None:
        problem = _('"%(text)s" is not a time; expected one such as 2h, 2026-11-24 or "2026-11-24 04:00"')
        raise click.BadParameter(problem % {"text": text}, param_hint=f"'{option}'")
    return moment_s


def _width(files: Mapping[str, LogFile]) -> int:
    """Return the width of the column with the names; 0 without one."""
    return max(map(len, files)) if len(files) > 1 else 0


def _program_names(instance: Instance) -> list[str]:
    """Return the names of the programs: with a mistake in the configuration, of those that have a log."""
    try:
        return instance.program_names()
    except ConfigError:
        return instance.place.logged_programs()


def _follow(files: Mapping[str, LogFile], wanted: Selection, width: int, as_json: bool) -> NoReturn:
    filters = {name: NewLines(wanted) for name in files}
    while True:
        if wanted.pattern is not None:
            wanted.pattern.renew()
        new = {name: file.read_new() for name, file in files.items()}
        _show(merge({name: list(filter(filters[name].matches, lines)) for name, lines in new.items()}), width, as_json)
        if not any(new.values()):
            time.sleep(POLL_S)


def _show(lines: Iterable[tuple[str, LogRecord]], width: int, as_json: bool) -> None:
    for name, line in lines:
        click.echo(_as_object(name, line) if as_json else verbatim(_as_line(name, line, width)))


def _nothing(instance: Instance, wanted: Selection) -> str:
    directory = instance.place.supervisor_log.parent
    if wanted == Selection():
        return _("No log lines yet in %(path)s") % {"path": directory}
    if wanted == Selection(wanted.level):
        text = _("No lines of level %(level)s or higher in %(path)s")
        return text % {"level": wanted.level, "path": directory}
    return _("No line matches in %(path)s") % {"path": directory}


def _as_object(name: str, line: LogRecord) -> str:
    fields = {"time": line.time, "level": line.level, "message": line.message}
    present = {key: value for key, value in fields.items() if value is not None}
    return json.dumps({"program": name, "line": line.text, **present})


def _as_line(name: str, line: LogRecord, width: int) -> str:
    shown = formatting.translate_marker(line.text) if line.is_marker else line.text
    return f"{coloured(name.ljust(width), 'cyan')} | {shown}" if width else shown
