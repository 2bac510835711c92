"""The key that programs sign deposits with: read from its file, which nobody else may read."""

from __future__ import annotations

from typing import Final

from botapp.config.settings import Settings
from botapp.locale import _
from botapp.locale.os_errors import os_error_text
from supervisor.configfile import ConfigError

#: a key has as many bytes at least, and at most
MIN_KEY_BYTES: Final = 32
MAX_KEY_BYTES: Final = 4096


def read_key(settings: Settings) -> bytes | None:
    """Return the key in `[store.deposits] http_secret_file`; None where no port is set, and none is needed.

    Raises ConfigError when it is missing, too short, or can be read by others. The message never shows it.
    """
    deposits = settings.store.deposits
    if not deposits.http_port:
        return None
    if not deposits.http_secret_file:
        text = _(
            "%(path)s: [store.deposits] http_secret_file: http_port is set, so a file with a key is needed; %(remedy)s"
        )
        raise ConfigError(text % {"path": settings.path, "remedy": _remedy("deposits.key")})
    path = settings.path.parent / deposits.http_secret_file
    try:
        with path.open("rb") as file:
            key = file.read(MAX_KEY_BYTES + 1).strip()
            mode = path.stat().st_mode
    except FileNotFoundError as error:
        text = _("%(path)s is to hold the key of [store.deposits], and there is no such file; %(remedy)s")
        raise ConfigError(text % {"path": path, "remedy": _remedy(path.name)}) from error
    except OSError as error:
        text = _(
            "cannot open %(path)s, which should hold the key of [store.deposits]: %(problem)s; mend its permissions"
        )
        raise ConfigError(text % {"path": path, "problem": os_error_text(error)}) from error
    if mode & 0o077:
        text = _("other users of this machine can read %(path)s, the key of [store.deposits]; run: chmod 600 %(path)s")
        raise ConfigError(text % {"path": path})
    if not MIN_KEY_BYTES <= len(key) <= MAX_KEY_BYTES:
        text = _("%(path)s: a key of [store.deposits] has %(least)d to %(most)d bytes; %(remedy)s")
        facts = {"path": path, "least": MIN_KEY_BYTES, "most": MAX_KEY_BYTES, "remedy": _remedy(path.name)}
        raise ConfigError(text % facts)
    return key


def _remedy(name: str) -> str:
    return _("make one: (umask 077; openssl rand -hex 32 > %s)") % name
