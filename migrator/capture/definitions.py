"""What the stream cannot know by itself: tables that are redefined, rows that are shown in part.

`resolve` is called in the middle of a transaction of the stream, and the stream waits for
it; what it emits belongs to that transaction.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace

from migrator.capture.assemble import Assembler, Pending
from migrator.capture.chunks import Chunk, key_of, read_chunk, rows_sql
from migrator.capture.plan import is_redefined, plan
from migrator.capture.snapshot import Snapshot
from migrator.capture.tables import Tables
from migrator.capture.visible import reading
from migrator.capture.watches import Watches
from migrator.changes import Operation, Run
from migrator.errors import SourceError, SourceUnavailable
from migrator.mysql.catalogue import PRIMARY, Table, read_table
from migrator.mysql.columns import TableName
from migrator.mysql.connection import Connection
from migrator.mysql.keys import Literals
from migrator.mysql.row_decoder import key_value_of
from migrator.mysql.statements import Kind, Statement
from migrator.state import TableState
from migrator.target.target import Target

ROWS_MAX = 500
TRIES = 20


class Resolver:
    """Looks up in the source, by a connection of its own, what `Pending` asks for."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[Connection]],
        assembler: Assembler,
        tables: Tables,
        watches: Watches,
        snapshot: Snapshot,
        target: Target,
    ) -> None:
        self._connect = connect
        self._connection: Connection
        self._assembler = assembler
        self._tables = tables
        self._watches = watches
        self._snapshot = snapshot
        self._target = target

    async def resolve(self, pending: Pending) -> None:
        """Raises `SourceError`, `TargetError`, and `ConfigurationError` for a new table's key."""
        # A new connection each time: one that waits for the next ALTER would be closed by then.
        async with await self._connect() as self._connection:
            if pending.statement is not None:
                await self._define(pending.statement)
            for table, keys in pending.keys.items():
                await self._reread(table, keys)

    async def _define(self, statement: Statement) -> None:
        wants = self._tables.scope.wants
        for name in filter(wants, await self._concerned(statement)):
            if statement.kind is Kind.REDEFINE:
                await self._redefine(name, statement)
            elif statement.kind is Kind.REINDEX:
                await self._reindex(name)
            else:
                await self._empty(name)
        for name in filter(wants, statement.targets):
            self._remove_rows(name)
            await self._copy(name)

    async def _concerned(self, statement: Statement) -> Iterable[TableName]:
        if statement.kind is not Kind.EMPTY_DATABASE:
            return statement.tables
        # Also those that were gone already when this process began.
        copied = [state.table for state in await self._target.tables()]
        return {name for name in copied if name.database == statement.database}

    async def _empty(self, name: TableName) -> None:
        """TRUNCATE, DROP, or the old name of a RENAME."""
        self._remove_rows(name)
        table = await read_table(self._connection, name)
        if table is None:
            # It was dropped, now or later: nothing of it is left to be copied.
            await self._forget(name)

    async def _reindex(self, name: TableName) -> None:
        """Without a primary key, another unique index may be the key from now on."""
        before = self._tables.get(name)
        if before is None or before.key_name == PRIMARY:
            return
        if is_redefined(before, await read_table(self._connection, name)):
            self._remove_rows(name)
            await self._copy(name)

    async def _redefine(self, name: TableName, statement: Statement) -> None:
        before = self._tables.get(name)
        if before is not None and await self._did_nothing(statement, before):
            return
        if before is not None and (statement.drops_rows or _touches_key(before, statement)):
            self._remove_rows(name)
        await self._copy(name)

    async def _did_nothing(self, statement: Statement, before: Table) -> bool:
        """Whether the table was there already, and CREATE TABLE IF NOT EXISTS left it alone."""
        if not statement.is_conditional:
            return False
        return not is_redefined(before, await read_table(self._connection, before.name))

    async def _copy(self, name: TableName) -> None:
        """Copy a table anew: the binlog does not show what a statement made of its rows."""
        planned = await plan(
            self._connection,
            name,
            self._tables.options,
            self._tables.lane_of(name).partition,
            await self._next_generation(name),
        )
        if planned is None:
            await self._forget(name)
            return
        self._tables.redefine(name, planned.table)
        self._watches.spoil(name)
        # Saved before the position passes the statement: after a crash it is read again.
        await self._target.save_table(planned.state)
        self._snapshot.begin(planned.state)

    async def _forget(self, name: TableName) -> None:
        self._tables.redefine(name, None)
        self._snapshot.end(name)
        if (state := await self._state(name)) is not None:
            ended = replace(state, generation=state.generation + 1, parts=())
            await self._target.save_table(ended)

    async def _next_generation(self, name: TableName) -> int:
        state = await self._state(name)
        return state.generation + 1 if state is not None else 1

    async def _state(self, name: TableName) -> TableState | None:
        """What the target remembers of the table's copy."""
        return next((one for one in await self._target.tables() if one.table == name), None)

    def _remove_rows(self, name: TableName) -> None:
        self._watches.spoil(name)
        lane = self._tables.lane_of(name)
        self._assembler.emit(name, lane, Run(Operation.EMPTY, []))

    async def _reread(self, name: TableName, documents: Sequence[bytes]) -> None:
        """The rows as they are now; what has happened to them since comes later anyway."""
        table = self._tables.get(name)
        if table is None:
            return  # It was dropped or renamed since, and the stream will say so.
        todo = list({key_value_of(document): document for document in documents}.values())
        for start in range(0, len(todo), ROWS_MAX):
            await self._reread_some(table, todo[start : start + ROWS_MAX])

    async def _reread_some(self, table: Table, documents: Sequence[bytes]) -> None:
        chunk = await self._rows_now(table, [key_of(table, document) for document in documents])
        if chunk is None:
            return
        if not chunk.is_last and len(documents) > 1:
            # Too large for one answer, which ended early, and its connection with it.
            await self._connection.close()
            middle = len(documents) // 2
            for half in documents[:middle], documents[middle:]:
                async with await self._connect() as self._connection:
                    await self._reread_some(table, half)
            return
        self._emit_now(table.name, chunk, documents)

    def _emit_now(self, name: TableName, chunk: Chunk, documents: Sequence[bytes]) -> None:
        lane = self._tables.lane_of(name)
        found: set[bytes] = set()
        for run in chunk.runs:
            operation = Operation.PUT if run.operation is Operation.INSERT else run.operation
            self._assembler.emit(name, lane, Run(operation, run.rows))
            found.update(map(key_value_of, run.rows))
        gone = [one for one in documents if key_value_of(one) not in found]
        if gone:
            self._assembler.emit(name, lane, Run(Operation.DELETE, gone))

    async def _rows_now(self, table: Table, keys: Sequence[Literals]) -> Chunk | None:
        """The rows with these keys; None if the table was dropped or renamed since."""
        now: Table | None = table
        for _ in range(TRIES):
            if now is None:
                return None
            try:
                async with reading(self._connection, self._assembler.reached()):
                    sql, limit = rows_sql(now, keys), len(keys) + 1
                    return await read_chunk(self._connection, sql, now, self._tables.options, limit)
            except SourceError as error:
                if error.retryable:
                    raise
                # Altered since: the rows as they are now will do, a new copy follows anyway.
                before, now = now, await read_table(self._connection, table.name)
                if not is_redefined(before, now):
                    raise
        raise SourceUnavailable(f"{table.name} is altered all the time; its rows are read again.")


def _touches_key(table: Table, statement: Statement) -> bool:
    names = {column.name.lower() for column in table.key_columns}
    return bool(names & statement.mentions)
