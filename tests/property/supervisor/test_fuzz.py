"""The targets of `make fuzz`, fed with what Hypothesis thinks up; atheris goes further, for as long as it is let."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz import config, journal, protocol
from tests.support import depth

#: pieces that formats are made of
PIECES = st.sampled_from(
    [b"{", b"}", b"[", b"]", b'"', b",", b":", b"=", b"\n", b"\\u0000", b"null", b"true", b"-0", b"1e999", b"[[", b"]]",
     b"\xff", b"\0", b'"v":1', b'"op":"status"', b'"id"', b"command", b"env", b"ready", b"'", b'"""', b"+", b"9" * 400,
     b"[" * 2000, b'"name":"bot"', b'"life"', b'"starts":{"1":2}', b'"restart":{}']
)  # fmt: skip
FOOD = st.lists(st.one_of(PIECES, st.binary(max_size=6)), max_size=14).map(b"".join)


@pytest.mark.parametrize("feed", [protocol.feed, journal.feed, config.feed], ids=["protocol", "journal", "config"])
def test_nonsense_is_refused_or_passed_over(feed: Callable[[bytes], None]) -> None:
    @settings(max_examples=depth.count(400, 100))
    @given(FOOD)
    def feeding(data: bytes) -> None:
        feed(data)

    feeding()
