"""Text, bytes, and what MariaDB keeps compressed."""

import zlib
from collections.abc import Callable

from migrator.mysql.columns.codec import (
    COUNTED,
    INT32,
    Bson,
    Codec,
    Inline,
    Read,
    TypeOptions,
    Value,
    binary,
    prefixed,
    refused,
)
from migrator.mysql.columns.column import BINARY_COLLATION, Column, ColumnType
from migrator.mysql.text.charsets import Charset, charset_of

COMPRESSED_ZLIB = 8
COMPRESSED_MAX = 64 * 1024 * 1024
"""No value above this becomes part of a document, whatever its character set."""
UTF_8 = frozenset({"utf8mb3", "utf8mb4"})


def row_char(column: Column, _: TypeOptions) -> Codec:
    """CHAR and BINARY in a row image, which leaves out what pads them."""
    return _char(column, prefixed(_length_bytes(column)))


def result_char(column: Column, _: TypeOptions) -> Codec:
    """CHAR and BINARY in a result."""
    return _char(column, COUNTED)


def row_varchar(column: Column, _: TypeOptions) -> Codec:
    """VARCHAR and VARBINARY in a row image."""
    return _varying(column, prefixed(_length_bytes(column)))


def row_blob(column: Column, _: TypeOptions) -> Codec:
    """TEXT and BLOB in a row image."""
    return _varying(column, prefixed(column.metadata))


def result_varying(column: Column, _: TypeOptions) -> Codec:
    """VARCHAR, TEXT, VARBINARY and BLOB in a result, and also MariaDB's compressed ones."""
    return _varying(column, COUNTED)


def row_compressed(column: Column, _: TypeOptions) -> Codec:
    """MariaDB's COMPRESSED columns in a row image."""
    is_blob = column.type is ColumnType.MARIADB_BLOB_COMPRESSED
    read = prefixed(column.metadata if is_blob else _length_bytes(column))
    inner = _varying(column, read)
    key = inner.key
    return Codec(
        read,
        lambda data: inner.value(decompressed(data)),
        key=key and (lambda data: key(decompressed(data))),
    )


def decompressed(data: bytes) -> bytes:
    """The content of a compressed value; source: MariaDB, sql/field_comp.cc.

    The first byte holds the method in its high bits (0: as it is), and how many
    bytes of length follow, big-endian, in the low three. Bit 3 says that the
    stream is without zlib's own frame.
    """
    if not data or data[0] >> 4 == 0:
        return data[1:]
    header = data[0]
    start = 1 + (header & 7)
    length = int.from_bytes(data[1:start], "big")
    if header >> 4 != COMPRESSED_ZLIB or length > COMPRESSED_MAX:
        raise refused("is compressed in a way that is not known, or too large")
    inflate = zlib.decompressobj(-zlib.MAX_WBITS if header & 8 else zlib.MAX_WBITS)
    try:
        content = inflate.decompress(data[start:], length + 1)
    except zlib.error as error:
        raise refused("is not what MariaDB compressed") from error
    if len(content) != length:
        raise refused("is not what MariaDB compressed")
    return content


def text(
    column: Column,
    read: Read,
    statements: tuple[str, ...] = (),
    change: Callable[[bytes], bytes] | None = None,
) -> Codec:
    """Text in the column's character set; `statements` and `change` do the same to its UTF-8."""
    charset = charset_of(column.collation or 0)
    convert = utf8_of(charset)
    check = "{v} = {convert}({v})"
    if charset.like_ascii:
        check = f"if not {{v}}.isascii(): {check}"

    def value(data: bytes) -> Value:
        utf8 = convert(data)
        utf8 = change(utf8) if change else utf8
        return Bson.STRING, INT32(len(utf8) + 1) + utf8 + b"\0"

    def key(data: bytes) -> Value:
        check_unambiguous(charset, data)
        return value(data)

    inline = Inline(
        Bson.STRING,
        (check, *statements),
        (("i", "{n} + 1"),),
        tail=True,
        end=b"\0",
        names={"convert": convert},
    )
    return Codec(read, value, inline, key if charset.ambiguous else None)


def utf8_of(charset: Charset) -> Callable[[bytes], bytes]:
    """From bytes of a character set to UTF-8; what is invalid raises `ValueRefused`."""
    decode, is_utf8 = charset.decode, charset.name in UTF_8

    def convert(data: bytes) -> bytes:
        try:
            found = decode(data)
            return data if is_utf8 else found.encode()
        except UnicodeError as error:
            raise refused(f"is not valid {charset.name}") from error

    return convert


def check_unambiguous(charset: Charset, data: bytes) -> None:
    """Raises `ValueRefused` for bytes that are not the usual ones of their text.

    Two keys of the source that differ in nothing else would have one `_id`.
    """
    try:
        usual = charset.encode(charset.decode(data))
    except UnicodeError as error:
        raise refused(f"is not valid {charset.name}") from error
    if usual != data:
        raise refused("is text that a key can hold in two ways")


def _length_bytes(column: Column) -> int:
    return 1 if column.metadata < 256 else 2


def _is_binary(column: Column) -> bool:
    return column.collation in {None, BINARY_COLLATION}


def _char(column: Column, read: Read) -> Codec:
    if _is_binary(column):
        width = column.metadata
        # A row image leaves out the zeros at the end, a result does not.
        statements = (f"{{v}} = {{v}}.ljust({width}, b'\\0')",)
        return _bytes(read, statements, lambda data: data.ljust(width, b"\0"))
    # With PAD_CHAR_TO_FULL_LENGTH a result has the spaces, a row image never.
    return text(column, read, ("{v} = {v}.rstrip(b' ')",), lambda utf8: utf8.rstrip(b" "))


def _varying(column: Column, read: Read) -> Codec:
    return _bytes(read, (), lambda data: data) if _is_binary(column) else text(column, read)


def _bytes(read: Read, statements: tuple[str, ...], change: Callable[[bytes], bytes]) -> Codec:
    inline = Inline(Bson.BINARY, statements, (("i", "{n}"), ("B", "0")), tail=True)
    return Codec(read, lambda data: binary(change(data)), inline)
