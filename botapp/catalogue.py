"""The products of the shop, from a small file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta, Struct

from botapp.config import ConfigError, convert, read_toml
from botapp.locale import _

#: products that one live message can show
MAX_PRODUCTS: Final = 25


class Product(Struct, frozen=True, forbid_unknown_fields=True):
    """One product, as `[[product]]` in the file."""

    code: Annotated[str, Meta(min_length=1, max_length=32, pattern=r"^\S+$")]
    name: Annotated[str, Meta(min_length=1, max_length=100)]
    #: in the shop's base unit
    price: Annotated[int, Meta(ge=0, le=2**53)]
    #: pieces at hand
    stock: Annotated[int, Meta(ge=0, le=2**53)] = 0
    description: Annotated[str, Meta(max_length=200)] = ""


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    product: Annotated[tuple[Product, ...], Meta(max_length=MAX_PRODUCTS)] = ()


def load(path: Path) -> tuple[Product, ...]:
    """Return the products in the file at `path`, in its order; none when there is no such file.

    Raises ConfigError: one message with file, key and what was expected.
    """
    if not path.exists():
        return ()
    products = convert(path, read_toml(path), _File).product
    seen: set[str] = set()
    for product in products:
        if product.code.lower() in seen:
            text = _('%(path)s: [product] code: "%(code)s" stands there twice; each code only once')
            raise ConfigError(text % {"path": path, "code": product.code})
        seen.add(product.code.lower())
    return products
