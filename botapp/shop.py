"""The shop's part of the bot: its database, opened once for a life. Loaded while Discord lets the bot in."""

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
from botapp.runtime import state_file as state
from botapp.runtime.state_file import StateError
from botapp.services.backup.files import MIGRATION, DataProblem
from botapp.services.backup.lock import SharedLock
from botapp.services.backup.scheduler import BackupScheduler
from botapp.services.deposits.key import read_key
from botapp.services.fulfilment.delivery import POLL_INTERVAL_S, DeliveryService
from botapp.services.notices.admin_notices import AdminNotifier
from botapp.store.db import schema
from botapp.store.db.database import Database, database_url
from botapp.store.db.errors import Unavailable
from botapp.store.domain.records import Product, Receipt
from botapp.store.domain.rules import Limits
from botapp.store.usecases import products
from botapp.ui.members.refusals import Answers
from supervisor.configfile import ConfigError

if TYPE_CHECKING:
    import discord

    from botapp.cogs.context import ShopHost
    from botapp.services.deposits.http_server import DepositServer
    from botapp.services.deposits.webhooks import WebhookDeposits

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

#: what admins can do in the shop, in the order of the help
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
    """One life's shop. `run` does what members may see in the live message, `read` anything else; both are transactions
    of their own.
    """

    #: what members do in it; there from `add_to` on
    flows: MemberFlows

    def __init__(self, settings: Settings, on_change: Callable[[], None]) -> None:
        """`on_change` is called when something that members see may have changed.

        Raises ConfigError when `[store] url` is none.
        """
        self.settings = settings
        self.units = settings.store.currency
        self.answers = Answers(self.units, settings.store.member_name_label)
        self.limits = Limits(settings.store.max_quantity, settings.store.cooldown_s)
        self._on_change = on_change
        try:
            url = database_url(settings.store.url, settings.database_file)
        except ValueError as error:
            text = _("%(path)s: [store] url: %(problem)s")
            raise ConfigError(text % {"path": settings.path, "problem": error}) from error
        self.database = Database(url, create_if_missing=not self._were_database_created())
        self.notices: AdminNotifier | None = None
        self._webhooks: WebhookDeposits | None = None
        self._deposit_server: DepositServer | None = None
        self.backups = BackupScheduler(settings, self.notify)
        self._lock: SharedLock | None = None
        self._migrated = False

    async def open(self) -> None:
        """Bring the tables up to date. A database that cannot be used now is tried again with its next use.

        Raises ConfigError when it is of a newer version.
        """
        try:
            await self._migrate()
        except schema.SchemaTooNew as error:
            raise ConfigError(f"{self.database.where}: {error}") from error
        except Unavailable as error:
            log.error(_("cannot open the shop's database: %s; it is tried again"), error)

    async def read(
        self, use_case: Callable[Concatenate[Connection, P], T], /, *arguments: P.args, **keywords: P.kwargs
    ) -> T:
        """Return what `use_case(connection, …)` finds or has done. Raises Unavailable, and what it raises."""
        if not self._migrated:
            await self._migrate()
        return await self.database.run(use_case, *arguments, **keywords)

    async def run(
        self, use_case: Callable[Concatenate[Connection, P], T], /, *arguments: P.args, **keywords: P.kwargs
    ) -> T:
        """Do `use_case(connection, …)`, or nothing of it where it raises; members see what has changed, and a fault.

        Raises Unavailable, and what it raises.
        """
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

    async def add_to(self, bot: ShopHost, early: Iterable[discord.Message]) -> None:
        """Add the shop's commands and background tasks to `bot`. To be called once. Raises ConfigError.

        Args:
            bot: the bot.
            early: messages that came before the shop was open; some report deposits.
        """
        delivery = DeliveryService(self, bot, lambda: bot.tasks.is_draining)
        self.flows = MemberFlows(self, self.settings.store, lambda: bot.live_updater, delivery)
        bot.tasks.repeat(_("deliveries"), POLL_INTERVAL_S, delivery.poll)
        self.notices = AdminNotifier(self, self.settings.store, bot.tasks, bot.get_partial_messageable)
        self.notices.start()
        if self.settings.store.deposits.channel_ids:
            from botapp.services.deposits.webhooks import WebhookDeposits

            self._webhooks = WebhookDeposits(bot, self, self.settings)
            self._webhooks.start(early)
        if (key := read_key(self.settings)) is not None:
            # a web server takes memory, and most shops have no use for it
            from botapp.services.deposits.http_server import DepositServer

            self._deposit_server = DepositServer(bot, self, self.settings.store.deposits.http_port, key)
            self._deposit_server.start()
        for kind in COGS:
            await bot.add_cog(kind(bot, self))
        self.backups.start(bot.tasks)

    def notify(self, text: str, key: str = "") -> None:
        """Tell admins something in the notice channel, soon; where there is none, nothing is told. Never waits.

        Notices with the same `key` are told once in a while only.
        """
        if self.notices is not None:
            self.notices.notify(text, key)

    def purchased(self, receipt: Receipt) -> None:
        """Somebody has bought something: note it where admins look, and look what runs low. Never waits."""
        if self.notices is not None and not receipt.is_repeat:
            self.notices.write_soon()

    def health(self) -> dict[str, Any]:
        """Return how the parts of the shop are that are in use, as `status` shows them."""
        parts = {"database": self.database, "deposits": self._webhooks, "deposits_http": self._deposit_server}
        of_parts = {name: part.health() for name, part in parts.items() if part is not None}
        return {**of_parts, **self.backups.health(), **(self.notices.health() if self.notices else {})}

    def now_ms(self) -> int:
        """Return the time as the books have it, in milliseconds since 1970."""
        return int(time.time() * 1000)

    async def close(self) -> None:
        """Finish what is under way and close the database."""
        if self._deposit_server is not None:
            await self._deposit_server.close()
        await self.database.close()
        if self._lock is not None:
            self._lock.release()

    async def _migrate(self) -> None:
        """Bring the tables up to date, with a backup before that. Raises Unavailable, Newer."""
        try:
            if self._lock is None:
                self._lock = SharedLock(self.settings)
            if await self.database.run(schema.migrate, back_up=self._save_before_migration):
                log.info(_("The shop's database is now of version %s"), schema.VERSIONS[-1])
        except DataProblem as error:
            raise Unavailable(str(error)) from error
        self._migrated = True
        self._remember_books()

    def _were_database_created(self) -> bool:
        try:
            return state.load(self.settings.state_file).database_created
        except StateError as error:
            log.warning(_("cannot tell whether the shop had a database before: %s"), error)
            return False

    def _remember_books(self) -> None:
        try:
            if not state.load(self.settings.state_file).database_created:
                state.change(self.settings.state_file, database_created=True)
        except StateError as error:
            log.warning(_("cannot remember that the shop has a database: %s"), error)

    def _save_before_migration(self) -> None:
        from botapp.services.backup.backup import make_backup

        log.info(_("Backup made: %s"), make_backup(self.settings, reason=MIGRATION))
