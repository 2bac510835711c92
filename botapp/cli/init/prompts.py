"""The questions on the terminal. Answers are never printed: one may be the token."""

from __future__ import annotations

import getpass

import click

from botapp.cli.init import answers
from botapp.locale import _

#: the first question, before the language is known
_LANGUAGE: str = "Bahasa / Language (id = Bahasa Indonesia, en = English) [%s]: "
_LANGUAGE_AGAIN: str = "Ketik id atau en. / Type id or en."


def language(default: str) -> str:
    """Ask for the language."""
    while True:
        typed = _line(_LANGUAGE % default)
        if (found := answers.language(typed or default)) is not None:
            return found
        click.echo(_LANGUAGE_AGAIN)


def timezone(default: str) -> str:
    """Ask for the time zone."""
    while True:
        typed = _line(_("Time zone of the shop [%s]: ") % default)
        if (found := answers.timezone(typed or default)) is not None:
            return found
        near = answers.near_timezones(typed) or list(answers.ABBREVIATIONS.values())
        click.echo(_("Unknown time zone. Did you mean one of: %s") % ", ".join(near))


def token(*, keeps: bool) -> str | None:
    """Ask for the token without echo; None: keep the current one, which is offered if `keeps`."""
    prompt = _("Token (Enter keeps the current one): ") if keeps else _("Token: ")
    while True:
        typed = getpass.getpass(prompt)
        if not typed.strip() and keeps:
            return None
        if (found := answers.token(typed)) is not None:
            return found
        click.echo(_("This is not a token. A token is one line without spaces, of about 70 characters."))


def _line(prompt: str) -> str:
    """Return a typed line without surrounding spaces. Raises click.Abort at the end of input."""
    try:
        return input(prompt).strip()
    except EOFError as error:
        raise click.Abort from error
