"""A column, its kind, which follows from its type, and the columns of a table."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from migrator.errors import UnsupportedChange
from migrator.model.table import TableName
from migrator.mysql.columns.codec import Codec, TypeOptions
from migrator.mysql.columns.metadata import NO_METADATA, Declaration, Listed, LoggedMetadata
from migrator.mysql.wire.prepared import ResultColumn

BINARY_COLLATION = 63
WITH_LABELS = frozenset({Listed.ENUMS, Listed.SETS})
WITH_COLLATION = WITH_LABELS | {Listed.TEXTS}

CodecMaker = Callable[["Column", TypeOptions], Codec]


def unreadable(column: "Column", _: TypeOptions) -> Codec:
    """The codec of a kind that cannot be read: always raises `UnsupportedChange`."""
    raise UnsupportedChange(
        f"Column {column.name} has the type {column.kind.name}, which this migrator cannot "
        "read. Leave its table out of the migration."
    )


def not_a_key(column: "Column", value: Any) -> TypeError:
    """The error for a value that a key of this column never has."""
    return TypeError(f"{column.name}: a key cannot be {type(value).__name__}")


def no_literal(column: "Column", value: Any) -> str:
    """The literal of a kind that no key can have: always raises TypeError."""
    raise not_a_key(column, value)


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class ColumnKind:
    """All that is specific to one type of column; there is one object for each kind.

    `name` is that of `enum_field_types`; never change it, because stored copies refer to it.
    `code` is the number there, as table maps have it; None if the log never shows the kind.
    Sources: MySQL, include/field_types.h; MariaDB, sql/field.h for 128 and above.

    In the catalogue: `declared` are the names in DATA_TYPE, and `declared_metadata` takes the
    metadata from the declaration.

    In the log: `logged_metadata` reads the metadata of a table map, and `listed` says where its
    optional metadata has more. `logged_as` is the kind that the log shows instead, where only
    the catalogue knows the real one. `variants` are the kinds as which the log may show the same
    column: those of old servers, and compressed ones. `row_codec` reads a value of a row image.

    In results: `result_code` is the protocol's number if it is not `code`, `agrees` compares the
    rest of a result's description of the column, and `result_codec` reads a value.

    `text_codec` is reserved for the messages of other change streams; nothing uses it yet.
    `key_literal` writes a value of a decoded `_id` in SQL.
    """

    name: str
    code: int | None = None
    declared: tuple[str, ...] = ()
    declared_metadata: Callable[[Declaration], int] = lambda _: 0
    logged_metadata: LoggedMetadata = NO_METADATA
    listed: Listed = Listed.NOWHERE
    logged_as: "ColumnKind | None" = None
    variants: tuple["ColumnKind", ...] = ()
    row_codec: CodecMaker = unreadable
    result_code: int | None = None
    agrees: Callable[[ResultColumn, "Column"], bool] = lambda _, __: True
    result_codec: CodecMaker = unreadable
    text_codec: CodecMaker | None = None
    key_literal: Callable[["Column", Any], str] = no_literal

    def __repr__(self) -> str:
        return self.name

    @property
    def has_collation(self) -> bool:
        """Whether its values are text in a character set, or labels."""
        return self.listed in WITH_COLLATION

    @property
    def has_labels(self) -> bool:
        """Whether its values are labels of its definition."""
        return self.listed in WITH_LABELS


@dataclass(frozen=True, slots=True)
class Column:
    """One column, as a table map or the catalogue describes it.

    `metadata` is the one number that its kind needs: bytes of the longest text or of the
    length before a value, fractional digits, `precision << 8 | scale`, or bits. `collation` is a
    collation id (63 is binary) for text and labels, otherwise None. `labels` are those of ENUM
    and SET, in the column's character set. Only the catalogue says that a column is
    `generated`, computed from others. A `hidden` column, which the server adds by itself, is in
    the log and in no SELECT.
    """

    name: str
    kind: ColumnKind
    metadata: int = 0
    unsigned: bool = False
    nullable: bool = True
    collation: int | None = None
    labels: tuple[bytes, ...] = ()
    generated: bool = False
    hidden: bool = False

    def row_codec(self, options: TypeOptions) -> Codec:
        """The codec for row images. Raises `UnsupportedChange`, `ConfigurationError`."""
        return self.kind.row_codec(self, options)

    def result_codec(self, options: TypeOptions) -> Codec:
        """The codec for binary rows. Raises `UnsupportedChange`."""
        return self.kind.result_codec(self, options)

    def explained_by(self, own: "Column") -> "Column":
        """Itself, or `own` of the catalogue, if that is the real kind of what the log shows."""
        if own.kind.logged_as is not self.kind or self.metadata != own.metadata:
            return self
        # With another collation this is an older definition, in which the column was text.
        return own if self.collation in {None, BINARY_COLLATION} else self


@dataclass(frozen=True, slots=True)
class TableShape:
    """A table as the events of one table map describe it.

    `key` holds the indexes into `columns` of the primary key's columns, in key order. It is
    empty if the table map names no key; the catalogue then supplies a NOT NULL unique key.
    """

    table: TableName
    columns: tuple[Column, ...]
    key: tuple[int, ...] = field(default=())
