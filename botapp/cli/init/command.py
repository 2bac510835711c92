"""`stocksup init`: set up a shop and show how to invite the bot."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click

from botapp import locale
from botapp.cli.init import discord_setup as guide
from botapp.cli.init import files
from botapp.cli.init.currency import Currency
from botapp.cli.init.discord_setup import Application
from botapp.cli.init.files import Existing
from botapp.cli.init.options import (
    Flags,
    SetupPlan,
    api_base_of,
    from_flags,
    from_questions,
    given_currency,
    given_label,
    given_timezone,
    given_token,
    language_of,
    timezone_of,
)
from botapp.cli.shell import BadConfig, Shell, expand_home
from botapp.config.loading import load, use_language
from botapp.discord_api import permissions
from botapp.discord_api.rest import DiscordProblem, TokenRefused, portal_url
from botapp.locale import _
from supervisor import configfile
from supervisor.client import SOCKET_NAME, Client, ControlError
from supervisor.configfile import ConfigError, find_config, search_paths

# before the options below, whose help is translated when they are created
locale.use_of_command(os.environ)

_INTERRUPTED: Final = 130


class _NotInTime(click.ClickException):
    """A wait timed out: exit code 4, as in every command."""

    exit_code = 4


@click.command(
    help=_(
        "Set up your own shop.\n\n"
        "Asks for the language, the time zone, the currency and the token, writes the configuration, and shows how "
        "to invite the bot. When you run it again, it changes only what you answer differently."
    )
)
@click.option("--language", type=click.Choice(locale.LANGUAGES), help=_("Language for members, admins and the log."))
@click.option("--timezone", metavar="NAME", help=_("Time zone, such as Asia/Jakarta."))
@click.option(
    "--currency",
    metavar="UNITS",
    help=_('coin, growtopia, rupiah, or units such as "World Lock WL 1, Diamond Lock DL 100".'),
)
@click.option("--member-name-label", metavar="TEXT", help=_("What members call the name they register with."))
@click.option(
    "--token-file",
    metavar="FILE",
    type=click.Path(path_type=Path, allow_dash=True, dir_okay=False),
    callback=expand_home,
    help=_("File with the token; - is standard input. Default: the token in $DISCORD_TOKEN."),
)
@click.option(
    "--directory",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    callback=expand_home,
    help=_("Directory for config.toml and token."),
)
@click.option("--non-interactive", is_flag=True, help=_("Ask nothing; use options and environment only."))
@click.option("--no-wait", is_flag=True, help=_("Do not wait until the bot is in a server."))
@click.pass_context
def init(
    context: click.Context,
    language: str | None,
    timezone: str | None,
    currency: str | None,
    member_name_label: str | None,
    token_file: Path | None,
    directory: Path | None,
    non_interactive: bool,
    no_wait: bool,
) -> int:
    """Set up a shop."""
    if language:
        use_language(language)
    path = _target(context.find_root().params.get("config"), directory, os.environ)
    shell: Shell = context.obj
    try:
        given = Flags(
            language,
            given_timezone(timezone),
            given_token(token_file, os.environ),
            given_currency(currency),
            given_label(member_name_label),
        )
        shell.work_as_owner(path)
        existing = files.read(path)
        if not language and (found := language_of(existing)):
            use_language(found)
        wanted = from_flags(shell, existing, given) if non_interactive else from_questions(shell, existing, given)
        _store(existing, wanted)
        _warn_of_mistakes(path)
    except ConfigError as error:
        raise BadConfig(str(error)) from error
    except DiscordProblem as error:
        raise click.ClickException(_("%s; nothing was written") % error) from error
    return _invite(shell, existing, wanted, no_wait=no_wait)


def _target(named: Path | None, directory: Path | None, environ: Mapping[str, str]) -> Path:
    """Return the configuration file to write: the one in use here, or a new one that every command finds."""
    if named is not None and directory is not None:
        raise click.UsageError(_("use either --directory or --config, not both"))
    if named is not None:
        return named.absolute()
    if directory is not None:
        return (directory / "config.toml").absolute()
    if environ.get("STOCKSUP_CONFIG"):
        return Path(environ["STOCKSUP_CONFIG"]).absolute()
    places = search_paths(environ)
    existing = next((place for place in places if place.exists()), None)
    # the file in the home directory is found from every working directory
    return (existing or next((place for place in places if place.is_absolute()), places[0])).absolute()


def _store(existing: Existing, wanted: SetupPlan) -> None:
    """Write the token and the configuration, if they changed. Raises ConfigError."""
    click.echo(_("✓ Discord accepts the token of %s") % wanted.application.name)
    stored = files.write_token(existing.token_path, wanted.token)
    text = _("✓ Token stored, readable only by you: %s") if stored else _("✓ Token unchanged: %s")
    click.echo(text % existing.token_path)
    if (ignore := files.keep_out_of_git(existing.token_path)) is not None:
        click.echo(_("✓ Token excluded from git: %s") % ignore)
    texts = {("", "language"): wanted.language, ("", "timezone"): wanted.timezone}
    if existing.is_new or not existing.values.get(("discord", "token_file")):
        texts["discord", "token_file"] = files.TOKEN_FILE
    if wanted.member_name_label is not None:
        texts["store", "member_name_label"] = wanted.member_name_label
    values: dict[tuple[str, str], str | Currency] = {**_differing(existing, texts)}
    if wanted.currency is not None:
        values["store", "currency"] = wanted.currency
    fresh = files.changed(existing, values)
    if fresh == existing.text:
        click.echo(_("✓ Configuration unchanged: %s") % existing.path)
        return
    mode = 0o600 if existing.is_new else existing.path.stat().st_mode & 0o777
    files.write(existing.path, fresh.encode(), mode=mode)
    click.echo(
        (_("✓ Configuration written: %s") if existing.is_new else _("✓ Configuration changed: %s")) % existing.path
    )


def _warn_of_mistakes(path: Path) -> None:
    """Print a warning if the configuration has a mistake."""
    try:
        load(path)
    except ConfigError as error:
        click.echo(f"⚠ {error}")


def _differing(existing: Existing, values: Mapping[tuple[str, str], str]) -> dict[tuple[str, str], str]:
    """Return the values that differ from the existing file."""
    if existing.is_new:
        return dict(values)
    means = {**existing.values, ("", "language"): language_of(existing), ("", "timezone"): timezone_of(existing)}
    return {key: value for key, value in values.items() if means.get(key) != value}


def _invite(shell: Shell, existing: Existing, wanted: SetupPlan, *, no_wait: bool) -> int:
    """Show how to invite the bot and which intent to turn on, wait for it, and show the next command."""
    application: Application | None = wanted.application
    assert application is not None
    if not application.servers:
        click.echo()
        click.echo(_("Open this link and choose your server (you need the permission Manage Server there):"))
        click.echo(f"  {permissions.invite_link(application.id)}")
    if not application.has_message_content_intent:
        click.echo()
        click.echo(_("Message Content Intent is off, so Discord would refuse the bot. Turn it on and save, at:"))
        click.echo(f"  {portal_url(application.id)}  (Bot, Privileged Gateway Intents)")
    if not application.servers and not no_wait:
        try:
            application = _wait(shell, existing, wanted.token)
        except KeyboardInterrupt:
            click.echo(_("Your answers are saved. Open the link above, then continue with: %s") % _next(existing))
            return _INTERRUPTED
        if application is None:
            text = _("the bot is in no server yet; your answers are saved. Open the link above, then continue with: %s")
            raise _NotInTime(text % _next(existing))
    click.echo()
    if application.servers:
        click.echo(_("✓ The bot is in: %s") % ", ".join(application.servers[:5]))
    if not application.has_message_content_intent:
        click.echo(_("⚠ Message Content Intent is still off; turn it on first (see above)."))
    click.echo(_("Next: %s   then, in Discord, /setup in the shop's channel.") % _next(existing))
    return 0


def _wait(shell: Shell, existing: Existing, token: str) -> Application | None:
    with shell.progress("") as spinner:
        try:
            return guide.wait_for_server(api_base_of(existing), token, spinner.say)
        except TokenRefused as error:
            raise click.ClickException(_("%s; it was reset meanwhile. Run stocksup init again") % error) from error


def _next(existing: Existing) -> str:
    """Return the command that starts this instance."""
    try:
        found = find_config()
    except ConfigError:
        found = None
    named = "" if found == existing.path else f" --config {shlex.quote(str(existing.path))}"
    return f"stocksup{named} {'restart' if _runs(existing) else 'start'}"


def _runs(existing: Existing) -> bool:
    """Return whether a supervisor runs this instance."""
    named = existing.values.get(("supervisor", "state_dir"), "state")
    state_dir = existing.path.parent / configfile.expand_home(existing.path, named)
    try:
        with Client(state_dir / SOCKET_NAME):
            return True
    except (ControlError, OSError):
        return False  # no supervisor, or not ours
