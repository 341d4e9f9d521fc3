"""Batches for tests of the road through the broker, and hypothesis's idea of any batch."""

import bson
from hypothesis import strategies as st

from migrator.model.batch import Batch, BatchId, Distributed, Phase, Progress
from migrator.model.position import Position
from migrator.model.rows import Operation, TableChanges
from migrator.model.table import TableName

ORDERS = TableName("shop", "orders")


def batch(sequence: int, *, partition: int = 0, epoch: int = 1, size: int = 100) -> Batch:
    """The batch of this sequence number; its one row has about `size` bytes."""
    row = bson.encode({"_id": sequence, "text": "x" * size})
    return Batch(
        partition=partition,
        follows=BatchId(epoch, sequence - 1),
        id=BatchId(epoch, sequence),
        position=Position(file="binlog.000001", offset=sequence * 100),
        complete=True,
        changes=(TableChanges(ORDERS, Operation.PUT, row, 1),),
        committed_at=1_700_000_000_000_000,
        transactions=1,
    )


int64 = st.integers(0, 2**63 - 1)
# Surrogates are no text, and MySQL has none; NUL may stand in a key's literal, not in a name.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
tables = st.builds(TableName, texts, texts)
batch_ids = st.builds(BatchId, int64, int64)
positions = st.builds(Position, texts, texts, int64, texts, int64)
changes = st.builds(TableChanges, tables, st.sampled_from(Operation), st.binary(max_size=99), int64)
progresses = st.builds(
    Progress,
    tables,
    int64,
    int64,
    st.none() | st.lists(texts, max_size=3).map(tuple),
    st.booleans(),
    int64,
)
batches = st.builds(
    Batch,
    partition=int64,
    follows=batch_ids,
    id=batch_ids,
    position=positions,
    complete=st.booleans(),
    changes=st.lists(changes, max_size=3).map(tuple),
    committed_at=int64,
    transactions=int64,
    progress=st.none() | progresses,
    distributed=st.none() | st.builds(Distributed, texts, st.sampled_from(Phase)),
)
