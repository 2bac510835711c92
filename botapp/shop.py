"""`Shop`: creates the parts of the shop and connects them. Imported while the bot connects to Discord."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, TypeVar

from sqlalchemy import Connection

from botapp.cogs.balances import BalancesCog
from botapp.cogs.base import ShopCog
from botapp.cogs.deposits import DepositsCog
from botapp.cogs.products import ProductsCog
from botapp.cogs.sales import SalesCog
from botapp.cogs.shop_admin import ShopAdminCog
from botapp.cogs.stock import StockCog
from botapp.cogs.system import SystemCog
from botapp.config.settings import Settings
from botapp.interactions.member_flows import MemberFlows
from botapp.locale import _
from botapp.runtime.exits import TryLater
from botapp.services.backup.scheduler import BackupScheduler
from botapp.services.deposits.key import read_key
from botapp.services.fulfilment.delivery import POLL_INTERVAL_S, DeliveryService
from botapp.services.notices.admin_notices import AdminNotifier
from botapp.services.shop_database import ShopDatabase
from botapp.store.db.database import PROBE_INTERVAL_S
from botapp.store.db.errors import Unavailable
from botapp.store.domain.records import Product, Receipt
from botapp.store.domain.rules import Limits
from botapp.store.usecases import products
from botapp.ui.members.refusals import Answers

if TYPE_CHECKING:
    import discord

    from botapp.cogs.context import ShopHost
    from botapp.runtime.tasks import TaskRegistry
    from botapp.services.deposits.http_server import DepositServer
    from botapp.services.deposits.webhooks import WebhookDeposits

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

#: the admin commands, in the order of the help
COGS: Final[tuple[type[ShopCog], ...]] = (
    ProductsCog,
    StockCog,
    BalancesCog,
    DepositsCog,
    SalesCog,
    ShopAdminCog,
    SystemCog,
)


class Shop:
    """The shop of one process. `read` and `run` are transactions; `run` also updates the live message."""

    #: what members can do; set by `add_to`, as the delivery
    flows: MemberFlows
    _delivery: DeliveryService

    def __init__(
        self, settings: Settings, on_change: Callable[[], None], on_health: Callable[[], None] = lambda: None
    ) -> None:
        """Create the parts that need no Discord.

        Args:
            settings: the bot's settings.
            on_change: called when something that members see may have changed.
            on_health: called when the health of the database has changed.

        Raises ConfigError if `[store] url` is not valid.
        """
        self.settings = settings
        self.units = settings.store.currency
        self.answers = Answers(self.units, settings.store.member_name_label)
        self.limits = Limits(settings.store.max_quantity, settings.store.cooldown_s)
        self.notices: AdminNotifier | None = None
        self._on_change = on_change
        self._on_health = on_health
        self._database = ShopDatabase(settings, self._report_health)
        self._webhooks: WebhookDeposits | None = None
        self._deposit_server: DepositServer | None = None
        self._backups = BackupScheduler(settings, self.notify)
        self._cogs: list[ShopCog] = []
        self._is_delivering = False

    async def open(self) -> None:
        """Open the database. Raises ConfigError if a newer version of this program wrote it."""
        await self._database.open()

    async def open_beside(self) -> bool:
        """Open the database beside the process that serves; return False if it has to be opened after its end.

        Raises ConfigError as `open`, and TryLater if the database is not available.
        """
        try:
            return await self._database.open_beside()
        except Unavailable as error:
            raise TryLater(str(error)) from error

    async def read(
        self, use_case: Callable[Concatenate[Connection, P], T], /, *arguments: P.args, **keywords: P.kwargs
    ) -> T:
        """Run `use_case(connection, …)` in a transaction. Raises Unavailable, and whatever the use case raises."""
        return await self._database.run(use_case, *arguments, **keywords)

    async def run(
        self, use_case: Callable[Concatenate[Connection, P], T], /, *arguments: P.args, **keywords: P.kwargs
    ) -> T:
        """Do the same as `read`, and update the live message, also if the database is unavailable."""
        try:
            result = await self.read(use_case, *arguments, **keywords)
        except Unavailable:
            self._on_change()
            raise
        self._on_change()
        return result

    async def products(self) -> tuple[Product, ...]:
        """Return the products on sale. Raises Unavailable."""
        return tuple(await self.read(products.list_active))

    async def add_to(self, bot: ShopHost) -> None:
        """Add the shop's commands to `bot`. To be called once; nothing runs before `start`. Raises ConfigError."""
        self._delivery = DeliveryService(self, bot)
        self.flows = MemberFlows(self, self.settings.store, lambda: bot.live_updater, self._delivery)
        self.notices = AdminNotifier(self, self.settings.store, bot.tasks, bot.get_partial_messageable)
        self._add_deposits(bot)
        self._cogs = [kind(bot, self) for kind in COGS]
        for cog in self._cogs:
            await bot.add_cog(cog)

    def start(self, tasks: TaskRegistry, early: Iterable[discord.Message]) -> None:
        """Start the work of the process that serves. To be called once.

        Args:
            tasks: runs the work.
            early: messages that came before; some report deposits.
        """
        self._database.record_creation()
        tasks.repeat(_("database"), PROBE_INTERVAL_S, self._database.probe)
        if self._webhooks is not None:
            self._webhooks.start(early)
        if self._deposit_server is not None:
            self._deposit_server.start()
        self._backups.start(tasks)

    def finish_unfinished(self, tasks: TaskRegistry) -> None:
        """Finish what earlier processes have left, and send what is due from now on: no other process does."""
        self._delivery.expect_unfinished()
        if not self._is_delivering and self.notices is not None:
            self._is_delivering = True
            tasks.repeat(_("deliveries"), POLL_INTERVAL_S, self._delivery.poll)
            self.notices.start()
        for cog in self._cogs:
            cog.finish_unfinished()

    def notify(self, text: str, key: str = "") -> None:
        """Queue a notification to the admins, if there is a notice channel; those with the same `key` are throttled."""
        if self.notices is not None:
            self.notices.notify(text, key)

    def purchased(self, receipt: Receipt) -> None:
        """Queue what follows a purchase: the purchase log and the low-stock notification."""
        if self.notices is not None and not receipt.is_repeat:
            self.notices.write_soon()

    def health(self) -> dict[str, Any]:
        """Return the health of the parts in use, as `status` shows it."""
        parts = {"database": self._database, "deposits": self._webhooks, "deposits_http": self._deposit_server}
        health = {name: part.health() for name, part in parts.items() if part is not None}
        return {**health, **self._backups.health(), **(self.notices.health() if self.notices else {})}

    def now_ms(self) -> int:
        """Return the time for database records, in milliseconds since 1970."""
        return int(time.time() * 1000)

    async def close(self) -> None:
        """Finish running transactions, and close the database."""
        if self._deposit_server is not None:
            await self._deposit_server.close()
        await self._database.close()

    def _report_health(self) -> None:
        """Report at once that the database has failed or is back, and let the live message show it."""
        self._on_health()
        self._on_change()

    def _add_deposits(self, bot: ShopHost) -> None:
        """Create the sources of deposits that are configured. They are imported late: a web server takes memory."""
        if self.settings.store.deposits.channel_ids:
            from botapp.services.deposits.webhooks import WebhookDeposits

            self._webhooks = WebhookDeposits(bot, self, self.settings)
        if (key := read_key(self.settings)) is not None:
            from botapp.services.deposits.http_server import DepositServer

            port = self.settings.store.deposits.http_port
            if not port and not bot.passed_sockets:
                text = _("deposits: not listening: the supervisor has passed no socket; run stocksup start")
                log.warning("%s", text)
                return
            self._deposit_server = DepositServer(bot, self, port, key, bot.passed_sockets)
