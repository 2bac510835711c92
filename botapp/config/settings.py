"""The bot's settings: read, checked, with a default for everything; and the token.

Tables of the supervisor (`[programs]`, the rest of `[supervisor]`) are the supervisor's to check.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from botapp import locale
from botapp.locale import LANGUAGES, N_, _
from botapp.locale import toml_errors as toml_words
from botapp.locale.os_errors import why
from botapp.store.domain.money import Denomination, problem_of

FlushPolicy = Literal["all", "temporary", "expired", "none"]
Snowflake = Annotated[int, Meta(ge=1, le=2**63 - 1)]

DEFAULT_TIMEZONE: Final = "Asia/Jakarta"

_T = TypeVar("_T")


class ConfigError(Exception):
    """A mistake in the configuration: one message with place, cause and remedy. Exit code 78."""


class Discord(Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[discord]`."""

    #: file that holds the token alone, relative to the configuration file
    token_file: str = ""
    #: base address of another Discord's REST interface; empty: discord.com
    api_base: str = ""
    #: address of another Discord's gateway; empty: Discord's own
    gateway: str = ""


class Live(Struct, frozen=True, forbid_unknown_fields=True):
    """One of `[[bot.live]]`: a further live message."""

    #: the channel it belongs into
    channel_id: Snowflake
    #: its language
    language: Literal["id", "en"] = "id"


class Bot(Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[bot]`."""

    #: what a command begins with
    prefix: Annotated[str, Meta(min_length=1, max_length=10, pattern=r"^\S+$")] = "!"
    #: users who may give admin commands; with no roles either: the application's owner
    admin_ids: Annotated[tuple[Snowflake, ...], Meta(max_length=1000)] = ()
    #: roles whose members may give admin commands
    admin_role_ids: Annotated[tuple[Snowflake, ...], Meta(max_length=1000)] = ()
    #: channel of the live message; 0: none yet
    live_channel_id: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0
    #: shortest time between two edits of the live message, in seconds
    edit_interval_s: Annotated[float, Meta(ge=0, le=3600)] = 2.0
    #: further live messages, in channels and languages of their own
    live: Annotated[tuple[Live, ...], Meta(max_length=20)] = ()


class Cache(Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[cache]`."""

    flush_on_restart: FlushPolicy = "all"
    flush_on_crash: FlushPolicy = "temporary"
    max_bytes: Annotated[int, Meta(ge=1_048_576)] = 256 * 1024 * 1024


class Deposits(Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[store.deposits]`: how money comes in without an admin."""

    #: channels in which webhooks report deposits
    channel_ids: Annotated[tuple[Snowflake, ...], Meta(max_length=100)] = ()
    #: the webhooks that may; nobody else is believed
    webhook_ids: Annotated[tuple[Snowflake, ...], Meta(max_length=100)] = ()
    #: finds the handle in such a message: a regular expression with a group called handle
    member_name_pattern: Annotated[str, Meta(min_length=1, max_length=500)] = r"GrowID:\s*(?P<handle>\S+)"
    #: finds the amount: a regular expression with a group called amount
    amount_pattern: Annotated[str, Meta(min_length=1, max_length=500)] = r"Deposit:\s*(?P<amount>[^\n]+)"
    #: port on this machine at which programs report deposits, signed; 0: none
    http_port: Annotated[int, Meta(ge=0, le=65535)] = 0
    #: file that holds the key they sign with, relative to the configuration file
    http_secret_file: str = ""


class Store(Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[store]`."""

    #: database of the shop; empty: SQLite below the state directory
    url: str = ""
    #: what members call the name that they register, such as "GrowID"
    member_name_label: Annotated[str, Meta(min_length=1, max_length=40)] = "ID"
    #: denominations of the shop's money; one is worth 1, the base unit that prices are in
    currency: Annotated[tuple[Denomination, ...], Meta(min_length=1, max_length=20)] = (Denomination("Coin", "C", 1),)
    #: pieces that may be bought at once
    max_quantity: Annotated[int, Meta(ge=1, le=1000)] = 100
    #: time between two purchases of one member, in seconds
    cooldown_s: Annotated[float, Meta(ge=0, le=86400)] = 3.0
    #: stock up to which a product counts as running low
    low_stock: Annotated[int, Meta(ge=0, le=1_000_000)] = 10
    #: channel in which purchases are noted; 0: none
    purchase_log_channel_id: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0
    #: channel in which admins are told of low stock and refused deposits; 0: none
    notice_channel_id: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0
    #: days that a daily backup is kept; 0: no backups are made
    backup_keep_days: Annotated[int, Meta(ge=0, le=3650)] = 14
    #: how money comes in without an admin
    deposits: Deposits = Deposits()


class Supervisor(Struct, frozen=True):
    """What the bot reads of the table `[supervisor]`."""

    state_dir: Annotated[str, Meta(min_length=1)] = "state"


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is the bot's of the file, and where the file is."""

    #: absolute path of the configuration file
    path: Path
    language: Literal["id", "en"] = "id"
    timezone: str = DEFAULT_TIMEZONE
    supervisor: Supervisor = Supervisor()
    discord: Discord = Discord()
    bot: Bot = Bot()
    cache: Cache = Cache()
    store: Store = Store()

    @property
    def state_dir(self) -> Path:
        """Where the bot keeps what must survive it."""
        return self.path.parent / self.supervisor.state_dir / "bot"

    @property
    def state_file(self) -> Path:
        """What the bot remembers over its lives."""
        return self.state_dir / "state.json"

    @property
    def database_file(self) -> Path:
        """The shop's database, where it is a file."""
        return self.state_dir / "shop.db"

    @property
    def backup_dir(self) -> Path:
        """Where backups of it go."""
        return self.state_dir / "backups"


_TABLES: Final[dict[str, type[Struct]]] = {"discord": Discord, "bot": Bot, "cache": Cache, "store": Store}
#: top-level names that are the supervisor's alone
_NOT_OURS: Final = frozenset({"programs", "alerts", "logs"})
_TOP_LEVEL: Final = frozenset(Settings.__struct_fields__) - {"path"} | _NOT_OURS


def find(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the absolute path of the configuration file in use.

    The order is `$STOCKSUP_CONFIG`, `./config.toml`, `~/.config/stocksup/config.toml`, `/etc/stocksup/config.toml`.
    Raises ConfigError when there is none.
    """
    if named := environ.get("STOCKSUP_CONFIG"):
        if not Path(named).exists():
            text = _("cannot open %(path)s: there is no such file; correct $STOCKSUP_CONFIG")
            raise ConfigError(text % {"path": named})
        return Path(named).absolute()
    for place in places(environ):
        if place.exists():
            return place.absolute()
    text = _(
        "no config.toml found (looked for %(places)s); write one: stocksup init, name one with $STOCKSUP_CONFIG, "
        "or see everything without one: stocksup demo"
    )
    raise ConfigError(text % {"places": ", ".join(str(place) for place in places(environ))})


def places(environ: Mapping[str, str]) -> list[Path]:
    """Return where a configuration is looked for when none is named, in this order."""
    home = [Path(environ["HOME"]) / ".config/stocksup/config.toml"] if environ.get("HOME") else []
    return [Path("config.toml"), *home, Path("/etc/stocksup/config.toml")]


def load(path: Path, environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the checked settings in the file at `path`.

    STOCKSUP_DISCORD_API and STOCKSUP_DISCORD_GATEWAY in `environ` go before `[discord]`.
    Raises ConfigError: one message with file, key, what is wrong and what was expected.
    """
    given = read_toml(path)
    _refuse_unknown_keys(path, given)
    table = {name: value for name, value in given.items() if name not in _NOT_OURS}
    settings = convert(path, {**table, "path": path.absolute()}, Settings)
    api_base = environ.get("STOCKSUP_DISCORD_API") or settings.discord.api_base
    gateway = environ.get("STOCKSUP_DISCORD_GATEWAY") or settings.discord.gateway
    _check_address(path, "api_base", api_base, ("http://", "https://"))
    _check_address(path, "gateway", gateway, ("ws://", "wss://"))
    _check_timezone(path, settings.timezone)
    _check_live(path, settings)
    _check_store(path, settings.store)
    discord = msgspec.structs.replace(settings.discord, api_base=api_base.rstrip("/"), gateway=gateway)
    return msgspec.structs.replace(settings, discord=discord)


def language_of(path: Path) -> str:
    """Return the language that the file at `path` asks for; the default where that cannot be read."""
    try:
        named = read_toml(path).get("language", LANGUAGES[0])
    except ConfigError:
        return LANGUAGES[0]  # what is wrong with the file, `load` says
    return named if named in LANGUAGES else LANGUAGES[0]


def choose_language() -> None:
    """Say everything in the language of the configuration in use; in the default one where that cannot be read."""
    locale.use(LANGUAGES[0])
    with contextlib.suppress(ConfigError):  # whoever reads the settings says what is wrong
        locale.use(language_of(find()))


def read_toml(path: Path) -> dict[str, Any]:
    """Return what is in the TOML file at `path`. Raises ConfigError when it cannot be read or is not TOML."""
    import tomli

    try:
        with path.open("rb") as file:
            return tomli.load(file)
    except OSError as error:
        text = _("cannot open %(path)s: %(problem)s; mend its path or its permissions")
        raise ConfigError(text % {"path": path, "problem": why(error)}) from error
    except UnicodeDecodeError as error:
        text = _("%(path)s: not UTF-8 text at byte %(byte)d; save it as UTF-8")
        raise ConfigError(text % {"path": path, "byte": error.start}) from error
    except tomli.TOMLDecodeError as error:
        text = _("%(path)s: not valid TOML at line %(line)d, column %(column)d: %(problem)s")
        facts = {"path": path, "line": error.lineno, "column": error.colno, "problem": toml_words.problem(error.msg)}
        raise ConfigError(text % facts) from error


def convert(path: Path, table: Any, kind: type[_T]) -> _T:
    """Return `table` of the file at `path` as a `kind`. Raises ConfigError."""
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(explain(path, str(error))) from error


def explain(path: Path, problem: str) -> str:
    """Turn msgspec's "Expected `int`, got `str` - at `$.bot.prefix`" into a message for people."""
    what, _at, where = problem.partition(" - at `$")
    names = [name for name in re.split(r"[.`]+", re.sub(r"\[[\d.]*\]", "", where)) if name]
    key = f"[{'.'.join(names[:-1])}] {names[-1]}" if len(names) > 1 else "".join(names)
    for technical, plain in _PLAIN.items():
        what = what.replace(technical, _(plain))
    for pattern, words in _SENTENCES:
        if found := re.fullmatch(pattern, what):
            what = _(words) % found.groupdict()
            break
    if names and names[-1] in _CHOICES:
        what = _("%(problem)s; expected %(choices)s") % {"problem": what, "choices": _(_CHOICES[names[-1]])}
    place = key or _("the file")
    return f"{path}: {place}: {what}"


#: msgspec's words for types, and ours
_PLAIN: Final = {
    "`int`": N_("a whole number"),
    "`float`": N_("a number"),
    "`str`": N_("a text in quotes"),
    "`bool`": N_("true or false"),
    "`array`": N_("a list"),
    "`object`": N_("a table"),
}
#: msgspec's sentences as patterns, and ours
_SENTENCES: Final = (
    (r"Expected (?P<wanted>.+), got (?P<given>.+)", N_("expected %(wanted)s, got %(given)s")),
    (r"Expected (?P<wanted>.+) matching regex (?P<pattern>.+)", N_("expected %(wanted)s that fits %(pattern)s")),
    (r"Expected (?P<wanted>.+) of length (?P<length>.+)", N_("expected %(wanted)s of a length %(length)s")),
    (r"Expected (?P<wanted>.+)", N_("expected %(wanted)s")),
    (r"Invalid enum value (?P<value>.+)", N_("invalid enum value %(value)s")),
    (r"Object missing required field (?P<name>.+)", N_("the key %(name)s is missing")),
    (r"Object contains unknown field (?P<name>.+)", N_("unknown key %(name)s")),
)

#: what may stand where a key takes one of a few words
_CHOICES: Final = {
    "language": N_('"id" or "en"'),
    "prefix": N_("up to 10 characters without spaces"),
    "flush_on_restart": N_('"all", "temporary", "expired" or "none"'),
    "flush_on_crash": N_('"all", "temporary", "expired" or "none"'),
}


def _refuse_unknown_keys(path: Path, table: dict[str, Any]) -> None:
    """Raise ConfigError, with a near name, for the first key that nobody knows."""
    places: list[tuple[str, Any, frozenset[str]]] = [("", table, _TOP_LEVEL)]
    places += [(name, table.get(name), frozenset(kind.__struct_fields__)) for name, kind in _TABLES.items()]
    for place, content, known in places:
        for key in content if isinstance(content, dict) else ():
            if key in known:
                continue
            near = difflib.get_close_matches(key, sorted(known), n=1)
            hint = _("expected one of %(names)s") % {"names": ", ".join(sorted(known))}
            if near:
                hint = _("did you mean '%(name)s'?") % {"name": near[0]}
            facts = {"path": path, "key": f"[{place}] {key}" if place else key, "hint": hint}
            raise ConfigError(_("%(path)s: %(key)s: unknown key; %(hint)s") % facts)


def _check_address(path: Path, key: str, address: str, schemes: tuple[str, str]) -> None:
    if address and not (address.startswith(schemes) and _is_address(address)):
        text = _(
            '%(path)s: [discord] %(key)s: "%(address)s" is not an address; expected one that begins with %(one)s or '
            "%(other)s, and a port up to 65535 if there is one"
        )
        facts = {"path": path, "key": key, "address": address[:100], "one": schemes[0], "other": schemes[1]}
        raise ConfigError(text % facts)


def _is_address(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return bool(parts.hostname) and not re.search(r"\s", address) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _check_timezone(path: Path, name: str) -> None:
    import zoneinfo

    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        text = _('%(path)s: timezone: "%(name)s" is not known; expected an IANA name such as "Asia/Jakarta"')
        raise ConfigError(text % {"path": path, "name": name}) from error


def _check_live(path: Path, settings: Settings) -> None:
    """Raise ConfigError where two live messages would be the same one."""
    seen = {(settings.bot.live_channel_id, settings.language)}
    for one in settings.bot.live:
        if (place := (one.channel_id, one.language)) in seen:
            text = _(
                '%(path)s: [[bot.live]] channel_id: channel %(channel)d has a live message in language "%(language)s" '
                "already; take this one out, or give it another channel_id or language"
            )
            raise ConfigError(text % {"path": path, "channel": one.channel_id, "language": one.language})
        seen.add(place)


def _check_store(path: Path, store: Store) -> None:
    if (unit := problem_of(store.currency)) is not None:
        text = _(
            '%(path)s: [[store.currency]]: "%(unit)s" is missing, stands there twice, or is no name; expected names '
            "without digits, each once, and one unit with value = 1"
        )
        raise ConfigError(text % {"path": path, "unit": unit})
    bases = [unit.name for unit in store.currency if unit.value == 1]
    if len(bases) > 1:
        text = _(
            '%(path)s: [[store.currency]] value: "%(one)s" and "%(other)s" have value = 1; expected one base unit: '
            "give the other its worth in it, or take it out"
        )
        raise ConfigError(text % {"path": path, "one": bases[0], "other": bases[1]})
    if store.deposits.channel_ids and not store.deposits.webhook_ids:
        text = _(
            "%(path)s: [store.deposits] webhook_ids: none is named, so no deposit in channel_ids is believed; name the "
            "webhooks that report there, or take channel_ids out"
        )
        raise ConfigError(text % {"path": path})
    for key, group in (("member_name_pattern", "handle"), ("amount_pattern", "amount")):
        try:
            groups = re.compile(getattr(store.deposits, key)).groupindex
        except re.error as error:
            text = _("%(path)s: [store.deposits] %(key)s: not a regular expression: %(problem)s")
            raise ConfigError(text % {"path": path, "key": key, "problem": error}) from error
        if group not in groups:
            text = _("%(path)s: [store.deposits] %(key)s: expected a group called %(group)s: (?P<%(group)s>…)")
            raise ConfigError(text % {"path": path, "key": key, "group": group})
