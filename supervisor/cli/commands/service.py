"""`stocksup service`: run an instance as a systemd service."""

from __future__ import annotations

import errno
import os
import pwd
import shlex
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import click

from supervisor.cli import exit_codes as exits
from supervisor.cli.bootstrap.launch import launch
from supervisor.cli.commands.start import await_all, connect_to
from supervisor.cli.commands.stop import shut_down
from supervisor.cli.errors import CommandError
from supervisor.cli.instance import Instance
from supervisor.cli.systemd import systemctl, unit
from supervisor.cli.systemd.systemctl import Service
from supervisor.cli.terminal.output import verbatim
from supervisor.cli.terminal.progress import Progress
from supervisor.client import SupervisorNotRunning
from supervisor.config import owner
from supervisor.locale import _
from supervisor.locale.third_party import os_error_text

#: entry points that return the secret files of a configuration, {name: path}
CREDENTIALS: Final = "stocksup.credentials"
#: holds a file for each user whose services run without a login
LINGER_DIR: Final = Path("/var/lib/systemd/linger")

#: what the service's user must be able to do; run as that user. On failure it exits with 1 and prints the path of the
#: file that it cannot use and the errno
_ACCESS_TEST: Final = """
import os, sys
config, state_dir = sys.argv[1:]
try:
    import supervisor.cli.root
    open(config, "rb").close()
    os.makedirs(state_dir, mode=0o700, exist_ok=True)
    open(os.path.join(state_dir, ".try"), "wb").close()
    os.unlink(os.path.join(state_dir, ".try"))
except OSError as error:
    sys.exit(f"{error.filename}:{error.errno}")
"""

_of_user = click.option("--user", "of_user", is_flag=True, help=_("Use your user's service manager; needs no root."))
_name = click.option("--name", metavar="NAME", help=_("Name of the service."))


@click.group(help=_("Run stocksup as a systemd service that starts at boot."))
def command() -> None:
    """Run stocksup as a systemd service."""


@command.command(help=_("Install the service and start it, now and at every boot."))
@_of_user
@_name
@click.pass_obj
def install(instance: Instance, of_user: bool, name: str | None) -> int:
    """Install the service and start it."""
    service = _chosen(instance.config, of_user, name)
    _demand_systemd(of_user)
    _demand_root(instance.config, service, "install")
    _refuse_what_is_taken(service, instance.config)
    facts = _facts(instance, service)
    _demand_secret_files(facts)
    _try_as_user(facts)
    wanted = unit.text(facts)
    changed = not service.unit.exists() or service.unit.read_text(encoding="utf-8") != wanted
    ran_before = service.is_alive()
    if changed:
        _write(service.unit, wanted)
        click.echo(_("Wrote %(path)s.") % {"path": service.unit})
        service.reload_units()
    ended = not ran_before and _end_what_runs_without_it(instance)
    try:
        with Progress(_("starting")):
            service.do("enable", "--now")
    except CommandError:
        if ended:
            instance.work_as_owner()
            launch(instance.config, instance.place)
            click.echo(_("Restarted what ran before, without systemd."), err=True)
        raise
    _say_installed(service, facts, restart_first=changed and ran_before)
    with connect_to(service, instance) as client:
        return await_all(client, instance.place, service, end=None)


@command.command(help=_("Stop the service and remove its unit; keep all data."))
@_of_user
@_name
@click.pass_obj
def uninstall(instance: Instance, of_user: bool, name: str | None) -> int:
    """Stop the service and remove its unit."""
    service = _chosen(instance.config, of_user, name) if name is None else _named(of_user, name)
    if not service.unit.exists():
        click.echo(_("There is no service %(name)s; nothing changed.") % {"name": service.name})
        return exits.FINE
    _refuse_what_is_not_ours(service)
    _demand_root(instance.config if name is None else None, service, "uninstall")
    if present := systemctl.is_available(of_user=service.of_user):
        with Progress(_("stopping")):
            service.do("disable", "--now")
    service.unit.unlink()
    if present:
        service.reload_units()
    click.echo(_("%(name)s stopped; removed %(path)s.") % {"name": service.name, "path": service.unit})
    click.echo(_("Configuration, state and logs are unchanged. Next: stocksup start"))
    return exits.FINE


@command.command(help=_("Print the unit that `install` writes; change nothing."))
@_of_user
@_name
@click.pass_obj
def show(instance: Instance, of_user: bool, name: str | None) -> int:
    """Print the unit that `install` writes."""
    click.echo(verbatim(unit.text(_facts(instance, _chosen(instance.config, of_user, name)))), nl=False)
    return exits.FINE


# --- choice and permission ---


def _named(of_user: bool, name: str) -> Service:
    return systemctl.service(unit.validate_name(name), of_user=of_user)


def _chosen(config: Path, of_user: bool, name: str | None) -> Service:
    """Return the service with this name, or the one that runs this configuration, or the default."""
    if name is not None:
        return _named(of_user, name)
    present = systemctl.installed(config)
    if present is not None and (present.of_user or not of_user):
        return present
    return _named(of_user, unit.DEFAULT_NAME)


def _demand_systemd(of_user: bool) -> None:
    if systemctl.is_available(of_user=of_user):
        return
    if of_user and systemctl.is_available(of_user=False):
        text = _("the user service manager does not answer; log in directly (not with su or sudo), then try again")
        raise CommandError(text)
    text = _(
        "systemd is not running here, so nothing can start stocksup at boot; in a container use "
        "`stocksup start --foreground` as the command; in WSL2 turn systemd on ([boot] systemd=true in "
        "/etc/wsl.conf)"
    )
    raise CommandError(text)


def _demand_root(config: Path | None, service: Service, action: str) -> None:
    """Refuse without root, and show the command to type instead."""
    if service.of_user or os.geteuid() == 0:
        return
    named = ["--config", str(config)] if config else []
    line = shlex.join(["sudo", *_stocksup(), *named, "service", action, "--name", service.name])
    text = _("only root may change %(place)s: %(line)s") % {"place": service.directory, "line": line}
    if action == "install":
        text = _("%(text)s; or without root: stocksup service install --user") % {"text": text}
    raise CommandError(text)


def _refuse_what_is_not_ours(service: Service) -> None:
    if systemctl.config_of(service.unit) is None:
        text = _("%(path)s was not created by stocksup and stays unchanged; choose another name with --name")
        raise CommandError(text % {"path": service.unit})


def _refuse_what_is_taken(service: Service, config: Path) -> None:
    """Refuse a name that is taken, and a second service for a configuration."""
    present = systemctl.installed(config)
    if present is not None and present != service:
        text = _("%(name)s is already the service of %(config)s; remove it first: %(command)s") % {
            "name": present.name,
            "config": config,
            "command": f"stocksup service uninstall {'--user ' if present.of_user else ''}--name {present.name}",
        }
        raise CommandError(text)
    if service.unit.exists():
        _refuse_what_is_not_ours(service)
        if present is None:
            text = _("%(path)s runs another configuration (%(config)s); choose another name with --name")
            raise CommandError(text % {"path": service.unit, "config": systemctl.config_of(service.unit)})
    elif (elsewhere := service.loaded_from()) is not None:
        text = _("there is already a service %(name)s (%(path)s); choose another name with --name")
        raise CommandError(text % {"name": service.name, "path": elsewhere})


# --- contents of the unit ---


def _facts(instance: Instance, service: Service) -> unit.UnitFields:
    instance.check()
    config = instance.config
    user = None if service.of_user else _user(config, instance.place.state_dir)
    return unit.UnitFields(
        name=service.name,
        config=config,
        stocksup=_stocksup(),
        kill=shutil.which("kill") or "/bin/kill",
        state_dir=Path(os.path.realpath(instance.place.state_dir)),
        stop_timeout_s=unit.stop_timeout_s(instance.settings),
        user=user,
        credentials={} if user is None else _credentials(config, user),
    )


def _stocksup() -> tuple[str, ...]:
    """Return the command that runs this installation, from any directory."""
    script = Path(sys.executable).with_name("stocksup")
    return (str(script),) if os.access(script, os.X_OK) else (sys.executable, "-P", "-m", "supervisor.cli")


def _user(config: Path, state_dir: Path) -> str:
    """Return the name of the service's user: who can change the configuration, or the owner of the state directory."""
    uid = owner.find_owner(config) or owner.find_owner(state_dir)
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError as error:
        text = _("%(config)s belongs to user %(uid)d, which does not exist; change its owner with chown")
        raise CommandError(text % {"config": config, "uid": uid}) from error


def _credentials(config: Path, user: str) -> dict[str, Path]:
    """Return the secret files that systemd passes as credentials: those that only root can read.

    systemd reads them with root's rights. So root alone must be able to choose and to replace them: otherwise the
    user could have any file of root's handed over.
    """
    if not _is_only_roots(config):
        return {}
    return {
        name: path
        for name, path in _secret_files(config).items()
        if _is_only_roots(path) and not _can_read(pwd.getpwnam(user), path)
    }


def _is_only_roots(path: Path) -> bool:
    """Return whether root alone can replace or change the file."""
    if owner.find_owner(path) != 0:
        return False
    real = Path(os.path.realpath(path))
    try:
        modes = [place.stat().st_mode for place in (real, *real.parents)]
    except OSError:
        return False
    return not any(mode & 0o022 and not (stat.S_ISDIR(mode) and mode & stat.S_ISVTX) for mode in modes)


def _secret_files(config: Path) -> dict[str, Path]:
    """Return the secret files of the configuration, by name; the programs' packages know them."""
    from importlib.metadata import entry_points

    found: dict[str, Path] = {}
    for entry in entry_points(group=CREDENTIALS):
        found.update(entry.load()(config))
    return found


def _demand_secret_files(facts: unit.UnitFields) -> None:
    """Refuse a service that could not get its secrets."""
    user = _account(facts)
    for name, path in _secret_files(facts.config).items():
        if not path.exists():
            text = _("%(path)s does not exist, but must contain %(name)s; create it first")
            raise CommandError(text % {"path": path, "name": name})
        if name not in facts.credentials and not _can_read(user, path):
            text = _(
                "the service runs as %(user)s, who cannot read %(path)s; run: chown %(user)s %(path)s (or make it and "
                "%(config)s, with all their directories, writable by root alone)"
            )
            raise CommandError(text % {"user": user.pw_name, "path": path, "config": facts.config})


def _can_read(user: pwd.struct_passwd, path: Path) -> bool:
    """Return whether the user can read the file; without root's rights, whether we can."""
    if user.pw_uid == os.getuid() or os.getuid() != 0:
        return os.access(path, os.R_OK)
    done = subprocess.run(["test", "-r", str(path)], cwd="/", check=False, **_as_user(user))
    return done.returncode == 0


def _as_user(user: pwd.struct_passwd) -> dict[str, Any]:
    """Return the arguments for `subprocess` to run a process as this user."""
    if user.pw_uid == os.getuid():
        return {}
    groups = os.getgrouplist(user.pw_name, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": groups}


def _account(facts: unit.UnitFields) -> pwd.struct_passwd:
    return pwd.getpwnam(facts.user) if facts.user else pwd.getpwuid(os.getuid())


def _try_as_user(facts: unit.UnitFields) -> None:
    """Create the state directory as the service's user, and check that this user can use all needed files."""
    words = [sys.executable, "-P", "-c", _ACCESS_TEST, str(facts.config), str(facts.state_dir)]
    user = _account(facts)
    try:
        done = subprocess.run(words, cwd="/", stderr=subprocess.PIPE, check=False, **_as_user(user))
        if done.returncode == 0:
            return
        said = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        path, _colon, number = (said or [""])[0].rpartition(":")
        if not number.isdecimal():
            # it could not import stocksup
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), sys.prefix)
        raise OSError(int(number), os.strerror(int(number)), path)
    except OSError as error:
        text = _("the service runs as %(user)s, who cannot use %(path)s: %(why)s; fix its permissions")
        facts_of = {"user": user.pw_name, "path": error.filename, "why": os_error_text(error)}
        raise CommandError(text % facts_of) from error


# --- installation ---


def _write(path: Path, text: str) -> None:
    """Write the unit atomically. It contains no secrets and is world-readable."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text, encoding="utf-8")
    fresh.chmod(0o644)
    fresh.replace(path)


def _end_what_runs_without_it(instance: Instance) -> bool:
    """Stop a supervisor that was started by hand. Return whether there was one."""
    try:
        with instance.connect() as client:
            shut_down(client)
    except SupervisorNotRunning:
        return False
    click.echo(_("Stopped what ran without systemd."))
    return True


def _say_installed(service: Service, facts: unit.UnitFields, *, restart_first: bool) -> None:
    user = _account(facts).pw_name
    said = _("The service %(name)s runs as %(user)s and starts at every boot.")
    click.echo(said % {"name": service.name, "user": user})
    if user == "root":
        said = _("A separate user would be safer than root: give it %(directory)s (chown), then install again.")
        click.echo(said % {"directory": facts.config.parent}, err=True)
    if restart_first:
        click.echo(_("To apply the changes: %(command)s") % {"command": service.command("restart")})
    if service.of_user and not (LINGER_DIR / user).exists():
        said = _("It stops when you log out. To keep it running, run this once: %(command)s")
        click.echo(said % {"command": f"sudo loginctl enable-linger {user}"})
    said = _("Next: %(status)s · %(journal)s · stocksup service uninstall")
    click.echo(said % {"status": f"systemctl {'--user ' if service.of_user else ''}status {service.name}",
                       "journal": service.journal()})  # fmt: skip
