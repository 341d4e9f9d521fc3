"""DATE, DATETIME, TIMESTAMP and TIME, in row images and results.

Source: MySQL, mysys/my_time.cc (`my_datetime_packed_from_binary` and its like) and
"Binary Protocol Value" of the client/server protocol.
"""

from datetime import UTC, datetime
from struct import Struct
from typing import Any

from migrator.mysql.columns.codec import (
    COUNTED,
    Bson,
    Codec,
    Inline,
    Read,
    TypeOptions,
    Value,
    refused,
    string,
)
from migrator.mysql.columns.column import Column, ColumnKind
from migrator.mysql.columns.literals import quoted_literal
from migrator.mysql.columns.metadata import ONE_BYTE, Declaration
from migrator.mysql.types import old_temporal
from migrator.mysql.types.calendar import (
    MICROSECONDS,
    Moment,
    Remembered,
    clock_ms,
    day_codec,
    day_ms,
    moment_codec,
    since_1970,
    time_text,
)
from migrator.mysql.types.numbers import BIG_ENDIAN
from migrator.mysql.wire.prepared import ResultColumn

DATETIME_SIGN = 1 << 22
TIME_SIGN = 1 << 23
UNUSUAL = "is left to `Layout`"
RESULT_DATE = Struct("<HBB")
RESULT_DATETIME = Struct("<HBBBBBI")
RESULT_TIME = Struct("<BIBBBI")


def _date_parts(packed: int) -> tuple[int, int, int]:
    return packed >> 9, packed >> 5 & 15, packed & 31


def _datetime_days(packed: int) -> tuple[int, int, int]:
    if not packed & DATETIME_SIGN:
        raise ValueError("a DATETIME is negative")
    year, month = divmod(packed >> 5 & 0x1FFFF, 13)
    return year, month, packed & 31


def _datetime_clock(packed: int) -> tuple[int, int, int]:
    return packed >> 12, packed >> 6 & 63, packed & 63


def _result_day(data: bytes) -> int:
    if len(data) != RESULT_DATE.size:
        raise refused("is not a date of the calendar")
    return day_ms(*RESULT_DATE.unpack(data))


def _result_clock(data: bytes) -> int:
    if len(data) not in {0, 3}:
        raise refused(UNUSUAL)
    return clock_ms(*data) if data else 0


DATES = Remembered(lambda packed: day_ms(*_date_parts(packed)))
DATETIME_DAYS = Remembered(lambda packed: day_ms(*_datetime_days(packed)))
DATETIME_CLOCKS = Remembered(lambda packed: clock_ms(*_datetime_clock(packed)))
RESULT_DAYS = Remembered(_result_day)
RESULT_CLOCKS = Remembered(_result_clock)


def row_date(column: Column, options: TypeOptions) -> Codec:
    """DATE in a row image: day, month and year in 24 bits."""
    inline = _dated("{v} = {days}[{v}]", days=DATES)
    return day_codec(
        Read("HB", raw="{0} | {1} << 16"), lambda n: Moment(*_date_parts(n)), inline, options
    )


def result_date(column: Column, options: TypeOptions) -> Codec:
    """DATE in a result: year, month and day; no bytes for a zero date."""
    inline = _dated("{v} = {days}[{v}]", days=RESULT_DAYS)
    return day_codec(COUNTED, _result_moment, inline, options)


def row_datetime(column: Column, options: TypeOptions) -> Codec:
    """DATETIME in a row image: 40 bits and a fraction, big-endian."""
    size = (column.metadata + 1) // 2
    shift, unit = 8 * size, 100 ** (3 - size)

    def moment(data: bytes) -> Moment:
        number, fraction = divmod(int.from_bytes(data, "big"), 1 << shift)
        day, clock = _datetime_days(number >> 17), _datetime_clock(number & 0x1FFFF)
        return Moment(*day, *clock, fraction * unit)

    inline = _dated(
        *_whole(size),
        f"{{v}} = {{days}}[{{v}} >> {17 + shift}] + {{clocks}}[{{v}} >> {shift} & 131071]"
        + _fraction_ms(size),
        whole=BIG_ENDIAN,
        refused=refused,
        days=DATETIME_DAYS,
        clocks=DATETIME_CLOCKS,
    )
    return moment_codec(Read(f"{5 + size}s"), moment, inline, column.metadata, options)


def row_timestamp(column: Column, options: TypeOptions) -> Codec:
    """TIMESTAMP in a row image: seconds since 1970 and a fraction, big-endian."""
    size = (column.metadata + 1) // 2
    shift, unit = 8 * size, 100 ** (3 - size)

    def moment(data: bytes) -> Moment:
        seconds, fraction = divmod(int.from_bytes(data, "big"), 1 << shift)
        return since_1970(seconds, fraction * unit)

    inline = _dated(
        *_whole(size),
        f"if {{v}} < {1 << shift}: raise {{refused}}({UNUSUAL!r})",
        f"{{v}} = ({{v}} >> {shift}) * 1000{_fraction_ms(size)}",
        whole=BIG_ENDIAN,
        refused=refused,
    )
    return moment_codec(Read(f"{4 + size}s"), moment, inline, column.metadata, options)


def result_datetime(column: Column, options: TypeOptions) -> Codec:
    """DATETIME and TIMESTAMP in a result; TIMESTAMP is in UTC, as our session is."""
    statements: tuple[str, ...] = ("{v} = {days}[{v}[:4]] + {clocks}[{v}[4:]]",)
    if column.metadata:
        statements = (
            "{v}f = {little}({v}[7:], 'little')",
            f"if {{v}}f >= {MICROSECONDS}: raise {{refused}}({UNUSUAL!r})",
            "{v} = {days}[{v}[:4]] + {clocks}[{v}[4:7]] + {v}f // 1000",
        )
    inline = _dated(
        *statements, days=RESULT_DAYS, clocks=RESULT_CLOCKS, little=int.from_bytes, refused=refused
    )
    return moment_codec(COUNTED, _result_moment, inline, column.metadata, options)


def row_time(column: Column, _: TypeOptions) -> Codec:
    """TIME in a row image: 24 bits and a fraction, big-endian; zero is 0x800000."""
    size = (column.metadata + 1) // 2
    shift, unit = 8 * size, 100 ** (3 - size)

    def value(data: bytes) -> Value:
        number = int.from_bytes(data, "big") - (TIME_SIGN << shift)
        clock, fraction = divmod(abs(number), 1 << shift)
        parts = clock >> 12, clock >> 6 & 63, clock & 63
        return string(time_text(number < 0, *parts, fraction * unit, column.metadata))

    return Codec(Read(f"{3 + size}s"), value)


def result_time(column: Column, _: TypeOptions) -> Codec:
    """TIME in a result: its sign, days, hours, minutes, seconds and microseconds."""

    def value(data: bytes) -> Value:
        _check_length(data, 0, 8, 12)
        negative, days, hour, minute, second, micro = RESULT_TIME.unpack(data.ljust(12, b"\0"))
        hours = days * 24 + hour
        return string(time_text(bool(negative), hours, minute, second, micro, column.metadata))

    return Codec(COUNTED, value)


def _dated(*statements: str, **names: object) -> Inline:
    return Inline(Bson.DATE, statements, (("q", "{v}"),), names=names)


def _whole(size: int) -> tuple[str, ...]:
    """Statements for the number in the bytes, which check its fraction of `size` bytes."""
    mask, unit = (1 << 8 * size) - 1, 100 ** (3 - size)
    check = f"if {{v}} & {mask} >= {MICROSECONDS // unit}: raise {{refused}}({UNUSUAL!r})"
    return ("{v} = {whole}({v})", check) if size else ("{v} = {whole}({v})",)


def _fraction_ms(size: int) -> str:
    """Expression for the milliseconds in a fraction of `size` bytes, truncated."""
    return ("", " + ({v} & 255) * 10", " + ({v} & 65535) // 10", " + ({v} & 16777215) // 1000")[
        size
    ]


def _result_moment(data: bytes) -> Moment:
    _check_length(data, 0, 4, 7, 11)
    return Moment(*RESULT_DATETIME.unpack(data.ljust(11, b"\0")))


def _check_length(data: bytes, *lengths: int) -> None:
    if len(data) not in lengths:
        raise ValueError(f"a date or time has {len(data)} bytes")


def _fraction(declaration: Declaration) -> int:
    return declaration.fraction


def _has_same_fraction(answered: ResultColumn, column: Column) -> bool:
    return answered.decimals == column.metadata


def _date_literal(column: Column, value: Any) -> str:
    # The year needs four digits: '50-06-01' would be in 2050.
    return (
        f"'{_in_utc(value).date()}'"
        if isinstance(value, datetime)
        else quoted_literal(column, value)
    )


def _moment_literal(column: Column, value: Any) -> str:
    if isinstance(value, datetime):
        return f"'{_in_utc(value).isoformat(sep=' ', timespec='milliseconds')}'"
    return quoted_literal(column, value)


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


NEWDATE = ColumnKind(name="NEWDATE", code=14, row_codec=row_date)
DATE = ColumnKind(
    name="DATE",
    code=10,
    declared=("date",),
    variants=(NEWDATE,),
    row_codec=row_date,
    result_codec=result_date,
    key_literal=_date_literal,
)
DATETIME2 = ColumnKind(
    name="DATETIME2",
    code=18,
    declared=("datetime",),
    declared_metadata=_fraction,
    logged_metadata=ONE_BYTE,
    variants=(old_temporal.DATETIME,),
    row_codec=row_datetime,
    result_code=old_temporal.DATETIME.code,
    agrees=_has_same_fraction,
    result_codec=result_datetime,
    key_literal=_moment_literal,
)
TIMESTAMP2 = ColumnKind(
    name="TIMESTAMP2",
    code=17,
    declared=("timestamp",),
    declared_metadata=_fraction,
    logged_metadata=ONE_BYTE,
    variants=(old_temporal.TIMESTAMP,),
    row_codec=row_timestamp,
    result_code=old_temporal.TIMESTAMP.code,
    agrees=_has_same_fraction,
    result_codec=result_datetime,
    key_literal=_moment_literal,
)
TIME2 = ColumnKind(
    name="TIME2",
    code=19,
    declared=("time",),
    declared_metadata=_fraction,
    logged_metadata=ONE_BYTE,
    variants=(old_temporal.TIME,),
    row_codec=row_time,
    result_code=old_temporal.TIME.code,
    agrees=_has_same_fraction,
    result_codec=result_time,
    key_literal=quoted_literal,
)
KINDS = (NEWDATE, DATE, DATETIME2, TIMESTAMP2, TIME2)
