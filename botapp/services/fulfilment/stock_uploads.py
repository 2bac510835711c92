"""Stock uploads: stage a file in many short transactions, publish it in one.

Members can buy meanwhile: a thread parses the lines, and each transaction is short.
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
from botapp.store.db.limits import LONG_USE_CASE_TIMEOUT_S, time_limit
from botapp.store.domain.records import StockAdded
from botapp.store.domain.rules import StockLine
from botapp.store.usecases import admin_log, stock
from botapp.store.usecases.admin_log import AdminLogEntry
from botapp.store.usecases.stock import STAGED_AT_ONCE
from botapp.ui.admin.shop_texts import UploadSummary

log = logging.getLogger(__name__)

#: time between two progress reports, in seconds; Discord allows five edits of an answer in five seconds
PROGRESS_INTERVAL_S: Final = 2.0
#: staged lines deleted in one transaction; deleting is faster than staging
UNSTAGED_AT_ONCE: Final = 4000

#: receives the number of staged lines and the total
Progress = Callable[[int, int], Awaitable[None]]


class StockUploader:
    """Handles stock uploads, one at a time."""

    def __init__(self, shop: ShopContext) -> None:
        self._shop = shop
        self._lock = asyncio.Lock()
        #: whether no other process uploads any more
        self._is_alone = False
        self._has_deleted_leftovers = False

    async def upload(self, who: AdminLogEntry, code: str, url: str, progress: Progress) -> UploadSummary:
        """Add the lines of the file at `url` to the stock of a product, all of them or none.

        Args:
            who: what the admin log says of the upload; the request also names its batch.
            code: of the product.
            url: of the attachment on Discord.
            progress: receives progress reports.

        Raises UnreadableFile, NotText, a Refused, Unavailable; then nothing was added.
        """
        batch = str(who.request_id)
        data = await stock_file.fetch(url)
        async with self._lock:
            await self._delete_leftovers()
            parsed = await asyncio.to_thread(stock_file.parse, data)
            del data
            # a process that was killed in the middle of this upload has left its lines
            await self._unstage(batch)
            try:
                elsewhere = await self._stage(batch, code, parsed.items, progress)
                result = await self._publish(batch, code, who)
            finally:
                await self._unstage(batch)
        duplicates = tuple(sorted((*result.duplicates, *parsed.duplicates)))
        return UploadSummary(
            code, result.added, duplicates, result.sold_before, parsed.blank, parsed.oversize, elsewhere
        )

    async def delete_leftovers(self) -> None:
        """Delete staged lines of uploads that did not finish. If that fails, the next upload does it.

        To be called when no other process of the bot works any more: it would lose the lines that it stages.
        """
        async with self._lock:
            self._is_alone, self._has_deleted_leftovers = True, False
            try:
                await self._delete_leftovers()
            except Unavailable as error:
                log.info(_("stock upload: leftover lines are deleted later: %s"), error)

    async def _stage(
        self, batch: str, code: str, items: tuple[StockLine, ...], progress: Progress
    ) -> tuple[tuple[int, str], ...]:
        """Stage lines; return those whose item another product has, with its code."""
        reported_at_s = -PROGRESS_INTERVAL_S
        elsewhere: list[tuple[int, str]] = []
        for at in range(0, len(items), STAGED_AT_ONCE):
            chosen = items[at : at + STAGED_AT_ONCE]
            await self._shop.read(stock.stage, batch, chosen)
            elsewhere += await self._shop.read(stock.find_elsewhere, batch, code, chosen[0].number, chosen[-1].number)
            if time.monotonic() - reported_at_s >= PROGRESS_INTERVAL_S:
                reported_at_s = time.monotonic()
                await progress(min(at + STAGED_AT_ONCE, len(items)), len(items))
        return tuple(elsewhere)

    async def _publish(self, batch: str, code: str, who: AdminLogEntry) -> StockAdded:
        publish = functools.partial(stock.publish, batch=batch, code=code, actor=who.actor, now_ms=self._shop.now_ms())
        with time_limit(LONG_USE_CASE_TIMEOUT_S):
            return await self._shop.run(
                admin_log.run_and_record,
                who,
                lambda result: f"{code} {result.added}" if result.added else None,
                publish,
            )

    async def _delete_leftovers(self) -> None:
        if self._has_deleted_leftovers or not self._is_alone:
            return
        deleted = 0
        while (count := await self._shop.read(stock.unstage, None, UNSTAGED_AT_ONCE)) > 0:
            deleted += count
        self._has_deleted_leftovers = True
        if deleted:
            log.info(_("stock upload: deleted lines of an unfinished upload: %d"), deleted)

    async def _unstage(self, batch: str) -> None:
        """Delete the staged lines; if that fails, the next upload or process does it."""
        try:
            while await self._shop.read(stock.unstage, batch, UNSTAGED_AT_ONCE) > 0:
                continue
        except Unavailable as error:
            self._has_deleted_leftovers = False
            log.info(_("stock upload: leftover lines are deleted later: %s"), error)
