"""Slash commands: told to Discord only when they have changed, for it counts how often that is done."""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import aiohttp
import discord
from discord import app_commands

from botapp import state
from botapp.discord_words import problem
from botapp.locale import _

log = logging.getLogger(__name__)


def describe(tree: app_commands.CommandTree[Any]) -> None:
    """Give the commands of `tree` the words that people choose them by, in the language in use."""
    words: dict[str, tuple[str, dict[str, str]]] = {
        "restart": (_("Restart the bot, after a question"), {"reason": _("Why; it is kept in the history")}),
        "setup": (_("Show the live message in this channel"), {}),
    }
    for command in tree.get_commands():
        if isinstance(command, app_commands.Command) and command.name in words:
            command.description, options = words[command.name]
            app_commands.describe(**options)(command)


async def sync_if_changed(tree: app_commands.CommandTree[Any], state_file: Path) -> None:
    """Tell Discord the commands of `tree` unless it knows them; `state_file` remembers that.

    What goes wrong is logged; the next life tries again.
    """
    try:
        fresh = fingerprint(tree)
        if state.load(state_file).commands == fresh:
            return
        await tree.sync()
        state.change(state_file, commands=fresh)
    except (discord.HTTPException, aiohttp.ClientError, OSError, state.StateError) as error:
        log.warning(
            _("cannot tell Discord the slash commands: %s; the next restart tries again"), problem(error) or error
        )
    else:
        log.info(_("Slash commands are known to Discord: %s"), ", ".join(f"/{one.name}" for one in tree.get_commands()))


def fingerprint(tree: app_commands.CommandTree[Any]) -> str:
    """Return a short text that changes when what Discord is told about the commands of `tree` does."""
    told = sorted((command.to_dict(tree) for command in tree.get_commands()), key=lambda one: str(one["name"]))
    facts = [tree.client.application_id, told]
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()[:16]
