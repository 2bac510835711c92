"""The parts of the bot and of the shop that the cogs depend on, as Protocols. See `botapp/runtime/context.py`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from botapp.runtime.context import BotContext, Continuity, ShopContext

if TYPE_CHECKING:
    import socket

    import discord
    from discord.ext import commands

    from botapp.cogs.confirmations import Confirmations
    from botapp.config.settings import Settings
    from botapp.ext.cache_manager import CacheManager
    from botapp.runtime.supervisor_link import SupervisorLink
    from botapp.services.live_message.updater import LiveMessageUpdater
    from botapp.store.domain.records import Product
    from botapp.ui.members.refusals import Answers
    from supervisor.client import Message


class CogBot(BotContext, Continuity, Protocol):
    """The bot as cogs use it. See `commands.Bot` for what has no docstring here."""

    settings: Settings
    cache: CacheManager
    #: what the supervisor has opened for this process
    passed_sockets: Sequence[socket.socket]
    #: None without a supervisor
    link: SupervisorLink | None
    live_updater: LiveMessageUpdater
    confirmations: Confirmations
    #: whether this process is about to end
    is_ending: bool
    #: the number of this life; None without a supervisor
    life: int | None
    #: the start of this process, in seconds since 1970
    started_at_s: float

    @property
    def cogs(self) -> Mapping[str, commands.Cog]: ...

    @property
    def live_channel_id(self) -> int:
        """The channel of the live message; 0 if none is chosen."""
        ...

    def get_user(self, id: int, /) -> discord.User | None: ...

    def get_cog(self, name: str, /) -> commands.Cog | None: ...

    def is_admin(self, author: discord.abc.User) -> bool:
        """Return whether the author may give admin commands."""
        ...

    def health(self) -> Message:
        """Return the health of the bot, as `status` shows it."""
        ...

    async def move_live_message(self, channel_id: int) -> None:
        """Move the live message to another channel, for later lives too. Raises StateError, CannotShow."""
        ...


class ShopHost(CogBot, Protocol):
    """The bot as the shop and its loader use it."""

    async def add_cog(self, cog: commands.Cog, /) -> None: ...

    def walk_commands(self) -> Iterable[commands.Command[Any, ..., Any]]: ...

    async def get_context(self, origin: discord.Message, /) -> commands.Context[Any]: ...

    def send_heartbeat(self) -> None:
        """Send a heartbeat now: the health has changed."""
        ...


class CogShop(ShopContext, Protocol):
    """The shop as cogs use it."""

    answers: Answers

    async def products(self) -> tuple[Product, ...]:
        """Return the products on sale. Raises Unavailable."""
        ...
