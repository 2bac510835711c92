"""The bot's settings in effect, for `stocksup config show`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from botapp.config.loading import load

#: the tables that the bot alone checks
_TABLES: Final = ("discord", "bot", "store", "dashboard")
#: the variables that set a key, by that key
_VARIABLES: Final = {"discord.api_base": "STOCKSUP_DISCORD_API", "discord.gateway": "STOCKSUP_DISCORD_GATEWAY"}


def settings(path: Path, environ: Mapping[str, str] = os.environ) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the bot's tables with every key, and the variables of `environ` that set one, by its "table.key".

    Raises ConfigError.
    """
    loaded = load(path, environ)
    tables = {name: msgspec.to_builtins(getattr(loaded, name)) for name in _TABLES}
    return tables, {key: variable for key, variable in _VARIABLES.items() if environ.get(variable)}
