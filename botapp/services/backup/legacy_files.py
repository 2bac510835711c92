"""Read the files of an earlier bot: a list of products with `code;name;price` per line, and a .txt of stock for each.

This module does not touch the database; `botapp.services.backup.legacy_import` does. Whether the shop would accept a
product is decided by `botapp.store.domain.rules`, as for the admin commands.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from botapp.locale import _
from botapp.runtime.private_files import NotARegularFile, read_regular_file
from botapp.services.backup.files import DataProblem, open_error
from botapp.store.domain import refusals, rules
from botapp.store.domain.identity import normalize_key
from botapp.store.domain.money import Denomination, InvalidAmount, parse_amount
from botapp.store.domain.rules import MAX_ITEM_CHARS, ParsedStock, parse_stock
from botapp.store.domain.text_file import NotText, TooManyLines, split_lines

#: possible names of the list of products, in small letters
PRODUCT_LISTS: Final = ("products.csv", "products.txt")
STOCK_SUFFIX: Final = ".txt"
#: largest file accepted, in bytes, and maximum number of its lines
MAX_BYTES: Final = 256 * 1024 * 1024
MAX_LINES: Final = 2_000_000


class LegacyProduct(Struct, frozen=True):
    """A product to put on sale, as the shop stores it."""

    #: line number in the list, from 1
    line: int
    code: str
    name: str
    #: in the base unit
    price: int
    description: str
    #: name of its stock file; "" if it has none
    file: str
    stock: ParsedStock


class LegacyShop(Struct, frozen=True):
    """The contents of a directory. If there are problems, nothing must be imported."""

    products: tuple[LegacyProduct, ...]
    #: one sentence each, with file and line
    problems: tuple[str, ...]
    #: one sentence for each file that is not read
    left_out: tuple[str, ...] = ()


class StockFile(Struct, frozen=True):
    """A stock file of an earlier bot."""

    name: str
    lines: Sequence[str]


def read_legacy_shop(directory: Path, units: Sequence[Denomination]) -> LegacyShop:
    """Return the contents of a directory. Raises DataProblem if the product list is missing or a file is unreadable."""
    try:
        paths = sorted(directory.iterdir())
    except OSError as error:
        raise open_error(directory, error) from error
    lists = [path for path in paths if path.name.casefold() in PRODUCT_LISTS]
    if len(lists) != 1:
        text = _(
            "expected one list of products in %(path)s, named %(names)s, with a line code;name;price per product; "
            "found %(found)d"
        )
        raise DataProblem(text % {"path": directory, "names": " / ".join(PRODUCT_LISTS), "found": len(lists)})
    others = [path for path in paths if path != lists[0]]
    files = [path for path in others if path.suffix.casefold() == STOCK_SUFFIX and path.is_file()]
    text = _("%(file)s was left out: not a stock file; a stock file is named after the code of its product, CODE.txt")
    return parse_legacy_shop(
        StockFile(lists[0].name, _read_lines(lists[0])),
        [StockFile(path.name, _read_lines(path)) for path in files],
        units,
        [text % {"file": path.name} for path in others if path not in files],
    )


def parse_legacy_shop(
    product_list: StockFile, files: Sequence[StockFile], units: Sequence[Denomination], left_out: Sequence[str] = ()
) -> LegacyShop:
    """Return the shop for a list of products and the stock files beside it. Pure."""
    by_key: dict[str, StockFile] = {}
    problems: list[str] = []
    for file in files:
        key = normalize_key(file.name[: -len(STOCK_SUFFIX)])
        if (other := by_key.setdefault(key, file)) is not file:
            text = _("%(file)s and %(other)s have the same product code; join them into one file")
            problems.append(text % {"file": other.name, "other": file.name})
    products, lines = _parse_products(product_list, by_key, units)
    problems = [*lines, *problems]
    for product in products:
        for long in product.stock.oversize:
            text = _("%(file)s, line %(line)d: longer than %(limit)d characters")
            problems.append(text % {"file": product.file, "line": long, "limit": MAX_ITEM_CHARS})
    for key in sorted(
        set(by_key) - {normalize_key(fields[0]) for _line, fields in _rows(product_list.lines) if fields}
    ):
        text = _("%(file)s: no product in %(list)s has this code")
        problems.append(text % {"file": by_key[key].name, "list": product_list.name})
    if not products and not problems:
        problems.append(_("%s: there is no product in it") % product_list.name)
    return LegacyShop(tuple(products), tuple(problems), tuple(left_out))


def _parse_products(
    product_list: StockFile, files: Mapping[str, StockFile], units: Sequence[Denomination]
) -> tuple[list[LegacyProduct], list[str]]:
    """Return the products in a list, and a sentence for each line that is none."""
    products: list[LegacyProduct] = []
    problems: list[str] = []
    seen: dict[str, int] = {}
    for number, fields in _rows(product_list.lines):
        try:
            products.append(_parse_product(number, fields, seen, files, units))
        except _WrongLine as error:
            params = {"file": product_list.name, "line": number, "problem": error}
            problems.append(_("%(file)s, line %(line)d: %(problem)s") % params)
    return products, problems


def _rows(lines: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the line number and the fields of each product; a row that is not CSV has no fields.

    A spreadsheet puts a field with a semicolon, a quotation mark or a line end in quotation marks.
    """
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=";", strict=True)
    is_first = True
    while True:
        number = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield number, []
            continue
        if any(re.match(r'\s+"', field) for field in row):
            yield number, []  # quotation marks after a space would become part of the field
            continue
        fields = [*(field.strip() for field in row[:3]), *([";".join(row[3:]).strip()] if row[3:] else [])]
        if not any(fields) or fields[0].startswith("#"):
            continue
        is_header = is_first and [field.casefold() for field in fields[:2]] == ["code", "name"]
        is_first = False
        if not is_header:
            yield number, fields


class _WrongLine(Exception):
    """A line of the list is not a product that the shop accepts; the message says why."""


def _parse_product(
    number: int,
    fields: Sequence[str],
    seen: dict[str, int],
    files: Mapping[str, StockFile],
    units: Sequence[Denomination],
) -> LegacyProduct:
    """Return the product in a line, and note its code in `seen`. Raises _WrongLine."""
    if not fields:
        raise _WrongLine(_("a quotation mark is missing, or has text beside it; write it twice within a text"))
    if len(fields) < 3:
        raise _WrongLine(_("expected code;name;price"))
    key = normalize_key(fields[0])
    if key in seen:
        raise _WrongLine(_("line %d has the same code") % seen[key])
    try:
        code, name = rules.validate_code(fields[0]), rules.validate_name(fields[1])
        description = rules.validate_description("".join(fields[3:]))
        price = parse_amount(fields[2], units)
    except refusals.InvalidCode as error:
        text = _("expected a code of up to %d letters, digits, dots and hyphens") % rules.MAX_CODE_CHARS
        raise _WrongLine(text) from error
    except refusals.InvalidText as error:
        raise _WrongLine(_text_problem(error)) from error
    except InvalidAmount as error:
        text = _('"%(part)s" is not a valid amount; expected a whole number, or an amount with %(units)s')
        params = {"part": error.part[:50], "units": ", ".join(unit.short for unit in units)}
        raise _WrongLine(text % params) from error
    if not price:
        raise _WrongLine(
            _("the price is 0, which gives the items away; enter a price, and change it in the shop later")
        )
    seen[key] = number
    file = files.get(key)
    stock = parse_stock(file.lines if file is not None else ())
    return LegacyProduct(number, code, name, price, description, file.name if file is not None else "", stock)


def _text_problem(error: refusals.InvalidText) -> str:
    if error.field == "name":
        return _("expected a name of 1 to %d characters") % error.max_chars
    return _("expected a description of at most %d characters") % error.max_chars


def _read_lines(path: Path) -> list[str]:
    try:
        data = read_regular_file(path, MAX_BYTES + 1)
        lines = split_lines(data, MAX_LINES) if len(data) <= MAX_BYTES else None
    except NotARegularFile:
        # root may import what another user left: a link could make a file of root's part of the stock
        raise DataProblem(_("%s is a link, or not a file; put a copy of the file there") % path) from None
    except OSError as error:
        raise open_error(path, error) from error
    except TooManyLines:
        lines = None
    except NotText as error:
        text = _("%(path)s, line %(line)d: not UTF-8 text; save it as UTF-8")
        raise DataProblem(text % {"path": path, "line": error.line}) from None
    if lines is None:
        text = _("%(path)s is larger than %(limit)d MiB, or has more than %(lines)d lines; split it")
        raise DataProblem(text % {"path": path, "limit": MAX_BYTES // 1024 // 1024, "lines": MAX_LINES})
    return lines
