"""ENUM and SET: labels, which a row image numbers and a result spells out."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from migrator.errors import ConfigurationError, ValueRefused
from migrator.mysql.columns.codec import (
    COUNTED,
    INT32,
    Bson,
    Codec,
    Inline,
    Read,
    TypeOptions,
    Value,
    refused,
    string,
)
from migrator.mysql.columns.column import Column, ColumnKind, not_a_key
from migrator.mysql.columns.metadata import Declaration, Listed, LoggedMetadata
from migrator.mysql.text.charsets import charset_of, encode_text
from migrator.mysql.types.strings import STRING, text, utf8_of

SETS_REMEMBERED = 1000
INVALID = "has a label that is not valid in its character set"
TWO_WAYS = "is text that stands for two different values of its type"


def row_enum(column: Column, _: TypeOptions) -> Codec:
    """ENUM in a row image: the label's number from 1 on, 0 for an invalid value."""
    labels = ["", *_known_labels(column)]
    values = {n: string(label) for n, label in enumerate(labels) if label is not None}
    doubled = _doubled(labels)

    def value(number: int) -> Value:
        if number >= len(labels):
            raise refused("has a number above those of its labels")
        if number not in values:
            raise refused(INVALID)
        return values[number]

    def key(number: int) -> Value:
        return _single(doubled, value(number))

    inline = Inline(
        Bson.STRING,
        ("{v} = {labels}[{v}]",),
        tail=True,
        names={"labels": {n: data for n, (_, data) in values.items()}},
    )
    read = Read("B" if column.metadata == 1 else "H")
    return Codec(read, value, inline, key if doubled else None)


def result_enum(column: Column, _: TypeOptions) -> Codec:
    """ENUM in a result: the label."""
    plain = text(column, COUNTED)
    doubled = _doubled(["", *_labels(column)])

    def key(data: bytes) -> Value:
        return _single(doubled, plain.value(data))

    return Codec(COUNTED, plain.value, plain.inline, key if doubled else None)


def row_set(column: Column, _: TypeOptions) -> Codec:
    """SET in a row image: a bit per label, the first label's the lowest."""
    labels = _known_labels(column)

    def chosen(bits: int) -> str:
        if bits >> len(labels):
            raise refused("has a bit above those of its labels")
        found = ""
        for bit, label in enumerate(labels):
            if bits >> bit & 1:
                if label is None:
                    raise refused(INVALID)
                # As the servers write it: an empty label in front leaves no comma.
                found = f"{found},{label}" if found else label
        return found

    return _set(column, _bits(column.metadata), chosen)


def result_set(column: Column, _: TypeOptions) -> Codec:
    """SET in a result: labels with commas between, in the order of the definition."""
    convert = utf8_of(charset_of(column.collation or 0))
    return _set(column, COUNTED, lambda data: convert(data).decode())


def _set(column: Column, read: Read, chosen: Callable[[Any], str]) -> Codec:
    """The codec of an array of labels; `_id`, where MongoDB allows no array, gets the text."""
    is_doubled = bool(_doubled(["", *_labels(column)]))

    @lru_cache(SETS_REMEMBERED)
    def value(raw: Any) -> Value:
        found = chosen(raw)
        # A label has no comma. Empty text is the empty set, even if a label is empty: a result
        # shows both alike.
        return _array(found.split(",") if found else [])

    def key(raw: Any) -> Value:
        if is_doubled:
            raise refused(TWO_WAYS)
        return string(chosen(raw))

    return Codec(read, value, key=key)


def _array(texts: list[str]) -> Value:
    elements = b"".join(
        bytes((Bson.STRING,)) + b"%d\0" % index + string(one)[1] for index, one in enumerate(texts)
    )
    return Bson.ARRAY, INT32(len(elements) + 5) + elements + b"\0"


def _bits(size: int) -> Read:
    if size == 3:
        return Read("HB", raw="{0} | {1} << 16")
    return Read({1: "B", 2: "H", 4: "I"}.get(size, "Q"))


def _single(doubled: frozenset[bytes], value: Value) -> Value:
    if value[1] in doubled:
        raise refused(TWO_WAYS)
    return value


def _doubled(labels: list[str | None]) -> frozenset[bytes]:
    """The values of labels that occur twice: two keys would have the same `_id`."""
    known = [label for label in labels if label is not None]
    return frozenset(string(label)[1] for label in known if known.count(label) > 1)


def _known_labels(column: Column) -> list[str | None]:
    if not column.labels:
        raise ConfigurationError(
            f"The labels of column {column.name} are not known. Set binlog_row_metadata to FULL "
            "on the source, or leave its table out of the migration."
        )
    return _labels(column)


def _labels(column: Column) -> list[str | None]:
    """The labels as text; None for a label that is not valid in its character set."""
    convert = utf8_of(charset_of(column.collation or 0))
    found: list[str | None] = []
    for label in column.labels:
        try:
            found.append(convert(label).decode())
        except ValueRefused:
            found.append(None)
    return found


def _enum_size(declaration: Declaration) -> int:
    return 1 if declaration.labels <= 255 else 2


def _set_size(declaration: Declaration) -> int:
    size = (declaration.labels + 7) // 8
    return size if size <= 4 else 8


def _enum_literal(column: Column, value: Any) -> str:
    # By number: servers compare a label as text, but the index is ordered by number.
    return str(_number_of(column, value))


def _set_literal(column: Column, value: Any) -> str:
    if not isinstance(value, str):
        raise not_a_key(column, value)
    return str(sum(1 << _number_of(column, one) - 1 for one in value.split(",") if one))


def _number_of(column: Column, label: Any) -> int:
    """The label's number from 1 on, 0 if it is not a label."""
    if not isinstance(label, str):
        raise not_a_key(column, label)
    encoded = encode_text(label, column.collation or 0)
    return column.labels.index(encoded) + 1 if encoded in column.labels else 0


CODE_AND_SIZE = LoggedMetadata(2, lambda data: data[1])
"""The log writes ENUM and SET as STRING, with their own code in its metadata."""
ENUM = ColumnKind(
    name="ENUM",
    code=247,
    declared=("enum",),
    declared_metadata=_enum_size,
    logged_metadata=CODE_AND_SIZE,
    listed=Listed.ENUMS,
    row_codec=row_enum,
    result_code=STRING.code,
    result_codec=result_enum,
    key_literal=_enum_literal,
)
SET = ColumnKind(
    name="SET",
    code=248,
    declared=("set",),
    declared_metadata=_set_size,
    logged_metadata=CODE_AND_SIZE,
    listed=Listed.SETS,
    row_codec=row_set,
    result_code=STRING.code,
    result_codec=result_set,
    key_literal=_set_literal,
)
KINDS = (ENUM, SET)
