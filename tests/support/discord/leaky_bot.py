"""The shop's bot with a task that ignores the drain and goes on setting cache entries.

Run it with `python -m tests.support.discord.leaky_bot`.

Each life sets a few entries as soon as it serves. With the argument "files" it also writes into its temporary file
without the manager, until its process ends.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from pathlib import Path

import botapp.bot
from botapp import startup
from botapp.ext.cache.codec import encode_entry, pack
from botapp.ext.cache.database import Database
from botapp.ext.cache_manager import CacheManager


class LeakyBot(botapp.bot.ShopBot):
    """The bot that leaks."""

    async def setup_hook(self) -> None:
        """Begin to leak."""
        self._leak = asyncio.create_task(self._go_on())
        await super().setup_hook()

    async def _go_on(self) -> None:
        """Set the entries that identify this life, then leak."""
        other = CacheManager()
        for permanent in (False, True):
            kind = "perm" if permanent else "temp"
            while not await self.cache.set(f"{kind} of {self.life}", self.life, permanent=permanent):
                await asyncio.sleep(0.001)  # another process serves
            await self.cache.set(f"short {kind} of {self.life}", self.life, expires_in=0.001, permanent=permanent)
        if "files" in sys.argv and (directories := self.cache._shared.directories) is not None:
            threading.Thread(target=write_behind, args=(directories[0], self.life), daemon=True).start()
        while True:
            late = f"late {self.life} {self.tasks.is_quiesced}"
            await self.cache.set(late, 1)
            await other.set(late, 1, permanent=True)
            await asyncio.sleep(0.001)


def write_behind(directory: Path, life: int | None) -> None:
    """Write into the file without the manager."""
    database = Database(directory, 2**20)
    key = f"behind {life}"
    while True:
        database.begin()
        database.put(key, encode_entry(key, pack(key, 1), time.time(), None), time.time(), None)
        database.commit()
        time.sleep(0.001)


def main() -> None:
    """Run it."""
    botapp.bot.ShopBot = LeakyBot  # type: ignore[misc]  # what runs is to be this very bot
    code = startup.run()
    sys.stdout.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
