"""Reads the foreign keys of the source from its information_schema."""

from itertools import groupby

from migrator.model.reference import Action, ForeignKey
from migrator.model.table import TableName
from migrator.mysql.catalog.tables import Queries

FOREIGN_KEYS = """
    SELECT k.TABLE_SCHEMA, k.TABLE_NAME, k.CONSTRAINT_NAME,
           k.REFERENCED_TABLE_SCHEMA, k.REFERENCED_TABLE_NAME,
           r.DELETE_RULE, r.UPDATE_RULE, k.COLUMN_NAME, k.REFERENCED_COLUMN_NAME
    FROM information_schema.KEY_COLUMN_USAGE k
    JOIN information_schema.REFERENTIAL_CONSTRAINTS r
      ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME
     AND r.TABLE_NAME = k.TABLE_NAME
    WHERE k.REFERENCED_TABLE_NAME IS NOT NULL
    ORDER BY k.TABLE_SCHEMA, k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION
"""
CONSTRAINT_COLUMNS = 7
"""The first columns of the result describe the constraint, the others a pair of columns."""
ACTIONS = {"CASCADE": Action.CASCADE, "SET NULL": Action.SET_NULL}


async def read_foreign_keys(connection: Queries) -> tuple[ForeignKey, ...]:
    """All foreign keys that our privileges show, of all databases. Raises `SourceError`."""
    rows = await connection.query(FOREIGN_KEYS)
    found = []
    for constraint, pairs in groupby(rows, key=lambda row: row[:CONSTRAINT_COLUMNS]):
        database, table, name, *parent, on_delete, on_update = constraint
        columns, referenced = zip(*(row[CONSTRAINT_COLUMNS:] for row in pairs), strict=True)
        found.append(
            ForeignKey(
                name,
                TableName(database, table),
                columns,
                TableName(*parent),
                referenced,
                ACTIONS.get(on_delete, Action.NOTHING),
                ACTIONS.get(on_update, Action.NOTHING),
            )
        )
    return tuple(found)
