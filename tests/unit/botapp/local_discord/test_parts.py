"""The local Discord's small parts: faults, the feed, what is remembered, the world's own rules."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from botapp.local_discord import ids
from botapp.local_discord.api.event_feed import KEPT_EVENTS, EventFeed
from botapp.local_discord.api.faults import MAX_FAULTS, Fault, Faults, InvalidFault
from botapp.local_discord.world.members import ActionRefused, Members, interaction_state
from botapp.local_discord.world.retention import NONCE_WINDOW_S, Attachments, Nonces
from botapp.local_discord.world.world import MESSAGES_PER_CHANNEL, Interaction, RestResponse, World

MESSAGES = f"/channels/{ids.LIVE_CHANNEL_ID}/messages"


class Told:
    """A world, and what it told the gateway and the feed."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.fed: list[tuple[str, dict[str, Any]]] = []
        self.world = World(lambda event, data: self.sent.append((event, data)), self._tell)
        self.sent.clear()
        self.members = Members(self.world)

    def _tell(self, kind: str, **fields: Any) -> None:
        self.fed.append((kind, fields))

    def rest(self, method: str, path: str, body: Any = None) -> RestResponse:
        return self.world.rest(method, path, body=body, params={}, files=[], reason=None)


@pytest.fixture
def told() -> Told:
    return Told()


# ------------------------------------------------------------------------- faults


@pytest.mark.parametrize(
    ("method", "path", "hit"),
    [
        ("PATCH", "/channels/1/messages/2", True),
        ("POST", "/channels/1/messages/2", False),
        ("PATCH", "/channels/1", False),
        ("PATCH", "/webhooks/1/x/messages/@original", False),
    ],
)
def test_a_fault_matches_its_route(method: str, path: str, hit: bool) -> None:
    assert Fault(method="PATCH", path="/channels/*/messages/*", status=403).matches(method, path) == hit


def test_a_fault_with_times_is_used_up_and_the_next_one_follows() -> None:
    faults = Faults()
    faults.add(Fault.read({"status": 500, "times": 2}))
    faults.add(Fault.read({"status": 429}))
    taken = [faults.take("GET", "/x") for _ in range(4)]
    assert [fault and fault.status for fault in taken] == [500, 500, 429, 429]
    faults.clear()
    assert faults.take("GET", "/x") is None
    faults.add(Fault.read({"drop": True, "skip": 2, "times": 1}))
    assert [faults.take("GET", "/x") is not None for _ in range(4)] == [False, False, True, False]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "needs a status, a delay_s or drop"),
        ({"status": 200}, "400 to 599"),
        ({"status": True}, "400 to 599"),
        ({"status": 500, "times": 0}, "above 0"),
        ({"status": 500, "skip": -1}, "from 0"),
        ({"delay_s": 61}, "seconds"),
        ({"delay_s": "1"}, "seconds"),
        ({"status": 500, "path": 5}, "strings"),
        ({"status": 500, "code": "x"}, "code"),
        ({"status": 500, "when": "now"}, "unknown field 'when'"),
    ],
)
def test_a_wrong_fault_is_told_what_is_wrong(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidFault, match=message):
        Fault.read(fields)


def test_faults_are_bounded() -> None:
    faults = Faults()
    for _ in range(MAX_FAULTS):
        faults.add(Fault(status=500))
    with pytest.raises(InvalidFault):
        faults.add(Fault(status=500))


# --------------------------------------------------------------------------- feed


def test_the_feed_numbers_events_and_says_when_some_are_gone() -> None:
    feed = EventFeed()
    for number in range(KEPT_EVENTS + 10):
        feed.publish("tick", number=number)
    assert feed.since(feed.last_seq) == []
    assert [event["seq"] for event in feed.since(feed.last_seq - 2)] == [feed.last_seq - 1, feed.last_seq]
    gap, first, *_ = feed.since(4)
    assert (gap["type"], gap["missed"]) == ("gap", 6)
    assert first == {"seq": 11, "type": "tick", "number": 10}


def test_everybody_who_waits_for_the_feed_is_woken() -> None:
    async def story() -> None:
        feed = EventFeed()
        waiters = [asyncio.create_task(feed.changed()) for _ in range(3)]
        await asyncio.sleep(0)
        feed.publish("tick")
        await asyncio.wait_for(asyncio.gather(*waiters), 1)

    asyncio.run(story())


# --------------------------------------------------------------- what is remembered


def test_a_nonce_protects_for_a_while_in_its_channel() -> None:
    nonces = Nonces()
    nonces.remember(1, "n", 77, 0.0)
    assert nonces.find(1, "n", NONCE_WINDOW_S) == 77
    assert nonces.find(2, "n", 0.0) is None
    assert nonces.find(1, "n", NONCE_WINDOW_S + 1) is None


def test_the_oldest_attachments_go_first() -> None:
    kept = Attachments(max_bytes=10)
    for name in ("a", "b", "c"):
        kept.keep(name, b"12345", "text/plain")
    assert kept.find("a") is None
    assert kept.find("b") == (b"12345", "text/plain")


# -------------------------------------------------------------------------- world


def test_ids_grow_and_are_never_twice_the_same(told: Told) -> None:
    made = [told.world.snowflake() for _ in range(5000)]
    assert made == sorted(set(made))


def test_simcords_logs_stay_empty(told: Told) -> None:
    told.rest("POST", MESSAGES, {"content": "x"})
    assert not told.world.transcript
    assert not told.world.http_requests


def test_a_channel_keeps_so_many_messages_and_those_in_use_longest(told: Told) -> None:
    row = {"type": 1, "components": [{"type": 2, "style": 1, "label": "Buy", "custom_id": "buy"}]}
    live = told.rest("POST", MESSAGES, {"content": "live", "components": [row]}).body["id"]
    for number in range(MESSAGES_PER_CHANNEL + 5):
        told.members.send_message("Budi", "toko", str(number))
    seen = told.members.view("Sari", "toko")
    assert len(seen) == MESSAGES_PER_CHANNEL
    assert seen[0]["id"] == live
    assert seen[-1]["content"] == str(MESSAGES_PER_CHANNEL + 4)


def test_a_token_is_good_from_the_acknowledgement_for_15_minutes(told: Told) -> None:
    row = {"type": 1, "components": [{"type": 2, "style": 1, "label": "Buy", "custom_id": "buy"}]}
    live = told.rest("POST", MESSAGES, {"content": "live", "components": [row]}).body["id"]
    record = told.members.click("Budi", int(live), "buy")
    follow_up = f"/webhooks/{ids.BOT_ID}/{record.token}"
    assert told.rest("POST", follow_up, {"content": "too early"}).body["code"] == 10015
    told.rest("POST", f"/interactions/{record.id}/{record.token}/callback", {"type": 5})
    assert told.rest("POST", follow_up, {"content": "in time"}).status == 200
    record.expires_at = told.world.now_iso()
    late = told.rest("PATCH", f"{follow_up}/messages/@original", {"content": "too late"})
    assert (late.status, late.body["code"]) == (401, 50027)


def test_a_deferred_answer_is_kept_until_it_is_finished(told: Told) -> None:
    row = {"type": 1, "components": [{"type": 2, "style": 1, "label": "Buy", "custom_id": "buy"}]}
    live = told.rest("POST", MESSAGES, {"content": "live", "components": [row]}).body["id"]
    record = told.members.click("Budi", int(live), "buy")
    assert told.rest("POST", f"/interactions/{record.id}/{record.token}/callback", {"type": 5}).status == 200
    for number in range(MESSAGES_PER_CHANNEL + 5):
        told.members.send_message("Budi", "toko", str(number))
    original = f"/webhooks/{ids.BOT_ID}/{record.token}/messages/@original"
    assert told.rest("PATCH", original, {"content": "done"}).status == 200


def test_a_nonce_comes_back_and_is_sent_once(told: Told) -> None:
    body = {"content": "x", "nonce": "7", "enforce_nonce": True}
    first, second = told.rest("POST", MESSAGES, body), told.rest("POST", MESSAGES, body)
    assert first.body["id"] == second.body["id"]
    assert second.body["nonce"] == "7"
    assert [data["nonce"] for event, data in told.sent if event == "MESSAGE_CREATE"] == ["7"]


def test_a_nonce_that_is_not_enforced_sends_twice(told: Told) -> None:
    body = {"content": "x", "nonce": "7"}
    assert told.rest("POST", MESSAGES, body).body["id"] != told.rest("POST", MESSAGES, body).body["id"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/no/such/route", None, 501, 0),
        ("GET", "/channels/5", None, 404, 10003),
        ("GET", "/channels/nonsense", None, 400, 50035),
        ("GET", f"{MESSAGES}/5", None, 404, 10008),
        ("POST", MESSAGES, {"content": ""}, 400, 50035),
        ("POST", MESSAGES, {"content": "x" * 2001}, 400, 50035),
        ("POST", MESSAGES, None, 400, 50035),
        ("POST", MESSAGES, [], 400, 50035),
        ("POST", "/interactions/5/x/callback", {"type": 4}, 404, 10062),
    ],
)
def test_refusals(told: Told, method: str, path: str, body: Any, status: int, code: int) -> None:
    answer = told.rest(method, path, body)
    assert (answer.status, answer.body["code"]) == (status, code)


def test_the_bot_loses_permissions_and_gets_them_back(told: Told) -> None:
    told.world.deny_bot_permissions(ids.LIVE_CHANNEL_ID, ["send_messages"])
    assert [event for event, _ in told.sent] == ["CHANNEL_UPDATE"]
    assert told.rest("POST", MESSAGES, {"content": "x"}).body["code"] == 50013
    told.world.deny_bot_permissions(ids.LIVE_CHANNEL_ID, [])
    assert told.rest("POST", MESSAGES, {"content": "x"}).status == 200
    with pytest.raises(ValueError, match="unknown permission"):
        told.world.deny_bot_permissions(ids.LIVE_CHANNEL_ID, ["fly"])


def test_ephemeral_messages_are_told_to_their_member_only(told: Told) -> None:
    row = {"type": 1, "components": [{"type": 2, "style": 1, "label": "Buy", "custom_id": "buy"}]}
    live = told.rest("POST", MESSAGES, {"content": "live", "components": [row]}).body["id"]
    record = told.members.click("Budi", int(live), "buy")
    told.fed.clear()
    told.sent.clear()
    path = f"/interactions/{record.id}/{record.token}/callback"
    assert told.rest("POST", path, {"type": 4, "data": {"content": "psst", "flags": 64}}).status == 200
    assert [fields["only_for"] for kind, fields in told.fed if kind == "message_create"] == [str(ids.BUDI_ID)]
    assert told.sent == []
    assert told.rest("POST", path, {"type": 6}).body["code"] == 40060


@pytest.mark.parametrize(
    ("deed", "message"),
    [
        (lambda members: members.send_message("Budi", "admin", "x"), "cannot see"),
        (lambda members: members.send_message("Budi", "nowhere", "x"), "no channel"),
        (lambda members: members.send_message("Budi", "toko", "x" * 2001), "characters"),
        (lambda members: members.click("Budi", 5, "buy"), "no message"),
        (lambda members: members.command("Budi", "toko", "buy", {}), "no command"),
        (lambda members: members.status(5), "no interaction"),
    ],
)
def test_what_a_member_cannot_do(told: Told, deed: Any, message: str) -> None:
    with pytest.raises(ActionRefused, match=message):
        deed(told.members)


def test_options_of_a_command_are_checked_and_nested(told: Told) -> None:
    text = {"type": 3, "name": "item", "description": "d", "required": True}
    sub = {"type": 1, "name": "add", "description": "d", "options": [text]}
    command = {"name": "stock", "description": "d", "options": [sub]}
    assert told.rest("PUT", f"/applications/{ids.BOT_ID}/commands", [command]).status == 200
    told.sent.clear()
    told.members.command("Budi", "toko", "stock add", {"item": "kopi"})
    ((event, data),) = told.sent
    assert event == "INTERACTION_CREATE"
    assert data["locale"] == "id"
    assert data["data"]["options"] == [
        {"name": "add", "type": 1, "options": [{"name": "item", "type": 3, "value": "kopi"}]}
    ]
    with pytest.raises(ActionRefused, match="required"):
        told.members.command("Budi", "toko", "stock add", {})
    with pytest.raises(ActionRefused, match="no option"):
        told.members.command("Budi", "toko", "stock add", {"item": "kopi", "size": "L"})


def record(**fields: Any) -> Interaction:
    return Interaction(id=1, token="t", type=3, channel_id=1, guild_id=1, user_id=1, **fields)


@pytest.mark.parametrize(("age_ms", "state"), [(0, "pending"), (2999, "pending"), (3000, "failed")])
def test_without_an_answer_an_interaction_fails_after_three_seconds(age_ms: float, state: str) -> None:
    assert interaction_state(record(), age_ms) == state


def test_a_deferred_interaction_is_answered_by_its_message() -> None:
    deferred = record()
    deferred.defer(5, ephemeral=False)
    assert interaction_state(deferred, 60_000) == "deferred"
    deferred.complete_deferred()
    assert interaction_state(deferred, 60_000) == "answered"
