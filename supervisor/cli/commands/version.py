"""`stocksup version`."""

from __future__ import annotations

import json
import platform

import click

from supervisor import __version__
from supervisor.locale import _


@click.command(help=_("Show the version."))
@click.option("--json", "as_json", is_flag=True, help=_("Print JSON."))
def command(as_json: bool) -> None:
    """Show the version."""
    facts = {"stocksup": __version__, "python": platform.python_version(), "system": platform.system()}
    if as_json:
        click.echo(json.dumps(facts))
    else:
        click.echo(f"stocksup {facts['stocksup']} (Python {facts['python']}, {facts['system']})")
