"""The catalogues of texts: what the code says, and bringing the files up to date with it.

`make texts` (`python -m tests.support.texts.catalogues`) adds new messages to the .po files, drops unused ones,
compiles them, and says where a translation is still missing.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT: Final = Path(__file__).resolve().parents[3]
#: a text in the code, or one and its plural
Id = str | tuple[str, ...]


@dataclass(frozen=True)
class Texts:
    """The catalogues of one gettext domain."""

    #: what the files are called
    domain: str
    #: the directory of the code with the texts
    source: Path
    #: the package that has the files
    package: str
    languages: tuple[str, ...]
    #: who says it
    speaker: str

    def in_code(self) -> set[Id]:
        """Return every message that the code can say."""
        found = extract_from_dir(
            str(self.source),
            [("**.py", "python")],
            keywords={"_": None, "N_": None, "ngettext": (1, 2)},
        )
        return {message if isinstance(message, str) else tuple(message) for _, _, message, _, _ in found}

    def file(self, language: str, kind: str) -> Path:
        """Return the catalogue file of a language; `kind` is "po" or "mo"."""
        return ROOT / self.package / "locale" / language / "LC_MESSAGES" / f"{self.domain}.{kind}"

    def read(self, language: str) -> Catalog:
        """Return the catalogue of a language."""
        with self.file(language, "po").open("rb") as file:
            return read_po(file, locale=language)

    def bring_up_to_date(self) -> Iterator[str]:
        """Write the files of every language; yield what has to be filled in. English is the code's own."""
        for language in self.languages:
            path = self.file(language, "po")
            path.parent.mkdir(parents=True, exist_ok=True)
            old = self.read(language) if path.exists() else Catalog(locale=language)
            fresh = Catalog(locale=language, project="stocksup", version="", fuzzy=False, msgid_bugs_address="")
            fresh.creation_date = old.creation_date
            fresh.header_comment = f"# What {self.speaker} says: {language}"
            for id in sorted(self.in_code(), key=str):
                known = old.get(id)
                fresh.add(id, known.string if known else "")
            with path.open("wb") as file:
                write_po(file, fresh, width=110)
            self.file(language, "mo").write_bytes(compiled(self.read(language)))
            yield from (f"{path.relative_to(ROOT)}: {message.id}" for message in fresh if not _is_filled(message))


#: all catalogues; the texts in the code and in click are English, so English needs none
ALL: Final = (
    Texts("botapp", ROOT / "botapp", "botapp", ("id",), "the bot"),
    Texts("supervisor", ROOT / "supervisor", "supervisor", ("id",), "the supervisor"),
    Texts("messages", Path(click.__file__).parent, "supervisor", ("id",), "click"),
)


def _is_filled(message: Message) -> bool:
    return all(message.string) if isinstance(message.string, tuple | list) else bool(message.string)


def compiled(catalogue: Catalog) -> bytes:
    """Return what the .mo file of `catalogue` holds."""
    buffer = io.BytesIO()
    write_mo(buffer, catalogue)
    return buffer.getvalue()


def forms(text: Id | list[str] | None) -> tuple[str, ...]:
    """Return a text, or the text and its plurals."""
    return (text or "",) if isinstance(text, str | None) else tuple(text)


def placeholders(text: str) -> list[str]:
    """Return what is filled into `text`: named ones sorted, those without a name in their order."""
    bare = re.findall(r"%(?:\.\d+)?[sdgf]", text)
    return bare + sorted(re.findall(r"%\(\w+\)(?:\.\d+)?[sdgf]|\{[^}]*\}", text))


if __name__ == "__main__":
    for one in ALL:
        for missing in one.bring_up_to_date():
            print(f"to be filled in: {missing}")
