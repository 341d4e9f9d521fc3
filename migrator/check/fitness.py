"""Why a table cannot be migrated: checked at the start, and when a table joins later.

Source: MongoDB Manual, "MongoDB Limits and Thresholds" and "Field Names with Periods and
Dollar Signs".
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from migrator.model.collection import CollectionName
from migrator.model.scope import pattern_of
from migrator.model.table import TableName
from migrator.mongodb.target import Target
from migrator.mysql.catalog.tables import BASE_TABLE, Table, quoted, quoted_table
from migrator.mysql.rows.layout import layout_trouble
from migrator.mysql.types.numbers import FLOATING
from migrator.mysql.types.registry import UNKNOWN
from migrator.settings import target_trouble

NAMESPACE_BYTES_MAX = 255
FORBIDDEN = re.compile(r"^system\.|\$|^\.|\.$|\.\.|\0")
"""What the server or its drivers forbid in the name of a collection."""


@dataclass(frozen=True, slots=True)
class Unfit:
    """One reason why a table cannot be migrated, and how to fix it."""

    what: str
    fix: str

    def __str__(self) -> str:
        return f"{self.what} To fix it: {self.fix}"


def unfit(table: Table, collection: CollectionName) -> list[Unfit]:
    """Everything that keeps the table from being migrated to the collection."""
    if table.kind != BASE_TABLE:
        what = f"It is a table of the kind {table.kind}, which cannot be migrated."
        return [Unfit(what, f"{excluding(table.name)}.")]
    return [*_collection(table, collection), *_key(table), *_columns(table)]


async def foreign_documents(target: Target, collection: CollectionName) -> str:
    """Why a table cannot be copied to the collection: it holds documents; "" if it is empty.

    Raises `TargetError`.
    """
    if not await target.holds_documents(collection):
        return ""
    return (
        f"The collection {collection} holds documents that this migration did not write. To fix "
        "it: drop it or rename it, or set take_over = true, which deletes its documents."
    )


def excluding(table: TableName) -> str:
    """What to write in migrator.toml to leave the table out."""
    return f"add {json.dumps(pattern_of(table), ensure_ascii=False)} to exclude in migrator.toml"


def _collection(table: Table, name: CollectionName) -> Iterator[Unfit]:
    if trouble := target_trouble(name.database):
        source = json.dumps(table.name.database, ensure_ascii=False)
        yield Unfit(
            f"MongoDB cannot have a database named {name.database!r}: {trouble}.",
            f'add {source} = "another_name" to mapping in migrator.toml.',
        )
    if FORBIDDEN.search(name.collection):
        yield Unfit(
            "MongoDB forbids a collection of this name.", _or_exclude(table, "rename the table")
        )
    elif len(str(name).encode()) > NAMESPACE_BYTES_MAX:
        what = f"The name {name} has more than {NAMESPACE_BYTES_MAX} bytes."
        yield Unfit(what, "map the database to a shorter name.")


def _key(table: Table) -> Iterator[Unfit]:
    alter = f"ALTER TABLE {quoted_table(table.name)}"
    if not table.key:
        yield Unfit(
            "It has neither a primary key nor a unique key of whole columns that are NOT NULL.",
            _or_exclude(table, f"{alter} ADD PRIMARY KEY (...);"),
        )
    for column in table.key_columns:
        if column.kind in FLOATING:
            yield Unfit(
                f"{column.name}, a part of its key, is a floating-point number: it cannot be "
                "compared exactly.",
                _or_exclude(table, f"{alter} MODIFY {quoted(column.name)} DECIMAL(...);"),
            )


def _columns(table: Table) -> Iterator[Unfit]:
    for column in table.columns:
        if column.kind is UNKNOWN:
            what = f"{column.name} has a type that this migrator does not know."
            yield Unfit(what, _or_exclude(table, "change the column's type"))
    if table.key and (trouble := layout_trouble(table.columns, table.key)):
        yield Unfit(trouble, _or_exclude(table, "rename the column"))


def _or_exclude(table: Table, fix: str) -> str:
    return f"{fix} or {excluding(table.name)}."
