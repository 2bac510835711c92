"""Render a new config.toml with every key, its meaning, and whether a change needs a restart.

Keys with their default value are commented out as `#key = …`, without a space, unlike prose comments.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import tomlkit

from botapp.cli.init import currency
from botapp.cli.init.currency import Currency
from botapp.locale import N_, _

_WIDTH: Final = 100


@dataclass(frozen=True)
class Key:
    """A key: its default as TOML, and its description."""

    name: str
    default: str
    about: str


#: the description and the keys of each table; "": the top of the file
TABLES: Final[dict[str, tuple[str, tuple[Key, ...]]]] = {
    "": (
        N_(
            "Settings of your shop, written by `stocksup init`. Lines starting with # are ignored; remove "
            "the # to set a key. After a change run `stocksup check`, then `stocksup reload`, which shows "
            "what it applied and what needs `!restart` in Discord."
        ),
        (
            Key("language", '"id"', N_('Language for members, admins and the log: "id" or "en".')),
            Key(
                "timezone",
                '"Asia/Jakarta"',
                N_("Time zone of the shop and its log, an IANA name such as Asia/Jakarta."),
            ),
        ),
    ),
    "supervisor": (
        N_("The process that keeps the bot running. To change this table: `stocksup stop`, edit, `stocksup start`."),
        (Key("state_dir", '"state"', N_("Directory for all data, relative to this file.")),),
    ),
    "discord": (
        N_("Connection to Discord. A change needs a restart of the bot."),
        (
            Key(
                "token_file",
                '""',
                N_(
                    "File that contains only the bot's token, readable only by you. Get the token at "
                    "discord.com/developers: your application, Bot, Reset Token. $DISCORD_TOKEN has precedence."
                ),
            ),
            Key("api_base", '""', N_("URL of another REST API, for tests; empty: the real Discord.")),
            Key("gateway", '""', N_("URL of another gateway, for tests; empty: the real Discord.")),
        ),
    ),
    "bot": (
        N_(
            "The bot. A change needs a restart. To get an id, turn on Developer Mode in Discord (User "
            "Settings, Advanced), then right-click a user, role or channel: Copy ID."
        ),
        (
            Key("prefix", '"!"', N_("Prefix of typed commands.")),
            Key(
                "admin_ids",
                "[]",
                N_("User ids of the admins; if there are no admin roles either, the owner of the application."),
            ),
            Key("admin_role_ids", "[]", N_("Role ids whose members are admins; @everyone never counts.")),
            Key(
                "live_channel_id",
                "0",
                N_("Channel id of the live message; 0: choose it with `/setup` in that channel, without a restart."),
            ),
            Key("edit_interval_s", "2.0", N_("Minimum time between two edits of the live message, in seconds.")),
            Key(
                "live",
                "[]",
                N_(
                    'More live messages, each with its own channel and language: [{ channel_id = 1, language = "en" }].'
                ),
            ),
        ),
    ),
    "cache": (
        N_("What a restart clears from the cache. Only a change of max_bytes needs a restart."),
        (
            Key(
                "flush_on_restart",
                '"all"',
                N_('Entries cleared at a restart: "all", "temporary", "expired" or "none".'),
            ),
            Key("flush_on_crash", '"temporary"', N_("Entries cleared after a crash.")),
            Key("max_bytes", "268435456", N_("Maximum size of the cache, in bytes.")),
        ),
    ),
    "store": (
        N_("The shop. A change needs a restart of the bot."),
        (
            Key(
                "url",
                '""',
                N_("Database: empty for a file in state_dir, or postgresql://USER:PASSWORD@HOST/NAME."),
            ),
            Key("member_name_label", '"ID"', N_('What members call the name they register with, such as "GrowID".')),
            Key(
                "currency",
                '[{ name = "Coin", short = "C", value = 1 }]',
                N_("Denominations of the currency; the base unit, which prices are in, has value = 1."),
            ),
            Key("max_quantity", "100", N_("Maximum number of items per purchase.")),
            Key("cooldown_s", "3.0", N_("Minimum time between two purchases of a member, in seconds.")),
            Key("low_stock", "10", N_("Number of items at which the stock of a product is low.")),
            Key("purchase_log_channel_id", "0", N_("Channel of the purchase log; 0: none.")),
            Key(
                "notice_channel_id",
                "0",
                N_("Channel for notices to admins: low stock and refused deposits; 0: none."),
            ),
            Key(
                "backup_keep_days",
                "14",
                N_("Days to keep a daily backup, and the number that is always kept; 0: no backups."),
            ),
        ),
    ),
    "store.deposits": (
        N_("Deposits that are booked without an admin. A change needs a restart of the bot."),
        (
            Key("channel_ids", "[]", N_("Channels in which webhooks report deposits.")),
            Key("webhook_ids", "[]", N_("Webhooks that may report deposits; messages of anyone else are ignored.")),
            Key(
                "member_name_pattern",
                r"'GrowID:\s*(?P<handle>\S+)'",
                N_("Regular expression that finds the member name, with a group named handle."),
            ),
            Key(
                "amount_pattern",
                r"'Deposit:\s*(?P<amount>[^\n]+)'",
                N_("Regular expression that finds the amount, with a group named amount."),
            ),
            Key(
                "http_port",
                "0",
                N_(
                    "Port on this machine for signed deposit reports over HTTP; 0: off. Better: listen in "
                    "[programs.bot], which refuses no report during a restart."
                ),
            ),
            Key("http_secret_file", '""', N_("File with the key that signs those reports, relative to this file.")),
        ),
    ),
    "alerts": (
        N_(
            "Notifications to you, even when the bot is down. A change needs no restart. Test them: "
            "`stocksup alerts test`."
        ),
        (
            Key(
                "urls",
                "[]",
                N_(
                    'Apprise URLs, such as ["tgram://…"]. Anyone who knows one can send there, so keep this file '
                    "private."
                ),
            ),
            Key(
                "ping_url",
                '""',
                N_(
                    "URL of healthchecks.io or of a push monitor of Uptime Kuma: it is requested every minute, and the "
                    "service notifies you when that ends. Keep it private."
                ),
            ),
            Key(
                "disk_low_bytes",
                "268435456",
                N_("Notify when the disk of state_dir has less free space, in bytes; 0: never."),
            ),
        ),
    ),
    "logs": (
        N_("Log files, shown by `stocksup logs`. Only a change of format needs a restart."),
        (
            Key("max_bytes", "10485760", N_("Rotate a file of this size, in bytes; 0: never.")),
            Key("max_age_days", "7.0", N_("Rotate a file of this age, in days; 0: never.")),
            Key("keep", "8", N_("Number of rotated files to keep; 0: all.")),
            Key("format", '"text"', N_('"text" or "json".')),
        ),
    ),
    "dashboard": (
        N_("A page and metrics that show how the shop is doing. A change needs a restart of the program dashboard."),
        (
            Key(
                "enabled",
                "false",
                N_("Whether to run it. Log in: `stocksup dashboard link`, or /dashboard in Discord."),
            ),
            Key(
                "listen",
                '"127.0.0.1:8210"',
                N_("Address that it listens on; one that others can reach needs public_url."),
            ),
            Key(
                "public_url",
                '""',
                N_('Address for browsers behind a proxy with HTTPS, such as "https://shop.example.org"; empty: none.'),
            ),
            Key("retention_days", "30", N_("Days to keep the history.")),
        ),
    ),
    "programs.bot": (
        N_(
            "How the bot runs. A change of command, listen, env, cwd or ready needs a restart. Other programs have "
            "tables such as [programs.relay]."
        ),
        (
            Key(
                "command",
                '["python", "-m", "botapp"]',
                N_('Command to run; "python" is the Python that runs stocksup.'),
            ),
            Key(
                "check",
                '["python", "-m", "botapp", "--check"]',
                N_(
                    "Command to run before a restart, while the old process still runs; if it fails, the restart is "
                    "cancelled."
                ),
            ),
            Key(
                "on_failed",
                '["python", "-m", "botapp.report_failure"]',
                N_("Command to run when the bot has failed for good; the default one corrects what Discord shows."),
            ),
            Key(
                "listen",
                "[]",
                N_('Addresses that stay open during restarts, such as ["127.0.0.1:8790"]. Empty: none.'),
            ),
            Key("env", "{}", N_("Additional environment variables.")),
            Key("cwd", '""', N_("Working directory; empty: the directory of this file.")),
            Key("enabled", "true", N_("Whether to run the program.")),
            Key(
                "ready",
                '"notify"',
                N_('"notify": the program reports when it is ready; a number: it is ready after this many seconds.'),
            ),
            Key("restart", '"always"', N_('When to restart a program that exits: "always", "on-failure" or "never".')),
            Key("drain", "true", N_("Whether the program finishes its work before it stops.")),
            Key("flush_cache", "true", N_("Whether the program has a cache that a restart clears.")),
            Key("start_timeout_s", "60.0", N_("Maximum time to become ready, in seconds.")),
            Key(
                "drain_timeout_s",
                "30.0",
                N_("Maximum time to finish its work, in seconds; the rest is cancelled and reported."),
            ),
            Key("stop_timeout_s", "10.0", N_("Maximum time to stop, in seconds, before it is killed.")),
            Key(
                "heartbeat_timeout_s",
                "30.0",
                N_("Time without a heartbeat, in seconds, after which the program is restarted."),
            ),
            Key(
                "unhealthy_timeout_s",
                "3600.0",
                N_(
                    "Time that the program may stay unhealthy before it is restarted, in seconds; problems at "
                    "Discord do not count. 0: no limit."
                ),
            ),
            Key(
                "max_loop_lag_ms",
                "5000.0",
                N_("Delay of its event loop at which the program is unhealthy, in milliseconds. 0: no limit."),
            ),
            Key("max_errors", "0", N_("Restart after more errors than this within error_window_s. 0: no limit.")),
            Key("error_window_s", "300.0", N_("See max_errors.")),
            Key("memory_max", "0", N_("Restart above this memory use, in bytes. 0: no limit.")),
            Key(
                "max_recoveries_per_hour",
                "3",
                N_(
                    "Maximum number of restarts per hour for a hanging or unhealthy program; after more, it stays "
                    "stopped. 0: no limit."
                ),
            ),
            Key(
                "handover",
                "true",
                N_("Whether the next process gets ready beside the old one, and takes over without a pause."),
            ),
            Key("probation_s", "10", N_("Time in which the old process can serve again, in seconds.")),
            Key("restart_at", '""', N_('Time of the daily restart, such as "04:00"; empty: none.')),
            Key(
                "max_crashes",
                "5",
                N_(
                    "Maximum number of crashes within crash_window_s; after more, the program stays stopped. A crash "
                    "after at least 10 seconds of service does not count. 0: no limit."
                ),
            ),
            Key("crash_window_s", "300.0", N_("See max_crashes.")),
            Key(
                "max_starts_per_day",
                "900",
                N_("Maximum number of starts per day; Discord resets a token at 1000. 0: no limit."),
            ),
        ),
    ),
}


def render(values: Mapping[tuple[str, str], str | Currency]) -> str:
    """Return a new configuration file in the language in use, with `values` by table and key set."""
    parts: list[str] = []
    for table, (about, keys) in TABLES.items():
        lines = [*_comment(_(about)), *([f"[{table}]"] if table else [""])]
        for key in keys:
            lines += _comment(_(key.about))
            value = values.get((table, key.name))
            lines.append(f"#{key.name} = {key.default}" if value is None else f"{key.name} = {to_toml(value)}")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def to_toml(value: str | Currency) -> str:
    """Return a value as TOML."""
    return tomlkit.string(value).as_string() if isinstance(value, str) else currency.as_toml(value)


def _comment(text: str) -> list[str]:
    # a command stays in one piece
    whole = re.sub(r"`[^`]+`", lambda command: command[0].replace(" ", "\0"), text)
    lines = textwrap.wrap(whole, _WIDTH, break_on_hyphens=False, break_long_words=False)
    return [f"# {line}".replace("\0", " ") for line in lines]
