"""`stocksup cache …`: show or clear the bot's cache."""

from __future__ import annotations

import json
import os
from typing import Any, Final, Protocol

import click

from botapp import locale
from botapp.locale import _
from botapp.ui.admin import cache_texts
from supervisor.client import Client

# first: the help of the options below is in the language of the command
locale.use_of_command(os.environ)

#: how long the bot may take to answer, in seconds
_ANSWER_TIMEOUT_S: Final = 30.0


class Shell(Protocol):
    """What `stocksup` passes to its commands."""

    def connect(self) -> Client:
        """Return a connection to the supervisor."""


_as_json = click.option("--json", "as_json", is_flag=True, help=_("Print JSON."))


@click.group(help=_("Show or clear the bot's cache."))
def cache() -> None:
    """Show or clear the bot's cache."""


@cache.command("stats", help=_("Show the size and the hit ratio of the cache. The bot must be running."))
@_as_json
@click.pass_obj
def stats(shell: Shell, as_json: bool) -> None:
    """Show the statistics of the cache."""
    result = _request(shell, action="stats")["stats"]
    click.echo(json.dumps(result) if as_json else "\n".join(cache_texts.describe(result)))


@cache.command(
    "clear",
    help=_(
        "Delete entries from the cache; by default expired ones only.\n\n"
        "While the bot is stopped the supervisor deletes the files, and the number of entries is unknown."
    ),
)
@click.option(
    "--expired", "scope", flag_value="expired", default="expired", help=_("Delete expired entries (default).")
)
@click.option(
    "--temporary",
    "scope",
    flag_value="temporary",
    help=_("Delete temporary entries, which a restart would delete too."),
)
@click.option("--all", "scope", flag_value="all", help=_("Delete all entries."))
@_as_json
@click.pass_obj
def clear(shell: Shell, scope: str, as_json: bool) -> None:
    """Delete entries from the cache."""
    removed = _request(shell, action="clear", scope=scope)["removed"]
    if as_json:
        click.echo(json.dumps({"scope": scope, "removed": removed}))
    elif removed is None:
        click.echo(_("The bot is stopped, so its cache files were deleted; how many entries they had is unknown."))
    else:
        click.echo(_("Cache entries deleted: %d") % removed)


def _request(shell: Shell, **fields: str) -> dict[str, Any]:
    with shell.connect() as client:
        return client.request("cache", timeout_s=_ANSWER_TIMEOUT_S, **fields)
