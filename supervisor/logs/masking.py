"""Replaces secrets in log lines by stars. Pure.

Programs use it as `supervisor.client.mask_secrets`, so it needs only the standard library.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

#: replaces a secret
STARS: Final = "***"

#: names of secrets, also as the end of a longer name: DB_PASSWORD, --api-key
_NAMES: Final = r"(?<![a-z0-9])(?:password|passwd|pwd|token|secret|(?:api|access|secret|private)[_-]?key)"
#: an option whose value is the next word of a command
_OPTION: Final = re.compile(rf"-(?:[\w-]{{0,60}}){_NAMES}", re.IGNORECASE)

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
    re.compile(rf"({_NAMES}=)[^\s&'\",;)]+", re.IGNORECASE),
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


def mask_words(words: Sequence[str]) -> list[str]:
    """Return the words of a command with stars in place of secrets, also of the value of an option such as --token."""
    after_option = [False, *(_OPTION.fullmatch(word) is not None for word in words)]
    return [
        STARS if is_value and not word.startswith("-") else mask_secrets(word)
        for word, is_value in zip(words, after_option, strict=False)
    ]
