"""Plans a table's copy: the ranges of its key, or why the table is left out."""

from dataclasses import dataclass, replace

from migrator.check.fitness import unfit
from migrator.errors import KeyUnreadable, SourceError, SourceUnavailable
from migrator.model.collection import CollectionMap
from migrator.model.document_key import Bound
from migrator.model.state import KeyRange, TableCopy
from migrator.model.table import TableName
from migrator.mysql.catalog.grants import DENIED, select_grant
from migrator.mysql.catalog.tables import MOVING, Table, quoted, quoted_table, read_table
from migrator.mysql.columns.codec import TypeOptions
from migrator.mysql.columns.column import Column
from migrator.mysql.text.charsets import charset_of
from migrator.mysql.types.numbers import INTEGERS
from migrator.mysql.wire.connection import Connection
from migrator.snapshot.chunks import last_key_sql, read_chunk

PART_ROWS_MIN = 100_000
PARTS_MAX = 8
READ_TABLE_TRIES = 20


@dataclass(frozen=True, slots=True)
class Planned:
    """A table as it is now, and the copy that it needs; `copy.left_out` may rule it out."""

    table: Table
    copy: TableCopy


@dataclass(frozen=True, slots=True)
class Denied:
    """A table that exists, but that we cannot read or must not copy."""

    reason: str


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans copies by one connection."""

    connection: Connection
    options: TypeOptions
    collections: CollectionMap

    async def plan(
        self, name: TableName, partition: int, generation: int
    ) -> Planned | Denied | None:
        """The copy of a table as it is now, up to the greatest key that it has now.

        The stream brings later keys. A large table whose key begins with an integer is copied
        in several ranges. None: the table no longer exists. Raises `SourceError`.
        """
        for _ in range(READ_TABLE_TRIES):
            table = await self._look(name)
            if not isinstance(table, Table):
                return table
            copy = TableCopy(
                table.name, partition, generation, table.estimated_rows, (), key_of(table)
            )
            if reasons := unfit(table, self.collections.collection_of(table.name)):
                return Planned(table, replace(copy, left_out=" ".join(map(str, reasons))))
            try:
                return Planned(table, replace(copy, parts=await self._parts(table)))
            except KeyUnreadable as error:
                return Planned(table, replace(copy, left_out=str(error)))
            except SourceError as error:
                # It may have been altered between reading its definition and the SELECT.
                if error.retryable:
                    raise
                now = await self._look(name)
                if isinstance(now, Table) and not explains(error, table, now):
                    return Denied(f"It cannot be read. {error}")
        raise SourceUnavailable(
            f"{name} was altered {READ_TABLE_TRIES} times while its copy was planned."
        )

    async def _look(self, name: TableName) -> Table | Denied | None:
        try:
            return await read_table(self.connection, name)
        except SourceError as error:
            if error.retryable:
                raise
            if error.number not in DENIED:
                return Denied(f"It cannot be read. {error}")
            return Denied(
                f"The source does not let us read it ({error.number}). To fix it: "
                f"{await select_grant(self.connection, name)} and start again."
            )

    async def _parts(self, table: Table) -> tuple[KeyRange, ...]:
        sql = last_key_sql(table)
        chunk = await read_chunk(self.connection, sql, table, self.options, 2)
        if chunk.last is None:
            # The stream may still be at a place where the table had rows; only a chunk tells.
            return (KeyRange(),)
        bounds = await self._bounds(table)
        uppers: list[Bound] = [*bounds, chunk.last]
        return tuple(
            KeyRange(lower=lower, upper=upper)
            for lower, upper in zip([None, *bounds], uppers, strict=True)
        )

    async def _bounds(self, table: Table) -> list[Bound]:
        """Keys that cut the table in ranges of about the same width; they need not exist."""
        first = table.key_columns[0]
        count = min(PARTS_MAX, table.estimated_rows // PART_ROWS_MIN)
        if first.kind not in INTEGERS or count < 2:
            return []
        name = quoted(first.name)
        ((least, most),) = await self.connection.query(
            f"SELECT MIN({name}), MAX({name}) FROM {quoted_table(table.name)}"  # noqa: S608
        )
        if least is None or most - least < count:
            return []
        return [(str(least + (most - least) * number // count),) for number in range(1, count)]


def is_redefined(table: Table, now: Table | None) -> bool:
    """Whether the table has other columns or another key now, or is gone."""
    return now is None or now.definition != table.definition


def explains(error: SourceError, table: Table, now: Table | None) -> bool:
    """Whether a SELECT failed because its table was redefined meanwhile, perhaps as before."""
    return error.number in MOVING or is_redefined(table, now)


def key_of(table: Table) -> tuple[str, ...]:
    """What decides the `_id` of the table's documents, a text for each column of the key."""
    return tuple(map(_described, table.key_columns))


def _described(column: Column) -> str:
    charset = f" {charset_of(column.collation).name}" if column.collation is not None else ""
    return f"{column.name} {column.kind.name}{' UNSIGNED' if column.unsigned else ''}{charset}"
