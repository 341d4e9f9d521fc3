"""How changes become batches: where they are cut, and what position each one has."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from migrator.capture.stream.batcher import Batcher, Limits
from migrator.model.batch import Batch, BatchId, Distributed, Phase, Progress
from migrator.model.position import Position
from migrator.model.rows import Operation, RowGroup, TableChanges
from migrator.model.state import Landed
from migrator.model.table import TableName
from migrator.mysql.binlog.events import Gtid
from migrator.mysql.position.read_position import ReadPosition
from migrator.mysql.wire.connection import Flavour, ServerInfo

T, U = TableName("shop", "t"), TableName("shop", "u")
START = Position(file="binlog.000001", offset=4)
NEXT = Position(file="binlog.000001", offset=100)
PUT, INSERT = Operation.PUT, Operation.INSERT


SERVER = ServerInfo(Flavour.MYSQL, "8.4.0", (8, 4, 0), "a", gtid_mode=False)


class Sent:
    """A sink."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []

    def put(self, batch: Batch) -> None:
        self.batches.append(batch)


class Road:
    """A batcher, what it emitted, and the source's newest position."""

    def __init__(self, landed: Position = START, rows: int = 3, size: int = 1_000) -> None:
        self.position = ReadPosition(START, SERVER)
        sent = Sent()
        self.batches = sent.batches
        at = Landed(0, BatchId(7, 0), landed)
        self.batcher = Batcher(at, Limits(rows, size), self.position, sent)

    def put(self, *rows: bytes) -> None:
        self.batcher.add(T, RowGroup(PUT, list(rows)))

    def commit(self, position: Position = NEXT) -> None:
        self.position.advance("", position.offset)
        self.batcher.commit(1_000_000)


def test_transactions_are_collected_until_they_are_flushed() -> None:
    road = Road()

    road.put(b"a")
    road.commit()
    road.put(b"b")
    road.commit()
    road.batcher.flush()

    assert road.batches == [
        Batch(
            partition=0,
            follows=BatchId(7, 0),
            id=BatchId(7, 1),
            position=NEXT,
            complete=True,
            changes=(TableChanges(T, PUT, b"ab", 2),),
            committed_at=1_000_000,
            transactions=2,
        )
    ]


def test_a_large_transaction_is_cut_and_says_that_it_goes_on() -> None:
    road = Road(rows=2)

    road.put(b"a", b"b")
    road.put(b"c")
    road.commit()
    road.batcher.flush()

    first, last = road.batches
    assert (first.complete, first.position) == (False, replace(START, rows=2))
    assert (last.complete, last.position) == (True, NEXT)
    assert last.follows == first.id


def test_after_a_broken_connection_the_open_transaction_is_sent_again_as_one() -> None:
    road = Road(rows=2)
    road.put(b"a", b"b")
    road.put(b"c")

    road.batcher.rewind()
    road.put(b"a", b"b")
    road.put(b"c", b"d")
    road.commit()
    road.batcher.flush()

    assert [batch.complete for batch in road.batches] == [False, False, False, True]
    assert (
        b"".join(changes.rows for batch in road.batches for changes in batch.changes) == b"abcabcd"
    )


def test_rows_of_a_distributed_transaction_never_lose_their_mark() -> None:
    road = Road()
    prepared = Distributed("X'61',X'',1", Phase.PREPARE)
    road.batcher.prepare(prepared)
    road.put(b"a")

    road.batcher.rewind()
    road.batcher.prepare(prepared)
    road.put(b"a")
    road.commit()

    assert [(batch.changes, batch.distributed) for batch in road.batches] == [
        ((TableChanges(T, PUT, b"a", 1),), prepared)
    ]


def test_a_chunk_follows_what_was_committed_before_and_ends_with_its_progress() -> None:
    road = Road(rows=2)
    progress = Progress(U, part=0, rows=3, last=b"3", done=True)

    road.put(b"a")
    road.commit()
    road.batcher.copy(U, [RowGroup(INSERT, [b"x", b"y", b"z"])], progress)

    assert [(batch.changes, batch.progress) for batch in road.batches] == [
        ((TableChanges(T, PUT, b"a", 1),), None),
        ((TableChanges(U, INSERT, b"xy", 2),), None),
        ((TableChanges(U, INSERT, b"z", 1),), progress),
    ]
    assert all(batch.complete for batch in road.batches)


def test_a_distributed_transaction_is_kept_apart_until_it_is_decided() -> None:
    road = Road()
    prepared = Distributed("X'61',X'',1", Phase.PREPARE)
    committed = Distributed("X'61',X'',1", Phase.COMMIT)

    road.put(b"a")
    road.commit()
    road.batcher.prepare(prepared)
    road.put(b"b")
    road.commit()
    road.batcher.decide(committed, 2_000_000)

    assert [(batch.changes, batch.distributed) for batch in road.batches] == [
        ((TableChanges(T, PUT, b"a", 1),), None),
        ((TableChanges(T, PUT, b"b", 1),), prepared),
        ((), committed),
    ]


def test_a_partition_that_is_ahead_leaves_out_what_it_has() -> None:
    road = Road(landed=NEXT)

    for end, row in ((90, b"old"), (110, b"new")):
        road.batcher.begin(Gtid("", 0, end))
        road.put(row)
        road.commit(replace(NEXT, offset=end + 5))
    road.batcher.flush()

    assert [batch.changes for batch in road.batches] == [(TableChanges(T, PUT, b"new", 1),)]
    assert road.batches[0].transactions == 1


@given(
    st.lists(st.lists(st.integers(0, 5), max_size=6), max_size=12),
    st.integers(1, 4),
    st.integers(0, 10),
)
def test_every_row_leaves_once_in_order_whatever_the_limits(
    transactions: list[list[int]], rows_max: int, cut_at: int
) -> None:
    road = Road(rows=rows_max)

    for number, transaction in enumerate(transactions):
        for row in transaction:
            road.put(b"%d" % row)
        road.commit(replace(NEXT, offset=100 + number))
        if number == cut_at:
            road.batcher.flush()
    road.batcher.flush()

    sent = b"".join(change.rows for batch in road.batches for change in batch.changes)
    assert sent == b"".join(b"%d" % row for rows in transactions for row in rows)
    assert sum(batch.transactions for batch in road.batches) == len(transactions)
    ids = [BatchId(7, number) for number in range(len(road.batches) + 1)]
    assert [batch.follows for batch in road.batches] == ids[:-1]
    assert [batch.id for batch in road.batches] == ids[1:]


CASCADE = RowGroup(Operation.CASCADE, [b"c"])


def sent(road: Road) -> list[tuple[str, bytes]]:
    return [
        (change.operation.value, change.rows) for batch in road.batches for change in batch.changes
    ]


def test_a_position_inside_a_transaction_says_up_to_where_cascades_were_sent() -> None:
    road = Road()

    road.put(b"a")
    road.batcher.add(T, CASCADE)
    road.put(b"b")
    road.put(b"d")
    road.commit()
    road.batcher.flush()

    assert [(batch.position.rows, batch.position.cascaded) for batch in road.batches] == [
        (3, 2),
        (0, 0),
    ]


def test_what_was_sent_up_to_a_cascade_is_not_sent_again_when_a_transaction_comes_again() -> None:
    road = Road()
    road.put(b"a")
    road.batcher.add(T, CASCADE)
    road.put(b"b")

    road.batcher.rewind()
    road.put(b"a")
    road.batcher.add(T, CASCADE)
    road.put(b"b")
    road.put(b"d")
    road.commit()
    road.batcher.flush()

    assert sent(road) == [("put", b"a"), ("cascade", b"c"), ("put", b"b"), ("put", b"bd")]


def test_what_landed_up_to_a_cascade_is_not_sent_again_in_another_session() -> None:
    road = Road(replace(START, rows=3, cascaded=2))

    road.batcher.begin(Gtid("", 1, 50))
    road.put(b"a")
    road.batcher.add(T, CASCADE)
    road.put(b"b")
    road.commit()
    road.batcher.flush()

    assert sent(road) == [("put", b"b")]
    assert [batch.position.cascaded for batch in road.batches] == [0]


def test_until_the_transaction_has_come_again_the_position_keeps_what_landed_of_it() -> None:
    road = Road(replace(START, rows=3, cascaded=2))

    road.batcher.flush(beat=True)

    assert road.batches[0].position == replace(START, rows=2, cascaded=2)


def test_nothing_follows_rows_that_were_read_again_below_a_cascade_in_their_batch() -> None:
    road = Road()
    again = RowGroup(Operation.CASCADE, [b"\x0e\0\0\0\x10_id\0\1\0\0\0\0"])

    road.batcher.add(T, again)
    road.put(b"a")
    road.commit()
    road.put(b"b")
    road.commit()
    road.batcher.flush()

    assert [len(batch.changes) for batch in road.batches] == [2, 1]
