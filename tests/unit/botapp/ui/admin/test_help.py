"""The answer to a command that does not exist."""

from __future__ import annotations

import pytest

from botapp.ui.admin.help import unknown_command

NAMES = ("addproduct", "addstock", "blacklist add")


@pytest.mark.parametrize(
    ("name", "is_admin", "said"),
    [
        ("help", False, "buttons"),
        ("play", False, ""),
        ("addprodct", False, ""),
        ("HELP", True, "!adminhelp"),
        ("addprodct", True, "Did you mean `!addproduct`?"),
        ("zzz", True, "no command `!zzz`"),
    ],
)
def test_unknown_commands(name: str, is_admin: bool, said: str) -> None:
    text = unknown_command(name, NAMES, "!", is_admin=is_admin)
    assert said in text if said else text == ""


def test_what_was_typed_stays_in_its_place() -> None:
    text = unknown_command("`@everyone" * 100, NAMES, "!", is_admin=True)
    assert text.count("`") == 4
    assert len(text) < 300
