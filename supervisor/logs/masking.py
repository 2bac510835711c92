"""What must not be read in a log is replaced by stars. Pure.

The one place for it: programs reach it as `supervisor.client.mask_secrets`, so it stands on the standard library alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

#: what stands where a secret stood
STARS: Final = "***"

#: what a secret looks like; the group in front of it, if there is one, stays. Lengths have bounds, so that no line
#: takes long, whatever is in it
_SHAPES: Final = (
    # tokens of webhooks and interactions stand in addresses
    re.compile(r"(/(?:webhooks|interactions)/\d+/)[\w.=%-]+"),
    # those of interactions stand elsewhere too: base64 of "interaction"
    re.compile(r"()(?<![\w-])aW50ZXJhY3Rpb2[\w-]+=*"),
    # a token of Discord: a user's number in base64 (digits begin with M, N or O there), a time, a signature
    re.compile(r"()(?<![\w-])[MNO][\w-]{17,33}\.[\w-]{5,8}\.[\w-]{25,50}(?![\w-])"),
    re.compile(r"(\bauthorization['\"]?\s*[:=]\s*['\"]?(?:(?:bot|bearer|basic)\s+)?)[^\s'\",;]+", re.IGNORECASE),
    # passwords in addresses. That of a database may hold a slash; the way of a web address may hold an @
    re.compile(r"(\b(?:https?|wss?)://[^\s:/@]{0,256}:)[^\s/]{1,512}(?=@)", re.IGNORECASE),
    re.compile(r"(\b(?!https?:|wss?:)[a-z][a-z0-9+.-]{0,30}://[^\s:/@]{0,256}:)\S{0,512}(?=@)", re.IGNORECASE),
    re.compile(r"(\b(?:password|passwd|pwd|token|secret)=)[^\s&'\",;)]+", re.IGNORECASE),
)


def mask_secrets(text: str, secrets: Iterable[str] = ()) -> str:
    """Return `text` with stars for each of `secrets`, and for what has the shape of one.

    Shapes: tokens of Discord, of webhooks and interactions, `Authorization`, passwords in addresses, `password=…`.
    What is mask_secrets already stays as it is.
    """
    for secret in secrets:
        if secret:
            text = text.replace(secret, STARS)
    for shape in _SHAPES:
        text = shape.sub(rf"\g<1>{STARS}", text)
    return text
