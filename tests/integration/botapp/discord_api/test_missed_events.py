"""Events that arrived while no process served: read by resuming the session of the process that has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from botapp.discord_api.handover.event_file import Session
from botapp.discord_api.handover.missed_events import MissedEvents
from botapp.local_discord import ids
from tests.support.discord.bot_process import free_port
from tests.support.discord.control import DiscordControl, local_discord
from tests.support.discord.wire import wire


@pytest.fixture(scope="module")
def town() -> Iterator[DiscordControl]:
    with local_discord() as control:
        yield control


@pytest.fixture
def discord(town: DiscordControl) -> Iterator[DiscordControl]:
    yield town
    town.no_faults()


def read_after_a_death(discord: DiscordControl, *, close_code: int | None = None, **faults: Any) -> MissedEvents:
    """Open a session, end its connection, let a member write, and read what the session has missed."""

    async def work() -> MissedEvents:
        async with wire(discord) as connection:
            ready = await connection.identify()
            if close_code is not None:
                await connection.socket.close(code=close_code)
            else:
                connection.socket._response.close()
        session = Session(ready["d"]["session_id"], ready["d"]["resume_gateway_url"], 2)
        await asyncio.to_thread(discord.say, "Budi", "halo")
        discord.faults(**faults)
        return await read(session)

    return asyncio.run(work())


async def read(session: Session) -> MissedEvents:
    """Read what a session has missed, with our own session open."""
    opened = asyncio.Event()
    opened.set()
    missed = MissedEvents(opened)
    await missed.read(session, ids.DEFAULT_TOKEN)
    assert missed.is_caught_up.is_set()
    return missed


def test_the_session_is_read_until_our_own_is_open(discord: DiscordControl) -> None:
    async def work() -> tuple[list[str], list[str]]:
        async with wire(discord) as connection:
            ready = await connection.identify()
            connection.socket._response.close()
        session = Session(ready["d"]["session_id"], ready["d"]["resume_gateway_url"], 2)
        await asyncio.to_thread(discord.say, "Budi", "first")
        opened, received = asyncio.Event(), asyncio.Queue[str]()
        missed = MissedEvents(opened)
        reading = asyncio.create_task(missed.read(session, ids.DEFAULT_TOKEN))
        await missed.is_caught_up.wait()
        early = [data["content"] for _, data in missed.events]
        missed.hand_on(lambda name, data: received.put_nowait(data["content"]))
        await asyncio.to_thread(discord.say, "Budi", "second")
        late = [await received.get(), await received.get()]
        opened.set()
        await reading
        return early, late

    assert asyncio.run(work()) == (["first"], ["first", "second"])


@pytest.mark.parametrize("close_code", [None, 4000])
def test_what_was_missed_is_read(discord: DiscordControl, close_code: int | None) -> None:
    missed = read_after_a_death(discord, close_code=close_code)
    assert missed.problem is None
    assert [(name, data["content"]) for name, data in missed.events] == [("MESSAGE_CREATE", "halo")]


@pytest.mark.parametrize(
    ("fault", "events"),
    [
        ({"resume_fault": {"how": "invalid"}}, 0),
        ({"resume_fault": {"how": "silent"}}, 0),
        ({"resume_fault": {"how": "abort"}}, 0),
        ({"resume_fault": {"how": "close", "code": 4006}}, 0),
        ({"resume_window_s": 0}, 0),
        ({"refuse_gateway": True}, 0),
    ],
)
def test_a_session_that_cannot_be_resumed_is_given_up(
    discord: DiscordControl, fault: dict[str, Any], events: int
) -> None:
    missed = read_after_a_death(discord, **fault)
    assert missed.problem
    assert len(missed.events) == events


def test_a_session_that_was_ended_is_given_up(discord: DiscordControl) -> None:
    assert read_after_a_death(discord, close_code=1000).problem


@pytest.mark.parametrize("address", ["ws://127.0.0.1:{port}/gateway", "http://127.0.0.1:{port}", "not an address"])
def test_an_address_that_is_none_is_given_up(address: str) -> None:
    session = Session("cafe", address.format(port=free_port()), 1)
    assert asyncio.run(read(session)).problem
