"""`stocksup help`: the same as `--help` of a command."""

from __future__ import annotations

from typing import Final

import click

from supervisor.locale import _

#: a subcommand of a subcommand is the deepest
_MAX_WORDS: Final = 3


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    root = ctx.find_root()
    assert isinstance(root.command, click.Group)
    return [name for name in root.command.list_commands(root) if name.startswith(incomplete)]


@click.command(help=_("Show the help of COMMAND, such as: help data backup."))
@click.argument("words", nargs=-1, metavar="[COMMAND]...", shell_complete=_complete)
@click.pass_context
def command(ctx: click.Context, words: tuple[str, ...]) -> None:
    """Show the help of a command."""
    context = ctx.find_root()
    for word in words[:_MAX_WORDS]:
        if not isinstance(context.command, click.Group):
            break
        name, found, _rest = context.command.resolve_command(context, [word])
        assert found is not None, "otherwise click raises NoSuchCommand"
        context = click.Context(found, info_name=name, parent=context)
    click.echo(context.get_help())
