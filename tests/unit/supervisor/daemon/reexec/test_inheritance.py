"""What one image of the supervisor hands over to the next."""

from __future__ import annotations

import os
from pathlib import Path

from supervisor.config.settings import Program, Settings
from supervisor.daemon.reexec import inheritance


def test_settings_and_lock_are_handed_over(tmp_path: Path) -> None:
    settings = Settings(language="en", programs={"bot": Program(command=("shop",), max_crashes=7)})
    with (tmp_path / "lock").open("w") as lock:
        options = inheritance.hand_over(lock.fileno(), None, settings, leaving=True)
        assert (options["--lock-fd"], os.get_inheritable(lock.fileno())) == (str(lock.fileno()), True)
    assert "--socket-fd" not in options
    assert options["--stop-orphans"] == "yes"
    fd = int(options["--settings-fd"])
    assert inheritance.take_settings(fd) == settings
    assert inheritance.take_settings(fd) is None, "an image in between has used it up"


def test_settings_of_another_version_are_left_to_the_file() -> None:
    fd = os.memfd_create("settings", 0)
    os.write(fd, b'{"language": 7}')
    assert inheritance.take_settings(fd) is None
