"""The selected tables as both readers know them: definitions, keys, decoders.

A table's key has one owner, the catalogue. Rows of the log whose table map names another one
were written before a definition that the stream has not reached yet, and which copies the
table again: they are left out, so that all documents of a collection have one kind of `_id`.
`disagreeing` holds such tables. A table that is still there when the stream has passed the
moment at which the catalogue was read shows an error of the migrator; `SourceGuard` looks.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from migrator.capture.stream.batcher import Batcher, Batchers
from migrator.model.table import TableName
from migrator.mysql.catalog.tables import Table
from migrator.mysql.columns.column import Column, TableShape
from migrator.mysql.rows.decoder import BinlogDecoder
from migrator.mysql.rows.layout import layout_trouble
from migrator.mysql.source import Source
from migrator.mysql.text.charsets import charset_of

SHAPES_MAX = 2_000
# MariaDB keeps the hash of a unique TEXT or BLOB in a column that only its log shows.
HIDDEN = re.compile(r"DB_ROW_HASH_\d+")


@dataclass(frozen=True, slots=True)
class TableDecoder:
    """What decodes the rows of one table map: made once, used for every event."""

    shape: TableShape
    rows: BinlogDecoder
    batcher: Batcher
    bitmaps: dict[bytes, bool] = field(default_factory=dict)

    def has_all_columns(self, bitmap: bytes) -> bool:
        """Whether no column is missing in a row image with this bitmap; b"" is no image."""
        known = self.bitmaps.get(bitmap)
        if known is None:
            # The bits after the last column mean nothing, and servers set them differently.
            all_columns = (1 << len(self.shape.columns)) - 1
            present = int.from_bytes(bitmap, "little") & all_columns
            known = self.bitmaps[bitmap] = not bitmap or present == all_columns
        return known


class Tables:
    """The tables of the migration that are followed.

    A name is looked up as the server compares names: regardless of case where it folds them.
    `version` rises with every change of a definition.
    """

    def __init__(self, source: Source, tables: Iterable[Table], batchers: Batchers) -> None:
        self.scope = source.scope
        self.disagreeing: dict[TableName, Table] = {}
        self.options = source.options
        self.version = 0
        self._batchers = batchers
        self._tables = {self.scope.folded(table.name): table for table in tables}
        self._left_out: set[TableName] = set()
        self._absent: set[TableName] = set()
        self._decoders: dict[int, tuple[TableShape, TableDecoder | None]] = {}

    def __getitem__(self, name: TableName) -> Table:
        return self._tables[self.scope.folded(name)]

    def __iter__(self) -> Iterator[Table]:
        return iter(list(self._tables.values()))

    def get(self, name: TableName) -> Table | None:
        """The table, if it is followed."""
        return self._tables.get(self.scope.folded(name))

    def wants_rows(self, name: TableName) -> bool:
        """Whether rows of this table are decoded."""
        return self.scope.wants(name) and self.scope.folded(name) not in self._left_out

    def redefine(self, name: TableName, table: Table | None) -> None:
        """Follow this definition from now on; None: the table is gone, ignore rows of it."""
        self._forget(name)
        if table is not None:
            self._tables[self.scope.folded(name)] = table
        else:
            self._absent.add(self.scope.folded(name))

    def leave_out(self, name: TableName) -> None:
        """Do not follow the table from now on."""
        self._forget(name)
        self._left_out.add(self.scope.folded(name))

    def is_unexplained(self, name: TableName) -> bool:
        """Whether the table is unknown: neither followed, nor left out, nor known to be gone."""
        folded = self.scope.folded(name)
        return folded not in self._tables and folded not in self._absent | self._left_out

    def decoder(self, shape: TableShape) -> TableDecoder | None:
        """The decoder of a table map's rows; None: they are left out."""
        # By identity: the event reader gives equal table maps as one object, and comparing
        # all columns would cost more than decoding a row.
        found = self._decoders.get(id(shape))
        if found is None:
            if len(self._decoders) >= SHAPES_MAX:
                self._decoders.clear()
            # The shape is kept with it, so that no other object gets its identity.
            found = self._decoders[id(shape)] = (shape, self._new_decoder(shape))
        return found[1]

    def _forget(self, name: TableName) -> None:
        folded = self.scope.folded(name)
        self._tables.pop(folded, None)
        self._left_out.discard(folded)
        self._absent.discard(folded)
        self.disagreeing.pop(folded, None)
        self._decoders.clear()
        self.version += 1

    def _new_decoder(self, shape: TableShape) -> TableDecoder | None:
        table = self.get(shape.table)
        if table is None:
            return None
        key = _key_in(shape, table)
        if key is None:
            self.disagreeing[self.scope.folded(shape.table)] = table
            return None
        columns = tuple(_refined(table, column) for column in shape.columns)
        rows = BinlogDecoder(replace(shape, columns=columns), key, self.options)
        return TableDecoder(shape, rows, self._batchers.of(table.name))


def _key_in(shape: TableShape, table: Table) -> tuple[int, ...] | None:
    """The catalogue's key as indexes into the shape's columns; None if the log names another.

    The log may name no key although there is a unique one: MariaDB considers only the first.
    """
    indexes = {column.name: index for index, column in enumerate(shape.columns)}
    names = [column.name for column in table.key_columns]
    if not all(name in indexes for name in names):
        return None
    key = tuple(indexes[name] for name in names)
    if shape.key not in {(), key} or layout_trouble(shape.columns, key):
        return None
    pairs = zip(key, table.key_columns, strict=True)
    return key if all(_makes_one_id(shape.columns[index], own) for index, own in pairs) else None


def _makes_one_id(shown: Column, own: Column) -> bool:
    """Whether copy and stream make the same `_id` of a value in this key column."""
    if own.kind.logged_as is not None:
        return shown.kind is own.kind.logged_as and shown.metadata == own.metadata
    if shown.kind is not own.kind and shown.kind not in own.kind.variants:
        return False
    charsets = {charset_of(one.collation) for one in (shown, own) if one.collation is not None}
    return len(charsets) < 2


def _refined(table: Table, column: Column) -> Column:
    own = next((one for one in table.columns if one.name == column.name), None)
    if own is not None:
        return column.explained_by(own)
    return replace(column, hidden=True) if HIDDEN.fullmatch(column.name) else column
