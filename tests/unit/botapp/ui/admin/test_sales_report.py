"""What sales come to, in numbers, in words and in a picture."""

from __future__ import annotations

import io
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from botapp.store.domain.money import Denomination
from botapp.store.usecases.sales import ProductSales, SalesReport, SalesTotal, build_report, last_days
from botapp.ui.admin import sales_texts
from botapp.ui.admin.sales_chart import WIDTH, Bar, Picture, Row, render

UNITS = (Denomination("World Lock", "WL", 1), Denomination("Diamond Lock", "DL", 100))
JAKARTA = ZoneInfo("Asia/Jakarta")
BERLIN = ZoneInfo("Europe/Berlin")


def ms(year: int, month: int, day: int, hour: int, zone: ZoneInfo) -> int:
    return int(datetime(year, month, day, hour, tzinfo=zone).timestamp() * 1000)


def test_days_follow_the_time_zone() -> None:
    # 20:00 in London is the next day in Jakarta
    days = last_days(JAKARTA, ms(2026, 6, 1, 20, ZoneInfo("UTC")), 2)
    assert [day.date for day in days] == [date(2026, 6, 1), date(2026, 6, 2)]
    assert days[1].begins_at_ms == days[0].ends_at_ms == ms(2026, 6, 2, 0, JAKARTA)


def test_day_length_on_clock_change() -> None:
    [short] = last_days(BERLIN, ms(2026, 3, 29, 12, BERLIN), 1)
    [long] = last_days(BERLIN, ms(2026, 10, 25, 12, BERLIN), 1)
    assert [(day.ends_at_ms - day.begins_at_ms) / 3_600_000 for day in (short, long)] == [23, 25]


def sales() -> SalesReport:
    days = last_days(JAKARTA, ms(2026, 6, 2, 12, JAKARTA), 3)
    return build_report(
        [
            ProductSales(0, "a", "Robux", False, 2, 130),
            ProductSales(2, "b", "Steam", False, 3, 360),
            ProductSales(2, "b", "Steam", True, 1, 120),
            ProductSales(2, "a", "Robux", False, 1, 65),
        ],
        days,
    )


def test_refunds_are_counted_separately() -> None:
    found = sales()
    assert found.all == SalesTotal(6, 555, 120)
    assert found.products == (("Steam", SalesTotal(3, 360, 120)), ("Robux", SalesTotal(3, 195, 0)))
    assert [part for _, part in found.days] == [SalesTotal(2, 130, 0), SalesTotal(), SalesTotal(4, 425, 120)]


def test_the_table() -> None:
    assert f"{sales_texts.overview(sales(), UNITS)}\n{sales_texts.day_table(sales(), UNITS)}" == "\n".join(
        [
            "5 DL 55 WL · 6 sold",
            "Refunded (not included above): 1 DL 20 WL",
            "```",
            "Steam                3  3 DL 60 WL (-1 DL 20 WL)",
            "Robux                3  1 DL 95 WL",
            "```",
            "```",
            "31 May               2  1 DL 30 WL",
            "2 Jun                4  4 DL 25 WL (-1 DL 20 WL)",
            "```",
        ]
    )


def test_table_without_sales_and_long_table() -> None:
    days = last_days(JAKARTA, ms(2026, 6, 2, 12, JAKARTA), 366)
    assert "No sales." in sales_texts.overview(build_report([], days), UNITS)
    name = "A product whose name goes on and on, `with` marks"
    many = [ProductSales(day, f"{code}", name, True, 1, 2**53 - 1) for day in range(366) for code in range(40)]
    for text in (
        sales_texts.overview(build_report(many, days), UNITS),
        sales_texts.day_table(build_report(many, days), UNITS),
    ):
        assert len(text) <= 1900
        assert text.count("```") == 2
    assert "others" in sales_texts.overview(build_report(many, days), UNITS)


@pytest.mark.parametrize("highest", [0, 1, 4, 6, 99, 100, 12345, 2**53])
def test_axis_has_few_round_ticks(highest: int) -> None:
    found = sales_texts.axis_ticks(highest)
    assert 2 <= len(found) <= 6
    assert found[0] == 0
    assert found[-1] >= highest
    assert str(found[1]).rstrip("0") in {"1", "2", "5"}


@pytest.mark.parametrize("days", [1, 7, 30, 366])
def test_chart_labels_today_and_few_other_days(days: int) -> None:
    picture = sales_texts.picture(build_report([], last_days(JAKARTA, ms(2026, 6, 2, 12, JAKARTA), days)), UNITS)
    assert len(picture.bars) == days
    assert picture.bars[-1].label == "2 Jun"
    assert 1 <= sum(bool(bar.label) for bar in picture.bars) <= 10


def test_any_chart_can_be_drawn() -> None:
    from PIL import Image

    bars = (Bar("1 Jun", 0, 0), Bar("2 Jun", 1, 10**15), Bar("", 10**15, 0))
    rows = (Row("🎮 \0 日本", 0, "0 WL"), Row("x" * 500, 10**15, "y" * 40))
    png = render(Picture("Sales", "t" * 300, "Revenue", "Refunded", bars, ((0, "0"), (10**16, "much")), "Best", rows))
    image = Image.open(io.BytesIO(png))
    assert image.size[0] == WIDTH
    assert render(Picture("", "", "", "", (Bar("", 0, 0),), ((0, ""), (1, "")), "", ())).startswith(b"\x89PNG")
