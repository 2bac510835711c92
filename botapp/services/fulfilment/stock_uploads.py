"""Files of stock on their way into the books: staged in many short transactions, taken over in one.

Buying goes on meanwhile: the lines are sorted in a thread, and no transaction is longer than a purchase notices.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final

from botapp.locale import _
from botapp.runtime.context import ShopContext
from botapp.services.fulfilment import stock_file
from botapp.store.db.errors import Unavailable
from botapp.store.domain.records import StockAdded
from botapp.store.domain.rules import StockLine
from botapp.store.usecases import admin_log, stock
from botapp.store.usecases.stock import STAGED_AT_ONCE
from botapp.ui.admin.shop_texts import UploadSummary

log = logging.getLogger(__name__)

#: how often somebody is told how far it is, in seconds; an answer may be edited five times in five seconds
PROGRESS_INTERVAL_S: Final = 2.0
#: staged lines that are forgotten in one transaction: that is quicker than staging them
UNSTAGED_AT_ONCE: Final = 4000

#: gets how many lines are staged, and of how many
Progress = Callable[[int, int], Awaitable[None]]


class StockUploader:
    """Takes files of stock, one at a time."""

    def __init__(self, shop: ShopContext) -> None:
        self._shop = shop
        self._lock = asyncio.Lock()
        self._has_deleted_leftovers = False

    async def upload(
        self, batch: str, code: str, url: str, actor: str, action: str, progress: Progress
    ) -> UploadSummary:
        """Make the lines of the file at `url` stock of a product, all of them or none.

        Args:
            batch: names the upload; no two have the same.
            code: of the product.
            url: where Discord keeps the file.
            actor: who adds it, for the books.
            action: what that is called in the admin log.
            progress: is told how far it is, now and then.

        Raises Unreadable, a Refused, Unavailable; then nothing was added.
        """
        data = await stock_file.fetch(url)
        async with self._lock:
            await self._delete_leftovers()
            sorted_lines = await asyncio.to_thread(stock_file.parse, data)
            del data
            try:
                adding = await self._add(batch, code, sorted_lines.items, actor, action, progress)
            finally:
                await self._unstage(batch)
        duplicates = tuple(sorted((*adding.duplicates, *sorted_lines.duplicates)))
        return UploadSummary(
            code, adding.added, duplicates, adding.sold_before, sorted_lines.blank, sorted_lines.oversize
        )

    async def delete_leftovers(self) -> None:
        """Forget what uploads of an earlier life have left. What cannot be done now is done before the next upload."""
        async with self._lock:
            try:
                await self._delete_leftovers()
            except Unavailable as error:
                log.info(_("what an upload has left is forgotten later: %s"), error)

    async def _add(
        self, batch: str, code: str, items: tuple[StockLine, ...], actor: str, action: str, progress: Progress
    ) -> StockAdded:
        told_s = -PROGRESS_INTERVAL_S
        for at in range(0, len(items), STAGED_AT_ONCE):
            await self._shop.read(stock.stage, batch, items[at : at + STAGED_AT_ONCE])
            if time.monotonic() - told_s >= PROGRESS_INTERVAL_S:
                told_s = time.monotonic()
                await progress(min(at + STAGED_AT_ONCE, len(items)), len(items))
        now_ms = self._shop.now_ms()
        publish = functools.partial(stock.publish, batch=batch, code=code, actor=actor, now_ms=now_ms)
        note = admin_log.AdminLogEntry(actor, action, now_ms)
        return await self._shop.run(
            admin_log.run_and_record, note, lambda adding: f"{code} {adding.added}" if adding.added else None, publish
        )

    async def _delete_leftovers(self) -> None:
        if self._has_deleted_leftovers:
            return
        swept = 0
        while (forgotten := await self._shop.read(stock.unstage, None, UNSTAGED_AT_ONCE)) > 0:
            swept += forgotten
        self._has_deleted_leftovers = True
        if swept:
            log.info(_("%d lines of an upload that was not finished were forgotten"), swept)

    async def _unstage(self, batch: str) -> None:
        """Forget what was staged; where that is not possible now, the next upload or life does it."""
        try:
            while await self._shop.read(stock.unstage, batch, UNSTAGED_AT_ONCE) > 0:
                continue
        except Unavailable as error:
            self._has_deleted_leftovers = False
            log.info(_("what an upload has left is forgotten later: %s"), error)
