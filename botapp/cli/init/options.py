"""Collect the values for `init`: from options and environment, or from questions on the terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from botapp import locale
from botapp.cli.init import answers, files
from botapp.cli.init import currency as currencies
from botapp.cli.init import discord_setup as guide
from botapp.cli.init import prompts as ask
from botapp.cli.init.currency import Currency
from botapp.cli.init.discord_setup import Application
from botapp.cli.init.files import Existing
from botapp.cli.shell import Shell
from botapp.config.loading import use_language
from botapp.config.token import MAX_TOKEN_CHARS
from botapp.discord_api.rest import TokenRefused
from botapp.locale import _
from supervisor.configfile import DEFAULT_TIMEZONE

#: label of the member name
DEFAULT_LABEL: Final = "ID"
#: page of the user's applications
PORTAL: Final = "https://discord.com/developers/applications"


@dataclass(frozen=True)
class Flags:
    """Values from options and environment; None: not given."""

    language: str | None
    timezone: str | None
    token: str | None
    currency: Currency | None = None
    member_name_label: str | None = None


@dataclass(frozen=True)
class SetupPlan:
    """The values to set up."""

    language: str
    timezone: str
    token: str
    application: Application
    #: None: not asked for
    currency: Currency | None
    member_name_label: str | None


def given_timezone(name: str | None) -> str | None:
    """Return the time zone of the option. Raises click.UsageError if it is unknown."""
    if name is None:
        return None
    found = answers.timezone(name)
    if found is None:
        near = ", ".join(answers.near_timezones(name)) or "Asia/Jakarta"
        raise click.UsageError(_("--timezone: unknown time zone; did you mean one of: %s") % near)
    return found


def given_currency(text: str | None) -> Currency | None:
    """Return the currency of the option. Raises click.UsageError if it is not valid."""
    if text is None:
        return None
    if (found := currencies.parse(text)) is None:
        problem = _(
            '--currency: expected one of %(names)s, or units such as "%(example)s"; exactly one has the value 1'
        )
        example = currencies.describe(currencies.PRESETS["growtopia"])
        raise click.UsageError(problem % {"names": ", ".join(currencies.PRESETS), "example": example})
    return found


def given_label(text: str | None) -> str | None:
    """Return the label of the member name of the option. Raises click.UsageError if it is not valid."""
    if text is None:
        return None
    if (found := currencies.parse_label(text)) is None:
        problem = _("--member-name-label: expected 1 to %d characters")
        raise click.UsageError(problem % currencies.MAX_LABEL_CHARS)
    return found


def given_token(token_file: Path | None, environ: Mapping[str, str]) -> str | None:
    """Return the token from a file, standard input or the environment; arguments are visible to other users.

    Raises click.UsageError, ConfigError when there is none where it is said to be.
    """
    if token_file is None:
        if not (text := environ.get("DISCORD_TOKEN", "")).strip():
            return None
        origin = "$DISCORD_TOKEN"
    elif str(token_file) == "-":
        # closed, it is None
        text, origin = sys.stdin.read(4 * MAX_TOKEN_CHARS) if sys.stdin else "", _("standard input")
    else:
        if not token_file.exists():
            raise click.UsageError(_("cannot open %s: there is no such file") % token_file)
        text, origin = files.read_token(token_file) or "", str(token_file)
    token = answers.token(text)
    if token is None:
        raise click.UsageError(_("no token in %s; expected one line without spaces") % origin)
    return token


def from_flags(shell: Shell, existing: Existing, given: Flags) -> SetupPlan:
    """Return the plan without questions; one usage error names all missing values."""
    language = given.language or language_of(existing)
    token = given.token or files.read_token(existing.token_path)
    missing = [] if language else [_("--language id or en")]
    if not token:
        missing.append(_("the token ($DISCORD_TOKEN, --token-file FILE, or --token-file - for standard input)"))
    if not language or not token:
        raise click.UsageError(_("--non-interactive needs: %s") % "; ".join(missing))
    timezone = given.timezone or timezone_of(existing)
    label = given.member_name_label
    if label is None and given.currency is not None and existing.is_new:
        label = currencies.preset_label(given.currency, DEFAULT_LABEL)
    return SetupPlan(language, timezone, token, _checked(shell, existing, token), given.currency, label)


def from_questions(shell: Shell, existing: Existing, given: Flags) -> SetupPlan:
    """Return the plan; ask for the missing values on the terminal."""
    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout)):
        raise click.UsageError(
            _("init asks questions and needs a terminal; without one, use: stocksup init --non-interactive")
        )
    language = given.language or ask.language(language_of(existing) or _of_command())
    use_language(language)
    click.echo(_("Setting up: %s") % existing.path)
    if not existing.is_new:
        click.echo(_("This file exists; only what you answer differently will change."))
    timezone = given.timezone or ask.timezone(timezone_of(existing))
    currency, label = given.currency, given.member_name_label
    if existing.is_new:  # balances and prices of an existing shop are in its currency
        currency = currency or ask.currency(currencies.PRESETS[currencies.DEFAULT])
        label = label or ask.member_name_label(currencies.preset_label(currency, DEFAULT_LABEL))
    token, application = _ask_token(shell, existing, given)
    return SetupPlan(language, timezone, token, application, currency, label)


def _ask_token(shell: Shell, existing: Existing, given: Flags) -> tuple[str, Application]:
    """Ask for a token until Discord accepts one; return it with its application."""
    if given.token:
        return given.token, _checked(shell, existing, given.token)
    click.echo()
    click.echo(
        _(
            "The bot's token: open %s, choose your application (or create one: New Application), then Bot, "
            "Reset Token, Copy. The token that you paste here is not shown."
        )
        % PORTAL
    )
    known = files.read_token(existing.token_path)
    while True:
        token = ask.token(keeps=known is not None) or known
        assert token is not None, "only a known token can be kept"
        try:
            return token, _checked(shell, existing, token)
        except TokenRefused as error:
            click.echo(f"✗ {error}")


def _of_command() -> str:
    """Return the language of the command."""
    return answers.language(os.environ.get("LANGUAGE", "")) or locale.LANGUAGES[0]


def language_of(existing: Existing) -> str | None:
    """Return the language of an existing configuration, or None."""
    return None if existing.is_new else answers.language(existing.values.get(("", "language"), locale.LANGUAGES[0]))


def timezone_of(existing: Existing) -> str:
    """Return the time zone of the existing configuration, or of the host."""
    default = DEFAULT_TIMEZONE
    return answers.machine_timezone(default) if existing.is_new else existing.values.get(("", "timezone"), default)


def _checked(shell: Shell, existing: Existing, token: str) -> Application:
    """Return the application of the token. Raises TokenRefused with the remedy, DiscordProblem."""
    try:
        with shell.progress(_("checking the token")):
            return guide.ask(api_base_of(existing), token)
    except TokenRefused as error:
        text = _(
            "%s; get a new one (Bot, Reset Token); the application id, public key and client secret are not tokens"
        )
        raise TokenRefused(text % error) from error


def api_base_of(existing: Existing) -> str:
    """Return the base URL of the REST API; "": Discord's own."""
    return os.environ.get("STOCKSUP_DISCORD_API") or existing.values.get(("discord", "api_base"), "")
