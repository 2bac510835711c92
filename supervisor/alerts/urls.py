"""Ids and redacted names of alert URLs. A URL lets anybody write there, so only its scheme is shown. Pure."""

from __future__ import annotations

import re
from binascii import crc32
from collections.abc import Sequence
from typing import Final

from supervisor.logs.masking import STARS, mask_secrets

#: shorter parts of a URL are no secret, and occur in every text
_MIN_SECRET_CHARS: Final = 4


def identify(urls: Sequence[str]) -> dict[str, str]:
    """Return the URLs by an id that does not depend on the other URLs, and does not reveal the URL."""
    return {f"{crc32(url.encode()):08x}": url for url in urls}


def redacted_names(urls: Sequence[str]) -> dict[str, str]:
    """Return the name of each URL for people, by its id: "2: tgram://***"."""
    return {target: f"{number}: {redacted_name(url)}" for number, (target, url) in enumerate(identify(urls).items(), 1)}


def redacted_name(url: str) -> str:
    """Return the name of a URL for people: "https://***"."""
    return f"{url.partition('://')[0]}://{STARS}"


def redact(text: str, urls: Sequence[str]) -> str:
    """Return `text` without anything that could be a part of one of the URLs."""
    secrets = [part for url in urls for part in (url, *re.split(r"[:/@?&=#,+\s]+", url.partition("://")[2]))]
    long = sorted({part for part in secrets if len(part) >= _MIN_SECRET_CHARS}, key=len, reverse=True)
    return mask_secrets(text, long)
