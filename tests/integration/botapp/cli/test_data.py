"""`stocksup data …` as a shop owner types it: what it says, its exit codes, and what it says to programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from botapp.runtime import state_file as state
from botapp.store.db import schema
from botapp.store.db.database import database_url
from botapp.store.db.tables import account
from tests.support.shop.databases import migrate, opened
from tests.support.shop.populated_shop import open_shop
from tests.support.supervisor.command_line import Instance
from tests.support.texts.english import english_in


def furnished(instance: Instance) -> Path:
    """Give an instance a shop; return its database."""
    file = instance.directory / "state" / "bot" / "shop.db"
    with opened(database_url("", file)) as database:
        database.run_sync(migrate)
        database.run_sync(open_shop)
    return file


@pytest.fixture
def shop(tmp_path: Path) -> Instance:
    instance = Instance(tmp_path / "shop")
    furnished(instance)
    return instance


def say(instance: Instance, *words: str, code: int = 0) -> str:
    done = instance.run("data", *words)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "steam-" not in done.stdout + done.stderr
    return done.stdout + done.stderr


def tell(instance: Instance, *words: str, code: int = 0) -> dict[str, Any]:
    done = instance.run("data", *words, "--json")
    assert done.returncode == code, done.stdout + done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_a_backup_and_the_way_back(shop: Instance) -> None:
    made = Path(tell(shop, "backup")["path"])
    assert made.exists()
    for file in ((), (str(made),)):
        verified = tell(shop, "verify", *file)
        assert (verified["ok"], verified["problems"]) == (True, [])
        assert verified["verified"]["schema_version"] == schema.VERSIONS[-1]
        assert all(verified["verified"][name] > 0 for name in ("tables", "rows", "rules"))
    done = tell(shop, "restore", "latest")
    assert Path(done["file"]) == made
    assert Path(done["kept"]).exists()
    said = say(shop, "restore", made.name)
    assert "the shop's data was replaced with" in said
    assert "the previous data is in" in said


def test_backups_are_listed_and_the_latest_is_verified(shop: Instance) -> None:
    assert tell(shop, "backups")["backups"] == []
    assert "stocksup data backup" in say(shop, "backups")
    assert "stocksup data backup" in say(shop, "verify", "latest", code=1)
    made = [tell(shop, "backup")["path"] for _round in range(2)]
    listed = tell(shop, "backups")["backups"]
    assert [(one["path"], one["reason"]) for one in listed] == [(path, "manual") for path in reversed(made)]
    assert made[1] in say(shop, "verify", "latest")
    assert made[0] in say(shop, "verify", Path(made[0]).name)


def test_books_that_are_wrong_are_listed_and_the_exit_code_says_so(shop: Instance) -> None:
    file = shop.directory / "state" / "bot" / "shop.db"
    with opened(database_url("", file)) as database:
        database.run_sync(lambda connection: connection.execute(update(account).values(balance=1)))
    told = tell(shop, "verify", code=1)
    assert told["ok"] is False
    assert len(told["problems"]) == 2
    assert "account Budi: the balance is 1" in say(shop, "verify", code=1)
    assert "the database is inconsistent" in say(shop, "backup")


def test_foreign_trigger_is_found_in_the_shop_and_in_its_backup(shop: Instance) -> None:
    """It could give money to someone with the next purchase."""
    file = shop.directory / "state" / "bot" / "shop.db"
    trigger = "CREATE TRIGGER thief AFTER INSERT ON purchase BEGIN UPDATE account SET balance = 0; END"
    with opened(database_url("", file)) as database:
        database.run_sync(lambda connection: connection.exec_driver_sql(trigger).close())
    made = tell(shop, "backup")["path"]
    for chosen in ((), (made,)):
        [problem] = tell(shop, "verify", *chosen, code=1)["problems"]
        assert "trigger thief" in problem


def test_database_of_0_bytes_is_a_missing_one(shop: Instance) -> None:
    made = tell(shop, "backup")["path"]
    file = shop.directory / "state" / "bot" / "shop.db"
    state.change(file.with_name("state.json"), database_created=True)
    file.write_bytes(b"")
    for command in ("verify", "backup"):
        assert f"{file} is empty" in say(shop, command, code=1)
    assert f"{file} is empty" in findings(shop)["database"]["problem"]
    assert tell(shop, "restore", "latest") == {"file": made, "kept": None, "problems": []}
    assert tell(shop, "verify")["ok"] is True


def test_an_export_goes_into_an_empty_shop_and_into_no_other(shop: Instance, tmp_path: Path) -> None:
    file = tmp_path / "export.jsonl.gz"
    assert "keep it private" in say(shop, "export", str(file))
    assert "not empty" in say(shop, "import", str(file), code=1)
    assert "is not overwritten" in say(shop, "export", str(file), code=1)
    other = Instance(tmp_path / "other")
    assert tell(other, "import", str(file)) == {"file": str(file), "kept": None, "problems": []}
    assert "the data is consistent" in say(other, "verify")


def test_what_cannot_be_done_is_one_line_with_its_exit_code(tmp_path: Path) -> None:
    instance = Instance(tmp_path / "empty")
    assert "there is no database at" in say(instance, "backup", code=1)
    assert "there are no backups in" in say(instance, "restore", "latest", code=1)
    assert "cannot open" in say(instance, "verify", "nowhere.db", code=1)
    say(instance, "restore", code=2)
    say(instance, "nonsense", code=2)
    (instance.directory / "config.toml").write_text('[store]\nurl = "mysql://shop"\n')
    done = instance.run("data", "verify")
    assert (done.returncode, done.stdout) == (78, "")
    assert "[store] url" in done.stderr


def test_the_importer_says_what_it_would_do_and_does_it(shop: Instance) -> None:
    old = shop.directory / "old"
    old.mkdir()
    (old / "products.txt").write_text("NEW;New one;7\nBAD;Bad;x\n")
    (old / "new.txt").write_text("a\n\na\nb\n")
    said = say(shop, "import-legacy", "old", code=1)
    assert 'products.txt, line 2: "x" is not a valid amount' in said
    assert "nothing was imported; fix these lines" in said
    assert tell(shop, "import-legacy", "old", code=1)["done"] is False
    (old / "products.txt").write_text("NEW;New one;7\n")
    line = "NEW: new product; 2 added; already in stock or duplicate: lines 3; empty: lines 2"
    said = say(shop, "import-legacy", "old", "--dry-run")
    assert said.splitlines() == [line, "dry run: nothing was imported"]
    assert say(shop, "import-legacy", "old").splitlines() == [line, "done"]
    again = tell(shop, "import-legacy", "old")
    assert (again["done"], again["products"][0]["added"]) == (True, 0)


@pytest.mark.parametrize("words", [["--dry-run"], []])
def test_what_an_import_cannot_take_is_named_by_line(tmp_path: Path, words: list[str]) -> None:
    """Lists that once led to a traceback, or to silence."""
    one = Instance(tmp_path / "shop")
    old = one.directory / "old"
    old.mkdir()
    for number, line in enumerate(
        ["NITRO+1;Nitro;60", "STEAM/5;Steam;60", "@everyone;x;5", f"A;{'n' * 81};5", f"A;a;5;{'d' * 301}", "A;a;0.500"]
    ):
        (old / "products.csv").write_text(f"{'# ' * number}code;name;price\n{line}\n")
        assert "products.csv, line 2: " in say(one, "import-legacy", "old", *words, code=1)
    (old / "products.csv").write_text('code;name;price\n"STEAM5";"Steam ""5""";60\nNITRO;Nitro;7\n')
    (old / "STEAM5.TXT").write_text("k1\nk2\nk1\n\u200b\n")
    (old / "nitro.txt").write_text("k2\u2060\n")
    (old / "notes.md").write_text("x\n")
    said = say(one, "import-legacy", "old", *words).splitlines()
    assert said == [
        "STEAM5: new product; 2 added; already in stock or duplicate: lines 3; empty: lines 4",
        "NITRO: new product; 1 added; added, but also an item of another product (STEAM5): lines 1",
        "notes.md was left out: not a stock file; a stock file is named after the code of its product, CODE.txt",
        "dry run: nothing was imported" if words else "done",
    ]
    (old / "steam5.txt").write_text("k3\n")
    assert "STEAM5.TXT and steam5.txt have the same product code" in say(one, "import-legacy", "old", *words, code=1)


def test_an_owner_who_speaks_indonesian_meets_no_english(tmp_path: Path) -> None:
    toko = Instance(tmp_path / "toko", "id")
    furnished(toko)
    old = toko.directory / "old"
    old.mkdir()
    (old / "products.csv").write_text("NEW;Baru;7\n")
    for words, code in (
        (("data", "--help"), 0),
        (("data", "restore", "--help"), 0),
        (("data", "import-legacy", "--help"), 0),
        (("data", "backup"), 0),
        (("data", "restore", "latest"), 0),
        (("data", "verify"), 0),
        (("data", "export", "x.gz"), 0),
        (("data", "import", "x.gz"), 1),
        (("data", "import-legacy", "old", "--dry-run"), 0),
        (("data", "import-legacy", "old"), 0),
        (("data", "verify", "config.toml"), 1),
    ):
        done = toko.run(*words)
        said = done.stdout + done.stderr
        assert done.returncode == code, said
        assert said.strip()
        assert english_in(said, str(toko.directory)) == [], words


# --- check ---


def findings(instance: Instance) -> dict[str, dict[str, Any]]:
    instance.configure(command='["python", "-m", "botapp"]', check='["python", "-m", "botapp", "--check"]')
    done = instance.run(
        "check", "--json", DISCORD_TOKEN="demo-token", STOCKSUP_DISCORD_API="http://127.0.0.1:1/api/v10"
    )
    return {one["id"]: one for one in json.loads(done.stdout)["checks"]}


def test_check_looks_at_the_database_and_its_backups(shop: Instance) -> None:
    found = findings(shop)
    assert found["database"]["name"] == f"database: version {schema.VERSIONS[-1]}, up to date"
    assert "none yet" in found["backups"]["name"]
    backup = Path(tell(shop, "backup")["path"])
    assert "0 h old" in findings(shop)["backups"]["name"]
    old = backup.rename(backup.with_name("shop-2020-01-01T00-00-00.000Z-daily.db"))
    found = findings(shop)
    assert "h old, but a running bot makes one every day" in found["backups"]["problem"]
    future = old.with_name("shop-2999-01-01T00-00-00.000Z-daily.db")
    future.write_bytes(old.read_bytes())
    found = findings(shop)
    assert (found["backups"]["level"], future.name in found["backups"]["problem"]) == ("warning", True)
    assert tell(shop, "restore", "latest")["file"] == str(old)


def test_check_before_the_first_start(tmp_path: Path) -> None:
    found = findings(Instance(tmp_path / "fresh"))
    assert "none yet; the first start creates it" in found["database"]["name"]
    assert "backups" not in found
    assert not list((tmp_path / "fresh").rglob("shop.db"))


def test_check_knows_that_a_database_that_was_there_is_missing(shop: Instance) -> None:
    made = tell(shop, "backup")["path"]
    file = shop.directory / "state" / "bot" / "shop.db"
    state.change(file.with_name("state.json"), database_created=True)
    file.unlink()
    found = findings(shop)
    assert f"there is no database at {file};" in found["database"]["problem"]
    assert "stocksup stop bot, stocksup data restore latest, stocksup start" in found["database"]["problem"]
    assert "0 h old" in found["backups"]["name"]
    assert tell(shop, "restore", "latest")["file"] == made
    assert "up to date" in findings(shop)["database"]["name"]


@pytest.mark.parametrize("damage", ["newer", "damaged", "no database", "away"])
def test_check_says_what_is_wrong_with_the_database(shop: Instance, damage: str) -> None:
    file = shop.directory / "state" / "bot" / "shop.db"
    if damage == "newer":
        with opened(database_url("", file)) as database:
            database.run_sync(
                lambda connection: connection.exec_driver_sql("UPDATE alembic_version SET version_num='9999'")
            )
    elif damage == "damaged":
        content = bytearray(file.read_bytes())
        content[8192:40960] = b"\xa5" * (40960 - 8192)
        file.write_bytes(content)
    elif damage == "no database":
        file.write_text("nothing of a database" * 100)
    else:
        extra = '[store]\nurl = "postgresql://shop:geheim@127.0.0.1:1/shop"\n'
        (shop.directory / "config.toml").write_text('language = "en"\n' + extra)
        done = shop.run("check", "--json", DISCORD_TOKEN="x", STOCKSUP_DISCORD_API="http://127.0.0.1:1/api/v10")
        assert "geheim" not in done.stdout
        found = {one["id"]: one for one in json.loads(done.stdout)["checks"]}
        assert "cannot connect" in found["database"]["problem"]
        # what is only away now keeps no bot from being started
        assert found["program.bot"]["problem"] is None
        return
    found = findings(shop)
    expected = {"newer": "this program knows versions up to", "damaged": "damaged", "no database": "damaged"}[damage]
    assert expected in found["database"]["problem"]
    if damage == "newer":
        assert "this program knows versions up to" in found["program.bot"]["problem"]
