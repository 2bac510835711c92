"""Find words of an older style in docstrings, comments, texts and documentation: `make lint` runs it.

The words are metaphors or odd translations; each has a plain replacement, which the finding names. The list grows
when a reader stumbles over a word.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[3]
PACKAGES: Final = ("supervisor", "botapp", "tests", "bench", "docs")
#: this file and the glossary name the words themselves
EXEMPT: Final = frozenset({"tests/support/texts/plain_english.py", "docs/glossary.md"})

#: pattern -> what to write instead
BANNED: Final = {
    r"\banew\b": "again, or a new …",
    r"\bmend(s|ed|ing)?\b": "fix, repair",
    r"\bwhoever\b": "anyone who, or name the role",
    r"\bnobody\b": "no one, or name the role",
    r"\bwhat (it|this|that|they) (came|come|comes) to\b": "the result",
    r"\b(is|are|was) another\b(?! (one|word|process|program))": "has changed, differs",
    r"\bshown out\b": "disconnected",
    r"\blets? [\w ]{1,20} count\b": "apply",
    r"\bgoes the way\b": "takes the path, uses",
    r"\b(at|on) the door\b|\bthe door\b": "the control socket",
    r"\bthe books\b": "the database, the accounts",
    r"\bnew life\b|\bnew lives\b": "restart, new process",
    r"\bwish(es)?\b": "desired state",
    r"\bunwell\b": "unhealthy, not responding",
    r"\bbegins? anew\b|\bbegun anew\b": "start again",
    r"\bknocks?\b": "connects",
    r"\bfarewell\b": "goodbye",
    r"\bpremises\b": "state directory",
    r"\bthere is none of\b|\bnone is to be had\b": "is missing",
    r"\bis to be had\b|\bto be had\b": "is available",
    r"\bcannot be had\b": "is not available",
    r"\bsays? it(self)? so\b": "reports",
    r"\bas it should be\b": "correct",
    r"\bmakes? room\b": "free space, evicts",
    r"\bin peace\b": "stable",
    r"\bwhat stands there\b|\bstands in (the|its|it)\b": "is in, contains",
    r"\b(he|his|him)\b": "they, or the role",
    r"\bhandful\b": "batch",
    r"\bcarr(y|ies|ied) out\b": "execute",
    r"\bbethink|\bthence\b|\bwherein\b|\bwhereof\b|\bthereof\b": "plain words",
}
_PATTERN: Final = re.compile("|".join(f"(?P<w{number}>{word})" for number, word in enumerate(BANNED)), re.IGNORECASE)
_REMEDIES: Final = tuple(BANNED.values())


class Finding(NamedTuple):
    """A banned word at a place."""

    path: Path
    line: int
    word: str
    remedy: str

    def __str__(self) -> str:
        """Return the finding as one line, `file:line: …`."""
        return f"{self.path.relative_to(ROOT)}:{self.line}: {self.word!r} is not plain English; write: {self.remedy}"


def prose_of_code(source: str) -> Iterator[tuple[int, str]]:
    """Yield (line, text) for each comment, each string with spaces, and each name that the module defines."""
    previous = ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NAME and previous in ("def", "class"):
            yield token.start[0], token.string.replace("_", " ")
        previous = token.string
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
        elif token.type == tokenize.STRING and " " in token.string:
            yield from enumerate(_text_of(token.string).splitlines(), token.start[0])


def _text_of(literal: str) -> str:
    try:
        value = ast.literal_eval(literal)
    except (SyntaxError, ValueError):  # an f-string
        return literal
    return value if isinstance(value, str) else ""


def findings(path: Path) -> Iterator[Finding]:
    """Yield the banned words in the Python or Markdown file at `path`; text in backticks is code and is skipped."""
    text = path.read_text()
    prose = prose_of_code(text) if path.suffix == ".py" else enumerate(text.splitlines(), 1)
    for line, sentence in prose:
        for match in _PATTERN.finditer(re.sub(r"`[^`]*`", "``", sentence)):
            yield Finding(path, line, match[0], _REMEDIES[int((match.lastgroup or "w0")[1:])])


def files() -> Iterator[Path]:
    """Yield the files to check: our Python and Markdown files, without the changelog's past."""
    yield from sorted(ROOT.glob("*.md"))
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.*")):
            if path.suffix in (".py", ".md") and not any(
                part.startswith(".") or part == "node_modules" for part in path.relative_to(ROOT).parts
            ):
                yield path


def main(given: list[str]) -> int:
    """Print the findings in all files, or in those below the paths in `given`; return 1 if there are any."""
    count = 0
    for path in files():
        name = path.relative_to(ROOT).as_posix()
        if name in EXEMPT or name.endswith(".id.md") or (given and not name.startswith(tuple(given))):
            continue
        for finding in findings(path):
            print(finding)
            count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
