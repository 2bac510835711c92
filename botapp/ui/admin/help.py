"""The usage of commands, the answer to a wrong command, and the help pages. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from botapp.locale import _

#: longest text of one message, in characters; Discord accepts 2000
PAGE_CHARS: Final = 1900


class CommandUsage(Struct, frozen=True):
    """The usage of a command."""

    #: includes the name of its group, such as "blacklist add"
    name: str
    #: such as ("CODE", "[DESCRIPTION]"); optional ones are in brackets
    arguments: tuple[str, ...]
    #: example arguments
    example: str
    #: the description, untranslated
    about: str

    def usage(self, prefix: str) -> str:
        """Return the usage line, such as "!checkbal MEMBER"."""
        return " ".join([f"{prefix}{self.name}", *self.arguments])

    def sample(self, prefix: str) -> str:
        """Return an example, such as "!checkbal Budi"."""
        return f"{prefix}{self.name} {self.example}".rstrip()


def unknown_command(name: str, names: Sequence[str], prefix: str, *, is_admin: bool) -> str:
    """Return the answer to a command that does not exist; empty for none.

    Members get an answer to `help` only: what else they type may be for another bot.

    Args:
        name: the command as it was typed.
        names: the commands that exist.
        prefix: the prefix of commands.
        is_admin: whether an admin typed it.
    """
    if not is_admin:
        return _("Use the buttons below the live message; each of them says what it needs.") if name == "help" else ""
    if name.lower() == "help":
        return _("`%(prefix)sadminhelp` shows all commands.") % {"prefix": prefix}
    shown = {"name": f"{prefix}{name}".replace("`", "'")[:50], "prefix": prefix}
    text = _("❓ There is no command `%(name)s`. `%(prefix)sadminhelp` shows all of them.") % shown
    near = difflib.get_close_matches(name.lower()[:50], names, n=1)
    hint = _("Did you mean `%s`?") % f"{prefix}{near[0]}" if near else ""
    return f"{text} {hint}".rstrip()


def usage_error(forms: Sequence[CommandUsage], prefix: str, problem: str) -> str:
    """Return the answer to a command that was not written correctly.

    Args:
        forms: the usages to show.
        prefix: the prefix of typed commands.
        problem: the first line of the answer.
    """
    lines = [problem, *(f"`{form.usage(prefix)}`" for form in forms)]
    return "\n".join([*lines, _("For example: `%s`") % forms[0].sample(prefix)])


def help_pages(sections: Sequence[tuple[str, Sequence[CommandUsage]]], prefix: str) -> list[str]:
    """Return the help about all commands, one text per message. Each section has a title."""
    lines = [_("Every command also works with `/`; then only you see the answer.")]
    for title, forms in sections:
        lines += [f"**{title}**", *(f"`{form.usage(prefix)}` {_(form.about)}" for form in forms)]
    lines.append(_('Put names with spaces in quotes: `"two words"`'))
    return list(split_pages(lines))


def split_pages(lines: Sequence[str], page_chars: int = PAGE_CHARS) -> Iterator[str]:
    """Yield the lines as few texts, none longer than `page_chars`."""
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
