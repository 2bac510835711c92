"""Which texts identify the same thing: the one normalization of stock items, codes and names. Pure.

Two texts that look the same must not count as two: a key would be sold twice, or a member could take the name of
another one.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

#: Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt), control characters except tab and line ends, and
#: the annotation marks U+FFF9 to U+FFFB; without the blanks and joiners below
_INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
#: invisible too, but they join letters of some scripts and select the form of emoji
_JOINERS: Final = "\u200c\u200d\ufe00-\ufe0f"
_ANY_JOINER: Final = re.compile(f"[{_JOINERS}]")
#: after ASCII, a joiner has nothing to join
_IDLE_JOINER: Final = re.compile(rf"(?:(?<![^\x00-\x7f])|^)[{_JOINERS}]+")
#: characters that look like a space: Hangul fillers, the empty Braille pattern, the empty note
_BLANKS: Final = {ord(blank): " " for blank in "\u115f\u1160\u3164\uffa0\u2800\U0001d159"}

#: the recommended scripts of Unicode (UAX #31, table 5)
_SCRIPTS: Final = (
    "Arabic Armenian Bengali Bopomofo Cyrillic Devanagari Ethiopic Georgian Greek Gujarati Gurmukhi Han Hangul Hebrew "
    "Hiragana Kannada Katakana Khmer Lao Latin Malayalam Myanmar Oriya Sinhala Tamil Telugu Thaana Thai Tibetan"
)
#: scripts that are written together ("highly restrictive" in UTS #39, section 5.2)
_WRITTEN_TOGETHER: Final = ("Latin Han Hiragana Katakana", "Latin Han Bopomofo", "Latin Han Hangul")


def remove_invisible(text: str) -> str:
    """Return `text` as people see it: without invisible characters, with a space for each blank-looking one."""
    if text.isascii() and text.isprintable():
        return text
    return _IDLE_JOINER.sub("", _INVISIBLE.sub("", text.translate(_BLANKS)))


def normalize(text: str) -> str:
    """Return the form that equal texts share: compatible characters unified, one space between words."""
    if not (text.isascii() and text.isprintable()):
        text = _ANY_JOINER.sub("", remove_invisible(unicodedata.normalize("NFKC", text.translate(_BLANKS))))
    return " ".join(text.split())


def normalize_key(name: str) -> str:
    """Return the unique key of a name or code, which ignores case."""
    # folding the case can lead to characters that are not normalized
    return normalize(normalize(name).casefold())


def has_one_script(name: str) -> bool:
    """Return whether the letters and digits of `name` belong to one script, or to scripts that are written together.

    Letters of different scripts can look the same, such as Latin "a" and Cyrillic "а".
    """
    if name.isascii():
        return True
    import regex  # only here: it takes 20 ms to import, and few names need it

    profiles = [*_SCRIPTS.split(), *_WRITTEN_TOGETHER]
    return any(
        regex.fullmatch(
            "[{}]*".format("".join(rf"\p{{scx={script}}}" for script in ["Common", *profile.split()])), name
        )
        for profile in profiles
    )


def parse_user_id(text: str) -> int | None:
    """Return the user id in a mention or an id, or None if the text is something else, such as a member name."""
    match = re.fullmatch(r"<@!?(\d{1,20})>|(\d{17,20})", text.strip(), re.ASCII)
    number = int(match[1] or match[2]) if match else 0
    return number if 0 < number < 2**63 else None
