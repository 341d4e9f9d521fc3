"""Looks at a migration from outside: in MongoDB, and in RabbitMQ and the source if they answer."""

import time
from collections.abc import Mapping, Sequence
from typing import Self

from migrator.broker.queues import queue_depth
from migrator.errors import BrokerError, SourceError
from migrator.model.position import Position
from migrator.model.state import TableCopy
from migrator.mysql.position.log import transactions_behind
from migrator.mysql.wire.connection import Connection, SourceUrl, connect
from migrator.observe.alive import is_fresh
from migrator.observe.progress import Observation
from migrator.observe.reports import ApplyReport, CaptureReport, Role
from migrator.settings import Settings
from migrator.state.store import State

DEPTH_INTERVAL_S = 2.0
SOURCE_TIMEOUT_S = 5.0


class Observer:
    """Use it as `async with Observer(settings, state) as observer`.

    The source is optional: without it, how many transactions have not landed is unknown.
    """

    def __init__(self, settings: Settings, state: State) -> None:
        self._settings = settings
        self._state = state
        self._source: Connection | None = None
        self._depth: int | None = None
        self._depth_at = float("-inf")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._source is not None:
            await self._source.close()

    async def observe(self) -> Observation:
        """The state of the migration now; raises `TargetError`."""
        landed = await self._state.landed()
        reports = await self._state.reports()
        capture, apply = (reports.get(role, {}) for role in Role)
        tables = selected(self._settings, await self._state.tables())
        return Observation(
            at_s=time.monotonic(),
            now_us=time.time_ns() // 1_000,
            tables=tables,
            landed=landed,
            capture=CaptureReport.from_document(capture) if is_fresh(capture) else None,
            apply=ApplyReport.from_document(apply) if is_fresh(apply) else None,
            depth=await self._queued(),
            behind=await self._behind([one.position for one in landed]),
            dead_letters=dead_letters_of(tables, await self._state.dead_letter_counts()),
            suspects=await self._state.suspect_count(),
        )

    async def source(self) -> Connection:
        """A connection to the source, kept while it works; raises `SourceError`."""
        if self._source is None or self._source.closed:
            url = SourceUrl.parse(self._settings.source_url.get_secret_value())
            self._source = await connect(url, timeout_s=SOURCE_TIMEOUT_S)
        return self._source

    async def _behind(self, positions: Sequence[Position]) -> int | None:
        if not positions or not self._settings.source_url.get_secret_value():
            return None
        try:
            source = await self.source()
            numbers = [await transactions_behind(source, position) for position in positions]
        except SourceError:  # It does not answer now; capture reports that.
            return None
        return max((number for number in numbers if number is not None), default=None)

    async def _queued(self) -> int | None:
        if time.monotonic() - self._depth_at < DEPTH_INTERVAL_S:
            return self._depth
        url, name = self._settings.broker_url.get_secret_value(), self._settings.name
        try:
            self._depth = await queue_depth(url, name, self._settings.partitions)
        except BrokerError:  # As above.
            self._depth = None
        self._depth_at = time.monotonic()
        return self._depth


def selected(settings: Settings, copies: Sequence[TableCopy]) -> tuple[TableCopy, ...]:
    """The copies of tables that are selected now; of all, if the settings select none."""
    # Whether the source folds names is unknown here; folding them errs only where the names of
    # two tables differ in case alone.
    scope = settings.scope.at(folds=True)
    is_open = not (scope.databases or scope.include)
    return tuple(copy for copy in copies if is_open or scope.wants(copy.table))


def dead_letters_of(tables: Sequence[TableCopy], counts: Mapping[str, int]) -> dict[str, int]:
    """How many dead letters each of these tables has, without those that have none."""
    names = [str(copy.table) for copy in tables]
    return {name: counts[name] for name in names if name in counts}
