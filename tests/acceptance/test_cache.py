"""Which entries the next life finds, and the commands about the cache."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from botapp.ext.cache_manager import CacheManager
from tests.support import python_process
from tests.support.cache import get_all, set_all
from tests.support.discord.control import Json
from tests.support.shop.shop import PATIENCE_S, Shop, shop, text

pytestmark = pytest.mark.sampled

POLICIES = ("all", "temporary", "expired", "none")
#: whether the next life finds temporary and permanent entries, by policy
FOUND = {"all": (False, False), "temporary": (False, True), "expired": (True, True), "none": (True, True)}


@contextmanager
def leaky_shop(directory: Path, *words: str) -> Iterator[Shop]:
    with shop(directory) as toko:
        command = ["python", "-m", "tests.support.discord.leaky_bot", *words]
        toko.config.write_text(f"{toko.config.read_text()}command = {json.dumps(command)}\n")
        yield toko


def set_policies(toko: Shop, *, restart: str, crash: str) -> None:
    """Configure the flush policies."""
    before = re.sub(r"\n\[cache\][^\[]*", "\n", toko.config.read_text())
    toko.config.write_text(f'{before}\n[cache]\nflush_on_restart = "{restart}"\nflush_on_crash = "{crash}"\n')
    toko.ask("reload")


def read_cache(toko: Shop, life: int, keys: list[str]) -> dict[str, Any]:
    """Return the entries in the cache of a life."""
    root = toko.directory / "state" / "cache" / "bot"

    async def work() -> dict[str, Any]:
        with closing(CacheManager(temp_dir=root / f"temp-{life}", perm_dir=root / "perm")) as cache:
            return await get_all(cache, keys)

    return asyncio.run(work())


def wait_for_cache(toko: Shop, life: int, keys: list[str]) -> None:
    """Wait until the cache of a life has these entries."""
    toko.wait_for(lambda: len(read_cache(toko, life, keys)) == len(keys))


def restart(toko: Shop) -> Json:
    report: Json = toko.ask("restart", reason="test", wait=True)["report"]
    assert report["handover"]
    toko.wait_until_alone()
    return report


def crash(toko: Shop) -> Json:
    before = toko.program()
    os.kill(before["pid"], 9)
    toko.wait_for_state("bot", "RUNNING", life=before["life"] + 1)
    report: Json = toko.wait_for(lambda: toko.ask("history")["history"])[0]
    return report


def restart_after_adoption(toko: Shop) -> Json:
    toko.kill_supervisor()
    toko.start_supervisor()
    toko.wait_for(lambda: toko.program()["linked"])
    return restart(toko)


def crash_without_supervisor(toko: Shop) -> Json:
    before = toko.program()
    toko.kill_supervisor()
    os.kill(before["pid"], 9)
    toko.start_supervisor()
    toko.wait_for_state("bot", "RUNNING", life=before["life"] + 1)
    return {"flushed_entries": None}


@pytest.mark.parametrize("end", [restart, crash, restart_after_adoption, crash_without_supervisor])
def test_next_life_finds_what_the_policy_keeps(tmp_path: Path, end: Callable[[Shop], Json]) -> None:
    crashes = end in (crash, crash_without_supervisor)
    with leaky_shop(tmp_path / "toko") as toko:
        toko.start()
        for policy in POLICIES:
            other = "none" if policy == "all" else "all"
            set_policies(toko, restart=other if crashes else policy, crash=policy if crashes else other)
            life = toko.program()["life"]
            own = [f"temp of {life}", f"perm of {life}"]
            short = [f"short temp of {life}", f"short perm of {life}"]
            late = [f"late {life} True"]
            wait_for_cache(toko, life, own)
            assert sorted(read_cache(toko, life, [*own, *short])) == sorted(own)
            report = end(toko)
            assert toko.program()["life"] == life + 1
            found = read_cache(toko, life + 1, [*own, *short, *late])
            wanted = [key for key, there in zip(own, FOUND[policy], strict=True) if there]
            assert sorted(found) == sorted(wanted), policy
            if crashes:
                assert report["flushed_entries"] is None, "a crash counts nothing"
            else:
                assert report["flushed_entries"] == logged_count(toko, policy)
        caches = tmp_path / "toko" / "state" / "cache" / "bot"
        assert [path.name for path in caches.glob("temp-*")] == [f"temp-{toko.program()['life']}"]


def logged_count(toko: Shop, policy: str) -> int:
    """Return the number of entries that the last drain has logged."""
    if policy == "none":
        return 0
    name = {"all": "clear", "temporary": "clear_temporary", "expired": "clear_expired"}[policy]
    return int(re.findall(rf"cache\.{name} removed=(\d+)", toko.log())[-1])


@pytest.mark.parametrize("policy", ["all", "temporary"])
def test_entries_written_without_the_manager_go_with_their_life(tmp_path: Path, policy: str) -> None:
    with leaky_shop(tmp_path / "toko", "files") as toko:
        toko.start()
        set_policies(toko, restart=policy, crash=policy)
        for end in (restart, crash, restart_after_adoption, crash_without_supervisor):
            life = toko.program()["life"]
            end(toko)
            assert read_cache(toko, life + 1, [f"behind {life}", f"late {life} True"]) == {}


# --- commands ---


def stocksup(toko: Shop, *words: str) -> subprocess.CompletedProcess[str]:
    return python_process.run("supervisor.cli", *words, env=toko.environ(), timeout_s=PATIENCE_S)


def fill(toko: Shop, life: int) -> None:
    root = toko.directory / "state" / "cache" / "bot"

    async def work() -> None:
        with closing(CacheManager(temp_dir=root / f"temp-{life}", perm_dir=root / "perm")) as cache:
            await cache.clear()
            await set_all(cache, {"a": 1, "b": 2})
            await cache.set("perm", 1, permanent=True)
            await cache.set("short", 1, expires_in=0.001)

    asyncio.run(work())


def entries(toko: Shop) -> tuple[int, int]:
    stats = toko.ask("cache", action="stats")["stats"]
    return stats["temporary"], stats["permanent"]


def test_cache_commands(tmp_path: Path) -> None:
    with shop(tmp_path / "toko") as toko:
        toko.start()
        fill(toko, 1)
        toko.ask("cache", action="clear", scope="expired")
        shown = json.loads(stocksup(toko, "cache", "stats", "--json").stdout)
        assert (shown["entries"], shown["temporary"], shown["problem"]) == (3, 2, None)
        assert stocksup(toko, "cache", "stats").stdout.startswith("🗃️")
        for option, left in ((None, (2, 1)), ("--expired", (2, 1)), ("--temporary", (0, 1)), ("--all", (0, 0))):
            fill(toko, 1)
            done = stocksup(toko, "cache", "clear", *([option] if option else []), "--json")
            assert done.returncode == 0, done.stderr
            what = (option or "--expired").removeprefix("--")
            assert json.loads(done.stdout)["scope"] == what
            removed = json.loads(done.stdout)["removed"]
            # the short entry may have been swept already
            assert removed in {"expired": (0, 1), "temporary": (2, 3), "all": (3, 4)}[what]
            if what == "expired":
                toko.ask("cache", action="clear", scope="expired")
            assert entries(toko) == left
        toko.discord.say("Admin", "!cache stats")
        toko.discord.wait_for_message("Admin", lambda message: "🗃️ Cache: 0 " in text(message))


def test_cache_commands_while_the_bot_is_stopped(tmp_path: Path) -> None:
    with shop(tmp_path / "toko", extra='[cache]\nflush_on_restart = "none"\n') as toko:
        toko.start()
        fill(toko, 1)
        toko.ask("stop", program="bot", wait=True)
        refused = stocksup(toko, "cache", "stats")
        assert (refused.returncode, refused.stdout) == (3, "")
        assert stocksup(toko, "cache", "clear").returncode == 3, "only the bot can delete expired entries"
        keys = ["perm"]
        assert sorted(read_cache(toko, 2, keys)) == keys
        assert json.loads(stocksup(toko, "cache", "clear", "--temporary", "--json").stdout)["removed"] is None
        assert not (tmp_path / "toko/state/cache/bot/temp-2").exists()
        assert sorted(read_cache(toko, 2, keys)) == keys
        assert stocksup(toko, "cache", "clear", "--all").returncode == 0
        assert read_cache(toko, 2, keys) == {}
        toko.ask("start", program="bot")
        toko.wait_for_state("bot", "RUNNING", life=2)
        assert entries(toko) == (0, 0)
        toko.stop()
        without_supervisor = stocksup(toko, "cache", "clear", "--all")
        assert (without_supervisor.returncode, without_supervisor.stdout) == (3, "")
