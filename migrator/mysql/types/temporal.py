"""DATE, DATETIME, TIMESTAMP and TIME, of both inputs and of before MySQL 5.6.

Source: MySQL, mysys/my_time.cc (`my_datetime_packed_from_binary` and its like) and
"Binary Protocol Value" of the client/server protocol.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
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
from migrator.mysql.columns.column import Column
from migrator.mysql.types.calendar import (
    Moment,
    Remembered,
    clock_ms,
    date_text,
    date_value,
    datetime_text,
    day_ms,
    for_key,
    moment_ms,
    text_or_null,
    time_text,
)
from migrator.mysql.types.numbers import BIG_ENDIAN

MILLISECONDS_MAX = 3
"""More fractional digits do not fit in a BSON date."""

DATETIME_SIGN = 1 << 22
TIME_SIGN = 1 << 23
SECOND = 1_000_000
UNUSUAL = "needs the long way"
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
        raise refused("is no date of the calendar")
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
    return _day(
        Read("HB", raw="{0} | {1} << 16"), lambda n: Moment(*_date_parts(n)), inline, options
    )


def result_date(column: Column, options: TypeOptions) -> Codec:
    """DATE in a result: year, month and day; nothing for a zero date."""
    inline = _dated("{v} = {days}[{v}]", days=RESULT_DAYS)
    return _day(COUNTED, _result_moment, inline, options)


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
    return _moments(Read(f"{5 + size}s"), moment, inline, column.metadata, options)


def row_timestamp(column: Column, options: TypeOptions) -> Codec:
    """TIMESTAMP in a row image: seconds since 1970 and a fraction, big-endian."""
    size = (column.metadata + 1) // 2
    shift, unit = 8 * size, 100 ** (3 - size)

    def moment(data: bytes) -> Moment:
        seconds, fraction = divmod(int.from_bytes(data, "big"), 1 << shift)
        return _timestamp(seconds, fraction * unit)

    inline = _dated(
        *_whole(size),
        f"if {{v}} < {1 << shift}: raise {{refused}}({UNUSUAL!r})",
        f"{{v}} = ({{v}} >> {shift}) * 1000{_fraction_ms(size)}",
        whole=BIG_ENDIAN,
        refused=refused,
    )
    return _moments(Read(f"{4 + size}s"), moment, inline, column.metadata, options)


def result_datetime(column: Column, options: TypeOptions) -> Codec:
    """DATETIME and TIMESTAMP in a result; a session in UTC sends TIMESTAMP in UTC."""
    statements: tuple[str, ...] = ("{v} = {days}[{v}[:4]] + {clocks}[{v}[4:]]",)
    if column.metadata:
        statements = (
            "{v}f = {little}({v}[7:], 'little')",
            f"if {{v}}f >= {SECOND}: raise {{refused}}({UNUSUAL!r})",
            "{v} = {days}[{v}[:4]] + {clocks}[{v}[4:7]] + {v}f // 1000",
        )
    inline = _dated(
        *statements, days=RESULT_DAYS, clocks=RESULT_CLOCKS, little=int.from_bytes, refused=refused
    )
    return _moments(COUNTED, _result_moment, inline, column.metadata, options)


def row_time(column: Column, _: TypeOptions) -> Codec:
    """TIME in a row image: 24 bits and a fraction, big-endian, less than half is negative."""
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


def old_datetime(column: Column, options: TypeOptions) -> Codec:
    """DATETIME of before MySQL 5.6 in a row image: the digits YYYYMMDDhhmmss as a number."""

    def moment(number: int) -> Moment:
        day, clock = divmod(number, 1_000_000)
        return Moment(
            day // 10_000,
            day // 100 % 100,
            day % 100,
            clock // 10_000,
            clock // 100 % 100,
            clock % 100,
        )

    return _moments(Read("Q"), moment, None, 0, options)


def old_timestamp(column: Column, options: TypeOptions) -> Codec:
    """TIMESTAMP of before MySQL 5.6 in a row image."""
    return _moments(Read("I"), lambda seconds: _timestamp(seconds, 0), None, 0, options)


def old_time(column: Column, _: TypeOptions) -> Codec:
    """TIME of before MySQL 5.6 in a row image: the digits hhmmss as a number."""

    def value(number: int) -> Value:
        digits = abs(number)
        parts = digits // 10_000, digits // 100 % 100, digits % 100
        return string(time_text(number < 0, *parts, 0, 0))

    return Codec(Read("Hb", raw="{0} | {1} << 16"), value)


def _dated(*statements: str, **names: object) -> Inline:
    return Inline(Bson.DATE, statements, (("q", "{v}"),), names=names)


def _whole(size: int) -> tuple[str, ...]:
    """The number that the bytes are, if its fraction of so many bytes is one."""
    mask, unit = (1 << 8 * size) - 1, 100 ** (3 - size)
    check = f"if {{v}} & {mask} >= {SECOND // unit}: raise {{refused}}({UNUSUAL!r})"
    return ("{v} = {whole}({v})", check) if size else ("{v} = {whole}({v})",)


def _fraction_ms(size: int) -> str:
    """What a fraction of so many bytes adds in milliseconds; what is below one is cut off."""
    return ("", " + ({v} & 255) * 10", " + ({v} & 65535) // 10", " + ({v} & 16777215) // 1000")[
        size
    ]


def _day(
    read: Read, moment: Callable[[Any], Moment], inline: Inline, options: TypeOptions
) -> Codec:
    def value(raw: Any) -> Value:
        return date_value(moment(raw), date_text, options)

    def key(raw: Any) -> Value:
        return date_value(moment(raw), date_text, for_key(options))

    return Codec(read, value, inline, key if options.zero_dates == "null" else None)


def _moments(
    read: Read,
    moment: Callable[[Any], Moment],
    inline: Inline | None,
    digits: int,
    options: TypeOptions,
) -> Codec:
    def text(found: Moment) -> str:
        return datetime_text(found, digits)

    def value(raw: Any) -> Value:
        return date_value(moment(raw), text, options)

    def key(raw: Any) -> Value:
        return date_value(moment(raw), text, for_key(options))

    def exact(raw: Any) -> Value:
        found = moment(raw)
        if options.zero_dates == "refuse":
            moment_ms(found)
        return string(text(found))

    if digits <= MILLISECONDS_MAX:
        return Codec(read, value, inline, key if options.zero_dates == "null" else None)
    if options.microseconds == "truncate":
        return Codec(read, value, inline, exact)
    if options.zero_dates != "null":
        return Codec(read, exact)
    return Codec(read, lambda raw: text_or_null(moment(raw), text), None, exact)


def _timestamp(seconds: int, microsecond: int) -> Moment:
    if seconds == 0:
        return Moment(microsecond=microsecond)
    found = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    return Moment(*found.timetuple()[:6], microsecond)


def _result_moment(data: bytes) -> Moment:
    _check_length(data, 0, 4, 7, 11)
    return Moment(*RESULT_DATETIME.unpack(data.ljust(11, b"\0")))


def _check_length(data: bytes, *lengths: int) -> None:
    if len(data) not in lengths:
        raise ValueError(f"a date or time has {len(data)} bytes")
