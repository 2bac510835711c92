"""In which language the commands speak: known before the first of them is loaded, since their help is made then."""

from __future__ import annotations

import gettext
import os
from collections.abc import Sequence
from pathlib import Path

from supervisor import locale
from supervisor.configfile import language_of


def choose(words: Sequence[str]) -> None:
    """Speak the language of the configuration that `words`, the arguments, lead to; else the terminal's.

    click's own words come from the catalogue `messages`, which the standard library looks up by $LANGUAGE. What a
    command starts inherits that, and so do the commands of other packages. Raises OSError: a catalogue is missing.
    """
    language = language_of(named_config(words))
    locale.use(language)
    os.environ["LANGUAGE"] = language
    gettext.bindtextdomain("messages", str(Path(locale.__file__).parent))


def named_config(words: Sequence[str]) -> Path | None:
    """Return what `--config` names, which can only stand before the command. Pure."""
    for word, after in zip(words, [*words[1:], ""], strict=False):
        if word == "--config":
            return Path(after)
        if word.startswith("--config="):
            return Path(word.partition("=")[2])
        if not word.startswith("-"):
            break
    return None
