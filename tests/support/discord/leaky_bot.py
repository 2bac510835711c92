"""The shop's bot with a task that ignores the drain and goes on setting cache entries.

Run it with `python -m tests.support.discord.leaky_bot`.

Each life sets a few entries before it is ready. With the argument "files" it also writes into its temporary file
without the manager, until its process ends.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time

import botapp.bot
from botapp import startup
from botapp.ext.cache.codec import encode_entry, pack
from botapp.ext.cache.database import Database
from botapp.ext.cache_manager import CacheManager, default_directories


class LeakyBot(botapp.bot.ShopBot):
    """The bot that leaks."""

    async def setup_hook(self) -> None:
        """Set the entries that identify this life, then begin to leak."""
        for permanent in (False, True):
            kind = "perm" if permanent else "temp"
            await self.cache.set(f"{kind} of {self.life}", self.life, permanent=permanent)
            await self.cache.set(f"short {kind} of {self.life}", self.life, expires_in=0.001, permanent=permanent)
        self._leak = asyncio.create_task(self._go_on())
        if "files" in sys.argv:
            threading.Thread(target=write_behind, args=(self.life,), daemon=True).start()
        await super().setup_hook()

    async def _go_on(self) -> None:
        other = CacheManager()
        while True:
            late = f"late {self.life} {self.tasks.is_draining}"
            await self.cache.set(late, 1)
            await other.set(late, 1, permanent=True)
            await asyncio.sleep(0.001)


def write_behind(life: int | None) -> None:
    """Write into the file without the manager."""
    database = Database(default_directories()[0], 2**20)
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
