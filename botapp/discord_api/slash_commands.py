"""Slash commands: told to Discord only when they have changed, for it counts how often that is done."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import aiohttp
import discord
from discord import app_commands
from discord.ext import commands

from botapp.discord_api.errors import connection_problem
from botapp.locale import LANGUAGES, _, speaking
from botapp.runtime import state_file as state

log = logging.getLogger(__name__)


class CommandTranslator(app_commands.Translator):
    """Says the words of commands in the languages that we speak, whatever the process speaks."""

    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, context: app_commands.TranslationContextTypes
    ) -> str | None:
        """Return `string` in a language of Discord's, or None where we do not speak it."""
        language = locale.value.partition("-")[0]
        english = string.extras.get("english")
        if english is None or language not in LANGUAGES:
            return None
        with speaking(language):
            return _(english)


def told(about: str, example: str = "", /, **options: str) -> dict[str, Any]:
    """Return what a command is declared with, besides its name.

    Args:
        about: what it does, marked for the catalogues; Discord takes 100 characters of it in any language.
        example: what may follow the name, as people type it.
        options: what each parameter means, marked for the catalogues and as short.
    """
    extras = {"about": about, "example": example, "options": options}
    return {"description": app_commands.locale_str(about, english=about), "extras": extras}


def describe(known: Iterable[commands.Command[Any, ..., Any]]) -> None:
    """Give commands the words that people choose them by where their own language is not spoken: those in use."""
    for command in known:
        shown = getattr(command, "app_command", None)
        if shown is None or "about" not in command.extras:
            continue
        about = command.extras["about"]
        shown.description = _(about)
        words = {
            name: app_commands.locale_str(_(text), english=text) for name, text in command.extras["options"].items()
        }
        app_commands.describe(**words)(shown)


async def sync_if_changed(tree: app_commands.CommandTree[Any], state_file: Path) -> None:
    """Tell Discord the commands of `tree` unless it knows them; `state_file` remembers what was told.

    What goes wrong is logged; the next life tries again.
    """
    try:
        fresh = await fingerprint(tree)
        if state.load(state_file).commands == fresh and await _knows(tree):
            return
        await tree.sync()
        state.change(state_file, commands=fresh)
    except (discord.HTTPException, aiohttp.ClientError, OSError, state.StateError) as error:
        log.warning(
            _("cannot tell Discord the slash commands: %s; the next restart tries again"),
            connection_problem(error) or error,
        )
    else:
        log.info(_("Slash commands are known to Discord: %s"), ", ".join(f"/{one.name}" for one in tree.get_commands()))


async def _knows(tree: app_commands.CommandTree[Any]) -> bool:
    """Ask Discord whether it knows the commands of `tree` by name: what it was told once may be gone since."""
    known = {(one.type, one.name) for one in await tree.fetch_commands()}
    return known == {(discord.AppCommandType.chat_input, one.name) for one in tree.get_commands()}


async def fingerprint(tree: app_commands.CommandTree[Any]) -> str:
    """Return a short text that changes when what Discord is told about the commands of `tree` does."""
    words = tree.translator or CommandTranslator()
    told = [await command.get_translated_payload(tree, words) for command in tree.get_commands()]
    facts = [tree.client.application_id, sorted(told, key=lambda one: str(one["name"]))]
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()[:16]
