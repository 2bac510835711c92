"""`CacheManager` beyond set and get: many at once, one computation for all, counting, namespaces, types, logs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from botapp.ext.cache_manager import CacheManager


class Price(msgspec.Struct):
    code: str
    amount: int


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


def open_cache(path: Path, clock: Clock, expires_in: float | None = None) -> CacheManager:
    return CacheManager(temp_dir=path / "temp", perm_dir=path / "perm", clock=clock, expires_in=expires_in)


# --- many ---


def test_many_at_once(cache: CacheManager) -> None:
    async def scene() -> None:
        assert await cache.set_many({str(number): number for number in range(3000)}) == 3000
        found = await cache.get_many([*map(str, range(10)), "none"])
        assert found == {str(number): number for number in range(10)}
        with pytest.raises(TypeError, match="'bad'"):
            await cache.set_many({"good": 1, "bad": object()})
        assert await cache.get("good") is None, "all or none"

    asyncio.run(scene())


# --- one computation ---


def test_get_or_set_computes_once_for_all_who_wait(cache: CacheManager) -> None:
    calls: list[int] = []

    async def scene() -> None:
        go = asyncio.Event()

        async def make() -> str:
            calls.append(1)
            await go.wait()
            return "made"

        waiting = [asyncio.create_task(cache.get_or_set("key", make)) for _ in range(50)]
        await asyncio.sleep(0)
        go.set()
        assert await asyncio.gather(*waiting) == ["made"] * 50
        assert await cache.get_or_set("key", make) == "made"
        assert calls == [1]

    asyncio.run(scene())


def test_get_or_set_keeps_none_too(cache: CacheManager) -> None:
    calls: list[int] = []

    async def make() -> None:
        calls.append(1)

    async def scene() -> None:
        await cache.get_or_set("key", make)
        await cache.get_or_set("key", make)
        assert await cache.get("key", "default") is None

    asyncio.run(scene())
    assert calls == [1]


def test_an_exception_reaches_all_and_is_not_kept(cache: CacheManager) -> None:
    async def scene() -> None:
        async def fail() -> str:
            await asyncio.sleep(0)
            raise LookupError("no")

        async def make() -> str:
            return "made"

        outcomes = await asyncio.gather(*(cache.get_or_set("key", fail) for _ in range(5)), return_exceptions=True)
        assert [repr(one) for one in outcomes] == ["LookupError('no')"] * 5
        assert await cache.get_or_set("key", make) == "made"

    asyncio.run(scene())


def test_a_first_who_gives_up_takes_nobody_along(cache: CacheManager) -> None:
    async def scene() -> None:
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

    asyncio.run(scene())


def test_when_all_give_up_the_computation_ends(cache: CacheManager) -> None:
    async def scene() -> None:
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

    asyncio.run(scene())


@pytest.mark.parametrize("how", ["set", "delete", "clear", "namespace", "view", "clear_temporary", "incr", "set_many"])
def test_what_changes_meanwhile_goes_before_what_was_computed(cache: CacheManager, how: str) -> None:
    space = cache.namespace("space")

    async def scene() -> None:
        go = asyncio.Event()

        async def old() -> str:
            await go.wait()
            return "old"

        async def new() -> str:
            return "new"

        waiting = asyncio.create_task(space.get_or_set("key", old))
        await asyncio.sleep(0.01)
        change: dict[str, Callable[[], Awaitable[object]]] = {
            "set": lambda: space.set("key", "set"),
            "set_many": lambda: space.set_many({"key": "set"}),
            "incr": lambda: space.incr("key"),
            "delete": lambda: space.delete("key"),
            "clear": cache.clear,
            "clear_temporary": cache.clear_temporary,
            "namespace": lambda: cache.clear(namespace="space"),
            "view": space.clear,
        }
        await change[how]()
        there = await space.get("key", "nothing")
        fresh = await space.get_or_set("key", new)
        assert fresh == (there if there != "nothing" else "new"), "who asks now gets nothing old"
        go.set()
        assert await waiting == "old", "who asked before gets what was then"
        assert await space.get("key") == fresh

    asyncio.run(scene())


# --- add, incr ---


def test_add_keeps_what_is_there(cache: CacheManager, clock: Clock) -> None:
    async def scene() -> None:
        assert await cache.add("key", 1, expires_in=10)
        assert not await cache.add("key", 2)
        assert not await cache.add("key", 3, permanent=True)
        assert await cache.get("key") == 1
        clock.now_s += 10
        assert await cache.add("key", 4), "what has expired is not there"
        assert await cache.get("key") == 4

    asyncio.run(scene())


def test_of_many_who_add_one_succeeds(cache: CacheManager) -> None:
    async def scene() -> None:
        outcomes = await asyncio.gather(*(cache.add("key", number) for number in range(100)))
        assert outcomes.count(True) == 1
        assert await cache.get("key") == outcomes.index(True)

    asyncio.run(scene())


def test_incr_loses_none(cache: CacheManager) -> None:
    async def scene() -> None:
        sums = await asyncio.gather(*(cache.incr("key", 2) for _ in range(200)))
        assert sums == list(range(2, 402, 2))
        assert await cache.incr("key", -401) == -1

    asyncio.run(scene())


def test_incr_leaves_expiry_and_place_alone(cache: CacheManager, clock: Clock) -> None:
    async def scene() -> None:
        await cache.incr("key", expires_in=10, permanent=True)
        clock.now_s += 9
        assert await cache.incr("key", expires_in=100) == 2
        assert cache.get_stats()["permanent"] == 1
        clock.now_s += 1
        assert await cache.get("key") is None
        assert await cache.incr("key") == 1

    asyncio.run(scene())


def test_incr_of_something_else_is_refused_and_nobody_else_suffers(cache: CacheManager) -> None:
    async def scene() -> None:
        await cache.set_many({"text": "a", "truth": True, "large": 2**63})
        outcomes = await asyncio.gather(
            cache.set("before", 1),
            cache.incr("text"),
            cache.incr("truth"),
            cache.incr("large", 2**64),
            cache.set("after", 1),
            return_exceptions=True,
        )
        assert [type(one) for one in outcomes] == [bool, TypeError, TypeError, TypeError, bool]
        assert await cache.get_many(["text", "truth", "large", "before", "after"]) == {
            "text": "a",
            "truth": True,
            "large": 2**63,
            "before": 1,
            "after": 1,
        }

    asyncio.run(scene())


# --- namespaces, types, expiry ---


def test_namespaces_share_files_and_keep_apart(cache: CacheManager) -> None:
    async def scene() -> None:
        one, two = cache.namespace("one"), cache.namespace("one.two")
        for number, part in enumerate((cache, one, two)):
            await part.set("key", number)
            await part.set("permanent", number, permanent=True)
        assert [await part.get("key") for part in (cache, one, two)] == [0, 1, 2]
        shown = cache.get_stats()["namespaces"]
        assert {name: facts["entries"] for name, facts in shown.items()} == {"": 2, "one": 2, "one.two": 2}
        assert await one.clear_temporary() == 1
        assert await cache.clear(namespace="one") == 1
        assert await two.clear() == 2
        assert [await part.get("key") for part in (cache, one, two)] == [0, None, None]
        assert await cache.clear() == 2

    asyncio.run(scene())


def test_a_namespace_of_many_is_cleared_and_expires_by_itself(cache: CacheManager, clock: Clock) -> None:
    async def scene() -> None:
        many = cache.namespace("many", expires_in=10)
        await many.set_many({str(number): number for number in range(2500)})
        await cache.set("other", 1, expires_in=10)
        clock.now_s += 10
        assert await many.clear_expired() == 2500
        assert await cache.clear_expired() == 1
        await many.set_many({str(number): number for number in range(2500)})
        assert await cache.clear(namespace="many") == 2500
        assert cache.get_stats()["entries"] == 0

    asyncio.run(scene())


@pytest.mark.parametrize("name", ["a:b", "x" * 51])
def test_names_of_namespaces_are_bounded(cache: CacheManager, name: str) -> None:
    with pytest.raises(ValueError, match="is no namespace"):
        cache.namespace(name)


def test_read_as_a_type(cache: CacheManager) -> None:
    async def scene() -> None:
        await cache.set("price", Price("A", 5))
        await cache.set("many", [Price("A", 5)])
        assert await cache.get("price", type=Price) == Price("A", 5)
        assert await cache.get("many", type=list[Price]) == [Price("A", 5)]
        assert await cache.get("price") == {"code": "A", "amount": 5}
        await cache.set("old", {"code": "A"})
        assert await cache.get("old", type=Price) is None, "of an older version of the code"
        assert await cache.get("old", Price("", 0), type=Price) == Price("", 0)

    asyncio.run(scene())


def test_default_expiry(tmp_path: Path, clock: Clock) -> None:
    async def scene() -> None:
        async with open_cache(tmp_path, clock, expires_in=10) as cache:
            await cache.set("default", 1)
            await cache.set("never", 1, expires_in=None)
            await cache.set("longer", 1, expires_in=20)
            await cache.namespace("space", expires_in=5).set("shorter", 1)
            found = []
            for _ in range(4):
                keys = await cache.get_many(["default", "never", "longer"])
                found.append((sorted(keys), await cache.namespace("space").get("shorter")))
                clock.now_s += 5
            assert found == [
                (["default", "longer", "never"], 1),
                (["default", "longer", "never"], None),
                (["longer", "never"], None),
                (["longer", "never"], None),
            ]

    asyncio.run(scene())


def test_leaving_the_block_closes_but_for_those_who_still_use_it(tmp_path: Path, clock: Clock) -> None:
    async def scene() -> None:
        outer = open_cache(tmp_path, clock)
        async with open_cache(tmp_path, clock) as inner:
            await inner.set("key", 1)
        assert not await inner.set("key", 2)
        assert await inner.get("key") is None
        assert await outer.get("key") == 1
        outer.close()
        assert outer.get_stats()["problem"]

    asyncio.run(scene())


def test_a_clock_that_was_set_back_revives_nothing(cache: CacheManager, clock: Clock) -> None:
    async def scene() -> None:
        await cache.set("expires", 1, expires_in=10)
        await cache.set("stays", 1)
        clock.now_s -= 3600
        assert await cache.get("expires") is None, "nobody knows how old it is"
        assert await cache.get("stays") == 1
        await cache.set("new", 1, expires_in=10)
        assert await cache.get("new") == 1
        clock.now_s += 10
        assert await cache.get("new") is None

    asyncio.run(scene())


# --- logs, figures ---


def test_every_operation_is_logged_and_no_value(cache: CacheManager, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "botapp.ext")

    async def make() -> str:
        return "secret"

    async def scene() -> None:
        await cache.set("a", "secret", expires_in=5)
        await cache.get("a")
        await cache.add("b", "secret")
        await cache.incr("c")
        await cache.get_or_set("d", make)
        await cache.set_many({"e": "secret"})
        await cache.delete("a")
        await cache.namespace("space").clear()
        await cache.clear(namespace="other")
        await cache.clear_expired()
        await cache.clear_temporary()
        await cache.clear()

    asyncio.run(scene())
    lines = [record.getMessage() for record in caplog.records if record.getMessage().startswith("cache.")]
    assert lines == [
        "cache.set key=a permanent=False expires_in=5 kept=True",
        "cache.get key=a hit=True",
        "cache.add key=b permanent=False kept=True",
        "cache.incr key=c by=1 kept=True",
        "cache.get key=d hit=False",
        "cache.set_many keys=1 permanent=False kept=1",
        "cache.delete key=a removed=1",
        "cache.clear namespace=space removed=0",
        "cache.clear namespace=other removed=0",
        "cache.clear_expired removed=0",
        "cache.clear_temporary removed=4",
        "cache.clear removed=0",
    ]
    assert "secret" not in caplog.text
    assert {record.levelno for record in caplog.records if "clear" in record.getMessage()} == {logging.INFO}


def test_figures(cache: CacheManager, clock: Clock) -> None:
    async def scene() -> None:
        await cache.set("old", 1)
        clock.now_s += 100
        await cache.set("new", 1, permanent=True, expires_in=10)
        for key in ("old", "new", "none"):
            await cache.get(key)
        clock.now_s += 240
        await cache.get("none")
        await cache.clear_expired()

    asyncio.run(scene())
    stats = cache.get_stats()
    assert stats["oldest_entry"] == 1000.0
    assert stats["kinds"]["temporary"]["oldest_entry"] == 1000.0
    assert stats["kinds"]["permanent"] == {"entries": 0, "bytes": 0, "oldest_entry": None}
    assert stats["kinds"]["temporary"]["bytes"] == stats["bytes"] > 0
    assert (stats["hits"], stats["misses"], stats["hit_ratio"], stats["expired"]) == (2, 2, 0.5, 1)
    assert stats["history"]["hits"][-3:] == [2, 0, 0]
    assert stats["history"]["misses"][-3:] == [1, 0, 1]
    assert 0 < stats["get"]["p50_us"] <= stats["get"]["p99_us"]
    assert stats["set"]["count"] == 2
    assert set(cache.health()) < set(stats)


def test_figures_are_there_right_after_opening(tmp_path: Path, clock: Clock) -> None:
    async def scene() -> None:
        async with open_cache(tmp_path, clock) as cache:
            await cache.namespace("a").set_many({str(number): number for number in range(1000)}, permanent=True)
            await cache.namespace("a").delete("5")
            before = cache.get_stats()
        async with open_cache(tmp_path, clock) as cache:
            after = cache.get_stats()
        for name in ("entries", "permanent", "bytes", "oldest_entry", "kinds"):
            assert after[name] == before[name], name
        assert after["entries"] == 999
        assert after["namespaces"]["a"]["entries"] == 999

    asyncio.run(scene())


def test_keys_that_change_places_at_the_same_time(cache: CacheManager) -> None:
    async def scene() -> None:
        keys = [str(number) for number in range(40)]
        for turn in range(4):
            work = (cache.set(key, turn, permanent=(number + turn) % 2 == 0) for number, key in enumerate(keys))
            assert all(await asyncio.gather(*work))
            assert await cache.get_many(keys) == dict.fromkeys(keys, turn)
            stats = cache.get_stats()
            assert (stats["temporary"], stats["permanent"], stats["errors"]) == (20, 20, 0)

    asyncio.run(scene())
