"""What each row of the source must be as a document, by docs/types.md, read as a client reads.

Values come as the text that the server prints, so nothing of the binary log's
formats and nothing of the migrator is involved.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import Decimal128

from tests.migrator.proof.source import Source

INT64_MAX = 2**63 - 1
DECIMAL128_DIGITS = 34
Text = str | bytes
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column as the catalogue describes it: `type` is "decimal", `full` "decimal(12,2)"."""

    name: str
    type: str
    full: str
    precision: int

    @property
    def expression(self) -> str:
        """How to select it so that the text loses nothing."""
        # FLOAT is printed with six digits only.
        return f"CAST(`{self.name}` AS DOUBLE)" if self.type == "float" else f"`{self.name}`"

    def value(self, text: Text | None, *, mariadb: bool) -> Any:
        """The value in the document for what the server printed."""
        if text is None:
            return None
        if mariadb and self.type == "longtext":
            return _string(text)
        convert = CONVERSIONS[self.type]
        return convert(self, text)


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A table with its key: the primary one, or its NOT NULL unique key."""

    name: str
    columns: tuple[TableColumn, ...]
    key: tuple[str, ...]


def describe(source: Source) -> list[SourceTable]:
    """The tables of the database, with their columns and keys."""
    found = source.rows(
        "SELECT table_name, column_name, data_type, column_type, COALESCE(numeric_precision, 0) "
        "FROM information_schema.columns WHERE table_schema = %s "
        "ORDER BY table_name, ordinal_position",
        source.database,
    )
    columns: dict[str, list[TableColumn]] = {}
    for table, name, kind, full, size in found:
        columns.setdefault(table, []).append(TableColumn(name, kind, _text(full), size))
    keys = _keys(source)
    return [SourceTable(table, tuple(those), keys[table]) for table, those in columns.items()]


def _keys(source: Source) -> dict[str, tuple[str, ...]]:
    found = source.rows(
        "SELECT table_name, index_name, column_name FROM information_schema.statistics "
        "WHERE table_schema = %s AND non_unique = 0 AND nullable <> 'YES' "
        "ORDER BY table_name, index_name = 'PRIMARY' DESC, index_name, seq_in_index",
        source.database,
    )
    indexes: dict[str, dict[str, list[str]]] = {}
    for table, index, column in found:
        indexes.setdefault(table, {}).setdefault(index, []).append(column)
    return {table: tuple(next(iter(those.values()))) for table, those in indexes.items()}


def documents(source: Source, table: SourceTable) -> Iterator[Document]:
    """The document of each row."""
    mariadb = source.is_mariadb
    expressions = ", ".join(column.expression for column in table.columns)
    with source.client() as client:
        # Without decoders, the client hands over what the server printed.
        client.decoders = {}
        with client.cursor() as cursor:
            cursor.execute(f"SELECT {expressions} FROM `{table.name}`")
            for row in cursor:
                pairs = zip(table.columns, row, strict=True)
                fields = {
                    column.name: column.value(text, mariadb=mariadb) for column, text in pairs
                }
                yield {"_id": identity(table, fields), **fields}


def identity(table: SourceTable, fields: Document) -> Any:
    """The `_id`: the key's value, or all of its values in the key's order."""
    if len(table.key) == 1:
        return fields[table.key[0]]
    return {name: fields[name] for name in table.key}


def _text(value: Text) -> str:
    return value if isinstance(value, str) else value.decode()


def _string(text: Text) -> str:
    return _text(text)


def _integer(column: TableColumn, text: Text) -> Any:
    number = int(text)
    return number if number <= INT64_MAX else Decimal128(str(number))


def _decimal(column: TableColumn, text: Text) -> Any:
    is_small = column.precision <= DECIMAL128_DIGITS
    return Decimal128(_text(text)) if is_small else _text(text)


def _double(column: TableColumn, text: Text) -> float:
    return float(text)


def _characters(column: TableColumn, text: Text) -> str:
    return _text(text)


def _binary(column: TableColumn, text: Text) -> bytes:
    assert isinstance(text, bytes)
    return text


def _moment(column: TableColumn, text: Text) -> datetime:
    exact = datetime.fromisoformat(_text(text))
    # BSON dates have milliseconds.
    return exact.replace(microsecond=exact.microsecond // 1000 * 1000)


def _bits(column: TableColumn, text: Text) -> int:
    assert isinstance(text, bytes)
    return int.from_bytes(text, "big")


def _members(column: TableColumn, text: Text) -> list[str]:
    return [member for member in _text(text).split(",") if member]


def _json(column: TableColumn, text: Text) -> Any:
    return json.loads(_text(text))


CONVERSIONS: dict[str, Callable[[TableColumn, Text], Any]] = {
    **dict.fromkeys(("tinyint", "smallint", "mediumint", "int", "bigint", "year"), _integer),
    "decimal": _decimal,
    **dict.fromkeys(("float", "double"), _double),
    **dict.fromkeys(("char", "varchar", "tinytext", "text", "mediumtext", "longtext"), _characters),
    **dict.fromkeys(("enum", "time"), _characters),
    **dict.fromkeys(("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"), _binary),
    **dict.fromkeys(("date", "datetime", "timestamp"), _moment),
    "bit": _bits,
    "set": _members,
    "json": _json,
}
