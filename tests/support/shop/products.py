"""The products of a test shop."""

from __future__ import annotations

from pathlib import Path

from botapp.cli.demo_shop import DemoProduct, furnish

GOODS = (
    DemoProduct("STEAM10", "Steam 10", 50_000, "A key", tuple(f"steam-{number:02d}" for number in range(12))),
    DemoProduct("ROBUX", "Robux 400", 30, "", ()),
)


def stock_up(directory: Path, goods: tuple[DemoProduct, ...] = GOODS) -> None:
    """Create the database of the instance in `directory`, with the default state directory."""
    furnish(directory / "state" / "bot" / "shop.db", goods)
