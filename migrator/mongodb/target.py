"""The target server: its connection, and its commands with the rows' own bytes.

Only this room imports the driver; `faults.py` turns its errors into ours.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

from bson.raw_bson import DEFAULT_RAW_BSON_OPTIONS
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection
from pymongo.errors import DocumentTooLarge, OperationFailure, PyMongoError

from migrator.errors import ConfigurationError, TargetError
from migrator.model.collection import CollectionMap, CollectionName
from migrator.mongodb.faults import (
    COMMAND_REFUSALS,
    INDEX_EXISTS,
    NAMESPACE_EXISTS,
    REFUSALS,
    mapped_errors,
)
from migrator.mongodb.session import DURABLE, MAJORITY, Session

SELECTION_TIMEOUT_MS = 5_000
CONNECT_TIMEOUT_MS = 5_000
SOCKET_TIMEOUT_MS = 30_000
OLDEST_VERSION = (5, 0)
Document = dict[str, Any]
MongoCollection: TypeAlias = "AsyncIOMotorCollection[Document]"


@dataclass(frozen=True, slots=True)
class Refusal:
    """MongoDB refuses a row of a command; `index` None: it does not say which one."""

    index: int | None
    code: int


class Target:
    """The target server. Use it as `async with Target.connect(...) as target`.

    `collections` says which collection holds a table's rows.
    """

    def __init__(self, client: "AsyncIOMotorClient[Document]", collections: CollectionMap) -> None:
        self.collections = collections
        self._client = client
        self._known: set[CollectionName] = set()
        self._known_indexes: set[tuple[CollectionName, str]] = set()

    @classmethod
    def connect(cls, url: str, collections: CollectionMap, app: str) -> Self:
        """A client that connects when it is first used; raises `ConfigurationError`.

        The server's log and `currentOp` show it under the name `app`.
        """
        try:
            client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(
                url,
                appname=app,
                tz_aware=True,
                serverSelectionTimeoutMS=SELECTION_TIMEOUT_MS,
                connectTimeoutMS=CONNECT_TIMEOUT_MS,
                socketTimeoutMS=SOCKET_TIMEOUT_MS,
            )
        except (PyMongoError, ValueError) as error:
            # The driver's message may repeat a part of the password.
            raise ConfigurationError(
                "The target's URL cannot be read. It is mongodb://HOST:PORT/?replicaSet=NAME, and "
                "special characters of the password are written as %XX (/ is %2F, @ is %40)."
            ) from error
        return cls(client, collections)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._client.close()

    async def check(self) -> tuple[int, ...]:
        """The server's version; raises `TargetError` unless it has transactions."""
        with mapped_errors("describe itself"):
            hello = await self._client.admin.command("hello")
            build = await self._client.admin.command("buildInfo")
        version = tuple(build["versionArray"][:3])
        if not hello.get("setName") and hello.get("msg") != "isdbgrid":
            raise TargetError(
                "The target is a standalone MongoDB server, which has no transactions. Start it "
                "with --replSet and run rs.initiate() once; a replica set of one member is enough."
            )
        if version < OLDEST_VERSION:
            raise TargetError(
                f"The target is MongoDB {build['version']}; the migrator needs "
                f"{'.'.join(map(str, OLDEST_VERSION))} or newer."
            )
        return version

    def collection(self, name: CollectionName) -> MongoCollection:
        """A collection with majority reads and durable writes."""
        return self._client[name.database].get_collection(
            name.collection, read_concern=MAJORITY, write_concern=DURABLE
        )

    async def session(self) -> Session:
        """A session of one writer."""
        return Session(await self._client.start_session(causal_consistency=False))

    async def end_session(self, session_id: Any) -> None:
        """End a session at the server, with the transaction that it may hold open."""
        await self._client.admin.command("killSessions", [{"id": session_id}])

    async def holds_documents(self, name: CollectionName) -> bool:
        """Whether the collection has any document; raises `TargetError`."""
        with mapped_errors(f"look into the collection {name}"):
            return await self.collection(name).find_one({}, {"_id": 1}) is not None

    async def estimated_documents(self, name: CollectionName) -> int:
        """About how many documents the collection has; raises `TargetError`."""
        with mapped_errors(f"count the documents of {name}"):
            return int(await self.collection(name).estimated_document_count())

    async def ensure(self, *names: CollectionName) -> None:
        """Create collections that are missing; inside a transaction that would block others."""
        for name in names:
            if name in self._known:
                continue
            with mapped_errors(f"create the collection {name}"):
                try:
                    await self._client[name.database].command({"create": name.collection})
                except OperationFailure as error:
                    if error.code != NAMESPACE_EXISTS:
                        raise
            self._known.add(name)

    async def ensure_index(
        self, name: CollectionName, index: str, keys: Sequence[tuple[str, int]]
    ) -> None:
        """Create an index if there is none on these keys; a large collection takes minutes."""
        if (name, index) in self._known_indexes:
            return
        with mapped_errors(f"create the index {index} of {name}"):
            try:
                await self.collection(name).create_index(keys, name=index)
            except OperationFailure as error:
                if error.code not in INDEX_EXISTS:
                    raise
        self._known_indexes.add((name, index))

    async def keys(self, name: CollectionName, session: Session, limit: int) -> list[bytes]:
        """The documents `{_id}` of up to `limit` documents of the collection, as BSON."""
        found = self._raw(name).find({}, {"_id": 1}, session=session.driver).limit(limit)
        return [bytes(document.raw) async for document in found]

    async def documents(
        self,
        name: CollectionName,
        wanted: Document,
        session: Session,
        limit: int,
        sort: Sequence[tuple[str, int]] | None = None,
    ) -> list[bytes]:
        """Up to `limit` documents of the collection that a filter finds, as BSON."""
        found = self._raw(name).find(wanted, session=session.driver, sort=sort).limit(limit)
        return [bytes(document.raw) async for document in found]

    async def each_key(self, name: CollectionName, wanted: Document) -> AsyncIterator[bytes]:
        """The document `{_id}` of each document that a filter finds. Raises `TargetError`."""
        with mapped_errors(f"read keys of {name}"):
            async for document in self._raw(name).find(wanted, {"_id": 1}):
                yield bytes(document.raw)

    async def keys_in_order(self, name: CollectionName, first: Any, limit: int) -> list[bytes]:
        """The first documents `{_id}` from `first` on (None: from the beginning), of any type."""
        cursor = self._raw(name).find({}, {"_id": 1}).sort("_id", 1).hint("_id_").limit(limit)
        if first is not None:
            # Unlike a comparison, this does not stop at the end of the values of one type.
            cursor = cursor.min([("_id", first)])
        with mapped_errors(f"read keys of {name}"):
            return [bytes(document.raw) async for document in cursor]

    async def each_value(self, name: CollectionName, paths: Sequence[str]) -> AsyncIterator[bytes]:
        """Each combination of values that documents have at these paths, as `{0, 1, ...}`."""
        fields = {str(number): f"${path}" for number, path in enumerate(paths)}
        group = {"$group": {"_id": fields}}
        with mapped_errors(f"read values of {name}"):
            async for document in self._raw(name).aggregate([group], allowDiskUse=True):
                yield bytes(document.raw)

    def _raw(self, name: CollectionName) -> Any:
        return self._client[name.database].get_collection(
            name.collection, codec_options=DEFAULT_RAW_BSON_OPTIONS
        )

    async def write(
        self, database: str, command: dict[str, Any], session: Session
    ) -> Refusal | None:
        """Run a command that writes; returns the row that MongoDB refuses, or None."""
        try:
            reply = await self._client[database].command(command, session=session.driver)
        except DocumentTooLarge:
            return Refusal(None, COMMAND_REFUSALS[0])
        except OperationFailure as error:
            if error.code not in COMMAND_REFUSALS:
                raise
            return Refusal(None, error.code)
        for refused in reply.get("writeErrors", ()):
            if refused["code"] not in REFUSALS:
                raise OperationFailure(refused["errmsg"], refused["code"], refused)
            return Refusal(refused["index"], refused["code"])
        return None
