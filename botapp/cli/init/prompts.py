"""The questions on the terminal. Answers are never printed: one may be the token."""

from __future__ import annotations

import getpass

import click

from botapp.cli.init import answers
from botapp.cli.init import currency as currencies
from botapp.cli.init.currency import Currency
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


def currency(default: Currency) -> Currency:
    """Ask for the currency."""
    click.echo(
        _(
            "The currency of the shop: %(names)s, or your own units, each with its abbreviation and its value: "
            "%(example)s. The unit of prices has the value 1."
        )
        % {"names": ", ".join(currencies.PRESETS), "example": currencies.describe(currencies.PRESETS["growtopia"][:2])}
    )
    while True:
        typed = _line(_("Currency [%s]: ") % currencies.describe(default))
        if (found := currencies.parse(typed) if typed else default) is not None:
            return found
        click.echo(_("This is not a currency. Separate the units by commas; exactly one has the value 1."))


def member_name_label(default: str) -> str:
    """Ask what members call the name they register with."""
    while True:
        typed = _line(_("What members call the name they register with, such as GrowID [%s]: ") % default)
        if (found := currencies.parse_label(typed or default)) is not None:
            return found
        click.echo(_("A label has 1 to %d characters.") % currencies.MAX_LABEL_CHARS)


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
