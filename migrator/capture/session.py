"""The capturing half: the binlog, and the copy of the tables, become batches in the queue.

    source --binlog--> Stream -> TransactionAssembler --+
                                                        +-> Timeline -> Batcher -> Publisher
    source --chunks--> Copier --------------------------+

A session lasts as long as its epoch. When apply misses a batch, the next session begins
where the data landed, and apply drops what is still queued of the old epoch.
"""

import random
import time
from dataclasses import dataclass

import structlog

from migrator.broker.publisher import Publisher, SendLimits
from migrator.capture.landing_watch import LandingWatch
from migrator.capture.lookup.copies import Copies
from migrator.capture.lookup.ddl import DdlFollower
from migrator.capture.lookup.decisions import Decisions
from migrator.capture.lookup.foreign_keys import ForeignKeyFollower, parents_of
from migrator.capture.lookup.lookup import Lookup
from migrator.capture.lookup.recopying import Recopying
from migrator.capture.lookup.reread import Reread
from migrator.capture.lookup.suspects import SuspectRows
from migrator.capture.reporting import keep_reporting
from migrator.capture.resume import Resumption, is_begun, resume
from migrator.capture.source_guard import SourceGuard
from migrator.capture.stream.batcher import Batchers, Limits
from migrator.capture.stream.follow import Pace, Stream
from migrator.capture.stream.references import References
from migrator.capture.stream.tables import Tables
from migrator.capture.stream.timeline import Timeline
from migrator.capture.verify.means import Means
from migrator.capture.verify.verifier import Verifier
from migrator.check.findings import refuse_failures
from migrator.check.preflight import source_findings
from migrator.errors import Gap, MigratorError
from migrator.mysql.columns.codec import TypeOptions
from migrator.mysql.position.read_position import ReadPosition
from migrator.mysql.source import Source
from migrator.mysql.wire.connection import SourceUrl, connect
from migrator.observe.reports import Role
from migrator.runtime.backoff import Backoff
from migrator.runtime.tasks import run_until_first_failure
from migrator.settings import Server, Settings
from migrator.snapshot.copier import Copier
from migrator.state.recopies import Recopies
from migrator.state.store import State

HEALTHY_S = 60.0
SERVER_IDS = range(1_000_000_000, 4_000_000_000)

log = structlog.get_logger()


async def capture(settings: Settings) -> None:
    """Follow the source and copy its tables until it is cancelled.

    Raises every error that another try cannot repair: `ConfigurationError`, `PositionLost`,
    `UnsupportedChange`, `StateDamaged` and the like.
    """
    backoff = Backoff()
    async with State.connect(settings, "capture") as state, state.reporting(Role.CAPTURE):
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
                await backoff.pause(error, "Capture starts again")


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a session begins with, when all that must be copied is known."""

    source: Source
    start: Resumption
    publisher: Publisher
    timeline: Timeline
    references: References
    copier: Copier
    copies: Copies
    recopying: Recopying


async def _begin(settings: Settings, state: State) -> Beginning:
    """Find where to resume, and begin the copies."""
    url = SourceUrl.parse(settings.url(Server.SOURCE))
    async with await connect(url) as connection:
        scope = settings.scope.at(folds=connection.server.folds)
        source = Source(url, scope, TypeOptions(settings.zero_dates, settings.microseconds))
        is_new = not await is_begun(state)
        refuse_failures(await source_findings(connection, settings, is_new=is_new))
        start = await resume(connection, state, scope, settings)
        publisher = _publisher(settings)
        position = ReadPosition(start.position, connection.server)
        limits = Limits(settings.batch_rows_max, settings.batch_bytes_max)
        batchers = Batchers.of_landed(start.landed, limits, position, publisher, start.collections)
        tables = Tables(source, start.followed, batchers)
        timeline = Timeline(position, batchers)
        copier = Copier(source, timeline, publisher, settings.chunk_rows)
        copies = Copies(state, timeline, tables, copier, takes_over=settings.take_over)
        for copy in start.unfinished:
            copier.begin(tables[copy.table], copy)
        for one in start.new_copies:
            await copies.restart(connection, one.name, empties=one.empties)
        recopying = Recopying(Recopies(state), source, timeline, copies)
        await recopying.carry_out(connection)
        references = References(tables)
        # Only now: tables that are migrated need not be read again as parents of others.
        keys = start.constraints.keys
        references.adopt(keys, await parents_of(connection, tables, keys))
    return Beginning(source, start, publisher, timeline, references, copier, copies, recopying)


async def _session(settings: Settings, state: State) -> None:
    """Run one session: capture everything after what has landed, until an error ends it."""
    begun = await _begin(settings, state)
    source, timeline, publisher = begun.source, begun.timeline, begun.publisher
    references, tables, copies = begun.references, begun.references.tables, begun.copies
    lookup = Lookup(
        source,
        timeline,
        DdlFollower(tables, copies, state, ForeignKeyFollower(state, timeline, references, copies)),
        Reread(source, timeline, references, publisher),
        Decisions(state, tables, copies),
    )
    stream = Stream(source, timeline, references, lookup, publisher)
    verifier = Verifier(
        Means(source, timeline, tables, state, publisher),
        readers=settings.snapshot_readers,
        chunk_rows=settings.chunk_rows,
    )
    landing = LandingWatch(state, timeline, publisher, begun.start.epochs)
    await run_until_first_failure(
        publisher=publisher.run(),
        stream=stream.run(_pace(settings)),
        snapshot=begun.copier.run(settings.snapshot_readers),
        recopying=begun.recopying.run(),
        landing=landing.run(),
        source=SourceGuard(source, landing, tables, timeline.position).run(),
        verification=verifier.run(),
        suspects=SuspectRows(source, state, timeline, references, publisher).run(),
        reports=keep_reporting(state, stream, timeline, begun.copier, publisher),
    )


def _publisher(settings: Settings) -> Publisher:
    limits = SendLimits(backlog_bytes=settings.queue_bytes_max)
    return Publisher(settings.url(Server.BROKER), settings.name, settings.partitions, limits)


def _pace(settings: Settings) -> Pace:
    # Two replicas with one id disconnect each other in turn, so the default is a random id.
    server_id = settings.server_id or random.choice(SERVER_IDS)  # noqa: S311 (no secret)
    return Pace(server_id, settings.heartbeat_s, settings.linger_ms / 1000)
