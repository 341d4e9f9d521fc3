"""What capture reports about itself, for `status` and the live display."""

import asyncio
import os

import structlog

from migrator.broker.publisher import Publisher
from migrator.capture.stream.follow import Stream
from migrator.capture.stream.timeline import Timeline
from migrator.errors import TargetUnavailable
from migrator.observe.reports import CaptureReport, CopyReport, Role
from migrator.snapshot.copier import Copier
from migrator.state.store import State

INTERVAL_S = 0.5
QUIET_S = 0.2

log = structlog.get_logger()


async def keep_reporting(
    state: State, stream: Stream, timeline: Timeline, copier: Copier, publisher: Publisher
) -> None:
    """Report twice a second until cancelled."""
    while True:
        quiet_s = asyncio.get_running_loop().time() - stream.last_read_at
        report = CaptureReport(
            pid=os.getpid(),
            rows_read=timeline.rows,
            position=timeline.position.committed,
            committed_at=timeline.committed_at,
            caught_up=quiet_s > QUIET_S,
            in_flight=publisher.in_flight,
            blocked=publisher.is_blocked,
            snapshot=CopyReport(
                rows=copier.rows,
                noted=copier.noted,
                chunks=copier.chunks,
                tables_left=copier.tables_left,
            ),
        )
        try:
            await state.report(Role.CAPTURE, report.to_document())
        except TargetUnavailable as error:
            log.info(f"{error} This report is skipped.")
        await asyncio.sleep(INTERVAL_S)
