"""The files of a page, with headers that allow nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_TYPES: Final = {".js": "text/javascript", ".css": "text/css", ".json": "application/json", ".svg": "image/svg+xml"}
#: the page loads nothing from elsewhere, sends nothing elsewhere, and cannot be framed
PAGE_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    # a browser revalidates each time
    "Cache-Control": "no-cache",
}


def file_headers(file: Path) -> dict[str, str]:
    """Return the headers of a file that `find_file` has found."""
    return PAGE_HEADERS | {"Content-Type": f"{_TYPES[file.suffix]}; charset=utf-8"}


def find_file(root: Path, path: str) -> Path | None:
    """Return the file at `path` below `root`, or None if there is none that the page may load.

    Symbolic links and `..` are resolved first, so that a path cannot leave `root`.
    """
    try:
        file = (root / path).resolve(strict=True)
    except (OSError, ValueError):
        return None
    is_served = file.is_relative_to(root.resolve()) and file.suffix in _TYPES and file.is_file()
    return file if is_served else None
