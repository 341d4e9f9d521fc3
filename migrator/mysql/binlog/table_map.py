"""TABLE_MAP: a table's columns, as the rows that follow are written.

Source: MySQL, libs/mysql/binlog/event/rows_event.h, Table_map_event; MariaDB,
sql/log_event_server.cc, Table_map_log_event::init_metadata_fields.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from migrator.errors import ConfigurationError, UnsupportedChange
from migrator.model.table import TableName
from migrator.mysql.columns.column import BINARY_COLLATION, Column, ColumnType, TableShape
from migrator.mysql.wire.packets import length_encoded, length_encoded_bytes

T = ColumnType

NUMERIC = frozenset(
    {T.TINY, T.SHORT, T.INT24, T.LONG, T.LONGLONG, T.NEWDECIMAL, T.FLOAT, T.DOUBLE, T.YEAR}
)
CHARACTER = frozenset(
    {T.STRING, T.VAR_STRING, T.VARCHAR, T.TINY_BLOB, T.MEDIUM_BLOB, T.LONG_BLOB, T.BLOB,
     T.MARIADB_BLOB_COMPRESSED, T.MARIADB_VARCHAR_COMPRESSED}
)  # fmt: skip
LABELLED = frozenset({T.ENUM, T.SET})
ONE_BYTE = frozenset(
    {T.FLOAT, T.DOUBLE, T.TINY_BLOB, T.MEDIUM_BLOB, T.LONG_BLOB, T.BLOB, T.GEOMETRY, T.JSON,
     T.VECTOR, T.TIMESTAMP2, T.DATETIME2, T.TIME2, T.MARIADB_BLOB_COMPRESSED}
)  # fmt: skip
LITTLE_ENDIAN = frozenset({T.VARCHAR, T.VAR_STRING, T.MARIADB_VARCHAR_COMPRESSED})
BIG_ENDIAN = frozenset({T.STRING, T.ENUM, T.SET, T.NEWDECIMAL})

SIGNEDNESS = 1
DEFAULT_CHARSET = 2
COLUMN_CHARSET = 3
COLUMN_NAME = 4
SET_LABELS = 5
ENUM_LABELS = 6
SIMPLE_PRIMARY_KEY = 8
PRIMARY_KEY_WITH_PREFIX = 9
LABELLED_DEFAULT_CHARSET = 10
LABELLED_COLUMN_CHARSET = 11


def table_of(body: bytes) -> tuple[TableName, int]:
    """The table's name, and where its columns begin; `body` follows the table id and flags."""
    database, at = length_encoded_bytes(body, 0)
    name, at = length_encoded_bytes(body, at + 1)
    return TableName(database.decode("utf-8"), name.decode("utf-8")), at + 1


def parse_shape(body: bytes, *, mariadb: bool) -> TableShape:
    """The table that `body` describes.

    Raises `ConfigurationError` if it does not name the columns, `UnsupportedChange` for
    a column type that no released server writes, IndexError or ValueError if it is cut.
    """
    table, at = table_of(body)
    count, at = length_encoded(body, at)
    codes = body[at : at + count]
    metadata, at = length_encoded_bytes(body, at + count)
    bitmap_end = at + (count + 7 >> 3)
    if bitmap_end > len(body):
        raise IndexError("the columns are cut off")
    nullable = [bool(body[at + (i >> 3)] >> (i & 7) & 1) for i in range(count)]
    types = list(_types(table, codes, metadata))
    optional = _optional(body, bitmap_end)
    if COLUMN_NAME not in optional:
        raise ConfigurationError(
            f"The binlog does not name the columns of {table}: the change was made before "
            "binlog_row_metadata=FULL was set. Run SET GLOBAL binlog_row_metadata = 'FULL' at "
            "the source and begin the migration after that."
        )
    return _shape(table, types, nullable, _Details.of(optional, types, mariadb))


def _types(table: TableName, codes: bytes, metadata: bytes) -> Iterator[tuple[ColumnType, int]]:
    at = 0
    for code in codes:
        try:
            kind = ColumnType(code)
        except ValueError as error:
            raise _unsupported(table, code) from error
        if kind is T.TYPED_ARRAY:
            raise _unsupported(table, code)
        if kind in ONE_BYTE:
            yield kind, metadata[at]
            at += 1
        elif kind in LITTLE_ENDIAN:
            yield kind, metadata[at] | metadata[at + 1] << 8
            at += 2
        elif kind in BIG_ENDIAN:
            yield _real(kind, metadata[at], metadata[at + 1])
            at += 2
        elif kind is T.BIT:
            yield kind, metadata[at] + 8 * metadata[at + 1]
            at += 2
        else:
            yield kind, 0


def _real(kind: ColumnType, first: int, second: int) -> tuple[ColumnType, int]:
    if kind is T.NEWDECIMAL:
        return kind, first << 8 | second
    if kind in LABELLED:
        return kind, second
    if first in {T.ENUM, T.SET}:
        return ColumnType(first), second
    # Bits 8 and 9 of the length are stored inverted in the type.
    return T.STRING, second | ((first & 0x30) ^ 0x30) << 4


def _unsupported(table: TableName, code: int) -> UnsupportedChange:
    return UnsupportedChange(
        f"{table} has a column of type {code}, which this migrator does not know. Leave the "
        "table out of the migration."
    )


def _optional(body: bytes, at: int) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    while at < len(body):
        kind = body[at]
        found[kind], at = length_encoded_bytes(body, at + 1)
    return found


@dataclass(slots=True)
class _Details:
    """The optional metadata, by the index of the column."""

    names: list[str]
    unsigned: dict[int, bool]
    collations: dict[int, int]
    labels: dict[int, tuple[bytes, ...]] = field(default_factory=dict)
    key: tuple[int, ...] = ()

    @classmethod
    def of(
        cls, optional: dict[int, bytes], types: list[tuple[ColumnType, int]], mariadb: bool
    ) -> "_Details":
        kinds = [kind for kind, _ in types]
        # MariaDB counts GEOMETRY among the character columns, MySQL counts VECTOR.
        counted = CHARACTER | {T.GEOMETRY if mariadb else T.VECTOR}
        character = _those(kinds, lambda kind: kind in counted)
        labelled = _those(kinds, lambda kind: kind in LABELLED)
        signs = optional.get(SIGNEDNESS, b"")
        numeric = _those(kinds, lambda kind: kind in NUMERIC)
        return cls(
            names=[text.decode("utf-8") for text in _texts(optional[COLUMN_NAME])],
            unsigned={
                column: bool(signs[i >> 3] & 0x80 >> (i & 7))
                for i, column in enumerate(numeric if signs else ())
            },
            collations=_collations(optional, DEFAULT_CHARSET, COLUMN_CHARSET, character)
            | _collations(optional, LABELLED_DEFAULT_CHARSET, LABELLED_COLUMN_CHARSET, labelled),
            labels=_labels(optional, SET_LABELS, _those(kinds, lambda kind: kind is T.SET))
            | _labels(optional, ENUM_LABELS, _those(kinds, lambda kind: kind is T.ENUM)),
            key=_key(optional),
        )


def _those(kinds: list[ColumnType], test: Callable[[ColumnType], bool]) -> list[int]:
    return [index for index, kind in enumerate(kinds) if test(kind)]


def _numbers(data: bytes) -> Iterator[int]:
    at = 0
    while at < len(data):
        number, at = length_encoded(data, at)
        yield number


def _texts(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        text, at = length_encoded_bytes(data, at)
        yield text


def _collations(
    optional: dict[int, bytes], default: int, each: int, columns: list[int]
) -> dict[int, int]:
    if each in optional:
        return dict(zip(columns, _numbers(optional[each]), strict=True))
    if default not in optional:
        return dict.fromkeys(columns, BINARY_COLLATION)
    usual, *exceptions = _numbers(optional[default])
    found = dict.fromkeys(columns, usual)
    for index, collation in zip(exceptions[::2], exceptions[1::2], strict=True):
        found[columns[index]] = collation
    return found


def _labels(
    optional: dict[int, bytes], kind: int, columns: list[int]
) -> dict[int, tuple[bytes, ...]]:
    data = optional.get(kind, b"")
    found: dict[int, tuple[bytes, ...]] = {}
    at = 0
    for column in columns if data else ():
        count, at = length_encoded(data, at)
        texts: list[bytes] = []
        for _ in range(count):
            text, at = length_encoded_bytes(data, at)
            texts.append(text)
        found[column] = tuple(texts)
    return found


def _key(optional: dict[int, bytes]) -> tuple[int, ...]:
    if PRIMARY_KEY_WITH_PREFIX in optional:
        return tuple(_numbers(optional[PRIMARY_KEY_WITH_PREFIX]))[::2]
    return tuple(_numbers(optional.get(SIMPLE_PRIMARY_KEY, b"")))


def _shape(
    table: TableName, types: list[tuple[ColumnType, int]], nullable: list[bool], details: _Details
) -> TableShape:
    columns = tuple(
        Column(
            name=name,
            type=kind,
            metadata=metadata,
            unsigned=details.unsigned.get(index, False),
            nullable=nullable[index],
            collation=details.collations.get(index) if kind in CHARACTER | LABELLED else None,
            labels=details.labels.get(index, ()),
        )
        for index, (name, (kind, metadata)) in enumerate(zip(details.names, types, strict=True))
    )
    if any(index >= len(columns) for index in details.key):
        raise IndexError("a key has a column that is not there")
    return TableShape(table, columns, details.key)
