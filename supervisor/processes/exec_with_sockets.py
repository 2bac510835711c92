"""Executes a command with sockets as sd_listen_fds(3) says: `exec_with_sockets.py FD,… COMMAND …`.

The descriptors become 3, 4 and so on. LISTEN_PID has to be the pid of the process that executes the command. No process
knows that pid before the process exists, so the supervisor starts this script in its place. It imports nothing of the
supervisor and costs about 10 ms, once a start, for programs with sockets only.
"""

from __future__ import annotations

import errno
import os
import signal
import sys

#: the first descriptor that sd_listen_fds(3) passes
FIRST_FD = 3
#: exit codes that the supervisor knows: a bad configuration, or try again later
BAD_CONFIG, TRY_AGAIN = 78, 75
_PERMANENT = (errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.ENOEXEC, errno.ELOOP, errno.EINVAL)


def main(fds: list[int], command: list[str]) -> int:
    """Execute `command` with the sockets `fds`; return only if that fails, with the exit code."""
    place_descriptors(fds)
    os.environ["LISTEN_PID"] = str(os.getpid())
    # Python ignores these, and an ignored signal stays ignored in what is executed
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        sys.stderr.write(f"cannot start {command[0]}: {error.strerror}\n")
        return BAD_CONFIG if error.errno in _PERMANENT else TRY_AGAIN


def place_descriptors(fds: list[int]) -> None:
    """Make the descriptors `fds` 3, 4 and so on."""
    # first out of the way: a target may be another one's source
    above = max(*fds, FIRST_FD + len(fds)) + 1
    for number, fd in enumerate(fds):
        os.dup2(fd, above + number, inheritable=False)
    for fd in fds:
        os.close(fd)
    for number in range(len(fds)):
        os.dup2(above + number, FIRST_FD + number)
        os.close(above + number)


if __name__ == "__main__":
    sys.exit(main([int(fd) for fd in sys.argv[1].split(",")], sys.argv[2:]))
