"""Text, bytes, decimals and labels without short ways, until they have files of their own."""

from decimal import Decimal

from migrator.mysql.charsets import charset_of
from migrator.mysql.columns import BINARY_COLLATION, Column
from migrator.mysql.types.codec import (
    COUNTED,
    INT32,
    Bson,
    Codec,
    Inline,
    Read,
    TypeOptions,
    Value,
    binary,
    decimal128,
    prefixed,
    refused,
    string,
)


def _text(column: Column, read: Read, pad: int = 0) -> Codec:
    if column.collation in {None, BINARY_COLLATION}:
        return Codec(read, lambda data: binary(data.ljust(pad, b"\0")))
    decode = charset_of(column.collation or 0).decode

    def value(data: bytes) -> Value:
        try:
            return string(decode(data))
        except UnicodeError as error:
            raise refused("is not valid in its character set") from error

    def check(data: bytes) -> bytes:
        return value(data)[1][4:-1]

    inline = Inline(
        Bson.STRING,
        ("if not {v}.isascii(): {v} = {check}({v})",),
        (("i", "{n} + 1"),),
        tail=True,
        end=b"\0",
        names={"check": check},
    )
    return Codec(read, value, inline if column.collation in {33, 45, 255, 8, 46} else None)


def row_string(column: Column, _: TypeOptions) -> Codec:
    return _text(column, prefixed(1 if column.metadata < 256 else 2), column.metadata)


def row_varchar(column: Column, _: TypeOptions) -> Codec:
    return _text(column, prefixed(1 if column.metadata < 256 else 2))


def row_blob(column: Column, _: TypeOptions) -> Codec:
    return _text(column, prefixed(column.metadata))


def result_text(column: Column, _: TypeOptions) -> Codec:
    return _text(column, COUNTED)


def _labels(column: Column) -> list[str]:
    decode = charset_of(column.collation or 0).decode
    return [decode(label) for label in column.labels]


def row_enum(column: Column, _: TypeOptions) -> Codec:
    values = [string(""), *map(string, _labels(column))]
    return Codec(Read("B" if column.metadata == 1 else "H"), lambda n: values[n])


def _set(texts: list[str]) -> Value:
    elements = b"".join(b"\2%d\0" % i + string(t)[1] for i, t in enumerate(texts))
    return Bson.ARRAY, INT32(len(elements) + 5) + elements + b"\0"


def row_set(column: Column, _: TypeOptions) -> Codec:
    labels = _labels(column)

    def chosen(data: bytes) -> list[str]:
        bits = int.from_bytes(data, "little")
        return [label for i, label in enumerate(labels) if bits >> i & 1]

    return Codec(
        Read(f"{column.metadata}s"),
        lambda d: _set(chosen(d)),
        key=lambda d: string(",".join(chosen(d))),
    )


def result_set(column: Column, _: TypeOptions) -> Codec:
    decode = charset_of(column.collation or 0).decode
    return Codec(
        COUNTED, lambda d: _set(decode(d).split(",") if d else []), key=lambda d: string(decode(d))
    )


SIZES = (0, 1, 1, 2, 2, 3, 3, 4, 4, 4)


def row_decimal(column: Column, _: TypeOptions) -> Codec:
    precision, scale = column.metadata >> 8, column.metadata & 255
    whole = precision - scale
    groups = [n for n in [whole % 9, *[9] * (whole // 9), *[9] * (scale // 9), scale % 9] if n]
    size = sum(SIZES[n] for n in groups)

    def value(data: bytes) -> Value:
        negative = not data[0] & 0x80
        number = int.from_bytes(data, "big") ^ (1 << size * 8 - 1)
        if negative:
            number ^= (1 << size * 8) - 1
        raw, at, found = number.to_bytes(size, "big"), 0, 0
        for digits in groups:
            found = found * 10**digits + int.from_bytes(raw[at : at + SIZES[digits]], "big")
            at += SIZES[digits]
        return decimal128(-found if negative else found, scale)

    return Codec(Read(f"{size}s"), value)


def result_decimal(column: Column, _: TypeOptions) -> Codec:
    scale = column.metadata & 255
    return Codec(COUNTED, lambda d: decimal128(int(Decimal(d.decode()).scaleb(scale)), scale))
