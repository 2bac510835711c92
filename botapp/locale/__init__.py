"""What the bot says, in Indonesian and English. The texts in the code are the keys of the catalogues."""

from __future__ import annotations

import functools
import gettext as _gettext
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Final

#: the languages there is a catalogue for; the first is the default
LANGUAGES: Final = ("id", "en")
#: name of the catalogue files
DOMAIN: Final = "botapp"

#: the language of the process, for its log and for whoever has said no other
_default: _gettext.NullTranslations = _gettext.NullTranslations()
#: that of the member who is being answered
_spoken: ContextVar[_gettext.NullTranslations | None] = ContextVar("language", default=None)
_name: str = LANGUAGES[0]


def use(language: str) -> None:
    """Say everything in `language` ("id" or "en") from now on, in the whole process.

    Raises OSError when the catalogue is missing from the installation.
    """
    global _default, _name
    _default, _name = _catalogue(language), language


def use_of_command(environ: Mapping[str, str]) -> None:
    """Say everything in the language of the `stocksup` that has loaded a command of ours; it stands in $LANGUAGE."""
    if environ.get("LANGUAGE") in LANGUAGES:
        use(environ["LANGUAGE"])


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Say what is said in this block, and in tasks begun in it, in `language`, whatever the process speaks."""
    token = _spoken.set(_catalogue(language))
    try:
        yield
    finally:
        _spoken.reset(token)


@contextmanager
def of_process() -> Iterator[None]:
    """Say what is said in this block, and in tasks begun in it, as the process does: its log, what everybody reads."""
    token = _spoken.set(None)
    try:
        yield
    finally:
        _spoken.reset(token)


def choose(*wanted: str | None) -> str:
    """Return the first language of `wanted` that we speak, else that of the process.

    Args:
        wanted: Discord's names for languages, such as "id" or "en-US"; None where one is not known.
    """
    for one in wanted:
        language = (one or "").partition("-")[0]
        if language in LANGUAGES:
            return language
    return _name


@functools.cache
def _catalogue(language: str) -> _gettext.NullTranslations:
    path = Path(__file__).parent / language / "LC_MESSAGES" / f"{DOMAIN}.mo"
    with path.open("rb") as file:
        return _gettext.GNUTranslations(file)


def _(text: str) -> str:
    """Return `text` in the language in use."""
    return (_spoken.get() or _default).gettext(text)


def N_(text: str) -> str:
    """Mark `text` for the catalogues where it is only translated later, by `_`."""
    return text
