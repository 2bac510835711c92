"""What one process image of the supervisor hands over to the next one, beside the files of the state directory.

The lock of the state directory, so that no other supervisor can take it; the control socket and the programs' sockets,
so that clients can connect all the time; and the settings, in case that the file is not valid any more.
"""

from __future__ import annotations

import os

import msgspec

from supervisor.config.settings import Settings
from supervisor.daemon.reexec.hook import LOCK_FD, SETTINGS_FD, SOCKET_FD


def hand_over(lock_fd: int, socket_fd: int | None, settings: Settings, *, leaving: bool) -> dict[str, str]:
    """Return the options that hand over what the next image needs. `leaving`: a shutdown is under way."""
    options = {"--stop-orphans": "yes"} if leaving else {}
    descriptors: dict[str, int | None] = {LOCK_FD: lock_fd, SOCKET_FD: socket_fd}
    if hasattr(os, "memfd_create"):
        memory = descriptors[SETTINGS_FD] = os.memfd_create("settings", 0)
        os.write(memory, msgspec.json.encode(settings))
    for name, fd in descriptors.items():
        if fd is not None:
            os.set_inheritable(fd, True)
            options[name] = str(fd)
    return options


def take_settings(fd: int) -> Settings | None:
    """Return the settings that the image before has handed over in the file `fd`, and close it.

    Returns None if they are of another version and cannot be read, or if an image in between has used them up.
    """
    try:
        with open(fd, "rb") as file:
            file.seek(0)
            return msgspec.json.decode(file.read(), type=Settings)
    except (OSError, msgspec.DecodeError):
        return None
