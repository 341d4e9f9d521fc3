"""What a session looks at while it works: how far the loader is, and what it misses."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from itertools import count

import structlog

from migrator.broker.publisher import Publisher
from migrator.capture.disagreements import Disagreements
from migrator.capture.sending import Outbox
from migrator.capture.stream import Stream
from migrator.capture.tables import Tables
from migrator.capture.transactions import Assembler
from migrator.errors import Fenced, Gap, PositionLost, SourceUnavailable, TargetUnavailable
from migrator.model.state import Landed
from migrator.mysql.position.log_position import check_still_available
from migrator.mysql.wire.connection import Connection
from migrator.observe.reports import CaptureReport, CopyReport, Role
from migrator.snapshot.copier import Snapshot
from migrator.state.store import State

INTERVAL_S = 0.5
QUIET_S = 0.2
BEATS_MAX = 200
SOURCE_TURNS = 5
STRANGE_LOOKS = 2

log = structlog.get_logger()


class Watching:
    """Twice a second: sends a beat, reads what has landed, reports.

    Every few seconds it also asks the source whether it is still the one that was read:
    a server that was reset goes on sending heartbeats to those who were connected.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[Connection]],
        state: State,
        epochs: Sequence[int],
        outbox: Outbox,
        publisher: Publisher,
        assembler: Assembler,
        snapshot: Snapshot,
        stream: Stream,
        tables: Tables,
    ) -> None:
        self._connect = connect
        self._disagreements = Disagreements(tables, assembler)
        self._strangeness = 0
        self._landed: tuple[Landed, ...] = ()
        self._state = state
        self._epochs = epochs
        self._outbox = outbox
        self._publisher = publisher
        self._assembler = assembler
        self._snapshot = snapshot
        self._stream = stream

    async def run(self) -> None:
        """Raises `Gap` when the loader misses a batch, `Fenced` when another capture has begun.

        And `PositionLost` when the source forgets what has landed.
        """
        for turn in count(1):
            # Without changes, a beat moves the position and shows the loader what is missing.
            if self._outbox.beats < BEATS_MAX:
                self._assembler.beat()
            try:
                await self._look()
            except TargetUnavailable as error:
                # The stream goes on: RabbitMQ keeps what MongoDB cannot take now.
                log.warning(f"{error} The state is read again in {INTERVAL_S} s.")
            if turn % SOURCE_TURNS == 0:
                await self._look_at_source()
            await asyncio.sleep(INTERVAL_S)

    async def _look_at_source(self) -> None:
        try:
            async with await self._connect() as connection:
                for landed in self._landed:
                    await check_still_available(connection, landed.position)
                await self._disagreements.look(connection)
            self._strangeness = 0
        except SourceUnavailable as error:
            log.info(f"{error} The stream waits for it, too.")
        except PositionLost:
            # Once may be a transaction that was sent and is not committed yet.
            self._strangeness += 1
            if self._strangeness == STRANGE_LOOKS:
                raise

    async def _look(self) -> None:
        self._landed = await self._state.landed()
        for landed in self._landed:
            self._check(landed)
            await self._outbox.landed(landed)
        await self._state.report(Role.CAPTURE, self._report().to_document())

    def _check(self, landed: Landed) -> None:
        epoch = self._epochs[landed.partition]
        if landed.stamp.epoch > epoch:
            raise Fenced(
                "Another capture process has begun to capture the same migration. Stop one of "
                "them: one source has one reader."
            )
        if landed.gap is not None:
            raise Gap(landed.gap)

    def _report(self) -> CaptureReport:
        quiet_s = asyncio.get_running_loop().time() - self._stream.last_read_at
        return CaptureReport(
            pid=os.getpid(),
            rows_read=self._assembler.rows,
            transactions_read=self._assembler.transactions,
            bytes_read=self._stream.bytes_read,
            position=self._assembler.position(),
            committed_at=self._assembler.committed_at,
            caught_up=quiet_s > QUIET_S,
            in_flight=self._publisher.in_flight_messages,
            blocked=self._publisher.blocked or self._outbox.is_held,
            snapshot=CopyReport(
                rows=self._snapshot.rows,
                noted=self._snapshot.noted,
                chunks=self._snapshot.chunks,
                tables_left=self._snapshot.tables_left,
            ),
        )
