"""Read and write the two files of `init`: the configuration and the token."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import tomlkit
from tomlkit.exceptions import ParseError, TOMLKitError
from tomlkit.items import AoT

from botapp.cli.init import answers, template
from botapp.cli.init.currency import Currency
from botapp.config.token import MAX_TOKEN_CHARS
from botapp.locale import _
from botapp.locale.os_errors import os_error_text
from botapp.runtime.private_files import write_file
from supervisor.configfile import ConfigError, expand_home, open_to_read, read_text

#: values, by table ("" is the top of the file) and key
Values = Mapping[tuple[str, str], str]

#: default token file, relative to the configuration
TOKEN_FILE: Final = "token"


@dataclass(frozen=True)
class Existing:
    """The configuration file before `init` changes it."""

    path: Path
    #: its contents; None: it does not exist
    text: str | None
    #: its text values, by table and key
    values: Values

    @property
    def is_new(self) -> bool:
        """Whether the file does not exist yet."""
        return self.text is None

    @property
    def token_path(self) -> Path:
        """The path of the token file."""
        return self.path.parent / expand_home(self.path, self.values.get(("discord", "token_file")) or TOKEN_FILE)


def read(path: Path) -> Existing:
    """Return the configuration file at `path`, which may be missing. Raises ConfigError when it cannot be used."""
    if not os.path.exists(path):
        return Existing(path, None, {})
    text = read_text(path)
    document = _parse(path, text)
    values: dict[tuple[str, str], str] = {}
    for table in ("", "supervisor", "discord", "store"):
        content = document.get(table, {}) if table else document
        if not isinstance(content, Mapping):
            raise ConfigError(_("%(path)s: [%(table)s]: expected a table") % {"path": path, "table": table})
        values.update({(table, str(key)): str(value) for key, value in content.items() if isinstance(value, str)})
    return Existing(path, text, values)


def changed(existing: Existing, wanted: Mapping[tuple[str, str], str | Currency]) -> str:
    """Return the text of the configuration with the `wanted` values set and the rest unchanged. Pure.

    Raises ConfigError if a value cannot be set.
    """
    if existing.text is None:
        return template.render(wanted)
    document = _parse(existing.path, existing.text)
    for (table, key), value in wanted.items():
        if table and table not in document:
            document.append(table, tomlkit.table())
        container: Any = document[table] if table else document
        item = tomlkit.value(template.to_toml(value))
        if key in container and container[key].unwrap() == item.unwrap():
            continue
        if isinstance(container.get(key), AoT):
            text = _("%(path)s: [[%(table)s.%(key)s]]: init does not change such a list; edit it there")
            raise ConfigError(text % {"path": existing.path, "table": table, "key": key})
        container[key] = item
    return tomlkit.dumps(document)


def read_token(path: Path) -> str | None:
    """Return the token in the file at `path`, or None if the file is missing or empty.

    Raises ConfigError when it holds something else, which must not be overwritten, or cannot be opened.
    """
    try:
        with open_to_read(path) as file:
            text = file.read(4 * MAX_TOKEN_CHARS).decode("ascii", "replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(_cannot("open", path, error)) from error
    if not text.strip():
        return None
    if (token := answers.token(text)) is None:
        raise ConfigError(_("%s does not contain a token; move it, or name another token_file") % path)
    return token


def write_token(path: Path, token: str) -> bool:
    """Store the token in the file at `path`, readable only by its owner. Return whether the file changed.

    Raises ConfigError.
    """
    same = read_token(path) == token
    if same and not stat.S_IMODE(path.stat().st_mode) & 0o077:
        return False
    write(path, f"{token}\n".encode(), mode=0o600)
    return True


def keep_out_of_git(path: Path) -> Path | None:
    """In a working tree of git, add the file at `path` to the .gitignore beside it.

    Returns the .gitignore if it has changed. Raises ConfigError.
    """
    if not any(os.path.exists(parent / ".git") for parent in path.absolute().parents):
        return None
    ignore = path.parent / ".gitignore"
    text = read_text(ignore) if ignore.exists() else ""
    if {path.name, f"/{path.name}"} & set(text.split()):
        return None
    separator = "" if text.endswith("\n") or not text else "\n"
    mode = ignore.stat().st_mode & 0o777 if text else 0o644
    write(ignore, f"{text}{separator}/{path.name}\n".encode(), mode=mode)
    return ignore


def write(path: Path, data: bytes, *, mode: int) -> None:
    """Write the file at `path` atomically. An existing file keeps its owner; a symbolic link stays.

    Raises ConfigError.
    """
    try:
        write_file(path, data, mode=mode)
    except OSError as error:
        raise ConfigError(_cannot("write", path, error)) from error


def _parse(path: Path, text: str) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(text)
    except ParseError as error:
        text = _("%(path)s: not valid TOML at line %(line)d; correct it first, see stocksup check")
        raise ConfigError(text % {"path": path, "line": error.line}) from error
    except (TOMLKitError, ValueError, RecursionError) as error:
        text = _("%(path)s: not valid TOML; correct it first, see stocksup check")
        raise ConfigError(text % {"path": path}) from error


def _cannot(deed: str, path: Path, error: OSError) -> str:
    text = {
        "open": _("cannot open %(path)s: %(problem)s; fix its permissions"),
        "write": _("cannot write %(path)s: %(problem)s; fix its permissions or free some disk space"),
    }[deed]
    return text % {"path": path, "problem": os_error_text(error)}
