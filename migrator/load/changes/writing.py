"""Writes rows that MongoDB must take, in the open transaction of a session."""

from migrator.errors import TargetError
from migrator.load.changes.coalesce import TableRows
from migrator.load.changes.commands import commands_of
from migrator.model.collection import CollectionName
from migrator.model.table import TableName
from migrator.mongodb.faults import REFUSALS
from migrator.mongodb.session import Session
from migrator.mongodb.target import Target


async def write_rows(
    target: Target, place: CollectionName, table: TableName, rows: TableRows, session: Session
) -> None:
    """Delete, insert or replace documents, which concern rows of `table`.

    Raises `TargetError` if MongoDB refuses one, because that ends the transaction: only the
    rows of batches may become dead letters.
    """
    for command in commands_of(table, rows, replacing=True):
        refusal = await target.write(place.database, command.document(place.collection), session)
        if refusal is not None:
            raise TargetError(
                f"MongoDB refuses a document of {place} that was made of a row of {table}: "
                f"{REFUSALS[refusal.code]!r}. Look for a unique index or a validator there, or "
                f"copy the table again: python -m migrator recopy {table}"
            )
