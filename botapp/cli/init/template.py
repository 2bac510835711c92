"""A new config.toml: every key there is, with what it means, where its value is found and when a change counts.

Keys that stand at their default are commented out: `#key = …` without a space, so that they are told from words.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from typing import Final

import tomlkit

from botapp.locale import N_, _

_WIDTH: Final = 100


@dataclass(frozen=True)
class Key:
    """One key: its default as TOML, and what to say about it."""

    name: str
    default: str
    about: str


#: what stands above each table, and the keys in it; "": the top of the file
TABLES: Final[dict[str, tuple[str, tuple[Key, ...]]]] = {
    "": (
        N_(
            "Settings of your shop, written by `stocksup init`. A line that begins with # counts for nothing; "
            "take the # away to set a key. After a change: `stocksup check`, then `stocksup reload`, which says what "
            "counts already and what counts after `!restart` in Discord."
        ),
        (
            Key("language", '"id"', N_('What members, admins and the log read: "id" or "en".')),
            Key(
                "timezone",
                '"Asia/Jakarta"',
                N_("Time zone of the shop and its log, an IANA name such as Asia/Jakarta."),
            ),
        ),
    ),
    "supervisor": (
        N_("The process that keeps the bot running. First `stocksup stop`, then change it, then `stocksup start`."),
        (Key("state_dir", '"state"', N_("Everything that is kept is below this directory; relative to this file.")),),
    ),
    "discord": (
        N_("How the bot gets to Discord. A change counts at the next restart of the bot."),
        (
            Key(
                "token_file",
                '""',
                N_(
                    "The file with the bot's token and nothing else, readable by you alone. The token is at "
                    "discord.com/developers: your application, Bot, Reset Token. $DISCORD_TOKEN goes before it."
                ),
            ),
            Key("api_base", '""', N_("Address of another Discord, for tests; empty: the real one.")),
            Key("gateway", '""', N_("The same for its gateway.")),
        ),
    ),
    "bot": (
        N_(
            "The bot itself. A change counts at its next restart. Ids: in Discord switch Developer Mode on "
            "(User Settings, Advanced), then right-click a user, role or channel: Copy ID."
        ),
        (
            Key("prefix", '"!"', N_("What a typed command begins with.")),
            Key(
                "admin_ids",
                "[]",
                N_("Ids of the users who may restart and set up; empty: the owner of the application."),
            ),
            Key("admin_role_ids", "[]", N_("Ids of roles whose members may do that too.")),
            Key(
                "live_channel_id",
                "0",
                N_(
                    "Id of the channel of the live message; 0: `/setup` in a channel chooses it, "
                    "at once and without a restart."
                ),
            ),
            Key("edit_interval_s", "2.0", N_("Shortest time between two edits of the live message, in seconds.")),
            Key(
                "live",
                "[]",
                N_('Further live messages, each in its own language: [{ channel_id = 1, language = "en" }].'),
            ),
        ),
    ),
    "cache": (
        N_("What the next life of the bot sees of the cache. A change counts without a restart, but for max_bytes."),
        (
            Key("flush_on_restart", '"all"', N_('What a restart takes away: "all", "temporary", "expired" or "none".')),
            Key("flush_on_crash", '"temporary"', N_("The same after a crash.")),
            Key("max_bytes", "268435456", N_("The most that the cache may hold, in bytes.")),
        ),
    ),
    "store": (
        N_("The shop. A change counts at the bot's next restart."),
        (
            Key(
                "url",
                '""',
                N_("Its database; empty: a file below state_dir. Or: postgresql://USER:PASSWORD@HOST/NAME."),
            ),
            Key("member_name_label", '"ID"', N_('What members call the name that they register, such as "GrowID".')),
            Key(
                "currency",
                '[{ name = "Coin", short = "C", value = 1 }]',
                N_("Denominations of the shop's money; one is worth 1, the base unit that prices are in."),
            ),
            Key("max_quantity", "100", N_("The most pieces that may be bought at once.")),
            Key("cooldown_s", "3.0", N_("Seconds between two purchases of one member.")),
            Key("low_stock", "10", N_("Pieces down to which a product counts as running low.")),
            Key("purchase_log_channel_id", "0", N_("Channel in which purchases are noted; 0: none.")),
            Key(
                "notice_channel_id",
                "0",
                N_("Channel in which admins are told of low stock and of refused deposits; 0: none."),
            ),
            Key("backup_keep_days", "14", N_("Days that a daily backup is kept; 0: none is made.")),
        ),
    ),
    "store.deposits": (
        N_("How money comes in without an admin. A change counts at the bot's next restart."),
        (
            Key("channel_ids", "[]", N_("Channels in which webhooks report deposits.")),
            Key("webhook_ids", "[]", N_("The webhooks that may; nobody else is believed.")),
            Key(
                "member_name_pattern",
                r"'GrowID:\s*(?P<handle>\S+)'",
                N_("Finds the name in such a message: a regular expression with a group called handle."),
            ),
            Key(
                "amount_pattern",
                r"'Deposit:\s*(?P<amount>[^\n]+)'",
                N_("Finds the amount: a regular expression with a group called amount."),
            ),
            Key(
                "http_port",
                "0",
                N_("Port on this machine at which programs report deposits, signed; 0: none."),
            ),
            Key("http_secret_file", '""', N_("File with the key they sign with; relative to this file.")),
        ),
    ),
    "alerts": (
        N_(
            "Who is told, without the bot's help, of what you have to know. A change counts without a restart. "
            "Try it: `stocksup alerts test`."
        ),
        (
            Key(
                "urls",
                "[]",
                N_(
                    'Addresses as Apprise writes them, such as ["tgram://…"]. Whoever knows one may write there: '
                    "let nobody else read this file then."
                ),
            ),
            Key(
                "disk_low_bytes",
                "268435456",
                N_("Free bytes on the disk of state_dir below which you are told; 0: never."),
            ),
        ),
    ),
    "logs": (
        N_("The files below state_dir that `stocksup logs` shows. A change counts without a restart, but for format."),
        (
            Key("max_bytes", "10485760", N_("A file of that size is moved away, in bytes; 0: whatever its size.")),
            Key("max_age_days", "7.0", N_("The same by age, in days; 0: however old it is.")),
            Key("keep", "8", N_("Old files that stay beside the present one; 0: all.")),
            Key("format", '"text"', N_('"text" or "json".')),
        ),
    ),
    "programs.bot": (
        N_(
            "How the bot is run. A change of command, env, cwd or ready counts at its next restart, everything else "
            "without one. Other programs: tables such as [programs.relay]."
        ),
        (
            Key("command", '["python", "-m", "botapp"]', N_('Words to run; "python" is the one that runs stocksup.')),
            Key(
                "check",
                '["python", "-m", "botapp", "--check"]',
                N_("Runs before a restart while the old bot serves; if it fails, nothing is restarted."),
            ),
            Key("env", "{}", N_("Added to its environment.")),
            Key("cwd", '""', N_("The directory it runs in; empty: that of this file.")),
            Key("enabled", "true", N_("Whether it is run at all.")),
            Key(
                "ready",
                '"notify"',
                N_('"notify": it says itself when it is ready; or the seconds that it has to stay alive.'),
            ),
            Key("restart", '"always"', N_('When it ends by itself: "always", "on-failure" or "never".')),
            Key("drain", "true", N_("Whether it is to finish its work before it ends.")),
            Key("flush_cache", "true", N_("Whether it has a cache that is switched between its lives.")),
            Key("start_timeout_s", "60.0", N_("Seconds until it has to be ready.")),
            Key(
                "drain_timeout_s",
                "30.0",
                N_("Seconds for finishing its work; what is left then is cut off, and reported."),
            ),
            Key("stop_timeout_s", "10.0", N_("Seconds for ending, before it is killed.")),
            Key("heartbeat_timeout_s", "30.0", N_("Seconds of silence after which it is taken for hung.")),
            Key(
                "unhealthy_timeout_s",
                "3600.0",
                N_(
                    "Seconds without a pause for which it may be unhealthy before it gets a new life. What is wrong at "
                    "Discord, not here, does not count. 0: for ever."
                ),
            ),
            Key(
                "max_loop_lag_ms",
                "5000.0",
                N_("Delay of its loop in milliseconds from which on it counts as unhealthy. 0: no limit."),
            ),
            Key("max_errors", "0", N_("More errors within error_window_s seconds: a new life. 0: no limit.")),
            Key("error_window_s", "300.0", N_("See max_errors.")),
            Key("memory_max", "0", N_("More bytes of memory than that: a new life. 0: no limit.")),
            Key(
                "max_recoveries_per_hour",
                "3",
                N_(
                    "New lives within an hour for what hangs or is unwell; if they did not help, it is given up. "
                    "0: never."
                ),
            ),
            Key("restart_at", '""', N_('Time of day at which it gets a new life, such as "04:00". Empty: never.')),
            Key(
                "max_crashes",
                "5",
                N_("More crashes than that within crash_window_s seconds: it is given up. 0: never."),
            ),
            Key("crash_window_s", "300.0", N_("See max_crashes.")),
            Key("max_starts_per_day", "900", N_("Discord resets a token at 1000 starts a day. 0: no limit.")),
        ),
    ),
}


def render(values: dict[tuple[str, str], str]) -> str:
    """Return a new configuration file in the language in use, with `values` by table and key set."""
    parts: list[str] = []
    for table, (about, keys) in TABLES.items():
        lines = [*_comment(_(about)), *([f"[{table}]"] if table else [""])]
        for key in keys:
            lines += _comment(_(key.about))
            value = values.get((table, key.name))
            lines.append(f"#{key.name} = {key.default}" if value is None else f"{key.name} = {_quoted(value)}")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _comment(text: str) -> list[str]:
    # a command stays in one piece
    whole = re.sub(r"`[^`]+`", lambda command: command[0].replace(" ", "\0"), text)
    lines = textwrap.wrap(whole, _WIDTH, break_on_hyphens=False, break_long_words=False)
    return [f"# {line}".replace("\0", " ") for line in lines]


def _quoted(text: str) -> str:
    return tomlkit.string(text).as_string()
