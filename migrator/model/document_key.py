"""The key of a document: the leading `_id`, read from the bytes.

Source: bsonspec.org, version 1.1.
"""

from struct import Struct

LENGTH = Struct("<i")
"""The length at the start of a document, a string or a binary."""
LONG = Struct("<q")
ID = b"_id\0"
VALUE_AT = LENGTH.size + 1 + len(ID)
INT32 = 0x10
INT64 = 0x12
FIXED_BYTES = {0x01: 8, 0x07: 12, 0x08: 1, 0x09: 8, 0x0A: 0, 0x11: 8, INT64: 8, 0x13: 16}
"""The types of a fixed size."""
BEYOND_LENGTH_BYTES = {0x02: 4, 0x03: 0, 0x04: 0, 0x05: 5}
"""By how much a string, a document, an array and a binary are larger than their length says."""

Bound = bytes | tuple[str, ...]
"""A key as a document `{_id}`; or SQL literals in key order, perhaps only the first of a key.

Version 1 of the state had literals only.
"""


def has_key(document: bytes) -> bool:
    """Whether the document begins with `_id`; a refused row may not."""
    return document.startswith(ID, LENGTH.size + 1)


def document_key(document: bytes) -> bytes:
    """The document `{_id}` of a document that begins with `_id`: the filter that finds it.

    It widens 32-bit integers: to MongoDB, equal integers of 32 and 64 bits are the same `_id`,
    and the type of a column may change between two documents.
    """
    kind = document[LENGTH.size]
    if kind == INT32:
        return _document(INT64, LONG.pack(LENGTH.unpack_from(document, VALUE_AT)[0]))
    size = FIXED_BYTES.get(kind)
    if size is None:
        size = BEYOND_LENGTH_BYTES[kind] + LENGTH.unpack_from(document, VALUE_AT)[0]
    return _document(kind, document[VALUE_AT : VALUE_AT + size])


def _document(kind: int, value: bytes) -> bytes:
    body = bytes((kind,)) + ID + value + b"\0"
    return LENGTH.pack(LENGTH.size + len(body)) + body
