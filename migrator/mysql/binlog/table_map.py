"""TABLE_MAP: the columns of a table, by which the row events after it are written.

Source: MySQL, libs/mysql/binlog/event/rows_event.h, Table_map_event; MariaDB,
sql/log_event_server.cc, Table_map_log_event::init_metadata_fields.
"""

from collections.abc import Iterator, Set
from dataclasses import dataclass, field

from migrator.errors import ConfigurationError, UnsupportedChange
from migrator.model.table import TableName
from migrator.mysql.columns.column import (
    BINARY_COLLATION,
    WITH_LABELS,
    Column,
    ColumnKind,
    TableShape,
)
from migrator.mysql.columns.metadata import Listed
from migrator.mysql.types.registry import BY_CODE
from migrator.mysql.types.strings import STRING
from migrator.mysql.wire.packets import length_encoded, length_encoded_bytes

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
    """The table's name, and where its columns begin; `body` starts after table id and flags."""
    database, at = length_encoded_bytes(body, 0)
    name, at = length_encoded_bytes(body, at + 1)
    return TableName(database.decode("utf-8"), name.decode("utf-8")), at + 1


def parse_shape(body: bytes, *, mariadb: bool) -> TableShape:
    """The table that `body` describes.

    Raises `ConfigurationError` if it does not name the columns, `UnsupportedChange` for
    a column type that no released server writes, IndexError or ValueError if it is cut off.
    """
    table, at = table_of(body)
    count, at = length_encoded(body, at)
    codes = body[at : at + count]
    metadata, at = length_encoded_bytes(body, at + count)
    bitmap_end = at + (count + 7 >> 3)
    if bitmap_end > len(body):
        raise IndexError("the columns are cut off")
    nullable = [bool(body[at + (i >> 3)] >> (i & 7) & 1) for i in range(count)]
    kinds = list(_kinds(table, codes, metadata))
    optional = _optional(body, bitmap_end)
    if COLUMN_NAME not in optional:
        raise ConfigurationError(
            f"The binlog does not name the columns of {table}: the change was made before "
            "binlog_row_metadata=FULL was set. Run SET GLOBAL binlog_row_metadata = 'FULL' at "
            "the source, and begin the migration after that."
        )
    return _shape(table, kinds, nullable, _Details.of(optional, kinds, mariadb))


def _kinds(table: TableName, codes: bytes, metadata: bytes) -> Iterator[tuple[ColumnKind, int]]:
    """Each column's kind and metadata."""
    at = 0
    for code in codes:
        kind = BY_CODE.get(code)
        if kind is None:
            raise UnsupportedChange(
                f"{table} has a column of type {code}, which this migrator does not know. Leave "
                "the table out of the migration."
            )
        logged = kind.logged_metadata
        own = metadata[at : at + logged.size]
        if len(own) < logged.size:
            raise IndexError("the metadata of the columns is cut off")
        at += logged.size
        if kind is STRING:  # The log writes ENUM and SET as STRING, with their code in front.
            real = BY_CODE.get(own[0], STRING)
            kind = real if real.has_labels else STRING
        yield kind, kind.logged_metadata.number(own)


def _optional(body: bytes, at: int) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    while at < len(body):
        kind = body[at]
        found[kind], at = length_encoded_bytes(body, at + 1)
    return found


@dataclass(slots=True)
class _Details:
    """The optional metadata: `names` in order, the rest by the index of the column."""

    names: list[str]
    unsigned: dict[int, bool]
    collations: dict[int, int]
    labels: dict[int, tuple[bytes, ...]] = field(default_factory=dict)
    key: tuple[int, ...] = ()

    @classmethod
    def of(
        cls, optional: dict[int, bytes], found: list[tuple[ColumnKind, int]], mariadb: bool
    ) -> "_Details":
        kinds = [kind for kind, _ in found]
        own_texts = Listed.TEXTS_OF_MARIADB if mariadb else Listed.TEXTS_OF_MYSQL
        character = _listed(kinds, {Listed.TEXTS, own_texts})
        labelled = _listed(kinds, WITH_LABELS)
        signs = optional.get(SIGNEDNESS, b"")
        numeric = _listed(kinds, {Listed.NUMBERS})
        return cls(
            names=[text.decode("utf-8") for text in _texts(optional[COLUMN_NAME])],
            unsigned={
                column: bool(signs[i >> 3] & 0x80 >> (i & 7))
                for i, column in enumerate(numeric if signs else ())
            },
            collations=_collations(optional, DEFAULT_CHARSET, COLUMN_CHARSET, character)
            | _collations(optional, LABELLED_DEFAULT_CHARSET, LABELLED_COLUMN_CHARSET, labelled),
            labels=_labels(optional, SET_LABELS, _listed(kinds, {Listed.SETS}))
            | _labels(optional, ENUM_LABELS, _listed(kinds, {Listed.ENUMS})),
            key=_key(optional),
        )


def _listed(kinds: list[ColumnKind], lists: Set[Listed]) -> list[int]:
    return [index for index, kind in enumerate(kinds) if kind.listed in lists]


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
    table: TableName, kinds: list[tuple[ColumnKind, int]], nullable: list[bool], details: _Details
) -> TableShape:
    columns = tuple(
        Column(
            name=name,
            kind=kind,
            metadata=metadata,
            unsigned=details.unsigned.get(index, False),
            nullable=nullable[index],
            collation=details.collations.get(index) if kind.has_collation else None,
            labels=details.labels.get(index, ()),
        )
        for index, (name, (kind, metadata)) in enumerate(zip(details.names, kinds, strict=True))
    )
    if any(index >= len(columns) for index in details.key):
        raise IndexError("the key has a column that the table does not have")
    return TableShape(table, columns, details.key)
