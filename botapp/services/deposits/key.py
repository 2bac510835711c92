"""The key file that programs sign deposits with."""

from __future__ import annotations

from typing import Final

from botapp.config.settings import Settings
from botapp.locale import _
from botapp.locale.os_errors import os_error_text
from supervisor.configfile import ConfigError, open_to_read

#: minimum and maximum length of a key, in bytes
MIN_KEY_BYTES: Final = 32
MAX_KEY_BYTES: Final = 4096


def read_key(settings: Settings) -> bytes | None:
    """Return the key in `[store.deposits] http_secret_file`; None if neither a port nor a socket is configured.

    Raises ConfigError if the key is missing, too short, or readable by other users. The message never contains the key.
    """
    deposits = settings.store.deposits
    if not deposits.http_port and not settings.listen:
        return None
    if not deposits.http_secret_file:
        text = _("%(path)s: [store.deposits] http_secret_file is missing; %(key)s needs a key file; %(remedy)s")
        reason = "[programs.bot] listen" if settings.listen else "http_port"
        raise ConfigError(text % {"path": settings.path, "key": reason, "remedy": _remedy("deposits.key")})
    path = settings.path.parent / deposits.http_secret_file
    try:
        with open_to_read(path) as file:
            key = file.read(MAX_KEY_BYTES + 1).strip()
            mode = path.stat().st_mode
    except FileNotFoundError as error:
        text = _("%(path)s, the key file of [store.deposits], does not exist; %(remedy)s")
        raise ConfigError(text % {"path": path, "remedy": _remedy(path.name)}) from error
    except OSError as error:
        text = _("cannot open %(path)s, the key file of [store.deposits]: %(problem)s; correct its permissions")
        raise ConfigError(text % {"path": path, "problem": os_error_text(error)}) from error
    if mode & 0o077:
        text = _("other users can read %(path)s, the key file of [store.deposits]; run: chmod 600 %(path)s")
        raise ConfigError(text % {"path": path})
    if not MIN_KEY_BYTES <= len(key) <= MAX_KEY_BYTES:
        text = _("%(path)s: the key of [store.deposits] must have %(least)d to %(most)d bytes; %(remedy)s")
        params = {"path": path, "least": MIN_KEY_BYTES, "most": MAX_KEY_BYTES, "remedy": _remedy(path.name)}
        raise ConfigError(text % params)
    return key


def _remedy(name: str) -> str:
    return _("create one: (umask 077; openssl rand -hex 32 > %s)") % name
