"""Whether a command is executed depends on its acknowledgement."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import discord
import pytest

from botapp.discord_api.answers import acknowledge


def acknowledge_with(code: int | None) -> bool:
    """Acknowledge a command while Discord answers with this error code."""

    async def defer(**_options: object) -> None:
        if code is not None:
            raise discord.HTTPException(SimpleNamespace(status=400, reason=""), {"code": code, "message": ""})  # type: ignore[arg-type]

    ctx: Any = SimpleNamespace(defer=defer, command="addbal")
    return asyncio.run(acknowledge(ctx))


@pytest.mark.parametrize(("code", "is_executed"), [(None, True), (10062, False), (40060, False)])
def test_command_that_is_too_late_or_of_another_process_is_not_executed(code: int | None, is_executed: bool) -> None:
    assert acknowledge_with(code) is is_executed


def test_other_errors_are_not_hidden() -> None:
    with pytest.raises(discord.HTTPException):
        acknowledge_with(50001)
