"""The bot's catalogues: what the code says, and bringing the files up to date with it.

`python -m tests.support.catalogues` adds new messages to the .po files, drops unused ones and compiles them.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from botapp.locale import DOMAIN, LANGUAGES

PACKAGE: Final = Path(__file__).resolve().parent.parent.parent / "botapp"


def messages_in_code() -> set[str]:
    """Return every message the bot's code can say."""
    found = extract_from_dir(
        str(PACKAGE),
        [("**.py", "python")],
        keywords={"_": None, "N_": None},
        directory_filter=lambda path: Path(path).name != "sandbox",
    )
    return {str(message) for _, _, message, _, _ in found}


def file_of(language: str, kind: str) -> Path:
    """Return the catalogue file of a language; `kind` is "po" or "mo"."""
    return PACKAGE / "locale" / language / "LC_MESSAGES" / f"{DOMAIN}.{kind}"


def read(language: str) -> Catalog:
    """Return the catalogue of a language."""
    with file_of(language, "po").open("rb") as file:
        return read_po(file, locale=language)


def compiled(catalogue: Catalog) -> bytes:
    """Return what the .mo file of `catalogue` holds."""
    buffer = io.BytesIO()
    write_mo(buffer, catalogue)
    return buffer.getvalue()


def bring_up_to_date() -> None:
    """Write the files of every language; new messages are left empty, but for English, which is the code's own."""
    for language in LANGUAGES:
        path = file_of(language, "po")
        path.parent.mkdir(parents=True, exist_ok=True)
        old = read(language) if path.exists() else Catalog(locale=language)
        fresh = Catalog(locale=language, project="stocksup", version="", fuzzy=False, msgid_bugs_address="")
        fresh.creation_date = old.creation_date
        fresh.header_comment = f"# What the bot says: {language}"
        for message in sorted(messages_in_code()):
            known = old.get(message)
            fresh.add(message, known.string if known else message if language == "en" else "")
        with path.open("wb") as file:
            write_po(file, fresh, width=110)
        file_of(language, "mo").write_bytes(compiled(read(language)))


if __name__ == "__main__":
    bring_up_to_date()
