"""The commands as a person or a script runs them: real supervisors, real programs, no Discord."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from supervisor.cli.root import OWN
from supervisor.client import Client
from supervisor.processes import process, procfs
from tests.support import python_process
from tests.support.python_process import ROOT
from tests.support.supervisor.command_line import PATIENCE_S, Instance


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    one = Instance(tmp_path / "shop")
    yield one
    one.run("stop")
    left = process.kill_descendants(-1, {"STOCKSUP_SOCKET": str(one.socket)})
    assert left == []


def test_up_and_down(instance: Instance) -> None:
    started = instance.run("start")
    assert started.returncode == 0, started.stderr
    assert "stocksup is running: bot (process 1)" in started.stdout
    assert "Next: stocksup status" in started.stdout
    bot = instance.programs()["bot"]
    assert (bot["state"], bot["desired"], bot["life"]) == ("RUNNING", "up", 1)

    again = instance.run("start")
    assert again.returncode == 0
    assert "already running" in again.stdout
    assert instance.programs()["bot"]["pid"] == bot["pid"]

    stopped = instance.run("stop")
    assert stopped.returncode == 0, stopped.stderr
    assert "stocksup start" in stopped.stdout
    assert procfs.identify(bot["pid"]) is None
    assert not instance.socket.exists()


@pytest.mark.parametrize("words", [("stop", "bot"), ("stop",)])
def test_stop_says_that_it_had_to_kill(instance: Instance, words: tuple[str, ...]) -> None:
    instance.configure(extra="stop_timeout_s = 0.1\ndrain_timeout_s = 0.1\n")
    instance.run("start")
    os.kill(instance.programs()["bot"]["pid"], signal.SIGSTOP)
    stopped = instance.run(*words)
    assert stopped.returncode == 0, stopped.stderr
    assert "was killed" in stopped.stdout


def test_the_supervisor_is_gone_when_stop_comes_back(instance: Instance) -> None:
    instance.run("start")
    with Client(instance.socket) as client:
        pid = client.request("ping")["pid"]
    instance.run("stop")
    gone = procfs.identify(pid) is None
    assert gone or Path(f"/proc/{pid}/stat").read_text().split(")")[-1].split()[0] == "Z"
    assert instance.run("start").returncode == 0


@pytest.mark.parametrize("words", [("stop",), ("stop", "bot"), ("restart",), ("restart", "--no-wait")])
def test_without_a_supervisor_commands_say_so(instance: Instance, words: tuple[str, ...]) -> None:
    done = instance.run(*words)
    assert done.returncode == 3
    assert done.stdout == ""
    assert str(instance.directory) in done.stderr
    assert ("stocksup start" in done.stderr) == (words[0] == "restart"), "who wants to stop it must not start it"


def test_status_without_a_supervisor(instance: Instance) -> None:
    done = instance.run("status")
    assert done.returncode == 3
    assert "not running" in done.stdout
    assert "stocksup start" in done.stdout
    as_json = instance.run("status", "--json")
    assert as_json.returncode == 3
    assert json.loads(as_json.stdout) == {"version": 1, "supervisor": None, "programs": []}


def test_a_restart_is_reported_and_remembered(instance: Instance) -> None:
    instance.run("start")
    done = instance.run("restart", "--reason", "new prices", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["program"], report["from_life"], report["to_life"], report["ok"]) == ("bot", 1, 2, True)
    phases = ("check", "prepare", "quiesce", "drain", "stop", "flush", "start", "serve")
    assert set(report["phases"]) == {f"{phase}_s" for phase in phases}
    assert report["phases"]["drain_s"] is None
    assert {"reason", "downtime_s", "drained", "cancelled", "flushed_entries"} <= set(report)

    (told,) = json.loads(instance.run("history", "--json").stdout)
    assert told["reason"] == "new prices"
    assert told["requested_by"].endswith("(command line)")
    assert "“new prices”" in instance.run("history").stdout
    assert "bot: process 2 → 3" in instance.run("restart").stdout
    assert [one["to_life"] for one in json.loads(instance.run("history", "-n", "1", "--json").stdout)] == [3]


def test_the_history_can_be_read_when_nothing_runs(instance: Instance) -> None:
    assert instance.run("history").stdout == "No restarts yet. Next: stocksup start\n"
    instance.run("start")
    for reason in ("one", "two"):
        instance.run("restart", "--reason", reason)
    told = instance.run("history", "--json").stdout
    instance.run("stop")
    file = instance.directory / "state/history.jsonl"
    before = file.read_bytes()
    # a power cut has cut the last line short
    file.write_bytes(before + before[:40])
    file.chmod(0o400)
    done = instance.run("history", "--json")
    assert (done.returncode, done.stdout) == (0, told)
    assert [one["reason"] for one in json.loads(instance.run("history", "-n", "1", "--json").stdout)] == ["two"]
    assert file.read_bytes() == before + before[:40]
    file.chmod(0o600)


def test_a_reason_does_nothing_to_a_terminal_and_is_not_endless(instance: Instance) -> None:
    instance.run("start")
    instance.run("restart", "--reason", "a\nb\x1b[31m" + "x" * 3000)
    shown = instance.run("history").stdout
    assert "“a b [31mxxx" in shown
    assert "\x1b" not in shown
    assert len(shown) < 1000


def test_a_full_disk_is_said(instance: Instance) -> None:
    with open("/dev/full", "w") as full:
        done = python_process.run("supervisor.cli", "version", stdout=full, env=instance.environ())
    assert done.returncode == 1
    assert done.stderr.startswith("stocksup: ")
    assert "No space left on device" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_restart_without_waiting(instance: Instance) -> None:
    instance.run("start")
    done = instance.run("restart", "--no-wait", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"program": "bot", "to_life": 2})


def test_a_check_that_fails_leaves_the_old_life(instance: Instance) -> None:
    instance.run("start")
    pid = instance.programs()["bot"]["pid"]
    instance.configure(check='["python", "-c", "import prices"]')
    done = instance.run("restart")
    assert done.returncode == 1
    assert "No module named 'prices'" in done.stderr
    assert "keeps running" in done.stderr
    assert instance.programs()["bot"]["pid"] == pid
    as_json = instance.run("restart", "--json")
    assert as_json.returncode == 1
    assert json.loads(as_json.stdout)["error"] == "check_failed"


def test_a_restart_does_not_wait_for_better_times(instance: Instance) -> None:
    instance.run("start")
    instance.configure(command='["python", "-c", "raise SystemExit(75)"]', ready="5")
    done = instance.run("restart")
    assert done.returncode == 4
    assert "bot is not ready yet: exit 75; the supervisor tries again" in done.stderr


def test_a_restart_that_takes_too_long_is_not_waited_for(instance: Instance) -> None:
    instance.run("start")
    instance.configure(check='["python", "-c", "import signal; signal.pause()"]', extra="start_timeout_s = 2\n")
    done = instance.run("restart", "--timeout", "0.2")
    assert done.returncode == 4
    assert "not ready after 0.2 s" in done.stderr


def test_a_program_that_does_not_come_up_is_told_of_and_nothing_is_left(instance: Instance) -> None:
    instance.configure(command='["python", "-c", "import sys; print(\'no prices\'); sys.exit(3)"]', ready="5")
    done = instance.run("start")
    assert done.returncode == 1
    assert "bot | no prices" in done.stderr
    assert "bot did not start: exit 3" in done.stderr
    assert "everything was stopped again" in done.stderr
    assert instance.run("status").returncode == 3


def test_a_reason_is_said_once(instance: Instance) -> None:
    instance.configure(command='["python", "-m", "botapp"]', ready='"notify"', extra='[bot]\nprefx = "?"\n')
    done = instance.run("start", PYTHONPATH=str(ROOT))
    assert done.returncode == 78
    assert done.stderr.count("[bot] prefx: unknown key") == 1


def test_what_ended_by_itself_is_no_program_that_is_not_enabled(instance: Instance) -> None:
    code = json.dumps(["python", "-c", "pass"])
    instance.configure(command=code, ready="5", extra='restart = "never"\n')
    done = instance.run("start")
    assert done.returncode == 0
    assert "stocksup is running: bot: exited by itself (exit 0); supervisor PID " in done.stdout


def test_a_number_that_is_none_is_said_in_the_language_in_use(tmp_path: Path) -> None:
    toko = Instance(tmp_path, language="id")
    for words, kind in ((("logs", "-n"), "bilangan bulat"), (("history", "-n"), "bilangan bulat"),
                        (("restart", "--timeout"), "angka"), (("demo", "--port"), "nomor port")):  # fmt: skip
        done = toko.run(*words, "x")
        assert done.returncode == 2
        assert f"'x' bukan {kind} yang benar" in done.stderr


def test_a_program_with_a_bad_configuration_ends_start_with_its_code(instance: Instance) -> None:
    instance.configure(command='["python", "-c", "import sys; sys.exit(78)"]', ready="5")
    assert instance.run("start").returncode == 78
    assert instance.run("status").returncode == 3


def test_a_running_program_is_not_taken_down_for_one_that_fails(instance: Instance) -> None:
    instance.run("start")
    with Client(instance.socket) as client:
        supervisor = client.request("ping")["pid"]
    bot = instance.programs()["bot"]["pid"]
    end = os.pidfd_open(supervisor)
    os.kill(supervisor, signal.SIGKILL)
    select.select([end], [], [], PATIENCE_S)
    os.close(end)
    instance.configure(extra='[programs.relay]\ncommand = ["python", "-c", "raise SystemExit(78)"]\n')
    done = instance.run("start")
    assert done.returncode == 78
    assert "the programs that ran before keep running" in done.stderr
    assert instance.programs()["bot"]["pid"] == bot


def test_one_program_alone(instance: Instance) -> None:
    instance.run("start")
    done = instance.run("stop", "bot")
    assert done.returncode == 0
    assert instance.programs()["bot"]["state"] == "STOPPED"
    assert "Next: stocksup start" in instance.run("status").stdout
    assert "bot (process 2)" in instance.run("start").stdout


def test_unknown_program(instance: Instance) -> None:
    instance.run("start")
    for command, name in (("start", "nope"), ("restart", "nope"), ("stop", "nope"), ("logs", "nope"), ("logs", "../x")):
        done = instance.run(command, name)
        assert done.returncode == 2
        assert f"program '{name}'" in done.stderr
        assert "bot" in done.stderr


def test_a_restart_joins_the_one_in_progress(instance: Instance) -> None:
    instance.run("start")
    os.mkfifo(instance.directory / "gate")
    instance.configure(check='["sh", "-c", "read line < gate"]')
    assert instance.run("restart", "--no-wait", "--reason", "new prices").returncode == 0
    joined = instance.run("restart", "--no-wait", "--reason", "also new")
    assert joined.returncode == 0
    assert "“new prices”" in joined.stdout
    (instance.directory / "gate").write_text("go on\n")
    instance.configure()
    # a third one joins it too, or is a restart of its own
    assert instance.run("restart").returncode == 0
    reasons = [one["reason"] for one in json.loads(instance.run("history", "--json").stdout)]
    assert "new prices" in reasons
    assert "also new" not in reasons


def test_a_refused_configuration_has_one_exit_code(instance: Instance) -> None:
    instance.run("start")
    instance.configure(check='["sh", "-c", "echo no token; exit 78"]')
    for words in (("restart",), ("restart", "--json"), ("reload",), ("check",)):
        assert instance.run(*words).returncode == 78


@pytest.mark.parametrize("words", [("nope",), ("status", "--nope"), ("start", "a", "b"), ("history", "-n", "0"), ()])
def test_usage(instance: Instance, words: tuple[str, ...]) -> None:
    done = instance.run(*words)
    assert done.returncode == 2
    assert "--help" in done.stderr
    assert done.stdout == ""


def test_help_lists_what_works_and_only_that(instance: Instance) -> None:
    listed = instance.run("--help").stdout.partition("Commands:")[2].split("\n")
    # a description goes on further to the right
    names = [line.split()[0] for line in listed if line[:2] == "  " and line[2] != " "]
    assert names == ["init", "demo", *OWN, "cache", "dashboard", "data"]


def test_logs(instance: Instance) -> None:
    assert instance.run("logs").stdout == ""
    assert "No log lines yet" in instance.run("logs").stderr
    instance.run("start")
    instance.await_line(b"serving")
    assert instance.run("logs", "-n", "1", "bot").stdout == "serving\n"
    as_json = instance.run("logs", "-n", "1", "--json", "bot").stdout
    assert json.loads(as_json) == {"program": "bot", "line": "serving"}
    everything = instance.run("logs").stdout
    assert "bot        | serving" in everything
    assert "supervisor | " in everything


def test_logs_follow_until_interrupted(instance: Instance) -> None:
    instance.run("start")
    instance.await_line(b"serving")
    with instance.start("logs", "-f", "-n", "1", "bot", stdout=subprocess.PIPE) as follower:
        assert follower.stdout is not None
        assert follower.stdout.readline() == b"serving\n"
        instance.run("restart")
        lines = iter(follower.stdout.readline, b"")
        assert any(b"process 2 of bot starts" in line for line in lines)
        assert b"serving\n" in lines
        follower.send_signal(signal.SIGINT)
        assert follower.wait(PATIENCE_S) == 130


def test_closed_output_ends_the_command_quietly(instance: Instance) -> None:
    instance.run("start")
    (instance.directory / "state" / "logs" / "bot.log").write_text("a line\n" * 10_000)
    words = ("logs", "-n", "10000", "bot")
    with instance.start(*words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as reader:
        assert reader.stdout is not None
        assert reader.stderr is not None
        reader.stdout.readline()
        reader.stdout.close()
        assert reader.stderr.read() == b""


def test_check(instance: Instance) -> None:
    done = instance.run("check", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["ok"] is True
    instance.configure(check='["python", "-c", "raise SystemExit(\'no token\')"]')
    done = instance.run("check")
    assert done.returncode == 1
    assert "✗ bot: no token" in done.stdout
    instance.configure(command='["no-such-program"]')
    assert "there is no such program" in instance.run("check").stdout
    instance.configure(check='["python", "-c", "import signal; signal.pause()"]', extra="start_timeout_s = 0.2\n")
    assert "did not finish within 0.2 s" in instance.run("check").stdout


def test_check_names_a_program_that_does_not_run(instance: Instance) -> None:
    instance.run("start")
    assert "✓ state of bot" in instance.run("check").stdout
    instance.configure(command='["sh", "-c", "exit 78"]', check="[]")
    instance.run("restart")
    assert instance.programs()["bot"]["state"] == "FATAL"
    done = instance.run("check")
    assert done.returncode == 1
    assert "✗ state of bot: FATAL" in done.stdout


MOST_COMMANDS = (
    ("start",), ("stop",), ("restart",), ("reload",), ("status",), ("logs",), ("history",), ("check",),
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('langage = "id"\n', "did you mean 'language'?"),
        ("[programs.bot]\ncommand = 3\n", "[programs.bot] command"),
        ("[programs\n", "not valid TOML"),
    ],
)
def test_a_mistake_in_the_configuration(instance: Instance, text: str, said: str) -> None:
    (instance.directory / "config.toml").write_text(f'language = "en"\n{text}')
    for words in MOST_COMMANDS:
        done = instance.run(*words)
        assert done.returncode == 78
        assert said in done.stdout + done.stderr
        assert "config.toml" in done.stdout + done.stderr
        assert "Traceback" not in done.stderr


#: commands that use the settings, and commands that only look at what runs, or end it
NEED_SETTINGS: tuple[tuple[str, ...], ...] = (("start",), ("restart",), ("reload",), ("check",))
NEED_NONE: tuple[tuple[str, ...], ...] = (
    ("status",),
    ("status", "--json"),
    ("logs",),
    ("history",),
    ("health",),
    ("stop", "bot"),
    ("stop",),
)
#: how a configuration is spoilt, and what is said about it
SPOILT = {
    "unknown key": ("{good}[logs]\nkep = 3\n", "[logs] kep: unknown key; did you mean 'keep'?"),
    "no TOML": ("language = en\n{good}", "not valid TOML: line 1"),
    "an instance elsewhere": ("[supervisor]\nstate_dir = 'state'\n{good}\n[bot\n", "not valid TOML"),
    "deleted": (None, "there is no such file"),
}


@pytest.mark.parametrize(("text", "said"), SPOILT.values(), ids=SPOILT)
def test_a_mistake_that_is_made_while_it_runs(instance: Instance, text: str | None, said: str) -> None:
    config = instance.directory / "config.toml"
    instance.run("start")
    good = config.read_text()
    if text is None:
        config.unlink()
    else:
        config.write_text(text.format(good=good))
    named = ("--config", str(config))
    for words in NEED_SETTINGS:
        done = instance.run(*named, *words)
        assert done.returncode == 78, words
        assert said in done.stdout + done.stderr
    for words in NEED_NONE:
        done = instance.run(*named, *words)
        assert done.returncode == 0, (words, done.stderr)
        assert said in done.stderr
        assert done.stderr.count("config.toml") == 1
    assert "bot" in instance.run(*named, "logs", "bot").stdout
    # nothing runs any more, and the logs are still there
    assert instance.run(*named, "status").returncode == 3
    config.write_text(good)
    assert instance.run("start").returncode == 0


def test_an_instance_elsewhere_is_found_by_its_programs(instance: Instance) -> None:
    config = instance.directory / "config.toml"
    config.write_text(f"[supervisor]\nstate_dir = 'elsewhere'\n{config.read_text().replace('language', '#')}")
    instance.socket = instance.directory / "elsewhere/stocksup.sock"
    assert instance.run("start").returncode == 0
    config.write_text(config.read_text().replace("'elsewhere'", "elsewhere"))
    done = instance.run("stop")
    assert (done.returncode, instance.socket.exists()) == (0, False), done.stderr


def test_programs_without_a_supervisor_are_stopped_without_a_valid_configuration(instance: Instance) -> None:
    instance.run("start")
    pid = instance.programs()["bot"]["pid"]
    with Client(instance.socket) as client:
        supervisor = client.request("ping")["pid"]
    end = os.pidfd_open(supervisor)
    os.kill(supervisor, signal.SIGKILL)
    select.select([end], [], [], PATIENCE_S)
    os.close(end)
    (instance.directory / "config.toml").write_text("language = en\n")
    done = instance.run("stop", LANG="en_US.UTF-8")
    assert done.returncode == 0, done.stderr
    assert "stopped the programs it had left behind" in done.stdout
    assert procfs.identify(pid) is None


@pytest.mark.parametrize("table", ["bot", "discord", "store"])
def test_in_the_foreground_a_program_that_refuses_the_configuration_ends_it(instance: Instance, table: str) -> None:
    """Otherwise a service would seem to run, with a shop that is closed."""
    extra = f'[programs.relay]\ncommand = ["python", "stays.py"]\nready = 0\n[{table}]\nprefx = "?"\n'
    instance.configure(command='["python", "-m", "botapp"]', ready='"notify"', extra=extra)
    with instance.start("start", "--foreground", environ={"PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE) as staying:
        assert staying.stderr is not None
        said = staying.stderr.read().decode()
        assert staying.wait(PATIENCE_S) == 78
    assert f"[{table}] prefx: unknown key" in said
    # a program that fails later does not take the others down
    instance.configure(command='["python", "-c", "import time; time.sleep(1); raise SystemExit(78)"]', ready="0.2")
    with instance.start("start", "--foreground", stderr=subprocess.PIPE) as staying:
        assert staying.stderr is not None
        while b"FATAL" not in (line := staying.stderr.readline()):
            assert line
        assert instance.programs()["bot"]["state"] == "FATAL"
        staying.terminate()
        staying.stderr.read()
        assert staying.wait(PATIENCE_S) == 0


def test_a_configuration_that_is_not_there(instance: Instance) -> None:
    done = instance.run("--config", "nowhere.toml", "status")
    assert done.returncode == 78
    assert done.stderr == "stocksup: cannot open nowhere.toml: there is no such file; correct --config\n"


def test_a_state_directory_that_cannot_be_used(instance: Instance) -> None:
    (instance.directory / "state").write_text("a file is in the way")
    done = instance.run("start")
    assert done.returncode == 1
    assert str(instance.directory / "state") in done.stderr
    assert "Traceback" not in done.stderr
    assert "is not a directory" in instance.run("check").stdout


@pytest.mark.parametrize(("name", "kind"), [("logs", "file"), ("stocksup.sock", "directory")])
def test_what_is_in_the_way_is_to_be_moved(instance: Instance, name: str, kind: str) -> None:
    path = instance.directory / "state" / name
    path.parent.mkdir(mode=0o700)
    path.mkdir() if kind == "directory" else path.touch()
    for command in ("start", "check"):
        done = instance.run(command)
        assert done.returncode == 1
        (line,) = [line for line in (done.stdout + done.stderr).splitlines() if str(path) in line and "move it" in line]
        assert "permissions" not in line


@pytest.mark.parametrize("environ", [{"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}, {"LANG": "C", "PYTHONUTF8": "0"}])
def test_deep_and_foreign_paths_and_plain_terminals(tmp_path: Path, environ: dict[str, str]) -> None:
    one = Instance(tmp_path / "ümläut & spaces" / ("x" * 130))
    started = one.run("start", **environ)
    try:
        assert started.returncode == 0, started.stderr
        assert one.run("status", **environ).returncode == 0
        assert "bot: process 1" in one.run("restart", **environ).stdout
        assert one.run("history", **environ).returncode == 0
    finally:
        assert one.run("stop", **environ).returncode == 0


def test_foreground_stays_and_a_second_one_is_told_who_runs(instance: Instance) -> None:
    with instance.start("start", "--foreground", stderr=subprocess.PIPE) as staying:
        assert staying.stderr is not None
        while b"RUNNING" not in staying.stderr.readline():
            assert staying.poll() is None
        second = instance.run("start", "--foreground")
        assert second.returncode == 1
        assert str(staying.pid) in second.stderr
        staying.send_signal(signal.SIGINT)
        staying.stderr.read()
        assert staying.wait(PATIENCE_S) == 0
    assert instance.run("status").returncode == 3


def test_under_systemd_it_stays_and_leaves_down_what_was_stopped(instance: Instance) -> None:
    instance.run("start")
    instance.run("stop", "bot")
    instance.run("stop")
    environ = {"INVOCATION_ID": "0" * 32}
    with instance.start("start", environ=environ, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) as staying:
        assert staying.stderr is not None
        assert b"supervisor" in staying.stderr.readline()
        assert instance.programs()["bot"]["state"] == "STOPPED"
        staying.terminate()
        staying.stderr.read()
        assert staying.wait(PATIENCE_S) == 0


def test_on_a_terminal_what_is_under_way_is_shown_and_wiped_away(instance: Instance) -> None:
    instance.run("start")
    ours, theirs = pty.openpty()
    environ = instance.environ(TERM="xterm")
    done = python_process.run("supervisor.cli", "restart", cwd=instance.directory, env=environ, stderr=theirs)
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # EIO: all has been read
        while data := os.read(ours, 65536):
            shown += data
    os.close(ours)
    assert done.stdout.startswith("bot: process 1")
    assert b"bot: " in shown  # which phase depends on the speed of this host
    assert shown.endswith(b"\r\x1b[K")


def test_version(instance: Instance) -> None:
    short = instance.run("--version")
    assert (short.returncode, short.stdout[:11]) == (0, "stocksup 0.")
    assert instance.run("version").stdout.startswith(short.stdout.strip())
    assert set(json.loads(instance.run("version", "--json").stdout)) == {"stocksup", "python", "system"}


def test_status_loads_little(instance: Instance) -> None:
    instance.run("start")
    code = (
        "import sys; sys.argv = ['stocksup', 'status']; from supervisor.cli import main; code = main(); "
        "print(code, sorted({'asyncio', 'msgspec', 'psutil', 'rich', 'subprocess', 'importlib.metadata'} "
        "& set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=instance.directory, env=instance.environ(), capture_output=True, check=True
    )
    assert done.stdout.splitlines()[-1] == b"0 []"
    # what the supervisor has not read has to be checked here
    (instance.directory / "config.toml").touch()
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=instance.directory, env=instance.environ(), capture_output=True, check=True
    )
    assert done.stdout.splitlines()[-1] == b"0 ['msgspec']"
