"""The bot's settings: one record per table of config.toml, with a default for every key."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from botapp.store.domain.money import Denomination
from supervisor.configfile import DEFAULT_TIMEZONE

FlushPolicy = Literal["all", "temporary", "expired", "none"]
Snowflake = Annotated[int, Meta(ge=1, le=2**63 - 1)]


class Discord(Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[discord]`."""

    #: file that contains only the token, relative to the configuration file
    token_file: str = ""
    #: base URL of a REST API other than Discord's; empty: discord.com
    api_base: str = ""
    #: URL of a gateway other than Discord's; empty: Discord's own
    gateway: str = ""


class Live(Struct, frozen=True, forbid_unknown_fields=True):
    """An entry of `[[bot.live]]`: another live message."""

    #: channel of this live message
    channel_id: Snowflake
    #: language of this live message
    language: Literal["id", "en"] = "id"


class Bot(Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[bot]`."""

    #: prefix of commands
    prefix: Annotated[str, Meta(min_length=1, max_length=10, pattern=r"\A\S+\Z")] = "!"
    #: user ids of the admins; if there are no admin roles either, the owner of the application
    admin_ids: Annotated[tuple[Snowflake, ...], Meta(max_length=1000)] = ()
    #: role ids whose members are admins
    admin_role_ids: Annotated[tuple[Snowflake, ...], Meta(max_length=1000)] = ()
    #: channel of the live message; 0: not chosen yet
    live_channel_id: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0
    #: minimum time between two edits of the live message, in seconds
    edit_interval_s: Annotated[float, Meta(ge=0, le=3600)] = 2.0
    #: more live messages, each with its own channel and language
    live: Annotated[tuple[Live, ...], Meta(max_length=20)] = ()


class Cache(Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[cache]`."""

    flush_on_restart: FlushPolicy = "all"
    flush_on_crash: FlushPolicy = "temporary"
    max_bytes: Annotated[int, Meta(ge=1_048_576)] = 256 * 1024 * 1024


class Deposits(Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[store.deposits]`: deposits that are booked without an admin."""

    #: channels in which webhooks report deposits
    channel_ids: Annotated[tuple[Snowflake, ...], Meta(max_length=100)] = ()
    #: webhooks that may report deposits; a deposit from any other sender is refused
    webhook_ids: Annotated[tuple[Snowflake, ...], Meta(max_length=100)] = ()
    #: regular expression that finds the member name in such a message, with a group named handle
    member_name_pattern: Annotated[str, Meta(min_length=1, max_length=500)] = r"GrowID:\s*(?P<handle>\S+)"
    #: regular expression that finds the amount, with a group named amount
    amount_pattern: Annotated[str, Meta(min_length=1, max_length=500)] = r"Deposit:\s*(?P<amount>[^\n]+)"
    #: port on this machine for signed deposit reports over HTTP; 0: off. Better: `[programs.bot] listen`, whose sockets
    #: are used instead and refuse no report during a restart
    http_port: Annotated[int, Meta(ge=0, le=65535)] = 0
    #: file with the key that signs those reports, relative to the configuration file
    http_secret_file: str = ""


class Store(Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[store]`."""

    #: URL of the database; empty: SQLite in the state directory
    url: str = ""
    #: what members call the name they register with, such as "GrowID"
    member_name_label: Annotated[str, Meta(min_length=1, max_length=40)] = "ID"
    #: denominations of the currency; the base unit, which prices are in, has value = 1
    currency: Annotated[tuple[Denomination, ...], Meta(min_length=1, max_length=20)] = (Denomination("Coin", "C", 1),)
    #: maximum number of items per purchase
    max_quantity: Annotated[int, Meta(ge=1, le=1000)] = 100
    #: minimum time between two purchases of a member, in seconds
    cooldown_s: Annotated[float, Meta(ge=0, le=86400)] = 3.0
    #: number of items at which the stock of a product is low
    low_stock: Annotated[int, Meta(ge=0, le=1_000_000)] = 10
    #: channel of the purchase log; 0: none
    purchase_log_channel_id: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0
    #: channel for notices to admins: low stock and refused deposits; 0: none
    notice_channel_id: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0
    #: days to keep a daily backup; 0: no backups
    backup_keep_days: Annotated[int, Meta(ge=0, le=3650)] = 14
    #: deposits that are booked without an admin
    deposits: Deposits = Deposits()


class Dashboard(Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[dashboard]`: a page and metrics for the owner, which only show."""

    #: whether to run the dashboard
    enabled: bool = False
    #: address that it listens on; one that is not of this machine alone needs `public_url`
    listen: Annotated[str, Meta(min_length=1, max_length=100)] = "127.0.0.1:8210"
    #: address for browsers when a proxy such as Caddy adds HTTPS, such as "https://shop.example.org"; empty: none
    public_url: Annotated[str, Meta(max_length=200)] = ""
    #: days to keep the history
    retention_days: Annotated[int, Meta(ge=1, le=366)] = 30

    @property
    def host(self) -> str:
        """The host of `listen`."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port of `listen`."""
        return int(self.listen.rpartition(":")[2])

    @property
    def url(self) -> str:
        """The address of the page, without a slash at the end."""
        return self.public_url or f"http://{self.listen}"

    @property
    def is_secure(self) -> bool:
        """Whether browsers use HTTPS."""
        return self.public_url.startswith("https://")


class Supervisor(Struct, frozen=True):
    """The part of the table `[supervisor]` that the bot needs."""

    state_dir: Annotated[str, Meta(min_length=1)] = "state"


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The bot's part of the file, and the path of the file."""

    #: absolute path of the configuration file
    path: Path
    language: Literal["id", "en"] = "id"
    timezone: str = DEFAULT_TIMEZONE
    supervisor: Supervisor = Supervisor()
    discord: Discord = Discord()
    bot: Bot = Bot()
    cache: Cache = Cache()
    store: Store = Store()
    dashboard: Dashboard = Dashboard()
    #: `[programs.bot] listen`: the sockets that the supervisor passes
    listen: tuple[str, ...] = ()

    @property
    def state_dir(self) -> Path:
        """Directory of the files that the bot keeps between restarts."""
        return self.path.parent / self.supervisor.state_dir / "bot"

    @property
    def dashboard_dir(self) -> Path:
        """Directory of the dashboard's history and keys."""
        return self.path.parent / self.supervisor.state_dir / "dashboard"

    @property
    def dashboard_key(self) -> Path:
        """File with the key that signs login links and sessions of the dashboard."""
        return self.dashboard_dir / "key"

    @property
    def state_file(self) -> Path:
        """File with what the bot remembers between restarts."""
        return self.state_dir / "state.json"

    @property
    def database_file(self) -> Path:
        """The database file, unless `[store] url` names another database."""
        return self.state_dir / "shop.db"

    @property
    def backup_dir(self) -> Path:
        """Directory of the database backups."""
        return self.state_dir / "backups"
