"""What the bot says, in Indonesian and English. The texts in the code are the keys of the catalogues."""

from __future__ import annotations

import gettext as _gettext
from collections.abc import Mapping
from pathlib import Path
from typing import Final

#: the languages there is a catalogue for; the first is the default
LANGUAGES: Final = ("id", "en")
#: name of the catalogue files
DOMAIN: Final = "botapp"

_current: _gettext.NullTranslations = _gettext.NullTranslations()


def use(language: str) -> None:
    """Say everything in `language` ("id" or "en") from now on, in the whole process.

    Raises OSError when the catalogue is missing from the installation.
    """
    global _current
    path = Path(__file__).parent / language / "LC_MESSAGES" / f"{DOMAIN}.mo"
    with path.open("rb") as file:
        _current = _gettext.GNUTranslations(file)


def use_of_command(environ: Mapping[str, str]) -> None:
    """Say everything in the language of the `stocksup` that has loaded a command of ours; it stands in $LANGUAGE."""
    if environ.get("LANGUAGE") in LANGUAGES:
        use(environ["LANGUAGE"])


def _(text: str) -> str:
    """Return `text` in the language in use."""
    return _current.gettext(text)


def N_(text: str) -> str:
    """Mark `text` for the catalogues where it is only translated later, by `_`."""
    return text
