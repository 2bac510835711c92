"""`stocksup config`: the configuration in use."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from typing import Any, Final, NamedTuple

import click
import msgspec

from supervisor.cli.errors import CommandError
from supervisor.cli.instance import Instance
from supervisor.cli.terminal.output import verbatim
from supervisor.config import origins
from supervisor.configfile import TablePath, read_text, read_toml
from supervisor.locale import _

#: the settings of other packages: functions of the configuration's path that return their tables with every key, and
#: the variables of the environment that set a key, by "table.key"
ENTRY_POINTS: Final = "stocksup.settings"


class Setting(NamedTuple):
    """A setting in effect."""

    key: TablePath
    value: Any
    #: the line of the file; None if the value is not from there
    line: int | None
    #: the variable of the environment; None if the value is not from there
    variable: str | None


@click.group(help=_("Show the configuration in use."))
def command() -> None:
    """Show the configuration in use."""


@command.command(help=_("Print the path of the configuration file in use."))
@click.pass_obj
def path(instance: Instance) -> None:
    """Print the path of the configuration file in use."""
    click.echo(verbatim(str(instance.config)))


@command.command(
    help=_("Show every setting in effect and where it comes from: a line of the file, the environment or the default.")
)
@click.option("--json", "as_json", is_flag=True, help=_("Print JSON."))
@click.pass_obj
def show(instance: Instance, as_json: bool) -> None:
    """Show every setting in effect and where it comes from. Secrets are masked."""
    settings = list(find_settings(instance))
    if as_json:
        rows = [
            {"key": ".".join(one.key), "value": one.value, "line": one.line, "variable": one.variable}
            for one in settings
        ]
        click.echo(json.dumps({"version": 1, "path": str(instance.config), "settings": rows}))
        return
    click.echo(verbatim(f"# {instance.config}"))
    table: TablePath = ()
    for one in settings:
        if one.key[:-1] != table:
            table = one.key[:-1]
            click.echo(f"\n[{'.'.join(table)}]")
        click.echo(verbatim(f"{one.key[-1]} = {to_toml(one.value)}  # {_origin(one)}"))


def find_settings(instance: Instance) -> Iterator[Setting]:
    """Yield all settings in effect, those at the top of the file first. Raises ConfigError."""
    tables: dict[str, Any] = msgspec.to_builtins(instance.settings)
    variables: dict[str, str] = {}
    for entry in entry_points(group=ENTRY_POINTS):
        try:
            read = entry.load()
        except (ImportError, AttributeError) as error:
            text = _("cannot load the settings of '%(name)s' from %(place)s: %(problem)s; reinstall its package")
            raise CommandError(text % {"name": entry.name, "place": entry.value, "problem": error}) from error
        own, of_environment = read(instance.config)
        tables.update(own)
        variables.update(of_environment)
    contents, lines = read_toml(instance.config), origins.find_lines(read_text(instance.config))
    found = list(origins.flatten(tables))
    for key, value in (*(one for one in found if len(one[0]) == 1), *(one for one in found if len(one[0]) > 1)):
        variable = variables.get(".".join(key))
        line = origins.line_of(key, contents, lines) if variable is None else None
        yield Setting(key, origins.masked(key, value), line, variable)


def to_toml(value: Any) -> str:
    """Return a value as it is written in the file. Pure."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name} = {to_toml(one)}" for name, one in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(to_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _origin(one: Setting) -> str:
    if one.variable is not None:
        return f"${one.variable}"
    return _("default") if one.line is None else _("line %(number)d") % {"number": one.line}
