"""Replaces secrets in log lines by stars. Pure.

Programs use it as `supervisor.client.mask_secrets`, so it needs only the standard library.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

#: replaces a secret
STARS: Final = "***"

#: patterns of secrets; the group before the secret is kept. All lengths are limited, so that no line takes long
_PATTERNS: Final = (
    # tokens of webhooks and interactions in URLs
    re.compile(r"(/(?:webhooks|interactions)/\d+/)[\w.=%-]+"),
    # tokens of interactions outside of URLs begin with "interaction" in base64
    re.compile(r"()(?<![\w-])aW50ZXJhY3Rpb2[\w-]+=*"),
    # Discord tokens: a user id in base64 (digits begin with M, N or O there), a time, a signature
    re.compile(r"()(?<![\w-])[MNO][\w-]{17,33}\.[\w-]{5,8}\.[\w-]{25,50}(?![\w-])"),
    re.compile(r"(\bauthorization['\"]?\s*[:=]\s*['\"]?(?:(?:bot|bearer|basic)\s+)?)[^\s'\",;]+", re.IGNORECASE),
    # passwords in URLs. That of a database may contain a slash; the path of a web address may contain an @
    re.compile(r"(\b(?:https?|wss?)://[^\s:/@]{0,256}:)[^\s/]{1,512}(?=@)", re.IGNORECASE),
    re.compile(r"(\b(?!https?:|wss?:)[a-z][a-z0-9+.-]{0,30}://[^\s:/@]{0,256}:)\S{0,512}(?=@)", re.IGNORECASE),
    re.compile(r"(\b(?:password|passwd|pwd|token|secret)=)[^\s&'\",;)]+", re.IGNORECASE),
)


def mask_secrets(text: str, secrets: Iterable[str] = ()) -> str:
    """Return `text` with stars in place of `secrets` and of everything that looks like a secret.

    Tokens of Discord, webhooks and interactions, `Authorization` headers, passwords in URLs and `password=…` look like
    secrets. Masking a text twice changes nothing.
    """
    for secret in secrets:
        if secret:
            text = text.replace(secret, STARS)
    for pattern in _PATTERNS:
        text = pattern.sub(rf"\g<1>{STARS}", text)
    return text
