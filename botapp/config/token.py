"""Find the bot's token and check its form. No message ever shows it."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from botapp.config.loading import load
from botapp.config.settings import Settings
from botapp.locale import _
from botapp.locale.os_errors import os_error_text
from supervisor.configfile import ConfigError, expand_home, open_to_read, read_toml

#: longest accepted token, in characters; Discord's have about 72
MAX_TOKEN_CHARS: Final = 512
#: environment variable that may hold the token
VARIABLE: Final = "DISCORD_TOKEN"
#: name of the systemd credential that may hold the token
CREDENTIAL: Final = "discord_token"


class TokenFileOfRoot(ConfigError):
    """Only root may read the token file: the service gets the token as a credential, a command cannot check it."""


def read_token(settings: Settings, environ: Mapping[str, str] = os.environ) -> str:
    """Return the bot's token: `$DISCORD_TOKEN`, `[discord] token_file`, or the systemd credential `discord_token`.

    The file has precedence over the credential, which systemd copied when the service started: a new token in the
    file is used from the next restart on. If only root may read the file, the credential is used instead.
    Raises ConfigError if there is no token, or if it cannot be one.
    """
    if token := environ.get(VARIABLE, "").strip():
        return _checked_token(token, "$DISCORD_TOKEN")
    path = settings.path.parent / settings.discord.token_file if settings.discord.token_file else None
    if path is None or _is_forbidden(path):
        credential = _read_credential(environ)
        if credential is not None:
            return _checked_token(credential, _("the systemd credential %s") % CREDENTIAL)
    if path is not None:
        return _checked_token(_read_secret(path), str(path))
    text = _("%s: [discord] token_file: there is no token; run: stocksup init (or try all without one: stocksup demo)")
    raise ConfigError(text % settings.path)


def credentials(path: Path) -> dict[str, Path]:
    """Return the files with secrets that the configuration at `path` names, by the name of their systemd credential.

    `stocksup service install` calls this. It does not check the configuration; `load` does.
    """
    discord = read_toml(path).get("discord")
    named = discord.get("token_file") if isinstance(discord, dict) else None
    return {CREDENTIAL: path.parent / expand_home(path, named)} if isinstance(named, str) and named else {}


def exclusive(path: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return a digest of the token that the configuration at `path` uses, by its name; empty without a token.

    `stocksup start` and `stocksup check` compare it with those of other instances: two bots with one token answer each
    member twice. The token of a test server is another one.
    """
    try:
        settings = load(path, {})
        token = read_token(settings, environ)
    except ConfigError:
        return {}  # the checks report it
    digest = hashlib.sha256(f"{settings.discord.api_base}\0{token}".encode())
    return {"token": digest.hexdigest()}


def open_token_file(settings: Settings) -> Path | None:
    """Return the token file if other users of this machine can read it, else None."""
    if not settings.discord.token_file:
        return None
    path = settings.path.parent / settings.discord.token_file
    try:
        return path if path.stat().st_mode & 0o077 else None
    except OSError:
        return None  # `read_token` reports the problem


def _read_credential(environ: Mapping[str, str]) -> str | None:
    """Return the credential that systemd passed to the service; None without one."""
    if not (directory := environ.get("CREDENTIALS_DIRECTORY")):
        return None
    path = Path(directory, CREDENTIAL)
    try:
        return _read(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        text = _(
            "cannot open the systemd credential %(path)s: %(problem)s; let the user of the service read the token file "
            "(chown), then run: stocksup service install"
        )
        raise ConfigError(text % {"path": path, "problem": os_error_text(error)}) from error


def _read(path: Path) -> str:
    with open_to_read(path) as file:
        return file.read(4 * MAX_TOKEN_CHARS).decode("ascii", "replace").strip()


def _read_secret(path: Path) -> str:
    try:
        return _read(path)
    except FileNotFoundError as error:
        text = _("%(path)s: this file must contain the token, but does not exist; run: stocksup init")
        raise ConfigError(text % {"path": path}) from error
    except OSError as error:
        text = _(
            "cannot open the token file %(path)s: %(problem)s; correct [discord] token_file or the file's permissions, "
            "or run: stocksup init"
        )
        kind = TokenFileOfRoot if isinstance(error, PermissionError) and _belongs_to_root(path) else ConfigError
        raise kind(text % {"path": path, "problem": os_error_text(error)}) from error


def _belongs_to_root(path: Path) -> bool:
    try:
        return path.stat().st_uid == 0
    except OSError:
        return False


def _is_forbidden(path: Path) -> bool:
    """Return whether the file exists and we may not read it."""
    try:
        open_to_read(path).close()
    except PermissionError:
        return True
    except OSError:
        return False
    return False


def _checked_token(token: str, origin: str) -> str:
    if not re.fullmatch(rf"[\x21-\x7e]{{1,{MAX_TOKEN_CHARS}}}", token):
        text = _("%s does not contain a token; expected one line without spaces, as the Developer Portal shows it")
        raise ConfigError(text % origin)
    return token
