"""The selected tables as both readers know them: definitions, keys, decoders, lanes."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from zlib import crc32

from migrator.capture.lane import Lane
from migrator.errors import ConfigurationError
from migrator.mysql.catalogue import Scope, Table
from migrator.mysql.columns import Column, ColumnType, TableName, TableShape
from migrator.mysql.row_decoder import BinlogDecoder
from migrator.mysql.types import TypeOptions

SHAPES_MAX = 2_000
# MariaDB's binlog says that these are fixed strings of bytes; its catalogue says what they mean.
BEHIND_STRINGS = frozenset({ColumnType.UUID, ColumnType.INET4, ColumnType.INET6})


@dataclass(frozen=True, slots=True)
class Stream:
    """What is needed for the rows of one table map: made once, used for every event."""

    shape: TableShape
    decoder: BinlogDecoder
    lane: Lane
    bitmaps: dict[bytes, bool] = field(default_factory=dict)

    def has_all_columns(self, bitmap: bytes) -> bool:
        """Whether no column is missing in a row image with this bitmap; b"" is no image."""
        known = self.bitmaps.get(bitmap)
        if known is None:
            # The bits behind the last column mean nothing, and servers set them differently.
            all_columns = (1 << len(self.shape.columns)) - 1
            present = int.from_bytes(bitmap, "little") & all_columns
            known = self.bitmaps[bitmap] = not bitmap or present == all_columns
        return known


class Tables:
    """The tables of the migration. `lane_of` says where a table's batches go."""

    def __init__(
        self,
        scope: Scope,
        tables: Iterable[Table],
        options: TypeOptions,
        lane_of: Callable[[TableName], Lane],
    ) -> None:
        self.scope = scope
        self.options = options
        self.lane_of = lane_of
        self._tables = {table.name: table for table in tables}
        self._streams: dict[int, tuple[TableShape, Stream | None]] = {}

    def __getitem__(self, name: TableName) -> Table:
        return self._tables[name]

    def __contains__(self, name: TableName) -> bool:
        return name in self._tables

    def get(self, name: TableName) -> Table | None:
        """The table, if it is known."""
        return self._tables.get(name)

    def redefine(self, name: TableName, table: Table | None) -> None:
        """The table is another one from now on; None: it is gone."""
        self._tables.pop(name, None)
        if table is not None:
            self._tables[name] = table
        self._streams.clear()

    def stream(self, shape: TableShape) -> Stream | None:
        """The decoder and the lane of a table map; raises `ConfigurationError` without a key.

        None: the table has no key and was dropped or renamed since. Whatever it became
        was copied whole, or will be.
        """
        # By identity: the event reader gives equal table maps as one object, and comparing
        # all columns would cost more than decoding a row.
        found = self._streams.get(id(shape))
        if found is None:
            if len(self._streams) >= SHAPES_MAX:
                self._streams.clear()
            # The shape is kept with it, so that no other object gets its identity.
            found = self._streams[id(shape)] = (shape, self._new_stream(shape))
        return found[1]

    def _new_stream(self, shape: TableShape) -> Stream | None:
        table = self._tables.get(shape.table)
        key = shape.key or _key_of(table, shape)
        if not key and table is None:
            return None
        if not key:
            raise ConfigurationError(
                f"{shape.table} has no primary key and no NOT NULL unique key, so its rows cannot "
                f"be told apart. Add a key, or exclude the table."
            )
        refined = replace(shape, columns=tuple(_refined(table, one) for one in shape.columns))
        decoder = BinlogDecoder(refined, key, self.options)
        return Stream(shape, decoder, self.lane_of(shape.table))


def partition_of(table: TableName, partitions: int) -> int:
    """The partition of a table: all of its rows, its TRUNCATE and its copy keep their order."""
    return crc32(str(table).encode()) % partitions


def _key_of(table: Table | None, shape: TableShape) -> tuple[int, ...]:
    """The key that only the catalogue knows, as indexes into the shape's columns."""
    names = {column.name: index for index, column in enumerate(shape.columns)}
    wanted = [column.name for column in table.key_columns] if table else []
    return tuple(names[name] for name in wanted) if all(name in names for name in wanted) else ()


def _refined(table: Table | None, column: Column) -> Column:
    own = next((one for one in table.columns if one.name == column.name), None) if table else None
    if own is not None and own.type in BEHIND_STRINGS and column.type is ColumnType.STRING:
        return own
    return column
