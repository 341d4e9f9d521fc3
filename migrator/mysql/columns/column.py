"""What is known of a column and of a table: from a table map event or from a result set."""

from dataclasses import dataclass, field
from enum import IntEnum

from migrator.model.table import TableName

BINARY_COLLATION = 63


class ColumnType(IntEnum):
    """The types of `enum_field_types`, as table maps and result sets number them.

    Source: MySQL, include/field_types.h; MariaDB, sql/field.h for 128 and above.
    UUID, INET6 and INET4 are ours: MariaDB sends them as fixed binary strings,
    and only its catalogue tells them apart. So is UNKNOWN: a type of a newer catalogue.
    """

    DECIMAL = 0
    TINY = 1
    SHORT = 2
    LONG = 3
    FLOAT = 4
    DOUBLE = 5
    NULL = 6
    TIMESTAMP = 7
    LONGLONG = 8
    INT24 = 9
    DATE = 10
    TIME = 11
    DATETIME = 12
    YEAR = 13
    NEWDATE = 14
    VARCHAR = 15
    BIT = 16
    TIMESTAMP2 = 17
    DATETIME2 = 18
    TIME2 = 19
    TYPED_ARRAY = 20
    MARIADB_BLOB_COMPRESSED = 140
    MARIADB_VARCHAR_COMPRESSED = 141
    VECTOR = 242
    JSON = 245
    NEWDECIMAL = 246
    ENUM = 247
    SET = 248
    TINY_BLOB = 249
    MEDIUM_BLOB = 250
    LONG_BLOB = 251
    BLOB = 252
    VAR_STRING = 253
    STRING = 254
    GEOMETRY = 255
    UUID = 1001
    INET4 = 1002
    INET6 = 1003
    UNKNOWN = 1004


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table map.

    `type` is the real type: ENUM and SET, which the wire hides behind STRING, are
    named. `metadata` is the type's own number from the table map: bytes of the
    longest value for VARCHAR and STRING, bytes of the length prefix for BLOB, JSON,
    GEOMETRY and VECTOR, fractional digits for TIME2, DATETIME2 and TIMESTAMP2,
    `precision << 8 | scale` for NEWDECIMAL, bits for BIT, bytes of the index for
    ENUM and SET, bytes of the value for FLOAT and DOUBLE. `collation` is a
    collation id (63 is binary) for character columns, ENUM and SET, otherwise
    None. `labels` are those of ENUM and SET, in the column's character set. The
    catalogue alone says `generated`: computed from other columns. A `hidden` column is
    the server's own: the log has it, and no SELECT does.
    """

    name: str
    type: ColumnType
    metadata: int = 0
    unsigned: bool = False
    nullable: bool = True
    collation: int | None = None
    labels: tuple[bytes, ...] = ()
    generated: bool = False
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class TableShape:
    """A table as the events of one table map describe it.

    `key` holds the indexes into `columns` of the primary key's columns in key
    order; it is empty where the table map names none, and the catalogue then
    supplies a NOT NULL unique key.
    """

    table: TableName
    columns: tuple[Column, ...]
    key: tuple[int, ...] = field(default=())
