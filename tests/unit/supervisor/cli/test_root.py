"""The list of commands, and what is said about one that does not exist."""

from __future__ import annotations

import click
import pytest

from supervisor.cli.root import OWN, root


def context() -> click.Context:
    return click.Context(root, info_name="stocksup", terminal_width=80, help_option_names=["-h", "--help"])


def test_what_one_begins_with_comes_first() -> None:
    assert root.list_commands(context())[:3] == ["init", "demo", OWN[0]]


@pytest.mark.parametrize("name", ["", "data", "cache", "service", "alerts"])
def test_no_description_is_cut(name: str) -> None:
    command = root.get_command(context(), name) if name else root
    assert command is not None
    text = command.get_help(click.Context(command, info_name=name or "stocksup", terminal_width=50))
    assert "..." not in text.replace("[ARGS]...", "")


@pytest.mark.parametrize(
    ("typed", "meant"), [("stauts", "status"), ("ini", "init"), ("ps", "status"), ("up", "start"), ("xyzzy", None)]
)
def test_similar_commands_are_offered(typed: str, meant: str | None) -> None:
    with pytest.raises(click.exceptions.NoSuchCommand) as error:
        root.resolve_command(context(), [typed])
    assert (meant in (error.value.possibilities or [])) == (meant is not None)
    assert repr(typed) in error.value.format_message()
