"""The command line and the delay of a re-exec."""

from __future__ import annotations

import os
from pathlib import Path

from supervisor.config.settings import Program, Settings
from supervisor.daemon import reexec


def test_reexec_keeps_the_options_except_those_for_one_process() -> None:
    words = ["/v/python", "-P", "-m", "supervisor", "--config", "/c", "--report-fd", "5", "--keep-desired", "yes"]
    once = reexec.reexec_argv(words, 1)
    assert once == [*words[:6], "--keep-desired", "yes", "--reexec-count", "1"]
    assert reexec.reexec_argv(once, 2, {"--stop-orphans": "yes"})[-2:] == ["--stop-orphans", "yes"]
    handed_over = reexec.reexec_argv(once, 2, {"--lock-fd": "7", "--settings-fd": "8"})
    assert handed_over[-4:] == ["--lock-fd", "7", "--settings-fd", "8"]
    again = reexec.reexec_argv(handed_over, 2)
    assert again == [*words[:6], "--keep-desired", "yes", "--reexec-count", "2"]


def test_delay_grows_with_each_attempt_up_to_a_limit() -> None:
    delays = [reexec.delay_s(count) for count in range(100)]
    assert delays[0] == 0.0
    assert delays == sorted(delays)
    assert delays[-1] == reexec.MAX_DELAY_S


def test_settings_and_lock_are_handed_over(tmp_path: Path) -> None:
    settings = Settings(language="en", programs={"bot": Program(command=("shop",), max_crashes=7)})
    with (tmp_path / "lock").open("w") as lock:
        options = reexec.hand_over(lock.fileno(), None, settings, leaving=True)
        assert (options["--lock-fd"], os.get_inheritable(lock.fileno())) == (str(lock.fileno()), True)
    assert "--socket-fd" not in options
    assert options["--stop-orphans"] == "yes"
    assert reexec.take_settings(int(options["--settings-fd"])) == settings
