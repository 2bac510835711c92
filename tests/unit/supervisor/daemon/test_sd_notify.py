"""The messages to systemd, and when they are sent."""

from __future__ import annotations

import os

import pytest

from supervisor.daemon import sd_notify
from supervisor.daemon.sd_notify import NotifyState
from supervisor.lifecycle.model import LifeState, ProgramState, State


def programs(**states: str) -> dict[str, ProgramState]:
    """Return programs in those states, the first in life 1, the next in life 2, …"""
    return {
        name: ProgramState(name=name, state=State(state), life=LifeState(life))
        for life, (name, state) in enumerate(states.items(), 1)
    }


def pending(sent: NotifyState, mono_s: float = 0.0, *, leaving: bool = False, watchdog_s: float | None = None,
         **states: str) -> tuple[NotifyState, list[str]]:  # fmt: skip
    return sd_notify.pending_lines(sent, programs(**states), leaving=leaving, watchdog_s=watchdog_s, mono_s=mono_s)


def test_ready_and_status_come_first() -> None:
    sent, lines = pending(NotifyState(), discord="RUNNING", bot="STARTING")
    assert lines == ["READY=1", "STATUS=discord RUNNING, life 1; bot STARTING, life 2"]
    assert pending(sent, 1.0, discord="RUNNING", bot="STARTING") == (sent, [])


def test_each_change_is_sent_once() -> None:
    sent, _ = pending(NotifyState(), bot="STARTING")
    sent, lines = pending(sent, bot="RUNNING")
    assert lines == ["STATUS=bot RUNNING, life 1"]
    assert pending(sent, bot="RUNNING")[1] == []


def test_watchdog_message_at_half_of_the_timeout() -> None:
    sent, lines = pending(NotifyState(), 100.0, watchdog_s=60.0)
    assert lines == ["READY=1", "WATCHDOG=1"]
    assert sd_notify.next_message_s(sent) == 130.0
    assert pending(sent, 129.9, watchdog_s=60.0)[1] == []
    sent, lines = pending(sent, 130.0, watchdog_s=60.0)
    assert lines == ["WATCHDOG=1"]
    assert sd_notify.next_message_s(sent) == 160.0


def test_nothing_is_due_without_a_watchdog() -> None:
    assert sd_notify.next_message_s(pending(NotifyState(), bot="RUNNING")[0]) is None


def test_shutdown_extends_the_stop_timeout() -> None:
    sent, _ = pending(NotifyState(), 5.0, bot="RUNNING")
    sent, lines = pending(sent, 10.0, leaving=True, bot="RUNNING")
    assert lines == ["STOPPING=1", "EXTEND_TIMEOUT_USEC=30000000"]
    assert sd_notify.next_message_s(sent) == 20.0
    sent, lines = pending(sent, 12.0, leaving=True, bot="DRAINING")
    assert lines == ["STATUS=bot DRAINING, life 1"]
    sent, lines = pending(sent, 20.0, leaving=True, bot="DRAINING")
    assert lines == ["EXTEND_TIMEOUT_USEC=30000000"]
    assert sd_notify.next_message_s(sent) == 30.0


def test_extensions_overlap() -> None:
    assert 2 * sd_notify.EXTEND_EVERY_S < sd_notify.EXTEND_S


def test_watchdog_messages_continue_during_a_shutdown() -> None:
    sent, _ = pending(NotifyState(), 0.0, watchdog_s=4.0)
    sent, lines = pending(sent, 2.0, leaving=True, watchdog_s=4.0)
    assert "WATCHDOG=1" in lines
    assert sd_notify.next_message_s(sent) == 4.0


def test_failed_message_is_retried_later() -> None:
    failed = sd_notify.schedule_retry(NotifyState(), 50.0)
    assert sd_notify.next_message_s(failed) == 51.0
    assert pending(failed, 50.5, bot="RUNNING") == (failed, [])
    sent, lines = pending(failed, 51.0, bot="RUNNING")
    assert lines == ["READY=1", "STATUS=bot RUNNING, life 1"]
    assert sd_notify.next_message_s(sent) is None


def test_reload_message_has_the_monotonic_time() -> None:
    assert sd_notify.reloading_lines(12.5) == ["RELOADING=1", "MONOTONIC_USEC=12500000"]


# --- environment ---


def test_own_variables_are_removed_from_the_environment() -> None:
    environ = {"NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid()), "HOME": "/h"}
    assert sd_notify.take_socket(environ) == sd_notify.NotifySocket("/run/n", 60.0)
    assert environ == {"HOME": "/h"}


@pytest.mark.parametrize(
    ("environ", "watchdog_s"),
    [
        ({"WATCHDOG_USEC": "3000000"}, 3.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "-3"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_watchdog_of_another_pid_is_ignored(environ: dict[str, str], watchdog_s: float | None) -> None:
    notify_socket = sd_notify.take_socket({"NOTIFY_SOCKET": "@n", **environ})
    assert notify_socket is not None
    assert notify_socket.watchdog_s == watchdog_s


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1"}, {"WATCHDOG_USEC": "1"}])
def test_no_notify_socket(environ: dict[str, str]) -> None:
    assert sd_notify.take_socket(dict(environ)) is None
