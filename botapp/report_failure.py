"""Tells Discord that the bot has failed for good: the supervisor runs `python -m botapp.report_failure` then.

The messages of the last process promise that the bot serves on, or is about to. One request each corrects them: the
live message says that the shop is closed, and the message that asked for the restart says that it failed. The state
file keeps the reason for the next process. No gateway session is opened.

Exit codes: 0 reported · 75 Discord could not be reached · 77 token refused · 78 bad configuration.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Mapping
from typing import Any

import msgspec

from botapp import locale
from botapp.config import token as bot_token
from botapp.config.loading import choose_language, load
from botapp.config.settings import Settings
from botapp.discord_api.rest import DiscordProblem, DiscordRest, TokenRefused
from botapp.runtime import state_file as state
from botapp.runtime.state_file import StateError
from botapp.ui.admin import restart_dialog
from botapp.ui.live.render import RenderedMessage, render_failed
from botapp.ui.live.view import ClickView, build_embeds
from supervisor.client import EXIT_BAD_CONFIG, EXIT_REFUSED, EXIT_TRY_AGAIN, mask_secrets
from supervisor.configfile import ConfigError, find_config


def main(environ: Mapping[str, str] = os.environ) -> int:
    """Report the failure that the environment describes; return the exit code."""
    choose_language()
    reason = mask_secrets(environ.get("STOCKSUP_FAILED_REASON", ""))
    try:
        settings = load(find_config())
        token = bot_token.read_token(settings)
    except ConfigError as error:
        print(mask_secrets(str(error)), file=sys.stderr)
        return EXIT_BAD_CONFIG
    try:
        asyncio.run(_report(settings, token, reason, _read_ticket(environ)))
    except TokenRefused as error:
        print(error, file=sys.stderr)
        return EXIT_REFUSED
    except (DiscordProblem, StateError) as error:
        print(error, file=sys.stderr)
        return EXIT_TRY_AGAIN
    return 0


async def _report(settings: Settings, token: str, reason: str, ticket: Mapping[str, Any] | None) -> None:
    """Edit the messages. Raises DiscordProblem for the last edit that failed, StateError."""
    entries = state.load(settings.state_file).live_messages
    # first of all: this process may be killed at any moment, and the next one must not trust what these messages show
    outdated = tuple(msgspec.structs.replace(one, shows="") for one in entries)
    state.change(settings.state_file, failure=state.Failure(reason, time.time()), live_messages=outdated)
    problem: DiscordProblem | None = None
    async with DiscordRest(settings.discord.api_base, token) as rest:
        for channel_id, message_id, contents in _edits(settings, reason, ticket):
            try:
                await rest.edit_message(channel_id, message_id, contents)
            except DiscordProblem as error:
                problem = error
    if problem is not None:
        raise problem


def _edits(settings: Settings, reason: str, ticket: Mapping[str, Any] | None) -> list[tuple[int, int, dict[str, Any]]]:
    """Return channel, message and new contents of each message to edit."""
    edits: list[tuple[int, int, dict[str, Any]]] = []
    if ticket is not None:
        contents = {"content": restart_dialog.failed_for_good(reason), "components": []}
        edits.append((int(ticket["channel_id"]), int(ticket["message_id"]), contents))
    for message in state.load(settings.state_file).live_messages:
        with locale.speaking(message.language or settings.language):
            edits.append((message.channel_id, message.message_id, _as_payload(render_failed())))
    return edits


def _as_payload(rendered: RenderedMessage) -> dict[str, Any]:
    async def ignore(*_: object) -> None:
        """No click arrives here."""

    view = ClickView(rendered.buttons, ignore)
    return {"embeds": [embed.to_dict() for embed in build_embeds(rendered)], "components": view.to_components()}


def _read_ticket(environ: Mapping[str, str]) -> Mapping[str, Any] | None:
    """Return what the requester of the restart left, or None."""
    try:
        ticket = json.loads(environ.get("STOCKSUP_FAILED_TICKET", "null"))
    except ValueError:
        return None
    return ticket if isinstance(ticket, dict) and {"channel_id", "message_id"} <= ticket.keys() else None


if __name__ == "__main__":
    sys.exit(main())
