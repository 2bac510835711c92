"""What a life learns from its environment."""

from __future__ import annotations

from pathlib import Path

from supervisor.client import LifeEnvironment

ENVIRON = {"STOCKSUP_SOCKET": "/s", "STOCKSUP_PROGRAM": "bot", "STOCKSUP_LIFE": "7"}
CACHE = {"STOCKSUP_CACHE_DIR": "/t", "STOCKSUP_CACHE_PERM_DIR": "/p"}


def test_a_life_that_serves_at_once_has_cache_directories() -> None:
    life = LifeEnvironment.read({**ENVIRON, **CACHE})
    assert life == LifeEnvironment(Path("/s"), "bot", 7, Path("/t"), Path("/p"))
    assert LifeEnvironment.read(ENVIRON) is None
    assert LifeEnvironment.read(CACHE) is None


def test_a_prepared_life_has_none_yet() -> None:
    life = LifeEnvironment.read({**ENVIRON, "STOCKSUP_ROLE": "prepared"})
    assert life == LifeEnvironment(Path("/s"), "bot", 7, None, None, is_prepared=True)
