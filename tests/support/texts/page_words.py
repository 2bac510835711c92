"""The texts of the local Discord's page: find them in the code, and update the catalogue.

`make texts` (`python -m tests.support.texts.page_words`) adds new texts to page.po, removes unused ones, writes the
catalogue that the page loads, and prints missing translations. English is in the code, Indonesian in the catalogue.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

_BOTAPP: Final = Path(__file__).resolve().parents[3] / "botapp"
PAGE: Final = _BOTAPP / "local_discord" / "page"
CATALOGUE: Final = _BOTAPP / "locale" / "id" / "LC_MESSAGES" / "page.po"
#: the catalogue that the page loads
COMPILED: Final = PAGE / "lib" / "words.id.json"
_WORDS: Final = re.compile(r'(?<![\w.])_\(\s*("(?:[^"\\]|\\.)*")')


def find_modules() -> list[Path]:
    """Return the page's own modules."""
    return [path for path in PAGE.rglob("*.js") if path.name != "vendor.js"]


def words_in_code() -> set[str]:
    """Return the texts in the page's modules."""
    return {json.loads(literal) for path in find_modules() for literal in _WORDS.findall(path.read_text())}


def read() -> Catalog:
    """Return the catalogue."""
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="id")


def compiled(catalogue: Catalog) -> str:
    """Return the catalogue as the page loads it."""
    words = {str(message.id): str(message.string) for message in catalogue if message.id}
    return json.dumps(words, ensure_ascii=False, indent=0, sort_keys=True) + "\n"


def update_catalogues() -> None:
    """Write both catalogues; the translations of new texts are empty."""
    old = read() if CATALOGUE.exists() else Catalog(locale="id")
    new = Catalog(locale="id", project="stocksup", version="", fuzzy=False, msgid_bugs_address="")
    new.creation_date = old.creation_date
    new.header_comment = "# The texts of the local Discord's page: id"
    for word in sorted(words_in_code()):
        message = old.get(word)
        new.add(word, message.string if message else "")
    with CATALOGUE.open("wb") as file:
        write_po(file, new, width=110)
    COMPILED.write_text(compiled(read()))
    for message in new:
        if message.id and not message.string:
            print(f"to be filled in: page.po: {message.id}")


if __name__ == "__main__":
    update_catalogues()
