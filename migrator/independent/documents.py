"""The documents of one collection, and what `_migrator` says of its table."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from bson.codec_options import CodecOptions, DatetimeConversion

from migrator.independent.values.form import Document, Form, digest, identity
from migrator.model.collection import CollectionName
from migrator.mongodb.faults import mapped_errors
from migrator.mongodb.target import MongoCollection, Target

IDS_AT_ONCE = 1_000
# A date outside of Python's years is still a date.
CODEC = CodecOptions[dict[str, Any]](datetime_conversion=DatetimeConversion.DATETIME_MS)
ID_INDEX = [("_id", 1)]


def collection_of(target: Target, name: CollectionName) -> MongoCollection:
    """A collection whose values keep their types."""
    return target.collection(name).with_options(codec_options=CODEC)


class Documents:
    """Reads the documents of a collection."""

    def __init__(self, collection: MongoCollection) -> None:
        self._collection = collection

    async def estimated(self) -> int:
        """About how many there are. Raises `TargetError`."""
        with mapped_errors("count documents"):
            return int(await self._collection.estimated_document_count())

    async def digests(self, ids: Sequence[Any]) -> dict[Form, bytes]:
        """The digests of the documents with these `_id`s, of which one at a time is in memory."""
        with mapped_errors("find documents"):
            return {
                identity(document["_id"]): digest(document)
                async for document in self._collection.find({"_id": {"$in": list(ids)}})
            }

    async def find(self, ids: Sequence[Any]) -> dict[Form, Document]:
        """The documents with these `_id`s."""
        with mapped_errors("find documents"):
            found = await self._collection.find({"_id": {"$in": list(ids)}}).to_list(None)
        return {identity(document["_id"]): document for document in found}

    async def ids(self) -> AsyncIterator[list[Any]]:
        """Every `_id`, page by page, in their order.

        A page begins at an entry of the index: a condition would leave out `_id`s of other types.
        """
        last: list[Any] = []
        while True:
            found = self._collection.find({}, {"_id": 1}).hint(ID_INDEX)
            if last:
                found = found.min([("_id", last[0])])
            with mapped_errors("list the documents"):
                page = [one["_id"] for one in await found.limit(IDS_AT_ONCE + 1).to_list(None)]
            # The first of a page was the last of the page before, unless it is gone.
            yield page[1:] if last and page and identity(page[0]) == identity(last[0]) else page
            if len(page) <= IDS_AT_ONCE:
                return
            last = page[-1:]
