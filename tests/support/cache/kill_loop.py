"""Kills a process that writes to a cache, N times: `python -m tests.support.cache.kill_loop DIRECTORY N SEED`.

What is read afterwards must be the state before the last operation or after it. Prints what is wrong, as JSON.
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
from tests.support.cache import file_of, open_cache, set_all

KEYS = [f"key {number}" for number in range(12)]
#: number of an operation, and whether it is done
_RECORD = struct.Struct("<I?")
#: small, so that the log is checkpointed and entries are evicted
_MAX_BYTES = 2**21

Model = dict[str, int | None]


def operation(number: int, seed: int) -> tuple[str, Model]:
    """Return the operation with this number: what to do, and the values of the keys afterwards."""
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
        return ("set four", dict.fromkeys(chance.sample(KEYS, 4), number))
    return ("clear", dict.fromkeys(KEYS))


async def do(cache: CacheManager, what: str, changed: Model) -> None:
    """Do one operation; the length of a value depends on its number, to fill pages unevenly."""
    values = {key: [number] * (number % 700) + [number] for key, number in changed.items() if number is not None}
    if what == "clear":
        await cache.clear()
    elif what == "delete":
        await cache.delete(next(iter(changed)))
    else:
        await set_all(cache, values, permanent=what == "set permanent")


async def write_until_killed(path: Path, first: int, seed: int, records: int) -> None:
    """Do one operation after the other, and record each before and after it."""
    cache = open_cache(path, max_bytes=_MAX_BYTES)
    number = first
    while True:
        os.write(records, _RECORD.pack(number, False))
        await do(cache, *operation(number, seed))
        os.write(records, _RECORD.pack(number, True))
        number += 1


def run_and_kill(path: Path, first: int, seed: int, record_count: int) -> tuple[int, int | None]:
    """Kill a process after so many records; return the next number, and the operation that was interrupted."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        asyncio.run(write_until_killed(path, first, seed, writing))
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        records = file.read(record_count * _RECORD.size)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        records += file.read()
    number, interrupted = first, None
    for recorded, done in _RECORD.iter_unpack(records[: len(records) - len(records) % _RECORD.size]):
        number, interrupted = recorded + 1, None if done else recorded
    return number, interrupted


async def check(path: Path, model: Model, interrupted: Model) -> list[str]:
    """Return what is wrong; `model` is the state before the interrupted operation, and is set to what is found."""
    wrong = []
    cache = open_cache(path, max_bytes=_MAX_BYTES)
    evictions = cache.get_stats()["evictions"]
    for key in KEYS:
        value: Any = await cache.get(key)
        found: Any = value[0] if value else None
        if value is not None and value != [found] * (found % 700 + 1):
            wrong.append(f"{key}: half a value")
        allowed = {model[key], interrupted[key], None} if key in interrupted else {model[key]}
        if found not in allowed:
            wrong.append(f"{key}: {found}, not {allowed}")
        model[key] = found
    stats = cache.get_stats()
    expected = sum(number is not None for number in model.values())
    if stats["entries"] != expected or stats["errors"] or evictions:
        wrong.append(f"{expected} entries expected: {stats}")
    cache.close()
    for kind in ("temp", "perm"):
        integrity = apsw.Connection(str(file_of(path, kind))).pragma("integrity_check")
        if integrity != "ok":
            wrong.append(f"{kind}: {integrity}")
    return wrong


def main() -> None:
    """Write, kill and check as often as the arguments say."""
    path, rounds, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    chance = random.Random(seed)
    model: Model = dict.fromkeys(KEYS)
    wrong: list[str] = []
    number = interruptions = 0
    for _ in range(rounds):
        first = number
        number, interrupted = run_and_kill(path, first, seed, chance.randrange(1, 40))
        for done in range(first, number if interrupted is None else interrupted):
            model.update(operation(done, seed)[1])
        interruptions += interrupted is not None
        wrong += asyncio.run(check(path, model, {} if interrupted is None else operation(interrupted, seed)[1]))
    print(json.dumps({"wrong": wrong, "operations": number, "interrupted": interruptions}))


if __name__ == "__main__":
    main()
