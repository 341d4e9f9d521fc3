"""What one transaction of MongoDB does. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Self

from migrator.load.coalesce import Coalesced, Key, coalesce
from migrator.load.commands import WriteCommand, commands_of
from migrator.model.batch import Batch, Phase, Progress
from migrator.model.state import Landed
from migrator.model.table import TableName


@dataclass(slots=True)
class LoadTransaction:
    """Batches, their coalesced changes, and what landed before and after them.

    `replacing` has the tables whose copied rows may be in the target already. MongoDB may
    object to rows: until it takes the transaction, `replace_copied` and `refuse` change it.
    """

    batches: tuple[Batch, ...]
    coalesced: Coalesced
    before: Landed
    after: Landed
    replacing: set[TableName]

    @classmethod
    def of(
        cls,
        before: Landed,
        batches: tuple[Batch, ...],
        prepared: Iterable[Batch],
        replacing: Iterable[TableName],
    ) -> Self:
        """The transaction of batches that follow what landed; `prepared` is what they commit."""
        applied = [batch for batch in batches if batch.phase in {None, Phase.COMMIT}]
        changes = (each for batch in (*prepared, *applied) for each in batch.changes)
        after = replace(
            before,
            batch=batches[-1].id,
            position=batches[-1].position,
            transactions=before.transactions + sum(batch.transactions for batch in batches),
            committed_at=max(before.committed_at, *(batch.committed_at for batch in batches)),
        )
        return cls(batches, coalesce(changes), before, after, set(replacing))

    def replace_copied(self, table: TableName) -> None:
        """Replace documents that copied rows of this table meet, instead of only inserting."""
        self.replacing.add(table)

    def refuse(self, table: TableName, key: Key, reason: str) -> None:
        """Make a dead letter of a row that MongoDB does not take."""
        self.coalesced.refuse(table, key, reason)

    def commands(self) -> Iterator[WriteCommand]:
        """The commands that change the tables."""
        for table, rows in self.coalesced.tables.items():
            yield from commands_of(table, rows, replacing=table in self.replacing)

    @property
    def rows(self) -> int:
        """How many rows the batches change."""
        return sum(batch.count for batch in self.batches)

    @property
    def emptied(self) -> list[TableName]:
        """The tables that were truncated or dropped."""
        return [table for table, rows in self.coalesced.tables.items() if rows.emptied]

    @property
    def progress(self) -> list[Progress]:
        """How far the copies of tables have come."""
        return [batch.progress for batch in self.batches if batch.progress is not None]

    @property
    def kept_aside(self) -> list[Batch]:
        """The batches of distributed transactions that wait for their decision."""
        return [batch for batch in self.batches if batch.phase is Phase.PREPARE]

    @property
    def decided(self) -> list[str]:
        """The distributed transactions that end here."""
        return [
            batch.distributed.xid
            for batch in self.batches
            if batch.distributed is not None and batch.phase is not Phase.PREPARE
        ]
