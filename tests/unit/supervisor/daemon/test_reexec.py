"""The command line and the delay of a re-exec."""

from __future__ import annotations

from supervisor.daemon import reexec


def test_reexec_keeps_the_options_except_those_for_one_process() -> None:
    words = ["/v/python", "-P", "-m", "supervisor", "--config", "/c", "--report-fd", "5", "--keep-desired", "yes"]
    once = reexec.reexec_argv(words, 1)
    assert once == [*words[:6], "--keep-desired", "yes", "--reexec-count", "1"]
    assert reexec.reexec_argv(once, 2) == [*words[:6], "--keep-desired", "yes", "--reexec-count", "2"]


def test_delay_grows_with_each_attempt_up_to_a_limit() -> None:
    delays = [reexec.delay_s(count) for count in range(100)]
    assert delays[0] == 0.0
    assert delays == sorted(delays)
    assert delays[-1] == reexec.MAX_DELAY_S
