"""Read the product list and the stock files of an earlier bot."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from botapp.services.backup.files import DataProblem
from botapp.services.backup.legacy_files import LegacyShop, StockFile, parse_legacy_shop, read_legacy_shop
from botapp.store.domain.money import Denomination

UNITS = (Denomination("World Lock", "WL", 1), Denomination("Diamond Lock", "DL", 100))


def look(*lines: str, **texts: list[str]) -> LegacyShop:
    files = [StockFile(f"{key.upper()}.txt", items) for key, items in texts.items()]
    return parse_legacy_shop(StockFile("products.csv", lines), files, UNITS)


def test_products_with_their_stock() -> None:
    found = look(
        "code;name;price",
        "# old ones",
        "",
        ";;;",
        "A;Alpha;10",
        " B ; Beta 2 ;1 DL 50 WL; with ; a word ",
        a=["x", "", "x"],
    )
    assert found.problems == ()
    first, second = found.products
    assert (first.line, first.code, first.name, first.price, first.file) == (5, "A", "Alpha", 10, "A.txt")
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
        (["A+1;Alpha;1"], "expected a code"),
        (["@everyone;Alpha;1"], "expected a code"),
        (["А1B;Alpha;1"], "expected a code"),  # the first letter is Cyrillic
        (["A;\u3164;1"], "expected a name"),
        (["A;Alpha;0.500 DL"], '"0.500 DL" is not a valid amount'),
        (["A;Alpha;1,234.567"], "is not a valid amount"),
        (["A;Alpha;0"], "the price is 0"),
        (["A;Alpha;0 DL"], "the price is 0"),
        (["B;Beta;1", 'A;"Alpha;1', "C;Gamma;1"], "products.csv, line 2: a quotation mark is missing"),
        (["B;Beta;1", 'A;"Alpha" x;1', "C;Gamma;1"], "products.csv, line 2: a quotation mark is missing, or has text"),
        (["A;Alpha;1", "code;name;price"], "products.csv, line 2"),
        (["A;Alpha;1;" + "x" * 301], "expected a description of at most 300 characters"),
        ([], "there is no product in it"),
    ],
)
def test_problem_names_its_line(lines: list[str], problem: str) -> None:
    (said,) = look(*lines).problems
    assert problem in said


def test_list_is_read_as_a_spreadsheet_writes_it() -> None:
    found = look(
        'Code;"Name";Price;Description',
        '"STEAM5";"Steam ""5"" USD; key";"1.500";"first',
        'second; still the description"',
        'NITRO; "Nitro";2 DL',
        '5";5" disk;60',
        steam5=["one"],
    )
    assert found.problems == (
        "products.csv, line 4: a quotation mark is missing, or has text beside it; write it twice within a text",
        "products.csv, line 5: expected a code of up to 32 letters, digits, dots and hyphens",
    )
    [steam] = found.products
    assert (steam.line, steam.code, steam.name, steam.price) == (2, "STEAM5", 'Steam "5" USD; key', 1500)
    assert (steam.description, steam.file) == ("first\nsecond; still the description", "STEAM5.txt")


def test_values_are_those_that_the_shop_stores() -> None:
    """Else a second import would find another name than the one that it stored."""
    [found] = look("\u200bSTE\u2060AM ;Steam  10\ufeff;5; a\u200b ").products
    assert (found.code, found.name, found.description) == ("STEAM", "Steam 10", "a")


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


@pytest.mark.parametrize("name", ["steam10.txt", "STEAM10.TXT", "Steam10.Txt"])
def test_case_of_file_names_does_not_matter(tmp_path: Path, name: str) -> None:
    (tmp_path / "Products.CSV").write_text("Steam10;Steam;5\n")
    (tmp_path / name).write_text("one\n")
    found = read_legacy_shop(tmp_path, UNITS)
    assert (found.problems, found.left_out) == ((), ())
    assert [(one.file, len(one.stock.items)) for one in found.products] == [(name, 1)]


def test_two_files_of_one_product_are_a_problem(tmp_path: Path) -> None:
    (tmp_path / "products.csv").write_text("A;A;5\n")
    for name in ("A.txt", "a.txt", "B.txt"):
        (tmp_path / name).write_text("one\n")
    found = read_legacy_shop(tmp_path, UNITS)
    assert found.problems == (
        "A.txt and a.txt have the same product code; join them into one file",
        "B.txt: no product in products.csv has this code",
    )


def test_every_file_that_is_left_out_is_named(tmp_path: Path) -> None:
    (tmp_path / "products.csv").write_text("A;A;5\n")
    (tmp_path / "A.csv").write_text("one\n")
    (tmp_path / "A.txt.bak").write_text("one\n")
    (tmp_path / "B.txt").mkdir()
    os.mkfifo(tmp_path / "C.txt")
    found = read_legacy_shop(tmp_path, UNITS)
    assert found.problems == ()
    assert [one.partition(" ")[0] for one in found.left_out] == ["A.csv", "A.txt.bak", "B.txt", "C.txt"]


def test_files_in_utf_16_are_read(tmp_path: Path) -> None:
    (tmp_path / "products.csv").write_text("A;Älpha;5\r\n", encoding="utf-16")
    (tmp_path / "A.txt").write_bytes("กขค-1\r\n".encode("utf-16-le"))
    [found] = read_legacy_shop(tmp_path, UNITS).products
    assert (found.name, [one.content for one in found.stock.items]) == ("Älpha", ["กขค-1"])


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


@pytest.mark.parametrize("name", ["products.csv", "A.txt"])
def test_links_are_not_followed(tmp_path: Path, name: str) -> None:
    directory = tmp_path / "old"
    directory.mkdir()
    (directory / "products.csv").write_text("A;Alpha;10\n")
    (directory / "A.txt").write_text("x\n")
    (directory / name).rename(tmp_path / "elsewhere")
    (directory / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DataProblem, match=f"{name} is a link"):
        read_legacy_shop(directory, UNITS)
