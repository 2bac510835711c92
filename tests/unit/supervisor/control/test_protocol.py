"""Messages of the control socket that a hostile or broken program sends."""

from __future__ import annotations

import pytest

from supervisor.client import decode
from supervisor.control import protocol
from supervisor.locale import reasons


def heartbeat(depth: int) -> bytes:
    """Return a heartbeat whose message is nested `depth` levels deep."""
    inner = depth - 2
    return b'{"v":1,"id":1,"op":"heartbeat","health":{"a":' + b"[" * inner + b"]" * inner + b"}}"


@pytest.mark.parametrize("depth", [protocol.MAX_DEPTH + 1, 300, 5000])
def test_deep_message_is_refused(depth: int) -> None:
    with pytest.raises(protocol.ProtocolError) as caught:
        protocol.parse(heartbeat(depth))
    assert caught.value.code == ("bad_json" if depth == 5000 else "bad_request")


def test_message_that_is_accepted_can_be_passed_on() -> None:
    message = protocol.parse(heartbeat(protocol.MAX_DEPTH))
    assert isinstance(message, protocol.Heartbeat)
    assert reasons.localize(decode(protocol.encode_answer(1, programs=[{"health": message.health}])))["ok"]
