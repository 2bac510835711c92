"""Frees the beginning of a file that another process keeps open for appending, and finds where its data begins.

Linux removes whole blocks from the beginning of a file (FALLOC_FL_COLLAPSE_RANGE: ext4, xfs, f2fs), or turns them into
a hole that takes no space (FALLOC_FL_PUNCH_HOLE: btrfs, tmpfs, zfs); see fallocate(2). The appending process notices
neither.
"""

from __future__ import annotations

import errno
import fcntl
import os
import sys
import time
from typing import Final

#: only whole blocks of this size are freed
BLOCK_BYTES: Final = 4096
#: seconds between two attempts to lock a file
_LOCK_PAUSE_S: Final = 0.01
#: bytes in which the end of a run of zeros is searched: a hole may end in the middle of a larger block
_ZEROS_BYTES: Final = 64 * 1024

# linux/falloc.h
_KEEP_SIZE: Final = 0x01
_PUNCH_HOLE: Final = 0x02
_COLLAPSE_RANGE: Final = 0x08


def find_data_start(fd: int) -> int:
    """Return the number of bytes at the beginning of the file that were freed as a hole."""
    if not hasattr(os, "SEEK_DATA"):
        return 0
    try:
        start = os.lseek(fd, 0, os.SEEK_DATA)
    except OSError as error:
        # ENXIO: no data; otherwise the file system does not know
        return os.fstat(fd).st_size if error.errno == errno.ENXIO else 0
    if os.pread(fd, 1, start) == b"\0":
        zeros = os.pread(fd, _ZEROS_BYTES, start)
        start += len(zeros) - len(zeros.lstrip(b"\0"))
    return start


def free_head(fd: int, length: int) -> int:
    """Free the first `length` bytes of the file, which are whole blocks but not the whole file.

    Returns where the rest begins now: at 0, or at `length` behind a hole. Raises OSError if the system cannot do that.
    """
    try:
        _fallocate(fd, _COLLAPSE_RANGE, length)
    except OSError:
        _fallocate(fd, _PUNCH_HOLE | _KEEP_SIZE, length)
        return length
    return 0


def _fallocate(fd: int, mode: int, length: int) -> None:
    if sys.platform != "linux":
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
    import ctypes  # slow to import, and never needed by the supervisor itself

    libc = ctypes.CDLL(None, use_errno=True)
    fallocate = getattr(libc, "fallocate64", libc.fallocate)
    fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
    while fallocate(fd, mode, 0, length):
        if (code := ctypes.get_errno()) != errno.EINTR:
            raise OSError(code, os.strerror(code))


def lock(fd: int, *, exclusive: bool, timeout_s: float) -> bool:
    """Lock the file against the other side: readers share it, a rotation excludes them. Return whether it succeeded.

    Nothing breaks without the lock: then a reader may repeat lines. So neither side waits long for a suspended process.
    """
    kind = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
    deadline_s = time.monotonic() + timeout_s
    while True:
        try:
            fcntl.flock(fd, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline_s:
                return False
            time.sleep(_LOCK_PAUSE_S)
        except OSError:
            return False  # the file system has no locks
        else:
            return True


def unlock(fd: int) -> None:
    """Release the lock, if there is one."""
    try:
        fcntl.flock(fd, fcntl.LOCK_UN)
    except OSError:
        return
