"""The dashboard's history: one row a minute in SQLite, the reports of restarts, and the login links that were used.

Every figure is a column, so that SQLite computes the points of a chart. Only one thread may use a `History`.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from botapp.dashboard.figures.minutes import Counted, Minute
from botapp.locale import _
from botapp.runtime.private_files import make_directory, open_regular, set_aside

log = logging.getLogger(__name__)

#: reports of restarts that are kept
MAX_RESTARTS: Final = 2000
#: largest size of the file for each day that is kept; SQLite refuses more. 30 days are 20 MB
MAX_BYTES_A_DAY: Final = 20_000_000 // 30
_PAGE_BYTES: Final = 4096
_LOCK_TIMEOUT_S: Final = 5.0
_MINUTE_S: Final = 60

#: how SQLite computes a point of a chart from the minutes in it, by column
_SUMS: Final = (
    "observed_s", "served_s", "limited_s", "down_s",
    "cache_hits", "cache_misses", "cache_evictions", "stock_errors", "button_errors", "identifies",
)  # fmt: skip
_HIGHEST: Final = ("cache_entries", "cache_bytes", "loop_lag_ms", "latency_ms")
_LOWEST: Final = ("disk_free_bytes",)
_COLUMNS: Final = (*_SUMS, *_HIGHEST, *_LOWEST)
_AGGREGATES: Final = (
    *(f"sum({name})" for name in _SUMS),
    *(f"max({name})" for name in _HIGHEST),
    *(f"min({name})" for name in _LOWEST),
)

_TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS minute (minute INTEGER PRIMARY KEY)",
    "CREATE TABLE IF NOT EXISTS process (minute INTEGER, program TEXT, rss_bytes INTEGER, cpu_percent REAL, "
    "PRIMARY KEY (minute, program)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS unhealthy (minute INTEGER, part TEXT, seconds REAL, "
    "PRIMARY KEY (minute, part)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS answered (minute INTEGER, within TEXT, clicks INTEGER, "
    "PRIMARY KEY (minute, within)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS failed (minute INTEGER, kind TEXT, clicks INTEGER, "
    "PRIMARY KEY (minute, kind)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS restart (program TEXT, at_s REAL, report TEXT, "
    "PRIMARY KEY (program, at_s)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS used_link (nonce TEXT PRIMARY KEY, expires_s REAL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS counted (only INTEGER PRIMARY KEY CHECK (only = 0), value BLOB)",
)

Report = dict[str, Any]
#: the values of each figure, one for each point
Points = dict[str, list[float | None]]


class Series(Struct, frozen=True):
    """The points of a range of time. Lists have one value for each point; a point without observed minutes is null."""

    #: the beginning of each point, in seconds since 1970, oldest first
    at_s: list[int]
    #: seconds of one point
    step_s: int
    #: by column of a minute
    figures: Points
    #: by program
    rss_bytes: Points
    cpu_percent: Points
    #: by part, only those that were unhealthy
    unhealthy_s: Points
    #: clicks by kind of failure
    failed: Points
    #: how many clicks were answered, and how long half of them and 99 % of them took at most, in milliseconds
    answers: Points


class History:
    """The history in one file. Methods raise `sqlite3.Error`; the next call tries again."""

    def __init__(self, path: Path, retention_days: int) -> None:
        """Open nothing yet."""
        self._path = path
        self._max_bytes = MAX_BYTES_A_DAY * max(30, retention_days)
        self._connection: sqlite3.Connection | None = None

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def add(self, minutes: Iterable[Minute], counted: Counted | None) -> None:
        """Keep records; one of a minute that has a record replaces it. `counted` is for `last_counted`."""
        names = ("minute", *_COLUMNS)
        insert = f"INSERT OR REPLACE INTO minute ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
        with self._open() as connection:
            for one in minutes:
                connection.execute(insert, [getattr(one, name) for name in names])
                connection.executemany(
                    "INSERT OR REPLACE INTO process VALUES (?, ?, ?, ?)",
                    [(one.minute, name, used.rss_bytes, used.cpu_percent) for name, used in one.processes.items()],
                )
                connection.executemany(
                    "INSERT OR REPLACE INTO unhealthy VALUES (?, ?, ?)",
                    [(one.minute, part, seconds) for part, seconds in one.unhealthy_s.items()],
                )
                for table, counts in (("answered", one.answered), ("failed", one.failed)):
                    rows = [(one.minute, name, count) for name, count in counts.items()]
                    connection.executemany(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?)", rows)
            if counted is not None:
                connection.execute("INSERT OR REPLACE INTO counted VALUES (0, ?)", (msgspec.msgpack.encode(counted),))

    def add_restarts(self, reports: Iterable[Report]) -> None:
        """Keep reports of restarts; one that is kept already is kept once."""
        rows = [(one["program"], one["at"], msgspec.json.encode(one).decode()) for one in reports]
        with self._open() as connection:
            connection.executemany("INSERT OR REPLACE INTO restart VALUES (?, ?, ?)", rows)

    def last_counted(self) -> Counted | None:
        """Return the last values of the counters, for a process of the dashboard that starts."""
        row = self._open().execute("SELECT value FROM counted").fetchone()
        try:
            return msgspec.msgpack.decode(row[0], type=Counted) if row else None
        except msgspec.DecodeError:
            return None

    def use_link(self, nonce: str, expires_s: float, now_s: float) -> bool:
        """Record that a login link is used; return whether it is the first time. Forget those that have expired."""
        with self._open() as connection:
            connection.execute("DELETE FROM used_link WHERE expires_s < ?", (now_s,))
            added = connection.execute("INSERT OR IGNORE INTO used_link VALUES (?, ?)", (nonce, expires_s))
            return added.rowcount == 1

    def delete_before(self, minute: int) -> None:
        """Delete the records of the minutes before `minute`, and the reports of restarts that are over the limit."""
        with self._open() as connection:
            for table in ("minute", "process", "unhealthy", "answered", "failed"):
                connection.execute(f"DELETE FROM {table} WHERE minute < ?", (minute,))
            connection.execute("DELETE FROM restart WHERE at_s < ?", (minute * _MINUTE_S,))
            oldest = "SELECT at_s FROM restart ORDER BY at_s DESC LIMIT 1 OFFSET ?"
            connection.execute(f"DELETE FROM restart WHERE at_s <= ({oldest})", (MAX_RESTARTS,))

    def list_restarts(self, since_s: float, limit: int) -> list[Report]:
        """Return the reports of restarts that were requested after `since_s`, newest first."""
        query = "SELECT report FROM restart WHERE at_s >= ? ORDER BY at_s DESC LIMIT ?"
        return [msgspec.json.decode(text) for (text,) in self._open().execute(query, (since_s, limit))]

    def sum_since(self, column: str, since_s: float) -> int:
        """Return the sum of a counter over the minutes since then."""
        assert column in _SUMS
        query = f"SELECT coalesce(sum({column}), 0) FROM minute WHERE minute >= ?"
        return int(self._open().execute(query, (since_s // _MINUTE_S,)).fetchone()[0])

    def read(self, since_s: float, until_s: float, step_s: int) -> Series:
        """Return the points from `since_s` until `until_s`, each `step_s` seconds long, a multiple of 60."""
        step = step_s // _MINUTE_S
        first, last = int(since_s // step_s), int(until_s // step_s)
        index = {point: number for number, point in enumerate(range(first, last + 1))}
        limits = (first * step, (last + 1) * step - 1)
        connection = self._open()

        def columns(table: str, keys: str, values: str) -> Iterable[tuple[Any, ...]]:
            point = f"minute / {step} AS point"
            group = f"GROUP BY point{keys}"
            return connection.execute(
                f"SELECT {point}{keys}, {values} FROM {table} WHERE minute BETWEEN ? AND ? {group}", limits
            )

        figures: Points = {name: [None] * len(index) for name in _COLUMNS}
        for point, *values in columns("minute", "", ", ".join(_AGGREGATES)):
            for name, value in zip(_COLUMNS, values, strict=True):
                figures[name][index[point]] = _rounded(value)
        rss: Points = {}
        cpu: Points = {}
        unhealthy: Points = {}
        for point, program, bytes_used, percent in columns("process", ", program", "max(rss_bytes), avg(cpu_percent)"):
            rss.setdefault(program, [None] * len(index))[index[point]] = bytes_used
            cpu.setdefault(program, [None] * len(index))[index[point]] = _rounded(percent)
        for point, part, seconds in columns("unhealthy", ", part", "sum(seconds)"):
            unhealthy.setdefault(part, [None] * len(index))[index[point]] = _rounded(seconds)
        failed: Points = {}
        for point, kind, clicks in columns("failed", ", kind", "sum(clicks)"):
            failed.setdefault(kind, [None] * len(index))[index[point]] = clicks
        answered: dict[int, dict[str, int]] = {}
        for point, within, clicks in columns("answered", ", within", "sum(clicks)"):
            answered.setdefault(point, {})[within] = clicks
        answers: Points = {name: [None] * len(index) for name in ("clicks", "median_ms", "p99_ms")}
        for point, counts in answered.items():
            answers["clicks"][index[point]] = sum(counts.values())
            answers["median_ms"][index[point]] = quantile(counts, 0.5)
            answers["p99_ms"][index[point]] = quantile(counts, 0.99)
        at_s = [point * step_s for point in index]
        return Series(at_s, step_s, figures, rss, cpu, unhealthy, failed, answers)

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = _connect(self._path, self._max_bytes)
        return self._connection


def _connect(path: Path, max_bytes: int) -> sqlite3.Connection:
    """Open the file, or a new one in place of a damaged one, which is kept beside it."""
    try:
        return _prepare(path, max_bytes)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise
        log.warning(_("history: %(path)s is damaged, a new one begins (%(why)s)"), {"path": path, "why": error})
    try:
        set_aside(path)
    except OSError as error:
        raise sqlite3.OperationalError(str(error)) from error
    return _prepare(path, max_bytes)


def _prepare(path: Path, max_bytes: int) -> sqlite3.Connection:
    try:
        make_directory(path.parent)
        os.close(open_regular(path, os.O_RDWR | os.O_CREAT))
    except OSError as error:
        raise sqlite3.OperationalError(str(error)) from error
    connection = sqlite3.connect(path, timeout=_LOCK_TIMEOUT_S, check_same_thread=False)
    try:
        connection.execute(f"PRAGMA max_page_count = {max_bytes // _PAGE_BYTES}")
        connection.execute("PRAGMA synchronous = NORMAL")
        if (found := connection.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise sqlite3.DatabaseError(found)
        with connection:
            for statement in _TABLES:
                connection.execute(statement)
            known = {row[1] for row in connection.execute("PRAGMA table_info(minute)")}
            for name in _COLUMNS:
                if name not in known:
                    connection.execute(f"ALTER TABLE minute ADD COLUMN {name} NUMERIC")
    except BaseException:
        connection.close()
        raise
    return connection


def quantile(counts: Mapping[str, int], share: float) -> float:
    """Return the duration in ms that `share` of the clicks took at most, estimated from their counts. Pure.

    Args:
        counts: clicks by the upper limit of their duration in ms, or "more" for those above the highest limit.
        share: from 0 to 1.
    """
    limits = sorted((float(name), count) for name, count in counts.items() if name.isdecimal())
    wanted = share * sum(counts.values())
    before, lower_ms = 0, 0.0
    for limit_ms, count in limits:
        if before + count >= wanted and count:
            return round(lower_ms + (limit_ms - lower_ms) * (wanted - before) / count, 1)
        before, lower_ms = before + count, limit_ms
    return lower_ms


def _rounded(value: float | None) -> float | None:
    return value if value is None or isinstance(value, int) else round(value, 2)


def as_message(series: Series) -> Mapping[str, Any]:
    """Return the points as the page gets them."""
    message: Mapping[str, Any] = msgspec.to_builtins(series)
    return message
