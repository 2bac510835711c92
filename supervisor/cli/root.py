"""The click group `stocksup`; loads only the command that is called."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from supervisor import __version__
from supervisor.cli.errors import CommandError
from supervisor.cli.instance import Instance
from supervisor.locale import _

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

#: our own commands, in the order of the help; each is the module of its name
OWN: Final = (
    "start",
    "stop",
    "restart",
    "reload",
    "upgrade",
    "status",
    "ls",
    "logs",
    "history",
    "health",
    "check",
    "config",
    "alerts",
    "service",
    "completion",
    "version",
    "help",
)
#: commands of other packages that the help lists before our own: with them one begins
_FIRST: Final = ("init", "demo")
#: characters that no description has
_NO_LIMIT: Final = 10_000
#: what other tools call our commands
_FAMILIAR: Final = {"ps": "status", "list": "ls", "up": "start", "down": "stop"}
#: the group of entry points by which other packages add commands
ENTRY_POINTS: Final = "stocksup.commands"
#: commands that root runs with its own rights: they control systemd, or choose whose rights they use themselves
_WITH_OWN_RIGHTS: Final = frozenset(
    {"service", "start", "stop", "ls", "check", "completion", "version", "help", "init", "demo"}
)


class Commands(click.Group):
    """Our own commands, and those of other packages, which are searched only when needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in the order of the help."""
        others = sorted(entry.name for entry in _entry_points() if entry.name not in OWN)
        first = [name for name in _FIRST if name in others]
        return [*first, *OWN, *(name for name in others if name not in first)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of this name, or None."""
        if cmd_name in OWN:
            command = importlib.import_module(f"supervisor.cli.commands.{cmd_name}").command
            assert isinstance(command, click.Command), cmd_name
        elif (entry := next((entry for entry in _entry_points() if entry.name == cmd_name), None)) is not None:
            command = _load(entry)
        else:
            return None
        return _with_whole_descriptions(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the name and the command of the first word, and the rest. Raises NoSuchCommand with similar names."""
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:
            familiar = _FAMILIAR.get(error.command_name)
            similar, names = (familiar, [familiar]) if familiar else (error.command_name, self.list_commands(ctx))
            raise click.exceptions.NoSuchCommand(similar, error.message, names, ctx) from error


def _with_whole_descriptions(command: click.Command) -> click.Command:
    """Return `command`; the lists that contain it or its subcommands show whole descriptions, which click would cut."""
    for one in (command, *(command.commands.values() if isinstance(command, click.Group) else ())):
        one.short_help = one.get_short_help_str(limit=_NO_LIMIT)
    return command


def _entry_points() -> tuple[EntryPoint, ...]:
    from importlib.metadata import entry_points

    return tuple(entry_points(group=ENTRY_POINTS))


def _load(entry: EntryPoint) -> click.Command:
    try:
        command = entry.load()
    except (ImportError, AttributeError) as error:
        text = _("cannot load the command '%(name)s' from %(place)s: %(problem)s; reinstall its package")
        return _broken(entry, text % {"name": entry.name, "place": entry.value, "problem": error})
    if not isinstance(command, click.Command):
        text = _("cannot use the command '%(name)s': %(place)s is not a click command")
        return _broken(entry, text % {"name": entry.name, "place": entry.value})
    return command


def _broken(entry: EntryPoint, problem: str) -> click.Command:
    """Return a command that fails with `problem`, so that the help can still list the others."""

    def fail(words: tuple[str, ...]) -> None:
        raise CommandError(problem)

    return click.Command(
        entry.name,
        callback=fail,
        params=[click.Argument(["words"], nargs=-1, type=click.UNPROCESSED)],
        context_settings={"ignore_unknown_options": True},
        short_help=_("(cannot be loaded)"),
    )


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help=_("Keeps a Discord shop bot running and restarts it cleanly."),
)
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help=_("Configuration file."))
@click.version_option(__version__, message="stocksup %(version)s", help=_("Show the version."))
@click.pass_context
def root(ctx: click.Context, config: Path | None) -> None:
    """Create the instance for the command."""
    ctx.obj = instance = Instance(config)
    if ctx.invoked_subcommand not in _WITH_OWN_RIGHTS:
        instance.work_as_owner()
