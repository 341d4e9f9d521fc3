"""Tables whose key the log and the catalogue name differently, for longer than can be."""

from migrator.capture.tables import Tables
from migrator.capture.transactions import Assembler
from migrator.errors import SourceError
from migrator.model.position import Position
from migrator.model.table import TableName
from migrator.mysql.catalog.tables import Table
from migrator.mysql.position.comparison import covers
from migrator.mysql.position.log_position import current_position
from migrator.mysql.wire.connection import Connection


class Disagreements:
    """Sees to it that rows are left out only until their table's definition is reached.

    The catalogue may be ahead of the stream, and then a definition lies between them. Where
    the stream has come past the moment at which this was seen, and no definition came, the
    rows that are left out would be missing for ever.
    """

    def __init__(self, tables: Tables, assembler: Assembler) -> None:
        self._tables = tables
        self._assembler = assembler
        self._seen: dict[TableName, tuple[Table, Position]] = {}

    async def look(self, connection: Connection) -> None:
        """Raise `SourceError` for a table whose rows are left out without a reason."""
        still = {}
        for name, table in self._tables.disagreeing.items():
            seen = self._seen.get(name)
            if seen is None or seen[0] is not table:
                seen = table, await current_position(connection)
            elif covers(self._assembler.position(), seen[1]):
                raise SourceError(
                    f"{table.name}: the binlog and information_schema disagree on its key "
                    f"({', '.join(column.name for column in table.key_columns)}). This is an error "
                    "of the migrator; please report it. To go on: exclude the table, or give it a "
                    "primary key, and start again."
                )
            still[name] = seen
        self._seen = still
