"""A cache is written to and its process killed, over and over: `… -m tests.support.cache.kill_loop DIRECTORY N SEED`.

What is read afterwards has to be what was there before the last operation or after it. Prints what was wrong, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import struct
import sys
from pathlib import Path
from typing import Any

import apsw

from botapp.ext.cache_manager import CacheManager

KEYS = [f"key {number}" for number in range(12)]
#: number of an operation, and whether it is done
_NOTE = struct.Struct("<I?")

Model = dict[str, int | None]


def operation(number: int, seed: int) -> tuple[str, Model]:
    """Return the operation with this number: what to do, and what keys hold afterwards."""
    chance = random.Random(f"{seed}/{number}")
    key = chance.choice(KEYS)
    roll = chance.random()
    if roll < 0.5:
        return ("set", {key: number})
    if roll < 0.7:
        return ("set permanent", {key: number})
    if roll < 0.8:
        return ("delete", {key: None})
    if roll < 0.95:
        return ("set_many", dict.fromkeys(chance.sample(KEYS, 4), number))
    return ("clear", dict.fromkeys(KEYS))


async def do(cache: CacheManager, what: str, changed: Model) -> None:
    """Do one operation; values are as long as their number says, to fill pages unevenly."""
    values = {key: [number] * (number % 700) + [number] for key, number in changed.items() if number is not None}
    if what == "clear":
        await cache.clear()
    elif what == "delete":
        await cache.delete(next(iter(changed)))
    elif what == "set_many":
        await cache.set_many(values)
    else:
        key, value = next(iter(values.items()))
        await cache.set(key, value, permanent=what == "set permanent")


async def live(path: Path, first: int, seed: int, notes: int) -> None:
    """Do one operation after another, noting each before and after, until killed."""
    cache = open_cache(path)
    number = first
    while True:
        os.write(notes, _NOTE.pack(number, False))
        await do(cache, *operation(number, seed))
        os.write(notes, _NOTE.pack(number, True))
        number += 1


def open_cache(path: Path) -> CacheManager:
    """Return the cache that is written to; small, so that its log is brought in and entries make room."""
    return CacheManager(temp_dir=path / "temp", perm_dir=path / "perm", max_bytes=2**21)


def one_life(path: Path, first: int, seed: int, notes_wanted: int) -> tuple[int, int | None]:
    """Let a process write for a while and kill it; return the next number, and the operation that was under way."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        asyncio.run(live(path, first, seed, writing))
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        notes = file.read(notes_wanted * _NOTE.size)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        notes += file.read()
    number, under_way = first, None
    for at in range(0, len(notes) - len(notes) % _NOTE.size, _NOTE.size):
        noted, done = _NOTE.unpack_from(notes, at)
        number, under_way = noted + 1, None if done else noted
    return number, under_way


async def look(path: Path, model: Model, under_way: Model) -> list[str]:
    """Return what is wrong; `model` is what was there before the operation under way, and then what is there."""
    wrong = []
    cache = open_cache(path)
    evictions = cache.get_stats()["evictions"]
    for key in KEYS:
        value: Any = await cache.get(key)
        found: Any = value[0] if value else None
        if value is not None and value != [found] * (found % 700 + 1):
            wrong.append(f"{key}: half a value")
        allowed = {model[key], under_way[key], None} if key in under_way else {model[key]}
        if found not in allowed:
            wrong.append(f"{key}: {found}, not {allowed}")
        model[key] = found
    stats = cache.get_stats()
    there = sum(number is not None for number in model.values())
    if stats["entries"] != there or stats["errors"] or evictions:
        wrong.append(f"{there} entries are there: {stats}")
    cache.close()
    for which in ("temp", "perm"):
        integrity = apsw.Connection(str(path / which / "entries" / "cache.sqlite")).pragma("integrity_check")
        if integrity != "ok":
            wrong.append(f"{which}: {integrity}")
    return wrong


def main() -> None:
    """Live and look as often as the arguments say."""
    path, rounds, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    chance = random.Random(seed)
    model: Model = dict.fromkeys(KEYS)
    wrong: list[str] = []
    number = in_the_middle = 0
    for _ in range(rounds):
        first = number
        number, under_way = one_life(path, first, seed, chance.randrange(1, 40))
        for done in range(first, number if under_way is None else under_way):
            model.update(operation(done, seed)[1])
        in_the_middle += under_way is not None
        wrong += asyncio.run(look(path, model, {} if under_way is None else operation(under_way, seed)[1]))
    print(json.dumps({"wrong": wrong, "operations": number, "in the middle": in_the_middle}))


if __name__ == "__main__":
    main()
