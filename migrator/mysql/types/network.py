"""UUID, INET4 and INET6 of MariaDB.

A row image has their bytes in network order, without the zero bytes at the end; the order in
which the server stores and sorts the parts of a UUID is not logged. A result has text.
"""

import uuid
from collections.abc import Callable
from struct import Struct
from typing import Any

from bson import Binary

from migrator.errors import BinlogCorrupt
from migrator.mysql.columns.codec import COUNTED, Codec, Read, TypeOptions, Value, binary, string
from migrator.mysql.columns.column import CodecMaker, Column, ColumnKind, not_a_key
from migrator.mysql.columns.literals import quoted_literal
from migrator.mysql.types.strings import STRING

UUID_SUBTYPE = 4
UUID_SIZE = INET6_SIZE = 16
INET4_SIZE = 4
PREFIX = Read("B", length="{0}")
WORDS = Struct(">8H").unpack
DOTTED_WORDS = 6
MAPPED = 0xFFFF


def row_uuid(_: Column, __: TypeOptions) -> Codec:
    """UUID in a row image."""
    return Codec(PREFIX, lambda data: binary(_padded(data, UUID_SIZE), UUID_SUBTYPE))


def result_uuid(_: Column, __: TypeOptions) -> Codec:
    """UUID in a result: 36 characters."""
    return Codec(COUNTED, lambda text: binary(_uuid_of_text(text), UUID_SUBTYPE))


def _uuid_of_text(text: bytes) -> bytes:
    try:
        return uuid.UUID(text.decode("ascii")).bytes
    except ValueError as error:
        raise _corrupt("UUID") from error


def row_inet4(_: Column, __: TypeOptions) -> Codec:
    """INET4 in a row image."""
    return _address(lambda data: ".".join(map(str, _padded(data, INET4_SIZE))))


def row_inet6(_: Column, __: TypeOptions) -> Codec:
    """INET6 in a row image."""
    return _address(lambda data: inet6_text(_padded(data, INET6_SIZE)))


def result_inet(_: Column, __: TypeOptions) -> Codec:
    """INET4 and INET6 in a result: text."""
    return Codec(COUNTED, _text)


def _address(text_of: Callable[[bytes], str]) -> Codec:
    return Codec(PREFIX, lambda data: string(text_of(data)))


def _text(data: bytes) -> Value:
    try:
        return string(data.decode("ascii"))
    except UnicodeDecodeError as error:
        raise _corrupt("INET address") from error


def inet6_text(data: bytes) -> str:
    """The address as MariaDB prints it: unlike RFC 5952, it also shortens a single zero."""
    words = WORDS(data)
    first, length = _longest_gap(words)
    if first == 0 and (length == DOTTED_WORDS or (length == 5 and words[5] == MAPPED)):
        head = "::ffff:" if length == 5 else "::"
        return head + ".".join(map(str, data[12:]))
    parts = [f"{word:x}" for word in words]
    if not length:
        return ":".join(parts)
    return f"{':'.join(parts[:first])}::{':'.join(parts[first + length :])}"


def _longest_gap(words: tuple[int, ...]) -> tuple[int, int]:
    """Index and length of the longest run of zeros, the first of several."""
    best, length = 0, 0
    for start in range(len(words)):
        run = next((i for i, word in enumerate(words[start:]) if word), len(words) - start)
        if run > length:
            best, length = start, run
    return best, length


def _padded(data: bytes, size: int) -> bytes:
    if len(data) > size:
        raise _corrupt(f"value of {len(data)} bytes, where at most {size} are possible")
    return data.ljust(size, b"\0")


def _corrupt(what: str) -> BinlogCorrupt:
    return BinlogCorrupt(
        f"The source sent a malformed {what}. Look at the row at the source; if it is sound "
        "there, copy the table anew."
    )


def _uuid_literal(column: Column, value: Any) -> str:
    match value:
        case uuid.UUID():
            return f"'{value}'"
        case Binary(subtype=4):
            return f"'{value.as_uuid()}'"
    raise not_a_key(column, value)


def _logged_as_string(
    name: str,
    size: int,
    row: CodecMaker,
    result: CodecMaker,
    literal: Callable[[Column, Any], str] = quoted_literal,
) -> ColumnKind:
    """A kind that MariaDB logs as a fixed string of bytes: only the catalogue has the type."""
    return ColumnKind(
        name=name,
        declared=(name.lower(),),
        declared_metadata=lambda _: size,
        logged_as=STRING,
        row_codec=row,
        result_code=STRING.code,
        result_codec=result,
        key_literal=literal,
    )


UUID = _logged_as_string("UUID", UUID_SIZE, row_uuid, result_uuid, _uuid_literal)
INET4 = _logged_as_string("INET4", INET4_SIZE, row_inet4, result_inet)
INET6 = _logged_as_string("INET6", INET6_SIZE, row_inet6, result_inet)
KINDS = (UUID, INET4, INET6)
