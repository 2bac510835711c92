"""Describes slash commands, and syncs them to Discord only when they changed: Discord limits how often."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import discord
from discord import app_commands
from discord.ext import commands

from botapp.discord_api.errors import connection_problem
from botapp.locale import LANGUAGES, _, speaking
from botapp.runtime import state_file as state

log = logging.getLogger(__name__)


class CommandTranslator(app_commands.Translator):
    """Translates the descriptions of commands into all languages of this package."""

    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, context: app_commands.TranslationContextTypes
    ) -> str | None:
        """Return `string` in one of Discord's languages; None if there is no translation."""
        language = locale.value.partition("-")[0]
        english = string.extras.get("english")
        if english is None or language not in LANGUAGES:
            return None
        with speaking(language):
            return _(english)


def command_attributes(about: str, example: str = "", /, **options: str) -> dict[str, Any]:
    """Return the keyword arguments that declare a command, besides its name.

    Args:
        about: what it does, marked for translation; at most 100 characters in any language.
        example: what can follow the name, as it is typed.
        options: what each parameter means, marked for translation, with the same limit.
    """
    extras = {"about": about, "example": example, "options": options}
    return {"description": app_commands.locale_str(about, english=about), "extras": extras}


def describe(known: Iterable[commands.Command[Any, ..., Any]]) -> None:
    """Describe commands in the process's language: Discord shows that where it has no translation."""
    for command in known:
        app_command = getattr(command, "app_command", None)
        if app_command is None or "about" not in command.extras:
            continue
        about = command.extras["about"]
        app_command.description = _(about)
        descriptions = {
            name: app_commands.locale_str(_(text), english=text) for name, text in command.extras["options"].items()
        }
        app_commands.describe(**descriptions)(app_command)


#: Discord's default for who sees the commands in the menu; the server's owner can choose others. All of them are for
#: admins, and each checks for itself who may use it.
WHO_SEES_COMMANDS: Final = discord.Permissions(manage_guild=True)


async def sync_if_changed(tree: app_commands.CommandTree[Any], state_file: Path) -> None:
    """Sync the commands of `tree` unless Discord has them; the state file holds the fingerprint of the last sync.

    Errors are logged; the next start tries again.
    """
    for command in tree.get_commands():
        command.default_permissions = WHO_SEES_COMMANDS
    try:
        current = await fingerprint(tree)
        if state.load(state_file).commands == current and await _has_commands(tree):
            return
        await tree.sync()
        state.change(state_file, commands=current)
    except (discord.HTTPException, state.StateError) as error:
        log.warning(
            _("cannot sync slash commands: %s; the next restart tries again"),
            connection_problem(error) or error,
        )
    else:
        log.info(_("slash commands: synced (%d)"), len(tree.get_commands()))


async def _has_commands(tree: app_commands.CommandTree[Any]) -> bool:
    """Return whether Discord has the commands of `tree` by name: they may have been deleted since the last sync."""
    existing = {(command.type, command.name) for command in await tree.fetch_commands()}
    return existing == {(discord.AppCommandType.chat_input, command.name) for command in tree.get_commands()}


async def fingerprint(tree: app_commands.CommandTree[Any]) -> str:
    """Return a fingerprint of what a sync of `tree` sends to Discord."""
    translator = tree.translator or CommandTranslator()
    payloads = [await command.get_translated_payload(tree, translator) for command in tree.get_commands()]
    content = [tree.client.application_id, sorted(payloads, key=lambda payload: str(payload["name"]))]
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]
