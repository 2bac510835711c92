"""The charts of `/sales` are cached."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from botapp.cogs import sales as cog
from botapp.ui.admin.sales_chart import Bar, CannotDraw, Picture
from tests.support.cache import open_cache

PICTURE = Picture("Sales", "1 WL", "Revenue", "Refunded", (Bar("1 Jun", 1, 0),), ((0, "0"), (1, "1")), "Best", ())


def test_chart_is_drawn_once_for_the_same_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = open_cache(tmp_path)
    drawn: list[Picture] = []

    async def draw(picture: Picture) -> bytes:
        drawn.append(picture)
        if picture.title == "broken":
            raise CannotDraw("no")
        return picture.total.encode()

    monkeypatch.setattr(cog, "draw", draw)
    sales: Any = cog.SalesCog(cast(Any, SimpleNamespace(cache=cache)), cast(Any, None))

    async def scene() -> None:
        files = [await sales._picture(PICTURE) for _ in range(3)]
        assert [file.fp.read() for file in files] == [b"1 WL"] * 3
        assert len(drawn) == 1
        other = Picture("Sales", "2 WL", "Revenue", "Refunded", PICTURE.bars, PICTURE.ticks, "Best", ())
        assert (await sales._picture(other)).fp.read() == b"2 WL"
        broken = Picture("broken", "", "", "", PICTURE.bars, PICTURE.ticks, "", ())
        assert await sales._picture(broken) is None
        assert await sales._picture(broken) is None
        assert len(drawn) == 4, "a chart that failed is drawn again"

    asyncio.run(scene())
    cache.close()
