"""`CacheManager` on real files: the API, expiry, one computation for all, sealing, statistics, logs."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from botapp.ext.cache import shared
from botapp.ext.cache_manager import MAX_VALUE_BYTES, CacheManager, default_directories
from tests.support.cache import file_of, get_all, open_cache, set_all


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(tmp_path: Path, clock: Clock) -> Iterator[CacheManager]:
    manager = open_cache(tmp_path, clock=clock)
    yield manager
    manager.close()


async def return_made() -> str:
    return "made"


# --- entries ---


async def test_set_get_delete(cache: CacheManager) -> None:
    value = {"list": [1, 2.5, None, True, "é"], "bytes": b"\0"}
    assert await cache.set("key", value)
    assert await cache.get("key") == value
    assert await cache.set("key", 2, permanent=True)
    assert await cache.get("key") == 2
    assert cache.get_stats()["entries"] == 1, "a key is in one file only"
    assert await cache.delete("key")
    assert not await cache.delete("key")
    assert await cache.get("key") is None
    assert await cache.get("key", "nothing") == "nothing"


async def test_expiry(cache: CacheManager, clock: Clock) -> None:
    await cache.set("short", 1, expires_in=10)
    await cache.set("long", 1, expires_in=20, permanent=True)
    await cache.set("forever", 1)
    clock.now_s += 9.9
    assert await cache.get("short") == 1
    clock.now_s += 0.1
    assert await cache.get("short") is None
    assert await cache.clear_expired() == 1
    clock.now_s += 100
    assert await cache.clear_expired() == 1
    assert await cache.get("forever") == 1


async def test_clear_expired_of_more_than_one_batch(cache: CacheManager, clock: Clock) -> None:
    await set_all(cache, {str(number): number for number in range(1200)}, expires_in=10)
    clock.now_s += 10
    assert await cache.clear_expired() == 1200
    assert cache.get_stats()["entries"] == 0


async def test_clock_set_back_revives_nothing(cache: CacheManager, clock: Clock) -> None:
    await cache.set("expires", 1, expires_in=10)
    await cache.set("stays", 1)
    clock.now_s -= 3600
    assert await cache.get("expires") is None, "its age is unknown"
    assert await cache.get("stays") == 1
    await cache.set("new", 1, expires_in=10)
    assert await cache.get("new") == 1
    clock.now_s += 10
    assert await cache.get("new") is None


async def test_clear_temporary_and_clear(cache: CacheManager) -> None:
    await set_all(cache, {f"temporary {number}": number for number in range(5)})
    await cache.set("permanent", 1, permanent=True)
    assert await cache.clear_temporary() == 5
    assert await cache.get("permanent") == 1
    assert await cache.clear() == 1
    assert await cache.clear() == 0


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_invalid_expiry_is_refused(cache: CacheManager, seconds: float) -> None:
    with pytest.raises(ValueError, match="expires_in"):
        asyncio.run(cache.set("key", 1, expires_in=seconds))


@pytest.mark.parametrize(
    ("key", "error"),
    [("", ValueError), ("x" * 251, ValueError), ("é" * 126, ValueError), ("\ud800", ValueError), (5, TypeError)],
)
async def test_invalid_key_is_refused(cache: CacheManager, key: Any, error: type[Exception]) -> None:
    for operation in (cache.set(key, 1), cache.get(key), cache.delete(key), cache.get_or_set(key, return_made)):
        with pytest.raises(error):
            await operation
    assert await asyncio.wait_for(cache.set("after", 1), 10)


def test_invalid_value_is_refused(cache: CacheManager) -> None:
    with pytest.raises(ValueError, match="at most"):
        asyncio.run(cache.set("key", b"x" * (MAX_VALUE_BYTES + 1)))
    for value in (object(), 2**64, {"a": {1, object()}}, "\ud800"):
        with pytest.raises(TypeError, match=f"the value of 'key', a {type(value).__name__}"):
            asyncio.run(cache.set("key", value))


# --- concurrency ---


async def test_keys_move_between_the_files_at_the_same_time(cache: CacheManager) -> None:
    keys = [str(number) for number in range(40)]
    for turn in range(4):
        work = (cache.set(key, turn, permanent=(number + turn) % 2 == 0) for number, key in enumerate(keys))
        assert all(await asyncio.gather(*work))
        assert await get_all(cache, keys) == dict.fromkeys(keys, turn)
        stats = cache.get_stats()
        assert (stats["temporary"], stats["permanent"], stats["errors"]) == (20, 20, 0)


async def test_cancelled_caller_cancels_no_other(cache: CacheManager) -> None:
    for number in range(200):
        waiting = [asyncio.create_task(cache.set(f"{number}-{task}", task)) for task in range(3)]
        await asyncio.sleep(0)
        waiting[1].cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    assert await asyncio.wait_for(cache.set("after", 1), 10)
    assert await cache.get("after") == 1


# --- get_or_set ---


@pytest.mark.parametrize("value", ["made", None])
async def test_get_or_set_computes_once_for_all(cache: CacheManager, value: str | None) -> None:
    calls: list[int] = []
    go = asyncio.Event()

    async def make() -> str | None:
        calls.append(1)
        await go.wait()
        return value

    waiting = [asyncio.create_task(cache.get_or_set("key", make)) for _ in range(50)]
    await asyncio.sleep(0)
    go.set()
    assert await asyncio.gather(*waiting) == [value] * 50
    assert await cache.get_or_set("key", make) == value
    assert calls == [1]


async def test_get_or_set_exception_reaches_all_and_is_not_kept(cache: CacheManager) -> None:
    async def fail() -> str:
        await asyncio.sleep(0)
        raise LookupError("no")

    outcomes = await asyncio.gather(*(cache.get_or_set("key", fail) for _ in range(5)), return_exceptions=True)
    assert [repr(outcome) for outcome in outcomes] == ["LookupError('no')"] * 5
    assert await cache.get_or_set("key", return_made) == "made"


async def test_get_or_set_survives_its_first_caller(cache: CacheManager) -> None:
    go = asyncio.Event()

    async def make() -> str:
        await go.wait()
        return "made"

    first, second = (asyncio.create_task(cache.get_or_set("key", make)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    go.set()
    assert await asyncio.wait_for(second, 10) == "made"
    assert first.cancelled()


async def test_get_or_set_is_cancelled_with_its_last_caller(cache: CacheManager) -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def make() -> None:
        try:
            began.set()
            await asyncio.Event().wait()
        finally:
            ended.set()

    waiting = [asyncio.create_task(cache.get_or_set("key", make)) for _ in range(3)]
    await began.wait()
    for task in waiting:
        task.cancel()
    await asyncio.wait_for(ended.wait(), 10)


@pytest.mark.parametrize("how", ["set", "delete", "clear", "clear_temporary"])
async def test_get_or_set_keeps_nothing_that_was_changed_meanwhile(cache: CacheManager, how: str) -> None:
    go = asyncio.Event()

    async def make_old() -> str:
        await go.wait()
        return "old"

    waiting = asyncio.create_task(cache.get_or_set("key", make_old))
    await asyncio.sleep(0.01)
    change: dict[str, Callable[[], Awaitable[object]]] = {
        "set": lambda: cache.set("key", "set"),
        "delete": lambda: cache.delete("key"),
        "clear": cache.clear,
        "clear_temporary": cache.clear_temporary,
    }
    await change[how]()
    expected = "set" if how == "set" else "made"
    assert await cache.get_or_set("key", return_made) == expected, "a later caller gets nothing old"
    go.set()
    assert await waiting == "old", "an earlier caller gets what was computed for it"
    assert await cache.get("key") == expected


# --- sealing ---


async def test_sealed_cache_refuses_sets_and_can_be_cleared(cache: CacheManager) -> None:
    await cache.set("before", 1)
    cache.seal()
    assert not await cache.set("late", 1)
    assert await cache.get_or_set("later", return_made) == "made"
    assert cache.get_stats()["refused"] == 2
    assert await cache.clear() == 1
    cache.unseal()
    assert await cache.set("again", 1)


async def test_sealed_cache_keeps_no_old_value_of_a_changed_key(cache: CacheManager) -> None:
    await set_all(cache, {"deleted": 1, "set": 1}, permanent=True)
    cache.seal()
    assert await cache.delete("deleted")
    assert not await cache.set("set", 2)
    assert await get_all(cache, ["deleted", "set"]) == {}


@pytest.mark.parametrize(
    ("policy", "removed", "left"),
    [
        ("all", 4, []),
        ("temporary", 2, ["perm"]),
        ("expired", 2, ["perm", "temp"]),
        ("none", 0, ["perm", "temp"]),
    ],
)
async def test_flush_policies(cache: CacheManager, clock: Clock, policy: str, removed: int, left: list[str]) -> None:
    for permanent in (False, True):
        kind = "perm" if permanent else "temp"
        await cache.set(kind, 1, permanent=permanent)
        await cache.set(f"short {kind}", 1, expires_in=10, permanent=permanent)
    clock.now_s += 10
    assert await cache.flush(policy) == removed
    assert sorted(await get_all(cache, ["temp", "perm", "short temp", "short perm"])) == left
    assert not await cache.set("late", 1)


# --- files and managers ---


async def test_permanent_entries_outlive_a_life(tmp_path: Path, cache: CacheManager) -> None:
    await cache.set("perm", 1, permanent=True)
    await cache.set("temp", 1)
    cache.close()
    with closing(CacheManager(temp_dir=tmp_path / "next", perm_dir=tmp_path / "perm")) as next_life:
        assert await get_all(next_life, ["perm", "temp"]) == {"perm": 1}
        assert next_life.get_stats()["permanent"] == 1


async def test_managers_of_one_process_share_everything(tmp_path: Path) -> None:
    first = open_cache(tmp_path)
    with closing(open_cache(tmp_path)) as second:
        await first.set("key", 1)
        assert await second.get("key") == 1
        assert first.get_stats() == second.get_stats()
    assert not await second.set("key", 2), "a closed manager keeps nothing"
    assert await second.get("key") is None
    assert await first.get("key") == 1
    first.close()
    first.close()
    assert first.get_stats()["problem"]


async def test_full_cache_evicts_the_entries_set_longest_ago(tmp_path: Path) -> None:
    now_s = [1000.0]
    cache = open_cache(tmp_path, max_bytes=2**20, clock=lambda: now_s[0])
    keys = [f"key {number}" for number in range(2000)]
    for key in keys:
        now_s[0] += 1
        assert await cache.set(key, b"x" * 1000)
        await cache.get("key 5")
    found = list(await get_all(cache, keys))
    assert found == keys[-len(found) :]
    assert len(found) > 100
    stats = cache.get_stats()
    assert (stats["entries"], stats["evictions"]) == (len(found), 2000 - len(found))
    assert (stats["problem"], stats["errors"]) == (None, 0)
    assert file_of(tmp_path).stat().st_size <= 2**19
    cache.close()


async def test_values_of_very_different_size_fit(tmp_path: Path) -> None:
    with closing(open_cache(tmp_path, max_bytes=2**20)) as cache:
        for number in range(300):
            assert await cache.set(f"key {number}", os.urandom(100_000 if number % 20 == 0 else 10))
            assert await cache.get(f"key {number}") is not None
        assert cache.get_stats()["errors"] == 0


def test_files_are_private(tmp_path: Path, cache: CacheManager) -> None:
    asyncio.run(cache.set("key", 1))
    files = list((tmp_path / "temp").rglob("*"))
    assert files
    for path in (tmp_path / "temp", *files):
        assert path.stat().st_mode & 0o077 == 0, path


def test_missing_close_neither_hangs_the_exit_nor_loses_a_write(tmp_path: Path) -> None:
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


async def test_close_commits_what_is_queued(tmp_path: Path) -> None:
    cache = open_cache(tmp_path)
    setting = asyncio.create_task(cache.set("key", 1))
    await asyncio.sleep(0)
    cache.close()
    assert await setting
    with closing(open_cache(tmp_path)) as again:
        assert await again.get("key") == 1


def test_default_directories() -> None:
    standalone = default_directories({"XDG_CACHE_HOME": "/x"})
    assert standalone == (Path("/x/stocksup/standalone/temp"), Path("/x/stocksup/standalone/perm"))
    assert default_directories({"HOME": "/home/a"})[0] == Path("/home/a/.cache/stocksup/standalone/temp")
    environ = {"STOCKSUP_CACHE_DIR": "/t", "STOCKSUP_CACHE_PERM_DIR": "/p"}
    assert default_directories(environ) == (Path("/t"), Path("/p"))


# --- a process that is prepared, serves, and serves again ---


async def test_suspended_cache_keeps_nothing_until_it_gets_directories(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOCKSUP_ROLE", "prepared")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "standalone"))
    monkeypatch.setattr(shared, "_named", None)
    cache = CacheManager()
    assert not await cache.set("key", 1)
    assert await cache.get_or_set("key", return_made) == "made"
    assert (await cache.get("key"), await cache.clear(), await cache.clear_expired()) == (None, 0, 0)
    assert cache.health()["problem"] is None
    assert not list(tmp_path.iterdir()), "another process uses the files"

    cache.resume(tmp_path / "temp", tmp_path / "perm")
    with closing(CacheManager()) as second:
        await cache.set("temp", 1)
        await cache.set("perm", 2, permanent=True)
        assert await get_all(second, ["temp", "perm"]) == {"temp": 1, "perm": 2}
        assert await cache.flush("none") == 0
        cache.suspend()
        assert await get_all(second, ["temp", "perm"]) == {}, "for all managers"
        with closing(open_cache(tmp_path / "serving")) as other:
            await other.set("its own", 3)
        cache.resume(tmp_path / "serving" / "temp", tmp_path / "perm")
        assert await get_all(second, ["temp", "perm", "its own"]) == {"perm": 2, "its own": 3}
        assert await second.set("key", 4), "it is not sealed any more"
    cache.resume(tmp_path / "serving" / "temp", tmp_path / "perm")
    assert await cache.get("key") == 4
    cache.close()


# --- statistics, logs ---


async def test_stats(cache: CacheManager, clock: Clock) -> None:
    await cache.set("a", 1)
    await cache.set("a", 2)
    clock.now_s += 100
    await cache.set("b", 1, permanent=True, expires_in=10)
    await cache.set("c", 1)
    for key in ("a", "b", "none"):
        await cache.get(key)
    await cache.delete("c")
    clock.now_s += 240
    await cache.clear_expired()
    stats = cache.get_stats()
    counted = ("entries", "temporary", "permanent", "hits", "misses", "sets", "deletes", "expired", "errors", "problem")
    assert [stats[name] for name in counted] == [1, 1, 0, 2, 1, 4, 1, 1, 0, None]
    assert stats["hit_ratio"] == 0.6667
    assert 0 < stats["bytes"] < stats["size_bytes"]
    assert set(cache.health()) < set(stats)


async def test_stats_after_reopening(tmp_path: Path) -> None:
    with closing(open_cache(tmp_path)) as cache:
        await set_all(cache, {str(number): number for number in range(1000)}, permanent=True)
        await cache.delete("5")
        before = cache.get_stats()
    with closing(open_cache(tmp_path)) as cache:
        after = cache.get_stats()
    assert after["entries"] == 999
    for name in ("entries", "permanent", "bytes"):
        assert after[name] == before[name], name


async def test_operations_are_logged_without_values(cache: CacheManager, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "botapp.ext")
    await cache.set("a", "secret", expires_in=5)
    await cache.get("a")
    await cache.get_or_set("b", return_made)
    await cache.delete("a")
    await cache.clear_expired()
    await cache.clear_temporary()
    await cache.clear()
    assert [line for line in caplog.messages if line.startswith("cache.")] == [
        "cache.set key=a permanent=False expires_in=5 kept=True",
        "cache.get key=a hit=True",
        "cache.get key=b hit=False",
        "cache.delete key=a removed=True",
        "cache.clear_expired removed=0",
        "cache.clear_temporary removed=1",
        "cache.clear removed=0",
    ]
    assert "secret" not in caplog.text
    assert {record.levelno for record in caplog.records if "clear" in record.getMessage()} == {logging.INFO}
