"""The capturing half: the binlog, and the copy of the tables, become batches in the queue.

    source --binlog--> Stream -> Assembler -> Lane --+
                                                     +-> Outbox -> Publisher -> queue
    source --chunks--> Snapshot ------------> Lane --+

A session lasts as long as its epoch. When the loader misses a batch, the next session
begins where the data landed; what is still in the queue then counts nothing.
"""

import random
import time
from collections.abc import Sequence

import structlog

from migrator.broker.publisher import Publisher
from migrator.capture.batcher import Lane, Limits
from migrator.capture.copies import Copies
from migrator.capture.definitions import Definitions
from migrator.capture.elsewhere import Elsewhere
from migrator.capture.passing import Passing
from migrator.capture.rereads import Rereads
from migrator.capture.resolver import Resolver
from migrator.capture.resume import Resumption, is_begun, landed_before, resume
from migrator.capture.sending import Outbox
from migrator.capture.stream import Stream
from migrator.capture.tables import Tables, partition_of
from migrator.capture.transactions import Assembler
from migrator.capture.watching import Watching
from migrator.check.findings import refuse_failures
from migrator.check.preflight import source_findings
from migrator.errors import Gap, MigratorError
from migrator.mysql.columns.codec import TypeOptions
from migrator.mysql.position.gtid import parse
from migrator.mysql.wire.connection import Connection, SourceUrl, connect
from migrator.runtime.backoff import Backoff
from migrator.runtime.tasks import together
from migrator.settings import Server, Settings
from migrator.snapshot.copier import Snapshot
from migrator.snapshot.window import Watches
from migrator.state.store import State

HEALTHY_S = 60.0
SERVER_IDS = range(1_000_000_000, 4_000_000_000)

log = structlog.get_logger()


async def capture(settings: Settings) -> None:
    """Follow the source and copy its tables until it is cancelled.

    Raises what another try cannot mend: `ConfigurationError`, `PositionLost`,
    `UnsupportedChange`, `StateDamaged` and their like.
    """
    backoff = Backoff()
    async with State.connect(settings, "capture") as state:
        while True:
            begun_s = time.monotonic()
            try:
                await state.target.check()
                await _session(settings, state)
            except Gap as error:
                log.warning(f"{error} Everything after the landed position is sent again.")
            except MigratorError as error:
                if not error.retryable:
                    raise
                if time.monotonic() - begun_s > HEALTHY_S:
                    backoff.reset()
                await backoff.pause(error, "Capture begins anew")


async def _session(settings: Settings, state: State) -> None:
    """One epoch: everything after what has landed, until something is missing or broken."""
    url = SourceUrl.parse(settings.url(Server.SOURCE))
    options = TypeOptions(settings.zero_dates, settings.microseconds)

    async def connected() -> Connection:
        return await connect(url)

    async with (
        await connected() as connection,
        Publisher(settings.url(Server.BROKER), settings.name, settings.partitions) as publisher,
    ):
        scope = settings.scope.at(folds=connection.server.folds)
        is_new = not await is_begun(state)
        refuse_failures(await source_findings(connection, settings, is_new=is_new))
        takes_over = settings.take_over
        resumed = await resume(connection, state, scope, settings.partitions, takes_over=takes_over)
        outbox = Outbox(publisher.send, settings.queue_bytes_max)
        lanes: list[Lane] = []
        tables = Tables(
            scope,
            resumed.followed,
            options,
            lambda table: lanes[
                partition_of(settings.collections.collection_of(table), settings.partitions)
            ],
        )
        watches = Watches()
        mariadb = connection.server.is_mariadb
        has_gtids = mariadb or connection.server.gtid_mode
        gtids = parse(resumed.start.gtids, mariadb=mariadb) if has_gtids else None
        assembler = Assembler(tables, lanes, watches, resumed.start, gtids, is_mariadb=mariadb)
        lanes += _lanes(settings, resumed, outbox, assembler)
        snapshot = Snapshot(connected, assembler, tables, watches, outbox.room, settings.chunk_rows)
        for copy in resumed.unfinished:
            snapshot.begin(copy)
        copies = Copies(assembler, tables, watches, snapshot, state, takes_over=takes_over)
        for one in resumed.anew:
            await copies.anew(connection, one.name, empties=one.empties)
        resolver = Resolver(
            connected,
            assembler,
            Definitions(tables, copies, state),
            copies,
            Elsewhere(scope, assembler.position),
            Rereads(connected, assembler, tables, outbox.room),
            Passing(state, tables, copies),
        )
        stream = Stream(
            connected,
            assembler,
            tables.wants_rows,
            outbox,
            resolver,
            settings.linger_ms / 1000,
        )
        watching = Watching(
            connected,
            state,
            resumed.epochs,
            outbox,
            publisher,
            assembler,
            snapshot,
            stream,
            tables,
        )
        await together(
            stream=stream.run(_server_id(settings), settings.heartbeat_s),
            snapshot=snapshot.run(settings.snapshot_readers),
            outbox=outbox.run(),
            watching=watching.run(),
        )


def _lanes(
    settings: Settings, resumed: Resumption, outbox: Outbox, assembler: Assembler
) -> Sequence[Lane]:
    limits = Limits(settings.batch_rows_max, settings.batch_bytes_max)
    return [
        Lane(landed, limits, outbox.put, assembler.position, landed_before(resumed, landed))
        for landed in resumed.landed
    ]


def _server_id(settings: Settings) -> int:
    # A replica with the id of another one throws that one out, and is thrown out in turn.
    return settings.server_id or random.choice(SERVER_IDS)  # noqa: S311 (no secret)
