"""Beginning anew after a fall: how, and how soon."""

from __future__ import annotations

from supervisor.daemon import reexec as fall


def test_it_is_begun_with_the_same_words_but_for_those_that_counted_once() -> None:
    words = ["/v/python", "-P", "-m", "supervisor", "--config", "/c", "--report-fd", "5", "--keep-desired", "yes"]
    once = fall.again(words, 1)
    assert once == [*words[:6], "--keep-desired", "yes", "--reexec-count", "1"]
    assert fall.again(once, 2) == [*words[:6], "--keep-desired", "yes", "--reexec-count", "2"]


def test_it_waits_longer_each_time_in_a_row_and_never_for_long() -> None:
    waits = [fall.wait_s(fallen) for fallen in range(100)]
    assert waits[0] == 0.0
    assert waits == sorted(waits)
    assert waits[-1] == fall.WAIT_LONGEST_S
