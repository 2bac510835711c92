"""Background work: drains by itself where it can, is cut off by name where it cannot, and opens again."""

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


def test_a_drain_waits_for_what_is_under_way_and_names_it() -> None:
    async def scene() -> None:
        told: list[list[str]] = []
        background = TaskRegistry(on_change=told.append)
        gates = {name: asyncio.Event() for name in ("one", "two")}

        async def work(gate: asyncio.Event) -> None:
            await gate.wait()

        for name, gate in gates.items():
            background.spawn(name, work(gate))
        await settle()
        assert (background.pending, told) == (["one", "two"], [])
        drain = asyncio.create_task(background.drain(60))
        await settle()
        gates["two"].set()
        await settle()
        assert not drain.done()
        gates["one"].set()
        drained = await drain
        assert (drained.finished, drained.cancelled) == (("two", "one"), ())
        assert told == [["one", "two"], ["one"], []]

    run(scene)


def test_at_the_deadline_the_rest_is_cancelled_and_named() -> None:
    async def scene() -> None:
        background = TaskRegistry()
        ends: list[str] = []

        async def export() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ends.append("cleaned up")

        async def quick() -> None:
            await asyncio.sleep(0)

        background.spawn("export", export())
        background.spawn("quick", quick())
        drained = await background.drain(0.01)
        assert (drained.finished, drained.cancelled, drained.deaf) == (("quick",), ("export",), ())
        assert ends == ["cleaned up"]

    run(scene)


def test_work_that_ignores_its_cancelling_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botapp.runtime.tasks.CANCEL_GRACE_S", 0.01)

    async def scene() -> None:
        background = TaskRegistry()
        release = asyncio.Event()

        async def deaf() -> None:
            while not release.is_set():
                with contextlib.suppress(asyncio.CancelledError):
                    await release.wait()

        background.spawn("deaf", deaf())
        await settle()
        assert (await background.drain(0)).deaf == ("deaf",)
        release.set()
        await settle()
        assert background.pending == []

    run(scene)


def test_no_new_work_while_draining_until_it_opens_again() -> None:
    async def scene() -> None:
        background = TaskRegistry()
        await background.drain(0)

        async def work() -> None:
            raise AssertionError("never begun")

        with pytest.raises(NotAccepting):
            background.spawn("late", work())
        with pytest.raises(NotAccepting), background.work("late click"):
            pass
        background.reopen()
        with background.work("click"):
            assert background.pending == ["click"]
        assert background.pending == []

    run(scene)


def test_work_in_somebody_elses_task_counts_only_while_it_lasts() -> None:
    async def scene() -> None:
        background = TaskRegistry()
        gate, after = asyncio.Event(), asyncio.Event()

        async def click() -> None:
            with background.work("click"):
                await gate.wait()
            await after.wait()

        task = asyncio.create_task(click())
        await settle()
        drain = asyncio.create_task(background.drain(60))
        await settle()
        assert not drain.done()
        gate.set()
        assert (await drain).finished == ("click",)
        assert not task.done(), "what the task does besides is not ours to end"
        after.set()
        await task

    run(scene)


def test_periodic_work_ends_between_rounds_and_goes_on_after_reopening() -> None:
    async def scene() -> None:
        background = TaskRegistry()
        rounds: list[int] = []
        gate = asyncio.Event()

        async def look() -> None:
            rounds.append(len(rounds))
            await gate.wait()
            if len(rounds) == 1:
                raise ValueError("one bad round does not end it")

        background.every("look", 0.001, look)
        await settle()
        drain = asyncio.create_task(background.drain(60))
        await settle()
        assert not drain.done(), "the round under way is finished"
        gate.set()
        assert (await drain).finished == ("look",)
        assert rounds == [0]
        background.reopen()
        while len(rounds) < 3:
            await asyncio.sleep(0.001)
        assert background.pending == ["look"]
        await background.drain(60)

    run(scene)


def test_a_failure_is_logged_and_does_not_stop_a_drain(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        background = TaskRegistry()

        async def broken() -> None:
            raise ValueError("no such product")

        background.spawn("import", broken())
        await settle()
        assert (await background.drain(1)).cancelled == ()

    run(scene)
    assert "import failed" in caplog.text
    assert "no such product" in caplog.text


def test_who_only_waits_is_woken_by_a_drain() -> None:
    async def scene() -> None:
        background = TaskRegistry()
        background.spawn("waits", background.rest(3600))
        await settle()
        drained = await background.drain(60)
        assert (drained.finished, drained.cancelled) == (("waits",), ())
        await background.rest(3600)

    run(scene)


def test_who_only_waits_waits_as_long_as_said() -> None:
    async def scene() -> None:
        background = TaskRegistry()
        await background.rest(0.001)
        assert not background.draining

    run(scene)
