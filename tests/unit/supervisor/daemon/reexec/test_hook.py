"""The command line and the delay of a re-exec, and what an image hands over that has used nothing yet."""

from __future__ import annotations

from supervisor.daemon.reexec import hook


def test_reexec_keeps_the_options_except_those_for_one_process() -> None:
    words = ["/v/python", "-P", "-m", "supervisor", "--config", "/c", "--report-fd", "5", "--keep-desired", "yes"]
    once = hook.reexec_argv(words, 1)
    assert once == [*words[:6], "--keep-desired", "yes", "--reexec-count", "1"]
    assert hook.reexec_argv(once, 2, {"--stop-orphans": "yes"})[-2:] == ["--stop-orphans", "yes"]
    handed_over = hook.reexec_argv(once, 2, {"--lock-fd": "7", "--settings-fd": "8"})
    assert handed_over[-4:] == ["--lock-fd", "7", "--settings-fd", "8"]
    again = hook.reexec_argv(handed_over, 2)
    assert again == [*words[:6], "--keep-desired", "yes", "--reexec-count", "2"]


def test_what_an_image_has_not_used_is_handed_over_again() -> None:
    fds = {"--lock-fd": "7", "--socket-fd": "8", "--settings-fd": "9", "--listen-fds": "{}"}
    loading = hook.ReexecHook({"--config": "/c", "--reexec-count": "2", **fds})
    assert (loading.reexec_count, loading.hand_over()) == (2, fds)


def test_delay_grows_with_each_attempt_up_to_a_limit() -> None:
    delays = [hook.delay_s(count) for count in range(100)]
    assert delays[0] == 0.0
    assert delays == sorted(delays)
    assert delays[-1] == hook.MAX_DELAY_S
