"""Addresses that alerts go to. Whoever knows one may write there, so they are shown by scheme and place alone. Pure."""

from __future__ import annotations

import re
from binascii import crc32
from collections.abc import Sequence
from typing import Final

from supervisor.logs.masking import STARS, masked

#: parts of an address that are shorter than this tell nobody anything, and stand in every text
_MIN_SECRET_CHARS: Final = 4


def identify(urls: Sequence[str]) -> dict[str, str]:
    """Return the addresses by an id that stays when others come and go, and from which none can be had back."""
    return {f"{crc32(url.encode()):08x}": url for url in urls}


def shown(urls: Sequence[str]) -> dict[str, str]:
    """Return what each address, by its id, may be called where people read: "2: tgram://***"."""
    schemes = {name: url.partition("://")[0] for name, url in identify(urls).items()}
    return {name: f"{number}: {scheme}://{STARS}" for number, (name, scheme) in enumerate(schemes.items(), 1)}


def without(text: str, urls: Sequence[str]) -> str:
    """Return `text` without anything that could be a part of one of the addresses."""
    secrets = [part for url in urls for part in (url, *re.split(r"[:/@?&=#,+\s]+", url.partition("://")[2]))]
    long = sorted({part for part in secrets if len(part) >= _MIN_SECRET_CHARS}, key=len, reverse=True)
    return masked(text, long)
