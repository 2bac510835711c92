"""Answers to clicks on the live message. Each click gets one, also one that comes at a bad moment."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import discord

from botapp.background import Background, Draining
from botapp.discord_words import problem
from botapp.locale import _
from botapp.ui.health_link import Status
from botapp.ui.render import STATUS_ID, stock_list
from botapp.ui.shopfront import Shopfront

log = logging.getLogger(__name__)

#: answered too late, or answered already: nothing is wrong with the buttons
_HARMLESS_CODES = (10062, 40060)


class Clicks:
    """Serves the buttons of the live message."""

    def __init__(self, background: Background, shopfront: Callable[[], Shopfront], about: Callable[[], str]) -> None:
        """`about` says which life this is, and since when."""
        self._background = background
        self._shopfront = shopfront
        self._about = about

    async def serve(self, interaction: discord.Interaction[Any], custom_id: str) -> None:
        """Answer a click on one of the buttons."""
        front = self._shopfront()
        try:
            with self._background.work(f"{custom_id} · {interaction.user}"):
                # acknowledged first: Discord refuses a second acknowledgement, so each click is served once
                await interaction.response.defer(ephemeral=True, thinking=True)
                await interaction.followup.send(self._text(front, custom_id), ephemeral=True)
        except Draining:
            await self._answer(interaction, _("🔄 The bot is restarting. Please click again in a moment."))
        except discord.HTTPException as error:
            if error.code in _HARMLESS_CODES:
                log.info(_("a click on %s was answered too late or twice (%d)"), custom_id, error.code)
            else:
                await front.buttons._update_status(False, _("cannot answer a click: %s") % (problem(error) or error))
        except Exception as error:
            log.exception(_("a click on %s failed"), custom_id)
            await front.buttons._update_status(False, _("cannot answer a click: %s") % error)
            await interaction.followup.send(
                _("❌ That did not work. Please try again in a little while."), ephemeral=True
            )
        else:
            await front.buttons._update_status(True)

    async def unknown(self, interaction: discord.Interaction[Any]) -> None:
        """Answer a click on a button that this version does not have."""
        await self._answer(
            interaction, _("This button is no longer in use. Please use the newest message of the shop.")
        )

    def _text(self, front: Shopfront, custom_id: str) -> str:
        if custom_id == STATUS_ID:
            stock = _("Live stock: %s") % _in_words(front.livestock.get_status())
            buttons = _("Buttons: %s") % _in_words(front.buttons.get_status())
            return f"{self._about()}\n{stock}\n{buttons}"
        if not (front.livestock.may_show() and front.buttons.may_serve()):
            return _("⚠️ Stock cannot be shown right now. Please try again in a little while.")
        return stock_list(front.products)

    async def _answer(self, interaction: discord.Interaction[Any], text: str) -> None:
        await interaction.response.send_message(text, ephemeral=True)


def _in_words(status: Status) -> str:
    return _("✅ healthy") if status["is_healthy"] else f"❌ {status['last_error']}"
