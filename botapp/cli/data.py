"""`stocksup data`: back up, restore, export, import and verify the shop's data."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import click
from click.shell_completion import CompletionItem

from botapp import locale
from botapp.cli.shell import BadConfig, Shell
from botapp.config.loading import load
from botapp.config.settings import Settings
from botapp.locale import N_, _
from botapp.services.backup import backup, restore
from botapp.services.backup import legacy_files as legacy
from botapp.services.backup import legacy_import as importing
from botapp.services.backup.files import DAILY, MANUAL, MIGRATION, RESTORE, DataProblem, list_backups
from botapp.services.backup.legacy_import import ImportResult
from botapp.services.backup.restore import RestoreResult
from botapp.store.verify import Verified
from botapp.ui.admin.shop_texts import line_numbers
from supervisor.configfile import ConfigError, find_config

# before the options below, whose help is translated when they are created
locale.use_of_command(os.environ)

_CODES = _("Exit codes: 0 success · 1 failure, or damaged data · 2 wrong usage · 78 invalid configuration.")


#: why a backup was made, by the word in its name
_REASONS: Final = {
    DAILY: N_("daily"),
    MIGRATION: N_("before an update of the database"),
    MANUAL: N_("on request"),
    RESTORE: N_("before a restore"),
}
_as_json = click.option("--json", "as_json", is_flag=True, help=_("Print JSON."))
_file = click.Path(path_type=Path, dir_okay=False)


@click.group(help=_("Back up, restore, move and verify the shop's data.") + "\n\n" + _CODES)
def data() -> None:
    """The shop's data."""


@data.command("backup", help=_("Make a backup; the bot may be running."))
@_as_json
@click.pass_obj
def make_backup(shell: Shell, as_json: bool) -> None:
    """Make a backup."""
    with _report_errors(), shell.progress(_("making a backup")):
        path = backup.make_backup(_settings(shell), report=_warn)
    _print_result(as_json, {"path": str(path), "bytes": path.stat().st_size}, _("backup made: %s") % path)


@data.command("backups", help=_("List the backups, newest first."))
@_as_json
@click.pass_obj
def show_backups(shell: Shell, as_json: bool) -> None:
    """List the backups."""
    with _report_errors():
        settings = _settings(shell)
        backups = list_backups(settings.backup_dir)
    if as_json:
        rows = [{"path": str(one.path), "at": one.at.isoformat(), "reason": one.reason} for one in backups]
        click.echo(json.dumps({"directory": str(settings.backup_dir), "backups": rows}))
        return
    for one in backups:
        at = one.at.astimezone(ZoneInfo(settings.timezone)).strftime("%Y-%m-%d %H:%M:%S %Z")
        click.echo(f"{at}  {one.path.name}  {_(_REASONS.get(one.reason, one.reason))}")
    if backups:
        click.echo("\n" + _("Next: %s") % "stocksup data verify latest · stocksup data restore latest")
    else:
        click.echo(_("there are no backups in %s; make one: stocksup data backup") % settings.backup_dir)


def _complete_backup(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the names of backups that start with `incomplete`, or else have the shell complete files."""
    try:
        backups = list_backups(load(find_config(ctx.find_root().params.get("config"))).backup_dir)
    except (ConfigError, DataProblem):
        backups = []  # the command itself reports the problem
    names = [name for name in ("latest", *(one.path.name for one in backups)) if name.startswith(incomplete)]
    return [CompletionItem(name) for name in names] or [CompletionItem(incomplete, type="file")]


@data.command(
    "restore",
    help=_(
        "Replace the shop's data with a backup or an export.\n\n"
        'FILE is a path, the name of a backup, or "latest". The bot must be stopped. The current data is '
        "kept as a backup."
    ),
)
@click.argument("file", metavar="FILE", shell_complete=_complete_backup)
@_as_json
@click.pass_obj
def put_back(shell: Shell, file: str, as_json: bool) -> None:
    """Replace the shop's data with a backup."""
    with _report_errors(), shell.progress(_("restoring")):
        settings = _settings(shell)
        chosen = restore.find_backup(settings, file, datetime.now(UTC))
        done = restore.restore(settings, chosen)
    _report_restore(as_json, chosen, done)


@data.command("export", help=_("Export all data to a file that any database can import."))
@click.argument("file", type=_file)
@_as_json
@click.pass_obj
def export(shell: Shell, file: Path, as_json: bool) -> None:
    """Export the shop's data to a portable file."""
    with _report_errors(), shell.progress(_("exporting")):
        backup.export_shop(_settings(shell), file, report=_warn)
    _print_result(as_json, {"path": str(file), "bytes": file.stat().st_size}, _("exported: %s") % file)
    _warn(_("this file contains stock and balances: keep it private"))


@data.command("import", help=_("Import an export or a backup into an empty database."))
@click.argument("file", type=_file)
@_as_json
@click.pass_obj
def take_over(shell: Shell, file: Path, as_json: bool) -> None:
    """Import an export into an empty database."""
    with _report_errors(), shell.progress(_("importing")):
        done = restore.import_into_empty(_settings(shell), file)
    _report_restore(as_json, file, done)


@data.command(
    "import-legacy",
    help=_(
        "Import products and stock from another bot.\n\n"
        "DIRECTORY contains products.csv or products.txt with a line code;name;price for each product, "
        "and a file CODE.txt per product with one item per line, as a spreadsheet or an editor saves them (UTF-8 "
        "or UTF-16). The import skips items that were in stock before, and names every line and file that it leaves "
        "out. If one line has a mistake, nothing is imported."
    ),
)
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@click.option("--dry-run", is_flag=True, help=_("Show what would be imported."))
@_as_json
@click.pass_obj
def import_legacy(shell: Shell, directory: Path, dry_run: bool, as_json: bool) -> int:
    """Import products and stock from another bot."""
    with _report_errors(), shell.progress(_("importing")):
        settings = _settings(shell)
        found = legacy.read_legacy_shop(directory, settings.store.currency)
        done = []
        if not found.problems:
            done = (importing.dry_run if dry_run else importing.run_import)(settings, found)
    if as_json:
        rows = [{name: getattr(one, name) for name in one.__struct_fields__} for one in done]
        facts = {"done": not dry_run and not found.problems, "products": rows}
        click.echo(json.dumps({**facts, "problems": found.problems, "left_out": found.left_out}))
    elif found.problems:
        for problem in found.problems:
            click.echo(problem)
        click.echo(_("nothing was imported; fix these lines, then run the command again"))
    else:
        for line in (*map(_import_line, done), *found.left_out):
            click.echo(line)
        click.echo(_("dry run: nothing was imported") if dry_run else _("done"))
    return 1 if found.problems else 0


@data.command(
    "verify",
    help=_(
        "Verify balances, orders, stock and the schema of the database.\n\n"
        "Verifies the shop's database (the bot may be running), or FILE: a path, the name of a backup, or "
        '"latest".'
    ),
)
@click.argument("file", required=False, shell_complete=_complete_backup)
@_as_json
@click.pass_obj
def verify(shell: Shell, file: str | None, as_json: bool) -> int:
    """Verify balances, orders and stock."""
    with _report_errors(), shell.progress(_("verifying the data")):
        settings = _settings(shell)
        chosen = restore.find_backup(settings, file, datetime.now(UTC)) if file is not None else None
        verified = restore.validate(chosen) if chosen is not None else backup.verify_shop(settings)
    is_ok = not verified.problems
    if as_json:
        covered = {name: getattr(verified, name) for name in ("schema_version", "tables", "rows", "rules")}
        click.echo(json.dumps({"ok": is_ok, "problems": verified.problems, "verified": covered}))
    else:
        if verified.problems:
            click.echo("\n".join(verified.problems))
        elif verified.is_complete:
            click.echo(_("the data is consistent"))
        click.echo(_coverage(verified) if chosen is None else f"{chosen}: {_coverage(verified)}")
    return 0 if is_ok else 1


def _coverage(verified: Verified) -> str:
    if not verified.is_complete:
        text = _("verified only that the file is undamaged: it has schema version %s, which this program does not use")
        return text % verified.schema_version
    text = _("verified: the schema, %(tables)d tables with %(rows)d rows, and %(rules)d rules")
    return text % {"tables": verified.tables, "rows": verified.rows, "rules": verified.rules}


@contextmanager
def _report_errors() -> Iterator[None]:
    try:
        yield
    except ConfigError as error:
        raise BadConfig(str(error)) from error
    except DataProblem as error:
        raise click.ClickException(str(error)) from error


def _settings(shell: Shell) -> Settings:
    return load(shell.config)


def _print_result(as_json: bool, facts: dict[str, Any], text: str) -> None:
    click.echo(json.dumps(facts) if as_json else text)


def _report_restore(as_json: bool, file: Path, done: RestoreResult) -> None:
    kept = str(done.kept) if done.kept is not None else None
    if as_json:
        click.echo(json.dumps({"file": str(file), "kept": kept, "problems": done.problems}))
        return
    click.echo(_("the shop's data was replaced with %s") % file)
    if kept is not None:
        click.echo(_("the previous data is in %s") % kept)
    for problem in done.problems:
        _warn(_("the database is inconsistent: %s") % problem)


def _import_line(one: ImportResult) -> str:
    parts = [_("new product") if one.new else _("existing product"), _("%d added") % one.added]
    for text, lines in (
        (_("already in stock or duplicate: lines %s"), one.duplicates),
        (_("sold or withdrawn before: lines %s"), one.gone),
        (_("empty: lines %s"), one.blank),
    ):
        if lines:
            parts.append(text % line_numbers(lines, most=len(lines)))
    if one.elsewhere:
        lines = tuple(line for line, _code in one.elsewhere)
        codes = ", ".join(sorted({code for _line, code in one.elsewhere}))
        text = _("added, but also an item of another product (%(codes)s): lines %(lines)s")
        parts.append(text % {"codes": codes, "lines": line_numbers(lines, most=len(lines))})
    return f"{one.code}: {'; '.join(parts)}"


def _warn(text: str) -> None:
    click.echo(f"stocksup: {text}", err=True)
