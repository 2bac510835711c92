"""Which commands a later process may execute, and who gives them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botapp.discord_api.handover.commands import RawCommand, read_replayable

AUTHOR = {"id": "7", "username": "admin"}
TYPED = {"id": "1", "content": "!addbal Budi 5", "author": AUTHOR, "guild_id": "9", "member": {"roles": ["3", "4"]}}
SLASH = {"id": "1", "type": 2, "data": {"id": "2", "name": "addbal", "options": []}, "token": "t"}
IN_SERVER = {"guild_id": "9", "member": {"user": AUTHOR, "roles": ["3"], "permissions": "0"}}


@pytest.mark.parametrize(
    ("event", "data", "command"),
    [
        ("MESSAGE_CREATE", TYPED, RawCommand("addbal", 7, (3, 4), 9)),
        ("MESSAGE_CREATE", {**TYPED, "content": "!  ADDBAL budi 5"}, RawCommand("addbal", 7, (3, 4), 9)),
        ("MESSAGE_CREATE", {"id": "1", "content": "!addbal Budi 5", "author": AUTHOR}, RawCommand("addbal", 7)),
        ("MESSAGE_CREATE", {**TYPED, "author": {**AUTHOR, "bot": True}}, None),
        ("MESSAGE_CREATE", {**TYPED, "content": "addbal Budi 5"}, None),
        ("MESSAGE_CREATE", {**TYPED, "content": "!"}, None),
        ("MESSAGE_CREATE", {**TYPED, "content": "! Restart now"}, None),
        ("MESSAGE_CREATE", {**TYPED, "author": None}, None),
        ("INTERACTION_CREATE", {**SLASH, **IN_SERVER}, RawCommand("addbal", 7, (3,), 9)),
        ("INTERACTION_CREATE", {**SLASH, "user": AUTHOR}, RawCommand("addbal", 7)),
        ("INTERACTION_CREATE", {**SLASH, **IN_SERVER, "data": {"name": "restart"}}, None),
        ("INTERACTION_CREATE", {**SLASH, **IN_SERVER, "type": 4}, None),
        ("INTERACTION_CREATE", {**SLASH, "data": None, "user": AUTHOR}, None),
        ("INTERACTION_CREATE", {"id": "1", "type": 3, "data": {"custom_id": "x"}, **IN_SERVER}, None),
    ],
)
def test_commands_of_events(event: str, data: dict[str, Any], command: RawCommand | None) -> None:
    assert read_replayable(event, data, "!") == command


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from([*TYPED, *SLASH, "user"]), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*TYPED, *SLASH, "user"]), values), st.sampled_from(["MESSAGE_CREATE", "x"]))
def test_what_is_not_discords_is_no_command(data: dict[str, Any], event: str) -> None:
    for name in (event, "INTERACTION_CREATE"):
        read_replayable(name, data, "!")
