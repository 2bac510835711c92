"""Parse answers to the questions of `init`. Pure, except for the time zone of the host."""

from __future__ import annotations

import difflib
import re
import warnings
import zoneinfo
from typing import Final

from botapp.config.token import MAX_TOKEN_CHARS
from botapp.locale import LANGUAGES

#: names of the Indonesian time zones
ABBREVIATIONS: Final = {"wib": "Asia/Jakarta", "wita": "Asia/Makassar", "wit": "Asia/Jayapura"}
_LANGUAGE_NAMES: Final = {"indonesia": "id", "bahasa indonesia": "id", "bahasa": "id", "english": "en", "inggris": "en"}


def language(text: str) -> str | None:
    """Return the language in an answer, or None."""
    word = text.strip().lower()
    word = _LANGUAGE_NAMES.get(word, word)
    return word if word in LANGUAGES else None


def timezone(text: str) -> str | None:
    """Return the IANA name of the time zone in an answer, or None."""
    word = text.strip().lower().replace(" ", "_")
    if word in ABBREVIATIONS:
        return ABBREVIATIONS[word]
    return next((name for name in zoneinfo.available_timezones() if name.lower() == word), None)


def near_timezones(text: str) -> list[str]:
    """Return time zones with a similar name; a city alone is enough."""
    word = text.strip().lower().replace(" ", "_")
    names = {name.lower(): name for name in sorted(zoneinfo.available_timezones())}
    of_city = {name.rpartition("/")[2]: name for name in names}
    near = [*difflib.get_close_matches(word, names, n=3), *difflib.get_close_matches(word, of_city, n=2, cutoff=0.75)]
    return list(dict.fromkeys(names[of_city.get(one, one)] for one in near))[:3]


def machine_timezone(default: str) -> str:
    """Return the time zone of this host, or `default` if it is unknown."""
    import tzlocal

    try:
        with warnings.catch_warnings():
            # a host without a time zone needs no warning: `init` asks
            warnings.simplefilter("ignore")
            name = tzlocal.get_localzone_name()
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return default
    return (timezone(name) if name else None) or default


def token(text: str) -> str | None:
    """Return the token in a pasted text, or None if it cannot be one."""
    word = text.strip().strip("\"'").removeprefix("Bot ").strip()
    return word if re.fullmatch(rf"[\x21-\x7e]{{1,{MAX_TOKEN_CHARS}}}", word) else None
