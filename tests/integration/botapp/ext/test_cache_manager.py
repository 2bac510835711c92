"""`CacheManager` on real files: what it keeps, what it forgets, and what it survives."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from botapp.ext.cache_manager import MAX_VALUE_BYTES, CacheManager, directories


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(tmp_path: Path, clock: Clock) -> Iterator[CacheManager]:
    manager = open_cache(tmp_path, clock)
    yield manager
    manager.close()


def open_cache(path: Path, clock: Clock | None = None, **options: Any) -> CacheManager:
    return CacheManager(temp_dir=path / "temp", perm_dir=path / "perm", clock=clock or Clock(), **options)


def test_sets_gets_deletes(cache: CacheManager) -> None:
    async def scene() -> None:
        value = {"list": [1, 2.5, None, True, "é"], "bytes": b"\0"}
        assert await cache.set("key", value)
        assert await cache.get("key") == value
        assert await cache.set("key", 2, permanent=True)
        assert await cache.get("key") == 2
        assert cache.get_stats()["entries"] == 1, "a key is kept in one place only"
        assert await cache.delete("key")
        assert not await cache.delete("key")
        assert await cache.get("key") is None
        assert await cache.get("key", "nothing") == "nothing"

    asyncio.run(scene())


def test_expiry_by_the_clock_that_is_passed_in(cache: CacheManager, clock: Clock) -> None:
    async def scene() -> None:
        await cache.set("short", 1, expires_in=10)
        await cache.set("long", 1, expires_in=20, permanent=True)
        await cache.set("ever", 1)
        clock.now_s += 9.9
        assert await cache.get("short") == 1
        clock.now_s += 0.1
        assert await cache.get("short") is None
        assert await cache.clear_expired() == 1
        clock.now_s += 100
        assert await cache.clear_expired() == 1
        assert await cache.get("ever") == 1

    asyncio.run(scene())


def test_selective_clearing_counts_and_says_so(cache: CacheManager, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")

    async def scene() -> None:
        for number in range(5):
            await cache.set(f"temporary {number}", "a secret value")
        await cache.set("permanent", 1, permanent=True)
        assert await cache.clear_temporary() == 5
        assert await cache.get("permanent") == 1
        assert await cache.clear() == 1
        assert await cache.clear() == 0

    asyncio.run(scene())
    wanted = ["cache.clear_temporary removed=5", "cache.clear removed=1", "cache.clear removed=0"]
    assert [line for line in caplog.messages if line.startswith("cache.")] == wanted
    assert "a secret value" not in caplog.text


def test_stats_are_kept_by_counting(cache: CacheManager) -> None:
    async def scene() -> None:
        await cache.set("a", 1)
        await cache.set("a", 2)
        await cache.set("b", 1, permanent=True)
        await cache.get("a")
        await cache.get("x")
        await cache.delete("a")

    asyncio.run(scene())
    stats = cache.get_stats()
    counted = ("entries", "temporary", "permanent", "hits", "misses", "sets", "deletes", "problem")
    assert [stats[name] for name in counted] == [1, 0, 1, 1, 1, 3, 1, None]
    assert stats["size_bytes"] > 0


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_times_that_make_no_sense_are_refused(cache: CacheManager, seconds: float) -> None:
    with pytest.raises(ValueError, match="expires_in"):
        asyncio.run(cache.set("key", 1, expires_in=seconds))


@pytest.mark.parametrize("key", ["", "x" * 251, "é" * 126])
def test_keys_are_bounded(cache: CacheManager, key: str) -> None:
    with pytest.raises(ValueError, match="a key is"):
        asyncio.run(cache.set(key, 1))


def test_values_are_bounded_and_plain(cache: CacheManager) -> None:
    with pytest.raises(ValueError, match="at most"):
        asyncio.run(cache.set("key", b"x" * (MAX_VALUE_BYTES + 1)))
    for value in (object(), 2**64, {"a": {1, object()}}, "\ud800"):
        with pytest.raises(TypeError, match=f"the value of 'key', a {type(value).__name__}, cannot be kept"):
            asyncio.run(cache.set("key", value))


def test_a_sealed_cache_refuses_late_writes_but_can_be_emptied(cache: CacheManager) -> None:
    async def made() -> str:
        return "made"

    async def scene() -> None:
        await cache.set("before", 1)
        cache.seal()
        assert not await cache.set("late", 1)
        assert not await cache.add("later", 1)
        assert await cache.get_or_set("latest", made) == "made"
        assert await cache.incr("number") is None
        assert cache.get_stats()["refused"] == 2
        assert await cache.clear() == 1
        cache.unseal()
        assert await cache.set("again", 1)

    asyncio.run(scene())


def test_what_a_late_task_changes_is_not_found_as_it_was_before(cache: CacheManager) -> None:
    async def scene() -> None:
        for key in ("deleted", "set", "counted"):
            await cache.set(key, 1, permanent=True)
        cache.seal()
        assert await cache.delete("deleted")
        assert not await cache.set("set", 2)
        assert await cache.incr("counted") is None
        assert await cache.get_many(["deleted", "set", "counted"]) == {}

    asyncio.run(scene())


def test_permanent_entries_outlive_a_life_and_temporary_ones_its_directory(tmp_path: Path) -> None:
    async def first() -> None:
        cache = open_cache(tmp_path)
        await cache.set("perm", 1, permanent=True)
        await cache.set("temp", 1)
        cache.close()

    async def second() -> None:
        cache = CacheManager(temp_dir=tmp_path / "next", perm_dir=tmp_path / "perm", clock=Clock())
        assert await cache.get("perm") == 1
        assert await cache.get("temp") is None
        assert cache.get_stats()["permanent"] == 1
        cache.close()

    asyncio.run(first())
    asyncio.run(second())


def test_managers_of_one_process_share_everything(tmp_path: Path) -> None:
    async def scene() -> None:
        one, two = open_cache(tmp_path), open_cache(tmp_path)
        await one.set("key", 1)
        assert await two.get("key") == 1
        assert one.get_stats() == two.get_stats()
        one.close()
        two.close()
        assert await two.get("key") is None

    asyncio.run(scene())


def test_many_tasks_write_at_once(cache: CacheManager) -> None:
    async def write(task: int) -> None:
        for number in range(50):
            assert await cache.set(f"{task}/{number}", number)

    async def scene() -> None:
        await asyncio.gather(*(write(task) for task in range(32)))
        assert cache.get_stats()["entries"] == 1600
        assert await cache.get("31/49") == 49

    asyncio.run(scene())


def test_a_damaged_file_is_begun_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "temp" / "entries").mkdir(parents=True)
    (tmp_path / "temp" / "entries" / "cache.sqlite").write_bytes(b"no database at all" * 1000)
    cache = open_cache(tmp_path)
    assert asyncio.run(cache.set("key", 1))
    assert asyncio.run(cache.get("key")) == 1
    assert caplog.text.count("begun anew") == 1
    cache.close()


def test_without_a_usable_directory_the_bot_goes_on_and_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "temp").write_text("a file, where a directory should be")
    cache = open_cache(tmp_path)

    async def scene() -> None:
        assert not await cache.set("key", 1)
        assert await cache.get("key", "default") == "default"
        assert not await cache.delete("key")
        assert await cache.clear() == 0

    asyncio.run(scene())
    assert not cache.get_stats()["enabled"]
    assert "Not a directory" in cache.get_stats()["problem"]
    assert caplog.text.count("goes on without it") == 1
    cache.close()


def test_a_full_cache_makes_room_and_stays_within_its_bounds(tmp_path: Path) -> None:
    cache = open_cache(tmp_path, max_bytes=1_048_576)
    value = os.urandom(100_000)

    async def scene() -> None:
        for number in range(20):
            assert await cache.set(f"key {number}", value)
        assert await cache.get("key 19") == value
        assert await cache.get("key 0") is None
        stats = cache.get_stats()
        assert stats["evictions"] == 20 - stats["entries"]
        assert stats["problem"] is None
        assert stats["errors"] == 0
        assert (tmp_path / "temp" / "entries" / "cache.sqlite").stat().st_size <= 1_048_576 // 2

    asyncio.run(scene())
    cache.close()


def test_what_is_read_stays_longest(tmp_path: Path) -> None:
    cache = open_cache(tmp_path, max_bytes=1_048_576)

    async def scene() -> None:
        for number in range(2000):
            assert await cache.set(f"key {number}", b"x" * 1000)
            if number >= 5:
                assert await cache.get("key 5") is not None, number
        assert await cache.get("key 4") is None
        assert await cache.get("key 6") is None
        assert cache.get_stats()["errors"] == 0

    asyncio.run(scene())
    cache.close()


def test_files_are_private(tmp_path: Path, cache: CacheManager) -> None:
    asyncio.run(cache.set("key", 1))
    found = list((tmp_path / "temp").rglob("*"))
    assert found
    for path in (tmp_path / "temp", *found):
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_forgotten_close_neither_hangs_the_exit_nor_loses_a_write(tmp_path: Path) -> None:
    code = (
        "import asyncio; from botapp.ext.cache_manager import CacheManager\n"
        "async def main(): await CacheManager().set('key', 'value', permanent=True)\n"
        "asyncio.run(main())"
    )
    environ = {**os.environ, "STOCKSUP_CACHE_DIR": str(tmp_path / "temp")}
    environ["STOCKSUP_CACHE_PERM_DIR"] = str(tmp_path / "perm")
    subprocess.run([sys.executable, "-c", code], env=environ, check=True, timeout=20)
    cache = open_cache(tmp_path)
    assert asyncio.run(cache.get("key")) == "value"
    cache.close()


def test_what_was_asked_in_the_same_turn_is_committed_by_a_close(tmp_path: Path) -> None:
    async def scene() -> None:
        cache = open_cache(tmp_path)
        setting = asyncio.create_task(cache.set("key", 1))
        await asyncio.sleep(0)
        cache.close()
        assert await setting
        again = open_cache(tmp_path)
        assert await again.get("key") == 1
        again.close()

    asyncio.run(scene())


def test_where_it_is_kept_without_a_supervisor() -> None:
    found = directories({"XDG_CACHE_HOME": "/x"})
    assert found == (Path("/x/stocksup/standalone/temp"), Path("/x/stocksup/standalone/perm"))
    assert directories({"HOME": "/home/a"})[0] == Path("/home/a/.cache/stocksup/standalone/temp")
    environ = {"STOCKSUP_CACHE_DIR": "/t", "STOCKSUP_CACHE_PERM_DIR": "/p"}
    assert directories(environ) == (Path("/t"), Path("/p"))


def test_whoever_is_cancelled_takes_nobody_along(cache: CacheManager) -> None:
    async def scene() -> None:
        for number in range(200):
            waiting = [asyncio.create_task(cache.set(f"{number}-{one}", one)) for one in range(3)]
            await asyncio.sleep(0)
            waiting[1].cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        assert await asyncio.wait_for(cache.set("after", 1), 10)
        assert await cache.get("after") == 1

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("key", "error"), [("\ud800", ValueError), ("", ValueError), ("é" * 126, ValueError), (5, TypeError)]
)
def test_a_key_that_cannot_be_one_is_refused_and_nothing_else_suffers(
    cache: CacheManager, key: Any, error: type[Exception]
) -> None:
    async def scene() -> None:
        with pytest.raises(error):
            await cache.set(key, 1)
        assert await asyncio.wait_for(cache.set("after", 1), 10)

    asyncio.run(scene())
