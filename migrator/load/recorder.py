"""What becomes true with the rows: it is recorded in `_migrator` by the same transaction."""

import os
from collections.abc import Iterable

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
from migrator.mongodb.session import Session
from migrator.state.store import State

AUDIT = os.environ.get("MIGRATOR_AUDIT") == "1"


class Recorder:
    """Records progress, dead letters and prepared transactions of one partition.

    It remembers which tables have dead letters: rows of other tables cannot settle any.
    """

    def __init__(
        self, state: State, partition: int, tables_with_dead_letters: Iterable[str]
    ) -> None:
        self._state = state
        self._partition = partition
        self._tables_with_dead_letters = set(tables_with_dead_letters)

    async def record(self, transaction: LoadTransaction, session: Session) -> None:
        """Write all of it inside the session's open transaction."""
        await self._update_tables(transaction, session)
        await self._settle_dead_letters(transaction, session)
        dead_letters = transaction.coalesced.dead_letters
        inserted = {
            "dead_letters": dead_letter_documents(dead_letters, transaction.after),
            "prepared": [
                document
                for batch in transaction.kept_aside
                for document in prepared_documents(batch)
            ],
            "audit": audit_documents(transaction.batches) if AUDIT else [],
        }
        for name, documents in inserted.items():
            if documents:
                await self._state.collection(name).insert_many(documents, session=session.driver)
        for xid in transaction.decided:
            same = {"partition": self._partition, "xid": xid}
            await self._state.collection("prepared").delete_many(same, session=session.driver)

    async def _update_tables(self, transaction: LoadTransaction, session: Session) -> None:
        tables = self._state.collection("tables")
        updates = [progress_update(progress) for progress in transaction.progress]
        updates += [emptied_update(table, transaction.batches) for table in transaction.emptied]
        for same, update in updates:
            await tables.update_one(same, update, session=session.driver)

    async def _settle_dead_letters(self, transaction: LoadTransaction, session: Session) -> None:
        stored, coalesced = self._state.collection("dead_letters"), transaction.coalesced
        for settled in settled_dead_letters(coalesced, self._tables_with_dead_letters):
            await stored.delete_many(settled, session=session.driver)
        for gone in gone_dead_letters(coalesced):
            # Several dead letters may be equal, and only one of their rows is gone.
            await stored.delete_one(gone, session=session.driver)
        self._tables_with_dead_letters |= {str(each.table) for each in coalesced.dead_letters}
