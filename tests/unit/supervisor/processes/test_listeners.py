"""The sockets of programs: what stays open, what is taken back, and what is left alone on the disk."""

from __future__ import annotations

import errno
import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from supervisor.client import EXIT_BAD_CONFIG
from supervisor.processes import listeners, process
from supervisor.processes.listeners import CannotListen, Listeners
from tests.support.python_process import ROOT


@pytest.fixture
def held() -> Iterator[Listeners]:
    one = Listeners(lambda level, line: None)
    yield one
    for name in ("bot", "next"):
        one.close(name)


def _address(tmp_path: Path, name: str = "s") -> str:
    return str(tmp_path / name)


def _inode(fd: int) -> int:
    return os.fstat(fd).st_ino


def test_what_is_still_wanted_stays_open(tmp_path: Path, held: Listeners) -> None:
    first, second, third = (_address(tmp_path, name) for name in "abc")
    before = [_inode(fd) for fd in held.open("bot", [first, second])]
    after = [_inode(fd) for fd in held.open("bot", [third, second])]
    assert after[1] == before[1]
    assert not os.path.lexists(first)
    held.close("bot")
    assert list(tmp_path.iterdir()) == []


def test_a_deleted_file_is_made_again(tmp_path: Path, held: Listeners) -> None:
    path = _address(tmp_path)
    held.open("bot", [path])
    os.unlink(path)
    held.open("bot", [path])
    assert stat.S_ISSOCK(os.lstat(path).st_mode)


def test_a_file_that_is_not_ours_is_kept(tmp_path: Path, held: Listeners) -> None:
    target, link, directory, used = (_address(tmp_path, name) for name in ("target", "link", "dir", "used"))
    Path(target).write_text("precious")
    os.symlink(_address(tmp_path, "elsewhere"), link)
    os.mkdir(directory)
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(used)
        other.listen()
        expected = {target: "address_exists", link: "address_exists", directory: "address_exists"}
        for path, code in {**expected, used: "address_in_use", f"{directory}/no/s": "cannot_listen"}.items():
            problem = listeners.find_problem("bot", path)
            assert problem is not None
            assert problem.code == code
            with pytest.raises(CannotListen) as error:
                held.open("bot", [path])
            assert error.value.reason == problem
    assert Path(target).read_text() == "precious"
    assert os.path.islink(link)
    assert not os.path.lexists(_address(tmp_path, "elsewhere"))
    assert listeners.find_problem("bot", used) is None  # its program has ended
    held.open("bot", [used])


def test_a_replaced_file_is_not_deleted(tmp_path: Path, held: Listeners) -> None:
    path = _address(tmp_path)
    held.open("bot", [path])
    os.unlink(path)
    Path(path).write_text("precious")
    held.close("bot")
    assert Path(path).read_text() == "precious"


def test_only_the_owner_can_connect_whatever_the_umask(tmp_path: Path, held: Listeners) -> None:
    before = os.umask(0)
    try:
        held.open("bot", [_address(tmp_path)])
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.lstat(_address(tmp_path)).st_mode) == 0o600


@pytest.mark.parametrize(
    ("number", "address", "code"),
    [
        (errno.EADDRINUSE, "127.0.0.1:80", "address_in_use"),
        (errno.EACCES, "127.0.0.1:80", "port_privileged"),
        (errno.EACCES, "127.0.0.1:8080", "cannot_listen"),
        (errno.EACCES, "/run/s", "cannot_listen"),
        (errno.EADDRNOTAVAIL, "192.0.2.1:8080", "cannot_listen"),
    ],
)
def test_each_error_has_its_remedy(number: int, address: str, code: str) -> None:
    assert listeners._reason("bot", address, OSError(number, os.strerror(number))).code == code


def test_only_what_is_wanted_is_taken_back(tmp_path: Path, held: Listeners) -> None:
    wanted, other = _address(tmp_path, "wanted"), _address(tmp_path, "other")
    running = Listeners(lambda level, line: None)
    fds = [os.dup(fd) for fd in running.open("bot", [other, wanted])]
    with socket.create_server(("127.0.0.1", 0)) as tcp, open(os.devnull) as file, socket.socket() as silent:
        fds += [os.dup(one.fileno()) for one in (tcp, file, silent)] + [os.dup(fds[1])]
        held.take_back("bot", [wanted], fds)
    assert held.is_complete("bot", [wanted])
    (kept,) = held.open("bot", [wanted])
    assert kept == fds[1]
    assert _inode(kept) == _inode(running.open("bot", [other, wanted])[1])
    for fd in (fds[0], *fds[2:]):
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(fd)
    held.take_back("next", [wanted], [])
    assert not held.is_complete("next", [wanted])
    assert held.find_problem("next", [wanted]) is None  # the running process may have it
    held.close("bot")
    running.close("bot")


def test_sockets_are_handed_to_the_next_image(tmp_path: Path, held: Listeners) -> None:
    assert held.hand_over() == {}
    held.open("bot", [])
    assert held.hand_over() == {}
    (fd,) = held.open("bot", [_address(tmp_path)])
    option = held.hand_over()["--listen-fds"]
    assert json.loads(option) == {"bot": {_address(tmp_path): fd}}
    assert os.get_inheritable(fd)
    copy = os.dup(fd)  # as execve(2) would leave it
    after = Listeners(lambda level, line: None)
    after.take_over(option.replace(str(fd), str(copy)))
    assert not os.get_inheritable(copy)
    assert after.open("bot", [_address(tmp_path)]) == [copy]
    after.close("bot")


#: makes files with the names of the given descriptors, and says which ones are where in the end
_PLACE = """
import os, sys
from supervisor.processes.exec_with_sockets import place_descriptors
sources = [int(word) for word in sys.argv[1:]]
for fd in sources:
    os.dup2(os.memfd_create(str(fd)), fd + 100)
os.closerange(3, 100)
for fd in sources:
    os.dup2(fd + 100, fd)
os.closerange(100, 200)
place_descriptors(sources)
found = sorted(int(fd) for fd in os.listdir("/proc/self/fd"))[3:-1]
print([(fd, os.get_inheritable(fd), os.readlink(f"/proc/self/fd/{fd}").split()[0].split(":")[1]) for fd in found])
"""


@pytest.mark.parametrize("sources", [[3], [3, 4], [4, 3], [5, 4, 3], [12, 3, 10]])
def test_descriptors_are_placed_from_3_wherever_they_were(sources: list[int]) -> None:
    command = [sys.executable, "-c", _PLACE, *map(str, sources)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == f"{[(number, True, str(fd)) for number, fd in enumerate(sources, 3)]}\n"


def test_a_process_gets_its_sockets_in_order(tmp_path: Path, held: Listeners) -> None:
    paths = [_address(tmp_path, name) for name in "ab"]
    first, second = held.open("bot", paths)
    (tmp_path / "say.py").write_text(
        "import os, socket\n"
        "print(os.environ['LISTEN_PID'] == str(os.getpid()), os.environ['LISTEN_FDS'], os.environ['LISTEN_FDNAMES'])\n"
        "print(*sorted(map(int, os.listdir('/proc/self/fd')))[:-1])\n"
        "print(*(socket.socket(fileno=fd).getsockname() for fd in (3, 4)))\n"
    )
    environ = {**os.environ, **listeners.environ("bot", 2)}
    output = tmp_path / "output"
    pid = process.spawn(["python", "-S", "say.py"], environ, tmp_path, output, [second, first])
    assert os.waitpid(pid, 0)[1] == 0, output.read_text()
    assert output.read_text().splitlines() == ["True 2 bot:bot", "0 1 2 3 4", " ".join(reversed(paths))]


def test_a_command_that_cannot_be_executed_ends_with_a_known_code(tmp_path: Path, held: Listeners) -> None:
    sockets = held.open("bot", [_address(tmp_path)])
    pid = process.spawn(["./no-such-program"], dict(os.environ), tmp_path, tmp_path / "output", sockets)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == EXIT_BAD_CONFIG
    assert "no-such-program" in (tmp_path / "output").read_text()
