"""`stocksup completion`: shell completion of commands, programs and options."""

from __future__ import annotations

from typing import Final

import click

from supervisor.cli.terminal.output import verbatim
from supervisor.locale import _

#: the variable by which the shell's script asks for words; click derives it from the command's name
_VARIABLE: Final = "_STOCKSUP_COMPLETE"
#: the directories where each shell searches for such scripts
_HOW: Final = """\b
bash: stocksup completion bash \\
        > ~/.local/share/bash-completion/completions/stocksup
zsh:  stocksup completion zsh > ~/.zfunc/_stocksup   (fpath+=~/.zfunc)
fish: stocksup completion fish > ~/.config/fish/completions/stocksup.fish"""


@click.command(
    help=_("Print the completion script for SHELL.") + "\n\n" + _HOW,
    short_help=_("Print the completion script for bash, zsh or fish."),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script of `shell`."""
    from click.shell_completion import get_completion_class

    make = get_completion_class(shell)
    assert make is not None, "click supports these three"
    click.echo(verbatim(make(ctx.find_root().command, {}, "stocksup", _VARIABLE).source()))
