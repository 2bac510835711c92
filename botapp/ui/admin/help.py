"""How commands are given, in words: the form of one, what is said about a wrong one, and the help. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from botapp.locale import _

#: longest text of one message, in characters; Discord takes 2000
PAGE_CHARS: Final = 1900


class CommandUsage(Struct, frozen=True):
    """A command as people learn it."""

    #: with that of its group, such as "blacklist add"
    name: str
    #: such as ("CODE", "[DESCRIPTION]"); what need not be given is in brackets
    arguments: tuple[str, ...]
    #: what follows the name in an example
    example: str
    #: what it does, as it stands in the code
    about: str

    def usage(self, prefix: str) -> str:
        """Return the form, such as "!products"."""
        return " ".join([f"{prefix}{self.name}", *self.arguments])

    def sample(self, prefix: str) -> str:
        """Return an example of it."""
        return f"{prefix}{self.name} {self.example}".rstrip()


def usage_error(forms: Sequence[CommandUsage], prefix: str, problem: str) -> str:
    """Return what is said to somebody who gave a command wrongly.

    Args:
        forms: those that he can have meant.
        prefix: what commands begin with.
        problem: what is said about it.
    """
    lines = [problem, *(f"`{form.usage(prefix)}`" for form in forms)]
    return "\n".join([*lines, _("For example: `%s`") % forms[0].sample(prefix)])


def help_pages(help_sections: Sequence[tuple[str, Sequence[CommandUsage]]], prefix: str) -> list[str]:
    """Return the help about all commands, as texts of messages; each chapter has a title."""
    lines = [_("Every command also works with `/`; then only you see the answer.")]
    for title, forms in help_sections:
        lines += [f"**{title}**", *(f"`{form.usage(prefix)}` {_(form.about)}" for form in forms)]
    lines.append(_('Put names with spaces in quotes: `"two words"`'))
    return list(split_pages(lines))


def split_pages(lines: Sequence[str], page_chars: int = PAGE_CHARS) -> Iterator[str]:
    """Yield `lines` as few texts, none of them longer than `page_chars`."""
    page = ""
    for line in lines:
        line = line[:page_chars]
        if page and len(page) + 1 + len(line) > page_chars:
            yield page
            page = line
        else:
            page = f"{page}\n{line}" if page else line
    if page:
        yield page
