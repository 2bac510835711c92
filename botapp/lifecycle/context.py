"""The parts of the bot that its life cycle depends on, as a Protocol. See `botapp/runtime/context.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from botapp.cogs.context import ShopHost

if TYPE_CHECKING:
    import discord
    from discord import app_commands

    from botapp.cogs.admin import AdminCog
    from botapp.discord_api.gateway_status import GatewayStatus
    from botapp.discord_api.handover.intake import Intake
    from botapp.interactions.dispatcher import InteractionDispatcher
    from botapp.services.live_message.placement import LiveMessagePlacement
    from botapp.services.live_message.restart_notice import TemporaryMessage
    from botapp.shop_loader import ShopLoader


class LifecycleBot(ShopHost, Protocol):
    """The bot as its life cycle uses it."""

    admin: AdminCog
    gateway: GatewayStatus
    intake: Intake
    interactions: InteractionDispatcher
    loader: ShopLoader
    placement: LiveMessagePlacement
    restart_notice: TemporaryMessage

    @property
    def guilds(self) -> Sequence[discord.Guild]: ...

    @property
    def tree(self) -> app_commands.CommandTree[Any]:
        """The slash commands."""
        ...

    async def measure_loop_lag(self) -> None:
        """Measure how late the event loop wakes a sleeping task."""
        ...

    async def take_over_events(self, *, reads_missed: bool = False) -> None:
        """Finish the clicks that earlier processes have left, and serve those that no process has received.

        `reads_missed`: whether the process before was killed just now, and a part of its last events is still there.
        """
        ...
