"""What the shop of a test sells."""

from __future__ import annotations

from pathlib import Path

from botapp.cli.demo_shop import DemoProduct, furnish

GOODS = (
    DemoProduct("STEAM10", "Steam 10", 50_000, "A key", tuple(f"steam-{number:02d}" for number in range(12))),
    DemoProduct("ROBUX", "Robux 400", 30, "", ()),
)


def stock_up(directory: Path, goods: tuple[DemoProduct, ...] = GOODS) -> None:
    """Make the database of the instance below `directory`, which has the usual state directory."""
    furnish(directory / "state" / "bot" / "shop.db", goods)
