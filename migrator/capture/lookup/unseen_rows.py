"""Statements that change rows without logging them: whether the rows may be migrated ones.

Sessions in STATEMENT and MIXED format log INSERT, UPDATE and the like as text. Such a statement
may change a table that it does not name: through a view, a function, a trigger. It is ignored
only if it provably changes no migrated table. MySQL's log names the databases of all tables that
a statement used; where these are migrated, and on MariaDB, whose log names none, the server's
catalogue decides.
"""

import asyncio
from dataclasses import dataclass, replace

from migrator.capture.stream.unsupported import changes_unseen
from migrator.model.position import Position
from migrator.model.scope import SYSTEM_DATABASES, Scope
from migrator.model.table import TableName
from migrator.mysql.binlog.events import Query
from migrator.mysql.catalog.grants import read_grants
from migrator.mysql.sql.statements import Statement, parse_whole
from migrator.mysql.wire.connection import Connection

NEEDED = ("SELECT", "TRIGGER", "EXECUTE")
"""Without these privileges, the catalogue hides what other users made."""
PLAIN_ENGINES = frozenset({"InnoDB", "MyISAM", "Aria", "MEMORY", "CSV", "ROCKSDB", "ARCHIVE"})
"""Engines whose tables hold their rows themselves."""
FUNCTIONS = """
    SELECT ROUTINE_SCHEMA, ROUTINE_NAME FROM information_schema.ROUTINES
    WHERE ROUTINE_TYPE = 'FUNCTION'
"""
# A function of a package is called by a name that no catalogue lists.
VIEWS = """
    SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.VIEWS
    UNION ALL
    SELECT ROUTINE_SCHEMA, ROUTINE_NAME FROM information_schema.ROUTINES
    WHERE ROUTINE_TYPE LIKE 'PACKAGE%%'
"""
TRIGGERED = "SELECT EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS"
# No statement names the tables that InnoDB changes by cascades.
PARENTS = """
    SELECT UNIQUE_CONSTRAINT_SCHEMA, REFERENCED_TABLE_NAME
    FROM information_schema.REFERENTIAL_CONSTRAINTS
    WHERE UPDATE_RULE NOT IN ('RESTRICT', 'NO ACTION')
       OR DELETE_RULE NOT IN ('RESTRICT', 'NO ACTION')
"""
TABLES = "SELECT TABLE_SCHEMA, TABLE_NAME, ENGINE FROM information_schema.TABLES"


@dataclass(frozen=True, slots=True)
class Hidden:
    """Objects through which a statement may change tables that it does not name.

    `functions` matter where they are called, `views` (and packages) where they are named.
    `plain` are tables, with folded names, that hold their rows themselves and whose changes
    trigger no others.
    """

    functions: frozenset[TableName]
    views: frozenset[TableName]
    plain: frozenset[TableName]


class UnseenRows:
    """Judges statements; keeps the server's answers until the next definition."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._hidden: Hidden | None = None

    def forget(self) -> None:
        """Drop the answers: something was defined, perhaps a view or a trigger."""
        self._hidden = None

    async def prove(
        self, connection: Connection, statement: Statement, query: Query, reached: Position
    ) -> None:
        """Raise `UnsupportedChange` unless the statement cannot have changed our tables."""
        touched = statement.touched
        if touched is not None and not any(map(self._scope.reaches, touched)):
            return
        if statement.writes is None:
            statement = await asyncio.to_thread(parse_whole, query)
        hidden = await self._ask(connection)
        if hidden is not None and statement.writes is not None:
            target = self._scope.folded(statement.writes)
            is_plain = target in hidden.plain and not self._scope.wants(statement.writes)
            if is_plain and not self._may_call(statement, hidden):
                return
        raise changes_unseen(query, reached, knows=hidden is not None)

    async def prove_select(
        self, connection: Connection, statement: Statement, query: Query, reached: Position
    ) -> None:
        """Raise `UnsupportedChange` for CREATE TABLE ... SELECT that may change other tables."""
        hidden = await self._ask(connection)
        if hidden is None or self._may_call(statement, hidden):
            raise changes_unseen(query, reached, knows=hidden is not None)

    async def _ask(self, connection: Connection) -> Hidden | None:
        """What the catalogue lists; None if our privileges do not show all of it."""
        if self._hidden is None and not (await read_grants(connection)).everywhere(*NEEDED):
            functions = await connection.query(FUNCTIONS)
            views = await connection.query(VIEWS)
            acting = {
                TableName(*row)
                for question in (TRIGGERED, PARENTS)
                for row in await connection.query(question)
            }
            plain = {
                TableName(database, name)
                for database, name, engine in await connection.query(TABLES)
                if engine in PLAIN_ENGINES
            }
            self._hidden = Hidden(
                _user_defined(functions),
                _user_defined(views),
                frozenset(map(self._scope.folded, plain - acting)),
            )
        return self._hidden

    def _may_call(self, statement: Statement, hidden: Hidden) -> bool:
        # Names of functions are never case-sensitive.
        calls = replace(statement, names=statement.names & statement.calls)
        return any(statement.mentions(view, str.lower) for view in hidden.views) or any(
            calls.mentions(TableName(statement.database, function.name), str.lower)
            and statement.mentions(function, str.lower)
            for function in hidden.functions
        )


def _user_defined(rows: list[tuple[str, str]]) -> frozenset[TableName]:
    """All but the server's own objects, which change no user's tables."""
    return frozenset(
        TableName(database, name)
        for database, name in rows
        if database.lower() not in SYSTEM_DATABASES
    )
