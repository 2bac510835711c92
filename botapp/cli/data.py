"""`stocksup data …`: backups, restoring, export, import, and whether the books are right."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from botapp import locale
from botapp.cli.shell import BadConfig, Shell
from botapp.config.loading import load
from botapp.config.settings import Settings
from botapp.locale import _
from botapp.services.backup import backup, restore
from botapp.services.backup import legacy_files as legacy
from botapp.services.backup import legacy_import as importing
from botapp.services.backup.files import DataProblem
from botapp.services.backup.legacy_import import ImportResult
from botapp.services.backup.restore import RestoreResult
from supervisor.configfile import ConfigError

# before the options below: their help is in the language of the command
locale.use_of_command(os.environ)

_CODES = _("Exit codes: 0 fine · 1 it failed, or the books are not right · 2 usage · 78 bad configuration.")


_as_json = click.option("--json", "as_json", is_flag=True, help=_("For programs."))
_file = click.Path(path_type=Path, dir_okay=False)


@click.group(help=_("The shop's data: backups, moving it, and whether the books are right.") + "\n\n" + _CODES)
def data() -> None:
    """The shop's data."""


@data.command("backup", help=_("Make a backup beside the others, also while the bot sells."))
@_as_json
@click.pass_obj
def make_backup(shell: Shell, as_json: bool) -> None:
    """Make a backup."""
    with _problems_said(), shell.progress(_("making a backup")):
        path = backup.make_backup(_settings(shell), tell=_warn)
    _say(as_json, {"path": str(path), "bytes": path.stat().st_size}, _("backup made: %s") % path)


@data.command(
    "restore",
    help=_(
        "Put a backup or an export in the place of the shop's data.\n\n"
        'FILE is a path, the name of a backup, or "latest". The bot has to be stopped. What is there now is kept '
        "as a backup."
    ),
)
@click.argument("file", metavar="FILE")
@_as_json
@click.pass_obj
def put_back(shell: Shell, file: str, as_json: bool) -> None:
    """Put a backup in the place of the shop's data."""
    with _problems_said(), shell.progress(_("restoring")):
        settings = _settings(shell)
        chosen = restore.find_backup(settings, file)
        done = restore.restore(settings, chosen)
    _say_restored(as_json, chosen, done)


@data.command("export", help=_("Write all of the shop's data to a new file that any database can take over."))
@click.argument("file", type=_file)
@_as_json
@click.pass_obj
def export(shell: Shell, file: Path, as_json: bool) -> None:
    """Write the shop's data to a portable file."""
    with _problems_said(), shell.progress(_("exporting")):
        backup.export_shop(_settings(shell), file, tell=_warn)
    _say(as_json, {"path": str(file), "bytes": file.stat().st_size}, _("exported: %s") % file)
    _warn(_("it holds the stock and everybody's balance: keep it where nobody else can read it"))


@data.command("import", help=_("Take an export or a backup over into a database that is empty."))
@click.argument("file", type=_file)
@_as_json
@click.pass_obj
def take_over(shell: Shell, file: Path, as_json: bool) -> None:
    """Take an export over into an empty database."""
    with _problems_said(), shell.progress(_("importing")):
        done = restore.import_into_empty(_settings(shell), file)
    _say_restored(as_json, file, done)


@data.command(
    "import-legacy",
    help=_(
        "Take products and stock of an earlier bot over: all of it, or nothing.\n\n"
        "DIRECTORY holds products.csv or products.txt with a line code;name;price for each product, and for each "
        "a file CODE.txt with one item a line. Items that have been in stock before are passed over."
    ),
)
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@click.option("--dry-run", is_flag=True, help=_("Only say what would be done."))
@_as_json
@click.pass_obj
def import_legacy(shell: Shell, directory: Path, dry_run: bool, as_json: bool) -> int:
    """Take products and stock of an earlier bot over."""
    with _problems_said(), shell.progress(_("importing")):
        settings = _settings(shell)
        found = legacy.read_legacy_shop(directory, settings.store.currency)
        done = []
        if not found.problems:
            done = (importing.dry_run if dry_run else importing.run_import)(settings, found)
    if as_json:
        rows = [{name: getattr(one, name) for name in one.__struct_fields__} for one in done]
        click.echo(
            json.dumps({"done": not dry_run and not found.problems, "products": rows, "problems": found.problems})
        )
    elif found.problems:
        for problem in found.problems:
            click.echo(problem)
        click.echo(_("nothing was done; mend that, then give the command again"))
    else:
        for one in done:
            click.echo(_line_about(one))
        click.echo(_("nothing was done: this was a dry run") if dry_run else _("done"))
    return 1 if found.problems else 0


@data.command(
    "verify",
    help=_(
        "Look whether the books are right: balances and entries, orders and items.\n\n"
        "Without FILE those of the shop, also while the bot sells; else those in a backup or an export."
    ),
)
@click.argument("file", type=_file, required=False)
@_as_json
@click.pass_obj
def verify(shell: Shell, file: Path | None, as_json: bool) -> int:
    """Look whether the books are right."""
    with _problems_said(), shell.progress(_("looking through the books")):
        settings = _settings(shell)
        problems = restore.validate(file) if file is not None else backup.verify_shop(settings)
    if as_json:
        click.echo(json.dumps({"ok": not problems, "problems": problems}))
    else:
        click.echo("\n".join(problems) if problems else _("the books are right"))
    return 1 if problems else 0


@contextmanager
def _problems_said() -> Iterator[None]:
    try:
        yield
    except ConfigError as error:
        raise BadConfig(str(error)) from error
    except DataProblem as error:
        raise click.ClickException(str(error)) from error


def _settings(shell: Shell) -> Settings:
    return load(shell.config)


def _say(as_json: bool, facts: dict[str, Any], text: str) -> None:
    click.echo(json.dumps(facts) if as_json else text)


def _say_restored(as_json: bool, file: Path, done: RestoreResult) -> None:
    kept = str(done.kept) if done.kept is not None else None
    if as_json:
        click.echo(json.dumps({"file": str(file), "kept": kept, "problems": done.problems}))
        return
    click.echo(_("the shop's data is now that of %s") % file)
    if kept is not None:
        click.echo(_("what was there before: %s") % kept)
    for problem in done.problems:
        _warn(_("the books are not right: %s") % problem)


def _line_about(one: ImportResult) -> str:
    parts = [_("new product") if one.new else _("product that is there"), _("%d added") % one.added]
    for text, lines in (
        (_("in stock already or twice: lines %s"), one.duplicates),
        (_("sold or withdrawn before: lines %s"), one.gone),
        (_("empty: lines %s"), one.blank),
    ):
        if lines:
            shown = ", ".join(map(str, lines[:20]))
            parts.append(text % (f"{shown} …" if len(lines) > 20 else shown))
    return f"{one.code}: {'; '.join(parts)}"


def _warn(text: str) -> None:
    click.echo(f"stocksup: {text}", err=True)
