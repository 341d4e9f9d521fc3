"""What a row of the table of types is, and how those that differ in a size are made."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from bson import Decimal128
from hypothesis import strategies as st

from migrator.mysql.columns.column import Column, ColumnKind
from migrator.mysql.types import decimals, labels, numbers, temporal
from tests.migrator.types import values
from tests.migrator.types.values import Reading, plain


@dataclass(frozen=True, slots=True)
class Sample:
    """A column that servers declare.

    `column` is what the catalogue says of it, `values` are arguments for `write`, in SQL, and
    `read` is the expression that a client selects, with {} for the column; `expected` is how
    its answer is understood, and `key` how inside `_id`, where that differs. `keys` are two
    values in SQL if the column can be a key.
    """

    declaration: str
    column: Column
    values: st.SearchStrategy[Any]
    expected: Reading
    read: str = "{}"
    write: str = "%s"
    key: Reading | None = None
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Logged:
    """A column that only a log has: bytes of a row image, and what they are in BSON."""

    column: Column
    image: bytes
    expected: Any


TEXT = plain(str)
UTF8MB4, LATIN1, ASCII, UTF16, UTF32, GBK, BINARY = 255, 8, 11, 54, 60, 28, 63


def column(kind: ColumnKind, metadata: int = 0, **more: Any) -> Column:
    return Column("v", kind, metadata, **more)


def text(kind: ColumnKind, metadata: int, collation: int = UTF8MB4) -> Column:
    return column(kind, metadata, collation=collation)


def whole(
    kind: ColumnKind,
    declaration: str,
    bits: int,
    convert: Callable[[Any], Any] = int,
    **keys: tuple[str, ...],
) -> dict[str, Sample]:
    name = declaration.lower()
    half = 1 << bits - 1
    signed = plain(int if bits < 64 else values.int64)
    return {
        name: Sample(
            declaration,
            column(kind),
            values.between(-half, half - 1),
            signed,
            keys=keys.get("signed", ()),
        ),
        f"{name}_u": Sample(
            f"{declaration} UNSIGNED",
            column(kind, unsigned=True),
            values.between(0, 2 * half - 1),
            plain(convert),
            keys=keys.get("unsigned", ()),
        ),
    }


def decimal(precision: int, scale: int, *keys: str) -> Sample:
    top = 10**precision - 1
    written = values.between(-top, top).map(lambda number: values.scaled(number, scale))
    convert: Callable[[Any], Any] = Decimal128 if precision <= 34 else str
    of = column(decimals.NEWDECIMAL, precision << 8 | scale)
    return Sample(f"DECIMAL({precision},{scale})", of, written, plain(convert), keys=keys)


def bit(size: int, *keys: str) -> Sample:
    numbers_of = values.between(0, (1 << size) - 1)
    of = column(numbers.BIT, size)
    return Sample(f"BIT({size})", of, numbers_of, plain(values.int64), read="{} + 0", keys=keys)


MOMENTS = ("'2024-02-29 01:02:03.456789'", "'1999-12-31'")


def datetimes(digits: int) -> Sample:
    written = st.tuples(values.day(1), values.clock(digits)).map(" ".join)
    return Sample(
        f"DATETIME({digits})",
        column(temporal.DATETIME2, digits),
        written,
        values.temporal,
        key=values.temporal_key,
        keys=MOMENTS,
    )


def timestamps(digits: int) -> Sample:
    seconds = st.integers(1, 2**31 - 1) | st.sampled_from([1, 2**31 - 1])
    written = st.tuples(seconds, values.clock(digits)).map(
        lambda both: f"{datetime.fromtimestamp(both[0], UTC):%Y-%m-%d %H:%M:%S}{both[1][8:]}"
    )
    return Sample(
        f"TIMESTAMP({digits}) NULL",
        column(temporal.TIMESTAMP2, digits),
        st.just("0000-00-00") | written,
        values.temporal,
        keys=MOMENTS,
    )


def times(digits: int) -> Sample:
    hours = st.sampled_from([-838, 838]) | st.integers(-838, 838)
    written = st.tuples(st.sampled_from(["", "-"]), hours, values.clock(digits)).map(
        lambda parts: f"{parts[0]}{abs(parts[1]):03}{parts[2][2:]}"
    )
    extremes = st.sampled_from(["-838:59:59", "838:59:59", "-00:00:00.000001", "00:00:00"])
    return Sample(
        f"TIME({digits})",
        column(temporal.TIME2, digits),
        extremes | written,
        plain(str),
        keys=("'-01:02:03.45'", "'838:59:59'"),
    )


def labelled(
    kind: ColumnKind, some: list[str], metadata: int, made: st.SearchStrategy[Any], *keys: str
) -> Sample:
    declared = ", ".join(f"'{label}'" for label in some)
    of = column(kind, metadata, collation=UTF8MB4, labels=tuple(map(str.encode, some)))
    read = plain(str if kind is labels.ENUM else values.labels)
    in_id = TEXT if kind is labels.SET else None
    return Sample(f"{kind.name}({declared})", of, made, read, key=in_id, keys=keys)


def not_null(sample: Sample) -> Sample:
    """The same column, fit for a key; no test asks whether it is nullable."""
    return replace(sample, declaration=f"{sample.declaration} NOT NULL")


def texts(
    declaration: str,
    kind: ColumnKind,
    metadata: int,
    made: st.SearchStrategy[Any],
    collation: int = UTF8MB4,
    keys: tuple[str, ...] = (),
) -> Sample:
    expected = plain(bytes if collation == BINARY else str)
    return Sample(declaration, text(kind, metadata, collation), made, expected, keys=keys)


def numbered(count: int) -> list[str]:
    return [f"label{number}" for number in range(count)]


def prefixed(data: bytes) -> bytes:
    """The data after a length of one byte."""
    return bytes((len(data),)) + data
