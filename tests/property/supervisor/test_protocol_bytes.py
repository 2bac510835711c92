"""Any bytes on the control socket lead to a message or an error."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor import client
from supervisor.control import protocol

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
CODES = {"bad_json", "bad_version", "unknown_op", "bad_request"}


def outcome(line: bytes) -> object:
    try:
        return protocol.parse(line)
    except protocol.ProtocolError as error:
        assert error.code in CODES
        assert error.message
        return error


@given(st.binary(max_size=400))
def test_any_bytes(line: bytes) -> None:
    outcome(line)


@given(JSON)
def test_any_json(value: object) -> None:
    result = outcome(json.dumps(value).encode())
    assert isinstance(result, protocol.ProtocolError | protocol.Answer)


@given(st.sampled_from(sorted(map(str, protocol.OPS))), st.dictionaries(st.text(max_size=8), JSON, max_size=4))
def test_any_fields(op: str, fields: dict[str, object]) -> None:
    result = outcome(json.dumps({**fields, "v": 1, "id": 7, "op": op}).encode())
    if isinstance(result, protocol.ProtocolError):
        assert result.id == 7
    else:
        assert isinstance(result, protocol.Request)


@given(st.integers() | st.text(max_size=10), st.text(max_size=200), st.text(max_size=200))
def test_errors_survive_encoding(id: int | str, code: str, message: str) -> None:
    if isinstance(id, int):
        id %= 2**53
    line = protocol.encode_error(id, code, message)
    assert line.endswith(b"\n") and line.count(b"\n") == 1
    assert client.decode(line) == {"v": 1, "id": id, "ok": False, "error": {"code": code, "message": message}}


@given(JSON)
def test_ticket_survives_encoding(value: object) -> None:
    line = client.encode({"v": 1, "id": 1, "op": "restart", "ticket": {"kept": value}})
    request = protocol.parse(line)
    assert isinstance(request, protocol.Restart)
    assert request.ticket == {"kept": value}


@pytest.mark.parametrize("size", [client.MAX_TICKET_BYTES - 10, client.MAX_TICKET_BYTES - 9])
def test_ticket_size_is_limited(size: int) -> None:
    line = client.encode({"v": 1, "id": 1, "op": "restart", "ticket": {"text": "x" * size}})
    fits = len(json.dumps({"text": "x" * size}, separators=(",", ":"))) <= client.MAX_TICKET_BYTES
    assert isinstance(outcome(line), protocol.Restart if fits else protocol.ProtocolError)


def test_answer_over_the_limit_is_an_error() -> None:
    line = protocol.encode_answer(3, status="x" * client.MAX_LINE_BYTES)
    assert client.decode(line)["error"]["code"] == "too_long"


def test_message_over_the_limit_is_not_sent() -> None:
    with pytest.raises(client.ControlError, match="over the limit"):
        client.encode({"reason": "x" * client.MAX_LINE_BYTES})


def test_bytes_that_are_not_utf8() -> None:
    line = client.encode({"v": 1, "id": 1, "op": "restart", "reason": "edited \udcff"})
    request = protocol.parse(line)
    assert isinstance(request, protocol.Restart)
    assert request.reason == "edited ?"
