"""What the service manager is told, and when."""

from __future__ import annotations

import os

import pytest

from supervisor.daemon import sd_notify as systemd
from supervisor.daemon.sd_notify import NotifyState
from supervisor.lifecycle.model import LifeState, ProgramState, State


def programs(**states: str) -> dict[str, ProgramState]:
    """Return programs in those states, the first in life 1, the next in life 2, …"""
    return {
        name: ProgramState(name=name, state=State(state), life=LifeState(life))
        for life, (name, state) in enumerate(states.items(), 1)
    }


def news(said: NotifyState, mono_s: float = 0.0, *, leaving: bool = False, watchdog_s: float | None = None,
         **states: str) -> tuple[NotifyState, list[str]]:  # fmt: skip
    return systemd.news(said, programs(**states), leaving=leaving, watchdog_s=watchdog_s, mono_s=mono_s)


def test_first_that_the_door_is_open_and_how_all_programs_are() -> None:
    said, lines = news(NotifyState(), discord="RUNNING", bot="STARTING")
    assert lines == ["READY=1", "STATUS=discord RUNNING, life 1; bot STARTING, life 2"]
    assert news(said, 1.0, discord="RUNNING", bot="STARTING") == (said, [])


def test_every_change_is_told_once() -> None:
    said, _ = news(NotifyState(), bot="STARTING")
    said, lines = news(said, bot="RUNNING")
    assert lines == ["STATUS=bot RUNNING, life 1"]
    assert news(said, bot="RUNNING")[1] == []


def test_a_sign_of_life_at_half_of_the_time_and_not_before() -> None:
    said, lines = news(NotifyState(), 100.0, watchdog_s=60.0)
    assert lines == ["READY=1", "WATCHDOG=1"]
    assert systemd.due_s(said) == 130.0
    assert news(said, 129.9, watchdog_s=60.0)[1] == []
    said, lines = news(said, 130.0, watchdog_s=60.0)
    assert lines == ["WATCHDOG=1"]
    assert systemd.due_s(said) == 160.0


def test_without_a_watchdog_nothing_is_due() -> None:
    assert systemd.due_s(news(NotifyState(), bot="RUNNING")[0]) is None


def test_a_shutdown_is_told_and_put_off_for_as_long_as_it_goes_on() -> None:
    said, _ = news(NotifyState(), 5.0, bot="RUNNING")
    said, lines = news(said, 10.0, leaving=True, bot="RUNNING")
    assert lines == ["STOPPING=1", "EXTEND_TIMEOUT_USEC=30000000"]
    assert systemd.due_s(said) == 20.0
    said, lines = news(said, 12.0, leaving=True, bot="DRAINING")
    assert lines == ["STATUS=bot DRAINING, life 1"]
    said, lines = news(said, 20.0, leaving=True, bot="DRAINING")
    assert lines == ["EXTEND_TIMEOUT_USEC=30000000"]
    assert systemd.due_s(said) == 30.0


def test_an_extension_arrives_before_the_one_before_it_is_over() -> None:
    assert 2 * systemd.EXTEND_EVERY_S < systemd.EXTEND_S


def test_a_sign_of_life_goes_on_during_a_shutdown() -> None:
    said, _ = news(NotifyState(), 0.0, watchdog_s=4.0)
    said, lines = news(said, 2.0, leaving=True, watchdog_s=4.0)
    assert "WATCHDOG=1" in lines
    assert systemd.due_s(said) == 4.0


def test_what_could_not_be_sent_is_said_again_later_and_not_at_once() -> None:
    unheard = systemd.unheard(NotifyState(), 50.0)
    assert systemd.due_s(unheard) == 51.0
    assert news(unheard, 50.5, bot="RUNNING") == (unheard, [])
    said, lines = news(unheard, 51.0, bot="RUNNING")
    assert lines == ["READY=1", "STATUS=bot RUNNING, life 1"]
    assert systemd.due_s(said) is None


def test_a_reload_names_the_time_before_it_and_ends_with_ready() -> None:
    assert systemd.reloading(12.5) == ["RELOADING=1", "MONOTONIC_USEC=12500000"]
    assert systemd.reloaded() == ["READY=1"]


# --- what the environment says ---


def test_what_is_meant_for_us_alone_is_taken_out_of_the_environment() -> None:
    environ = {"NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid()), "HOME": "/h"}
    assert systemd.manager(environ) == systemd.NotifySocket("/run/n", 60.0)
    assert environ == {"HOME": "/h"}


@pytest.mark.parametrize(
    ("given", "watchdog_s"),
    [
        ({"WATCHDOG_USEC": "3000000"}, 3.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "-3"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_counts_if_it_is_for_us(given: dict[str, str], watchdog_s: float | None) -> None:
    found = systemd.manager({"NOTIFY_SOCKET": "@n", **given})
    assert found is not None
    assert found.watchdog_s == watchdog_s


@pytest.mark.parametrize("given", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1"}, {"WATCHDOG_USEC": "1"}])
def test_nobody_wants_to_hear_from_us(given: dict[str, str]) -> None:
    assert systemd.manager(dict(given)) is None
