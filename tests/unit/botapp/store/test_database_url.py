"""The URL of the database: what is refused, and what of it is ever shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from botapp.store.db.database import database_url, display_url

FILE = Path("/shop/shop.db")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://shop:half@SECRET@127.0.0.1:1/shop",
        "postgresql://shop:half@SEC/RET@127.0.0.1/shop",
        "postgresql://shop:ha?lf@SECRET@127.0.0.1/shop",
        "postgresql://shop:SECRET@127.0.0.1/shop@2",
        "postgres://shop:SECRET@127.0.0.1/shop",
        "host=127.0.0.1 password=SECRET",
        f"postgresql://shop:SECRET@127.0.0.1:{'9' * 5000}/shop",
        "postgresql://shop:SECRET@127.0.0.1:port/shop",
    ],
)
def test_a_url_that_is_refused_is_not_shown(url: str) -> None:
    with pytest.raises(ValueError, match=r"%40|postgresql://USER:PASSWORD@HOST/NAME") as caught:
        database_url(url, FILE)
    assert "SEC" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "password", "shown"),
    [
        ("postgresql://shop:half%40SECRET@db:1/shop", "half@SECRET", "postgresql://shop:***@db:1/shop"),
        ("postgresql://shop:SEC/RE:T@db/shop", "SEC/RE:T", "postgresql://shop:***@db/shop"),
        ("postgresql://db/shop?user=shop&password=SECRET", None, "postgresql://db/shop"),
        ("postgresql:///shop?host=/run/postgresql", None, "postgresql:///shop"),
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str, password: str | None, shown: str) -> None:
    read = database_url(url, FILE)
    assert read.password == password
    assert display_url(read) == shown
