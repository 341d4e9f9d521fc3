"""A session at the target, and its transactions."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

from motor.motor_asyncio import AsyncIOMotorClientSession
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from migrator.mongodb.faults import UNKNOWN_COMMIT

COMMIT_MS = 20_000
COMMIT_TRIES = 3
COMMIT_RETRY_S = 0.1
DURABLE = WriteConcern(w="majority", j=True)
MAJORITY = ReadConcern("majority")
SNAPSHOT = ReadConcern("snapshot")


class Session:
    """Wraps the driver's session, which the driver's operations take as `driver`."""

    def __init__(self, driver: AsyncIOMotorClientSession) -> None:
        self.driver = driver

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.driver.end_session()

    @property
    def id(self) -> Any:
        """The id of the session at the server, by which another process can end it."""
        return self.driver.delegate.session_id["id"]

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """A transaction around the block; it is aborted unless `commit` is called in the block."""
        # The concerns are set here, because MongoDB ignores those of a collection in a transaction.
        self.driver.start_transaction(SNAPSHOT, DURABLE, max_commit_time_ms=COMMIT_MS)
        try:
            yield
        finally:
            if self.driver.delegate.in_transaction:
                await self.driver.abort_transaction()

    async def commit(self) -> None:
        """Commit, and try again while it is unknown whether that succeeded."""
        for _ in range(COMMIT_TRIES - 1):
            try:
                await self.driver.commit_transaction()
            except PyMongoError as error:
                if not error.has_error_label(UNKNOWN_COMMIT):
                    raise
                await asyncio.sleep(COMMIT_RETRY_S)
            else:
                return
        await self.driver.commit_transaction()
