"""What people answer, and what it means. Pure, but for the machine's own time zone."""

from __future__ import annotations

import difflib
import re
import warnings
import zoneinfo
from typing import Final

from botapp.config.token import MAX_TOKEN_CHARS
from botapp.locale import LANGUAGES

#: what people in Indonesia call their time
ABBREVIATIONS: Final = {"wib": "Asia/Jakarta", "wita": "Asia/Makassar", "wit": "Asia/Jayapura"}
_LANGUAGE_NAMES: Final = {"indonesia": "id", "bahasa indonesia": "id", "bahasa": "id", "english": "en", "inggris": "en"}


def language(text: str) -> str | None:
    """Return the language that an answer means; None: it means none."""
    word = text.strip().lower()
    word = _LANGUAGE_NAMES.get(word, word)
    return word if word in LANGUAGES else None


def timezone(text: str) -> str | None:
    """Return the IANA name of the time zone that an answer means; None: there is no such zone."""
    word = text.strip().lower().replace(" ", "_")
    if word in ABBREVIATIONS:
        return ABBREVIATIONS[word]
    return next((name for name in zoneinfo.available_timezones() if name.lower() == word), None)


def near_timezones(text: str) -> list[str]:
    """Return names of time zones that an answer may have meant; a city alone is enough."""
    word = text.strip().lower().replace(" ", "_")
    names = {name.lower(): name for name in sorted(zoneinfo.available_timezones())}
    of_city = {name.rpartition("/")[2]: name for name in names}
    near = [*difflib.get_close_matches(word, names, n=3), *difflib.get_close_matches(word, of_city, n=2, cutoff=0.75)]
    return list(dict.fromkeys(names[of_city.get(one, one)] for one in near))[:3]


def machine_timezone(default: str) -> str:
    """Return the time zone of this machine, or `default` when it has none that can be told."""
    import tzlocal

    try:
        with warnings.catch_warnings():
            # a machine without one is nothing to warn of: whoever sets it up is asked
            warnings.simplefilter("ignore")
            name = tzlocal.get_localzone_name()
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return default
    return (timezone(name) if name else None) or default


def token(text: str) -> str | None:
    """Return the token in what was pasted; None: it cannot be one."""
    word = text.strip().strip("\"'").removeprefix("Bot ").strip()
    return word if re.fullmatch(rf"[\x21-\x7e]{{1,{MAX_TOKEN_CHARS}}}", word) else None
