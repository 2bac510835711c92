"""The sockets that the supervisor listens on for programs, and passes to each of their processes.

A socket stays open from one process of a program to the next: who connects meanwhile waits in its backlog. After a
supervisor was killed, the running process holds the only copies. The next supervisor asks for them (`sockets`); those
that it does not get are opened again once that process has ended.
"""

from __future__ import annotations

import errno
import os
import socket
import stat
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import msgspec

from supervisor.config import listen
from supervisor.lifecycle.model import Reason
from supervisor.locale import _

#: clients that may wait; the system limits it further (net.core.somaxconn)
BACKLOG: Final = 4096
#: identity of a file: device and inode
_FileId = tuple[int, int]
#: the argument of a re-exec: the descriptors by program and address
_Inherited = dict[str, dict[str, int]]


class CannotListen(Exception):
    """A socket cannot be opened; `reason` says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.code)
        self.reason = reason


class Listeners:
    """The open sockets, by program."""

    def __init__(self, log: Callable[[str, str], None]) -> None:
        """`log` takes a level and a line."""
        self._log = log
        self._open: dict[str, dict[str, _Listener]] = {}
        #: programs of which all sockets that their present process has are open here too
        self._complete: set[str] = set()

    def open(self, name: str, addresses: Sequence[str], *, is_shared: bool = False) -> list[int]:
        """Return the descriptors for the next process of `name`, in the order of `addresses`.

        What is open already stays open; what is not wanted any more is closed. Raises CannotListen.

        Args:
            name: the program.
            addresses: what it listens on.
            is_shared: whether the process before still uses the sockets; then their mode stays what it is.
        """
        sockets = self._open.setdefault(name, {})
        for address in [one for one, listener in sockets.items() if one not in addresses or not listener.is_in_place()]:
            sockets.pop(address).close()
        for address in addresses:
            if address not in sockets:
                sockets[address] = _listen(name, address)
        self._complete.add(name)
        for listener in sockets.values() if not is_shared else ():
            # all processes that have the socket share the mode
            listener.sock.setblocking(True)
        return [sockets[address].sock.fileno() for address in addresses]

    def close(self, name: str) -> None:
        """Close the sockets of a program that is not to run: to be refused is better than to wait for ever."""
        self._complete.discard(name)
        for listener in self._open.pop(name, {}).values():
            listener.close()

    def addresses(self, name: str, unknown: Sequence[str]) -> list[str]:
        """Return the addresses of the open sockets, and `unknown`: those that the running process may hold itself."""
        own = self._open.get(name, {})
        return list(own if name in self._complete else dict.fromkeys([*own, *unknown]))

    def find_problem(self, name: str, wanted: Sequence[str]) -> Reason | None:
        """Return why the next process of `name` could not get its sockets, or None."""
        if not self.is_complete(name, wanted):
            return None  # a process that an earlier supervisor started may hold what seems to be in use
        return next((why for one in wanted if one not in self._open[name] and (why := find_problem(name, one))), None)

    # --- from a running process ---

    def is_complete(self, name: str, wanted: Sequence[str]) -> bool:
        """Return whether no socket has to come back from the running process of `name`."""
        return not wanted or name in self._complete

    def mark_complete(self, name: str) -> None:
        """Record that the running process of `name` has no sockets that could come back."""
        self._open.setdefault(name, {})
        self._complete.add(name)

    def take_back(self, name: str, wanted: Sequence[str], descriptors: Sequence[int]) -> None:
        """Keep those of the descriptors, received from the process of `name`, that are wanted and not open yet."""
        sockets = self._open.setdefault(name, {})
        returned = []
        for fd in descriptors:
            address = _address(fd)
            if address is None or address not in wanted or address in sockets:
                os.close(fd)
                continue
            sockets[address] = _Listener(address, socket.socket(fileno=fd))
            returned.append(address)
        if returned:
            text = _("%(program)s: sockets taken back from the running process (%(addresses)s)")
            self._log("info", text % {"program": name, "addresses": ", ".join(returned)})
        if sockets.keys() >= set(wanted):
            self._complete.add(name)
        else:
            missing = ", ".join(address for address in wanted if address not in sockets)
            text = _(
                "%(program)s: the running process does not hand back its sockets (%(addresses)s); "
                "they are opened again when it has ended, and who connects in between is refused"
            )
            self._log("warning", text % {"program": name, "addresses": missing})

    # --- re-exec ---

    def hand_over(self) -> dict[str, str]:
        """Return the option that hands the sockets to the next process image; none without sockets."""
        inherited: _Inherited = {
            name: {address: listener.sock.fileno() for address, listener in sockets.items()}
            for name, sockets in self._open.items()
            if sockets and name in self._complete
        }
        if not inherited:
            return {}
        option = msgspec.json.encode(inherited).decode()
        for sockets in inherited.values():
            for fd in sockets.values():
                os.set_inheritable(fd, True)
        return {"--listen-fds": option}

    def take_over(self, option: str) -> None:
        """Continue with the sockets that the image before has handed over."""
        for name, sockets in msgspec.json.decode(option, type=_Inherited).items():
            for fd in sockets.values():
                os.set_inheritable(fd, False)
            self._open[name] = {
                address: _Listener(address, socket.socket(fileno=fd)) for address, fd in sockets.items()
            }
            self._complete.add(name)


def environ(name: str, count: int) -> Mapping[str, str]:
    """Return the variables of sd_listen_fds_with_names(3), except LISTEN_PID."""
    return {"LISTEN_FDS": str(count), "LISTEN_FDNAMES": ":".join([name] * count)} if count else {}


def find_problem(name: str, address: str) -> Reason | None:
    """Return why the program `name` could not listen at the address, or None. Nothing is left behind."""
    family, where = listen.bindable(address)
    try:
        if isinstance(where, str):
            _is_stale(where)
        else:
            _tcp_socket(family, where).close()
    except OSError as error:
        return _reason(name, address, error)
    return None


class _Listener:
    """An open socket; that of a Unix socket also has a file."""

    def __init__(self, address: str, sock: socket.socket) -> None:
        self.sock = sock
        self._path = address if address.startswith("/") else None
        self._file = _own_socket(address) if self._path else None

    def is_in_place(self) -> bool:
        """Return whether clients reach it: no one has deleted or replaced its file."""
        return self._path is None or (self._file is not None and _own_socket(self._path) == self._file)

    def close(self) -> None:
        """Close it, and delete its file."""
        if self._path is not None and self.is_in_place():
            with suppress(OSError):  # a file without a socket is replaced at the next start
                os.unlink(self._path)
        self.sock.close()


def _listen(name: str, address: str) -> _Listener:
    family, where = listen.bindable(address)
    try:
        sock = _unix_socket(where) if isinstance(where, str) else _tcp_socket(family, where)
        try:
            sock.listen(BACKLOG)
        except OSError:
            sock.close()
            raise
    except OSError as error:
        raise CannotListen(_reason(name, address, error)) from error
    return _Listener(address, sock)


def _tcp_socket(family: socket.AddressFamily, where: tuple[str, int]) -> socket.socket:
    """Return a bound socket. Raises OSError."""
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        # connections of earlier processes may still be in TIME_WAIT
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(where)
    except OSError:
        sock.close()
        raise
    return sock


def _unix_socket(path: str) -> socket.socket:
    """Return a bound socket whose file only the owner can use. Raises OSError."""
    is_stale = _is_stale(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with suppress(OSError):  # not on macOS, where the supervisor's umask does as well
            # bind(2) gives the file the mode of the socket: there is no moment in which others can connect
            os.fchmod(sock.fileno(), 0o600)
        if is_stale:
            os.unlink(path)
        sock.bind(path)
    except OSError:
        sock.close()
        raise
    return sock


def _is_stale(path: str) -> bool:
    """Return whether a socket of ours is at the path that no process listens on; False if nothing is there.

    Raises OSError if no socket can be made there: EEXIST for a foreign file or a link, EADDRINUSE if it is in use.
    """
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        directory = os.path.dirname(path)
        os.stat(directory)
        if not os.access(directory, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), directory) from None
        return False
    if not stat.S_ISSOCK(status.st_mode) or status.st_uid != os.geteuid():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.setblocking(False)
        try:
            client.connect(path)
        except ConnectionRefusedError:
            return True  # an earlier process has left it
        except BlockingIOError as error:  # many clients wait there
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE), path) from error
    raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE), path)


def _own_socket(path: str) -> _FileId | None:
    """Return the identity of the socket at the path; None if there is none that belongs to us."""
    try:
        status = os.lstat(path)
    except OSError:
        return None
    is_own = stat.S_ISSOCK(status.st_mode) and status.st_uid == os.geteuid()
    return (status.st_dev, status.st_ino) if is_own else None


def _address(fd: int) -> str | None:
    """Return the address at which the socket `fd` listens; None if it is something else. It stays open."""
    if not stat.S_ISSOCK(os.fstat(fd).st_mode):
        return None
    sock = socket.socket(fileno=fd)
    try:
        accepts = sock.type == socket.SOCK_STREAM and sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        return listen.format_address(sock.family, sock.getsockname()) if accepts else None
    except OSError:
        return None
    finally:
        sock.detach()


def _reason(name: str, address: str, error: OSError) -> Reason:
    params: dict[str, Any] = {"program": name, "address": address, "os_error": error.strerror or str(error)}
    if error.errno == errno.EADDRINUSE:
        return Reason("address_in_use", params)
    if error.errno == errno.EEXIST:
        return Reason("address_exists", params)
    if error.errno == errno.EACCES and listen.is_privileged(address):
        return Reason("port_privileged", params)
    return Reason("cannot_listen", params)
