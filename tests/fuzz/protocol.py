"""Lines on the control socket: whatever comes in is a message or a clear error, and what goes out can be read."""

from __future__ import annotations

from supervisor import client
from supervisor.control import protocol
from tests.fuzz.driver import fuzz

CODES = frozenset({"bad_json", "bad_version", "unknown_op", "bad_request"})
#: beginnings that lead further than bytes alone
BEGINNINGS = (b"", b'{"v":1,"id":1,"op":"', b'{"v":1,"id":1,"ok":', b'{"v":1,"id":1,"op":"restart","ticket":')


def feed(data: bytes) -> None:
    """Feed one line."""
    line = BEGINNINGS[data[0] % len(BEGINNINGS)] + data[1:] if data else data
    try:
        message = protocol.parse(line)
    except protocol.ProtocolError as error:
        assert error.code in CODES
        answer = protocol.encode_error(error.id, error.code, error.message)
    else:
        answer = protocol.encode_answer(message.id, seen=type(message).__name__)
    assert answer.endswith(b"\n")
    assert len(answer) <= client.MAX_LINE_BYTES
    client.decode(answer)


if __name__ == "__main__":
    fuzz(feed, "supervisor.control.protocol")
