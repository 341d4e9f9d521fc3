"""What becomes true with the rows: it is recorded in `_migrator` by the same transaction."""

import os

from migrator.load.cascades.dead_letters import DeadRows
from migrator.load.changes.coalesce import Coalesced
from migrator.load.ownership import Ownership
from migrator.load.records import (
    audit_documents,
    dead_letter_documents,
    emptied_update,
    gone_dead_letters,
    prepared_documents,
    progress_update,
    settled_dead_letters,
)
from migrator.load.transaction import LoadTransaction
from migrator.model.state import Landed
from migrator.mongodb.target import Document
from migrator.state.store import State

AUDIT = os.environ.get("MIGRATOR_AUDIT") == "1"


class Recorder:
    """Records progress, dead letters and prepared transactions of one partition.

    It remembers which tables have dead letters: rows of other tables cannot settle any.
    """

    def __init__(self, state: State, ownership: Ownership, dead_rows: DeadRows) -> None:
        self.dead_rows = dead_rows
        self._state = state
        self._partition = ownership.partition
        self._session = ownership.session

    async def record(self, transaction: LoadTransaction) -> None:
        """Write all but dead letters, inside the session's open transaction."""
        await self._update_tables(transaction)
        inserted = {
            "prepared": [
                document
                for batch in transaction.kept_aside
                for document in prepared_documents(batch)
            ],
            "audit": audit_documents(transaction.batches) if AUDIT else [],
        }
        for name, documents in inserted.items():
            await self._insert(name, documents)
        for xid in transaction.decided:
            same = {"partition": self._partition, "xid": xid}
            await self._state.collection("prepared").delete_many(same, session=self._session.driver)

    async def settle_dead_letters(self, coalesced: Coalesced, landed: Landed) -> None:
        """Drop the dead letters of rows that have changed again or are gone; write new ones."""
        stored, session = self._state.collection("dead_letters"), self._session.driver
        for settled in settled_dead_letters(coalesced, self.dead_rows.tables):
            await stored.delete_many(settled, session=session)
        for gone in gone_dead_letters(coalesced):
            # Several dead letters may be equal, and only one of their rows is gone.
            await stored.delete_one(gone, session=session)
        await self._insert("dead_letters", dead_letter_documents(coalesced.dead_letters, landed))
        self.dead_rows.tables.update(str(each.table) for each in coalesced.dead_letters)

    async def _insert(self, name: str, documents: list[Document]) -> None:
        if documents:
            stored = self._state.collection(name)
            await stored.insert_many(documents, session=self._session.driver)

    async def _update_tables(self, transaction: LoadTransaction) -> None:
        tables = self._state.collection("tables")
        updates = [progress_update(progress) for progress in transaction.progress]
        updates += [emptied_update(table, transaction.batches) for table in transaction.emptied]
        for same, update in updates:
            await tables.update_one(same, update, session=self._session.driver)
