"""The words of the local Discord's page: what its code says, and bringing the catalogue up to date with it.

`make texts` (`python -m tests.support.texts.page_words`) adds new words to page.po, drops unused ones,
writes what the page reads, and says where a translation is still missing. English is the code's own;
Indonesian is the only catalogue.
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
#: what the page reads
COMPILED: Final = PAGE / "words.id.json"
_WORDS: Final = re.compile(r'(?<![\w.])_\(\s*("(?:[^"\\]|\\.)*")')


def words_in_code() -> set[str]:
    """Return all that the page can say."""
    files = (path for path in PAGE.glob("*.js") if path.name != "vendor.js")
    return {json.loads(found) for path in files for found in _WORDS.findall(path.read_text())}


def read() -> Catalog:
    """Return the catalogue."""
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="id")


def compiled(catalogue: Catalog) -> str:
    """Return what the page reads."""
    words = {str(one.id): str(one.string) for one in catalogue if one.id}
    return json.dumps(words, ensure_ascii=False, indent=0, sort_keys=True) + "\n"


def bring_up_to_date() -> None:
    """Write both files; new words are left empty."""
    old = read() if CATALOGUE.exists() else Catalog(locale="id")
    fresh = Catalog(locale="id", project="stocksup", version="", fuzzy=False, msgid_bugs_address="")
    fresh.creation_date = old.creation_date
    fresh.header_comment = "# What the page of the local Discord says: id"
    for word in sorted(words_in_code()):
        known = old.get(word)
        fresh.add(word, known.string if known else "")
    with CATALOGUE.open("wb") as file:
        write_po(file, fresh, width=110)
    COMPILED.write_text(compiled(read()))
    for one in fresh:
        if one.id and not one.string:
            print(f"to be filled in: page.po: {one.id}")


if __name__ == "__main__":
    bring_up_to_date()
