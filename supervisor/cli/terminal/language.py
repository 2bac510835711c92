"""Choose the language of the commands, before the first command is loaded: loading it creates its help."""

from __future__ import annotations

import gettext
import os
from collections.abc import Sequence
from pathlib import Path

from supervisor import locale
from supervisor.configfile import language_of


def choose(words: Sequence[str]) -> None:
    """Use the language of the configuration that the arguments `words` select, or the terminal's.

    click's own texts come from the catalogue `messages`, which gettext finds by $LANGUAGE. Child processes and the
    commands of other packages use that variable too. Raises OSError when a catalogue is missing.
    """
    language = language_of(config_argument(words))
    locale.use(language)
    os.environ["LANGUAGE"] = language
    gettext.bindtextdomain("messages", str(Path(locale.__file__).parent))


def config_argument(words: Sequence[str]) -> Path | None:
    """Return the value of `--config`, which is only valid before the command. Pure."""
    for word, after in zip(words, [*words[1:], ""], strict=False):
        if word == "--config":
            return Path(after)
        if word.startswith("--config="):
            return Path(word.partition("=")[2])
        if not word.startswith("-"):
            break
    return None
