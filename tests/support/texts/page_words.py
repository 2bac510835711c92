"""The texts of the pages: find them in the code, and update the catalogues.

`make texts` (`python -m tests.support.texts.page_words`) adds new texts to each page's catalogue, removes unused ones,
writes the catalogue that the page loads, and prints missing translations. English is in the code, Indonesian in the
catalogue. The dashboard's page uses modules of the local Discord's page; their texts are in both catalogues.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from botapp.dashboard.web.server import SHARED_FILES

_BOTAPP: Final = Path(__file__).resolve().parents[3] / "botapp"
_DISCORD: Final = _BOTAPP / "local_discord" / "page"
_WORDS: Final = re.compile(r'(?<![\w.])_\(\s*("(?:[^"\\]|\\.)*")')


@dataclass(frozen=True)
class PageTexts:
    """The texts of one page."""

    name: str
    page: Path
    #: modules of another page that this one uses too
    shared: tuple[Path, ...] = ()

    @property
    def catalogue(self) -> Path:
        """The catalogue with the translations."""
        return _BOTAPP / "locale" / "id" / "LC_MESSAGES" / f"{self.name}.po"

    @property
    def compiled_file(self) -> Path:
        """The catalogue that the page loads."""
        return self.page / "lib" / "words.id.json"

    def find_modules(self) -> list[Path]:
        """Return the modules of the page."""
        return [*(path for path in self.page.rglob("*.js") if path.name != "vendor.js"), *self.shared]

    def words_in_code(self) -> set[str]:
        """Return the texts in the modules of the page."""
        return {json.loads(literal) for path in self.find_modules() for literal in _WORDS.findall(path.read_text())}

    def read(self) -> Catalog:
        """Return the catalogue."""
        with self.catalogue.open("rb") as file:
            return read_po(file, locale="id")

    def update(self) -> None:
        """Write both catalogues; the translations of new texts are empty."""
        old = self.read() if self.catalogue.exists() else Catalog(locale="id")
        new = Catalog(locale="id", project="stocksup", version="", fuzzy=False, msgid_bugs_address="")
        new.creation_date = old.creation_date
        new.header_comment = f"# The texts of a page, {self.name}: id"
        for word in sorted(self.words_in_code()):
            message = old.get(word)
            new.add(word, message.string if message else "")
        with self.catalogue.open("wb") as file:
            write_po(file, new, width=110)
        self.compiled_file.write_text(compiled(self.read()))
        for message in new:
            if message.id and not message.string:
                print(f"to be filled in: {self.name}.po: {message.id}")


DISCORD: Final = PageTexts("page", _DISCORD)
DASHBOARD: Final = PageTexts(
    "dashboard",
    _BOTAPP / "dashboard" / "page",
    tuple(_DISCORD / name for name in sorted(SHARED_FILES) if name.endswith(".js")),
)
ALL: Final = (DISCORD, DASHBOARD)


def compiled(catalogue: Catalog) -> str:
    """Return the catalogue as the page loads it."""
    words = {str(message.id): str(message.string) for message in catalogue if message.id}
    return json.dumps(words, ensure_ascii=False, indent=0, sort_keys=True) + "\n"


if __name__ == "__main__":
    for one in ALL:
        one.update()
