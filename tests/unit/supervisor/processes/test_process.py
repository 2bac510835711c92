"""Names of signals."""

from __future__ import annotations

import signal

import pytest

from supervisor.processes.process import signal_name


@pytest.mark.parametrize(
    ("number", "name"), [(9, "SIGKILL"), (32, "SIG32"), (34, "SIGRTMIN"), (35, "SIGRTMIN+1"), (64, "SIGRTMAX")]
)
def test_name_of_a_signal(number: int, name: str) -> None:
    assert signal_name(number) == name


def test_every_signal_has_a_name_of_its_own() -> None:
    assert len({signal_name(number) for number in range(1, signal.NSIG)}) == signal.NSIG - 1
