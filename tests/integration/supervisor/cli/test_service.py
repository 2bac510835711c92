"""`stocksup service`, and start and stop with it, with a systemctl that only records and imitates."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from supervisor.cli.systemd import unit
from supervisor.client import Client
from supervisor.processes import process, procfs
from tests.support import python_process
from tests.support.supervisor import fake_systemctl
from tests.support.supervisor.fake_systemctl import PATIENCE_S

pytestmark = pytest.mark.sampled

STAYS = """
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
signal.sigwait({signal.SIGTERM})
"""


class Machine:
    """A machine with a systemd that is none, and one configuration."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.shop = directory / "my shop 100% ü"
        self.shop.mkdir(parents=True)
        self.config = self.shop / "config.toml"
        self.state = self.shop / "state"
        self.system_units = directory / "system"
        self.system_units.mkdir()
        self.home = directory / "home"
        self.user_units = self.home / ".config/systemd/user"
        self.fake = directory / "fake"
        self.path = fake_systemctl.install(self.fake, self.system_units)
        (self.shop / "stays.py").write_text(STAYS)
        self.configure('command = ["python", "stays.py"]')

    def configure(self, program: str, extra: str = "", ready: str = "0") -> None:
        text = f'language = "en"\n{extra}\n[programs.bot]\n{program}\nready = {ready}\ndrain = false\n'
        self.config.write_text(text)

    def run(self, *words: str, root: bool = True, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a command on the configuration."""
        ours = ("STOCKSUP", "NOTIFY_SOCKET", "INVOCATION_ID", "XDG", "LC_", "LANG")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        command = ("tests.support.supervisor.command_as_root", str(self.system_units)) if root else ("supervisor.cli",)
        environ = {
            **inherited,
            "HOME": str(self.home),
            "LANG": "en_US.UTF-8",
            "PATH": f"{self.path}{os.pathsep}{os.environ['PATH']}",
            **environ,
        }
        words = ("--config", str(self.config), *words)
        return python_process.run(*command, *words, cwd=self.directory, env=environ, timeout_s=PATIENCE_S)

    def well(self, *words: str, **environ: str) -> str:
        """Run a command that has to succeed; return what it says."""
        done = self.run(*words, root=True, **environ)
        assert done.returncode == 0, (done.stdout, done.stderr, fake_systemctl.calls(self.fake))
        return done.stdout

    def badly(self, *words: str, code: int = 1, **environ: str) -> str:
        """Run a command that has to fail; return its one message."""
        done = self.run(*words, root=True, **environ)
        assert done.returncode == code, (done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        return done.stderr

    def changes(self) -> list[list[str]]:
        return fake_systemctl.changes(self.fake)

    def pid(self) -> int:
        """Return the pid of the supervisor that answers."""
        with Client(self.state / "stocksup.sock") as client:
            return int(client.request("ping")["pid"])

    def life(self) -> int:
        return int(json.loads(self.run("status", "--json").stdout)["programs"][0]["life"])


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    one = Machine(tmp_path)
    yield one
    for name in ("gone", "forbidden"):
        (one.fake / name).unlink(missing_ok=True)
    shutil.rmtree(one.system_units)
    shutil.rmtree(one.user_units, ignore_errors=True)
    one.run("stop")
    assert process.kill_descendants(-1, {"STOCKSUP_SOCKET": str(one.state / "stocksup.sock")}) == []


def test_install_writes_enables_and_starts(machine: Machine) -> None:
    said = machine.well("service", "install")
    written = machine.system_units / "stocksup.service"
    assert str(written) in said
    assert "stocksup is running: bot (process 1)" in said
    assert "systemctl status stocksup" in said
    assert "stocksup service uninstall" in said
    assert written.stat().st_mode & 0o777 == 0o644
    assert unit.config_of(written.read_text()) == machine.config
    assert machine.changes() == [["daemon-reload"], ["enable", "--now", "stocksup.service"]]
    assert machine.pid() == int((machine.fake / "pid").read_text())
    assert (machine.fake / "told").read_text().startswith("READY=1\nSTATUS=bot ")


def test_install_again_changes_nothing(machine: Machine) -> None:
    machine.well("service", "install")
    pid, text = machine.pid(), (machine.system_units / "stocksup.service").read_text()
    again = machine.well("service", "install")
    assert "Wrote" not in again
    assert "bot (process 1)" in again
    assert machine.pid() == pid
    assert (machine.system_units / "stocksup.service").read_text() == text


def test_install_after_a_change_says_what_makes_it_count(machine: Machine) -> None:
    machine.well("service", "install")
    machine.configure('command = ["python", "stays.py"]\nstop_timeout_s = 3000')
    again = machine.well("service", "install")
    assert "sudo systemctl restart stocksup" in again
    timeout_s = 3000 + 20 + int(unit.SUPERVISOR_EXIT_S)
    assert f"TimeoutStopSec={timeout_s}" in (machine.system_units / "stocksup.service").read_text()
    assert machine.life() == 1


def test_the_service_replaces_a_supervisor_started_by_hand(machine: Machine) -> None:
    assert "will not start again after a reboot" in machine.well("start")
    by_hand = machine.pid()
    said = machine.well("service", "install")
    assert "Stopped what ran without systemd" in said
    assert "bot (process 2)" in said
    assert procfs.identify(by_hand) is None


def test_what_was_started_by_hand_comes_back_when_systemd_will_not(machine: Machine) -> None:
    machine.well("start")
    (machine.fake / "unwilling").touch()
    said = machine.badly("service", "install")
    assert "Failed to enable unit" in said
    assert "Restarted what ran before, without systemd" in said
    assert machine.pid()
    assert machine.life() == 2


def test_uninstall_stops_and_removes(machine: Machine) -> None:
    machine.well("service", "install", "--name", "toko")
    said = machine.well("service", "uninstall")
    assert str(machine.system_units / "toko.service") in said
    assert list(machine.system_units.iterdir()) == []
    assert machine.changes()[-2:] == [["disable", "--now", "toko.service"], ["daemon-reload"]]
    assert not (machine.state / "stocksup.sock").exists()
    assert (machine.state / "journal.jsonl").exists()
    assert "nothing changed" in machine.well("service", "uninstall")


def test_uninstall_by_name_needs_no_configuration(machine: Machine) -> None:
    machine.well("service", "install", "--name", "toko")
    machine.well("stop")
    machine.config.unlink()
    machine.well("service", "uninstall", "--name", "toko")
    assert list(machine.system_units.iterdir()) == []


def test_show_changes_nothing(machine: Machine) -> None:
    shown = machine.well("service", "show")
    assert list(machine.system_units.iterdir()) == []
    assert machine.changes() == []
    assert not machine.state.exists()
    machine.well("service", "install")
    assert (machine.system_units / "stocksup.service").read_text() == shown


def test_start_and_stop_go_through_systemd(machine: Machine) -> None:
    machine.well("service", "install")
    before = len(machine.changes())
    assert "stopped" in machine.well("stop")
    assert not (machine.state / "stocksup.sock").exists()
    assert machine.badly("stop", code=3)
    said = machine.well("start")
    assert "bot (process 2)" in said
    assert "systemd keeps it running (stocksup)" in said
    assert "will not start again" not in said
    assert machine.changes()[before:] == [["stop", "stocksup.service"], ["start", "stocksup.service"]]
    assert "already running" in machine.well("start")


def test_restart_of_the_bot_uses_the_control_socket(machine: Machine) -> None:
    machine.well("service", "install")
    pid, before = machine.pid(), machine.changes()
    report = json.loads(machine.well("restart", "--json"))
    assert (report["from_life"], report["to_life"]) == (1, 2)
    assert (machine.pid(), machine.changes()) == (pid, before)
    machine.well("stop")
    assert "stocksup start" in machine.badly("restart", code=3)


def test_a_program_that_was_stopped_by_itself_stays_down_but_start_means_all(machine: Machine) -> None:
    machine.well("service", "install")
    machine.well("stop", "bot")
    machine.well("stop")
    assert "bot (process 2)" in machine.well("start")


def test_a_bot_that_does_not_come_up_is_reported_and_not_left(machine: Machine) -> None:
    machine.well("service", "install")
    machine.well("stop")
    machine.configure('command = ["python", "-c", "raise SystemExit(78)"]', ready="30")
    said = machine.badly("start", code=78)
    assert "stocksup: bot" in said
    assert "exit 78" in said
    assert "everything was stopped again" in said
    assert machine.changes()[-2:] == [["start", "stocksup.service"], ["stop", "stocksup.service"]]


def test_a_bad_configuration_is_told_before_systemd_is_asked(machine: Machine) -> None:
    machine.well("service", "install")
    machine.well("stop")
    machine.config.write_text("nonsense = 1\n")
    before = machine.changes()
    assert "nonsense" in machine.badly("start", code=78)
    assert "nonsense" in machine.badly("service", "install", code=78)
    assert machine.changes() == before


def test_several_instances_side_by_side(machine: Machine) -> None:
    machine.well("service", "install")
    other = machine.directory / "other/config.toml"
    other.parent.mkdir()
    shutil.copy(machine.config, other)
    first, machine.config = machine.config, other
    said = machine.badly("service", "install")
    assert str(first) in said
    assert "--name" in said
    shown = machine.well("service", "show", "--name", "other")
    assert "StateDirectory=stocksup/other" in shown
    machine.config = first
    assert "service uninstall --name stocksup" in machine.badly("service", "install", "--name", "third")


def test_a_unit_of_somebody_else_stays(machine: Machine) -> None:
    foreign = machine.system_units / "stocksup.service"
    foreign.write_text("[Service]\nExecStart=/bin/true\n")
    for words in (("install",), ("uninstall", "--name", "stocksup")):
        assert "was not created by stocksup" in machine.badly("service", *words)
    assert foreign.read_text() == "[Service]\nExecStart=/bin/true\n"
    foreign.unlink()
    (machine.fake / "loaded").write_text("/lib/systemd/system/nginx.service")
    assert "/lib/systemd/system/nginx.service" in machine.badly("service", "install", "--name", "nginx")
    assert machine.changes() == []


def test_without_root_the_line_to_type_is_told(machine: Machine) -> None:
    for action in ("install", "uninstall"):
        if action == "uninstall":
            machine.well("service", "install")
        said = machine.badly("service", action, TEST_UID="1000")
        assert "sudo " in said
        assert f"--config '{machine.config}' service {action} --name stocksup" in said
    assert ["disable", "--now", "stocksup.service"] not in machine.changes()


def test_what_systemd_refuses_is_told_with_the_line_to_type(machine: Machine) -> None:
    machine.well("service", "install")
    (machine.fake / "forbidden").touch()
    said = machine.badly("stop")
    assert "Interactive authentication required" in said
    assert "sudo systemctl stop stocksup" in said
    assert machine.life() == 1


def test_where_no_systemd_runs(machine: Machine) -> None:
    (machine.fake / "gone").touch()
    said = machine.badly("service", "install")
    assert "systemd is not running here" in said
    assert "start --foreground" in said
    assert "will not start again after a reboot" in machine.well("start")
    assert "[Service]" in machine.well("service", "show")


#: a user who owns nothing
STRANGER = pwd.getpwuid(65534)


def test_a_configuration_that_is_not_root_s_hands_over_no_file(machine: Machine) -> None:
    """Else its owner could have any file of root's handed over."""
    machine.configure('command = ["python", "stays.py"]', '[discord]\ntoken_file = "/etc/shadow"\n')
    if os.getuid() == 0:
        os.chown(machine.config, STRANGER.pw_uid, STRANGER.pw_gid)
    shown = machine.well("service", "show")
    assert "LoadCredential" not in shown
    assert "User=root" not in shown
    if os.getuid() == 0:
        os.chown(machine.config, 0, 0)
        os.chown(machine.shop, STRANGER.pw_uid, STRANGER.pw_gid)  # who can put another file in its place
        shown = machine.well("service", "show")
        assert "LoadCredential" not in shown
        assert f"User={STRANGER.pw_name}" in shown


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
def test_a_token_is_handed_over_only_where_it_is_needed(machine: Machine) -> None:
    machine.configure('command = ["python", "stays.py"]', '[discord]\ntoken_file = "token"\n')
    token = machine.shop / "token"
    assert "token does not exist" in machine.badly("service", "install")
    token.write_text("secret\n")
    token.chmod(0o600)
    # root can read it
    machine.well("service", "install")
    assert "LoadCredential" not in machine.well("service", "show")
    machine.well("service", "uninstall")
    os.chown(machine.state, STRANGER.pw_uid, STRANGER.pw_gid)
    shown = machine.well("service", "show")
    assert f"User={STRANGER.pw_name}\n" in shown
    assert "LoadCredential=discord_token:" in shown
    for place in (machine.shop, token):
        place.chmod(place.stat().st_mode | 0o020)  # others could choose the file
        assert "LoadCredential" not in machine.well("service", "show")
        place.chmod(place.stat().st_mode & ~0o020)
    # only root can read it, but another user chooses it
    os.chown(machine.config, STRANGER.pw_uid, STRANGER.pw_gid)
    assert f"chown {STRANGER.pw_name} {token}" in machine.badly("service", "install")
    for place in (machine.config, machine.state):
        os.chown(place, 0, 0)


def test_a_service_of_one_s_own(machine: Machine) -> None:
    (machine.fake / "units").write_text(str(machine.user_units))
    done = machine.run("service", "install", "--user", root=False)
    assert done.returncode == 0, done.stderr
    assert "loginctl enable-linger" in done.stdout
    text = (machine.user_units / "stocksup.service").read_text()
    assert "WantedBy=default.target" in text
    assert "User=" not in text
    assert ["--user", "enable", "--now", "stocksup.service"] in fake_systemctl.calls(machine.fake)
    assert machine.run("stop", root=False).returncode == 0
    assert ["--user", "stop", "stocksup.service"] in fake_systemctl.calls(machine.fake)
    assert machine.run("service", "uninstall", root=False).returncode == 0
    assert list(machine.user_units.iterdir()) == []


def test_a_service_runs_as_the_owner_of_the_configuration(machine: Machine) -> None:
    assert f"User={pwd.getpwuid(os.getuid()).pw_name}" in machine.well("service", "show").splitlines()
    done = machine.run("service", "install", root=True)
    assert ("A separate user would be safer" in done.stderr) == (os.getuid() == 0)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
def test_a_user_who_cannot_use_the_installation_is_found_out(machine: Machine) -> None:
    os.chown(machine.config, pwd.getpwnam("daemon").pw_uid, -1)
    machine.directory.parent.chmod(0o700)
    said = machine.badly("service", "install")
    assert "the service runs as daemon, who cannot use" in said
    assert "Permission denied" in said
    assert list(machine.system_units.iterdir()) == []


def test_what_the_service_s_user_cannot_use_is_found_before_anything_is_written(machine: Machine) -> None:
    machine.state.write_text("a file where a directory should be")
    said = machine.badly("service", "install")
    assert str(machine.state) in said
    assert list(machine.system_units.iterdir()) == []
    machine.state.unlink()
