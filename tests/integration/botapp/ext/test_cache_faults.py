"""What goes wrong with the cache's files: the bot goes on, nothing that is found is wrong, and it is shown."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pickle
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import apsw
import pytest

from botapp import locale
from botapp.ext.cache import codec as cache_values
from botapp.ext.cache.database import Database
from botapp.ext.cache.store import LOOK_INTERVAL_S
from botapp.ext.cache_manager import CacheManager

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture(autouse=True)
def _english() -> None:
    locale.use("en")


def open_cache(path: Path) -> CacheManager:
    return CacheManager(temp_dir=path / "temp", perm_dir=path / "perm")


def file_of(path: Path, which: str = "temp") -> Path:
    return path / which / "entries" / "cache.sqlite"


def scene(name: str, path: Path, *before: str) -> dict[str, Any]:
    command = [*before, sys.executable, "-m", "tests.support.cache.scenes", name, str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def own_mounts(path: Path) -> tuple[str, ...]:
    """Return what to put before a command so that it finds a small file system of its own at `path`."""
    rights = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    mount = f'mount -t tmpfs -o size=2m stocksup-test {path} && exec "$0" "$@"'
    before = ("unshare", *rights, "--mount", "sh", "-c", mount)
    if subprocess.run([*before, "true"], capture_output=True, check=False).returncode:
        pytest.skip("mounting needs root, or user namespaces that may mount")
    return before


# --- no room, no writes ---

FORGOTTEN = {"changed": "nothing", "deleted": "nothing", "changed after": "nothing", "deleted after": "nothing"}


def test_writes_that_fail_leave_nothing_old_behind(tmp_path: Path) -> None:
    found = scene("limited", tmp_path)
    assert {key: found[key] for key in FORGOTTEN} == FORGOTTEN
    assert (found["kept"], found["big"]) == (False, False)
    assert found["problem"]
    assert (found["again"], found["problem after"]) == (1, None)
    assert found["next life"] == {"again": 1}


def test_a_full_disk(tmp_path: Path) -> None:
    found = scene("full_disk", tmp_path, *own_mounts(tmp_path))
    # with the old files gone there may be room for small ones
    assert found["changed"] in ("nothing", "during")
    assert found["deleted"] == found["deleted after"] == "nothing"
    assert "No space left" in found["last_error"]
    assert (found["again"], found["problem after"]) == (1, None)
    assert found["next life"].keys() <= {"again", "changed"}
    assert found["next life"].get("changed") != "before"


@pytest.mark.parametrize("name", ["limited_clear", "full_disk_clear"])
def test_a_clear_on_a_full_disk(tmp_path: Path, name: str) -> None:
    found = scene(name, tmp_path, *(own_mounts(tmp_path) if name.startswith("full") else ()))
    assert found == {"removed": 110, "there": 0, "perm there": 0, "next life": 0, "works": True}


def without_privileges() -> tuple[str, ...]:
    """Return what to put before a command so that rights of directories hold for it."""
    return ("unshare", "--user") if os.geteuid() == 0 else ()


def test_a_directory_that_cannot_be_changed(tmp_path: Path) -> None:
    found = scene("read_only_directory", tmp_path, *without_privileges())
    # the files that are there can still be written
    assert (found["kept"], found["changed"], found["deleted"]) == (True, "during", "nothing")
    assert (found["again"], found["problem after"]) == (1, None)


def test_files_that_can_neither_be_written_nor_put_away_are_not_found_as_they_were(tmp_path: Path) -> None:
    found = scene("nothing_can_be_changed", tmp_path, *without_privileges())
    assert {key: found[key] for key in FORGOTTEN} == FORGOTTEN
    assert found["problem"]
    assert (found["again"], found["problem after"]) == (1, None)
    assert found["next life"] == {"again": 1}


def test_a_clear_in_a_directory_that_cannot_be_changed(tmp_path: Path) -> None:
    found = scene("read_only_directory_clear", tmp_path, *without_privileges())
    assert found == {"removed": 110, "there": 0, "perm there": 0, "next life": 0, "works": True}


def test_what_was_off_is_back_by_itself_though_nobody_asks(tmp_path: Path) -> None:
    (tmp_path / "temp").write_text("in the way")
    cache = open_cache(tmp_path)
    try:
        assert cache.health()["last_error"]
        (tmp_path / "temp").unlink()
        deadline_s = time.monotonic() + 30
        while not file_of(tmp_path).exists() and time.monotonic() < deadline_s:
            time.sleep(0.05)
        assert file_of(tmp_path).exists()
    finally:
        cache.close()


def test_a_disk_that_takes_no_writes_from_the_start(tmp_path: Path) -> None:
    found = scene("begins_read_only", tmp_path, *own_mounts(tmp_path))
    assert (found["kept"], found["got"], found["after"]) == (False, "nothing", 1)
    assert "Read-only file system" in found["problem"]


# --- damage ---


def _fill(path: Path) -> dict[str, str]:
    """Make a cache with what it returns in it, some of it still in the log."""
    values = {f"key {number}": f"value {number} " + "x" * (number % 50) * 20 for number in range(400)}

    async def work() -> None:
        cache = open_cache(path)
        await cache.set_many(values, permanent=True)
        cache.close()

    asyncio.run(work())
    return values


async def _nothing_wrong(cache: CacheManager, values: dict[str, str]) -> int:
    found = await cache.get_many(values)
    assert found.items() <= values.items()
    return len(found)


@pytest.mark.parametrize("seed", range(40))
def test_damage_while_nobody_looks(tmp_path: Path, seed: int) -> None:
    values = _fill(tmp_path)
    chance = random.Random(seed)
    if seed % 2:
        # into the file, and not only its log
        apsw.Connection(str(file_of(tmp_path, "perm"))).wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    for path in file_of(tmp_path, "perm").parent.iterdir():
        _damage(path, chance)

    async def work() -> None:
        cache = open_cache(tmp_path)
        await _nothing_wrong(cache, values)
        assert await cache.set("new", 1, permanent=True)
        assert await cache.get("new") == 1
        await _nothing_wrong(cache, values)
        assert cache.get_stats()["entries"] <= len(values) + 1
        await cache.clear()
        cache.close()

    asyncio.run(work())


@pytest.mark.parametrize("seed", range(20))
def test_damage_while_it_is_in_use(tmp_path: Path, seed: int) -> None:
    values = _fill(tmp_path)
    chance = random.Random(seed)

    async def work() -> None:
        cache = open_cache(tmp_path)
        await _nothing_wrong(cache, values)
        for path in (file_of(tmp_path, "perm"), Path(f"{file_of(tmp_path, 'perm')}-wal")):
            if path.exists():
                _damage(path, chance)
        for number in range(50):
            await cache.set(f"new {number}", "x" * 1000, permanent=True)
        await _nothing_wrong(cache, values)
        await cache.clear()
        assert await cache.set("new", 1, permanent=True)
        assert await cache.get("new") == 1
        cache.close()

    asyncio.run(work())


def _damage(path: Path, chance: random.Random) -> None:
    size = path.stat().st_size
    if not size:
        return
    if chance.random() < 0.4:
        os.truncate(path, chance.randrange(size))
        return
    with path.open("r+b") as file:
        for _ in range(chance.randrange(1, 20)):
            file.seek(chance.randrange(size))
            file.write(chance.randbytes(chance.randrange(1, 50)))


def test_every_changed_byte_of_an_entry_is_noticed() -> None:
    data = cache_values.seal(":key", cache_values.pack("key", "value"), 1000.0, 2000.0)
    assert cache_values.unseal(":key", data, 1500.0) is not None
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 4
        with pytest.raises(cache_values.Damaged):
            cache_values.unseal(":key", bytes(changed), 1500.0)
    with pytest.raises(cache_values.Damaged):
        cache_values.unseal(":other", data, 1500.0)
    with pytest.raises(cache_values.Damaged):
        cache_values.unseal(":key", data[:10], 1500.0)


def test_a_pickle_in_the_file_is_never_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (os.mkdir, (str(tmp_path / "sprung"),))

    packed = pickle.dumps(Trap())
    pickle.loads(packed)  # noqa: S301  # to show that it would
    (tmp_path / "sprung").rmdir()
    database = Database(tmp_path / "temp", 2**20)
    now = time.time()
    for key, data in ((":raw", packed), (":sealed", cache_values.seal(":sealed", packed, now, None))):
        database.begin()
        database.put({key: (key, data, now, None)})
        database.commit()
    database.close()

    async def work() -> None:
        cache = open_cache(tmp_path)
        assert await cache.get("sealed", "nothing", type=str) == "nothing"
        await cache.get("sealed")
        assert await cache.get("raw", "nothing") == "nothing"
        assert await cache.set("new", 1)
        cache.close()

    asyncio.run(work())
    assert not (tmp_path / "sprung").exists()


# --- files of others ---


@pytest.mark.parametrize(
    "statements",
    [
        "PRAGMA user_version = 99",
        "DROP TABLE entries; CREATE TABLE entries (key, value)",
        "CREATE TRIGGER trap AFTER INSERT ON entries BEGIN DELETE FROM entries; END",
        "CREATE VIEW trap AS SELECT 1",
    ],
)
def test_a_file_of_another_version_is_begun_anew(
    tmp_path: Path, statements: str, caplog: pytest.LogCaptureFixture
) -> None:
    values = _fill(tmp_path)
    apsw.Connection(str(file_of(tmp_path, "perm"))).execute(statements)

    async def work() -> None:
        cache = open_cache(tmp_path)
        assert await _nothing_wrong(cache, values) == 0
        assert await cache.set("new", 1, permanent=True)
        assert cache.get_stats()["problem"] is None
        cache.close()

    asyncio.run(work())
    assert caplog.text.count("begun anew") == 1


def test_two_processes(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.support.cache.scenes", "beside_another", str(tmp_path)]
    running = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for one in running:
        output, _ = one.communicate(timeout=100)
        assert json.loads(output) == {"wrong": 0, "errors": 0, "last_error": None}
    cache = open_cache(tmp_path)
    assert asyncio.run(cache.get("together")) == 3000
    cache.close()
    integrity = apsw.Connection(str(file_of(tmp_path))).pragma("integrity_check")
    assert integrity == "ok"


def test_what_another_process_clears_is_gone_at_once(tmp_path: Path) -> None:
    async def work() -> None:
        cache = open_cache(tmp_path)
        await cache.set("key", "old")
        await cache.set("perm", "old", permanent=True)
        clear = "import asyncio; from botapp.ext.cache_manager import CacheManager; asyncio.run(CacheManager().clear())"
        environ = {**os.environ, "STOCKSUP_CACHE_DIR": str(tmp_path / "temp")}
        environ["STOCKSUP_CACHE_PERM_DIR"] = str(tmp_path / "perm")
        subprocess.run([sys.executable, "-c", clear], env=environ, cwd=ROOT, check=True)
        # it is not that the directory is looked at
        cache._files._look_at_s = float("inf")
        assert await cache.get("key", "nothing") == "nothing"
        assert await cache.get("perm", "nothing") == "nothing"
        assert await cache.set("key", "new")
        assert await cache.get("key") == "new"
        assert cache.get_stats()["entries"] == 1
        cache.close()

    asyncio.run(work())


@pytest.mark.parametrize("how", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
def test_the_loop_never_waits_for_a_held_lock(tmp_path: Path, how: str) -> None:
    async def work() -> None:
        cache = open_cache(tmp_path)
        await cache.set("key", "old")
        other = apsw.Connection(str(file_of(tmp_path)))
        other.set_busy_timeout(5000)
        other.execute(how)
        setting = asyncio.create_task(cache.set("key", "new"))
        turns = 0
        while turns < 1000:
            await asyncio.sleep(0)
            assert await cache.get("key") == "old"
            turns += 1
        assert not setting.done(), "the lock is waited for, but not by the loop"
        assert await setting, "for a second; then there is another file"
        assert await cache.get("key") == "new"
        other.close()
        cache.close()

    asyncio.run(work())


def test_a_reader_that_never_ends_does_not_let_the_log_grow_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botapp.ext.cache.database.MAX_LOG_BYTES", 2**18)
    monkeypatch.setattr("botapp.ext.cache.database.MAX_HELD_LOG_BYTES", 2**20)

    async def work() -> None:
        cache = open_cache(tmp_path)
        await cache.set("key", 1)
        other = apsw.Connection(str(file_of(tmp_path)))
        other.execute("BEGIN; SELECT * FROM entries")
        log = Path(f"{file_of(tmp_path)}-wal")
        largest = 0
        for number in range(60):
            await cache.set(f"key {number % 10}", os.urandom(100_000))
            with contextlib.suppress(FileNotFoundError):  # the writer is making it anew at this moment
                largest = max(largest, log.stat().st_size)
        assert 2**20 < largest < 2 * 2**20
        other.close()
        cache.close()

    asyncio.run(work())


# --- directories that move ---


def test_a_directory_that_was_renamed_away_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        cache = open_cache(tmp_path)
        await cache.set("key", "old")
        (tmp_path / "temp").rename(tmp_path / "away")
        assert await cache.set("new", 1)
        assert await cache.get("key") is None
        assert file_of(tmp_path).exists()
        (tmp_path / "temp").rename(tmp_path / "away again")
        later_s = time.monotonic() + LOOK_INTERVAL_S
        monkeypatch.setattr("botapp.ext.cache.store._clock_s", lambda: later_s)
        assert await cache.get("new") is None, "reading notices it too"
        assert cache.get_stats()["errors"] == 0
        cache.close()

    asyncio.run(work())


def test_a_life_that_is_to_end_leaves_the_next_ones_directory_alone(tmp_path: Path) -> None:
    async def work() -> None:
        cache = open_cache(tmp_path)
        await cache.set("key", "old")
        cache.seal()
        shutil.move(tmp_path / "temp", tmp_path / "away")
        assert not await cache.set("late", 1)
        await cache.delete("key")
        assert not (tmp_path / "temp").exists()
        cache.close()

    asyncio.run(work())


@pytest.mark.parametrize("permanent", [False, True])
def test_a_key_leaves_one_file_before_it_is_in_the_other(
    tmp_path: Path, permanent: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    commit = Database.commit

    def noted(self: Database) -> None:
        order.append(self.path.parts[-3])
        commit(self)

    async def work() -> None:
        cache = open_cache(tmp_path)
        await cache.set("key", 1, permanent=not permanent)
        monkeypatch.setattr(Database, "commit", noted)
        await cache.set("key", 2, permanent=permanent)
        cache.close()

    asyncio.run(work())
    wanted = ("temp", "perm") if permanent else ("perm", "temp")
    # a sweep may have come in between
    assert wanted in zip(order[::2], order[1::2], strict=True)


def test_killed_200_times_in_the_middle(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.support.cache.kill_loop", str(tmp_path), "200", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["wrong"] == []
    assert found["in the middle"] > 50
    assert found["operations"] > 1000
