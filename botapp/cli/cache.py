"""`stocksup cache …`: what is in the bot's cache, and emptying it."""

from __future__ import annotations

import json
import os
import time
from typing import Any, Final, Protocol

import click

from botapp import locale
from botapp.locale import _
from botapp.ui.admin import cache_texts as cache_report
from supervisor.client import Client

# before the options below: their help is in the language of the command
locale.use_of_command(os.environ)

#: how long the bot may take to answer, in seconds
_ANSWER_TIMEOUT_S: Final = 30.0


class Shell(Protocol):
    """What `stocksup` tells its commands."""

    def connect(self) -> Client:
        """Return a connection to the supervisor."""


_as_json = click.option("--json", "as_json", is_flag=True, help=_("For programs."))


@click.group(help=_("What the bot keeps for quick answers: figures, and emptying it."))
def cache() -> None:
    """What the bot keeps for quick answers."""


@cache.command("stats", help=_("Show what is in the cache and how it is used. The bot has to be running."))
@_as_json
@click.pass_obj
def stats(shell: Shell, as_json: bool) -> None:
    """Show what is in the cache and how it is used."""
    found = _ask(shell, action="stats")["stats"]
    click.echo(json.dumps(found) if as_json else "\n".join(cache_report.lines(found, time.time())))


@cache.command(
    "clear",
    help=_(
        "Take out of the cache what has expired, or more.\n\n"
        "The bot does it; where it is stopped, the supervisor does, and nobody counts."
    ),
)
@click.option(
    "--expired", "scope", flag_value="expired", default="expired", help=_("What has expired (without options).")
)
@click.option(
    "--temporary", "scope", flag_value="temporary", help=_("All that does not outlive the bot's present life.")
)
@click.option("--all", "scope", flag_value="all", help=_("Everything."))
@_as_json
@click.pass_obj
def clear(shell: Shell, scope: str, as_json: bool) -> None:
    """Take things out of the cache."""
    removed = _ask(shell, action="clear", scope=scope)["removed"]
    if as_json:
        click.echo(json.dumps({"scope": scope, "removed": removed}))
    elif removed is None:
        click.echo(
            _("the bot is stopped; the files of its cache were put away, and nobody has counted what was in them")
        )
    else:
        click.echo(_("taken out of the cache: %d") % removed)


def _ask(shell: Shell, **fields: str) -> dict[str, Any]:
    with shell.connect() as client:
        return client.request("cache", timeout_s=_ANSWER_TIMEOUT_S, **fields)
