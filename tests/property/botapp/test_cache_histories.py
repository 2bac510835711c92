"""Random histories of the cache beside a plain dict, with a clock that is set by hand, on real files."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from botapp.ext.cache_manager import CacheManager

_T = TypeVar("_T")

SPACES = st.sampled_from(["", "a", "ab"])
KEYS = st.sampled_from(["k", "key", "schlüssel", "a:b"])
PLAIN = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=20) | st.binary(max_size=20)
VALUES = PLAIN | st.lists(PLAIN, max_size=3) | st.dictionaries(st.text(max_size=5), PLAIN, max_size=3)
TIMES = st.none() | st.floats(0.5, 50)


class Entry:
    def __init__(self, value: Any, expires_at: float | None, permanent: bool) -> None:
        self.value, self.expires_at, self.permanent = value, expires_at, permanent


class CacheHistories(RuleBasedStateMachine):
    """`self.model` is what a cache that forgets nothing by itself has to hold."""

    @initialize()
    def begin(self) -> None:
        self.now_s = 1000.0
        self.loop = asyncio.new_event_loop()
        self.directory = tempfile.TemporaryDirectory(prefix="stocksup-cache-")
        self.life = 0
        self.model: dict[tuple[str, str], Entry] = {}
        self.open()

    def open(self) -> None:
        path = Path(self.directory.name)
        self.cache = CacheManager(temp_dir=path / f"temp-{self.life}", perm_dir=path / "perm", clock=lambda: self.now_s)

    def teardown(self) -> None:
        if hasattr(self, "cache"):
            self.cache.close()
            self.loop.close()
            self.directory.cleanup()

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        return self.loop.run_until_complete(work)

    def there(self, space: str, key: str) -> Entry | None:
        entry = self.model.get((space, key))
        return entry if entry and (entry.expires_at is None or entry.expires_at > self.now_s) else None

    def until(self, expires_in: float | None) -> float | None:
        return None if expires_in is None else self.now_s + expires_in

    @rule(space=SPACES, key=KEYS, value=VALUES, expires_in=TIMES, permanent=st.booleans())
    def set(self, space: str, key: str, value: Any, expires_in: float | None, permanent: bool) -> None:
        assert self.run(self.cache.namespace(space).set(key, value, expires_in, permanent))
        self.model[space, key] = Entry(value, self.until(expires_in), permanent)

    @rule(space=SPACES, values=st.dictionaries(KEYS, VALUES), expires_in=TIMES, permanent=st.booleans())
    def set_many(self, space: str, values: dict[str, Any], expires_in: float | None, permanent: bool) -> None:
        assert self.run(self.cache.namespace(space).set_many(values, expires_in, permanent)) == len(values)
        for key, value in values.items():
            self.model[space, key] = Entry(value, self.until(expires_in), permanent)

    @rule(space=SPACES, key=KEYS, value=VALUES, expires_in=TIMES, permanent=st.booleans())
    def add(self, space: str, key: str, value: Any, expires_in: float | None, permanent: bool) -> None:
        added = self.run(self.cache.namespace(space).add(key, value, expires_in, permanent))
        assert added == (self.there(space, key) is None)
        if added:
            self.model[space, key] = Entry(value, self.until(expires_in), permanent)

    @rule(space=SPACES, key=KEYS, value=VALUES, expires_in=TIMES, permanent=st.booleans())
    def get_or_set(self, space: str, key: str, value: Any, expires_in: float | None, permanent: bool) -> None:
        async def make() -> Any:
            return value

        found = self.run(self.cache.namespace(space).get_or_set(key, make, expires_in, permanent))
        if (entry := self.there(space, key)) is None:
            entry = self.model[space, key] = Entry(value, self.until(expires_in), permanent)
        assert found == entry.value

    @rule(space=SPACES, key=KEYS, by=st.integers(-3, 2**62), expires_in=TIMES, permanent=st.booleans())
    def incr(self, space: str, key: str, by: int, expires_in: float | None, permanent: bool) -> None:
        entry = self.there(space, key) or Entry(0, self.until(expires_in), permanent)
        fits = type(entry.value) is int and -(2**63) <= entry.value + by < 2**64
        try:
            total = self.run(self.cache.namespace(space).incr(key, by, expires_in, permanent))
        except TypeError:
            assert not fits
            return
        assert fits
        assert total == entry.value + by
        entry.value = total
        self.model[space, key] = entry

    @rule(space=SPACES, key=KEYS)
    def delete(self, space: str, key: str) -> None:
        # what has expired may be swept already
        expired = (space, key) in self.model and self.there(space, key) is None
        deleted = self.run(self.cache.namespace(space).delete(key))
        assert expired or deleted == ((space, key) in self.model)
        self.model.pop((space, key), None)

    @rule()
    def clear(self) -> None:
        assert self.living() <= self.run(self.cache.clear()) <= len(self.model)
        self.model = {}

    @rule()
    def clear_temporary(self) -> None:
        self.run(self.cache.clear_temporary())
        self.model = {key: entry for key, entry in self.model.items() if entry.permanent}

    @rule(space=SPACES)
    def clear_namespace(self, space: str) -> None:
        removed = self.run(self.cache.clear(namespace=space))
        gone = [key for key in self.model if key[0] == space]
        assert sum(self.there(*key) is not None for key in gone) <= removed <= len(gone)
        for key in gone:
            del self.model[key]

    @rule()
    def clear_expired(self) -> None:
        assert self.run(self.cache.clear_expired()) <= len(self.model) - self.living()
        self.model = {key: entry for key, entry in self.model.items() if self.there(*key)}
        assert self.cache.get_stats()["entries"] == len(self.model)

    @rule(seconds=st.floats(0.1, 60))
    def time_passes(self, seconds: float) -> None:
        self.now_s += seconds

    @rule()
    def next_life(self) -> None:
        self.cache.close()
        self.life += 1
        self.model = {key: entry for key, entry in self.model.items() if entry.permanent}
        self.open()

    @rule()
    def the_same_files_again(self) -> None:
        self.cache.close()
        self.open()

    @invariant()
    def all_is_there_and_nothing_else(self) -> None:
        if not hasattr(self, "cache"):
            return
        for space in ("", "a", "ab"):
            keys = ["k", "key", "schlüssel", "a:b"]
            found = self.run(self.cache.namespace(space).get_many(keys))
            wanted = {key: entry.value for key in keys if (entry := self.there(space, key))}
            assert found == wanted
        stats = self.cache.get_stats()
        assert self.living() <= stats["entries"] <= len(self.model)
        assert stats["errors"] == 0
        assert sum(one["entries"] for one in stats["namespaces"].values()) == stats["entries"]

    def living(self) -> int:
        return sum(self.there(*key) is not None for key in self.model)


CacheHistories.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestCacheHistories = CacheHistories.TestCase
