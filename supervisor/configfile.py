"""Read config.toml: find the file, parse it, explain every mistake. Public: programs may read their tables with it.

A command imports this module at its start, so it loads `msgspec`, `tomli` and `difflib` only when it needs them.
"""

from __future__ import annotations

import os
import pwd
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, get_args, get_origin

from supervisor.config.files import open_regular, open_to_read
from supervisor.locale import LANGUAGES, N_, _, of_terminal
from supervisor.locale import use as set_language
from supervisor.locale.third_party import os_error_text

__all__ = [
    "DEFAULT_TIMEZONE",
    "ConfigError",
    "TablePath",
    "check_keys",
    "convert",
    "expand_home",
    "find_config",
    "find_zone_file",
    "language_of",
    "named_config",
    "open_regular",
    "open_to_read",
    "os_error_text",
    "read_intact",
    "read_text",
    "read_toml",
    "search_paths",
    "set_language",
]

#: IANA name of the time zone when `timezone` is not set
DEFAULT_TIMEZONE: Final = "Asia/Jakarta"
#: largest configuration that is read, in bytes
MAX_BYTES: Final = 1024 * 1024
#: tables and lists within each other; the deepest key that exists has 4
MAX_DEPTH: Final = 20
#: whole numbers beyond this do not fit into 64 bits
MAX_NUMBER: Final = 2**63 - 1
#: characters of a key that a message shows
_MAX_KEY_CHARS: Final = 64
#: the longest IANA name has 32 characters
_MAX_ZONE_CHARS: Final = 64
#: the system's time zones
_ZONES: Final = Path("/usr/share/zoneinfo")
#: the first bytes of a file with a time zone
_ZONE_MAGIC: Final = b"TZif"

#: a table's place in the file: () is the top level, ("programs", "bot") is `[programs.bot]`
TablePath = tuple[str, ...]

_T = TypeVar("_T")

#: tomli's messages, as patterns, and our words for them
_TOML_ERRORS: Final = (
    (r"Expected '\]+' at the end .*", N_("the closing bracket of [a table] is missing")),
    (r"Expected '=' after a key .*", N_("the = after the name of a key is missing")),
    (r"Expected newline or end of document .*", N_("there is more on this line than a key and its value")),
    (r"(?:Cannot (?:declare|overwrite|mutate|redefine)|Duplicate) .*", N_("this table or key is defined twice")),
    (r"Unterminated string|Expected \"'+\"|Illegal character '\\n'", N_("the closing quotes of a text are missing")),
    (r"Unclosed array", N_("the closing bracket of a list is missing")),
    (r"Unclosed inline table", N_("the closing brace of a table is missing")),
    (r"Invalid statement", N_("a line must start with the name of a key, or with [a table]")),
    (r"Invalid value", N_("this is not a valid value; a text needs quotes")),
    (r"Unescaped .*", N_("write a backslash in a text twice, or put the text in single quotes")),
)

#: msgspec's names of types, and ours
_TYPES: Final = {
    "int": N_("a whole number"),
    "float": N_("a number"),
    "str": N_("a text in quotes"),
    "bool": N_("true or false"),
    "array": N_("a list"),
    "object": N_("a table"),
    "null": N_("nothing"),
}

#: msgspec's messages, as patterns, and ours; the first that matches is used
_TYPE_ERRORS: Final = (
    (r"Expected `(?P<expected>.+)`, got `(?P<given>.+)`", N_("expected %(expected)s, got %(given)s")),
    (r"Expected `str` of length >= 1", N_("expected a text that is not empty")),
    (r"Expected `array` of length >= 1", N_("expected a list that is not empty")),
    (r"Expected `str` of length <= (?P<most>\d+)", N_("expected a text of at most %(most)s characters")),
    (r"Expected `array` of length <= (?P<most>\d+)", N_("expected a list of at most %(most)s entries")),
    (r"Expected `str` matching regex .*S\+.*", N_("expected a text without spaces")),
    (r"Expected `(?P<expected>.+)` (?P<bound>[<>]=? [\d.]+)", N_("expected %(expected)s %(bound)s")),
    (r"Object missing required field `(?P<name>.+)`", N_("the key %(name)s is missing")),
    (r"Invalid enum value (?P<value>.+)", N_("invalid value %(value)s")),
)


class ConfigError(Exception):
    """A mistake in the configuration: one message with the place, the cause and the remedy. Exit code 78."""


class NoConfig(ConfigError):
    """No file is named, and none exists at any of the usual places."""


def expand_home(config: Path, named: str) -> str:
    """Return the path `named` in the configuration `config` with its `~` replaced.

    `~` is the home of the file's owner, so that it is the same for the service, for `sudo` and for the owner.
    """
    if named != "~" and not named.startswith("~/"):
        return os.path.expanduser(named)
    try:
        owner = config.stat().st_uid
        home = pwd.getpwuid(owner).pw_dir if owner != os.geteuid() else os.path.expanduser("~")
    except (OSError, KeyError):
        home = os.path.expanduser("~")
    return home + named[1:]


def find_zone_file(name: str) -> Path | None:
    """Return the file of the time zone `name`: the system's, or that of the package `tzdata`; None without one."""
    if len(name) > _MAX_ZONE_CHARS or not re.fullmatch(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*", name):
        return None
    if _is_zone_file(_ZONES / name):
        return _ZONES / name
    from importlib.util import find_spec

    package = find_spec("tzdata")
    if package is None or package.origin is None:
        return None
    path = Path(package.origin).parent / "zoneinfo" / name
    return path if _is_zone_file(path) else None


def _is_zone_file(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_ZONE_MAGIC)) == _ZONE_MAGIC
    except OSError:
        return False


def search_paths(environ: Mapping[str, str] = os.environ) -> list[Path]:
    """Return where `find_config` looks when no file is named, first place first."""
    home = [Path(environ["HOME"]) / ".config/stocksup/config.toml"] if environ.get("HOME") else []
    return [Path("config.toml"), *home, Path("/etc/stocksup/config.toml")]


def find_config(explicit: Path | None = None, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the absolute path of the configuration file in use.

    The order is `--config`, `$STOCKSUP_CONFIG`, `./config.toml`, `~/.config/stocksup/config.toml`,
    `/etc/stocksup/config.toml`.

    Args:
        explicit: the value of `--config`.
        environ: the environment.

    Raises:
        ConfigError: the named file is missing.
        NoConfig: none is named, and there is none at any of the other places.
    """
    named = named_config(explicit, environ)
    if named is not None:
        origin = "--config" if explicit else "$STOCKSUP_CONFIG"
        if not _exists(named):
            text = _("cannot open %(path)s: there is no such file; correct %(origin)s")
            raise ConfigError(text % {"path": named, "origin": origin})
        return named.absolute()
    for path in search_paths(environ):
        if _exists(path):
            return path.absolute()
    text = _(
        "no config.toml found (searched: %(paths)s); create one with: stocksup init, name one with --config FILE "
        "or $STOCKSUP_CONFIG, or try everything without one: stocksup demo"
    )
    raise NoConfig(text % {"paths": ", ".join(str(path) for path in search_paths(environ))})


def existing_configs(explicit: Path | None = None, environ: Mapping[str, str] = os.environ) -> list[Path]:
    """Return the absolute paths of the files that exist where `find_config` looks, first place first."""
    named = named_config(explicit, environ)
    paths = [named, *search_paths(environ)] if named is not None else search_paths(environ)
    return list(dict.fromkeys(path.absolute() for path in paths if os.path.isfile(path)))


def named_config(explicit: Path | None = None, environ: Mapping[str, str] = os.environ) -> Path | None:
    """Return the file that `--config` or `$STOCKSUP_CONFIG` names, whether it exists or not; None: neither is given."""
    named = explicit or environ.get("STOCKSUP_CONFIG")
    return Path(os.path.expanduser(named)) if named else None


def _exists(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        text = _("cannot open %(path)s: %(why)s; fix its permissions, or run this as its owner")
        raise ConfigError(text % {"path": path, "why": os_error_text(error)}) from error
    return True


def language_of(explicit: Path | None = None, environ: Mapping[str, str] = os.environ) -> str:
    """Return the language of the configuration in use, or the terminal's if that file cannot be read."""
    try:
        path = find_config(explicit, environ)
    except ConfigError:
        return of_terminal(environ)
    try:
        named = read_toml(path).get("language", LANGUAGES[0])
    except ConfigError:
        named = read_intact(path).get("language")
    return named if named in LANGUAGES else of_terminal(environ)


def read_toml(path: Path) -> dict[str, Any]:
    """Return the contents of the TOML file at `path`. Raises ConfigError, whatever is in the file."""
    import tomli

    try:
        contents = tomli.loads(read_text(path))
    except tomli.TOMLDecodeError as error:
        text = _("%(path)s: not valid TOML: line %(line)d, column %(column)d: %(problem)s")
        params = {"path": path, "line": error.lineno, "column": error.colno, "problem": _toml_problem(error.msg)}
        raise ConfigError(text % params) from error
    except (ValueError, RecursionError) as error:
        text = _("%(path)s: not valid TOML: a number is too long, or lists and tables are nested too deeply")
        raise ConfigError(text % {"path": path}) from error
    for key, problem in _value_problems(contents):
        raise ConfigError(f"{path}: {_key_label(key[:-1], key[-1])}: {problem}")
    return contents


def read_intact(path: Path, table: str = "") -> dict[str, Any]:
    """Return one table of a file that has a mistake elsewhere; empty if the mistake is in this table.

    Args:
        path: the file.
        table: the name of the table; "" is the top of the file.
    """
    import tomli

    try:
        lines = read_text(path).splitlines()
        heads = [number for number, line in enumerate(lines) if line.lstrip().startswith("[")]
        first = next((number + 1 for number in heads if lines[number].split("#")[0].strip() == f"[{table}]"), None)
        start = first if table else 0
        if start is None:
            return {}
        end = next((number for number in heads if number >= start), len(lines))
        return tomli.loads("\n".join(lines[start:end]))
    except (ConfigError, ValueError, RecursionError):
        return {}


def read_text(path: Path) -> str:
    """Return the text of a configuration file, without a byte order mark. Raises ConfigError."""
    try:
        with open(path, "rb", opener=_open_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ConfigError(_("cannot read %(path)s: not a regular file; name another file") % {"path": path})
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        text = _("cannot open %(path)s: %(why)s; fix its path or its permissions")
        raise ConfigError(text % {"path": path, "why": os_error_text(error)}) from error
    if len(data) > MAX_BYTES:
        text = _("%(path)s: larger than %(bytes)d bytes; name another file")
        raise ConfigError(text % {"path": path, "bytes": MAX_BYTES})
    try:
        return data.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        text = _("%(path)s: not UTF-8 text at byte %(byte)d; save it as UTF-8")
        raise ConfigError(text % {"path": path, "byte": error.start}) from error


def _open_without_waiting(path: str, flags: int) -> int:
    """Open a file; a named pipe without a writer does not block."""
    return os.open(path, flags | os.O_NONBLOCK)


def _value_problems(contents: Mapping[str, Any]) -> Iterator[tuple[TablePath, str]]:
    """Yield the place and the problem of each value that TOML allows, but that no key can have."""
    waiting: list[tuple[TablePath, int, Any]] = [((), 0, contents)]
    while waiting:
        key, depth, value = waiting.pop()
        if depth > MAX_DEPTH:
            yield key, _("lists and tables are nested too deeply; at most %(most)d levels") % {"most": MAX_DEPTH}
        elif isinstance(value, Mapping):
            waiting += (((*key, name), depth + 1, inner) for name, inner in value.items())
        elif isinstance(value, list):
            waiting += ((key, depth + 1, inner) for inner in value)
        elif isinstance(value, (int, float)) and not abs(value) <= MAX_NUMBER:  # which "nan" is not either
            yield key, _("not a number up to %(most)d") % {"most": MAX_NUMBER}
        elif isinstance(value, str) and "\0" in value:
            yield key, _("a text cannot contain a zero byte")


def _toml_problem(message: str) -> str:
    text = next((text for pattern, text in _TOML_ERRORS if re.fullmatch(pattern, message)), None)
    return _(text) if text else _("syntax error")


def check_keys(
    path: Path,
    contents: Mapping[str, Any],
    known: Mapping[TablePath, frozenset[str]],
    renamed: Mapping[tuple[TablePath, str], str] | None = None,
) -> None:
    """Refuse the first key that does not exist, with a similar name or with its new name.

    Args:
        path: the file, for the message.
        contents: the whole file, as `read_toml` returns it.
        known: the keys of each table; a table that is not listed here is not checked.
        renamed: the new names of keys that had another one.

    Raises:
        ConfigError: there is an unknown key.
    """
    for table, names in known.items():
        for content, is_list in _tables_at(contents, table):
            for key in content:
                if key not in names:
                    label = _key_label(table, key, is_list=is_list)
                    hint = _unknown_key_hint(key, names, (renamed or {}).get((table, key)))
                    raise ConfigError(f"{path}: {label}: {hint}")


def _tables_at(contents: Any, table: TablePath) -> Iterator[tuple[Mapping[str, Any], bool]]:
    """Yield the table, or each table of a list of tables, and whether it is in a list."""
    for name in table:
        contents = contents.get(name) if isinstance(contents, dict) else None
    entries = contents if isinstance(contents, list) else [contents]
    yield from ((entry, isinstance(contents, list)) for entry in entries if isinstance(entry, dict))


def _unknown_key_hint(key: str, names: frozenset[str], new_name: str | None) -> str:
    if new_name:
        return _("this key has a new name; rename it to '%(name)s'") % {"name": new_name}
    import difflib

    if similar := difflib.get_close_matches(key, sorted(names), n=1):
        return _("unknown key; did you mean '%(name)s'?") % {"name": similar[0]}
    return _("unknown key; expected one of %(names)s") % {"names": ", ".join(sorted(names))}


def _key_label(table: TablePath, key: str, *, is_list: bool = False) -> str:
    key = _printable(key)
    if not table:
        return key
    name = ".".join(map(_printable, table))
    return f"[[{name}]] {key}" if is_list else f"[{name}] {key}"


def _printable(key: str) -> str:
    key = key[:_MAX_KEY_CHARS]
    return key if key.isprintable() else repr(key)


def convert(path: Path, contents: Any, kind: type[_T], table: TablePath = ()) -> _T:
    """Return `contents` as a record of the type `kind`.

    Args:
        path: the file, for the message.
        contents: the table, as `read_toml` returns it.
        kind: a `msgspec.Struct`.
        table: where the table is in the file.

    Raises:
        ConfigError: a value has the wrong type or is out of range.
    """
    import msgspec

    try:
        return msgspec.convert(contents, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(_explain(path, table, str(error), kind)) from error


def _explain(path: Path, table: TablePath, message: str, kind: type) -> str:
    """Return msgspec's "Expected `int`, got `str` - at `$.max_bytes`" in our words, with the file and the key."""
    problem, _dash, place = message.partition(" - at `$")
    keys = tuple(name for name in re.split(r"[.`]+", re.sub(r"\[[\d.]*\]", "", place)) if name)
    names = (*table, *keys)
    label = _key_label(names[:-1], names[-1]) if names else _("the file")
    text = f"{path}: {label}: {_type_problem(problem)}"
    if problem.startswith("Invalid enum value") and (choices := list(_choices(_type_at(kind, keys)))):
        text += _("; expected %(choices)s") % {"choices": _join_choices(choices)}
    return text


def _type_problem(problem: str) -> str:
    for pattern, text in _TYPE_ERRORS:
        if match := re.fullmatch(pattern, problem):
            params = match.groupdict()
            params.update({name: _type_names(params[name]) for name in ("expected", "given") if name in params})
            return _(text) % params
    return problem[:1].lower() + problem[1:]


def _type_names(names: str) -> str:
    return _(" or ").join(_(_TYPES[name]) if name in _TYPES else name for name in names.split(" | "))


def _type_at(kind: Any, keys: TablePath) -> Any:
    """Return the type of the key that `keys` lead to, from the record `kind` on."""
    import msgspec

    for key in keys:
        fields = [field for struct in _structs(kind) for field in msgspec.structs.fields(struct)]
        kind = next((field.type for field in fields if field.encode_name == key), None)
    return kind


def _structs(kind: Any) -> list[Any]:
    return [kind] if hasattr(kind, "__struct_fields__") else [part for arg in get_args(kind) for part in _structs(arg)]


def _choices(kind: Any) -> Iterator[str]:
    """Yield the values that a type of a few words allows, as they are written in the file."""
    if kind is float:
        yield _("a number")
    elif get_origin(kind) is Literal:
        yield from (f'"{word}"' for word in get_args(kind))
    else:
        for part in get_args(kind):
            yield from _choices(part)


def _join_choices(choices: list[str]) -> str:
    *others, last = choices
    return _(" or ").join([", ".join(others), last]) if others else last
