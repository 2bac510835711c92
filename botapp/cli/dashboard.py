"""`stocksup dashboard …`: log in to the dashboard, and end all sessions."""

from __future__ import annotations

import json
import os
import time

import click

from botapp import locale
from botapp.cli.shell import BadConfig, Shell
from botapp.config.loading import load
from botapp.config.settings import Settings
from botapp.locale import _
from botapp.locale.os_errors import os_error_text
from botapp.runtime import login_links
from supervisor.configfile import ConfigError

# before the options below, whose help is translated when they are created
locale.use_of_command(os.environ)


@click.group(help=_("Log in to the dashboard, or end all sessions."))
def dashboard() -> None:
    """Log in to the dashboard, or end all sessions."""


@dashboard.command("link", help=_("Create a link that logs in one browser, once, within 10 minutes."))
@click.option("--json", "as_json", is_flag=True, help=_("Print JSON."))
@click.pass_obj
def link(shell: Shell, as_json: bool) -> None:
    """Create a login link."""
    settings = _settings(shell)
    if not settings.dashboard.enabled:
        text = _("the dashboard is off; write enabled = true below [dashboard] in %(path)s, then run: stocksup reload")
        raise click.ClickException(text % {"path": settings.path})
    try:
        address = login_links.create_link(settings.dashboard.url, settings.dashboard_key, time.time())
    except OSError as error:
        raise _cannot_use(settings, error) from error
    click.echo(json.dumps({"url": address, "valid_s": login_links.LINK_LIFETIME_S}) if as_json else address)


@dashboard.command("revoke", help=_("End all sessions, and make all login links invalid."))
@click.pass_obj
def revoke(shell: Shell) -> None:
    """End all sessions."""
    settings = _settings(shell)
    try:
        login_links.replace_key(settings.dashboard_key)
    except OSError as error:
        raise _cannot_use(settings, error) from error
    click.echo(_("all sessions have ended; to log in again, run: stocksup dashboard link"))


def _settings(shell: Shell) -> Settings:
    try:
        return load(shell.config)
    except ConfigError as error:
        raise BadConfig(str(error)) from error


def _cannot_use(settings: Settings, error: OSError) -> click.ClickException:
    text = _("cannot use %(path)s: %(why)s; fix its permissions, or free some disk space")
    return click.ClickException(text % {"path": settings.dashboard_key, "why": os_error_text(error)})
