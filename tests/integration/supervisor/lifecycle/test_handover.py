"""The hand-over with real processes: the program that docs/how-to/own-program.md shows, as a user would write it."""

from __future__ import annotations

import os
import re
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import pytest

from supervisor.client import ControlError
from tests.support import depth
from tests.support.python_process import ROOT
from tests.support.supervisor.supervised import PATIENCE_S, Supervised, supervised, wait_gone

PAGE = ROOT / "docs" / "how-to" / "own-program.md"
#: seconds between two requests of the client
PAUSE_S = 0.002


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Shop:
    """The echo program under a supervisor, and a client that never stops to ask it."""

    def __init__(self, it: Supervised, port: int) -> None:
        self.it = it
        self._port = port
        #: the lives that answered, in order, and errors
        self.answers: list[int] = []
        self.errors: list[OSError] = []
        self.longest_s = 0.0

    def ask(self) -> int:
        """Return the life that answers."""
        with socket.create_connection(("127.0.0.1", self._port), timeout=10) as one:
            one.sendall(b"hello")
            match = re.fullmatch(rb"process (\d+): hello", one.makefile("rb").read())
        assert match is not None
        return int(match[1])

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Ask again and again meanwhile; no request may fail."""
        stop = threading.Event()

        def repeat() -> None:
            while not stop.wait(PAUSE_S):
                began_s = time.monotonic()
                try:
                    self.answers.append(self.ask())
                except OSError as error:
                    self.errors.append(error)
                self.longest_s = max(self.longest_s, time.monotonic() - began_s)

        thread = threading.Thread(target=repeat)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
        assert self.errors == []

    def wait_alone(self, life: int) -> dict[str, Any]:
        """Wait until the life runs without a second process."""

        def there(status: dict[str, Any]) -> dict[str, Any] | None:
            one: dict[str, Any] = status["echo"]
            is_alone = one["retiring"] is None and one["prepared"] is None
            return one if (one["state"], one["life"]) == ("RUNNING", life) and is_alone else None

        found = self.it.wait(there)
        assert found is not None
        return found


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    text = re.search(r"```python echo.py\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert text is not None
    (tmp_path / "echo.py").write_text(text[1])
    port = _free_port()
    table = {
        "command": ["python", "echo.py"],
        "listen": [f"127.0.0.1:{port}"],
        "handover": True,
        "probation_s": 2,
        "start_timeout_s": 10,
    }
    with supervised(tmp_path, {"bot": {"enabled": False}, "echo": table}) as it:
        it.start()
        yield Shop(it, port)


def _break(shop: Shop, text: str = "raise SystemExit(3)") -> None:
    path = shop.it.directory / "echo.py"
    path.write_text(text + "\n" + path.read_text())


def test_no_request_fails_over_restarts_and_the_old_process_retires(shop: Shop) -> None:
    old = shop.it.status()["echo"]
    with shop.asking():
        report = shop.it.restart("echo")
        assert (report["ok"], report["handover"], report["to_life"]) == (True, True, 2)
        phases = [name for name, value in report["phases"].items() if value is not None]
        assert phases == ["check_s", "prepare_s", "quiesce_s", "flush_s", "serve_s"]
        status = shop.it.status()["echo"]
        assert (status["life"], status["retiring"]["pid"], status["prepared"]) == (2, old["pid"], None)
        shop.wait_alone(2)
        wait_gone(old["pid"])
        assert shop.it.restart("echo")["to_life"] == 3
        assert shop.ask() == 3
    shop.answers.append(3)  # the client need not have asked again
    assert set(shop.answers) == {1, 2, 3} and shop.answers == sorted(shop.answers)
    assert [one["handover"] for one in shop.it.history()] == [True, True]


def test_a_cold_restart_ends_the_old_process_first(shop: Shop) -> None:
    old = shop.it.status()["echo"]["pid"]
    report = shop.it.restart("echo", cold=True)
    assert (report["ok"], report["handover"], report["to_life"]) == (True, False, 2)
    wait_gone(old)
    assert shop.ask() == 2


def test_the_old_process_goes_on_when_the_next_one_does_not_load(shop: Shop) -> None:
    old = shop.it.status()["echo"]
    _break(shop)
    with shop.asking():
        error = shop.it.refused("restart", program="echo", wait=True)
    assert error.code == "prepare_failed"
    assert shop.it.status()["echo"]["pid"] == old["pid"]
    assert set(shop.answers) == {1}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_the_old_process_serves_again_when_the_next_one_fails_on_probation(shop: Shop, number: signal.Signals) -> None:
    shop.it.restart("echo")
    new = shop.it.status()["echo"]["pid"]
    os.kill(new, number)
    status = shop.it.wait_state("RUNNING", "echo", life=1)
    assert status["pid"] != new and shop.ask() == 1
    [back, _] = shop.it.history()
    assert (back["from_life"], back["to_life"], back["ok"]) == (2, 1, True)
    assert back["reason_code"] == ("crash" if number is signal.SIGKILL else "hung")
    wait_gone(new)
    assert shop.it.restart("echo")["to_life"] == 3, "the number of the failed process is not used again"


def test_a_new_supervisor_adopts_both_processes(shop: Shop) -> None:
    old = shop.it.status()["echo"]["pid"]
    shop.it.restart("echo")
    with shop.asking():
        shop.it.kill()
        shop.it.start()
        status = shop.it.status()["echo"]
        assert status["life"] == 2 and status["retiring"]["pid"] == old
        shop.wait_alone(2)
    assert set(shop.answers) == {2}


def test_no_request_fails_over_upgrades_of_the_supervisor(shop: Shop) -> None:
    """The second upgrade comes while the first old process can still serve again."""
    pid = shop.it.pid
    with shop.asking():
        for life in (2, 3):
            shop.it.ask("upgrade")
            shop.it.wait_state("RUNNING", "echo", life=life)
    assert shop.it.ask("ping")["pid"] == pid
    assert [(one["handover"], one["reason_code"]) for one in shop.it.history()] == [(True, "upgraded")] * 2
    assert set(shop.answers) == {1, 2, 3} and shop.answers == sorted(shop.answers)


def test_stop_ends_both_processes(shop: Shop) -> None:
    shop.it.restart("echo")
    shop.it.ask("stop", program="echo", wait=True)
    assert shop.it.left() == {}


def test_a_prepared_process_is_the_first_that_the_kernel_ends(shop: Shop) -> None:
    own = int(Path("/proc/self/oom_score_adj").read_text())
    _break(shop, "import os\nif os.environ.get('STOCKSUP_ROLE'): import time; time.sleep(2)")
    shop.it.ask("restart", program="echo")
    prepared = shop.it.wait(lambda status: status["echo"]["prepared"])
    path = Path(f"/proc/{prepared['pid']}/oom_score_adj")
    assert int(path.read_text()) == min(1000, own + 500)
    shop.it.wait_state("RUNNING", "echo", life=2)
    assert int(path.read_text()) == own


def test_without_memory_for_two_processes_the_restart_is_cold_and_says_why(shop: Shop) -> None:
    shop.it.shut_down()
    shop.it.faults = {"TEST_FREE_BYTES": 1024 * 1024}
    shop.it.start()
    old = shop.it.status()["echo"]["pid"]
    report = shop.it.restart("echo")
    wait_gone(old)
    assert (report["ok"], report["handover"], report["cold_reason"]) == (True, False, "memory_low")
    assert shop.it.history()[0]["cold_problem"] == report["cold_problem"]
    shown = shop.it.command("history")
    assert report["cold_problem"] in " ".join(shown.stdout.split()), shown


#: what a supervisor does to the world, see tests/support/supervisor/fault_points, and how often in `_hand_over`
POINTS = {"journal": 16, "spawn": 2, "spawned": 2, "switch": 1, "prepare": 2, "ask": 7}


def _hand_over(shop: Shop) -> None:
    """Restart the program and let the old process retire. Raises when the supervisor is killed meanwhile."""
    shop.it.restart("echo")
    shop.wait_alone(2)
    shop.it.ask("ping")


@pytest.mark.sampled
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("point", POINTS)
def test_the_supervisor_is_killed_at_any_point_of_a_hand_over(shop: Shop, point: str, when: str) -> None:
    for number in depth.sample(range(1, POINTS[point] + 1), f"handover:{point}:{when}", one_in=12):
        assert shop.it.process is not None
        shop.it.shut_down()
        shop.it.faults = {"TEST_KILL_AT": f"{point}:{number}:{when}"}
        serving: AbstractContextManager[None] = nullcontext()
        with suppress(ControlError, ValueError, AssertionError):
            shop.it.start()
            serving = shop.asking()
        with serving:
            with suppress(ControlError, AssertionError):
                _hand_over(shop)
            shop.it.faults = {}
            if _is_killed(shop):
                shop.it.start(wait=False)
            shop.it.wait(_is_settled)
            assert shop.ask() == shop.it.status()["echo"]["life"]
        assert list(shop.it.left()) == [shop.it.status()["echo"]["pid"]]


def _is_killed(shop: Shop) -> bool:
    """Return whether the supervisor was killed, once its end is known."""
    try:
        shop.it.ask("ping")
    except (ControlError, OSError):
        assert shop.it.process is not None
        return shop.it.process.wait(PATIENCE_S) == -signal.SIGKILL
    return False


def _is_settled(status: dict[str, Any]) -> bool:
    one = status["echo"]
    return (
        one["state"] == "RUNNING"
        and one["linked"]
        and (one["restart"], one["retiring"], one["prepared"]) == (None,) * 3
    )


def test_a_restart_that_is_refused_is_an_error(shop: Shop) -> None:
    with pytest.raises(ControlError) as caught:
        shop.it.restart("other")
    assert caught.value.code == "unknown_program"
