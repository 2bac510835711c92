"""Translations of the bot's texts. The texts in the code are English; a catalogue translates them."""

from __future__ import annotations

import functools
import gettext as _gettext
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Final

#: supported languages; the first is the default
LANGUAGES: Final = ("id", "en")
#: name of the catalogue files
DOMAIN: Final = "botapp"
#: the language of the texts in the code; it needs no catalogue
SOURCE_LANGUAGE: Final = "en"

#: the language of the process: its log, and everyone without a language of their own
_default: _gettext.NullTranslations = _gettext.NullTranslations()
#: the language of the member who is being answered
_spoken: ContextVar[_gettext.NullTranslations | None] = ContextVar("language", default=None)
_name: str = LANGUAGES[0]


def use(language: str) -> None:
    """Set the language of the whole process to `language` ("id" or "en").

    Raises OSError when the catalogue is missing from the installation.
    """
    global _default, _name
    _default, _name = _catalogue(language), language


def of_terminal(environ: Mapping[str, str]) -> str:
    """Return the language of a terminal: Indonesian if the terminal's is, else English."""
    named = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), "")
    return "id" if named.startswith("id") else "en"


def use_of_command(environ: Mapping[str, str]) -> None:
    """Set the language to $LANGUAGE, in which `stocksup` names its own language to the commands that it loads."""
    if environ.get("LANGUAGE") in LANGUAGES:
        use(environ["LANGUAGE"])


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Use `language` in this block and in the tasks that it creates."""
    token = _spoken.set(_catalogue(language))
    try:
        yield
    finally:
        _spoken.reset(token)


@contextmanager
def of_process() -> Iterator[None]:
    """Use the language of the process in this block and in the tasks that it creates: for logs and public messages."""
    token = _spoken.set(None)
    try:
        yield
    finally:
        _spoken.reset(token)


def choose(*wanted: str | None) -> str:
    """Return the first supported language of `wanted`, else the language of the process.

    Args:
        wanted: Discord's names for languages, such as "id" or "en-US"; None for an unknown one.
    """
    for name in wanted:
        language = (name or "").partition("-")[0]
        if language in LANGUAGES:
            return language
    return _name


@functools.cache
def _catalogue(language: str) -> _gettext.NullTranslations:
    if language == SOURCE_LANGUAGE:
        return _gettext.NullTranslations()
    path = Path(__file__).parent / language / "LC_MESSAGES" / f"{DOMAIN}.mo"
    with path.open("rb") as file:
        return _gettext.GNUTranslations(file)


def _(text: str) -> str:
    """Return `text` in the language in use."""
    return (_spoken.get() or _default).gettext(text)


def N_(text: str) -> str:
    """Mark `text` for the catalogues; `_` translates it later."""
    return text
