"""The bot's token: where it is, and whether what is there can be one. Never shown."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from botapp.config.settings import ConfigError, Settings, read_toml
from botapp.locale import _
from botapp.locale.os_errors import why

#: longest token that is looked at, in characters; Discord's have about 72
MAX_TOKEN_CHARS: Final = 512
#: name of the systemd credential that may hold it
CREDENTIAL: Final = "discord_token"


class TokenIsRoots(ConfigError):
    """The token is in a file that only root may read; a service gets it as a credential, whoever looks does not."""


def read_token(settings: Settings, environ: Mapping[str, str] = os.environ) -> str:
    """Return the bot's token: `$DISCORD_TOKEN`, `[discord] token_file`, or a systemd credential `discord_token`.

    The file goes before the credential, which is a copy as old as the service: a new token in the file counts from
    the next life on. Where only root may read the file, the credential stands in for it.
    Raises ConfigError when there is none, or what is there cannot be a token. The message never shows it.
    """
    credential = Path(environ["CREDENTIALS_DIRECTORY"], CREDENTIAL) if environ.get("CREDENTIALS_DIRECTORY") else None
    if token := environ.get("DISCORD_TOKEN", "").strip():
        return _checked_token(token, "$DISCORD_TOKEN")
    if settings.discord.token_file:
        path = settings.path.parent / settings.discord.token_file
        if not (credential and credential.exists() and _is_forbidden(path)):
            return _checked_token(_read_secret(path), str(path))
    if credential and credential.exists():
        return _checked_token(_read_secret(credential), _("the systemd credential %s") % CREDENTIAL)
    text = _("%s: [discord] token_file: there is no token; run: stocksup init (to see all without one: stocksup demo)")
    raise ConfigError(text % settings.path)


def credentials(path: Path) -> dict[str, Path]:
    """Return the files with secrets that the configuration at `path` names, by the name of their systemd credential.

    `stocksup service install` asks for them. What is wrong with the file, `load` says.
    """
    discord = read_toml(path).get("discord")
    named = discord.get("token_file") if isinstance(discord, dict) else None
    return {CREDENTIAL: path.parent / named} if isinstance(named, str) and named else {}


def open_token_file(settings: Settings) -> Path | None:
    """Return the token file if other users of this machine can read it, else None."""
    if not settings.discord.token_file:
        return None
    path = settings.path.parent / settings.discord.token_file
    try:
        return path if path.stat().st_mode & 0o077 else None
    except OSError:
        return None  # `read_token` says what is wrong with it


def _read_secret(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(4 * MAX_TOKEN_CHARS).decode("ascii", "replace").strip()
    except FileNotFoundError as error:
        text = _("%(path)s is to hold the token, and there is no such file; run: stocksup init")
        raise ConfigError(text % {"path": path}) from error
    except OSError as error:
        text = _(
            "cannot open %(path)s, which should hold the token: %(problem)s; mend [discord] token_file or the file's "
            "permissions, or run: stocksup init"
        )
        kind = TokenIsRoots if isinstance(error, PermissionError) and _is_roots(path) else ConfigError
        raise kind(text % {"path": path, "problem": why(error)}) from error


def _is_roots(path: Path) -> bool:
    try:
        return path.stat().st_uid == 0
    except OSError:
        return False


def _is_forbidden(path: Path) -> bool:
    """Tell whether the file is one that we may not read; one that is missing is a mistake instead."""
    try:
        path.open("rb").close()
    except PermissionError:
        return True
    except OSError:
        return False
    return False


def _checked_token(token: str, origin: str) -> str:
    if not re.fullmatch(rf"[\x21-\x7e]{{1,{MAX_TOKEN_CHARS}}}", token):
        text = _("%s does not hold a token; expected one line without spaces, as the Developer Portal shows it")
        raise ConfigError(text % origin)
    return token
