"""The bot whose clicks are counted: `python -m bench.clicks.measured_bot`.

With `$BENCH_HANDLER` the balance button has a handler of the benchmark: it defers, waits and follows up. The value is a
seed: it chooses the clicks whose handlers take long, and the same ones in the next process. With `$BENCH_NO_HANDOVER`
the bot leaves nothing to the next process.
"""

from __future__ import annotations

import asyncio
import os
import zlib
from typing import Any, Final

import discord

from bench.common import execv_bot
from botapp.discord_api.handover.intake import Intake
from botapp.ui.custom_ids import Step

_SHORT_S: Final = 0.05
_LONG_S: Final = 6.0
#: of so many handlers, one takes long
_LONG_EVERY: Final = 100


class SlowBot(execv_bot.ExecvBot):
    """The bot with the benchmark's handler."""

    async def _serve_step(self, interaction: discord.Interaction[Any], step: Step) -> None:
        if step.name != "balance":
            await super()._serve_step(interaction, step)
            return
        await interaction.response.defer(ephemeral=True, thinking=True)
        await asyncio.sleep(_LONG_S if _takes_long(interaction.id) else _SHORT_S)
        await interaction.followup.send("done", ephemeral=True)


def _takes_long(interaction_id: int) -> bool:
    return zlib.crc32(f"{os.environ['BENCH_HANDLER']}:{interaction_id}".encode()) % _LONG_EVERY == 0


if __name__ == "__main__":
    if "BENCH_NO_HANDOVER" in os.environ:
        Intake.open = lambda self, path: None  # type: ignore[method-assign]  # the bot has no option for it
    execv_bot.run(SlowBot if "BENCH_HANDLER" in os.environ else execv_bot.ExecvBot)
