"""Random histories of the cache beside a plain dict, with a clock set by hand, on real files."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from botapp.ext.cache_manager import CacheManager
from tests.support import depth
from tests.support.cache import get_all

_T = TypeVar("_T")

ALL_KEYS = ["k", "key", "schlüssel", "a:b"]
KEYS = st.sampled_from(ALL_KEYS)
PLAIN = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=20) | st.binary(max_size=20)
VALUES = PLAIN | st.lists(PLAIN, max_size=3) | st.dictionaries(st.text(max_size=5), PLAIN, max_size=3)
TIMES = st.none() | st.floats(0.5, 50)


class Entry(NamedTuple):
    value: Any
    expires_at: float | None
    permanent: bool


class CacheHistories(RuleBasedStateMachine):
    """`self.model` is what a cache has to hold that evicts nothing."""

    @initialize()
    def begin(self) -> None:
        self.now_s = 1000.0
        self.loop = asyncio.new_event_loop()
        self.directory = tempfile.TemporaryDirectory(prefix="stocksup-cache-")
        self.life = 0
        self.model: dict[str, Entry] = {}
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

    def living(self) -> dict[str, Entry]:
        return {key: e for key, e in self.model.items() if e.expires_at is None or e.expires_at > self.now_s}

    def put(self, key: str, value: Any, expires_in: float | None, permanent: bool) -> None:
        self.model[key] = Entry(value, None if expires_in is None else self.now_s + expires_in, permanent)

    @rule(key=KEYS, value=VALUES, expires_in=TIMES, permanent=st.booleans())
    def set(self, key: str, value: Any, expires_in: float | None, permanent: bool) -> None:
        assert self.run(self.cache.set(key, value, expires_in, permanent))
        self.put(key, value, expires_in, permanent)

    @rule(key=KEYS, values=st.lists(VALUES, min_size=2, max_size=5), permanent=st.booleans())
    def set_at_the_same_time(self, key: str, values: list[Any], permanent: bool) -> None:
        async def work() -> list[bool]:
            sets = (self.cache.set(key, value, None, permanent == (n % 2 == 0)) for n, value in enumerate(values))
            return await asyncio.gather(*sets)

        assert all(self.run(work()))
        self.put(key, values[-1], None, permanent == (len(values) % 2 == 1))

    @rule(key=KEYS, value=VALUES, expires_in=TIMES, permanent=st.booleans())
    def get_or_set(self, key: str, value: Any, expires_in: float | None, permanent: bool) -> None:
        async def make() -> Any:
            return value

        found = self.run(self.cache.get_or_set(key, make, expires_in, permanent))
        if key not in self.living():
            self.put(key, value, expires_in, permanent)
        assert found == self.model[key].value

    @rule(key=KEYS)
    def delete(self, key: str) -> None:
        deleted = self.run(self.cache.delete(key))
        # an expired entry may have been swept already
        assert deleted == (key in self.model) or (key in self.model and key not in self.living())
        self.model.pop(key, None)

    @rule()
    def clear(self) -> None:
        assert len(self.living()) <= self.run(self.cache.clear()) <= len(self.model)
        self.model = {}

    @rule()
    def clear_temporary(self) -> None:
        self.run(self.cache.clear_temporary())
        self.model = {key: entry for key, entry in self.model.items() if entry.permanent}

    @rule()
    def clear_expired(self) -> None:
        living = self.living()
        assert self.run(self.cache.clear_expired()) <= len(self.model) - len(living)
        self.model = living
        assert self.cache.get_stats()["entries"] == len(living)

    @rule(seconds=st.floats(0.1, 60))
    def time_passes(self, seconds: float) -> None:
        self.now_s += seconds

    @rule(is_next_life=st.booleans())
    def reopen(self, is_next_life: bool) -> None:
        self.cache.close()
        if is_next_life:
            self.life += 1
            self.model = {key: entry for key, entry in self.model.items() if entry.permanent}
        self.open()

    @invariant()
    def cache_holds_the_model(self) -> None:
        if not hasattr(self, "cache"):
            return
        living = self.living()
        assert self.run(get_all(self.cache, ALL_KEYS)) == {key: entry.value for key, entry in living.items()}
        stats = self.cache.get_stats()
        assert len(living) <= stats["entries"] <= len(self.model)
        assert stats["errors"] == 0


CacheHistories.TestCase.settings = settings(max_examples=depth.count(40, 6), stateful_step_count=40, deadline=None)
TestCacheHistories = CacheHistories.TestCase
