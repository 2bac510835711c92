"""Commands that root runs for a shop of another user: they work, and no name in its directory leads them astray."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from botapp.store.db.database import database_url
from tests.support.shop.databases import migrate, opened
from tests.support.shop.populated_shop import open_shop
from tests.support.supervisor.command_line import Instance

EVA = 65534


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that other users can reach."""
    directory = Path(tempfile.mkdtemp(prefix="as-root-"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def backup(place: Path) -> Path:
    """A backup that everybody may read."""
    shop = Instance(place / "origin")
    with opened(database_url("", shop.directory / "state/bot/shop.db")) as database:
        database.run_sync(migrate)
        database.run_sync(open_shop)
    assert shop.run("data", "backup").returncode == 0
    [made] = (shop.directory / "state/bot/backups").iterdir()
    file = place / "B.db"
    shutil.copy(made, file)
    file.chmod(0o644)
    return file


@pytest.fixture
def shop(place: Path) -> Instance:
    """A shop of another user."""
    shop = Instance(place / "eva")
    (shop.directory / "state/bot").mkdir(parents=True)
    give_away(shop.directory)
    return shop


@pytest.fixture
def secrets(place: Path) -> Path:
    """A directory of root's."""
    directory = place / "root"
    directory.mkdir(mode=0o700)
    (directory / "auths.json").write_text('{"auths": "secret"}')
    shutil.copy(place / "B.db", directory / "root.db") if (place / "B.db").exists() else None
    return directory


def give_away(directory: Path) -> None:
    for path in (directory, *directory.rglob("*")):
        os.chown(path, EVA, EVA, follow_symlinks=False)


def link(name: str, target: str) -> Callable[[Path, Path], object]:
    return lambda bot, secrets: (bot / name).symlink_to(secrets / target)


def hidden_log(bot: Path, secrets: Path) -> None:
    (bot.parent / "logs").mkdir()
    (bot.parent / "logs/supervisor.log").symlink_to(secrets / "made")


def moved_state(bot: Path, secrets: Path) -> None:
    shutil.rmtree(bot.parent)
    bot.parent.symlink_to(secrets)


RESTORE = ("data", "restore", "{backup}")
BACKUP = ("data", "backup")
START = ("start",)

#: what lies in wait, and the commands that would step into it
TRAPS: dict[str, tuple[Callable[[Path, Path], object], tuple[tuple[str, ...], ...]]] = {
    "lock": (link("shop.lock", "made"), (RESTORE,)),
    "state": (link("state.json", "auths.json"), (RESTORE,)),
    "copy": (link("state.json.copy", "auths.json"), (RESTORE,)),
    "new state": (link(".state.json.new", "auths.json"), (RESTORE,)),
    "database": (link("shop.db", "root.db"), (BACKUP, ("data", "export", "{shop}/export.gz"), ("check",))),
    "new database": (link("shop.db", "made"), (("data", "import-legacy", "{shop}/old"), RESTORE)),
    "backups": (link("backups", "."), (RESTORE, BACKUP)),
    "log": (hidden_log, (START, ("stop",))),
    "state directory": (moved_state, (RESTORE, START)),
    "stock": (lambda bot, _: None, (("data", "import-legacy", "{shop}/old"),)),
}


def seen(directory: Path) -> dict[str, tuple[int, int, bytes]]:
    """Return owner, mode and contents of what is in a directory."""
    files = (directory, *directory.rglob("*"))
    return {
        str(path): (path.lstat().st_uid, path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in files
    }


@pytest.mark.parametrize(("trap", "commands"), TRAPS.values(), ids=TRAPS)
def test_names_in_a_foreign_directory_lead_nowhere(
    backup: Path,
    shop: Instance,
    secrets: Path,
    trap: Callable[[Path, Path], object],
    commands: tuple[tuple[str, ...], ...],
) -> None:
    if os.geteuid():
        return  # only root has rights that could be misused
    (shop.directory / "old").mkdir()
    (shop.directory / "old/products.csv").write_text("SY;n;5\n")
    (shop.directory / "old/SY.txt").symlink_to(secrets / "auths.json")
    trap(shop.directory / "state/bot", secrets)
    give_away(shop.directory)
    before = seen(secrets)
    for words in commands:
        command = [word.format(backup=backup, shop=shop.directory) for word in words]
        done = shop.run(*command)
        assert "Traceback" not in done.stderr, done.stderr
        assert seen(secrets) == before, words
    for path in (shop.directory, *shop.directory.rglob("*")):
        assert path.lstat().st_uid == EVA, path
        if path.is_file() and not path.is_symlink():
            assert b"secret" not in path.read_bytes(), path


def test_restore_by_root_belongs_to_the_owner(backup: Path, shop: Instance) -> None:
    if os.geteuid():
        return
    for command in (("restore", str(backup)), ("backup",), ("restore", "latest"), ("export", "out.gz"), ("verify",)):
        done = shop.run("data", *command)
        assert done.returncode == 0, done.stderr
    for path in (shop.directory, *shop.directory.rglob("*")):
        assert path.stat().st_uid == EVA, path


def test_check_of_roots_configuration_opens_the_state_as_its_owner(backup: Path, shop: Instance, secrets: Path) -> None:
    if os.geteuid():
        return
    own = Instance(shop.directory.parent / "own")
    (own.directory / "config.toml").write_text(
        f'language = "en"\n[supervisor]\nstate_dir = "{shop.directory / "state"}"\n'
    )
    (shop.directory / "state/bot/shop.db").symlink_to(secrets / "root.db")
    give_away(shop.directory)
    before = seen(secrets)
    findings = {one["id"]: one for one in json.loads(own.run("check", "--json").stdout)["checks"]}
    assert findings["database"]["level"] == "failed"
    assert "version" not in findings["database"]["problem"]
    assert seen(secrets) == before


def test_error_says_whose_rights_were_used(shop: Instance, secrets: Path) -> None:
    if os.geteuid():
        return
    done = shop.run("data", "restore", str(secrets / "auths.json"))
    assert done.returncode == 1
    assert "nobody" in done.stderr


def test_journal_of_another_user_is_not_rolled_back_by_root(backup: Path, place: Path) -> None:
    own = Instance(place / "own")
    journal = place / "B.db-journal"
    journal.write_bytes(b"forged")
    if os.geteuid():
        return
    os.chown(journal, EVA, EVA)
    for words in (("data", "verify"), ("data", "restore"), ("data", "import")):
        done = own.run(*words, str(backup))
        assert done.returncode == 1
        assert "B.db-journal" in done.stderr
    assert journal.read_bytes() == b"forged"
    journal.unlink()
    assert own.run("data", "verify", str(backup)).returncode == 0
