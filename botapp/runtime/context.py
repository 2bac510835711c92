"""The parts of the bot and of the shop that services, interactions and cogs depend on, as Protocols.

`ShopBot` and `Shop` implement them. Nothing below `botapp/bot.py` and `botapp/shop.py` imports those two.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, Protocol, TypeVar

if TYPE_CHECKING:
    import discord
    from sqlalchemy import Connection

    from botapp.runtime.tasks import TaskRegistry
    from botapp.store.domain.money import Denomination
    from botapp.store.domain.records import Receipt
    from botapp.store.domain.rules import Limits

P = ParamSpec("P")
T = TypeVar("T")


#: how long an event waits for the next process, which finishes it; Discord allows three seconds for an answer
NEXT_PROCESS_TIMEOUT_S: Final = 1.5


class Continuity(Protocol):
    """What happens to clicks and commands when the process ends."""

    def is_restarting(self) -> bool:
        """Return whether the next process is about to finish what this one leaves."""
        ...

    def finish(self, event_id: int) -> None:
        """Record that an interaction or a message is finished, unless its task is cancelled: it is replayed then."""
        ...


class BotContext(Protocol):
    """The Discord client and its background tasks. See `discord.Client` for what has no docstring here."""

    tasks: TaskRegistry

    @property
    def user(self) -> discord.ClientUser | None: ...

    @property
    def application_id(self) -> int | None: ...

    def is_ready(self) -> bool: ...

    def get_channel(self, id: int, /) -> discord.abc.Messageable | discord.abc.Snowflake | None: ...

    def get_partial_messageable(self, id: int) -> discord.PartialMessageable: ...

    async def fetch_user(self, user_id: int, /) -> discord.User: ...

    async def create_dm(self, user: discord.abc.Snowflake) -> discord.DMChannel: ...

    def add_listener(self, func: Callable[..., Coroutine[Any, Any, Any]], /, name: str = ...) -> None: ...


class ShopContext(Protocol):
    """The open shop: its database, its clock and its settings, and who must know what happened."""

    units: tuple[Denomination, ...]
    limits: Limits

    async def read(
        self, use_case: Callable[Concatenate[Connection, P], T], /, *arguments: P.args, **keywords: P.kwargs
    ) -> T:
        """Run `use_case(connection, …)` in a transaction and return its result.

        Raises Unavailable, and whatever the use case raises.
        """
        ...

    async def run(
        self, use_case: Callable[Concatenate[Connection, P], T], /, *arguments: P.args, **keywords: P.kwargs
    ) -> T:
        """Do the same as `read`, then refresh the live message.

        Raises Unavailable, and whatever the use case raises.
        """
        ...

    def now_ms(self) -> int:
        """Return the time for database records, in milliseconds since 1970."""
        ...

    def notify(self, text: str, key: str = "") -> None:
        """Queue a notification to the admins; those with the same `key` are throttled."""
        ...

    def purchased(self, receipt: Receipt) -> None:
        """Queue what follows a purchase: the purchase log and the low-stock notification."""
        ...
