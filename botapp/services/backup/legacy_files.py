"""Read the files of an earlier bot: a list of products with `code;name;price` per line, and a .txt of stock for each.

This module does not touch the database; `botapp.services.backup.legacy_import` does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from botapp.locale import _
from botapp.services.backup.files import DataProblem, open_error
from botapp.store.domain import refusals, rules
from botapp.store.domain.identity import normalize_key
from botapp.store.domain.money import Denomination, InvalidAmount, parse_amount
from botapp.store.domain.rules import MAX_ITEM_CHARS, ParsedStock, parse_stock

#: possible names of the list of products
PRODUCT_LISTS: Final = ("products.csv", "products.txt")
#: largest file accepted, in bytes
MAX_BYTES: Final = 256 * 1024 * 1024


class LegacyProduct(Struct, frozen=True):
    """A product to put on sale."""

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


def read_legacy_shop(directory: Path, units: Sequence[Denomination]) -> LegacyShop:
    """Return the contents of a directory. Raises DataProblem if the product list is missing or a file is unreadable."""
    lists = [directory / name for name in PRODUCT_LISTS if (directory / name).exists()]
    if len(lists) != 1:
        text = _(
            "expected one list of products in %(path)s, named %(names)s, with a line code;name;price per product; "
            "found %(found)d"
        )
        raise DataProblem(text % {"path": directory, "names": " / ".join(PRODUCT_LISTS), "found": len(lists)})
    files = {
        normalize_key(path.stem): path for path in sorted(directory.glob("*.txt")) if path.name not in PRODUCT_LISTS
    }
    texts = {key: _read_lines(path) for key, path in files.items()}
    names = {key: path.name for key, path in files.items()}
    return parse_legacy_shop(lists[0].name, _read_lines(lists[0]), texts, names, units)


def parse_legacy_shop(
    name: str,
    lines: Sequence[str],
    texts: Mapping[str, Sequence[str]],
    names: Mapping[str, str],
    units: Sequence[Denomination],
) -> LegacyShop:
    """Return the shop for the lines of the product list called `name` and of the stock files. Pure.

    Args:
        texts, names: lines and names of the stock files, by the unique key of the product code in their name.
    """
    products: list[LegacyProduct] = []
    problems: list[str] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        fields = [field.strip() for field in line.strip().lstrip("\ufeff").split(";", 3)]
        if (
            fields == [""]
            or fields[0].startswith("#")
            or [field.casefold() for field in fields[:2]] == ["code", "name"]
        ):
            continue
        key = normalize_key(fields[0])
        problem = _find_problem(fields, seen.get(key), units)
        if problem:
            problems.append(
                _("%(file)s, line %(line)d: %(problem)s") % {"file": name, "line": number, "problem": problem}
            )
            continue
        seen[key] = number
        stock = parse_stock(texts.get(key, ()))
        for long in stock.oversize:
            text = _("%(file)s, line %(line)d: longer than %(limit)d characters")
            problems.append(text % {"file": names[key], "line": long, "limit": MAX_ITEM_CHARS})
        description = fields[3] if len(fields) > 3 else ""
        price = parse_amount(fields[2], units)
        products.append(LegacyProduct(number, fields[0], fields[1], price, description, names.get(key, ""), stock))
    for key in sorted(set(texts) - set(seen)):
        text = _("%(file)s: no product in %(list)s has this code")
        problems.append(text % {"file": names[key], "list": name})
    if not products and not problems:
        problems.append(_("%s: there is no product in it") % name)
    return LegacyShop(tuple(products), tuple(problems))


def _find_problem(fields: Sequence[str], earlier: int | None, units: Sequence[Denomination]) -> str | None:
    """Return why the shop would refuse the product in this line, or None."""
    if len(fields) < 3:
        return _("expected code;name;price")
    if earlier is not None:
        return _("line %d has the same code") % earlier
    try:
        rules.validate_code(fields[0])
        rules.validate_name(fields[1])
        rules.validate_description("".join(fields[3:]))
        parse_amount(fields[2], units)
    except refusals.InvalidCode:
        return _("expected a code of up to %d letters, digits, dots and hyphens") % rules.MAX_CODE_CHARS
    except refusals.InvalidText as error:
        if error.field == "name":
            return _("expected a name of 1 to %d characters") % error.max_chars
        return _("expected a description of at most %d characters") % error.max_chars
    except InvalidAmount as error:
        text = _('"%(part)s" is not a valid amount; expected a whole number, or an amount with %(units)s')
        return text % {"part": error.part[:50], "units": ", ".join(unit.short for unit in units)}
    return None


def _read_lines(path: Path) -> list[str]:
    try:
        if path.stat().st_size > MAX_BYTES:
            text = _("%(path)s is larger than %(limit)d MiB; split it")
            raise DataProblem(text % {"path": path, "limit": MAX_BYTES // 1024 // 1024})
        # splitlines() would also split at characters that an item may contain
        return path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    except OSError as error:
        raise open_error(path, error) from error
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        text = _("%(path)s, line %(line)d: not UTF-8 text; save it as UTF-8")
        raise DataProblem(text % {"path": path, "line": line}) from error
