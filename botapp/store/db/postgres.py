"""Connections to PostgreSQL on which nothing waits without a limit. Imported only if PostgreSQL is used.

A server that is silent, because it hangs or the network to it is cut, sends no error. So the client limits every wait
itself; TCP notices a dead peer; and the server ends what a client that is gone has left behind.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Any, Final, TypeVar

import psycopg
import sqlalchemy
from sqlalchemy import Connection, Engine, event, exc, text
from sqlalchemy.engine import URL

from botapp.store.db.errors import NO_ANSWER, OutcomeUnknown
from botapp.store.db.limits import USE_CASE_TIMEOUT_S, remaining_s

T = TypeVar("T")

#: of a connection attempt, in seconds; libpq's minimum is two
CONNECT_TIMEOUT_S: Final = 5.0
_MIN_CONNECT_TIMEOUT_S: Final = 2.0
#: how long a transaction waits for a lock, in seconds
LOCK_TIMEOUT_S: Final = 5.0
#: interval at which psycopg looks at the clock while it waits, in seconds
_INTERVAL_S: Final = 0.1
#: defaults of libpq's options: a dead peer is noticed after 11 s without data, and 8 s after data was sent to it
_OPTIONS: Final[dict[str, str | int]] = {
    "connect_timeout": int(CONNECT_TIMEOUT_S),
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 8000,
}
_LOCK_MS, _USE_CASE_MS = int(LOCK_TIMEOUT_S * 1000), int(USE_CASE_TIMEOUT_S * 1000)
# joined with pg_settings, because version 13 does not know the last one
_SESSION_LIMITS: Final = text(
    f"""
    SELECT set_config(wanted.name, wanted.setting, false)
    FROM (VALUES ('statement_timeout', '{_USE_CASE_MS}'), ('lock_timeout', '{_LOCK_MS}'),
                 ('idle_in_transaction_session_timeout', '{_USE_CASE_MS}'),
                 ('client_connection_check_interval', '{_LOCK_MS}')) AS wanted (name, setting)
    JOIN pg_settings USING (name)
    """
)
_TRANSACTION_LIMITS: Final = text(
    "SELECT set_config('statement_timeout', :limit_ms, true), set_config('lock_timeout', :limit_ms, true), "
    "set_config('idle_in_transaction_session_timeout', :limit_ms, true)"
)


class _LimitedConnection(psycopg.Connection[Any]):
    """A connection that closes itself when the time limit of the thread is over."""

    def wait(self, gen: Generator[Any, Any, T], interval: float = _INTERVAL_S, timeout: float | None = None) -> T:
        """Wait for the server. Raises OperationalError when it is too late."""
        left_s = max(remaining_s(), 0.001)
        try:
            return super().wait(gen, interval, left_s if timeout is None else min(timeout, left_s))
        except psycopg.OperationalError as error:
            if remaining_s() > 0:
                raise
            self.close()
            raise psycopg.OperationalError(NO_ANSWER) from error


def create_engine(url: URL, *, pool_size: int) -> Engine:
    """Return an engine with a pool of `pool_size` connections."""
    options = {name: value for name, value in _OPTIONS.items() if name not in url.query}
    engine = sqlalchemy.create_engine(
        url, pool_size=pool_size, max_overflow=0, pool_pre_ping=True, pool_timeout=LOCK_TIMEOUT_S, connect_args=options
    )
    event.listen(engine, "do_connect", _connect)
    return engine


def limit_sessions(engine: Engine) -> None:
    """Let the server end what a client has left behind, in every connection of this engine."""

    def limit(connection: psycopg.Connection[Any], _record: object) -> None:
        connection.execute(str(_SESSION_LIMITS).encode())
        connection.commit()

    event.listen(engine, "connect", limit)


def run_transaction(engine: Engine, work: Callable[[Connection], T]) -> T:
    """Run `work` in one transaction and return its result, also if only the answer to the commit was lost.

    Raises DBAPIError if nothing was changed, OutcomeUnknown, and what `work` raises.
    """
    number = None
    try:
        with engine.begin() as connection:
            if (limit_s := remaining_s()) > USE_CASE_TIMEOUT_S:
                connection.execute(_TRANSACTION_LIMITS, {"limit_ms": str(int(limit_s * 1000))})
            result = work(connection)
            number = connection.exec_driver_sql("SELECT txid_current_if_assigned()").scalar()
    except exc.DBAPIError as error:
        if number is None or not error.connection_invalidated:
            raise
        has_committed = _has_committed(engine, number)
        if has_committed is None:
            raise OutcomeUnknown from error
        if not has_committed:
            raise
    return result


def _has_committed(engine: Engine, number: int) -> bool | None:
    """Return whether a transaction whose commit was not answered has been committed; None if no one can tell."""
    try:
        while remaining_s() > 0:
            with engine.begin() as connection:
                status = connection.execute(text("SELECT txid_status(:number)"), {"number": number}).scalar()
            if status != "in progress":
                return {"committed": True, "aborted": False}.get(str(status))
            time.sleep(_INTERVAL_S)
    except exc.SQLAlchemyError:
        return None
    return None


def _connect(_dialect: object, _record: object, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    left_s = remaining_s()
    if left_s <= 0:
        raise psycopg.OperationalError(NO_ANSWER)
    timeout_s = min(float(options["connect_timeout"]), max(_MIN_CONNECT_TIMEOUT_S, left_s))
    return _LimitedConnection.connect(*arguments, **{**options, "connect_timeout": int(timeout_s)})
