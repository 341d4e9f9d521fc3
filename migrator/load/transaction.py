"""What one transaction of MongoDB does. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from migrator.load.changes.coalesce import Coalesced
from migrator.load.changes.commands import WriteCommand, commands_of
from migrator.model.batch import Batch, Phase, Progress
from migrator.model.document_key import has_key
from migrator.model.reference import Reference
from migrator.model.rows import Operation, TableChanges
from migrator.model.state import Landed
from migrator.model.table import TableName


@dataclass(slots=True)
class Stage:
    """Coalesced changes, and the cascades that meet the rows as these left them."""

    coalesced: Coalesced = field(default_factory=Coalesced)
    cascades: list[TableChanges] = field(default_factory=list)

    def commutes_with(self, cascade: TableChanges) -> bool:
        """Whether the cascade may as well come before these changes."""
        met = {reference.child for reference in cascade.references}
        if has_key(cascade.rows):
            met.add(cascade.table)  # It looks at the documents of the rows that set it off.
        return not self.cascades and met.isdisjoint(self.coalesced.tables)


@dataclass(slots=True)
class LoadTransaction:
    """Batches, their changes in stages, and what landed before and after them.

    `replacing` has the tables whose copied rows may be in the target already. MongoDB may
    object to rows: until it takes the transaction, `replace_copied` and `Coalesced.refuse` change
    it.
    """

    batches: tuple[Batch, ...]
    stages: list[Stage]
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
        batches = (batches[0].after(before.part), *batches[1:])
        applied = [
            batch
            for batch in batches
            if batch.phase in {None, Phase.COMMIT} and batch.check is None
        ]
        changes = (each for batch in (*prepared, *applied) for each in batch.changes)
        after = replace(
            before,
            batch=batches[-1].id,
            position=batches[-1].position,
            transactions=before.transactions + sum(batch.transactions for batch in batches),
            committed_at=max(before.committed_at, *(batch.committed_at for batch in batches)),
            part=0,
        )
        return cls(batches, stages_of(changes), before, after, set(replacing))

    @classmethod
    def of_part(
        cls,
        before: Landed,
        after: Landed,
        changes: Sequence[TableChanges],
        replacing: Iterable[TableName],
    ) -> Self:
        """The transaction of the next changes of a batch; the batch has not landed with them."""
        return cls((), stages_of(changes), before, after, set(replacing))

    def replace_copied(self, table: TableName) -> None:
        """Replace documents that copied rows of this table meet, instead of only inserting."""
        self.replacing.add(table)

    def commands(self, stage: Stage) -> Iterator[WriteCommand]:
        """The commands that change the tables."""
        for table, rows in stage.coalesced.tables.items():
            yield from commands_of(table, rows, replacing=table in self.replacing)

    @property
    def tables(self) -> list[TableName]:
        """The tables whose rows the batches name."""
        return list(dict.fromkeys(name for one in self.stages for name in one.coalesced.tables))

    @property
    def references(self) -> set[Reference]:
        """The foreign keys that may come into play."""
        return {
            ref for one in self.stages for cascade in one.cascades for ref in cascade.references
        }

    @property
    def rows(self) -> int:
        """How many rows the batches change."""
        return sum(batch.count for batch in self.batches)

    @property
    def emptied(self) -> list[TableName]:
        """The tables that were truncated or dropped."""
        return [table for stage in self.stages for table in stage.coalesced.emptied]

    @property
    def progress(self) -> list[Progress]:
        """How far the copies of tables have come."""
        return [batch.progress for batch in self.batches if batch.progress is not None]

    @property
    def checked(self) -> Batch | None:
        """The batch whose rows are compared; it is alone."""
        return next((batch for batch in self.batches if batch.check is not None), None)

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


def stages_of(changes: Iterable[TableChanges]) -> list[Stage]:
    """What has the same effect as the changes in their order."""
    stages = [Stage()]
    for each in changes:
        if each.operation is not Operation.CASCADE:
            if stages[-1].cascades:
                stages.append(Stage())
            stages[-1].coalesced.add(each)
        elif len(stages) > 1 and stages[-1].commutes_with(each):
            stages[-2].cascades.append(each)
        else:
            stages[-1].cascades.append(each)
    return stages
