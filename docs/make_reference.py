"""Generate the reference of commands and keys from the code: `python docs/make_reference.py`."""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec
from discord.ext import commands

import botapp.config.settings
import botapp.shop
import supervisor.config.settings
from botapp.cogs.admin import AdminCog
from botapp.cogs.base import help_sections
from botapp.cogs.setup import SetupCog
from botapp.store.domain.money import Denomination
from supervisor.cli.root import root

HERE = Path(__file__).resolve().parent / "reference"
MADE = "<!-- made by docs/make_reference.py -->\n"

#: the tables of config.toml, in order
TABLES: tuple[tuple[str, type[msgspec.Struct]], ...] = (
    ("", supervisor.config.settings.Settings),
    ("supervisor", supervisor.config.settings.Supervisor),
    ("discord", botapp.config.settings.Discord),
    ("bot", botapp.config.settings.Bot),
    ("bot.live", botapp.config.settings.Live),
    ("cache", supervisor.config.settings.Cache),
    ("alerts", supervisor.config.settings.Alerts),
    ("logs", supervisor.config.settings.Logs),
    ("store", botapp.config.settings.Store),
    ("store.currency", Denomination),
    ("store.deposits", botapp.config.settings.Deposits),
    ("dashboard", botapp.config.settings.Dashboard),
    ("programs.NAME", supervisor.config.settings.Program),
)
#: fields that are tables, not keys
_NOT_KEYS = {part for name, _ in TABLES for part in name.split(".")} - {"name"}


def command_line() -> str:
    """Return the page about the command line."""
    context = click.Context(root, info_name="stocksup")
    parts = [
        MADE,
        "# Commands\n",
        f"{_usage(context)}\n\n{_help(root)}\n",
        "Exit codes: 0 success · 1 failure · 2 wrong usage · 3 not running · 4 timeout · 78 invalid configuration · "
        "130 interrupted by Ctrl-C.\n",
    ]
    for name in root.list_commands(context):
        command = root.get_command(context, name)
        assert command is not None
        parts += _command(command, click.Context(command, info_name=name, parent=context), 2)
    return "\n".join(parts)


def _command(command: click.Command, context: click.Context, depth: int) -> Iterator[str]:
    yield f"{'#' * depth} {context.command_path}\n"
    yield f"{_usage(context)}\n\n{_help(command)}\n"
    if rows := list(_options(command, context)):
        yield "\n".join(["| option | |", "|---|---|", *rows, ""])
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            sub = command.get_command(context, name)
            assert sub is not None
            yield from _command(sub, click.Context(sub, info_name=name, parent=context), depth + 1)


def _usage(context: click.Context) -> str:
    words = " ".join([context.command_path, *context.command.collect_usage_pieces(context)])
    return f"    {words}"


def _help(command: click.Command) -> str:
    text = inspect.cleandoc(command.help or "")
    plain, *blocks = text.split("\b\n")
    return "\n".join([plain.strip(), *(f"\n{_indented(block)}" for block in blocks)]).strip()


def _indented(block: str) -> str:
    return "\n".join(f"    {line}" for line in block.strip().splitlines())


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    for parameter in command.params:
        record = parameter.get_help_record(context)
        if isinstance(parameter, click.Option) and record is not None:
            names, text = record
            yield f"| `{names.replace('|', chr(92) + '|')}` | {text} |"


def discord_commands() -> str:
    """Return the page about the commands in Discord."""
    parts = [
        MADE,
        "# Commands in Discord\n",
        "For admins (`[bot] admin_ids`, `admin_role_ids`), typed with the prefix or as slash commands. Arguments in\n"
        "brackets are optional; put names with spaces in quotes when you type a command. A command that asks for\n"
        "confirmation waits 30 s for `yes` or `no` (`ya` or `tidak`), or a click, by the same person in the same\n"
        "channel.\n",
        "The slash menu shows them to members with the permission Manage Server. To show them to other admins, use\n"
        "Server Settings > Integrations in Discord; the typed commands work without that.\n",
    ]
    for title, forms in help_sections(admin_cogs()):
        rows = [f"| {_cell(form.usage('!'))} | {form.about} | {_cell(form.sample('!'))} |" for form in forms]
        parts += [f"## {title}\n", "| command | | example |", "|---|---|---|", *rows, ""]
    return "\n".join(parts)


def admin_cogs() -> list[commands.Cog]:
    """Return the cogs with commands, without a bot."""
    bot: Any = None
    of_shop = (cog(bot, bot) for cog in botapp.shop.COGS)
    return [AdminCog(bot, bot), SetupCog(bot), *of_shop]


def _cell(text: str) -> str:
    return f"`{text.replace('|', chr(92) + '|')}`"


def configuration() -> str:
    """Return the page about the keys of config.toml."""
    parts = [
        MADE,
        "# config.toml\n",
        "Every key has a default. Unknown keys, wrong types and values out of range are refused with exit code 78;\n"
        "the message names the key and what is expected. A path is relative to the file; `~` is the home of its\n"
        "owner, also in the first word of a command.\n",
    ]
    for name, kind in TABLES:
        heading = (
            (f"[[{name}]]" if kind in (Denomination, botapp.config.settings.Live) else f"[{name}]")
            if name
            else "At the top of the file"
        )
        rows = [_key(kind, field) for field in msgspec.structs.fields(kind) if field.name not in _NOT_KEYS]
        parts += [f"## {heading}\n", "| key | default | values | |", "|---|---|---|---|", *rows, ""]
    return "\n".join(parts)


def _key(kind: type[msgspec.Struct], field: msgspec.structs.FieldInfo) -> str:
    default: Any = None
    if field.default is not msgspec.NODEFAULT:
        default = field.default
    elif field.default_factory is not msgspec.NODEFAULT:
        default = field.default_factory()
    shown = json.dumps(msgspec.to_builtins(default), ensure_ascii=False)
    cells = (
        f"`{field.name}`",
        "required" if field.required else f"`{shown}`",
        _values(kind, field.name),
        _about(kind).get(field.name, ""),
    )
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _values(kind: type[msgspec.Struct], key: str) -> str:
    schema = msgspec.json.schema(kind)
    definition = schema["$defs"][kind.__name__]["properties"][key]
    return " or ".join(_values_of(choice) for choice in definition.get("anyOf", [definition]))


def _values_of(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(f"`{json.dumps(value)}`" for value in schema["enum"])
    words = {"integer": "a whole number", "number": "a number", "string": "a string", "boolean": "`true`, `false`"}
    word = words.get(schema.get("type", ""), {"array": "a list", "object": "a table"}.get(schema.get("type", ""), ""))
    low, high = schema.get("minimum", schema.get("exclusiveMinimum")), schema.get("maximum")
    if schema.get("exclusiveMinimum") is not None:
        return f"{word} above {low:g} up to {high:g}" if high is not None else f"{word} above {low:g}"
    if low is not None and high is not None:
        return f"{word} from {low:,} to {high:,}".replace(",", " ")
    return f"{word} from {low:,}".replace(",", " ") if low is not None else word


def _about(kind: type[msgspec.Struct]) -> dict[str, str]:
    """Return the `#:` lines above each field of the class, by field."""
    about: dict[str, str] = {}
    comments: list[str] = []
    for line in inspect.getsource(kind).splitlines():
        if comment := re.fullmatch(r"\s*#: ?(.*)", line):
            comments.append(comment[1])
        elif field := re.match(r"    (\w+):", line):
            about[field[1]], comments = " ".join(comments), []
        else:
            comments = []
    return about


def pages() -> dict[Path, str]:
    """Return every generated page."""
    return {
        HERE / "commands.md": command_line(),
        HERE / "configuration.md": configuration(),
        HERE / "discord.md": discord_commands(),
    }


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text)
        sys.stdout.write(f"{path.name} is up to date\n")
