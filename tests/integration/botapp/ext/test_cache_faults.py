"""Faults of the cache's files: the bot goes on, no wrong value is found, and the statistics show the fault."""

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

from botapp.ext.cache.codec import Damaged, decode_entry, encode_entry, pack
from botapp.ext.cache.database import Database
from botapp.ext.cache.store import CHECK_INTERVAL_S, CacheStore
from botapp.ext.cache_manager import CacheManager
from tests.support import depth
from tests.support.cache import file_of, get_all, open_cache, set_all

ROOT = Path(__file__).resolve().parents[4]


def run_scene(name: str, path: Path, *prefix: str) -> dict[str, Any]:
    command = [*prefix, sys.executable, "-m", "tests.support.cache.scenes", name, str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def small_file_system(path: Path) -> tuple[str, ...]:
    """Return the prefix of a command that mounts a small file system of its own at `path`."""
    rights = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    mount = f'mount -t tmpfs -o size=2m stocksup-test {path} && exec "$0" "$@"'
    prefix = ("unshare", *rights, "--mount", "sh", "-c", mount)
    if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode:
        pytest.skip("mounting needs root, or user namespaces that may mount")
    return prefix


# --- full disk, read-only disk ---

FORGOTTEN = {"changed": "nothing", "deleted": "nothing", "changed after": "nothing", "deleted after": "nothing"}


def test_failed_writes_leave_no_old_value(tmp_path: Path) -> None:
    found = run_scene("limited", tmp_path)
    assert {key: found[key] for key in FORGOTTEN} == FORGOTTEN
    assert (found["kept"], found["big"]) == (False, False)
    assert found["problem"]
    assert (found["again"], found["problem after"]) == (1, None)
    assert found["next life"] == {"again": 1}


def test_full_disk(tmp_path: Path) -> None:
    found = run_scene("full_disk", tmp_path, *small_file_system(tmp_path))
    # deleting the old files may have made room for small ones
    assert found["changed"] in ("nothing", "during")
    assert found["deleted"] == found["deleted after"] == "nothing"
    assert "No space left" in found["last_error"]
    assert (found["again"], found["problem after"]) == (1, None)
    assert found["next life"].keys() <= {"again", "changed"}
    assert found["next life"].get("changed") != "before"


@pytest.mark.parametrize("name", ["limited_clear", "full_disk_clear"])
def test_clear_on_a_full_disk(tmp_path: Path, name: str) -> None:
    found = run_scene(name, tmp_path, *(small_file_system(tmp_path) if name.startswith("full") else ()))
    assert found == {"removed": 110, "there": 0, "perm there": 0, "next life": 0, "works": True}


def without_privileges() -> tuple[str, ...]:
    """Return the prefix of a command that has to respect the permissions of directories."""
    return ("unshare", "--user") if os.geteuid() == 0 else ()


def test_read_only_directory(tmp_path: Path) -> None:
    found = run_scene("read_only_directory", tmp_path, *without_privileges())
    # the existing files can still be written
    assert (found["kept"], found["changed"], found["deleted"]) == (True, "during", "nothing")
    assert (found["again"], found["problem after"]) == (1, None)


def test_files_that_can_neither_be_written_nor_renamed(tmp_path: Path) -> None:
    found = run_scene("nothing_can_be_changed", tmp_path, *without_privileges())
    assert {key: found[key] for key in FORGOTTEN} == FORGOTTEN
    assert found["problem"]
    assert (found["again"], found["problem after"]) == (1, None)
    assert found["next life"] == {"again": 1}


def test_clear_in_a_read_only_directory(tmp_path: Path) -> None:
    found = run_scene("read_only_directory_clear", tmp_path, *without_privileges())
    assert found == {"removed": 110, "there": 0, "perm there": 0, "next life": 0, "works": True}


async def test_without_a_usable_directory(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "temp").write_text("a file, where a directory should be")
    cache = open_cache(tmp_path)
    for _ in range(3):
        assert not await cache.set("key", 1)
        assert await cache.get("key", "default") == "default"
        assert not await cache.delete("key")
    assert await cache.clear() == 0
    assert not cache.health()["is_healthy"]
    assert "Not a directory" in cache.get_stats()["problem"]
    off = [record for record in caplog.records if record.name == "botapp.ext.cache.file"]
    assert [record.levelname for record in off] == ["WARNING"], "it is logged once"
    cache.close()


def test_file_that_is_off_is_retried_without_a_caller(tmp_path: Path) -> None:
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


def test_disk_that_is_read_only_from_the_start(tmp_path: Path) -> None:
    found = run_scene("begins_read_only", tmp_path, *small_file_system(tmp_path))
    assert (found["kept"], found["got"], found["after"]) == (False, "nothing", 1)
    assert "Read-only file system" in found["problem"]


# --- damage ---


async def _fill(path: Path) -> dict[str, str]:
    """Create a cache with the entries that are returned, some of them still in the write-ahead log."""
    values = {f"key {number}": f"value {number} " + "x" * (number % 50) * 20 for number in range(400)}
    cache = open_cache(path)
    await set_all(cache, values, permanent=True)
    cache.close()
    return values


async def _check_values(cache: CacheManager, values: dict[str, str]) -> int:
    found = await get_all(cache, values)
    assert found.items() <= values.items()
    return len(found)


@pytest.mark.parametrize("seed", range(40))
async def test_damage_while_closed(tmp_path: Path, seed: int) -> None:
    values = await _fill(tmp_path)
    chance = random.Random(seed)
    if seed % 2:
        # damage the file too, not only its write-ahead log
        apsw.Connection(str(file_of(tmp_path, "perm"))).wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    for path in file_of(tmp_path, "perm").parent.iterdir():
        _damage(path, chance)
    cache = open_cache(tmp_path)
    await _check_values(cache, values)
    assert await cache.set("new", 1, permanent=True)
    assert await cache.get("new") == 1
    await _check_values(cache, values)
    assert cache.get_stats()["entries"] <= len(values) + 1
    await cache.clear()
    cache.close()


@pytest.mark.parametrize("seed", range(20))
async def test_damage_while_open(tmp_path: Path, seed: int) -> None:
    values = await _fill(tmp_path)
    chance = random.Random(seed)
    cache = open_cache(tmp_path)
    await _check_values(cache, values)
    for path in (file_of(tmp_path, "perm"), Path(f"{file_of(tmp_path, 'perm')}-wal")):
        if path.exists():
            _damage(path, chance)
    for number in range(50):
        await cache.set(f"new {number}", "x" * 1000, permanent=True)
    await _check_values(cache, values)
    await cache.clear()
    assert await cache.set("new", 1, permanent=True)
    assert await cache.get("new") == 1
    cache.close()


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
    data = encode_entry("key", pack("key", "value"), 1000.0, 2000.0)
    assert decode_entry("key", data, 1500.0) == "value"
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 4
        with pytest.raises(Damaged):
            decode_entry("key", bytes(changed), 1500.0)
    with pytest.raises(Damaged):
        decode_entry("other", data, 1500.0)
    with pytest.raises(Damaged):
        decode_entry("key", data[:10], 1500.0)


async def test_pickle_in_the_file_is_never_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (os.mkdir, (str(tmp_path / "sprung"),))

    packed = pickle.dumps(Trap())
    pickle.loads(packed)  # noqa: S301  # to show that it would
    (tmp_path / "sprung").rmdir()
    database = Database(tmp_path / "temp", 2**20)
    now = time.time()
    for key, data in (("raw", packed), ("encoded", encode_entry("encoded", packed, now, None))):
        database.begin()
        database.put(key, data, now, None)
        database.commit()
    database.close()
    cache = open_cache(tmp_path)
    assert await cache.get("encoded", "nothing") == "nothing"
    assert await cache.get("raw", "nothing") == "nothing"
    assert await cache.set("new", 1)
    cache.close()
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    "statements",
    [
        "PRAGMA user_version = 99",
        "DROP TABLE entries; CREATE TABLE entries (key, value)",
        "CREATE TRIGGER trap AFTER INSERT ON entries BEGIN DELETE FROM entries; END",
        "CREATE VIEW trap AS SELECT 1",
        None,
    ],
)
async def test_unknown_file_is_replaced(
    tmp_path: Path, statements: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    values = await _fill(tmp_path)
    if statements is None:
        Path(f"{file_of(tmp_path, 'perm')}-wal").unlink()
        file_of(tmp_path, "perm").write_bytes(b"not a database at all" * 1000)
    else:
        apsw.Connection(str(file_of(tmp_path, "perm"))).execute(statements)
    cache = open_cache(tmp_path)
    assert await _check_values(cache, values) == 0
    assert await cache.set("new", 1, permanent=True)
    assert await cache.get("new") == 1
    assert cache.get_stats()["problem"] is None
    cache.close()
    assert [record.levelname for record in caplog.records] == ["WARNING"]


# --- other processes ---


def test_two_processes(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.support.cache.scenes", "beside_another", str(tmp_path)]
    running = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for process in running:
        output, _ = process.communicate(timeout=100)
        assert json.loads(output) == {"wrong": 0, "errors": 0, "last_error": None}
    cache = open_cache(tmp_path)
    assert cache.get_stats()["entries"] == 200
    cache.close()
    for kind in ("temp", "perm"):
        assert apsw.Connection(str(file_of(tmp_path, kind))).pragma("integrity_check") == "ok"


async def test_clear_by_another_process_is_seen_at_once(tmp_path: Path) -> None:
    cache = open_cache(tmp_path)
    await cache.set("key", "old")
    await cache.set("perm", "old", permanent=True)
    clear = "import asyncio; from botapp.ext.cache_manager import CacheManager; asyncio.run(CacheManager().clear())"
    environ = {**os.environ, "STOCKSUP_CACHE_DIR": str(tmp_path / "temp")}
    environ["STOCKSUP_CACHE_PERM_DIR"] = str(tmp_path / "perm")
    subprocess.run([sys.executable, "-c", clear], env=environ, cwd=ROOT, check=True)
    # not because the directory is checked
    assert isinstance(cache._store, CacheStore)
    cache._store._check_at_s = float("inf")
    assert await cache.get("key", "nothing") == "nothing"
    assert await cache.get("perm", "nothing") == "nothing"
    assert await cache.set("key", "new")
    assert await cache.get("key") == "new"
    assert cache.get_stats()["entries"] == 1
    cache.close()


@pytest.mark.parametrize("how", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
async def test_event_loop_never_waits_for_a_lock(tmp_path: Path, how: str) -> None:
    cache = open_cache(tmp_path)
    await cache.set("key", "old")
    other = apsw.Connection(str(file_of(tmp_path)))
    other.set_busy_timeout(5000)
    other.execute(how)
    setting = asyncio.create_task(cache.set("key", "new"))
    for _ in range(1000):
        await asyncio.sleep(0)
        assert await cache.get("key") == "old"
    assert not setting.done(), "the writer waits for the lock"
    assert await setting, "after a second the writer has replaced the file"
    assert await cache.get("key") == "new"
    other.close()
    cache.close()


async def test_endless_reader_does_not_let_the_wal_grow_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botapp.ext.cache.database.MAX_WAL_BYTES", 2**18)
    monkeypatch.setattr("botapp.ext.cache.database.MAX_BLOCKED_WAL_BYTES", 2**20)
    cache = open_cache(tmp_path)
    await cache.set("key", 1)
    other = apsw.Connection(str(file_of(tmp_path)))
    other.execute("BEGIN; SELECT * FROM entries")
    wal = Path(f"{file_of(tmp_path)}-wal")
    largest = 0
    for number in range(60):
        await cache.set(f"key {number % 10}", os.urandom(100_000))
        with contextlib.suppress(FileNotFoundError):  # the writer may be replacing the file at this moment
            largest = max(largest, wal.stat().st_size)
    assert 2**20 < largest < 2 * 2**20
    other.close()
    cache.close()


# --- directories that move ---


async def test_renamed_directory_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = open_cache(tmp_path)
    await cache.set("key", "old")
    (tmp_path / "temp").rename(tmp_path / "away")
    assert await cache.set("new", 1)
    assert await cache.get("key") is None
    assert file_of(tmp_path).exists()
    (tmp_path / "temp").rename(tmp_path / "away again")
    later_s = time.monotonic() + CHECK_INTERVAL_S
    monkeypatch.setattr("botapp.ext.cache.store.monotonic_s", lambda: later_s)
    assert await cache.get("new") is None, "a read notices it too"
    assert cache.get_stats()["errors"] == 0
    cache.close()


async def test_sealed_cache_leaves_the_directory_of_the_next_life_alone(tmp_path: Path) -> None:
    cache = open_cache(tmp_path)
    await cache.set("key", "old")
    cache.seal()
    shutil.move(tmp_path / "temp", tmp_path / "away")
    assert not await cache.set("late", 1)
    await cache.delete("key")
    assert not (tmp_path / "temp").exists()
    cache.close()


# --- kill -9 ---


@pytest.mark.parametrize("permanent", [False, True])
async def test_key_leaves_one_file_before_it_is_in_the_other(
    tmp_path: Path, permanent: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    commit = Database.commit

    def note_commit(self: Database) -> None:
        order.append(self.path.parts[-3])
        commit(self)

    cache = open_cache(tmp_path)
    await cache.set("key", 1, permanent=not permanent)
    monkeypatch.setattr(Database, "commit", note_commit)
    await cache.set("key", 2, permanent=permanent)
    cache.close()
    expected = ("temp", "perm") if permanent else ("perm", "temp")
    # a sweep may have come in between
    assert expected in zip(order[::2], order[1::2], strict=True)


def test_killed_many_times(tmp_path: Path) -> None:
    times = depth.count(200, 25)
    command = [sys.executable, "-m", "tests.support.cache.kill_loop", str(tmp_path), str(times), "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["wrong"] == []
    assert result["interrupted"] > times / 4
    assert result["operations"] > 5 * times
