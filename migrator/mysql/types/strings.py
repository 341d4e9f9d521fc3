"""Text and bytes, also those that MariaDB compresses."""

import zlib
from collections.abc import Callable
from typing import Any

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
from migrator.mysql.columns.column import (
    BINARY_COLLATION,
    CodecMaker,
    Column,
    ColumnKind,
    not_a_key,
)
from migrator.mysql.columns.metadata import (
    LITTLE_ENDIAN,
    ONE_BYTE,
    Declaration,
    Listed,
    LoggedMetadata,
)
from migrator.mysql.text.charsets import Charset, charset_of, encode_text

COMPRESSED_ZLIB = 8
COMPRESSED_MAX = 64 * 1024 * 1024
"""A larger value fits in no document, in any character set."""
LENGTH_BYTES = {"tiny": 1, "": 2, "medium": 3, "long": 4}
"""The bytes of the length, by the size that a BLOB or TEXT is declared with."""
UTF_8 = frozenset({"utf8mb3", "utf8mb4"})


def row_char(column: Column, _: TypeOptions) -> Codec:
    """CHAR and BINARY in a row image, which leaves out their padding."""
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
    """VARCHAR, TEXT, VARBINARY and BLOB in a result, also those that MariaDB compresses."""
    return _varying(column, COUNTED)


def row_compressed_varchar(column: Column, _: TypeOptions) -> Codec:
    """MariaDB's VARCHAR COMPRESSED in a row image."""
    return _compressed(column, prefixed(_length_bytes(column)))


def row_compressed_blob(column: Column, _: TypeOptions) -> Codec:
    """MariaDB's TEXT COMPRESSED and BLOB COMPRESSED in a row image."""
    return _compressed(column, prefixed(column.metadata))


def _compressed(column: Column, read: Read) -> Codec:
    inner = _varying(column, read)
    key = inner.key
    return Codec(
        read,
        lambda data: inner.value(decompressed(data)),
        key=key and (lambda data: key(decompressed(data))),
    )


def decompressed(data: bytes) -> bytes:
    """The content of a compressed value; source: MariaDB, sql/field_comp.cc.

    The first byte holds the method in its high four bits (0: not compressed) and, in the low
    three, how many bytes of length follow, big-endian. Bit 3 says that the stream has no zlib
    header. Raises `ValueRefused`.
    """
    if not data or data[0] >> 4 == 0:
        return data[1:]
    header = data[0]
    start = 1 + (header & 7)
    length = int.from_bytes(data[1:start], "big")
    if header >> 4 != COMPRESSED_ZLIB or length > COMPRESSED_MAX:
        raise refused("is compressed by an unknown method, or is too large")
    inflate = zlib.decompressobj(-zlib.MAX_WBITS if header & 8 else zlib.MAX_WBITS)
    try:
        content = inflate.decompress(data[start:], length + 1)
    except zlib.error as error:
        raise refused("cannot be uncompressed") from error
    if len(content) != length:
        raise refused("does not have the size that it states once uncompressed")
    return content


def text(
    column: Column,
    read: Read,
    statements: tuple[str, ...] = (),
    change: Callable[[bytes], bytes] | None = None,
) -> Codec:
    """Text in the column's character set; `statements` and `change` both adapt its UTF-8."""
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
    """A function that converts text to UTF-8; it raises `ValueRefused` for invalid text."""
    decode, is_utf8 = charset.decode, charset.name in UTF_8

    def convert(data: bytes) -> bytes:
        try:
            found = decode(data)
            return data if is_utf8 else found.encode()
        except UnicodeError as error:
            raise refused(f"is not valid {charset.name}") from error

    return convert


def check_unambiguous(charset: Charset, data: bytes) -> None:
    """Raise `ValueRefused` for bytes that differ from the usual encoding of their text.

    Two keys of the source that differ only in that would have the same `_id`.
    """
    try:
        usual = charset.encode(charset.decode(data))
    except UnicodeError as error:
        raise refused(f"is not valid {charset.name}") from error
    if usual != data:
        raise refused("is text that its character set can encode in two ways")


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
    # With PAD_CHAR_TO_FULL_LENGTH a result has the padding; a row image never has.
    return text(column, read, ("{v} = {v}.rstrip(b' ')",), lambda utf8: utf8.rstrip(b" "))


def _varying(column: Column, read: Read) -> Codec:
    return _bytes(read, (), lambda data: data) if _is_binary(column) else text(column, read)


def _bytes(read: Read, statements: tuple[str, ...], change: Callable[[bytes], bytes]) -> Codec:
    inline = Inline(Bson.BINARY, statements, (("i", "{n}"), ("B", "0")), tail=True)
    return Codec(read, lambda data: binary(change(data)), inline)


def _length_and_code(data: bytes) -> int:
    # Bits 8 and 9 of the length are stored inverted in the code.
    return data[1] | ((data[0] & 0x30) ^ 0x30) << 4


def _octets(declaration: Declaration) -> int:
    return declaration.octets


def _literal(column: Column, value: Any) -> str:
    """In hexadecimal and the column's own character set, so that its collation compares."""
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    if not isinstance(value, str):
        raise not_a_key(column, value)
    collation = column.collation or 0
    return f"_{charset_of(collation).name} X'{encode_text(value, collation).hex()}'"


def _of_log_alone(name: str, code: int, row: CodecMaker, metadata: LoggedMetadata) -> ColumnKind:
    """A kind that the log shows and no catalogue declares."""
    return ColumnKind(
        name=name, code=code, logged_metadata=metadata, listed=Listed.TEXTS, row_codec=row
    )


VAR_STRING = _of_log_alone("VAR_STRING", 253, row_varchar, LITTLE_ENDIAN)
COMPRESSED_VARCHAR = _of_log_alone(
    "MARIADB_VARCHAR_COMPRESSED", 141, row_compressed_varchar, LITTLE_ENDIAN
)
COMPRESSED_BLOB = _of_log_alone("MARIADB_BLOB_COMPRESSED", 140, row_compressed_blob, ONE_BYTE)
TINY_BLOB = _of_log_alone("TINY_BLOB", 249, row_blob, ONE_BYTE)
MEDIUM_BLOB = _of_log_alone("MEDIUM_BLOB", 250, row_blob, ONE_BYTE)
LONG_BLOB = _of_log_alone("LONG_BLOB", 251, row_blob, ONE_BYTE)

STRING = ColumnKind(
    name="STRING",
    code=254,
    declared=("char", "binary"),
    declared_metadata=_octets,
    logged_metadata=LoggedMetadata(2, _length_and_code),
    listed=Listed.TEXTS,
    row_codec=row_char,
    result_codec=result_char,
    key_literal=_literal,
)
VARCHAR = ColumnKind(
    name="VARCHAR",
    code=15,
    declared=("varchar", "varbinary"),
    declared_metadata=_octets,
    logged_metadata=LITTLE_ENDIAN,
    listed=Listed.TEXTS,
    variants=(VAR_STRING, COMPRESSED_VARCHAR),
    row_codec=row_varchar,
    result_code=VAR_STRING.code,
    result_codec=result_varying,
    key_literal=_literal,
)
BLOB = ColumnKind(
    name="BLOB",
    code=252,
    declared=tuple(f"{size}{what}" for size in LENGTH_BYTES for what in ("blob", "text")),
    declared_metadata=lambda declaration: LENGTH_BYTES[declaration.name[:-4]],
    logged_metadata=ONE_BYTE,
    listed=Listed.TEXTS,
    variants=(TINY_BLOB, MEDIUM_BLOB, LONG_BLOB, COMPRESSED_BLOB),
    row_codec=row_blob,
    result_codec=result_varying,
    key_literal=_literal,
)
KINDS = (STRING, VARCHAR, BLOB, *VARCHAR.variants, *BLOB.variants)
