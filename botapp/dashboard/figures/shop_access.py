"""The shop's figures for the event loop: read on one thread, used again for a while, and loaded when someone looks.

SQLAlchemy takes 15 MB, which a dashboard that no one looks at does not need.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from botapp.config.settings import Settings

if TYPE_CHECKING:
    from botapp.dashboard.figures.shop import ShopReader

#: how long an answer is used again, in seconds
MAX_AGE_S: Final = 10.0


class ShopAccess:
    """Reads the shop, each figure at most once in `MAX_AGE_S`."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` returns monotonic seconds."""
        self._settings = settings
        self._clock = clock
        self._reader: ShopReader | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="shop")
        self._lock = asyncio.Lock()
        self._answers: dict[tuple[Any, ...], tuple[float, Any]] = {}

    async def read(self, method: str, *arguments: int) -> Any:
        """Return what the method of `ShopReader` returns. Raises Unavailable."""
        question = (method, *arguments)
        async with self._lock:
            read_s, answer = self._answers.get(question, (0.0, None))
            if answer is None or self._clock() - read_s >= MAX_AGE_S:
                loop = asyncio.get_running_loop()
                answer = await loop.run_in_executor(self._thread, self._read, method, arguments)
                self._answers[question] = (self._clock(), answer)
            return answer

    def close(self) -> None:
        """Close the connections."""
        if self._reader is not None:
            self._thread.submit(self._reader.close)
        self._thread.shutdown()

    def _read(self, method: str, arguments: tuple[int, ...]) -> Any:
        if self._reader is None:
            from botapp.dashboard.figures.shop import ShopReader

            self._reader = ShopReader(self._settings)
        return getattr(self._reader, method)(*arguments)
