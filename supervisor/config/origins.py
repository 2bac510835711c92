"""Tell where each setting comes from: a line of the file, or the default. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from supervisor.configfile import TablePath
from supervisor.logs.masking import STARS, mask_secrets, mask_words

_TABLE: Final = re.compile(r"\s*\[{1,2}(?P<name>[^\[\]]+)\]{1,2}\s*(?:#.*)?")
_KEY: Final = re.compile(r"\s*(?P<name>(?:[\w-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[\w-]+|\"[^\"]*\"|'[^']*'))*)\s*=")
_PART: Final = re.compile(r"[\w-]+|\"[^\"]*\"|'[^']*'")
_LONG_QUOTES: Final = re.compile(r'"""|\'\'\'')


def find_lines(text: str) -> dict[TablePath, int]:
    """Return the line of each table and key in the TOML `text`, from 1; of one that is there repeatedly, the first."""
    found: dict[TablePath, int] = {}
    table: TablePath = ()
    in_text = False
    for number, line in enumerate(text.splitlines(), 1):
        was_in_text = in_text
        in_text ^= len(_LONG_QUOTES.findall(line)) % 2 == 1
        if was_in_text:
            continue
        if match := _TABLE.fullmatch(line):
            table = _names(match["name"])
            found.setdefault(table, number)
        elif match := _KEY.match(line):
            found.setdefault((*table, *_names(match["name"])), number)
    return found


def line_of(key: TablePath, contents: Mapping[str, Any], lines: Mapping[TablePath, int]) -> int | None:
    """Return the line where the file sets `key`; None if it does not. `contents` is the parsed file."""
    value: Any = contents
    for name in key:
        if not isinstance(value, Mapping) or name not in value:
            return None
        value = value[name]
    # a key of an inline table is where that table is
    return next((lines[key[:end]] for end in range(len(key), 0, -1) if key[:end] in lines), None)


def flatten(settings: Mapping[str, Any], table: TablePath = ()) -> Iterator[tuple[TablePath, Any]]:
    """Yield the place and the value of each key of nested tables; `env` and lists count as values."""
    for name, value in settings.items():
        if isinstance(value, Mapping) and name != "env":
            yield from flatten(value, (*table, name))
        else:
            yield (*table, name), value


def masked(key: TablePath, value: Any) -> Any:
    """Return the value of `key` without secrets: a URL of alerts is one, and a variable of a program may be."""
    if key == ("alerts", "urls"):
        return [STARS for _url in value]
    if key == ("alerts", "ping_url"):
        return STARS if value else value
    if key[-1] == "env":
        return dict.fromkeys(value, STARS)
    if isinstance(value, str):
        return mask_secrets(value)
    if isinstance(value, (list, tuple)):
        is_command = all(isinstance(one, str) for one in value)
        return mask_words(value) if is_command else [masked((*key, ""), one) for one in value]
    return value


def _names(dotted: str) -> TablePath:
    return tuple(name.strip("\"'") for name in _PART.findall(dotted))
