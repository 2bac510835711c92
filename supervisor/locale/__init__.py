"""Translations of the supervisor's texts. The texts in the code are English; a catalogue translates them."""

from __future__ import annotations

import gettext as _gettext
from collections.abc import Mapping
from pathlib import Path
from typing import Final

#: supported languages; the first is the default
LANGUAGES: Final = ("id", "en")
#: name of the catalogue files
DOMAIN: Final = "supervisor"
#: the language of the texts in the code; it needs no catalogue
SOURCE_LANGUAGE: Final = "en"

_current: _gettext.NullTranslations = _gettext.NullTranslations()


def use(language: str) -> None:
    """Set the language of the whole process to `language` ("id" or "en").

    Raises OSError when the catalogue is missing from the installation.
    """
    global _current
    if language == SOURCE_LANGUAGE:
        _current = _gettext.NullTranslations()
        return
    path = Path(__file__).parent / language / "LC_MESSAGES" / f"{DOMAIN}.mo"
    with path.open("rb") as file:
        _current = _gettext.GNUTranslations(file)


def of_terminal(environ: Mapping[str, str]) -> str:
    """Return the language of a terminal without a configuration: Indonesian if the terminal's is, else English."""
    named = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), "")
    return "id" if named.startswith("id") else "en"


def _(text: str) -> str:
    """Return `text` in the language in use."""
    return _current.gettext(text)


def format_number(value: float, digits: int = 6) -> str:
    """Return `value` with at most `digits` significant digits and the decimal mark of the language."""
    return f"{value:.{digits}g}".replace(".", _("."))


def N_(text: str) -> str:
    """Mark `text` for the catalogues; `_` translates it later."""
    return text
