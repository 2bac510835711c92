"""The portable export of a shop's data: lines of JSON, equal for SQLite and PostgreSQL.

It is compressed. One that was unpacked is read too: some browsers unpack what they download.

{"stocksup":"export","format":1,"schema":"0002","at":"2026-01-31T10:00:00+00:00"}
{"table":"account","columns":["id","handle",…],"binary":[]}
[1,"Budi",…]                                              one line per row, in the order of the columns
{"end":true,"rows":{"account":1,…},"sha256":"…"}          digest of all lines before this one
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from binascii import Error as NotBase64
from binascii import a2b_base64
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import msgspec
import sqlalchemy
from msgspec import Struct
from sqlalchemy import Connection, LargeBinary, MetaData, Table, func, insert, select, text

from botapp.locale import _
from botapp.services.backup.files import DataProblem, open_error
from botapp.store.db import schema
from botapp.store.db.tables import metadata as all_tables
from supervisor.configfile import open_to_read

#: version of the format; other versions are refused
FORMAT: Final = 1
#: rows in memory at a time
CHUNK: Final = 1000
#: longest line accepted, in bytes
MAX_LINE_BYTES: Final = 1024 * 1024
#: tables of the shop in every schema version, and Alembic's own
_SHOP_TABLES: Final = frozenset(all_tables.tables) | {"alembic_version"}
#: not exported: the schema version is in the header, and unfinished uploads start again
_EXCLUDED_TABLES: Final = frozenset({"alembic_version", "stock_staged"})
#: first bytes of a compressed file
_GZIP_MAGIC: Final = b"\x1f\x8b"


class Chunk(Struct, frozen=True):
    """Some rows of one table. Each table starts with a chunk that may be empty."""

    table: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


class _Header(Struct, frozen=True):
    stocksup: str
    format: int
    schema: str
    at: str


class _TableLine(Struct, frozen=True):
    table: str
    columns: tuple[str, ...]
    binary: tuple[str, ...]


class _End(Struct, frozen=True):
    end: bool
    rows: dict[str, int]
    sha256: str


def read_database(connection: Connection) -> Iterator[Chunk]:
    """Yield the rows of all tables; a table follows those it refers to."""
    for table in _reflect_tables(connection).sorted_tables:
        if table.name in _EXCLUDED_TABLES:
            continue
        name, columns = str(table.name), tuple(str(column.name) for column in table.columns)
        yield Chunk(name, columns, [])
        query = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=CHUNK)
        for rows in connection.execute(query).partitions():
            yield Chunk(name, columns, [tuple(row) for row in rows])


def write_export(connection: Connection, raw: BinaryIO, at: datetime) -> int:
    """Write the data on `connection` to a file; return the row count. Raises OSError, DataProblem, SchemaTooNew."""
    version = schema.get_version(connection)
    if version is None:
        raise DataProblem(_("the database has no tables yet; start the bot once before you export"))
    schema.is_current(connection)
    counts: dict[str, int] = {}
    binary = _binary_columns(connection)
    digest = hashlib.sha256()
    with gzip.GzipFile("", "wb", 4, raw, mtime=0) as file:

        def put(line: object) -> None:
            encoded = msgspec.json.encode(line) + b"\n"
            digest.update(encoded)
            file.write(encoded)

        put(_Header("export", FORMAT, version, at.isoformat(timespec="seconds")))
        for chunk in read_database(connection):
            if chunk.table not in counts:
                counts[chunk.table] = 0
                put(_TableLine(chunk.table, chunk.columns, binary[chunk.table]))
            for row in chunk.rows:
                put(row)
            counts[chunk.table] += len(chunk.rows)
        put(_End(True, counts, digest.hexdigest()))
    return sum(counts.values())


def read_schema_version(path: Path, file: BinaryIO | None = None) -> str:
    """Return the schema version of a file. Raises DataProblem if it is not an export, SchemaTooNew."""
    with _open_export(path, file) as lines:
        header = lines.header()
    if header.schema not in schema.VERSIONS:
        raise schema.too_new_error(header.schema)
    return header.schema


def read_chunks(path: Path, file: BinaryIO | None = None) -> Iterator[Chunk]:
    """Yield the rows of a file. Raises DataProblem if it is damaged, possibly after the last row."""
    with _open_export(path, file) as lines:
        lines.header()
        yield from lines.chunks()


def verify(path: Path, file: BinaryIO) -> None:
    """Read a whole open file. Raises DataProblem if it is incomplete or damaged."""
    read_schema_version(path, file)
    for _chunk in read_chunks(path, file):
        continue


def load(connection: Connection, chunks: Iterator[Chunk], version: str) -> int:
    """Fill an empty database, in the transaction of `connection`; return the number of rows.

    Creates the tables of `version`, inserts the rows, and migrates to the current version. Raises DataProblem.
    """
    schema.migrate(connection, back_up=_skip_backup, to=version)
    tables = _reflect_tables(connection).tables
    count = 0
    for chunk in chunks:
        table = tables.get(chunk.table)
        if table is None or set(chunk.columns) - set(table.columns.keys()):
            text = _("table %s does not belong to this schema version; the file is damaged")
            raise DataProblem(text % chunk.table[:50])
        if chunk.rows:
            rows = [dict(zip(chunk.columns, row, strict=True)) for row in chunk.rows]
            connection.execute(insert(table), rows)
            count += len(rows)
    if connection.dialect.name == "postgresql":
        for table in tables.values():
            _advance_sequence(connection, table)
    schema.migrate(connection, back_up=_skip_backup)
    return count


def is_empty(connection: Connection) -> bool:
    """Return whether all tables are empty."""
    tables = _reflect_tables(connection).tables.values()
    exported = [table for table in tables if table.name not in _EXCLUDED_TABLES]
    return not any(connection.execute(select(text("1")).select_from(table).limit(1)).first() for table in exported)


def drop_tables(connection: Connection) -> None:
    """Drop all tables of the shop, in the transaction of `connection`."""
    _reflect_tables(connection).drop_all(connection)


class _ExportReader:
    """Reads and checks the lines of an export."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path = path
        self._file = file
        self._digest = hashlib.sha256()

    def header(self) -> _Header:
        header: _Header = self._decode(self._next(), _Header)
        if header.stocksup != "export" or header.format != FORMAT:
            raise DataProblem(
                _("%(path)s: export format %(form)s is not supported; expected %(known)s, or a newer stocksup")
                % {"path": self._path, "form": header.format, "known": FORMAT}
            )
        return header

    def chunks(self) -> Iterator[Chunk]:
        counts: dict[str, int] = {}
        current: _TableLine | None = None
        at: tuple[int, ...] = ()
        rows: list[tuple[Any, ...]] = []
        while True:
            before = self._digest.hexdigest()
            line = self._next()
            if line.startswith(b"["):
                if current is None:
                    raise self._damaged_error()
                rows.append(self._row(line, current, at))
                counts[current.table] += 1
                if len(rows) == CHUNK:
                    yield Chunk(current.table, current.columns, rows)
                    rows = []
                continue
            if current is not None and rows:
                yield Chunk(current.table, current.columns, rows)
                rows = []
            if line.startswith(b'{"end"'):
                self._end(self._decode(line, _End), counts, before)
                return
            current = self._decode(line, _TableLine)
            at = tuple(current.columns.index(name) for name in current.binary if name in current.columns)
            counts[current.table] = 0
            yield Chunk(current.table, current.columns, [])

    def _row(self, line: bytes, table: _TableLine, binary: tuple[int, ...]) -> tuple[Any, ...]:
        row = self._decode(line, list[Any])
        if len(row) != len(table.columns):
            raise self._damaged_error()
        try:
            for index in binary:
                row[index] = a2b_base64(row[index])
        except (NotBase64, TypeError, ValueError) as error:
            raise self._damaged_error() from error
        return tuple(row)

    def _end(self, end: _End, counts: dict[str, int], digest: str) -> None:
        if end.rows != counts or end.sha256 != digest or self._file.read(1):
            raise self._damaged_error()

    def _next(self) -> bytes:
        line = self._file.readline(MAX_LINE_BYTES + 1)
        if not line.endswith(b"\n"):
            raise self._damaged_error()
        self._digest.update(line)
        return line

    def _decode(self, line: bytes, kind: type[Any]) -> Any:
        try:
            return msgspec.json.decode(line, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise self._damaged_error() from error

    def _damaged_error(self) -> DataProblem:
        return _damaged_error(self._path)


class _open_export:
    """Opens an export, and turns errors of reading it into DataProblem."""

    def __init__(self, path: Path, file: BinaryIO | None) -> None:
        """`file` is the open file, which stays open, or None to open `path`."""
        self._path = path
        self._open_files = ExitStack()
        self._file = file

    def __enter__(self) -> _ExportReader:
        try:
            file = self._file or self._open_files.enter_context(open_to_read(self._path))
            file.seek(0)
            is_compressed = file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
            file.seek(0)
        except OSError as error:
            self._open_files.close()
            raise open_error(self._path, error) from error
        unpacked = cast(BinaryIO, gzip.GzipFile(fileobj=file)) if is_compressed else file
        return _ExportReader(self._path, unpacked)

    def __exit__(self, kind: object, value: BaseException | None, trace: object) -> None:
        self._open_files.close()
        if isinstance(value, gzip.BadGzipFile | EOFError | zlib.error):
            raise _damaged_error(self._path) from value
        if isinstance(value, OSError):
            raise open_error(self._path, value) from value


def _damaged_error(path: Path) -> DataProblem:
    text = _("%s is not a complete stocksup export: it is truncated, damaged or another kind of file")
    return DataProblem(text % path)


def _reflect_tables(connection: Connection) -> MetaData:
    """Return the tables of the shop as they exist; a PostgreSQL database may contain others too."""
    tables = MetaData()
    tables.reflect(connection, only=lambda name, _metadata: name in _SHOP_TABLES)
    return tables


def _binary_columns(connection: Connection) -> dict[str, tuple[str, ...]]:
    return {
        table.name: tuple(str(column.name) for column in table.columns if isinstance(column.type, LargeBinary))
        for table in _reflect_tables(connection).tables.values()
    }


def _advance_sequence(connection: Connection, table: Table) -> None:
    """Advance the id sequence of a PostgreSQL table past its rows."""
    key = [column for column in table.primary_key.columns if column.autoincrement and column.server_default is not None]
    for column in key:
        sequence = func.pg_get_serial_sequence(table.name, column.name)
        last = connection.execute(select(func.max(column))).scalar()
        if last is not None:
            connection.execute(select(func.setval(sequence, sqlalchemy.cast(last, sqlalchemy.BigInteger))))


def _skip_backup() -> None:
    """Do nothing: the data was just loaded, so a backup is not needed."""
