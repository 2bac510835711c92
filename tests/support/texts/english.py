"""Finds what is English in what is to be Indonesian."""

from __future__ import annotations

import re
from typing import Final

from tests.support.texts.catalogues import ALL, forms, placeholders

#: words that no English sentence does without; none of them is Indonesian
ENGLISH = re.compile(
    r"\b(?:the|is|are|was|were|has|have|see|cannot|not|and|or|of|for|with|from|this|that|it|its|you|did|no|such|there"
    r"|everything|nothing|already|next|show|usage|options|commands|missing|invalid|error|expected|running|ended|range|number)\b",
    re.IGNORECASE,
)
#: what is the same everywhere: names of commands in a list, options, names of states
SAME = re.compile(r"^  [a-z]+(?=  )|--[a-z-]+|\b[A-Z]{2,}\b")


def whole_texts() -> set[str]:
    """Return the English texts of two words and more that have nothing to be filled in."""
    return {
        " ".join(id.split())
        for texts in ALL
        for message in texts.read("id")
        for id in forms(message.id)
        if " " in id.strip() and not placeholders(id) and id not in forms(message.string)
    }


WHOLE = whole_texts()

#: an absolute path
PATH: Final = re.compile(r"(?<![\w.])/[^\s,;:)]+")


def english_in(said: str, *quoted: str) -> list[str]:
    """Return the lines and texts that are English; `quoted` is what is somebody else's word. A path has no language."""
    lines = [SAME.sub("", line) for line in said.splitlines()]
    for one in quoted:
        lines = [line.replace(one, "") for line in lines]
    lines = [PATH.sub("", line) for line in lines]
    together = " ".join(" ".join(lines).split())
    return [*(line for line in lines if ENGLISH.search(line)), *(text for text in WHOLE if text in together)]
