"""How soon a live message that something keeps deleting is posted again."""

from __future__ import annotations

from botapp.ui.live.reposts import FREE_DELETIONS, MAX_WAIT_S, WINDOW_S, keep_recent, next_post_s


def test_the_first_deletions_are_repaired_at_once() -> None:
    assert next_post_s(()) is None
    assert next_post_s((1.0,) * (FREE_DELETIONS - 1)) is None


def test_then_the_wait_grows_to_a_limit() -> None:
    waits = [next_post_s((100.0,) * count) for count in range(FREE_DELETIONS, 40)]
    assert waits[:3] == [115.0, 130.0, 160.0]
    assert waits[-1] == 100.0 + MAX_WAIT_S


def test_old_deletions_do_not_count() -> None:
    assert keep_recent((0.0, 500.0, 600.0), WINDOW_S) == (500.0, 600.0)
