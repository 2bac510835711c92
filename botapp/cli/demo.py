"""`stocksup demo`: run a shop with a local Discord, in a separate state directory."""

from __future__ import annotations

import errno
import getpass
import json
import os
import signal
import socket
import subprocess
import sys
import time
import webbrowser
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from botapp import locale
from botapp.cli.shell import Shell, expand_home
from botapp.locale import _
from botapp.runtime import login_links
from supervisor.client import SOCKET_NAME, Client, ControlError, parse_marker

# before the options below, whose help is translated when they are created. The demo itself has no configuration of its
# user's: it speaks the language of the terminal, whatever configuration is in the current directory
locale.use_of_command(os.environ)

DEFAULT_PORT: Final = 8099
HOST: Final = "127.0.0.1"
#: highest port that only root may open
LAST_PRIVILEGED_PORT: Final = 1023
LAST_PORT: Final = 65535
#: how often to check for new lines of the bot's log, in seconds
FOLLOW_INTERVAL_S: Final = 0.2
#: maximum time until all programs run, in seconds
START_TIMEOUT_S: Final = 120.0

#: variables of a real shop on the same machine, which the demo must not inherit
_REAL: Final = frozenset({"DISCORD_TOKEN", "CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET", "INVOCATION_ID"})

#: marks the demo's configuration
_FIRST_LINE: Final = "# Written by `stocksup demo` at each start.\n"

_CONFIG: Final = """\
language = "{language}"

[supervisor]
state_dir = "state"

[discord]
token_file = "token"
api_base = "http://{host}:{port}/api/v10"
gateway = "ws://{host}:{port}/gateway"

[bot]
live_channel_id = {channel}

[store]
member_name_label = "GrowID"

[[store.currency]]
name = "World Lock"
short = "WL"
value = 1

[[store.currency]]
name = "Diamond Lock"
short = "DL"
value = 100

[[store.currency]]
name = "Blue Gem Lock"
short = "BGL"
value = 10000

[dashboard]
enabled = true
listen = "{host}:{dashboard_port}"

[programs.discord]
command = ["python", "-m", "botapp.local_discord", "--port", "{port}"]
ready = "notify"
drain = false
flush_cache = false

[programs.bot]
command = ["python", "-m", "botapp"]
check = ["python", "-m", "botapp", "--check"]
"""


_PORT: Final = click.IntRange(1, 65535)
# click's own name for it is English, and said when a number is none
_PORT.name = _("port number")


@click.command(help=_("Try everything with a local Discord, without a token."))
@click.option(
    "--port", type=_PORT, metavar="PORT", default=DEFAULT_PORT, show_default=True, help=_("Port of the web page.")
)
@click.option(
    "--state-dir",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    callback=expand_home,
    help=_("Directory for the demo's files."),
)
@click.option(
    "--language",
    type=click.Choice(locale.LANGUAGES),
    default=locale.of_terminal(os.environ),
    show_default=True,
    help=_("Language of the shop."),
)
@click.option("--open", "opens_page", is_flag=True, help=_("Open the page in the browser."))
@click.pass_obj
def demo(shell: Shell, port: int, state_dir: Path | None, language: str, opens_page: bool) -> int:
    """Run a shop with a local Discord."""
    locale.use(language)
    directory = (state_dir or default_directory(os.environ)).absolute()
    shell.work_as_owner(directory)
    place = directory / "state"
    if (pid := _running(place)) is not None:
        text = _(
            "the demo is already running (PID %(pid)d, files in %(path)s); use it, or stop it with Ctrl-C in "
            "its terminal first"
        )
        raise click.ClickException(text % {"pid": pid, "path": directory})
    # programs of an earlier demo still use the port; the new supervisor takes them over
    if not (place / SOCKET_NAME).exists() and (problem := _port_problem(port)):
        text = _("cannot open port %(port)d: %(why)s; use another one: stocksup demo --port %(other)d")
        other = max(port, LAST_PRIVILEGED_PORT) + 1
        raise click.ClickException(text % {"port": port, "why": problem, "other": other})
    _refuse_real_shop(directory)
    # that of an earlier demo may still run, too
    dashboard_port = port + 1 if (place / SOCKET_NAME).exists() else _choose_dashboard_port(port)
    _write_files(directory, port, dashboard_port, language)
    supervisor = _start_supervisor(directory / "config.toml")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: supervisor.terminate())
    try:
        return _show(supervisor, place, port, dashboard_port, opens_page=opens_page)
    finally:
        if supervisor.poll() is None:
            supervisor.terminate()
        supervisor.wait()


def default_directory(environ: Mapping[str, str]) -> Path:
    """Return the directory of the demo: `$XDG_STATE_HOME/stocksup/demo`, or that below `~/.local/state`."""
    home = environ.get("XDG_STATE_HOME") or Path(environ.get("HOME", ".")) / ".local/state"
    return Path(home) / "stocksup" / "demo"


def banner(port: int, dashboard_port: int, link: str, environ: Mapping[str, str], user: str) -> str:
    """Return the text that is shown when all programs run. Pure."""
    lines = [
        "",
        "  " + _("The demo is running: a shop, its bot and a local Discord."),
        "",
        "    " + _("Open    %(address)s") % {"address": page_url(port)},
        "    " + _("See     %(address)s    (the dashboard; this link works once)") % {"address": link},
        "    " + _("You are Admin there and can give commands; Budi and Sari are members."),
        "    " + _("Type    !restart    and answer    yes"),
        "    " + _("Stop    Ctrl-C"),
    ]
    words = environ.get("SSH_CONNECTION", "").split()
    if len(words) == 4:
        elsewhere = "" if words[3] == "22" else f"-p {words[3]} "
        tunnels = " ".join(f"-L {number}:{HOST}:{number}" for number in (port, dashboard_port))
        command = f"ssh {tunnels} {elsewhere}{user}@{words[2]}"
        lines.append("    " + _("Over SSH, first run on your own computer    %(command)s") % {"command": command})
    return "\n".join([*lines, ""])


def page_url(port: int) -> str:
    """Return the address of the page, as the admin."""
    return f"http://{HOST}:{port}/#Admin/toko"


def _show(supervisor: subprocess.Popen[bytes], place: Path, port: int, dashboard_port: int, *, opens_page: bool) -> int:
    """Wait until all programs run, print the banner, and follow the bot's log until the end."""
    try:
        problem = _wait_until_up(place)
    except ControlError:
        # the supervisor exits: after a signal to us, or because of a failure
        problem = "" if supervisor.wait() == 0 else _("the supervisor exited")
    if problem:
        raise click.ClickException(problem)
    if supervisor.poll() is None:
        address = f"http://{HOST}:{dashboard_port}"
        link = login_links.create_link(address, place / "dashboard" / "key", time.time())
        click.echo(banner(port, dashboard_port, link, os.environ, getpass.getuser()))
        if opens_page and not webbrowser.open(page_url(port)):
            click.echo(_("No browser was found; open the address above."))
        _follow(supervisor, place / "logs" / "bot.log")
    if supervisor.wait() < 0:
        text = _("the demo's supervisor was killed; its programs keep running, and `stocksup demo` takes them over")
        raise click.ClickException(text)
    return supervisor.returncode


def _wait_until_up(place: Path) -> str:
    """Return "" when all programs run, or why one failed. Raises ControlError when the supervisor exits."""
    with Client(place / SOCKET_NAME) as listener, Client(place / SOCKET_NAME) as asker:
        reports = listener.events(timeout_s=START_TIMEOUT_S)
        while True:
            programs = asker.request("status", timeout_s=START_TIMEOUT_S)["programs"]
            if failed := [program for program in programs if program["state"] == "FATAL"]:
                text = _("cannot start %(program)s: %(why)s")
                return text % {"program": failed[0]["name"], "why": failed[0]["reason"]}
            if all(program["state"] == "RUNNING" for program in programs):
                return ""
            next(reports)


def _follow(supervisor: subprocess.Popen[bytes], log: Path) -> None:
    """Print the bot's log, from its last start on, until the supervisor exits."""
    with log.open(encoding="utf-8", errors="replace") as file:
        lines = of_last_life(file.readlines())
        going = True
        while going:
            going = supervisor.poll() is None
            for line in (*lines, *file):
                click.echo(_shown(line), nl=False)
            lines = []
            sys.stdout.flush()
            if going:
                time.sleep(FOLLOW_INTERVAL_S)


def of_last_life(lines: Sequence[str]) -> Sequence[str]:
    """Return the lines of the bot's last process; all lines, if it started in an earlier file. Pure."""
    for at in range(len(lines) - 1, -1, -1):
        mark = parse_marker(lines[at].rstrip("\n"))
        if mark is not None and mark.event == "starts":
            return lines[at:]
    return lines


def _shown(line: str) -> str:
    """Return a line of the log with a translated marker: the markers in the file are English, for scripts."""
    if (mark := parse_marker(line.rstrip("\n"))) is None:
        return line
    text = {
        "starts": _("process %(life)d of %(program)s starts"),
        "goes on": _("process %(life)d of %(program)s goes on"),
        "ended": _("process %(life)d of %(program)s ended: %(how)s"),
    }[mark.event]
    said = text % {"life": mark.life, "program": mark.program, "how": mark.exit}
    return f"--- stocksup {mark.time}: {said} ---\n"


def _running(place: Path) -> int | None:
    try:
        with Client(place / SOCKET_NAME) as client:
            return int(client.request("ping", timeout_s=5)["pid"])
    except (ControlError, OSError):
        return None  # no supervisor, or one that does not answer


def _port_problem(port: int) -> str | None:
    """Return why the port is not available, or None."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((HOST, port))
        except OSError as error:
            known = {errno.EADDRINUSE: _("another program uses it"), errno.EACCES: _("only root may open it")}
            return known.get(error.errno or 0, str(error.strerror))
    return None


def _choose_dashboard_port(port: int) -> int:
    """Return the next port, or any free one if another program uses that."""
    if port < LAST_PORT and not _port_problem(port + 1):
        return port + 1
    with socket.socket() as sock:
        sock.bind((HOST, 0))
        return int(sock.getsockname()[1])


def _refuse_real_shop(directory: Path) -> None:
    """Refuse a directory that contains a real shop: the demo would overwrite its files."""
    config = directory / "config.toml"
    if config.exists() and config.read_text(errors="replace").startswith(_FIRST_LINE):
        return
    if any((directory / name).exists() for name in ("config.toml", "token")):
        text = _("%(path)s contains a real shop, which the demo would overwrite; name another --state-dir")
        raise click.ClickException(text % {"path": directory})


def _write_files(directory: Path, port: int, dashboard_port: int, language: str) -> None:
    from botapp.cli.demo_shop import demo_goods, furnish
    from botapp.local_discord.ids import DEFAULT_TOKEN, LIVE_CHANNEL_ID
    from botapp.runtime.private_files import write_file

    values = {"port": port, "dashboard_port": dashboard_port, "channel": LIVE_CHANNEL_ID, "language": language}
    config = _FIRST_LINE + _CONFIG.format(host=HOST, **values)
    for name, text in (("config.toml", config), ("token", f"{DEFAULT_TOKEN}\n")):
        write_file(directory / name, text.encode())
    furnish(directory / "state" / "bot" / "shop.db", demo_goods())


def _start_supervisor(config: Path) -> subprocess.Popen[bytes]:
    """Start the supervisor and wait until its control socket is open."""
    environ = {
        name: value for name, value in os.environ.items() if name not in _REAL and not name.startswith("STOCKSUP")
    }
    reader, writer = os.pipe()
    command = [sys.executable, "-P", "-m", "supervisor", "--config", str(config), "--report-fd", str(writer)]
    # in a separate session, so that Ctrl-C reaches only us; we stop it once
    supervisor = subprocess.Popen(
        command, env=environ, pass_fds=(writer,), start_new_session=True, stdin=subprocess.DEVNULL
    )
    os.close(writer)
    with open(reader, encoding="utf-8") as file:
        line = file.readline()
    report: dict[str, Any] = (
        json.loads(line) if line else {"ok": False, "message": _("the supervisor exited immediately")}
    )
    if not report["ok"]:
        supervisor.wait()
        raise click.ClickException(str(report["message"]))
    return supervisor
