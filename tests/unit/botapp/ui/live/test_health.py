"""What members may see, given the health of live stock and live buttons."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from botapp.ui.live import health as health_link
from botapp.ui.live.health import (
    HealthReport,
    LiveHealth,
    Mode,
    can_serve,
    count_errors,
    decide_visibility,
    next_check_s,
    seen_since_s,
    show_elsewhere,
    step,
    wants_restart,
)
from tests.support import depth

EDIT_BROKE, EDIT_WELL = HealthReport("edit", False, "refused"), HealthReport("edit", True)
STOCK_BROKE = HealthReport("livestock", False, "gone")
STOCK_WELL = HealthReport("livestock", True)
BUTTONS_BROKE = HealthReport("buttons", False, "mute")
BUTTONS_WELL = HealthReport("buttons", True)
#: after a restart
RESTART = HealthReport("edit", True, "restart")
EDIT_REFUSED = HealthReport("edit", False, "403")
EDIT_TAKEN = HealthReport("edit", True)


def after(
    *events: HealthReport | None, link: LiveHealth | None = None, at_s: float = 1000.0, every_s: float = 1.0
) -> LiveHealth:
    link = link or LiveHealth()
    for number, event in enumerate(events):
        link = step(link, event, at_s + number * every_s)
    return link


@pytest.mark.parametrize(
    ("events", "mode"),
    [
        ((), Mode.NORMAL),
        ((STOCK_BROKE,), Mode.STOCK_BROKEN),
        ((BUTTONS_BROKE,), Mode.BUTTONS_BROKEN),
        ((BUTTONS_BROKE, STOCK_BROKE), Mode.BOTH_BROKEN),
        ((BUTTONS_BROKE, STOCK_BROKE, BUTTONS_WELL), Mode.STOCK_BROKEN),
        ((STOCK_BROKE, STOCK_WELL), Mode.NORMAL),
        ((STOCK_BROKE, BUTTONS_WELL), Mode.STOCK_BROKEN),
    ],
)
def test_mode_depends_on_both_parts(events: tuple[HealthReport, ...], mode: Mode) -> None:
    assert after(*events).mode is mode


def test_warning_is_immediate_and_names_its_start() -> None:
    link = after(None, None, STOCK_BROKE, STOCK_BROKE)
    assert (link.mode, link.since_s) == (Mode.STOCK_BROKEN, 1002.0)


def test_failed_edits_name_their_own_start() -> None:
    failing = after(None, EDIT_BROKE, EDIT_BROKE)
    assert seen_since_s(failing) == 1001.0
    assert seen_since_s(after(None, EDIT_BROKE, EDIT_WELL, EDIT_WELL)) == 1002.0
    assert seen_since_s(after(STOCK_BROKE, STOCK_WELL)) == 1001.0
    assert seen_since_s(show_elsewhere(after(None), 1500.0)) == 1500.0


def test_one_success_recovers() -> None:
    link = after(STOCK_BROKE, STOCK_BROKE, STOCK_WELL)
    assert link.mode is Mode.NORMAL
    assert [(one.mode, one.began_s, one.ended_s) for one in link.recoveries] == [(Mode.STOCK_BROKEN, 1000.0, 1002.0)]


def test_flapping_delays_recovery_but_not_the_warning() -> None:
    flaps = (STOCK_BROKE, STOCK_WELL) * 2
    link = after(*flaps, STOCK_BROKE)
    assert link.mode is Mode.STOCK_BROKEN
    link = step(link, STOCK_WELL, 1005.0)
    assert link.mode is Mode.STOCK_BROKEN, "the third warning of late stays for a while"
    assert not can_serve(link)
    assert next_check_s(link, 1005.0) == health_link.MIN_DAMPING_S
    assert step(link, None, 1014.9).mode is Mode.STOCK_BROKEN
    assert step(link, None, 1015.0).mode is Mode.NORMAL
    # broken again while it waits: the time starts again with the next good operation
    again = step(link, STOCK_BROKE, 1010.0)
    assert again.recover_at_s is None
    assert step(again, STOCK_WELL, 1011.0).recover_at_s == 1011.0 + health_link.MIN_DAMPING_S


def test_damping_is_bounded_and_expires() -> None:
    link = after(*(STOCK_BROKE, STOCK_WELL, None) * 40, every_s=5.0)
    assert health_link.damping_s(link, 1600.0) <= health_link.MAX_DAMPING_S
    assert health_link.damping_s(link, 1600.0 + health_link.WINDOW_S) == 0.0


def test_clock_set_back_does_not_extend_damping() -> None:
    link = replace(LiveHealth(), mode=Mode.STOCK_BROKEN, recover_at_s=9000.0)
    link = step(link, None, 1000.0)
    assert step(link, None, 1000.0 + health_link.MAX_DAMPING_S).mode is Mode.NORMAL


def test_retries_back_off() -> None:
    waits = []
    link = LiveHealth()
    for number in range(10):
        link = step(link, STOCK_BROKE, 1000.0 + number)
        waits.append(next_check_s(link, 1000.0 + number))
    assert waits[:5] == [1.0, 2.0, 4.0, 8.0, 16.0]
    assert waits[-1] == health_link.MAX_RETRY_S
    assert next_check_s(step(link, STOCK_WELL, 1011.0), 1011.0) is None


def test_many_errors_want_a_restart_at_most_once_an_hour() -> None:
    link = after(*(STOCK_BROKE,) * (health_link.MAX_ERRORS + 1))
    now_s = 1000.0 + health_link.MAX_ERRORS
    assert wants_restart(link, None, now_s)
    assert not wants_restart(link, now_s - 60, now_s)
    assert wants_restart(link, now_s - health_link.RESTART_INTERVAL_S, now_s)
    assert wants_restart(link, now_s + 9999, now_s), "asked for in a future that the clock has taken back"
    assert not wants_restart(link, None, now_s + health_link.WINDOW_S)
    assert not wants_restart(after(*(STOCK_BROKE,) * health_link.MAX_ERRORS), None, now_s)


@pytest.mark.parametrize("which", ["edit", "gateway"])
def test_what_discord_causes_wants_no_restart(which: health_link.Which) -> None:
    link = after(*(HealthReport(which, False, "503"),) * (3 * health_link.MAX_ERRORS))
    assert not wants_restart(link, None, 1000.0 + 3 * health_link.MAX_ERRORS)
    assert sum(count_errors(link, 1000.0 + 3 * health_link.MAX_ERRORS)) == 3 * health_link.MAX_ERRORS


def test_error_counts_of_the_last_hour() -> None:
    link = replace(LiveHealth(), errors_s=(1000.0, 4300.0, 4590.0, 4600.0))
    pieces = count_errors(link, 4600.0)
    assert len(pieces) == 12
    assert (pieces[-1], pieces[-2], sum(pieces)) == (2, 1, 3)
    assert len(after(*(STOCK_BROKE,) * 1000).errors_s) <= 10 * health_link.MAX_ERRORS + 1


EVENTS = (STOCK_BROKE, STOCK_WELL, BUTTONS_BROKE, BUTTONS_WELL, EDIT_REFUSED, EDIT_TAKEN, RESTART)


@dataclass(frozen=True)
class World:
    """What is so, beside what the link knows of it."""

    link: LiveHealth = field(default_factory=LiveHealth)
    stock: bool = True
    buttons: bool = True
    #: whether edits are refused
    refused: bool = False

    def after(self, event: HealthReport, now_s: float) -> World:
        """Return the world after `event`, and after the edit that follows, which is taken or refused."""
        world = self
        if event is RESTART:
            # a restart forgets all but the message that members see; the next life tries both before it serves
            link = step(LiveHealth(), HealthReport("livestock", self.stock, "still"), now_s)
            world = replace(self, link=step(link, HealthReport("buttons", self.buttons, "still"), now_s))
        elif event.which == "edit":
            world = replace(self, refused=not event.is_healthy)
        elif event.which == "livestock":
            world = replace(self, stock=event.is_healthy, link=step(self.link, event, now_s))
        else:
            world = replace(self, buttons=event.is_healthy, link=step(self.link, event, now_s))
        edit = EDIT_REFUSED if world.refused else EDIT_TAKEN
        return replace(world, link=step(world.link, edit, now_s))


def check(world: World, now_s: float) -> None:
    """Nothing can be used while something is broken, and every way leads back to normal."""
    if world.refused:
        assert not can_serve(world.link)
    else:
        seen = decide_visibility(world.link)
        assert not (seen.buttons and not world.stock)
        assert not (seen.stock and not world.buttons)
        assert can_serve(world.link) <= (world.stock and world.buttons)
        assert (next_check_s(world.link, now_s) is None) == (world.link.mode is Mode.NORMAL)
    link = world.link
    for event in (STOCK_WELL, BUTTONS_WELL, EDIT_TAKEN):
        link = step(link, event, now_s + 100)
    link = step(link, None, now_s + 100 + (next_check_s(link, now_s + 100) or 0.0))
    assert link.mode is Mode.NORMAL
    assert can_serve(link)


def test_every_order_of_events() -> None:
    """Failures, recoveries, refused edits and restarts in any order, five events deep, in a full run six."""
    deepest = depth.count(6, 5)

    def go(world: World, now_s: float, events_left: int) -> int:
        check(world, now_s)
        if events_left == 0:
            return 1
        return sum(go(world.after(event, now_s), now_s + 2, events_left - 1) for event in EVENTS)

    assert go(World(), 1000.0, deepest) == len(EVENTS) ** deepest
