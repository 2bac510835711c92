"""The import of the files of another bot: what its dry run says, or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from botapp.config.settings import Settings, Store
from botapp.services.backup.backup import verify_shop
from botapp.services.backup.files import DataProblem
from botapp.services.backup.legacy_files import LegacyShop, read_legacy_shop
from botapp.services.backup.legacy_import import dry_run, run_import
from botapp.store.db.database import Database, database_url
from botapp.store.usecases import products
from tests.support.shop.databases import migrate, opened
from tests.support.shop.populated_shop import everything, opened_shop


@pytest.fixture
def settings(store_address: str, tmp_path: Path) -> Settings:
    return Settings(path=tmp_path / "config.toml", store=Store(url=store_address))


@pytest.fixture
def shop(settings: Settings) -> Iterator[Database]:
    """A shop with data, opened as the bot of `settings` does."""
    with opened(database_url(settings.store.url, settings.database_file)) as database:
        database.run_sync(migrate)
        yield opened_shop(database)


@pytest.fixture
def left(settings: Settings, tmp_path: Path) -> LegacyShop:
    directory = tmp_path / "old"
    directory.mkdir()
    (directory / "products.csv").write_text("STEAM;Steam 10;50\nNEW;New one;7\n")
    (directory / "steam.txt").write_text("steam-0\nsteam-9\n\nfresh-1\nfresh-1\nsteam-4\n")
    (directory / "NEW.txt").write_text("a\nb\n")
    return read_legacy_shop(directory, settings.store.currency)


def test_legacy_import_matches_its_dry_run(shop: Database, settings: Settings, left: LegacyShop) -> None:
    before = shop.run_sync(everything)
    said = dry_run(settings, left)
    assert shop.run_sync(everything) == before
    done = run_import(settings, left)
    assert done == said
    steam, new = done
    # sold or withdrawn before; in stock; empty; duplicate
    assert (steam.new, steam.added, steam.gone, steam.duplicates, steam.blank) == (False, 1, (1, 6), (2, 5), (3,))
    assert (new.new, new.added) == (True, 2)
    assert shop.run_sync(products.get_by_code, "NEW").stock == 2
    assert shop.run_sync(everything)["stock_staged"] == []
    assert verify_shop(settings).problems == []
    assert [one.added for one in run_import(settings, left)] == [0, 0]


def test_failed_legacy_import_changes_nothing(shop: Database, settings: Settings, left: LegacyShop) -> None:
    shop.run_sync(products.add, "NEW", "Another", 9, "", 1)
    before = shop.run_sync(everything)
    for use in (dry_run, run_import):
        with pytest.raises(DataProblem, match=r"NEW \(line 2\) is already on sale with another name or price"):
            use(settings, left)
    assert shop.run_sync(everything) == before


def test_conflicts_with_products_on_sale_are_all_named(shop: Database, settings: Settings, tmp_path: Path) -> None:
    shop.run_sync(products.add, "NEW", "New", 9, "", 1)
    (tmp_path / "products.csv").write_text("STEAM;Steam 10;50;Another description\nNEW;New;8\nMORE;More;7\n")
    read = read_legacy_shop(tmp_path, settings.store.currency)
    for use in (dry_run, run_import):
        with pytest.raises(DataProblem) as refused:
            use(settings, read)
        first, second = str(refused.value).splitlines()
        assert first.startswith("STEAM (line 1) is already on sale with another description")
        assert second.startswith("NEW (line 2) is already on sale with another name or price")


def test_legacy_import_creates_a_new_shop(tmp_path: Path, left: LegacyShop) -> None:
    directory = tmp_path / "new"
    directory.mkdir()
    settings = Settings(path=directory / "config.toml")
    said = dry_run(settings, left)
    assert not settings.database_file.exists()
    assert run_import(settings, left) == said
    assert settings.database_file.stat().st_mode & 0o777 == 0o600
