"""The local Discord's gateway, frame by frame: what discord.py does on its own is not asked of it here."""

from __future__ import annotations

import json
from collections.abc import Iterator

import aiohttp
import pytest

from botapp.local_discord import ids
from tests.support.discord.control import DiscordControl, local_discord
from tests.support.discord.wire import run, wire


@pytest.fixture(scope="module")
def server() -> Iterator[DiscordControl]:
    with local_discord() as control:
        yield control


@pytest.fixture
def town(server: DiscordControl) -> Iterator[DiscordControl]:
    yield server
    server.no_faults()


def test_a_heartbeat_is_acknowledged(town: DiscordControl) -> None:
    async def story() -> None:
        async with wire(town) as one:
            await one.send(1, None)
            assert (await one.frame())["op"] == 11

    run(story)


def test_missed_events_are_replayed_in_order_after_a_cut_connection(town: DiscordControl) -> None:
    async def story() -> None:
        async with wire(town) as one:
            ready = await one.identify()
            town.say("Budi", "heard")
            heard = await one.frame()
            assert heard["d"]["content"] == "heard"
            town.faults(drop={"reset": True})
            assert (await one.socket.receive(timeout=5)).type != aiohttp.WSMsgType.TEXT
        missed = [f"missed {number}" for number in range(3)]
        for text in missed:
            town.say("Budi", text)
        async with wire(town) as two:
            await two.resume(ready["d"]["session_id"], heard["s"])
            frames = [await two.frame() for _ in range(4)]
            assert [frame["d"]["content"] for frame in frames[:3]] == missed
            assert [frame["s"] for frame in frames] == [heard["s"] + step for step in (1, 2, 3, 4)]
            assert frames[3]["t"] == "RESUMED"
            town.say("Budi", "after it")
            assert (await two.frame())["d"]["content"] == "after it"

    run(story)


@pytest.mark.parametrize(
    ("how", "resumable"), [(1000, False), (1001, False), (4000, True), ("abort", True), ("close", True)]
)
def test_how_a_client_leaves_decides_whether_it_can_resume(
    town: DiscordControl, how: int | str, resumable: bool
) -> None:
    """A process that is killed leaves as its kernel does: with RST (abort) or with FIN (close), and no close frame."""

    async def story() -> None:
        since = town.world()["last_seq"]
        async with wire(town) as one:
            session_id = (await one.identify())["d"]["session_id"]
            if isinstance(how, int):
                await one.socket.close(code=how)
            else:
                getattr(one.socket._response.connection.transport, how)()  # type: ignore[union-attr]
        closed = {"type": "session_closed", "session_id": session_id}
        next(event for event in town.events(since=since) if closed.items() <= event.items())
        async with wire(town) as two:
            await two.resume(session_id, 2)
            answer = await two.frame()
            assert (answer["t"] == "RESUMED") if resumable else ((answer["op"], answer["d"]) == (9, False))

    run(story)


def test_a_session_belongs_to_the_connection_that_resumed_it_last(town: DiscordControl) -> None:
    async def story() -> None:
        async with wire(town) as one, wire(town) as two:
            session_id = (await one.identify())["d"]["session_id"]
            await two.resume(session_id, 2)
            assert (await two.frame())["t"] == "RESUMED"
            assert (await one.socket.receive(timeout=5)).type != aiohttp.WSMsgType.TEXT
            town.say("Budi", "to the second")
            assert (await two.frame())["d"]["content"] == "to the second"

    run(story)


def test_a_session_ended_by_the_server_cannot_be_resumed(town: DiscordControl) -> None:
    async def story() -> None:
        async with wire(town) as one:
            session_id = (await one.identify())["d"]["session_id"]
            town.faults(drop={"code": 4000, "end": True})
            assert await one.close_code() == 4000
        async with wire(town) as two:
            await two.resume(session_id, 2)
            assert (await two.frame())["op"] == 9
            await two.identify()  # the connection is still good for a new session

    run(story)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("no json", 4002),
        ("[]", 4002),
        ("[" * 3000, 4002),
        ('{"op":99}', 4001),
        ('{"op":3,"d":{}}', 4003),
        ('{"op":2,"d":{"token":"wrong","intents":0}}', 4004),
        ('{"op":2,"d":{"token":"demo-token","intents":-1}}', 4013),
        ('{"op":2,"d":{"token":"demo-token","intents":0,"shard":[1,2]}}', 4010),
        ('{"op":2,"d":7}', 4002),
    ],
)
def test_what_is_wrong_is_answered_by_its_close_code(town: DiscordControl, message: str, code: int) -> None:
    async def story() -> None:
        async with wire(town) as one:
            await one.socket.send_str(message)
            assert await one.close_code() == code

    run(story)


def test_too_many_messages_end_with_4008(town: DiscordControl) -> None:
    async def story() -> None:
        async with wire(town) as one:
            for _ in range(121):
                await one.send(1, None)
            # some are acknowledged before the limit is reached, as acknowledgements take their time
            while (message := await one.socket.receive(timeout=5)).type == aiohttp.WSMsgType.TEXT:
                assert json.loads(message.data)["op"] == 11
            assert one.socket.close_code == 4008

    run(story)


def test_identify_limit_and_daily_budget(town: DiscordControl) -> None:
    async def story() -> None:
        town.faults(identify_limit=True, identifies_left=1)
        async with wire(town) as one:
            await one.send(2, {"token": ids.DEFAULT_TOKEN, "intents": 0})
            if (await one.frame())["op"] == 9:  # an earlier test identified within the last 5 s
                town.faults(identify_limit=False)
                await one.identify(intents=1)
                town.faults(identify_limit=True)
            async with wire(town) as two:
                await two.send(2, {"token": ids.DEFAULT_TOKEN, "intents": 0})
                refused = await two.frame()
                assert (refused["op"], refused["d"]) == (9, False)
                town.faults(identify_limit=False)
                await two.send(2, {"token": ids.DEFAULT_TOKEN, "intents": 0})
                assert await two.close_code() == 4004
        async with wire(town) as three:  # the token is void now
            await three.send(2, {"token": ids.DEFAULT_TOKEN, "intents": 0})
            assert await three.close_code() == 4004

    run(story)


def test_without_the_intent_talk_comes_without_its_content(town: DiscordControl) -> None:
    async def story() -> None:
        async with wire(town) as blind, wire(town) as deaf:
            await blind.identify(intents=1 | 1 << 9)
            await deaf.identify(intents=1)
            town.say("Budi", "a secret")
            town.say("Budi", f"hello <@{ids.BOT_ID}>")
            assert (await blind.frame())["d"]["content"] == ""
            assert (await blind.frame())["d"]["content"].startswith("hello")
            await deaf.send(1, None)
            assert (await deaf.frame())["op"] == 11  # nothing came before the acknowledgement

    run(story)


def test_members_are_sent_when_asked_for(town: DiscordControl) -> None:
    async def story() -> None:
        async with wire(town) as one:
            await one.identify()
            await one.send(8, {"guild_id": str(ids.GUILD_ID), "query": "", "limit": 0, "nonce": "n"})
            chunk = await one.frame()
            names = {member["user"]["username"] for member in chunk["d"]["members"]}
            assert names == {*ids.MEMBERS, ids.BOT_NAME}
            assert chunk["d"]["nonce"] == "n"
            await one.send(8, {"guild_id": "nonsense"})
            await one.send(1, None)
            assert (await one.frame())["op"] == 11

    run(story)
