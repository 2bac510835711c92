"""Compare the schema of a database with that of this program: a missing CHECK or a trigger can change money unseen.

The expected schema is made from `tables.py` by the same kind of database, so that both are written alike: for SQLite
in memory, for PostgreSQL as temporary tables, which are rolled back.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import sqlalchemy
from sqlalchemy import Connection, MetaData, text

from botapp.locale import _
from botapp.store.db.tables import metadata

_SQLITE_OBJECTS: Final = (
    "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite~_%' ESCAPE '~' AND name <> 'alembic_version'"
)
#: everything that belongs to a table: kind, name, definition
_POSTGRES_OBJECTS: Final = text(
    """
    WITH shop AS (
        SELECT c.oid, c.relname, c.relkind, c.relrowsecurity FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = :schema AND c.relname = ANY (:tables)
    )
    SELECT 'table', relname, concat(relkind, ' ', relrowsecurity) FROM shop
    UNION ALL
    SELECT 'table', relname, concat_ws(' ', attname, format_type(atttypid, atttypmod),
        CASE WHEN attnotnull THEN 'NOT NULL' END, pg_get_expr(adbin, adrelid))
    FROM shop JOIN pg_attribute ON attrelid = shop.oid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE attnum > 0 AND NOT attisdropped
    UNION ALL
    SELECT 'table', relname, concat_ws(' ', conname, pg_get_constraintdef(pg_constraint.oid))
    FROM shop JOIN pg_constraint ON conrelid = shop.oid WHERE contype <> 't'
    UNION ALL
    SELECT 'index', relname, pg_get_indexdef(indexrelid) FROM shop JOIN pg_index ON indrelid = shop.oid
    UNION ALL
    SELECT 'trigger', relname, pg_get_triggerdef(pg_trigger.oid) FROM shop JOIN pg_trigger ON tgrelid = shop.oid
    WHERE NOT tgisinternal
    UNION ALL
    SELECT 'rule', relname, pg_get_ruledef(pg_rewrite.oid) FROM shop JOIN pg_rewrite ON ev_class = shop.oid
    """
)
_POSTGRES_SCHEMA: Final = text(
    "SELECT nspname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE pg_class.oid = to_regclass(:table)"
)
_TEMPORARY_SCHEMA: Final = text("SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema()")

#: kind and name of the object, and one part of its definition
_Part = tuple[str, str, str]


def find_differences(connection: Connection) -> Iterator[str]:
    """Yield one sentence per difference between the schema on `connection` and the current one."""
    if connection.dialect.name == "sqlite":
        expected, found = _expected_in_sqlite(), _sqlite_parts(connection)
    else:
        expected, found = _postgres_parts(connection)
    for part in sorted(expected - found):
        yield _("the schema lacks a part: %(kind)s %(name)s: %(definition)s") % _params(part)
    for part in sorted(found - expected):
        yield _("the schema has a part that does not belong to it: %(kind)s %(name)s: %(definition)s") % _params(part)


def _params(part: _Part) -> dict[str, str]:
    return {"kind": part[0], "name": part[1], "definition": part[2][:200]}


def _expected_in_sqlite() -> set[_Part]:
    engine = sqlalchemy.create_engine("sqlite://")
    try:
        with engine.begin() as connection:
            metadata.create_all(connection)
            return _sqlite_parts(connection)
    finally:
        engine.dispose()


def _sqlite_parts(connection: Connection) -> set[_Part]:
    parts = set()
    for kind, name, statement in connection.exec_driver_sql(_SQLITE_OBJECTS):
        definitions = split_definitions(statement) if kind == "table" else [_normalize(statement)]
        parts |= {(str(kind), str(name), definition) for definition in definitions}
    return parts


def split_definitions(statement: str) -> list[str]:
    """Return the definitions in a CREATE TABLE, and what follows them. ALTER TABLE appends to them. Pure."""
    begin, end = statement.index("("), statement.rindex(")")
    definitions, depth, quote, current = [], 0, "", ""
    for char in statement[begin + 1 : end]:
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        depth += (char == "(") - (char == ")") if not quote else 0
        if char == "," and depth == 0 and not quote:
            definitions.append(_normalize(current))
            current = ""
        else:
            current += char
    return [*definitions, _normalize(current), *filter(None, [_normalize(statement[end + 1 :])])]


def _normalize(definition: str) -> str:
    return " ".join(definition.replace('"', "").split())


def _postgres_parts(connection: Connection) -> tuple[set[_Part], set[_Part]]:
    """Return the expected and the found parts."""
    schema = connection.execute(_POSTGRES_SCHEMA, {"table": "account"}).scalar()
    found = _postgres_parts_in(connection, schema) if schema is not None else set()
    temporary = MetaData()
    for table in metadata.sorted_tables:
        table.to_metadata(temporary, schema="pg_temp")
    with connection.begin_nested() as savepoint:
        temporary.create_all(connection, checkfirst=False)
        expected = _postgres_parts_in(connection, connection.execute(_TEMPORARY_SCHEMA).scalar_one())
        savepoint.rollback()
    return expected, found


def _postgres_parts_in(connection: Connection, schema: str) -> set[_Part]:
    rows = connection.execute(_POSTGRES_OBJECTS, {"schema": schema, "tables": list(metadata.tables)})
    return {
        (kind, name, _normalize(definition).replace(f"{schema}.", "").replace("pg_temp.", ""))
        for kind, name, definition in rows
    }
