"""What two processes with one token meet: several sessions, refused handshakes, and who acknowledged first."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from botapp.local_discord import ids
from tests.support.discord.control import DiscordControl, Json, Refused, local_discord
from tests.support.discord.wire import Wire, answer_clicks, call, post_button, run, takes_at_least, wire

DEFERRED, MESSAGE = 5, 4
#: answers a callback as another process: URL, body
CALL_BACK = """
import sys, urllib.request
request = urllib.request.Request(sys.argv[1], sys.argv[2].encode(), {"Content-Type": "application/json"})
urllib.request.urlopen(request).read()
"""


@pytest.fixture(scope="module")
def server() -> Iterator[DiscordControl]:
    with local_discord() as control:
        yield control


@pytest.fixture
def town(server: DiscordControl) -> Iterator[DiscordControl]:
    yield server
    server.no_faults()


@pytest.fixture(scope="module")
def button(server: DiscordControl) -> str:
    """The custom id of a button."""
    post_button(server, "buy")
    return "buy"


def numbers(town: DiscordControl) -> int:
    """Return the number of the last session."""
    return int(town.sessions()["identifies"])


# --- sessions ---


def test_every_session_gets_interactions_in_the_way_that_was_set_for_it(town: DiscordControl, button: str) -> None:
    async def story() -> None:
        async with wire(town) as old, wire(town) as slow, wire(town) as deaf:
            await old.identify()
            await slow.identify(device="new")
            await deaf.identify()
            last = numbers(town)
            town.faults(
                deliveries=[{"device": "new", "delay_s": 0.3}, {"number": last, "deaf": ["INTERACTION_CREATE"]}]
            )
            async with takes_at_least(0.3):
                clicked = town.click("Budi", button)
                town.faults(deliveries=[{"number": last, "deaf": ["INTERACTION_CREATE"]}])
                town.say("Budi", "after it")
                assert (await old.frame())["d"]["id"] == clicked
                assert (await slow.frame())["d"]["id"] == clicked
            for one in (old, slow, deaf):
                assert (await one.frame())["d"]["content"] == "after it"

    run(story)


def test_a_session_can_be_deaf_to_all(town: DiscordControl) -> None:
    async def story() -> None:
        async with wire(town) as one:
            town.faults(deliveries=[{"pid": os.getpid(), "deaf": True}])
            await one.identify()  # READY and the guild come all the same
            town.say("Budi", "unheard")
            assert await one.hears_nothing()
            town.faults(deliveries=[])
            town.say("Budi", "heard")
            assert (await one.frame())["d"]["content"] == "heard"

    run(story)


def test_one_of_several_sessions_can_be_cut(town: DiscordControl) -> None:
    async def story() -> None:
        async with wire(town) as old, wire(town) as new:
            ready = await old.identify()
            await new.identify()
            town.faults(drop={"reset": True, "clients": {"number": numbers(town) - 1}})
            assert await old.is_cut()
            assert await new.hears_nothing()
            (cut,) = (one for one in town.sessions()["sessions"] if one["session_id"] == ready["d"]["session_id"])
            assert (cut["connected"], cut["pid"]) == (False, os.getpid())

    run(story)


# --- handshakes ---


async def cut(town: DiscordControl, one: Wire) -> str:
    """Identify and cut the connection; return the session."""
    session_id: str = (await one.identify())["d"]["session_id"]
    town.faults(drop={"reset": True, "clients": {"number": numbers(town)}})
    assert await one.is_cut()
    return session_id


def test_a_resume_from_further_back_than_the_buffer_is_refused(town: DiscordControl) -> None:
    async def story() -> None:
        town.faults(replay_limit=3)
        async with wire(town) as one:
            session_id = await cut(town, one)
        for number in range(4):
            town.say("Budi", str(number))
        async with wire(town) as two:
            await two.resume(session_id, 2)
            refused = await two.frame()
            assert (refused["op"], refused["d"]) == (9, False)

    run(story)


def test_a_session_is_over_after_its_window(town: DiscordControl) -> None:
    async def story() -> None:
        town.faults(resume_window_s=0)
        async with wire(town) as one:
            session_id = await cut(town, one)
        async with wire(town) as two:
            await two.resume(session_id, 2)
            assert (await two.frame())["op"] == 9

    run(story)


@pytest.mark.parametrize("handshake", ["identify", "resume"])
@pytest.mark.parametrize("how", ["invalid", "silent", "abort", "close"])
def test_a_handshake_can_be_refused(town: DiscordControl, handshake: str, how: str) -> None:
    async def story() -> None:
        async with wire(town) as one:
            session_id = await cut(town, one)
        fault = {"how": how, "times": 1} | ({"code": 4006} if how == "close" else {})
        town.faults(**{f"{handshake}_fault": fault})
        before = town.sessions()
        async with wire(town) as two:
            if handshake == "resume":
                await two.resume(session_id, 2)
            else:
                await two.send(2, {"token": ids.DEFAULT_TOKEN, "intents": 0})
            if how == "invalid":
                assert (await two.frame())["op"] == 9
            elif how == "silent":
                assert await two.hears_nothing()
            elif how == "abort":
                assert await two.is_cut()
            else:
                assert await two.close_code() == 4006
        refused = f"refused_{'resumes' if handshake == 'resume' else 'identifies'}"
        assert town.sessions()[refused] == before[refused] + 1
        async with wire(town) as three:
            await three.resume(session_id, 2)
            assert (await three.frame())["op"] == (9 if (handshake, how) == ("resume", "invalid") else 0)

    run(story)


def test_the_identifies_left_are_told(town: DiscordControl) -> None:
    town.faults(identifies_left=3)
    limit = call(town, "GET", "/gateway/bot")["session_start_limit"]
    assert (limit["total"], limit["remaining"], limit["max_concurrency"]) == (1000, 3, 1)


def test_a_round_trip_takes_its_time(town: DiscordControl) -> None:
    async def story() -> None:
        async with wire(town) as one:
            town.faults(latency_ms=100)
            async with takes_at_least(0.1):
                assert await one.hears_nothing()
            async with takes_at_least(0.1):
                call(town, "GET", "/users/@me")

    run(story)


# --- interactions ---


def call_back(town: DiscordControl, event: Json, kind: int) -> Json:
    path = f"/interactions/{event['id']}/{event['token']}/callback"
    return call(town, "POST", path, {"type": kind, "data": {"content": "x"}})


def test_who_acknowledged_and_who_was_refused_is_recorded(town: DiscordControl, button: str) -> None:
    async def story() -> None:
        async with wire(town) as one:
            await one.identify()
            clicked = town.click("Budi", button)
            event = (await one.frame())["d"]
            url = f"{town.api_base}/interactions/{event['id']}/{event['token']}/callback"
            body = json.dumps({"type": DEFERRED})
            other = await asyncio.create_subprocess_exec(sys.executable, "-c", CALL_BACK, url, body)
            assert await other.wait() == 0
            with pytest.raises(Refused) as refusal:
                call_back(town, event, DEFERRED)
            assert refusal.value.status == 400
            webhook = f"/webhooks/{ids.BOT_ID}/{event['token']}"
            call(town, "PATCH", f"{webhook}/messages/@original", {"content": "done"})
            told = town.interactions(since=str(int(clicked) - 1))
            (logged,) = told["interactions"]
            assert (logged["member"], logged["what"]) == ("Budi", button)
            assert (logged["acknowledged"]["pid"], logged["acknowledged"]["how"]) == (other.pid, "deferred")
            assert [(made["pid"], made["code"]) for made in logged["refused"]] == [(os.getpid(), 40060)]
            assert [(made["pid"], made["how"]) for made in logged["finished"]] == [(os.getpid(), "edit")]
            times = [logged["created_at_s"], *(logged[what][0]["at_s"] for what in ("refused", "finished"))]
            assert times == sorted(times)
            assert told["summary"]["acknowledged_again"] == 1

    run(story)


def test_steady_clicks_are_counted(town: DiscordControl, button: str) -> None:
    async def story() -> None:
        async with wire(town) as one:
            await one.identify(intents=1)
            press = town.start_press("Budi", button, rate_per_s=200, count=20)
            async with takes_at_least(0.05):
                await answer_clicks(town, one, MESSAGE, clicks=20)
            told = town.press(press, wait_s=5)
            assert (told["running"], told["created"], told["finished"], told["failed"]) == (False, 20, 20, 0)
            assert told["ack_ms"]["p99"] > 0

    run(story)


def test_steady_clicks_go_on_when_their_message_is_replaced(town: DiscordControl) -> None:
    first = post_button(town, "sell")
    press = town.start_press("Budi", "sell", rate_per_s=100)
    second = post_button(town, "sell")
    town.delete_message(first)
    before = town.press(press)["created"]
    town.wait_for(lambda: town.press(press)["created"] > before + 2)
    assert town.press(press)["refused"] == 0
    town.delete_message(second)
    since = town.stop_press(press)
    assert (since["running"], town.press(press)["created"]) == (False, since["created"])


def test_clicks_that_the_member_cannot_do_are_counted(town: DiscordControl) -> None:
    only = post_button(town, "rent")
    press = town.start_press("Budi", "rent", rate_per_s=50, count=5)
    town.delete_message(only)
    town.wait_for(lambda: not town.press(press)["running"])
    told = town.press(press)
    assert told["created"] + told["refused"] == 5
    assert told["refused"] > 0
    assert "rent" in told["problem"]


@pytest.mark.parametrize(
    ("order", "status"),
    [
        ({"custom_id": "no such button"}, 404),
        ({"rate_per_s": 0}, 400),
        ({"count": 0}, 400),
        ({"speed": 1}, 400),
    ],
)
def test_a_wrong_press_is_refused(town: DiscordControl, button: str, order: dict[str, Any], status: int) -> None:
    with pytest.raises(Refused) as refusal:
        town.request("POST", "/control/press", {"member": "Budi", "custom_id": button} | order)
    assert refusal.value.status == status
