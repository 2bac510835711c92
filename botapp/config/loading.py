"""Load the bot's settings from config.toml and check them.

The supervisor checks its own tables (`[programs]`, `[alerts]`, `[logs]`, the rest of `[supervisor]`).
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from botapp import locale
from botapp.config.settings import Bot, Cache, Dashboard, Deposits, Discord, Live, Settings, Store
from botapp.locale import _
from botapp.store.domain.money import Denomination, find_invalid_unit
from supervisor.client import mask_secrets
from supervisor.configfile import (
    ConfigError,
    TablePath,
    check_keys,
    convert,
    expand_home,
    find_zone_file,
    language_of,
    read_toml,
    set_language,
)

#: tables that only the supervisor reads
_SUPERVISOR_TABLES: Final = frozenset({"programs", "alerts", "logs"})
_KEYS: Final[dict[TablePath, frozenset[str]]] = {
    (): frozenset(Settings.__struct_fields__) - {"path", "listen"} | _SUPERVISOR_TABLES,
    ("discord",): frozenset(Discord.__struct_fields__),
    ("bot",): frozenset(Bot.__struct_fields__),
    ("bot", "live"): frozenset(Live.__struct_fields__),
    ("cache",): frozenset(Cache.__struct_fields__),
    ("store",): frozenset(Store.__struct_fields__),
    ("store", "currency"): frozenset(Denomination.__struct_fields__),
    ("store", "deposits"): frozenset(Deposits.__struct_fields__),
    ("dashboard",): frozenset(Dashboard.__struct_fields__),
}
#: the new names of keys that had another one
_RENAMED: Final[dict[tuple[TablePath, str], str]] = {
    (("store",), "handle_name"): "member_name_label",
    (("store", "deposits"), "handle_pattern"): "member_name_pattern",
}


def choose_language() -> None:
    """Use the language of the configuration, or of the terminal if it cannot be read."""
    use_language(language_of())


def use_language(language: str) -> None:
    """Use `language` ("id" or "en") for the texts of this process, those of `supervisor.configfile` included."""
    locale.use(language)
    set_language(language)


def load(path: Path, environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the checked settings in the file at `path`.

    Args:
        path: the configuration file.
        environ: the environment; STOCKSUP_DISCORD_API and STOCKSUP_DISCORD_GATEWAY override `[discord]`.

    Raises:
        ConfigError: one message with the file, the key, the problem and what is expected.
    """
    contents = read_toml(path)
    check_keys(path, contents, _KEYS, _RENAMED)
    own = {name: value for name, value in contents.items() if name not in _SUPERVISOR_TABLES}
    listen = _listen(contents, environ.get("STOCKSUP_PROGRAM", "bot"))
    settings = convert(path, {**own, "path": path.absolute(), "listen": listen}, Settings)
    api_base = environ.get("STOCKSUP_DISCORD_API") or settings.discord.api_base
    gateway = environ.get("STOCKSUP_DISCORD_GATEWAY") or settings.discord.gateway
    _check_url(path, "api_base", api_base, ("http://", "https://"))
    _check_url(path, "gateway", gateway, ("ws://", "wss://"))
    _check_timezone(path, settings.timezone)
    _check_live_messages(path, settings)
    _check_currency(path, settings.store)
    _check_deposits(path, settings.store.deposits)
    dashboard = _checked_dashboard(path, settings.dashboard)
    discord = msgspec.structs.replace(settings.discord, api_base=api_base.rstrip("/"), gateway=gateway)
    return _with_homes(path, msgspec.structs.replace(settings, discord=discord, dashboard=dashboard))


def _listen(contents: Mapping[str, Any], program: str) -> list[str]:
    """Return the addresses that the supervisor opens for this program; the supervisor checks them."""
    programs = contents.get("programs")
    table = programs.get(program) if isinstance(programs, dict) else None
    addresses = table.get("listen") if isinstance(table, dict) else None
    return [str(address) for address in addresses] if isinstance(addresses, list) else []


def _with_homes(path: Path, settings: Settings) -> Settings:
    """Return the settings with `~` replaced in every path."""
    replace, store = msgspec.structs.replace, settings.store
    secret_file = expand_home(path, store.deposits.http_secret_file)
    return replace(
        settings,
        supervisor=replace(settings.supervisor, state_dir=expand_home(path, settings.supervisor.state_dir)),
        discord=replace(settings.discord, token_file=expand_home(path, settings.discord.token_file)),
        store=replace(store, deposits=replace(store.deposits, http_secret_file=secret_file)),
    )


def _check_url(path: Path, key: str, url: str, schemes: tuple[str, str]) -> None:
    if url and not (url.startswith(schemes) and _is_url(url)):
        text = _(
            '%(path)s: [discord] %(key)s: "%(url)s" is not a URL; expected one that starts with %(first)s or '
            "%(second)s, with a port up to 65535 if any"
        )
        params = {"path": path, "key": key, "url": mask_secrets(url)[:100], "first": schemes[0], "second": schemes[1]}
        raise ConfigError(text % params)


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return bool(parts.hostname) and not re.search(r"\s", text) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _checked_dashboard(path: Path, dashboard: Dashboard) -> Dashboard:
    """Return the table without a slash at the end of `public_url`."""
    if not _is_tcp_address(dashboard.listen):
        text = _('%(path)s: [dashboard] listen: "%(listen)s" is not an address; expected one such as "127.0.0.1:8210"')
        raise ConfigError(text % {"path": path, "listen": dashboard.listen[:100]})
    url = dashboard.public_url.rstrip("/")
    if url and not (url.startswith(("http://", "https://")) and _is_url(url) and urlsplit(url)[2:] == ("", "", "")):
        text = _(
            '%(path)s: [dashboard] public_url: "%(url)s" is not the address of a site; expected one such as '
            '"https://shop.example.org", without a path'
        )
        raise ConfigError(text % {"path": path, "url": mask_secrets(url)[:100]})
    if not url and not ipaddress.ip_address(dashboard.host).is_loopback:
        text = _(
            "%(path)s: [dashboard] listen: others can reach %(listen)s, and without HTTPS they can read what you see; "
            'listen on "127.0.0.1:%(port)d", or set public_url to the HTTPS address of a proxy'
        )
        raise ConfigError(text % {"path": path, "listen": dashboard.listen, "port": dashboard.port})
    return msgspec.structs.replace(dashboard, public_url=url)


def _is_tcp_address(text: str) -> bool:
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):([0-9]{1,5})", text)
    if match is None or not 0 < int(match[3]) < 65536:
        return False
    try:
        return ipaddress.ip_address(match[1] or match[2]).version == (6 if match[1] else 4)
    except ValueError:
        return False


def _check_timezone(path: Path, name: str) -> None:
    import zoneinfo

    # a damaged file is as good as none
    with suppress(zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        if find_zone_file(name) is not None:
            zoneinfo.ZoneInfo(name)
            return
    text = _('%(path)s: timezone: unknown time zone "%(name)s"; expected an IANA name such as "Asia/Jakarta"')
    raise ConfigError(text % {"path": path, "name": name[:64]})


def _check_live_messages(path: Path, settings: Settings) -> None:
    """Refuse two live messages in the same channel and language."""
    seen = {(settings.bot.live_channel_id, settings.language)}
    for live in settings.bot.live:
        if (live.channel_id, live.language) in seen:
            text = _(
                "%(path)s: [[bot.live]] channel_id: channel %(channel)d already has a live message in language "
                '"%(language)s"; remove this one, or give it another channel_id or language'
            )
            raise ConfigError(text % {"path": path, "channel": live.channel_id, "language": live.language})
        seen.add((live.channel_id, live.language))


def _check_currency(path: Path, store: Store) -> None:
    if (unit := find_invalid_unit(store.currency)) is not None:
        text = _(
            '%(path)s: [[store.currency]]: "%(unit)s" is missing, appears twice, or is not a valid name; expected '
            "different names without digits, and one unit with value = 1"
        )
        raise ConfigError(text % {"path": path, "unit": unit})
    bases = [unit.name for unit in store.currency if unit.value == 1]
    if len(bases) > 1:
        text = _(
            '%(path)s: [[store.currency]] value: both "%(first)s" and "%(second)s" have value = 1; expected one base '
            "unit: give the other its value in that unit, or remove it"
        )
        raise ConfigError(text % {"path": path, "first": bases[0], "second": bases[1]})


def _check_deposits(path: Path, deposits: Deposits) -> None:
    if deposits.channel_ids and not deposits.webhook_ids:
        text = _(
            "%(path)s: [store.deposits] webhook_ids: empty, so no deposit in channel_ids is accepted; name the "
            "webhooks that report deposits there, or remove channel_ids"
        )
        raise ConfigError(text % {"path": path})
    for key, group in (("member_name_pattern", "handle"), ("amount_pattern", "amount")):
        if getattr(deposits, key) == getattr(Deposits(), key):
            continue  # `regex` takes a while to import
        import regex

        try:
            groups = regex.compile(getattr(deposits, key)).groupindex
        except (regex.error, OverflowError, RecursionError) as error:
            text = _("%(path)s: [store.deposits] %(key)s: not a regular expression: %(problem)s")
            raise ConfigError(text % {"path": path, "key": key, "problem": error}) from error
        if group not in groups:
            text = _("%(path)s: [store.deposits] %(key)s: expected a group named %(group)s: (?P<%(group)s>…)")
            raise ConfigError(text % {"path": path, "key": key, "group": group})
