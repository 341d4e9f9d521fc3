"""What is done between two transactions: flushes, beats, and the windows of chunks."""

import asyncio

import bson

from migrator.capture.stream.batcher import Batchers, Limits
from migrator.capture.stream.timeline import Timeline
from migrator.model.batch import Batch, BatchId, Progress
from migrator.model.collection import CollectionMap
from migrator.model.position import Position
from migrator.model.rows import Operation, RowGroup
from migrator.model.state import Landed
from migrator.model.table import TableName
from migrator.mysql.binlog.events import Gtid
from migrator.mysql.position.read_position import ReadPosition
from migrator.mysql.wire.connection import Flavour, ServerInfo
from migrator.snapshot.window import NOTED_KEYS_MAX

SERVER = ServerInfo(Flavour.MYSQL, "8.4.0", (8, 4, 0), "a", gtid_mode=False)
START = Position(file="binlog.000001", offset=4, server="a")
T, U = TableName("shop", "t"), TableName("shop", "u")
PROGRESS = Progress(T, part=0, rows=2, last=b"last", done=True)


class Scene:
    """A timeline of one partition, and what left it."""

    is_full = False

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        position = ReadPosition(START, SERVER)
        landed = [Landed(0, BatchId(1, 0), START)]
        self.timeline = Timeline(
            position,
            Batchers.of_landed(landed, Limits(100, 10_000), position, self, CollectionMap()),
        )

    def put(self, batch: Batch) -> None:
        self.batches.append(batch)

    def begin(self, table: TableName, *keys: int) -> None:
        """A transaction that changes rows, and goes on."""
        self.timeline.begin(Gtid("", 1, 50))
        self.emit(table, *keys)

    def emit(self, table: TableName, *keys: int) -> None:
        self.timeline.emit(table, self.timeline.batchers.of(table), rows(*keys))

    def commit(self, end: int = 100) -> None:
        self.timeline.end = end
        self.timeline.commit()

    def sent(self) -> list[list[int]]:
        """The keys in each batch."""
        return [
            [bson.decode(document)["_id"] for one in batch.changes for document in one.documents()]
            for batch in self.batches
        ]


def rows(*keys: int, operation: Operation = Operation.PUT) -> RowGroup:
    return RowGroup(operation, [bson.encode({"_id": key}) for key in keys])


def place(offset: int) -> Position:
    return Position(file=START.file, offset=offset, server=START.server)


async def turn() -> None:
    """Let the others go as far as they can."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_chunk_leaves_out_what_the_stream_has_emitted_since() -> None:
    scene = Scene()

    async with scene.timeline.window(T) as window:
        scene.begin(T, 2)
        scene.commit()
        emitted = await window.emit([rows(1, 2, 3, operation=Operation.INSERT)], PROGRESS)

    assert emitted == 2
    assert scene.sent() == [[2], [1, 3]]
    assert scene.batches[1].progress == PROGRESS
    assert scene.batches[1].position.offset == 100


async def test_rows_of_another_table_or_before_the_window_are_not_left_out() -> None:
    scene = Scene()
    scene.begin(T, 1)
    scene.commit()

    async with scene.timeline.window(T) as window:
        scene.begin(U, 2)
        scene.commit()
        emitted = await window.emit([rows(1, 2)], PROGRESS)

    assert emitted == 2


async def test_a_chunk_waits_for_the_open_transaction_and_the_stream_for_the_chunk() -> None:
    scene = Scene()
    async with scene.timeline.window(T) as window:
        scene.begin(T, 1)
        emission = asyncio.create_task(window.emit([rows(1, 2)], PROGRESS))
        await turn()

        assert not emission.done()

        scene.emit(T, 2)
        scene.commit()
        await scene.timeline.give_way()
        scene.begin(T, 3)
        scene.commit(end=200)

        assert await emission == 0

    scene.timeline.flush()
    assert scene.sent() == [[1, 2], [], [3]]
    assert [batch.position.offset for batch in scene.batches] == [100, 100, 200]


async def test_a_spoiled_window_emits_nothing() -> None:
    scene = Scene()

    async with scene.timeline.window(T) as window, scene.timeline.window(U) as other:
        scene.timeline.windows.spoil(T)

        assert await window.emit([rows(1)], PROGRESS) is None
        assert await other.emit([rows(1)], PROGRESS) == 1


async def test_a_chunk_waits_until_the_stream_has_passed_what_it_may_show() -> None:
    scene = Scene()
    async with scene.timeline.window(T) as window:
        chunk = [rows(1, 2)]
        passing = asyncio.create_task(window.until_passed(place(200), chunk))
        scene.begin(T, 1, 3)
        scene.commit(end=100)
        await scene.timeline.give_way()
        await turn()

        assert not passing.done()

        scene.begin(T, 4)
        scene.commit(end=200)
        giving = asyncio.create_task(scene.timeline.give_way())
        await turn()

        assert passing.done()
        assert giving.done()
        assert await window.emit(chunk, PROGRESS) == 1

    assert scene.sent() == [[1, 3, 4], [2]]
    assert scene.batches[1].position.offset == 200


async def test_a_chunk_does_not_wait_for_what_the_stream_has_passed() -> None:
    scene = Scene()
    scene.begin(T, 1)
    scene.commit(end=200)

    async with scene.timeline.window(T) as window:
        await window.until_passed(place(200), [rows(1)])

        assert await window.emit([rows(1)], PROGRESS) == 1


async def test_a_file_of_the_log_that_follows_is_beyond_every_offset_of_the_one_before() -> None:
    scene = Scene()

    async with scene.timeline.window(T) as window:
        passing = asyncio.create_task(window.until_passed(place(10**9), []))
        await turn()
        scene.timeline.position.read_up_to("binlog.000002", 4)
        await scene.timeline.give_way()
        await asyncio.wait_for(passing, 1)


async def test_a_chunk_of_a_server_that_is_no_longer_read_is_read_again() -> None:
    scene = Scene()

    async with scene.timeline.window(T) as window:
        passing = asyncio.create_task(window.until_passed(place(200), [rows(1)]))
        await turn()
        scene.timeline.connected("another")
        await scene.timeline.give_way()
        await asyncio.wait_for(passing, 1)

        assert await window.emit([rows(1)], PROGRESS) is None


async def test_a_chunk_that_is_cancelled_while_it_waits_is_forgotten() -> None:
    scene = Scene()

    async with scene.timeline.window(T) as window:
        passing = asyncio.create_task(window.until_passed(place(200), [rows(1)]))
        await turn()
        passing.cancel()
        await asyncio.wait({passing})

    assert scene.timeline.turns == []


async def test_a_window_that_would_note_too_many_keys_is_spoiled() -> None:
    scene = Scene()

    async with scene.timeline.window(T) as window:
        scene.timeline.windows.note(T, rows(*range(NOTED_KEYS_MAX + 1)).rows)

        assert await window.emit([rows(1)], PROGRESS) is None


async def test_the_stream_waits_for_nobody_who_was_cancelled() -> None:
    scene = Scene()
    scene.begin(T, 1)

    async def copy() -> None:
        async with scene.timeline.window(T):
            raise AssertionError

    waiting = asyncio.create_task(copy())
    await turn()
    waiting.cancel()
    scene.commit()

    await asyncio.wait_for(scene.timeline.give_way(), 1)
    assert waiting.cancelled()


async def test_a_flush_and_a_beat_wait_for_the_end_of_the_transaction() -> None:
    scene = Scene()
    scene.begin(T, 1)
    scene.timeline.flush()
    scene.timeline.beat()

    assert scene.batches == []

    scene.commit()
    assert scene.sent() == [[1]]
    scene.timeline.flush()
    assert scene.sent() == [[1]]
    scene.timeline.beat()
    assert scene.sent() == [[1], []]


async def test_a_rewound_transaction_counts_as_open_until_it_has_come_again() -> None:
    scene = Scene()
    scene.begin(T, 1)

    scene.timeline.rewind()
    scene.timeline.flush()

    assert scene.batches == []

    scene.begin(T, 1)
    scene.commit()
    assert scene.sent() == [[1, 1]]


async def test_emptying_a_table_spoils_its_windows_and_names_its_batch() -> None:
    scene = Scene()

    async with scene.timeline.window(T) as window:
        emptied = scene.timeline.empty(T)

        assert await window.emit([rows(1)], PROGRESS) is None

    assert emptied == scene.batches[0].id
    assert scene.batches[0].changes[0].operation is Operation.EMPTY


async def test_a_stream_that_is_cancelled_while_it_waits_leaves_the_waiter_alone() -> None:
    scene = Scene()
    scene.begin(T, 1)
    has_opened = asyncio.Event()

    async def copy() -> None:
        async with scene.timeline.window(T):
            has_opened.set()

    waiting = asyncio.create_task(copy())
    await turn()
    scene.commit()
    stream = asyncio.create_task(scene.timeline.give_way())
    await asyncio.sleep(0)

    stream.cancel()
    await asyncio.wait({stream, waiting})

    assert stream.cancelled()
    assert waiting.exception() is None
    assert has_opened.is_set()
