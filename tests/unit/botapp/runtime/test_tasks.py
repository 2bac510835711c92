"""TaskRegistry: a drain waits for work, cancels what is left at the deadline, and can be undone; see also `quiesce`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import pytest

from botapp.runtime.tasks import NotAccepting, TaskRegistry


def run(scene: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        await asyncio.wait_for(scene(), 10)

    asyncio.run(limited())


async def settle() -> None:
    """Let everything that can run have its turn."""
    for _ in range(5):
        await asyncio.sleep(0)


def test_drain_waits_for_pending_work_and_names_it() -> None:
    async def scene() -> None:
        changes: list[list[str]] = []
        tasks = TaskRegistry(on_change=changes.append)
        gates = {name: asyncio.Event() for name in ("one", "two")}

        async def work(gate: asyncio.Event) -> None:
            await gate.wait()

        for name, gate in gates.items():
            tasks.spawn(name, work(gate))
        await settle()
        assert (tasks.pending, changes) == (["one", "two"], [])
        drain = asyncio.create_task(tasks.drain(60))
        await settle()
        gates["two"].set()
        await settle()
        assert not drain.done()
        gates["one"].set()
        drained = await drain
        assert (drained.finished, drained.cancelled) == (("two", "one"), ())
        assert changes == [["one", "two"], ["one"], []]

    run(scene)


def test_drain_cancels_the_rest_at_the_deadline() -> None:
    async def scene() -> None:
        tasks = TaskRegistry()
        ends: list[str] = []

        async def export() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ends.append("cleaned up")

        async def quick() -> None:
            await asyncio.sleep(0)

        tasks.spawn("export", export())
        tasks.spawn("quick", quick())
        drained = await tasks.drain(0.01)
        assert (drained.finished, drained.cancelled, drained.unresponsive) == (("quick",), ("export",), ())
        assert ends == ["cleaned up"]

    run(scene)


def test_cancelled_work_is_waited_for() -> None:
    """The bot leaves without a drain when its token is refused; the connection that clean-up needs is closed then."""

    async def scene() -> None:
        tasks = TaskRegistry()
        ends: list[str] = []

        async def notice() -> None:
            try:
                await tasks.sleep(30)
            finally:
                await settle()
                ends.append("deleted")

        tasks.spawn("notice", notice())
        await settle()
        await tasks.cancel()
        assert (ends, tasks.pending, tasks.is_draining) == (["deleted"], [], False)

    run(scene)


def test_work_that_ignores_cancellation_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botapp.runtime.tasks.CANCEL_GRACE_S", 0.01)

    async def scene() -> None:
        tasks = TaskRegistry()
        release = asyncio.Event()

        async def stubborn() -> None:
            while not release.is_set():
                with contextlib.suppress(asyncio.CancelledError):
                    await release.wait()

        tasks.spawn("stubborn", stubborn())
        await settle()
        assert (await tasks.drain(0)).unresponsive == ("stubborn",)
        release.set()
        await settle()
        assert tasks.pending == []

    run(scene)


def test_no_new_work_between_drain_and_resume() -> None:
    async def scene() -> None:
        tasks = TaskRegistry()
        await tasks.drain(0)

        async def work() -> None:
            raise AssertionError("must not start")

        with pytest.raises(NotAccepting):
            tasks.spawn("late", work())
        with pytest.raises(NotAccepting), tasks.track("late click"):
            pass
        tasks.resume()
        with tasks.track("click"):
            assert tasks.pending == ["click"]
        assert tasks.pending == []

    run(scene)


def test_tracked_work_counts_only_inside_its_block() -> None:
    async def scene() -> None:
        tasks = TaskRegistry()
        gate, after = asyncio.Event(), asyncio.Event()

        async def click() -> None:
            with tasks.track("click"):
                await gate.wait()
            await after.wait()

        task = asyncio.create_task(click())
        await settle()
        drain = asyncio.create_task(tasks.drain(60))
        await settle()
        assert not drain.done()
        gate.set()
        assert (await drain).finished == ("click",)
        assert not task.done(), "the rest of the task is not drained"
        after.set()
        await task

    run(scene)


def test_periodic_work_ends_between_rounds_and_restarts_on_resume() -> None:
    async def scene() -> None:
        tasks = TaskRegistry()
        rounds: list[int] = []
        gate = asyncio.Event()

        async def poll() -> None:
            rounds.append(len(rounds))
            await gate.wait()
            if len(rounds) == 1:
                raise ValueError("a failed round does not end it")

        tasks.repeat("poll", 0.001, poll)
        await settle()
        drain = asyncio.create_task(tasks.drain(60))
        await settle()
        assert not drain.done(), "the running round must finish"
        gate.set()
        assert (await drain).finished == ("poll",)
        assert rounds == [0]
        tasks.resume()
        while len(rounds) < 3:
            await asyncio.sleep(0.001)
        assert tasks.pending == ["poll"]
        await tasks.drain(60)

    run(scene)


def test_resume_restarts_periodic_work_beside_other_work_of_its_name() -> None:
    async def scene() -> None:
        tasks = TaskRegistry()
        rounds: list[int] = []
        ends = asyncio.Event()

        async def poll() -> None:
            rounds.append(len(rounds))

        async def once() -> None:
            await ends.wait()

        tasks.repeat("poll", 0.001, poll)
        tasks.spawn("poll", once())
        await tasks.quiesce(0.01)
        count = len(rounds)
        tasks.resume()
        tasks.resume()
        while len(rounds) < count + 3:
            await asyncio.sleep(0.001)
        assert tasks.pending == ["poll", "poll"]
        ends.set()

    run(scene)


def test_failure_is_logged_and_does_not_stop_a_drain(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        tasks = TaskRegistry()

        async def broken() -> None:
            raise ValueError("no such product")

        tasks.spawn("import", broken())
        await settle()
        assert (await tasks.drain(1)).cancelled == ()

    run(scene)
    assert "import failed" in caplog.text
    assert "no such product" in caplog.text


def test_drain_ends_sleep() -> None:
    async def scene() -> None:
        tasks = TaskRegistry()
        tasks.spawn("waits", tasks.sleep(3600))
        await settle()
        drained = await tasks.drain(60)
        assert (drained.finished, drained.cancelled) == (("waits",), ())
        await tasks.sleep(3600)

    run(scene)


def test_sleep_ends_without_a_drain() -> None:
    async def scene() -> None:
        tasks = TaskRegistry()
        await tasks.sleep(0.001)
        assert not tasks.is_draining

    run(scene)


def test_quiesced_registry_serves_requests_and_runs_nothing_else() -> None:
    async def scene() -> None:
        changes: list[list[str]] = []
        tasks = TaskRegistry(on_change=changes.append)
        rounds: list[int] = []
        click_ends, message_sent = asyncio.Event(), asyncio.Event()

        async def poll() -> None:
            rounds.append(len(rounds))

        async def click() -> None:
            with tasks.track("click"):
                await click_ends.wait()

        async def notice() -> None:
            await tasks.sleep(3600)
            await message_sent.wait()

        tasks.repeat("poll", 0.001, poll)
        tasks.spawn("notice", notice())
        clicking = asyncio.create_task(click())
        await settle()
        quiescing = asyncio.create_task(tasks.quiesce(60))
        await settle()
        assert not quiescing.done(), "background work may finish"
        message_sent.set()
        assert set((await quiescing).finished) == {"poll", "notice"}
        assert (tasks.is_quiesced, tasks.is_draining, tasks.pending) == (True, False, ["click"])
        tasks.repeat("later", 0.001, poll)
        with tasks.track("click that was taken before"):
            assert len(tasks.pending) == 2
        count = len(rounds)
        await asyncio.sleep(0.01)
        assert len(rounds) == count, "no periodic work"
        reported = len(changes)
        click_ends.set()
        await clicking
        assert len(changes) == reported, "nothing waits for it now"
        tasks.resume()
        while len(rounds) < count + 4:
            await asyncio.sleep(0.001)
        assert sorted(tasks.pending) == ["later", "poll"]

    run(scene)


def test_quiesce_cancels_nothing() -> None:
    async def scene() -> None:
        tasks = TaskRegistry()
        sent = asyncio.Event()

        async def send() -> None:
            await sent.wait()

        tasks.spawn("send", send())
        assert (await tasks.quiesce(0.001)).finished == ()
        assert tasks.pending == ["send"]
        draining = asyncio.create_task(tasks.drain(60))
        await settle()
        sent.set()
        assert (await draining).finished == ("send",)

    run(scene)
