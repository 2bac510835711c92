"""The gateway's settings: which client a rule is for, and which values are refused."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from botapp.local_discord.api.gateway_settings import Client, ClientFilter, Delivery, GatewaySettings, read_changes

OLD, NEW = Client(1, "old", 100), Client(2, "new", 200)


@pytest.mark.parametrize(
    ("fields", "old", "new"),
    [
        ({}, True, True),
        ({"number": 2}, False, True),
        ({"device": "old"}, True, False),
        ({"pid": 200}, False, True),
        ({"pid": 200, "number": 1}, False, False),
    ],
)
def test_a_filter_selects_clients_with_all_its_fields(fields: dict[str, Any], old: bool, new: bool) -> None:
    assert (ClientFilter(**fields).matches(OLD), ClientFilter(**fields).matches(NEW)) == (old, new)


def test_the_first_delivery_that_matches_applies() -> None:
    settings = GatewaySettings(**read_changes({"deliveries": [{"number": 2, "delay_s": 1}, {"deaf": True}]}))
    assert settings.find_delivery(NEW) == Delivery(number=2, delay_s=1)
    assert settings.find_delivery(OLD) == Delivery(deaf=True)
    assert GatewaySettings().find_delivery(NEW) is None


@pytest.mark.parametrize(
    ("deaf", "dropped"), [(True, True), (False, False), (["INTERACTION_CREATE"], True), (["MESSAGE_CREATE"], False)]
)
def test_a_session_can_be_deaf_to_some_events_or_all(deaf: Any, dropped: bool) -> None:
    assert Delivery(deaf=deaf).drops("INTERACTION_CREATE") == dropped


@pytest.mark.parametrize(
    "given",
    [
        {"latency_ms": -1},
        {"replay_limit": 1.5},
        {"resume_window_s": "90"},
        {"resume_fault": {"how": "loudly"}},
        {"resume_fault": {"how": "close", "code": 1000}},
        {"identify_fault": {}},
        {"deliveries": [{"name": "old"}]},
        {"deliveries": [{"delay_s": 61}]},
    ],
)
def test_a_wrong_value_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        read_changes(given)


def test_only_what_is_given_changes() -> None:
    assert read_changes({"latency_ms": 100, "token": "x"}) == {"latency_ms": 100}
    assert GatewaySettings(latency_ms=100).one_way_s == 0.05
