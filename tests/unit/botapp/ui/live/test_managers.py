"""Live stock and live buttons: their status, how they tell each other, and what members see of it."""

from __future__ import annotations

import asyncio
import re

import pytest

from botapp import locale
from botapp.store.domain.money import Denomination
from botapp.store.domain.records import Product
from botapp.ui import custom_ids
from botapp.ui.buttons.live_buttons import LiveButtonManager
from botapp.ui.live.health import Mode, Visibility
from botapp.ui.live.render import Snapshot, render, stock_light
from botapp.ui.views.live_stock_view import LiveStockManager

FIELDS = {"is_healthy": True, "last_error": None, "error_count": 0, "last_update": None}
PRODUCTS = (
    Product(1, "A", "Apple", 12000, "", 11),
    Product(2, "B", "Beer", 5, "cold", 3),
    Product(3, "C", "Cake", 1, "", 0),
)
UNITS = (Denomination("World Lock", "WL", 1), Denomination("Diamond Lock", "DL", 100))
OPEN = Visibility(stock=True, buttons=True)


@pytest.fixture(autouse=True)
def _indonesian() -> None:
    locale.use("id")


def snapshot(
    products: tuple[Product, ...] = PRODUCTS,
    seen: Visibility = OPEN,
    *,
    mode: Mode = Mode.NORMAL,
    low_stock: int = 10,
    at_ms: int = 5000,
    closed: bool = False,
) -> Snapshot:
    return Snapshot(products, seen, mode, 7.0, UNITS, low_stock, at_ms, closed)


def partners() -> tuple[LiveStockManager, LiveButtonManager]:
    livestock, buttons = LiveStockManager(clock=lambda: 100.0), LiveButtonManager(clock=lambda: 100.0)
    livestock.set_listener(buttons.on_livestock_status_change)
    buttons.set_listener(livestock.on_button_status_change)
    return livestock, buttons


def test_initial_status() -> None:
    livestock, buttons = LiveStockManager(), LiveButtonManager()
    assert livestock.livestock_status == livestock.get_status() == FIELDS
    assert buttons.button_status == buttons.get_status() == FIELDS
    livestock.get_status()["is_healthy"] = False
    assert livestock.is_healthy(), "what is handed out is a copy"


def test_stock_error_disables_buttons_until_recovery(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    livestock, buttons = partners()
    asyncio.run(livestock._update_status(False, "Database connection failed"))
    error = {"is_healthy": False, "last_error": "Database connection failed", "error_count": 1, "last_update": 100.0}
    assert livestock.get_status() == error
    assert buttons.is_healthy(), "the buttons themselves are not broken"
    assert "⚠️ Livestock tidak sehat, button dinonaktifkan" in caplog.messages
    assert "❌ Livestock error: Database connection failed" in caplog.messages
    asyncio.run(livestock._update_status(True))
    assert livestock.get_status()["last_error"] is None
    assert livestock.get_status()["error_count"] == 1
    assert "✅ Livestock kembali sehat" in caplog.messages


def test_button_error_hides_the_stock(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    livestock, buttons = partners()
    asyncio.run(buttons._update_status(False, "no view"))
    assert livestock.is_healthy()
    assert "⚠️ Button manager tidak sehat, livestock tidak akan ditampilkan" in caplog.messages
    asyncio.run(buttons._update_status(True))
    assert "✅ Button manager kembali sehat, livestock ditampilkan" in caplog.messages


def test_repeated_error_is_counted_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    livestock, _ = partners()
    for _again in range(3):
        asyncio.run(livestock._update_status(False, "gone"))
    assert livestock.get_status()["error_count"] == 3
    assert caplog.messages.count("❌ Livestock error: gone") == 1


def test_every_outcome_reaches_on_report() -> None:
    reports: list[tuple[bool, str | None]] = []
    livestock = LiveStockManager(on_report=lambda is_healthy, error: reports.append((is_healthy, error)))
    for is_healthy in (True, False, False, True):
        asyncio.run(livestock.report(is_healthy, None if is_healthy else "x"))
    assert reports == [(True, None), (False, "x"), (False, "x"), (True, None)]


def test_reset_restores_initial_status() -> None:
    livestock, buttons = partners()
    asyncio.run(livestock._update_status(False, "x"))
    livestock.reset()
    buttons.reset()
    assert (livestock.get_status(), buttons.get_status()) == (FIELDS, FIELDS)


def test_open_shop_shows_prices_stock_and_enabled_buttons() -> None:
    message = render(snapshot())
    assert tuple(button.custom_id for button in message.buttons) == custom_ids.LIVE
    assert not any(button.disabled for button in message.buttons)
    names = [name for name, _ in message.fields]
    assert names == ["🟢 Apple (`A`)", "🟡 Beer (`B`)", "🔴 Cake (`C`)"]
    values = [value for _, value in message.fields]
    assert "120 DL (12.000 WL)" in values[0]
    assert "5 WL" in values[1]
    assert "(5 WL)" not in values[1], "said once where both are the same"
    assert "cold" in values[1]
    assert "habis" in values[2]


def test_problems_and_closing_hide_stock_and_disable_buttons() -> None:
    whole = render(snapshot())
    broken = (Mode.STOCK_BROKEN, Mode.BUTTONS_BROKEN, Mode.BOTH_BROKEN)
    problems = [render(snapshot(seen=Visibility(stock=False, buttons=False), mode=mode)) for mode in broken]
    closed = render(snapshot(closed=True))
    for message in (*problems, closed):
        assert message.fields == ()
        assert all(button.disabled for button in message.buttons)
    assert all("<t:7:R>" in message.description for message in problems), "since when"
    assert len({one.description for one in (whole, *problems, closed)}) == 5
    assert len({one.fingerprint() for one in (whole, *problems, closed)}) == 5
    assert whole.fingerprint() == render(snapshot()).fingerprint()


def test_fingerprint_ignores_the_time() -> None:
    earlier, later = render(snapshot(at_ms=5000)), render(snapshot(at_ms=65_000))
    assert "<t:5:R>" in earlier.updated
    assert "<t:65:R>" in later.updated
    assert earlier.fingerprint() == later.fingerprint()
    sold = render(snapshot((Product(1, "A", "Apple", 12000, "", 10),), at_ms=65_000))
    assert sold.fingerprint() != later.fingerprint()


def test_products_that_do_not_fit_are_counted() -> None:
    many = tuple(Product(number, f"C{number}", f"Product {number}", 150, "", 5) for number in range(300))
    assert len(render(snapshot(many[:25])).fields) == 25
    assert render(snapshot(many[:25])).pages == ()
    for count in (26, 80, 300):
        message = render(snapshot(many[:count]))
        assert message.fields == ()
        lines = "\n".join(message.pages).splitlines()
        assert "1 DL 50 WL" in lines[0]
        left = re.search(r"(\d+) lagi", lines[-1])
        assert len(lines) - (left is not None) + int(left[1] if left else 0) == count
        assert (left is not None) == (count == 300)
        assert all(len(page) <= 4096 for page in message.pages)
        assert len(message.title + message.description + message.updated) + sum(map(len, message.pages)) <= 6000
    wordy = tuple(Product(number, "C" * 300, "x" * 300, 1, "y" * 5000, 0) for number in range(25))
    message = render(snapshot(wordy))
    assert sum(len(name) + len(value) for name, value in message.fields) < 5500
    assert all(len(name) <= 256 and len(value) <= 1024 for name, value in message.fields)


def test_stock_light_follows_low_stock_setting() -> None:
    assert [stock_light(pieces, 10) for pieces in (0, 1, 10, 11)] == ["🔴", "🟡", "🟡", "🟢"]
    assert [stock_light(pieces, 2) for pieces in (0, 1, 2, 3)] == ["🔴", "🟡", "🟡", "🟢"]
    assert [stock_light(pieces, 0) for pieces in (0, 1)] == ["🔴", "🟢"]
    assert render(snapshot(low_stock=2)).fields[1][0].startswith("🟢")
