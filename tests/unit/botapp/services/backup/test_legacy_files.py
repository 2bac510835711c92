"""Read the product list and the stock files of an earlier bot."""

from __future__ import annotations

from pathlib import Path

import pytest

from botapp.services.backup.files import DataProblem
from botapp.services.backup.legacy_files import LegacyShop, parse_legacy_shop, read_legacy_shop
from botapp.store.domain.money import Denomination

UNITS = (Denomination("World Lock", "WL", 1), Denomination("Diamond Lock", "DL", 100))


def look(*lines: str, **texts: list[str]) -> LegacyShop:
    names = {key: f"{key.upper()}.txt" for key in texts}
    return parse_legacy_shop("products.csv", lines, texts, names, UNITS)


def test_products_with_their_stock() -> None:
    found = look(
        "\ufeffcode;name;price",
        "# old ones",
        "",
        "A;Alpha;10",
        " B ; Beta 2 ;1 DL 50 WL; with ; a word ",
        a=["x", "", "x"],
    )
    assert found.problems == ()
    first, second = found.products
    assert (first.line, first.code, first.name, first.price, first.file) == (4, "A", "Alpha", 10, "A.txt")
    assert [one.content for one in first.stock.items] == ["x"]
    assert (first.stock.blank, first.stock.duplicates) == ((2,), (3,))
    assert (second.code, second.name, second.price, second.description) == ("B", "Beta 2", 150, "with ; a word")
    assert second.file == ""


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (["A;Alpha"], "products.csv, line 1: expected code;name;price"),
        (
            ["A;Alpha;ten"],
            'products.csv, line 1: "ten" is not a valid amount; expected a whole number, or an amount with WL, DL',
        ),
        (["A;Alpha;-1"], "is not a valid amount"),
        (["A;Alpha;1;x", "a;Other;2"], "products.csv, line 2: line 1 has the same code"),
        (["A B;Alpha;1"], "expected a code"),
        ([";Alpha;1"], "expected a code"),
        (["A;;1"], "expected a name"),
        (["A;" + "x" * 81 + ";1"], "expected a name of 1 to 80 characters"),
        (["A/B;Alpha;1"], "expected a code"),
        (["A;Alpha;1;" + "x" * 301], "expected a description of at most 300 characters"),
        ([], "there is no product in it"),
    ],
)
def test_problem_names_its_line(lines: list[str], problem: str) -> None:
    (said,) = look(*lines).problems
    assert problem in said


def test_all_problems_are_reported() -> None:
    found = look("A;Alpha", "B;Beta;x", "C;C;1", c=["y" * 2000], d=["z"])
    assert [one.partition(":")[0] for one in found.problems] == [
        "products.csv, line 1",
        "products.csv, line 2",
        "C.txt, line 1",
        "D.txt",
    ]


def test_stock_files_are_matched_by_product_code(tmp_path: Path) -> None:
    (tmp_path / "products.txt").write_text("Steam10;Steam;5\n", encoding="utf-8-sig")
    (tmp_path / "STEAM10.txt").write_bytes(b"one\r\ntwo\r\n")
    (found,) = read_legacy_shop(tmp_path, UNITS).products
    assert [one.content for one in found.stock.items] == ["one", "two"]
    assert found.stock.blank == ()


def test_directory_needs_exactly_one_product_list(tmp_path: Path) -> None:
    with pytest.raises(DataProblem, match=r"expected one list of products .* found 0"):
        read_legacy_shop(tmp_path, UNITS)
    for name in ("products.csv", "products.txt"):
        (tmp_path / name).write_text("A;A;1\n")
    with pytest.raises(DataProblem, match="found 2"):
        read_legacy_shop(tmp_path, UNITS)


def test_invalid_utf8_is_reported_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "products.csv").write_text("A;A;1\n")
    (tmp_path / "A.txt").write_bytes(b"one\ntwo\n\xff\n")
    with pytest.raises(DataProblem, match=r"A\.txt, line 3: not UTF-8"):
        read_legacy_shop(tmp_path, UNITS)
